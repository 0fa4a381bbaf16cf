"""Reading `slo.toml`, strictly: what it may hold beyond the types of its keys is checked here."""

from __future__ import annotations

import math
from collections import Counter as Tally
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from live.clock import NANOSECONDS_PER_MILLISECOND
from live.errors import ConfigError
from live.hot.catalogue import MetricKind
from live.hot.histogram import BOUNDS_MAX, LARGEST_NS
from live.settings_file import read_tables, read_text, suggestion
from live.slo.metrics import KNOWN_METRICS, known_metric
from live.slo.objectives import (
    Condition,
    Incident,
    Latency,
    Objective,
    Ratio,
    Selection,
    Session,
    Slo,
    TimeShare,
    conditions_of,
    duration,
    latency_bounds_ns,
    selections_of,
    wanted,
)

SLO_FILE_NAME = "slo.toml"
DEFAULTS_NAME = "the packaged slo.toml"
_GROWTH_LEAST = timedelta(seconds=30)
"""Shortest span in which a count may be asked to grow: some scrapes must lie in it."""


def load_slo(path: Path | None) -> Slo:
    """Read a file of objectives.

    Parameters:
        path: the file; None gives the packaged defaults. A file without objectives has those of the defaults.

    Raises:
        ConfigError: the file cannot be read, is no TOML, or holds something that no objective can be.
    """
    if path is None:
        return parse_slo(default_text(), DEFAULTS_NAME)
    return parse_slo(read_text(path), str(path))


def default_text() -> str:
    """Return the text of the packaged slo.toml."""
    return (files("live.slo") / SLO_FILE_NAME).read_text(encoding="utf-8")


def parse_slo(text: str, name: str) -> Slo:
    """Turn the text of a file of objectives into objectives.

    Parameters:
        text: TOML.
        name: what to call the file in errors.

    Raises:
        ConfigError: as for `load_slo`.
    """
    slo = read_tables(Slo, text, name)
    if not slo.objective and name != DEFAULTS_NAME:
        slo = msgspec.structs.replace(slo, objective=load_slo(None).objective)
    if isinstance(slo.service.session, Session):
        _check_session(slo.service.session, f"session in [service] of {name}")
    for objective in slo.objective:
        where = f"objective {objective.name!r} of {name}"
        _check_objective(objective, where)
        for selection in selections_of(objective.indicator):
            _check_selection(selection, where)
        for condition in conditions_of(objective.indicator):
            _check_condition(condition, where)
    _check_together(slo, name)
    return slo


def _check_session(session: Session, where: str) -> None:
    try:
        ZoneInfo(session.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"zone {session.zone!r} of {where} is no time zone; write one like America/New_York"
        ) from error
    begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in (session.open, session.close))
    # In minutes, which are whole: a close that is not after the open is on the next day.
    span_minutes = end - begin if end > begin else end - begin + 24 * 60
    if session.hours * 60 > span_minutes + 1e-6:
        raise ConfigError(
            f"hours = {session.hours:g} of {where} is more than the {span_minutes / 60:g} hours from {session.open} to "
            f"{session.close}; correct one of them"
        )


def _check_objective(objective: Objective, where: str) -> None:
    indicator = objective.indicator
    if len(set(objective.severity)) < len(objective.severity):
        raise ConfigError(f"severity of {where} names {objective.severity[0]} twice; name it once")
    if isinstance(indicator, Incident):
        if objective.objective != 100:
            raise ConfigError(
                f"{where} promises {objective.objective:g} % of something that must never happen; leave out objective, "
                "or use an indicator of kind latency, ratio or gauge"
            )
        if len(objective.severity) != 1:
            raise ConfigError(
                f"{where} is of kind incident, which has one alert; write severity = ['page'] or ['ticket']"
            )
        if indicator.seen_within is not None and not indicator.during:
            raise ConfigError(f"seen_within of {where} has no conditions to look for; add during, or leave it out")
    elif objective.budget <= 0:
        raise ConfigError(
            f"{where} promises 100 %, so that there is no error budget to burn; promise less, or use an indicator of "
            "kind incident"
        )
    for key in ("when", "bad", "total"):
        if getattr(indicator, key, None) == ():
            raise ConfigError(f"{key} of {where} is empty; name what is measured")
    if isinstance(indicator, Latency):
        _check_latency(indicator, where)
    if isinstance(indicator, Ratio):
        _check_kinds(indicator.bad + indicator.total, MetricKind.COUNTER, where)


def _check_latency(indicator: Latency, where: str) -> None:
    _check_kinds((indicator,), MetricKind.HISTOGRAM, where)
    exact_ns = indicator.threshold_ms * NANOSECONDS_PER_MILLISECOND
    is_whole = math.isclose(exact_ns, indicator.threshold_ns, rel_tol=1e-12)
    if not is_whole or indicator.threshold_ns < 1:
        raise ConfigError(
            f"threshold_ms = {indicator.threshold_ms!r} of {where} is {exact_ns:g} ns; histograms count whole nanoseconds"
        )
    if indicator.threshold_ns > LARGEST_NS:
        raise ConfigError(
            f"threshold_ms = {indicator.threshold_ms:g} of {where} lies beyond the histogram's largest bound, "
            f"{LARGEST_NS / NANOSECONDS_PER_MILLISECOND:.0f} ms; nothing above it can be told apart"
        )


