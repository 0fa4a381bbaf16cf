"""What `slo.toml` may say: the service, its trading session, and objectives over a small closed set of indicators."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from live.clock import NANOSECONDS_PER_MILLISECOND
from live.hot.catalogue import METRIC_PREFIX, Stage

RUNBOOKS_DASHBOARD = "lean-live-runbooks"
"""Name of the dashboard that has the pages of docs/runbooks, in its address."""
_DURATION = re.compile(r"([0-9]+)([smhd])")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

Severity = Literal["page", "ticket"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Name = Annotated[str, Meta(min_length=1, max_length=63, pattern="^[a-z][a-z0-9-]*$")]
Text = Annotated[str, Meta(min_length=1, max_length=500)]
MetricName = Annotated[str, Meta(min_length=1, max_length=200)]
LabelValue = Annotated[str, Meta(min_length=0, max_length=200)]
Duration = Annotated[str, Meta(min_length=2, max_length=5, pattern="^[0-9]+[smhd]$")]
Period = Annotated[str, Meta(min_length=2, max_length=4, pattern="^[1-9][0-9]*d$")]
TimeOfDay = Annotated[str, Meta(min_length=5, max_length=5, pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Number = Annotated[float, Meta(ge=-1e15, le=1e15)]


class Session(Struct, frozen=True, kw_only=True):
    """The hours in which a market trades.

    Attributes:
        hours: hours of trading in a session, at most those between `open` and `close`; fewer with a break at noon.
        days: sessions a week.
        zone: name of the time zone of `open` and `close`.
        open: time of day at which a session begins.
        close: time of day at which it ends, on the next day when it is not after `open`.
        first_day: weekday on which the week's first session begins; the others follow day by day.
    """

    hours: Annotated[float, Meta(gt=0, le=24)]
    days: Annotated[int, Meta(ge=1, le=7)]
    zone: Annotated[str, Meta(min_length=1, max_length=64)]
    open: TimeOfDay
    close: TimeOfDay
    first_day: Weekday = "monday"


class Service(Struct, frozen=True, kw_only=True):
    """Table `[service]`: what the objectives are of.

    Attributes:
        name: the service's name, label `sloth_service` of all rules.
        session: the trading session, or "always" for a market that never closes.
        job: name of Prometheus' scrape job of the sidecar.
        runbooks: where the links of alerts lead: the address of the dashboard of runbooks in Grafana, or a URL or path that
            stands before the name of a runbook's file.
    """

    name: Name = "lean-live"
    session: Session | Literal["always"] = Session(
        hours=6.5, days=5, zone="America/New_York", open="09:30", close="16:00"
    )
    job: Name = "lean-live"
    runbooks: Annotated[str, Meta(min_length=1, max_length=500)] = f"http://127.0.0.1:3000/d/{RUNBOOKS_DASHBOARD}"


class Selection(Struct, frozen=True, kw_only=True):
    """Samples of a metric of docs/metrics.md.

    Attributes:
        metric: its name without the prefix `lean_live_`, or `up`, Prometheus' own.
        labels: values of labels that are wanted; the empty table takes all.
    """

    metric: MetricName
    labels: dict[str, tuple[LabelValue, ...] | LabelValue] = {}

    @property
    def name(self) -> str:
        """The metric's name in the catalogue, without the prefix."""
        return self.metric.removeprefix(METRIC_PREFIX)


class Condition(Selection, frozen=True, kw_only=True):
    """Something that holds for samples of a metric, or does not. Exactly one of the keys after `labels` is given.

    Attributes:
        equals: the value is this one.
        any_of: the value is one of these.
        above: the value is greater.
        below: the value is less.
        older_than_seconds: the value, a moment in seconds since 1970 UTC and not zero, lies further back.
        grows_within: the value, a count, has grown in this span.
        missing: there are no such samples; with `seen_within`, none of a sidecar that was seen.
    """

    equals: Number | None = None
    any_of: Annotated[tuple[Number, ...], Meta(min_length=0, max_length=20)] = ()
    above: Number | None = None
    below: Number | None = None
    older_than_seconds: Annotated[float, Meta(gt=0, le=86_400)] | None = None
    grows_within: Duration | None = None
    missing: bool = False

    @property
    def tests(self) -> tuple[str, ...]:
        """Names of the keys that are given of those of which there must be one."""
        given = {
            "equals": self.equals is not None,
            "any_of": bool(self.any_of),
            "above": self.above is not None,
            "below": self.below is not None,
            "older_than_seconds": self.older_than_seconds is not None,
            "grows_within": self.grows_within is not None,
            "missing": self.missing,
        }
        return tuple(name for name, is_given in given.items() if is_given)


