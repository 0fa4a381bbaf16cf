"""How fast an error budget may burn before an alert fires, counted in hours of trading and not of the wall clock.

Multi-window, multi-burn-rate alerts (Google, The Site Reliability Workbook, chapter 5): an alert fires while the error
ratio of a long window and of a short one, a twelfth of it, both exceed

    burn factor × error budget,   burn factor = share × H(period) / H(long window), at least 1

where `share` is the part of the period's budget that the long window may burn, and H counts the hours of trading: those
of the period on average, those of the long window at most. A market that never closes has H(30 days) = 720, and 2 % of
the budget in one hour is a factor of 0.02 × 720 / 1 = 14.4. One that is open for 6.5 hours on 5 days a week has
H(30 days) = 30 × 5/7 × 6.5 = 139.3, and the same 2 % are a factor of 2.79: with 14.4, an hour would burn a tenth of the
budget before anybody is paged. A factor below 1 would ask for more than the objective promises, hence the floor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal, NamedTuple

from live.errors import ConfigError
from live.slo.objectives import Objective, Session, Severity, Slo, TimeShare, duration

EVALUATION_INTERVAL = "15s"
"""How often Prometheus evaluates the rules. An event of the indicator kind gauge is one evaluation."""
STACK_RETENTION_DAYS = 45
"""For how long the Prometheus of deploy/compose.yaml keeps samples."""
_DAY = timedelta(days=1)
_WEEK_DAYS = 7


class WindowPair(NamedTuple):
    """Two windows of an alert.

    Attributes:
        severity: the alert that they belong to.
        share: part of the period's error budget that the long window may burn.
        long: the window that decides.
        short: the window that says whether it still goes on.
    """

    severity: Severity
    share: float
    long: str
    short: str


WINDOW_PAIRS = (
    WindowPair("page", 0.02, "1h", "5m"),
    WindowPair("page", 0.05, "6h", "30m"),
    WindowPair("ticket", 0.10, "1d", "2h"),
    WindowPair("ticket", 0.10, "3d", "6h"),
)
"""The Workbook's shares and windows."""


class BurnAlert(NamedTuple):
    """A window pair as an objective has it.

    Attributes:
        pair: the windows.
        factor: how many times as fast as allowed the budget must burn.
        budget: the error budget, 0 to 1.
        long_hours: most hours of trading in the long window.
        events_long: events that the long window must hold.
        events_short: events that the short window must hold.
    """

    pair: WindowPair
    factor: float
    budget: float
    long_hours: float
    events_long: int
    events_short: int

    @property
    def threshold(self) -> float:
        """Error ratio above which both windows must be."""
        return self.factor * self.budget

    @property
    def detection_seconds(self) -> float:
        """How long all events must be bad, after a long window of good ones at the same rate, until the alert fires."""
        return self.threshold * self.long_hours * 3_600


def session_hours_on_average(session: Session | Literal["always"], span: timedelta) -> float:
    """Return the hours of trading in a span, averaged over the week."""
    hours = span.total_seconds() / 3_600
    return hours if session == "always" else hours / 24 * session.days / _WEEK_DAYS * session.hours


def session_hours_at_most(session: Session | Literal["always"], span: timedelta) -> float:
    """Return the most hours of trading that a span can hold."""
    hours = span.total_seconds() / 3_600
    if session == "always":
        return hours
    if span < _DAY:
        return min(hours, session.hours)
    weeks, days = divmod(math.ceil(span / _DAY), _WEEK_DAYS)
    return (weeks * session.days + min(days, session.days)) * session.hours


def burn_factor(session: Session | Literal["always"], window_days: int, pair: WindowPair) -> float:
    """Return the burn factor of a window pair by the formula above, rounded to four digits."""
    period_hours = session_hours_on_average(session, timedelta(days=window_days))
    return max(1.0, round(pair.share * period_hours / session_hours_at_most(session, duration(pair.long)), 4))


def burn_alerts(slo: Slo, objective: Objective) -> Iterator[BurnAlert]:
    """Yield the window pairs of an objective, those of pages first; none without an error budget."""
    for pair in WINDOW_PAIRS:
        if objective.budget and pair.severity in objective.severity:
            part = duration(pair.short) / duration(pair.long)
            yield BurnAlert(
                pair,
                burn_factor(slo.service.session, objective.window_days, pair),
                objective.budget,
                session_hours_at_most(slo.service.session, duration(pair.long)),
                objective.minimum_events,
                math.ceil(round(objective.minimum_events * part, 9)),
            )


def refusals(slo: Slo) -> dict[str, tuple[str, ...]]:
    """Return for each objective whose alerts can never fire, or not as promised, why not."""
    found = {each.name: tuple(_refusals(slo, each)) for each in slo.budgeted}
    return {name: reasons for name, reasons in found.items() if reasons}


def _refusals(slo: Slo, objective: Objective) -> Iterator[str]:
    for alert in burn_alerts(slo, objective):
        pair = alert.pair
        if duration(objective.window) < duration(pair.long):
            yield (
                f"window = {objective.window!r} is shorter than the {pair.long} of its {pair.severity} alert; write "
                f"{pair.long!r} or more, or leave {pair.severity!r} out of severity"
            )
        elif alert.threshold >= 1:
            least = 100 * (1 - 1 / alert.factor)
            yield (
                f"its {pair.severity} alert over {pair.long} can never fire: it needs an error ratio above burn factor * "
                f"budget = {alert.factor:g} * {alert.budget:g} = {alert.threshold:.4g}, and no ratio exceeds 1; promise "
                f"more than {least:.4g} %, or leave {pair.severity!r} out of severity"
            )
        elif isinstance(objective.indicator, TimeShare) and alert.events_long > evaluations_in(pair.long):
            yield (
                f"its {pair.severity} alert over {pair.long} can never fire: it needs minimum_events = "
                f"{alert.events_long} evaluations, and there are {evaluations_in(pair.long)} in {pair.long}, one every "
                f"{EVALUATION_INTERVAL}; write {evaluations_in(pair.long)} or less, or leave {pair.severity!r} out of "
                "severity"
            )


def evaluations_in(window: str) -> int:
    """Return how often the rules are evaluated in a window."""
    return duration(window) // duration(EVALUATION_INTERVAL)


def check_refusals(slo: Slo, name: str) -> None:
    """Check that every alert can fire.

    Parameters:
        slo: the objectives.
        name: what to call their file in errors.

    Raises:
        ConfigError: one cannot; the message has the arithmetic.
    """
    found = [
        f"objective {objective!r} of {name}: {reason}" for objective, all in refusals(slo).items() for reason in all
    ]
    if found:
        raise ConfigError("; ".join(found))


def notes(slo: Slo, objective: Objective) -> Iterator[str]:
    """Yield what is allowed but worth knowing about an objective and its alerts."""
    if objective.window_days > STACK_RETENTION_DAYS:
        yield (
            f"window = {objective.window!r} is longer than the {STACK_RETENTION_DAYS}d for which the Prometheus of "
            f"lean-live stack keeps samples; start it with --storage.tsdb.retention.time={objective.window_days + 5}d or more"
        )
    for alert in burn_alerts(slo, objective):
        if alert.events_long * alert.threshold < 1 - 1e-9:
            yield (
                f"one bad event of {alert.events_long} fires the {alert.pair.severity} alert over {alert.pair.long}; "
                f"minimum_events = {math.ceil(1 / alert.threshold - 1e-9)} would take more"
            )
