"""The dashboard *SLO and error budget*: which promises hold, and how much may still go wrong."""

from __future__ import annotations

from live.dashboards.board import Board, variable
from live.dashboards.budgets import BUDGET_COLORS, BURN_COLORS, NO_TRAFFIC, VERDICTS
from live.dashboards.panels import (
    BAD,
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

_CHOSEN = 'sloth_slo=~"$objective", algorithm=~"$algorithm|"'
_ALERTS = f'ALERTS{{alertstate="firing", {_CHOSEN}}}'
_COLUMNS = ("slo:sli_error:ratio_rate5m", "slo:current_burn_rate:ratio", "slo:period_error_budget_remaining:ratio")
_LEGEND = "{{sloth_slo}} {{algorithm}}"


def objectives() -> Board:
    """Return the dashboard. Its objectives are those of the rules that Prometheus has: an edit of slo.toml needs no new one."""
    objective = variable(
        "objective",
        "Objective",
        "Name of the objective in slo.toml.",
        "label_values(sloth_slo_info, sloth_slo)",
    )
    board = Board(
        "lean-live-slo",
        "lean-live / SLO and error budget",
        "Which promises hold, and how much may still go wrong?",
        [objective],
    )
    board.row(4, *_verdict())
    board.row(10, _table())
    board.row(8, _verdicts_over_time())
    board.row(9, *_burning())
    board.row(9, *_budgets())
    return board


def _chosen(rule: str) -> str:
    return f"{rule}{{{_CHOSEN}}}"


def _verdict() -> list[Panel]:
    return [
        count(
            "Alerts",
            "Alerts that fire.",
            f"count({_ALERTS}) or vector(0)",
            colors=steps(bad=1),
        ),
        count(
            "Objectives breached now",
            "Objectives whose budget is being used faster than it may be: a burn rate above 1 in the last five minutes.",
            f"sum({_chosen('slo:current_burn_rate:ratio')} > bool 1)",
            colors=steps(bad=1),
            absent=NO_TRAFFIC,
        ),
        number(
            "Least budget left",
            "Share of the error budget that is left, of the objective that has least. Below zero the promise is broken.",
            f"min({_chosen('slo:period_error_budget_remaining:ratio')})",
            "percentunit",
            colors=BUDGET_COLORS,
            absent=NO_TRAFFIC,
            decimals=1,
        ),
        number(
            "Fastest burn",
            "Largest burn rate of the last five minutes: 1 uses up the budget exactly by the end of the window.",
            f"max({_chosen('slo:current_burn_rate:ratio')})",
            "x",
            colors=BURN_COLORS,
            absent=NO_TRAFFIC,
            decimals=2,
            has_graph=True,
        ),
    ]


def _table() -> Panel:
    # The objective itself is no algorithm's: it is put beside what each algorithm has.
    error, objective = _chosen(_COLUMNS[0]), "slo:objective:ratio"
    promised = f"{error} * 0 + on (sloth_id, sloth_slo, sloth_service) group_left () {_chosen(objective)}"
    return rows(
        "Objectives",
        "What is promised, how fast its budget is used, and how much of it is left of the objective's window.",
        [Query(f"max by (sloth_slo, algorithm) ({expression})") for expression in (promised, *map(_chosen, _COLUMNS))],
        [
            Column("sloth_slo", "Objective"),
            Column("algorithm", "Algorithm"),
            Column("Value #A", "Good events promised", "percentunit"),
            Column("Value #B", "Bad events, 5 minutes", "percentunit"),
            Column("Value #C", "Burn rate", "x", BURN_COLORS),
            Column("Value #D", "Budget left", "percentunit", BUDGET_COLORS),
        ],
        sort_by="Budget left",
        is_descending=False,
    )


def _verdicts_over_time() -> Panel:
    return timeline(
        "Since when",
        "Red where more of the budget was used than may be.",
        [Query(f"max by (sloth_slo, algorithm) ({_chosen('slo:current_burn_rate:ratio')} > bool 1)", _LEGEND)],
        VERDICTS,
    )


def _burning() -> list[Panel]:
    return [
        lines(
            "Burn rate, last five minutes",
            "1 uses up the budget exactly by the end of the window. Alerts compare longer windows; docs/slo.md says which.",
            [
                Query(_chosen("slo:current_burn_rate:ratio"), _LEGEND),
                Query("vector(1)", "as much as may be", color=BAD, is_dashed=True),
            ],
            "x",
        ),
        lines(
            "Share of bad events, last five minutes",
            "By objective.",
            [Query(_chosen("slo:sli_error:ratio_rate5m"), _LEGEND)],
            "percentunit",
        ),
    ]


def _budgets() -> list[Panel]:
    return [
        lines(
            "Budget left",
            "Share of the error budget that is left of each objective's window.",
            [Query(_chosen("slo:period_error_budget_remaining:ratio"), _LEGEND)],
            "percentunit",
            least=None,
            calculations=("lastNotNull", "min"),
        ),
        timeline(
            "Alerts over time",
            "Which alert fired when. The runbook of each is docs/runbooks, under the objective's name.",
            [
                Query(
                    f"max by (alertname, sloth_severity, algorithm) ({_ALERTS})",
                    "{{alertname}} {{sloth_severity}} {{algorithm}}",
                )
            ],
            {1: State("firing", BAD)},
        ),
    ]