class Latency(Selection, frozen=True, kw_only=True, tag_field="kind", tag="latency"):
    """Indicator: the share of events that took longer than a threshold, from a histogram.

    Attributes:
        threshold_ms: longest duration of a good event, in milliseconds.
    """

    threshold_ms: Annotated[float, Meta(gt=0, le=1e9)]

    @property
    def threshold_ns(self) -> int:
        """The threshold in nanoseconds."""
        return round(self.threshold_ms * NANOSECONDS_PER_MILLISECOND)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The histograms of the telemetry page that are meant."""
        return tuple(
            stage
            for stage in Stage
            if stage.metric.name == self.name
            and all(value in wanted(self.labels.get(name, value)) for name, value in stage.metric.labels)
        )


class Ratio(Struct, frozen=True, kw_only=True, tag_field="kind", tag="ratio"):
    """Indicator: bad events divided by all events, from counters.

    Attributes:
        bad: counters that are added up to the bad events.
        total: counters that are added up to all events, the bad ones among them.
    """

    bad: tuple[Selection, ...]
    total: tuple[Selection, ...]


class TimeShare(Struct, frozen=True, kw_only=True, tag_field="kind", tag="gauge"):
    """Indicator: the share of time in which something holds. An event is one evaluation of the rules.

    Attributes:
        bad: conditions of which each makes the time bad.
        during: conditions that must all hold for the time to count at all.
    """

    bad: tuple[Condition, ...]
    during: tuple[Condition, ...] = ()


class Incident(Struct, frozen=True, kw_only=True, tag_field="kind", tag="incident"):
    """Indicator: something that must never happen.

    Attributes:
        when: conditions of which each is such an event.
        during: conditions that must all hold as well.
        seen_within: span within which a sidecar may have been seen last with the conditions of `during` holding, for when
            it cannot be scraped now; without it they must hold now.
        lasting: how long it must go on before it counts.
    """

    when: tuple[Condition, ...]
    during: tuple[Condition, ...] = ()
    seen_within: Duration | None = None
    lasting: Duration = "0s"


class Objective(Struct, frozen=True, kw_only=True):
    """Table `[[objective]]`.

    Attributes:
        name: name of the objective, of its alert and of its runbook.
        description: what a person is told when it is missed.
        indicator: what is measured.
        objective: share of events that must be good, in percent; 100 for indicators of kind incident.
        window: period for which the objective is promised, in days.
        minimum_events: events that the longer window of an alert must hold; the shorter one needs as many in proportion.
        severity: alerts that the objective has: `page` wakes a person, `ticket` waits for one.
        runbook: name of its page in docs/runbooks, without the ending; empty for that of the objective itself.
        silences: objectives whose alerts are not sent while the alert of this one fires; `*` for all.
        only_in_session: send its alerts in the hours of the trading session only.
    """

    name: Name
    description: Text
    indicator: Latency | Ratio | TimeShare | Incident
    objective: Annotated[float, Meta(gt=0, le=100)] = 100.0
    window: Period = "30d"
    minimum_events: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1
    severity: Annotated[tuple[Severity, ...], Meta(min_length=1, max_length=2)] = ("page", "ticket")
    runbook: Annotated[str, Meta(min_length=0, max_length=63, pattern="^([a-z][a-z0-9-]*)?$")] = ""
    silences: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=63)], ...], Meta(min_length=0, max_length=1_000)
    ] = ()
    only_in_session: bool = False

    @property
    def budget(self) -> float:
        """Share of events that may be bad, 0 to 1."""
        # In decimals: of 99.9 % binary numbers would leave 0.0009999999999998899.
        return float(1 - self._share)

    @property
    def ratio(self) -> float:
        """Share of events that must be good, 0 to 1."""
        return float(self._share)

    @property
    def _share(self) -> Decimal:
        return Decimal(repr(float(self.objective))) / 100

    @property
    def window_days(self) -> int:
        """The period in days."""
        return int(self.window.removesuffix("d"))

    @property
    def alert(self) -> str:
        """Name of its alerts."""
        return "LeanLive" + "".join(part.capitalize() for part in self.name.split("-"))

    @property
    def runbook_name(self) -> str:
        """Name of its page in docs/runbooks, without the ending."""
        return self.runbook or self.name


class Slo(Struct, frozen=True, kw_only=True):
    """All of `slo.toml`.

    Attributes:
        service: table `[service]`.
        objective: the tables `[[objective]]`, in the order of the file.
    """

    service: Service = Service()
    objective: tuple[Objective, ...] = ()

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """The objectives."""
        return self.objective

    @property
    def budgeted(self) -> tuple[Objective, ...]:
        """The objectives that have an error budget: all but those of kind incident."""
        return tuple(each for each in self.objective if not isinstance(each.indicator, Incident))

    def slo_id(self, objective: Objective) -> str:
        """Return the label `sloth_id` of an objective's rules."""
        return f"{self.service.name}-{objective.name}"


def wanted(value: tuple[str, ...] | str) -> tuple[str, ...]:
    """Return the values of a label that a table `labels` asks for."""
    return (value,) if isinstance(value, str) else value


def duration(text: str) -> timedelta:
    """Return a span that is written like "90s", "5m", "6h" or "30d"."""
    match = _DURATION.fullmatch(text)
    assert match is not None
    return timedelta(seconds=int(match[1]) * _UNIT_SECONDS[match[2]])


def conditions_of(indicator: Latency | Ratio | TimeShare | Incident) -> tuple[Condition, ...]:
    """Return all conditions of an indicator."""
    if isinstance(indicator, TimeShare):
        return indicator.bad + indicator.during
    return indicator.when + indicator.during if isinstance(indicator, Incident) else ()


def selections_of(indicator: Any) -> tuple[Selection, ...]:
    """Return everything that an indicator takes from Prometheus."""
    if isinstance(indicator, Latency):
        return (indicator,)
    return indicator.bad + indicator.total if isinstance(indicator, Ratio) else conditions_of(indicator)


def latency_bounds_ns(objectives: Sequence[Objective]) -> dict[Stage, tuple[int, ...]]:
    """Return for each histogram of the telemetry page the thresholds that it must count exactly, rising, in ns."""
    bounds: dict[Stage, set[int]] = {}
    for each in objectives:
        if isinstance(each.indicator, Latency):
            for stage in each.indicator.stages:
                bounds.setdefault(stage, set()).add(each.indicator.threshold_ns)
    return {stage: tuple(sorted(found)) for stage, found in sorted(bounds.items())}
