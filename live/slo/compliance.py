"""Whether a run meets the objectives, by what its telemetry page has counted since it began."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from live.hot.catalogue import ORDER_DENIALS, RUN_LABELS, Counter, Gauge, Metric, PageText
from live.hot.denials import DenialCode
from live.hot.histogram import Histogram, bucket_of
from live.hot.telemetry_view import TelemetryView
from live.slo.metrics import TARGET_LABELS
from live.slo.objectives import Condition, Incident, Latency, Objective, Ratio, Selection, Slo, selections_of, wanted


class State(StrEnum):
    """What a run's page says about an objective."""

    MET = "met"
    MISSED = "missed"
    TOO_FEW = "too few events"
    UNKNOWN = "needs Prometheus"
    OTHERS = "of other runs"


@dataclass(frozen=True, slots=True)
class Compliance:
    """An objective and a run.

    Attributes:
        objective: name of the objective.
        state: whether the run meets it.
        events: all events since the run began; None when the page does not tell.
        bad: those that were bad.
        is_exact: whether the page counts bad events exactly; otherwise up to 1/64 of the threshold too few.
    """

    objective: str
    state: State
    events: int | None = None
    bad: int | None = None
    is_exact: bool = True

    @property
    def good_percent(self) -> float | None:
        """Share of good events in percent; None without events."""
        return 100.0 * (1 - self.bad / self.events) if self.events and self.bad is not None else None


class _Run(NamedTuple):
    """A run's page, and the values of RUN_LABELS that its samples have in Prometheus."""

    view: TelemetryView
    labels: dict[str, str]

    def has(self, selection: Selection) -> bool:
        """Return whether a selection takes samples of this run."""
        return all(value in wanted(selection.labels.get(name, value)) for name, value in self.labels.items())


def compliance_of(slo: Slo, view: TelemetryView, run: str) -> list[Compliance]:
    """Return for each objective what a run's page says about it.

    Parameters:
        slo: the objectives.
        view: the run's page.
        run: the run's name, as in the label `run`.

    Raises:
        DataError: the page holds what cannot be.
    """
    labels = dict(zip(RUN_LABELS, (run, view.text(PageText.ALGORITHM)), strict=True))
    return [_compliance(each, _Run(view, labels)) for each in slo.objectives]


def _compliance(objective: Objective, run: _Run) -> Compliance:
    indicator = objective.indicator
    selections = selections_of(indicator)
    if not any(run.has(each) for each in selections):
        return Compliance(objective.name, State.OTHERS)
    if any(name in TARGET_LABELS for each in selections for name in each.labels):
        # A page does not know who scrapes it.
        return Compliance(objective.name, State.UNKNOWN)
    view = run.view
    if isinstance(indicator, Latency):
        counts = [_slower(view.histogram(stage), indicator.threshold_ns) for stage in indicator.stages]
        events, bad = sum(each[0] for each in counts), sum(each[1] for each in counts)
        return _judged(objective, events, bad, all(each[2] for each in counts))
    if isinstance(indicator, Ratio):
        bad_counts = [_count(run, each) for each in indicator.bad]
        all_counts = [_count(run, each) for each in indicator.total]
        if None in bad_counts or None in all_counts:
            return Compliance(objective.name, State.UNKNOWN)
        return _judged(objective, sum(filter(None, all_counts)), sum(filter(None, bad_counts)), True)
    if isinstance(indicator, Incident) and not indicator.during:
        return _incident(objective, [_happened(run, each) for each in indicator.when])
    return Compliance(objective.name, State.UNKNOWN)


def _judged(objective: Objective, events: int, bad: int, is_exact: bool) -> Compliance:
    if events < objective.minimum_events:
        state = State.TOO_FEW
    else:
        state = State.MISSED if bad > objective.budget * events else State.MET
    return Compliance(objective.name, state, events, bad, is_exact)


def _incident(objective: Objective, happened: list[int | None]) -> Compliance:
    """Judge something that must never happen: one that has is enough, but not to have seen some takes all to be seen."""
    bad = sum(filter(None, happened))
    if bad:
        return Compliance(objective.name, State.MISSED, None, bad)
    return Compliance(objective.name, State.UNKNOWN if None in happened else State.MET, None, bad)


def _slower(histogram: Histogram, threshold_ns: int) -> tuple[int, int, bool]:
    """Return all samples, those above a threshold, and whether the latter are exact."""
    bounds = histogram.bounds_ns
    if threshold_ns in bounds:
        return histogram.count, histogram.count - histogram.counts_up_to_bounds()[bounds.index(threshold_ns)], True
    buckets = list(histogram.buckets())
    # The bucket that the threshold lies in counts as good.
    last_good = bucket_of(threshold_ns)
    slower = sum(samples for upper_ns, samples in buckets if bucket_of(upper_ns) > last_good)
    return sum(samples for _upper, samples in buckets), slower, False


def _count(run: _Run, selection: Selection) -> int | None:
    """Return what the page has counted of a selection; None when it does not count that."""
    if not run.has(selection):
        return 0
    view = run.view
    if selection.name == ORDER_DENIALS.name:
        codes = (
            wanted(selection.labels["code"]) if "code" in selection.labels else tuple(each.name for each in DenialCode)
        )
        return sum(view.denials(code) for code in DenialCode if code.name in codes)
    counters = [each for each in Counter if each.metric.name == selection.name and _is_wanted(each.metric, selection)]
    return sum(view.counter(each) for each in counters) if counters else None


def _happened(run: _Run, condition: Condition) -> int | None:
    """Return how often a condition came true, 1 for one that holds now; None when the page does not tell."""
    if not run.has(condition):
        return 0
    if condition.grows_within is not None:
        return _count(run, condition)
    gauges = [each for each in Gauge if each.metric.name == condition.name and _is_wanted(each.metric, condition)]
    if condition.missing or condition.older_than_seconds is not None or not gauges:
        return None
    values = [value for value in (run.view.gauge(each) for each in gauges) if not math.isnan(value)]
    return int(any(_holds(condition, value) for value in values))


def _holds(condition: Condition, value: float) -> bool:
    if condition.above is not None:
        return value > condition.above
    if condition.below is not None:
        return value < condition.below
    return value in condition.any_of or value == condition.equals


def _is_wanted(metric: Metric, selection: Selection) -> bool:
    return all(value in wanted(selection.labels.get(name, value)) for name, value in metric.labels)
