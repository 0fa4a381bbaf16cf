"""PromQL over the recording rules of the objectives: burn rates, budgets and limits, as live/slo writes them."""

from __future__ import annotations

from live.dashboards.panels import BAD, GOOD, NEUTRAL, WARNING, State, Step, steps
from live.slo.burn import EVALUATION_INTERVAL

VERDICTS = {0: State("good", GOOD), 1: State("bad", BAD)}
"""Of an expression that compares a burn rate with 1."""

NO_TRAFFIC = State("no traffic", NEUTRAL)
BURN_COLORS = steps(bad=1.0)
BUDGET_COLORS = (Step(None, BAD), Step(0.0, WARNING), Step(0.25, GOOD))
_ALGORITHM = 'algorithm=~"$algorithm|"'
"""The chosen algorithm, and what is said of none, such as that the sidecar is down."""


def recorded(rule: str, objective: str = "") -> str:
    """Return the selector of a recording rule.

    Parameters:
        rule: its name.
        objective: value of `sloth_slo`, empty for all objectives.
    """
    chosen = f'sloth_slo="{objective}", ' if objective else ""
    return f"{rule}{{{chosen}{_ALGORITHM}}}"


def burn(objective: str = "") -> str:
    """Return the burn rate now: 1 uses up the budget exactly by the end of the objective's window."""
    return recorded("slo:current_burn_rate:ratio", objective)


def budget_left(objective: str = "") -> str:
    """Return the share of the budget that is left of the objective's window."""
    return recorded("slo:period_error_budget_remaining:ratio", objective)


def is_breached(objective: str = "") -> str:
    """Return 1 while more of the budget is used than may be, else 0."""
    return f"{burn(objective)} > bool 1"


def since_breach(objective: str) -> str:
    """Return the seconds since the objective was last breached, within the time that the dashboard shows."""
    # Finer steps would find the same samples: there is one in each interval of the rules.
    return f"time() - max(max_over_time(timestamp({burn(objective)} > 1)[$__range:{EVALUATION_INTERVAL}]))"
