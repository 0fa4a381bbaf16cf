"""The dashboard *Latency*: is the way from tick to decision quick enough, and since when not."""

from __future__ import annotations

from live.dashboards.board import Board
from live.dashboards.budgets import (
    BUDGET_COLORS,
    NO_TRAFFIC,
    VERDICTS,
    budget_left,
    burn,
    is_breached,
    recorded,
    since_breach,
)
from live.dashboards.panels import (
    BAD,
    GOOD,
    NEUTRAL,
    WARNING,
    Column,
    Panel,
    Query,
    State,
    Step,
    heat_map,
    lines,
    number,
    rows,
    steps,
    timeline,
)
from live.dashboards.queries import RATE_WINDOW, bucket, quantile, rate, series
from live.hot.catalogue import Stage

OBJECTIVE = "tick-to-decision"
_LIMIT = f"max({recorded('lean_live:sli_threshold:seconds', OBJECTIVE)})"
_P99 = quantile(0.99, Stage.TICK_TO_DECISION)
_STAGES = (
    (Stage.FEED_DELAY, "feed delay"),
    (Stage.TICK_TO_STRATEGY, "tick to strategy"),
    (Stage.DECISION, "decision"),
    (Stage.TICK_TO_DECISION, "tick to decision"),
    (Stage.TICK_TO_HANDOVER, "tick to handover"),
    (Stage.TICK_TO_ORDER, "tick to order"),
    (Stage.ORDER_ACK, "order acknowledged"),
)


def latency() -> Board:
    """Return the dashboard."""
    board = Board(
        "lean-live-latency", "lean-live / Latency", "Is the way from tick to decision quick enough, and since when not?"
    )
    board.row(5, *_verdict())
    board.row(4, _verdicts_over_time())
    board.row(10, _quantiles())
    board.row(9, _stages(), _heat_map())
    board.heading("Garbage collection and the worst ticks")
    board.row(8, *_collections())
    board.row(9, _worst_ticks())
    return board


def _verdict() -> list[Panel]:
    return [
        number(
            "Now",
            "Good while slow decisions use up their error budget no faster than they may: the burn rate of the last five "
            "minutes is at most 1.",
            f"max({is_breached(OBJECTIVE)})",
            "none",
            states=VERDICTS,
            absent=NO_TRAFFIC,
            runbook=OBJECTIVE,
        ),
        number(
            "p99 now",
            "99 of 100 decisions are at least as quick.",
            _P99,
            "s",
            absent=NO_TRAFFIC,
            has_graph=True,
            runbook=OBJECTIVE,
        ),
        number(
            "p99, share of the limit",
            "p99 divided by the limit of slo.toml. From 100 % on, too many decisions are slow.",
            f"{_P99} / on () {_LIMIT}",
            "percentunit",
            colors=steps(warning=0.8, bad=1.0),
            absent=NO_TRAFFIC,
            decimals=0,
            has_graph=True,
            runbook=OBJECTIVE,
        ),
        number(
            "Last breach, ago",
            "Time since the objective was last breached, within the time that is shown; it says when it was good again.",
            since_breach(OBJECTIVE),
            "s",
            colors=(Step(None, BAD), Step(60.0, WARNING), Step(900.0, GOOD)),
            absent=State("none in this time", GOOD),
            decimals=0,
            runbook=OBJECTIVE,
        ),
        number(
            "Error budget left",
            "Share of the slow decisions that the objective allows in its window and that have not come yet.",
            f"min({budget_left(OBJECTIVE)})",
            "percentunit",
            colors=BUDGET_COLORS,
            absent=NO_TRAFFIC,
            decimals=1,
            runbook=OBJECTIVE,
        ),
        number(
            "Ticks per second",
            "Ticks that reached the strategy. Without ticks nothing is measured, and nothing is good or bad.",
            rate("ticks_total"),
            "short",
            absent=State("none", NEUTRAL),
            has_graph=True,
            runbook=OBJECTIVE,
        ),
    ]


def _verdicts_over_time() -> Panel:
    return timeline(
        "Since when",
        "Red where an objective of latency was breached: more of its error budget was used than may be.",
        [
            Query(f"max(({burn(objective)}) > bool 1)", objective)
            for objective in (OBJECTIVE, "tick-to-order", "gc-pause-python", "gc-pause-dotnet")
        ],
        VERDICTS,
    )


def _quantiles() -> Panel:
    description = (
        "Receipt of a tick to the strategy's return. Bars are the longest pause of the garbage collector in the same "
        "moment: where they stand under a peak, it is their doing."
    )
    return lines(
        "Tick to decision",
        description,
        [
            Query(quantile(0.5, Stage.TICK_TO_DECISION), "p50"),
            Query(_P99, "p99"),
            Query(quantile(0.999, Stage.TICK_TO_DECISION), "p99.9"),
            Query(_LIMIT, "limit of the objective", color=BAD, is_dashed=True),
            Query(quantile(1, Stage.GC_PAUSE_PYTHON), "longest GC pause, Python", has_bars=True, color="purple"),
            Query(quantile(1, Stage.GC_PAUSE_DOTNET), "longest GC pause, .NET", has_bars=True, color="yellow"),
        ],
        "s",
        is_logarithmic=True,
        runbook=OBJECTIVE,
    )


def _stages() -> Panel:
    return lines(
        "p99 by stage",
        "Where the time goes. The feed's delay compares two clocks: the exchange's, and this machine's.",
        [Query(quantile(0.99, stage), name) for stage, name in _STAGES],
        "s",
        is_logarithmic=True,
    )


def _heat_map() -> Panel:
    return heat_map(
        "Tick to decision, all of it",
        "Decisions by duration. A second band is a second cause, which no quantile shows.",
        f"sum by (le) (increase({bucket(Stage.TICK_TO_DECISION)}[{RATE_WINDOW}]))",
        "s",
    )


def _collections() -> list[Panel]:
    return [
        lines(
            "Time in the garbage collector",
            "Share of time; the strategy stands still meanwhile.",
            [Query(rate("gc_pause_seconds_sum", by="runtime"), "{{runtime}}")],
            "percentunit",
            runbook="gc-pause-python",
        ),
        lines(
            "Collections",
            "Per second, by generation. Ticks should see none: collections belong to idle moments.",
            [Query(rate("gc_collections_total", by="runtime, generation"), "{{runtime}} {{generation}}")],
            "ops",
        ),
        lines(
            "GC pause p99",
            "99 of 100 pauses are at least as short.",
            [
                Query(quantile(0.99, Stage.GC_PAUSE_PYTHON), "Python"),
                Query(quantile(0.99, Stage.GC_PAUSE_DOTNET), ".NET"),
            ],
            "s",
            is_logarithmic=True,
            # That of Python's pauses is beside it.
            runbook="gc-pause-dotnet",
        ),
    ]


def _worst_ticks() -> Panel:
    return rows(
        "Worst ticks",
        "The slowest decisions of each run since it began, and the moment of the data at which each came.",
        [
            Query(series("worst_tick_to_decision_seconds")),
            Query(f"{series('worst_tick_timestamp_seconds')} * 1000"),
        ],
        [
            Column("rank", "Rank"),
            Column("Value #A", "Tick to decision", "s"),
            Column("symbol", "Symbol"),
            Column("Value #B", "Moment of the data", "dateTimeAsIso"),
            Column("run", "Run"),
        ],
        sort_by="Tick to decision",
    )
