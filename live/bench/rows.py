"""The rows of the benchmark: what is measured, how often, and which budget each figure has.

The budgets are the project's own for the embedded engine; times are those of a machine with two or more recent cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from live.bench.model import Better, Budget, MetricSpec, Parameter, RowSpec, Unit
from live.errors import UsageError
from live.installation import COMMAND

_FIVE_DAYS = "five days of IBM ticks, compiled"
_PACED = "ticks 1 ms apart, compiled"
_TIERS = (("live", "LiveAlgorithm, on_tick"), ("slice", "QCAlgorithm, on_data"))
_COLD_GAPS_MS = (10, 50, 200)
_TICKER = "B0000"
_MIB = 1024 * 1024
SYMBOL_COUNTS = (1, 10, 100, 1_000)
TICK_COUNTS = (100_000, 1_000_000, 10_000_000)
_SPINNING: dict[str, Parameter] = {"spin": 1, "keep_warm_ms": 1}
_SLEEPING: dict[str, Parameter] = {"spin": 0, "keep_warm_ms": 1}
_UNKEPT: dict[str, Parameter] = {"spin": 1, "keep_warm_ms": 0}
_SOCKET_CASES = (
    ("socket-live", 1, 10_000, "spinning", _SPINNING),
    ("socket-slice", 1, 10_000, "spinning", _SPINNING),
    ("socket-sleeping", 1, 10_000, "sleeping between ticks", _SLEEPING),
    ("socket-200ms-warm", 200, 100, "spinning, kept warm", _SPINNING),
    ("socket-200ms-cold", 200, 100, "spinning, not kept warm", _UNKEPT),
)
FLATNESS = 1.5
"""How many times as much per tick the largest case may cost as the smallest, to count as flat."""


def rows(is_quick: bool) -> tuple[RowSpec, ...]:
    """Return all rows, in the order of the report.

    Parameters:
        is_quick: fewer ticks, rounds and sizes, so that the whole takes seconds; figures are coarser.
    """
    return (
        *_replay_rows(is_quick),
        *_paced_rows(is_quick),
        *_cold_rows(is_quick),
        *_socket_rows(is_quick),
        _telemetry_row(is_quick),
        _lean_row(is_quick),
        _scraped_row(is_quick),
        _allocation_row(is_quick),
        *_start_rows(is_quick),
        *_symbol_rows(is_quick),
        *_tick_rows(is_quick),
    )


def select(all_rows: tuple[RowSpec, ...], words: Sequence[str]) -> tuple[RowSpec, ...]:
    """Return the rows that the user names, each once, in the order of the report.

    Parameters:
        all_rows: those to choose from.
        words: names or beginnings of names ("cold" selects cold-live-10ms and others); none selects all.

    Raises:
        UsageError: a word selects nothing.
    """
    if not words:
        return all_rows
    wanted: set[str] = set()
    for word in words:
        found = {row.name for row in all_rows if row.name == word or row.name.startswith(f"{word}-")}
        if not found:
            names = ", ".join(row.name for row in all_rows)
            raise UsageError(f"{word!r} names no row; there are: {names}")
        wanted |= found
    return tuple(row for row in all_rows if row.name in wanted)


def _replay_rows(is_quick: bool) -> list[RowSpec]:
    rates = {"live": 1_500_000, "slice": 600_000}
    return [
        RowSpec(
            f"replay-{tier}",
            f"replay of IBM ticks from zips, {title}, EMA cross",
            "replay",
            "warm",
            (
                _metric("ticks_per_second", "ticks/s", "higher", Budget(rates[tier], _FIVE_DAYS), is_judged=True),
                MetricSpec("peak_memory", "bytes", is_judged=True, budget=Budget(300 * _MIB, _FIVE_DAYS)),
            ),
            {"strategy": f"{tier}_ema_cross", "data": "session", "last_day": 7 if is_quick else 11},
            rounds=1 if is_quick else 5,
        )
        for tier, title in _TIERS
    ]


def _paced_rows(is_quick: bool) -> list[RowSpec]:
    bounds_ns = {"live": (5_000, 25_000), "slice": (15_000, 60_000)}
    found = []
    for tier, title in _TIERS:
        half, most = (Budget(bound, _PACED) for bound in bounds_ns[tier])
        metrics = (*_latency("decision", None, None, True), *_latency("order", half, most, True))
        parameters = _paced(tier, 1, 500 if is_quick else 10_000, 10, 200 if is_quick else 2_000)
        title = f"paced in process, ticks 1 ms apart, {title}"
        found.append(RowSpec(f"paced-{tier}", title, "paced", "warm", metrics, parameters, rounds=1 if is_quick else 3))
    return found


def _cold_rows(is_quick: bool) -> list[RowSpec]:
    ticks = {10: 1_000, 50: 300, 200: 100}
    found = []
    for tier, title in _TIERS:
        for gap_ms in _COLD_GAPS_MS:
            metrics = (*_latency("decision", None, None, False), *_latency("order", None, None, False))
            parameters = _paced(tier, gap_ms, ticks[gap_ms] // (20 if is_quick else 1), 1, 200)
            title_of_gap = f"after {gap_ms} ms of silence, {title}"
            found.append(RowSpec(f"cold-{tier}-{gap_ms}ms", title_of_gap, "paced", "cold", metrics, parameters))
    return found


def _paced(tier: str, gap_ms: int, ticks: int, order_every: int, warm_up: int) -> dict[str, Parameter]:
    return {
        "strategy": f"{tier}_paced",
        "data": "generated",
        "symbols": 1,
        "ticker": _TICKER,
        "gap_ms": gap_ms,
        "ticks": ticks,
        "warm_up": warm_up,
        "order_every": order_every,
    }


def _socket_rows(is_quick: bool) -> list[RowSpec]:
    half, most = (Budget(bound, f"{_PACED}, spinning") for bound in (25_000, 100_000))
    found = []
    for name, gap_ms, ticks, how, told in _SOCKET_CASES:
        is_cold, is_warm = gap_ms > 1, bool(told["keep_warm_ms"])
        has_budget = name in ("socket-live", "socket-slice")
        metrics = (
            *_latency("decision", None, None, not is_cold),
            *_latency("order", half if has_budget else None, most if has_budget else None, not is_cold),
        )
        tier = "slice" if name == "socket-slice" else "live"
        parameters = {
            **_paced(tier, gap_ms, ticks // (20 if is_quick else 1), 1 if is_cold else 10, 20 if is_cold else 1_000),
            **told,
        }
        title = f"socket to order, ticks {gap_ms} ms apart, {dict(_TIERS)[tier]}, {how}"
        temperature: Literal["warm", "cold"] = "warm" if is_warm else "cold"
        found.append(RowSpec(name, title, "socket", temperature, metrics, parameters, 1 if is_quick else 3))
    return found


def _telemetry_row(is_quick: bool) -> RowSpec:
    return RowSpec(
        "telemetry-cost",
        "what measuring adds to a tick and to a slice, and one publication of 16 symbols",
        "telemetry_cost",
        "warm",
        (
            _metric("tick_ns", "ns", "lower", Budget(100, "per tick, compiled"), is_judged=True),
            _metric("slice_ns", "ns", "lower", Budget(1_000, "per slice, compiled"), is_judged=True),
            _metric("publication_ns", "ns", "lower", None, is_judged=False),
        ),
        {
            "calls": 20_000 if is_quick else 200_000,
            "times": 5,
            "strategy": "many_symbols",
            "data": "generated",
            "symbols": 16,
            "ticks": 1_600,
            "gap_ms": 1,
        },
    )


def _lean_row(is_quick: bool) -> RowSpec:
    return RowSpec(
        "lean-instrumentation",
        "what the host inside LEAN adds to a slice by its own code, and what looking at a slice takes in an idle moment",
        "lean_instrumentation",
        "warm",
        (
            _metric("slice_ns", "ns", "lower", None, is_judged=False),
            _metric("look_ns", "ns", "lower", None, is_judged=False),
        ),
        {"slices": 10_000 if is_quick else 100_000, "times": 5},
    )


def _scraped_row(is_quick: bool) -> RowSpec:
    return RowSpec(
        "telemetry-scraped",
        "paced in process, without a sidecar and beside one that 100 scrapers ask once a second, in turn",
        "telemetry_scraped",
        "warm",
        (
            _metric("plain_p99", "ns", "lower", None, is_judged=False),
            _metric("scraped_p99", "ns", "lower", None, is_judged=False),
            MetricSpec("ratio", "times", budget=Budget(1.1, "p99 with a sidecar against none, two or more cores")),
        ),
        {
            **_paced("live", 1, 1_500 if is_quick else 5_000, 10, 200 if is_quick else 2_000),
            "pairs": 1 if is_quick else 6,
            "scrapers": 100,
        },
        rounds=1 if is_quick else 3,
    )


def _allocation_row(is_quick: bool) -> RowSpec:
    none = Budget(0, "between tick and callback, compiled")
    # Reading the counters itself leaves a handful of objects.
    few = Budget(16, "a handful belongs to reading the counters")
    return RowSpec(
        "allocations",
        "memory taken by merge, book, view and on_tick",
        "count_allocations",
        "warm",
        (
            MetricSpec("malloc_calls", "calls", is_judged=True, budget=none),
            MetricSpec("python_blocks", "blocks", budget=Budget(64, few.applies_to)),
            MetricSpec("tracked_objects", "objects", budget=few),
        ),
        {"warm_up": 10_000 if is_quick else 100_000, "ticks": 100_000 if is_quick else 1_000_000},
    )


def _start_rows(is_quick: bool) -> list[RowSpec]:
    times = 2 if is_quick else 7
    rounds = 1 if is_quick else 3

    def row(name: str, title: str, job: str, budget: Budget | None, **told: Parameter) -> RowSpec:
        # The floor is the interpreter's own, and no change of ours moves it.
        seconds = _metric("seconds", "s", "lower", budget, is_judged=name != "start-python")
        return RowSpec(name, title, job, "start", (seconds,), {"times": times, **told}, rounds)

    any_build = "any machine of today"
    return [
        row(
            "start-first-tick",
            "lean-live dry-run, process start to first tick",
            "first_tick",
            Budget(1.5, any_build),
            data="session",
        ),
        row(
            "start-help",
            "lean-live --help, whole process",
            "command",
            Budget(0.2, any_build),
            words=["-c", COMMAND, "--help"],
        ),
        row(
            "start-python",
            "python -c pass, whole process: the floor of the rows above",
            "command",
            None,
            words=["-c", "pass"],
        ),
        row(
            "start-import",
            "python -c 'import live.paper.run', whole process",
            "command",
            None,
            words=["-c", "import live.paper.run"],
        ),
    ]


def _symbol_rows(is_quick: bool) -> list[RowSpec]:
    counts = SYMBOL_COUNTS[:2] if is_quick else SYMBOL_COUNTS
    ticks = 20_000 if is_quick else 1_000_000
    return [_cost_row("symbols", count, counts, count, ticks, is_quick) for count in counts]


def _tick_rows(is_quick: bool) -> list[RowSpec]:
    counts = (10_000, 40_000) if is_quick else TICK_COUNTS
    return [_cost_row("ticks", count, counts, 1, count, is_quick) for count in counts]


def _cost_row(what: str, size: int, sizes: tuple[int, ...], symbols: int, ticks: int, is_quick: bool) -> RowSpec:
    """Return the cost of one size; the largest size also says how it compares with the smallest."""
    metrics = [_metric("tick_ns", "ns", "lower", None, is_judged=True), MetricSpec("peak_memory", "bytes")]
    is_largest = size == sizes[-1]
    if is_largest:
        # Memory may grow with the number of symbols, each has its files and buffers; with the number of ticks it may not.
        for name in ("tick_ns", "peak_memory")[: 2 if what == "ticks" else 1]:
            bound = Budget(FLATNESS, f"the largest size against {what}-{sizes[0]}")
            metrics.append(MetricSpec(f"{name}_growth", "times", budget=bound))
    return RowSpec(
        f"{what}-{size}",
        f"cost per tick with {size:,} {what}, LiveAlgorithm, on_tick",
        "replay",
        "warm",
        tuple(metrics),
        {"strategy": "many_symbols", "data": "generated", "symbols": symbols, "ticks": ticks, "gap_ms": 1},
        rounds=1 if is_quick or ticks > 5_000_000 else 3,
        compared_with=f"{what}-{sizes[0]}" if is_largest else None,
    )


def _metric(name: str, unit: Unit, better: Better, budget: Budget | None, is_judged: bool) -> MetricSpec:
    return MetricSpec(name, unit, better, is_scaled=True, is_judged=is_judged, budget=budget)


def _latency(name: str, half: Budget | None, most: Budget | None, is_judged: bool) -> list[MetricSpec]:
    """Return the quantiles of a latency. Only the median is judged: the others are moved by other work on the machine."""
    return [
        _metric(f"{name}_p50", "ns", "lower", half, is_judged=is_judged),
        _metric(f"{name}_p99", "ns", "lower", most, is_judged=False),
        _metric(f"{name}_p999", "ns", "lower", None, is_judged=False),
        _metric(f"{name}_max", "ns", "lower", None, is_judged=False),
    ]