def _check_kinds(selections: tuple[Selection, ...], kind: MetricKind, where: str) -> None:
    for each in selections:
        known = known_metric(each.metric)
        if known is not None and known.kind is not kind:
            names = [name for name, metric in KNOWN_METRICS.items() if metric.kind is kind]
            raise ConfigError(
                f"metric {each.metric!r} of {where} is a {known.kind.value}; its indicator needs a {kind.value}: "
                f"{suggestion(each.metric, names)}"
            )


def _check_selection(selection: Selection, where: str) -> None:
    known = known_metric(selection.metric)
    if known is None:
        raise ConfigError(
            f"unknown metric {selection.metric!r} in {where}: {suggestion(selection.metric, list(KNOWN_METRICS))}"
        )
    for label, value in selection.labels.items():
        if label not in known.all_labels:
            raise ConfigError(
                f"unknown label {label!r} of {selection.metric} in {where}: {suggestion(label, list(known.all_labels))}"
            )
        possible = known.all_labels[label]
        for each in wanted(value):
            if possible is not None and each not in possible:
                raise ConfigError(
                    f"label {label} of {selection.metric} is never {each!r}, as {where} has it: "
                    f"{suggestion(each, possible)}"
                )
        if not wanted(value):
            raise ConfigError(f"label {label} of {selection.metric} in {where} is an empty list; name a value")


def _check_condition(condition: Condition, where: str) -> None:
    place = f"the condition on {condition.metric} of {where}"
    known = known_metric(condition.metric)
    assert known is not None
    tests = condition.tests
    if len(tests) != 1:
        said = f"has {' and '.join(tests)}" if tests else "has nothing to hold"
        raise ConfigError(
            f"{place} {said}; give exactly one of equals, any_of, above, below, older_than_seconds, grows_within, missing"
        )
    if condition.grows_within is not None:
        _check_kinds((condition,), MetricKind.COUNTER, where)
        if duration(condition.grows_within) < _GROWTH_LEAST:
            raise ConfigError(
                f"grows_within = {condition.grows_within!r} of {place} is shorter than some scrapes take; "
                f"write at least {_GROWTH_LEAST.seconds}s"
            )
    elif not condition.missing:
        _check_kinds((condition,), MetricKind.GAUGE, where)
    if condition.older_than_seconds is not None and not known.full_name.endswith("_timestamp_seconds"):
        names = [name for name in KNOWN_METRICS if name.endswith("_timestamp_seconds")]
        raise ConfigError(f"{place} has older_than_seconds, but is no moment: {suggestion(condition.metric, names)}")


def _check_together(slo: Slo, name: str) -> None:
    """Check what objectives must not have in common, and what they say of each other."""
    for attribute in ("name", "alert"):
        twice = [word for word, count in Tally(getattr(each, attribute) for each in slo.objective).items() if count > 1]
        if twice:
            raise ConfigError(f"{name} has two objectives with the {attribute} {twice[0]!r}; rename one")
    names = [each.name for each in slo.objective]
    for each in slo.objective:
        if each.name in each.silences:
            raise ConfigError(
                f"objective {each.name!r} of {name} silences itself, so that it would never be told of; take its name out of "
                "silences"
            )
        for other in each.silences:
            if other != "*" and other not in names:
                raise ConfigError(f"objective {each.name!r} of {name} silences {other!r}: {suggestion(other, names)}")
        for place, condition in _misplaced(each):
            raise ConfigError(
                f"missing = true on {condition.metric} in {place} of objective {each.name!r} of {name}: only `when` of an "
                "indicator of kind incident may ask for what is not there"
            )
        if isinstance(each.indicator, Latency) and not each.indicator.stages:
            raise ConfigError(f"objective {each.name!r} of {name}: no histogram has its labels; correct them")
    for stage, bounds in latency_bounds_ns(slo.objective).items():
        if len(bounds) > BOUNDS_MAX:
            raise ConfigError(
                f"{name} has {len(bounds)} thresholds of {stage.metric.name}; a histogram counts at most {BOUNDS_MAX} "
                "exactly, so drop some"
            )


def _misplaced(objective: Objective) -> Iterator[tuple[str, Condition]]:
    indicator = objective.indicator
    if isinstance(indicator, TimeShare | Incident):
        lists = {"during": indicator.during} | ({"bad": indicator.bad} if isinstance(indicator, TimeShare) else {})
        for place, conditions in lists.items():
            yield from ((place, each) for each in conditions if each.missing)
