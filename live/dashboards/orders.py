"""The dashboard *Orders and risk*: what was ordered, what was refused, and what is at stake."""

from __future__ import annotations

from live.dashboards.board import Board
from live.dashboards.panels import (
    BAD,
    GOOD,
    WARNING,
    Column,
    Panel,
    Query,
    State,
    count,
    lines,
    number,
    rows,
    steps,
    timeline,
)
from live.dashboards.queries import increase, quantile, rate, series
from live.hot.catalogue import Stage

_KILL = series("control", 'bit="kill"')
_SWITCHES = {0: State("off", GOOD), 1: State("on", BAD)}


def orders() -> Board:
    """Return the dashboard."""
    board = Board(
        "lean-live-orders", "lean-live / Orders and risk", "What was ordered, what was refused, and what is at stake?"
    )
    board.row(4, *_verdict())
    board.row(4, _control())
    board.heading("Orders")
    board.row(8, *_flow())
    board.row(8, _order_latency(), _outcomes())
    board.heading("Account")
    board.row(8, *_account())
    board.row(8, *_positions())
    board.heading("Analytics")
    board.row(8, *_analytics())
    return board


def _verdict() -> list[Panel]:
    return [
        number(
            "Kill switch",
            "Engaged: only liquidations pass. A new run begins without it.",
            f"max({_KILL})",
            "none",
            states={0: State("off", GOOD), 1: State("ENGAGED", BAD)},
            runbook="kill-switch",
        ),
        count(
            "Orders of unknown fate",
            "Orders without an answer in time; they are never sent again by themselves. Look at the broker's side.",
            increase("orders_total", 'status="unknown"'),
            colors=steps(bad=0.5),
            runbook="order-unknown",
        ),
        count(
            "Refused orders",
            "Orders that the risk gate refused in the time that is shown; the codes are below.",
            increase("order_denials_total"),
            colors=steps(warning=0.5),
        ),
        count("Open orders", "Orders that may still fill.", f"sum({series('orders_open')})"),
        count("Positions", "Holdings that are not flat.", f"sum({series('positions')})"),
        number(
            "Gain",
            "Equity less what the account had when the run began; currencies are not converted.",
            f"{series('equity')} - {series('starting_equity')}",
            "short",
            legend="{{currency}}",
            decimals=2,
            has_graph=True,
        ),
    ]


def _control() -> Panel:
    return timeline(
        "Control word",
        "What was asked of the run from outside: kill, pause, or reduce positions only.",
        [Query(f"max by (bit) ({series('control')})", "{{bit}}")],
        _SWITCHES,
        runbook="orders-held",
    )


def _flow() -> list[Panel]:
    return [
        lines(
            "Order events",
            "Per second, by status.",
            [Query(rate("orders_total", by="status"), "{{status}}")],
            "ops",
            is_stacked=True,
        ),
        lines(
            "Refusals",
            "Orders per second that the risk gate refused, by code, and those that never passed it; docs/risk-denials.md says "
            "what to do about each code.",
            [
                Query(rate("order_denials_total", by="code"), "{{code}}"),
                Query(rate("orders_ungated_total"), "never passed the gate", color=BAD),
            ],
            "ops",
            is_stacked=True,
            runbook="orders-ungated",
        ),
    ]


def _order_latency() -> Panel:
    stages = (
        (Stage.TICK_TO_HANDOVER, "tick to handover"),
        (Stage.TICK_TO_ORDER, "tick to order"),
        (Stage.ORDER_ACK, "order acknowledged"),
    )
    return lines(
        "Latency of orders",
        "From the receipt of a tick to the handing over and the acceptance of an order, and to its acknowledgement.",
        [
            Query(quantile(share, stage), f"{name}, {label}")
            for stage, name in stages
            for share, label in ((0.5, "p50"), (0.99, "p99"))
        ],
        "s",
        is_logarithmic=True,
        runbook="tick-to-order",
    )


def _outcomes() -> Panel:
    return lines(
        "Order events so far",
        "Since each run began, by status.",
        [Query(f"sum by (status) ({series('orders_total')})", "{{status}}")],
        "short",
    )


def _account() -> list[Panel]:
    return [
        lines(
            "Equity",
            "Total value of the account.",
            [
                Query(series("equity"), "{{run}}, {{currency}}"),
                Query(series("starting_equity"), "{{run}}, {{currency}}, at the start", is_dashed=True),
            ],
            "short",
            least=None,
        ),
        lines(
            "Fees",
            "Sum of all fees.",
            [Query(series("fees"), "{{run}}, {{currency}}")],
            "short",
        ),
        lines(
            "Open orders and positions",
            "Orders that may still fill, and holdings that are not flat.",
            [
                Query(f"sum by (run) ({series('orders_open')})", "open orders, {{run}}"),
                Query(f"sum by (run) ({series('positions')})", "positions, {{run}}"),
            ],
            "short",
        ),
    ]


def _positions() -> list[Panel]:
    return [
        lines(
            "Positions by symbol",
            "Signed quantity held, by symbol.",
            [Query(series("position_quantity"), "{{symbol}}, {{run}}")],
            "short",
            least=None,
        ),
        lines(
            "Unrealized gain",
            "Gain of closing a holding at the touch, before fees.",
            [Query(series("position_unrealized_profit"), "{{symbol}}, {{currency}}, {{run}}")],
            "short",
            least=None,
        ),
    ]


def _analytics() -> list[Panel]:
    return [
        rows(
            "Results of the analytics tasks",
            "Newest results; docs/analytics.md says what each task computes.",
            [Query(series("analytics_value"))],
            [
                Column("task", "Task"),
                Column("value", "Value"),
                Column("Value", "Result", "short"),
                Column("run", "Run"),
            ],
            sort_by="Task",
            is_descending=False,
        ),
        lines(
            "Runs of the analytics tasks",
            "Per second, by outcome. They run in the sidecar and can not hold up the strategy. One that is begun no more is a "
            "line at 1.",
            [
                Query(rate("analytics_runs_total", 'outcome="ok"', by="task"), "{{task}}"),
                Query(
                    rate("analytics_runs_total", 'outcome!="ok"', by="task, outcome"),
                    "{{task}}, {{outcome}}",
                    color=WARNING,
                ),
                Query(f"max by (task) ({series('analytics_stopped')} == 1)", "{{task}}, stopped", color=BAD),
            ],
            "ops",
            runbook="analytics-failing",
        ),
        lines(
            "Duration of the analytics tasks",
            "How long each took last.",
            [Query(f"max by (task) ({series('analytics_duration_seconds')})", "{{task}}")],
            "s",
            is_logarithmic=True,
        ),
    ]
