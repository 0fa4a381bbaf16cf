"""The rows of the benchmark of LEAN: variants of the engine, gaps between ticks, and the budgets of the profile.

`stock` is LEAN as it comes, `profile` the same algorithm attached with everything that the profile sets. Both run in turn. A
variant `without-...` lacks one setting of the profile, so that its row shows what that setting contributes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import msgspec

from live.bench.lean_plan import EnginePlan, Phase
from live.bench.model import Budget, MetricSpec, RowSpec, Unit
from live.config import LeanSettings
from live.cores import usable_cores

GAPS_MS = (1, 10, 50, 200)
_PART_GAPS_MS = (1, 50)
"""Gaps of the variants that only serve a comparison with the profile."""
_TICKS = {1: 6_000, 10: 1_000, 50: 400, 200: 500}
_QUICK_TICKS = {1: 1_000, 10: 200, 50: 60, 200: 25}
_ORDER_EVERY = {1: 20, 10: 5, 50: 2, 200: 1}
_WARM_UP = 2_000
_QUICK_WARM_UP = 300
_ROUNDS = 3
STOCK, PROFILE = "stock", "profile"
QUANTITIES = ("decision", "order", "submitted", "event")
"""From the sending of a tick to: the decision; the return of the strategy's order call; the return of the engine's order
call, on whichever thread; the order's first event."""
_SHARES = ("p50", "p99", "p999")
_LANE, _SIDECAR = "with-lane", "load-sidecar"
_TOLD = "two cores, ticks 1 to 200 ms apart"
_RATIOS = {
    (1, "decision_p99"): 4.0,
    (1, "decision_p999"): 15.0,
    (200, "decision_p50"): 4.0,
    (200, "decision_p99"): 7.0,
}
"""How many times lower than stock the profile is to be."""
_LANE_RATIOS = {(50, "submitted_p50"): 3.5, (50, "submitted_p99"): 2.5}
"""The same with orders on the lane: inline an order call is LEAN's own and takes its time."""
_LOAD_RATIOS = {(1, "decision_p99"): 1.3, (50, "decision_p99"): 1.3}
"""How many times higher the profile may be with analytics in the sidecar: unchanged, up to what two rounds differ by."""
_INSTRUMENTATION_NS = 3_000.0
INSTRUMENTATION = ("calm_p50", "calm_mean", "calm_p99", "stream_p50", "stream_mean", "stream_p99")
"""What the host adds to a call of on_data: calm, when it has a moment without ticks every few slices to look at them, and in a
stream without such moments, when it looks at them after decisions."""

Load = Literal["none", "process", "sidecar"]


class Variant(NamedTuple):
    """One way of running the engine.

    Attributes:
        name: what it is called.
        title: the same in words.
        is_attached: whether lean-live is attached, with its profile.
        settings: table `[lean]` of an attached variant.
        without: settings of the profile that are left at LEAN's own.
        load: where work like that of analytics goes on.
        gaps_ms: gaps between ticks.
        rounds: how often it is run.
        times_calls: whether the instrumentation's cost is timed.
    """

    name: str
    title: str
    is_attached: bool
    settings: LeanSettings
    without: tuple[str, ...] = ()
    load: Load = "none"
    gaps_ms: tuple[int, ...] = GAPS_MS
    rounds: int = 1
    times_calls: bool = False

    def plan(self, is_quick: bool) -> EnginePlan:
        """Return what its algorithm is told."""
        ticks = _QUICK_TICKS if is_quick else _TICKS
        phases = tuple(Phase(gap, ticks[gap], _ORDER_EVERY[gap]) for gap in self.gaps_ms)
        warm_up = _QUICK_WARM_UP if is_quick else _WARM_UP
        return EnginePlan(warm_up, phases, self.load == "process", self.times_calls)


def variants(settings: LeanSettings, is_quick: bool) -> list[Variant]:
    """Return all variants, those that are compared with one another first.

    Parameters:
        settings: table `[lean]`: the profile as the user has it.
        is_quick: one round of each.
    """
    rounds = 1 if is_quick else _ROUNDS
    changed = msgspec.structs.replace
    found = [
        Variant(STOCK, "LEAN as it comes", False, settings, rounds=rounds),
        Variant(PROFILE, "LEAN with the low-latency profile", True, settings, rounds=rounds, times_calls=True),
        Variant(
            "load-stock",
            "as it comes, analytics in its process",
            False,
            settings,
            load="process",
            gaps_ms=_PART_GAPS_MS,
        ),
        Variant(
            "load-profile", "profile, analytics in its process", True, settings, load="process", gaps_ms=_PART_GAPS_MS
        ),
        Variant(
            _SIDECAR,
            "profile, analytics in another process",
            True,
            settings,
            load="sidecar",
            gaps_ms=_PART_GAPS_MS,
            rounds=rounds,
        ),
        *(
            Variant(
                f"without-{name}", f"profile without {name}", True, settings, without=(name,), gaps_ms=_PART_GAPS_MS
            )
            for name in ("no-tiered-compilation", "workstation-gc", "quiet-log")
        ),
    ]
    if settings.keep_warm_milliseconds:
        unkept = changed(settings, keep_warm_milliseconds=0.0)
        found.append(Variant("without-keep-warm", "profile without keep-warm", True, unkept, gaps_ms=_PART_GAPS_MS))
    if settings.idle_collect_milliseconds:
        unfrozen = changed(settings, idle_collect_milliseconds=0.0)
        found.append(Variant("without-frozen-gc", "profile without frozen-gc", True, unfrozen, gaps_ms=_PART_GAPS_MS))
    if settings.mode == "lane":
        inline = changed(settings, mode="inline")
        found.append(Variant("with-inline", "profile, orders inline", True, inline, gaps_ms=_PART_GAPS_MS))
    else:
        lane = changed(settings, mode="lane")
        found.append(Variant(_LANE, "profile, orders on the lane", True, lane, gaps_ms=_PART_GAPS_MS, rounds=rounds))
    if not settings.results_in_memory:
        kept = changed(settings, results_in_memory=True)
        title = "profile, LEAN's files in memory"
        found.append(Variant("with-results-in-memory", title, True, kept, gaps_ms=_PART_GAPS_MS))
    cores = usable_cores()
    if settings.loop_core >= 0:
        unpinned = changed(settings, loop_core=-1, other_cores=())
        found.append(Variant("without-pinning", "profile without pinning", True, unpinned, gaps_ms=_PART_GAPS_MS))
    elif len(cores) > 1:
        pinned = changed(settings, loop_core=cores[-1])
        found.append(
            Variant("with-pinning", f"profile, loop thread on core {cores[-1]}", True, pinned, gaps_ms=_PART_GAPS_MS)
        )
    return found


