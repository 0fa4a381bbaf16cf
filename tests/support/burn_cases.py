"""Cases for alerts on burn rates. Limits and event counts were worked out by hand, not taken from the code.

A market of 6.5 hours on 5 days a week trades 30 × 5/7 × 6.5 = 139.286 hours in 30 days. Burn factors:

    1h: 0.02 × 139.286 / 1    = 2.7857        1d: 0.10 × 139.286 / 6.5  = 2.1429
    6h: 0.05 × 139.286 / 6    = 1.1607        3d: 0.10 × 139.286 / 19.5 = 0.7143, so 1
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from support.prometheus import AlertCase

LABELS = {"algorithm": "Momentum", "instance": "127.0.0.1:9109"}
ABOVE, BELOW = 1.07, 0.93
"""Of a limit: what must be told apart from it."""


@dataclass(frozen=True)
class Windows:
    """A pair of windows in minutes, its factor, and for how long all was good before, so that it is the only pair that
    fires."""

    severity: str
    name: str
    long: int
    short: int
    factor: float
    before: int


PAIRS = (
    Windows("page", "1h", 60, 5, 2.7857, 300),
    Windows("page", "6h", 360, 30, 1.1607, 60),
    Windows("ticket", "1d", 1_440, 120, 2.1429, 2_880),
    Windows("ticket", "3d", 4_320, 360, 1.0, 60),
)


@dataclass(frozen=True)
class Burning:
    """An objective with a budget: what its series are, and the events that its long and short windows must hold."""

    objective: str
    alert: str
    kind: str
    bad: str
    good: str
    budget: float
    least_long: int
    least_short: int
    severities: tuple[str, ...] = ("page", "ticket")


OBJECTIVES = (
    Burning(
        "tick-to-decision",
        "LeanLiveTickToDecision",
        "latency",
        'lean_live_tick_to_decision_seconds_bucket{le="0.001", ',
        "lean_live_tick_to_decision_seconds_count{",
        0.01,
        200,
        17,
    ),
    Burning(
        "tick-to-order",
        "LeanLiveTickToOrder",
        "latency",
        'lean_live_tick_to_order_seconds_bucket{le="0.002", ',
        "lean_live_tick_to_order_seconds_count{",
        0.01,
        100,
        9,
    ),
    Burning(
        "gc-pause-python",
        "LeanLiveGcPausePython",
        "latency",
        'lean_live_gc_pause_seconds_bucket{runtime="python", le="0.005", ',
        'lean_live_gc_pause_seconds_count{runtime="python", ',
        0.01,
        100,
        9,
    ),
    Burning(
        "gc-pause-dotnet",
        "LeanLiveGcPauseDotnet",
        "latency",
        'lean_live_gc_pause_seconds_bucket{runtime="dotnet", le="0.005", ',
        'lean_live_gc_pause_seconds_count{runtime="dotnet", ',
        0.01,
        100,
        9,
    ),
    Burning("feed-freshness", "LeanLiveFeedFreshness", "gauge", "", "", 0.005, 200, 17),
    Burning(
        "ticks-missing",
        "LeanLiveTicksMissing",
        "ratio",
        "lean_live_feed_ticks_missing_total{",
        "lean_live_feed_ticks_total{",
        0.0001,
        10_000,
        834,
        ("ticket",),
    ),
)

Segment = tuple[int, float, float]
"""Minutes, events in them, and the share of bad ones."""
RUN = 'algorithm="Momentum", instance="127.0.0.1:9109", run="Momentum-1"}'
RECORD = "lean_live:sli_bad:bool"


def burn_cases(which: Burning) -> Iterator[AlertCase]:
    """Yield for each pair of windows: fires and resolves, and just misses each of its four limits."""
    for pair in PAIRS:
        if pair.severity in which.severities:
            yield from _pair_cases(which, pair)


def _pair_cases(which: Burning, pair: Windows) -> Iterator[AlertCase]:
    limit, long, short = pair.factor * which.budget, pair.long, pair.short
    many = 10.0 * which.least_long
    if which.kind == "gauge":
        many = long / _step_minutes(which, pair) - 10
    per_short = many * short / long
    rest = long - short
    before = (pair.before, many * pair.before / long, 0.0)

    def main(late: float, overall: float) -> list[Segment]:
        """Return a long window with a share of bad events overall and in its last part."""
        early = (overall * long - late * short) / rest
        return [(rest, many - per_short, early * limit), (short, per_short, late * limit)]

    def few(events_long: float, events_short: float) -> list[Segment]:
        share = 1.25 * limit
        return [(rest, events_long - events_short, share), (short, events_short, share)]

    after = (short, per_short, 0.0)
    fires = [LABELS]
    end, resolved = pair.before + long, pair.before + long + short
    yield _case(which, pair, "fires and resolves", [before, *main(ABOVE, ABOVE), after], {end: fires, resolved: []})
    yield _case(which, pair, "long window below the limit", [before, *main(ABOVE, BELOW)], {end: []})
    yield _case(which, pair, "short window below the limit", [before, *main(BELOW, ABOVE)], {end: []})
    n_long, n_short = which.least_long, which.least_short
    yield _case(which, pair, "enough events", [before, *few(1.04 * n_long, 1.4 * n_short)], {end: fires})
    yield _case(which, pair, "too few events", [before, *few(0.96 * n_long, 1.4 * n_short)], {end: []})
    enough = min(3.0 * n_long, many)
    yield _case(which, pair, "enough events lately", [before, *few(enough, n_short + 0.5)], {end: fires})
    yield _case(which, pair, "too few events lately", [before, *few(enough, n_short - 0.6)], {end: []})


def _step_minutes(which: Burning, pair: Windows) -> float:
    if pair.severity == "ticket":
        return 5
    return 0.25 if which.kind == "gauge" else 1


def _case(
    which: Burning, pair: Windows, name: str, segments: list[Segment], expected: dict[int, list[dict[str, str]]]
) -> AlertCase:
    step = _step_minutes(which, pair)
    if which.kind == "gauge":
        labels = (
            f'sloth_id="lean-live-{which.objective}", sloth_service="lean-live", sloth_slo="{which.objective}", '
            'algorithm="Momentum", instance="127.0.0.1:9109"}'
        )
        series = {f"{RECORD}{{{labels}": samples(segments, step)}
    else:
        all_events = [(minutes, events) for minutes, events, _share in segments]
        of_bad = [(minutes, events * share) for minutes, events, share in segments]
        of_good = [(minutes, events * (1 - share)) for minutes, events, share in segments]
        if which.kind == "latency":
            # The bucket of the threshold holds the good ones.
            series = {which.bad + RUN: counts(of_good, step), which.good + RUN: counts(all_events, step)}
        else:
            series = {which.bad + RUN: counts(of_bad, step), which.good + RUN: counts(of_good, step)}
    return AlertCase(
        which.objective,
        which.alert,
        f"{pair.name} {name}",
        series,
        {f"{moment}m": alerts for moment, alerts in expected.items()},
        interval=f"{step * 60:.0f}s",
        evaluate_every=f"{math.gcd(*expected)}m",
        severity=pair.severity,
        given=(RECORD,) if which.kind == "gauge" else (),
    )


def counts(segments: list[tuple[int, float]], step_minutes: float, begin: float = 0.0) -> str:
    """Return the values of a counter that grows evenly within each segment of minutes and growth."""
    parts, value = [f"{begin:.12f}"], begin
    for minutes, growth in segments:
        steps = round(minutes / step_minutes)
        each = growth / steps
        parts.append(f"{value + each:.12f}+{each:.15f}x{steps - 1}" if each else f"{value:.12f}x{steps - 1}")
        # A hair more than promtool's own sums, which must not look like a counter that began anew.
        value += growth + 1e-9
    return " ".join(parts)


def samples(segments: list[Segment], step_minutes: float) -> str:
    """Return the values of a gauge that has as many samples in each segment as there are events.

    The segment's last sample is left out: a window begins with the sample on its edge, which is none of its own.
    """
    parts = ["_"]
    for minutes, events, share in segments:
        slots = round(minutes / step_minutes)
        wanted, done = min(round(events), slots - 1), 0
        for slot in range(1, slots + 1):
            is_due = slot < slots and done < wanted and done < slot * wanted / (slots - 1)
            parts.append(f"{share:.9f}" if is_due else "_")
            done += is_due
    return " ".join(parts)