def rows(all_variants: list[Variant]) -> tuple[RowSpec, ...]:
    """Return the rows of all variants: a row for each gap, what the collectors did, and how profile and stock compare."""
    return tuple(_rows(all_variants))


def _rows(all_variants: list[Variant]) -> Iterator[RowSpec]:
    has_lane = any(each.name == _LANE for each in all_variants)
    for gap in GAPS_MS:
        title = f"how many times lower than stock the profile is, ticks {gap} ms apart"
        # With the lane in the profile its budgets are the profile's own.
        bounds = _RATIOS if has_lane else {**_RATIOS, **_LANE_RATIOS}
        yield _ratio_row(f"compared-{gap}ms", title, gap, (STOCK, PROFILE), bounds, "higher")
    if has_lane:
        for gap in _PART_GAPS_MS:
            title = f"how many times lower than stock the profile with the lane is, ticks {gap} ms apart"
            yield _ratio_row(f"compared-lane-{gap}ms", title, gap, (STOCK, _LANE), _LANE_RATIOS, "higher")
    for gap in _PART_GAPS_MS:
        title = f"how many times higher the profile is with analytics in another process, ticks {gap} ms apart"
        yield _ratio_row(f"compared-load-{gap}ms", title, gap, (_SIDECAR, PROFILE), _LOAD_RATIOS, "lower")
    for variant in all_variants:
        for gap in variant.gaps_ms:
            yield RowSpec(
                row_name(variant.name, gap),
                f"{variant.title}, ticks {gap} ms apart",
                "engine",
                "warm" if gap == 1 else "cold",
                tuple(MetricSpec(f"{what}_{share}", "ns") for what in QUANTITIES for share in (*_SHARES, "max")),
                {"variant": variant.name, "gap_ms": gap},
                rounds=variant.rounds,
            )
        yield _run_row(variant)


def row_name(variant: str, gap_ms: int) -> str:
    """Return the name of the row of a variant's ticks."""
    return f"{variant}-{gap_ms}ms"


def run_row_name(variant: str) -> str:
    """Return the name of the row of a variant's runs as a whole."""
    return f"{variant}-run"


def _ratio_row(
    name: str,
    title: str,
    gap_ms: int,
    of: tuple[str, str],
    bounds: Mapping[tuple[int, str], float],
    better: Literal["higher", "lower"],
) -> RowSpec:
    """Return a row of ratios: the figures of the first variant by those of the second."""
    metrics = []
    for what in QUANTITIES:
        for share in _SHARES:
            bound = bounds.get((gap_ms, f"{what}_{share}"))
            budget = None if bound is None else Budget(bound, _TOLD)
            metrics.append(MetricSpec(f"{what}_{share}", "times", better, budget=budget))
    temperature: Literal["warm", "cold"] = "warm" if gap_ms == 1 else "cold"
    above, below = of
    return RowSpec(
        name, title, "compare", temperature, tuple(metrics), {"gap_ms": gap_ms, "above": above, "below": below}
    )


def _run_row(variant: Variant) -> RowSpec:
    units: list[tuple[str, Unit]] = [
        *((f"dotnet_collections_{generation}", "calls") for generation in range(3)),
        ("dotnet_pause", "ns"),
        *((f"python_collections_{generation}", "calls") for generation in range(3)),
    ]
    metrics = [MetricSpec(name, unit) for name, unit in units]
    if variant.times_calls:
        budget = Budget(_INSTRUMENTATION_NS, "added to a call of on_data, with moments without ticks between")
        metrics += [
            MetricSpec(f"instrumentation_{name}", "ns", budget=budget if name == "calm_mean" else None)
            for name in INSTRUMENTATION
        ]
    return RowSpec(
        run_row_name(variant.name),
        f"{variant.title}, garbage collections of a run"
        + (", and what the host adds to on_data" if variant.times_calls else ""),
        "engine",
        "warm",
        tuple(metrics),
        {"variant": variant.name},
        rounds=variant.rounds,
    )
