"""Indicators as expressions of PromQL.

Error budgets belong to an algorithm on a sidecar's address (labels `algorithm` and `instance`), not to a run: a run that
is started again begins new series under a new label `run`, and its budget must not begin anew with them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from live.slo.metrics import UP, known_metric
from live.slo.objectives import Condition, Incident, Latency, Ratio, Selection, Service, TimeShare, wanted

BUDGET_LABELS = ("algorithm", "instance")
"""What an error budget belongs to."""
RUN_KEYS = ("algorithm", "instance", "run")
"""What tells runs apart."""
TIME_SHARE_RECORD = "lean_live:sli_bad:bool"
"""Record of the indicator kind gauge: 1 or 0 at each evaluation that counts."""
SEEN_RECORD = "lean_live:sli_seen:bool"
"""Record of the indicator kind incident with `seen_within`: whether the conditions of `during` hold."""
_NEW_WITHIN = "1h"
"""Span before the one in question in which a series that is not new has samples."""
_BY_BUDGET = f"sum by ({', '.join(BUDGET_LABELS)})"
_BY_RUN = f"group by ({', '.join(RUN_KEYS)})"
_REGEX_SIGNS = re.compile(r"([\\.+*?()|\[\]{}^$])")


def selector(selection: Selection, service: Service, suffix: str = "", extra: str = "") -> str:
    """Return the series of a selection.

    Parameters:
        selection: metric and labels.
        service: whose scrape job the metric `up` is asked for.
        suffix: `_bucket` or `_count` of a histogram.
        extra: one more matcher.
    """
    known = known_metric(selection.metric)
    assert known is not None
    matchers = [_matcher(name, wanted(value)) for name, value in sorted(selection.labels.items())]
    if known.full_name == UP and "job" not in selection.labels:
        matchers.append(_matcher("job", (service.job,)))
    matchers += [extra] if extra else []
    return f"{known.full_name}{suffix}" + (f"{{{', '.join(matchers)}}}" if matchers else "")


def _matcher(label: str, values: tuple[str, ...]) -> str:
    if len(values) == 1:
        return f"{label}={quoted(values[0])}"
    pattern = "|".join(_REGEX_SIGNS.sub(r"\\\1", each) for each in values)
    return f"{label}=~{quoted(pattern)}"


def quoted(text: str) -> str:
    """Return a text as a string of PromQL."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def threshold_matcher(indicator: Latency) -> str:
    """Return the matcher of the bucket that ends at a threshold.

    Whole seconds are written with or without ".0", depending on the format of the scrape.
    """
    seconds = indicator.threshold_ns / 1e9
    if seconds.is_integer():
        return f"le=~{quoted(f'{seconds:.0f}([.]0)?')}"
    return f"le={quoted(repr(seconds))}"


# -- indicators with an error budget


def errors(indicator: Latency | Ratio | TimeShare, service: Service, window: str, labels: str, recorded: str) -> str:
    """Return the bad events of a window, by algorithm and instance.

    Parameters:
        indicator: what is measured.
        service: the service.
        window: its length.
        labels: matchers of the objective's own records.
        recorded: the record of all events of the window, which costs less than to count them once more.
    """
    if isinstance(indicator, TimeShare):
        return f"sum_over_time({TIME_SHARE_RECORD}{{{labels}}}[{window}])"
    if isinstance(indicator, Latency):
        good = f"{_BY_BUDGET} (increase({_bucket(indicator, service)}[{window}]))"
        return f"clamp_min({_BY_BUDGET} ({recorded}) - {good}, 0)"
    # A counter of bad events that is not there has not counted any.
    return f"{_sum(indicator.bad, service, window)}\nor\n{_BY_BUDGET} ({recorded}) * 0"


def events(indicator: Latency | Ratio | TimeShare, service: Service, window: str, labels: str) -> str:
    """Return all events of a window, by algorithm and instance; parameters as for `errors`, without the record."""
    if isinstance(indicator, TimeShare):
        return f"count_over_time({TIME_SHARE_RECORD}{{{labels}}}[{window}])"
    if isinstance(indicator, Latency):
        # Only runs whose histogram has the bucket: of others nobody can say which events were bad.
        measured = f"sum without (le) (increase({_bucket(indicator, service)}[{window}]))"
        all = f"increase({selector(indicator, service, '_count')}[{window}])"
        return f"{_BY_BUDGET} (\n  {all}\n  and {measured}\n)"
    return _sum(indicator.total, service, window)


def _bucket(indicator: Latency, service: Service) -> str:
    return selector(indicator, service, "_bucket", threshold_matcher(indicator))


def _sum(selections: Sequence[Selection], service: Service, window: str) -> str:
    growths = [f"increase({selector(each, service)}[{window}])" for each in selections]
    if len(growths) > 1:
        # Two counters may have equal labels, of which `or` would keep one: a label of its own keeps them apart.
        growths = [f'label_replace({each}, "part", "{part}", "", "")' for part, each in enumerate(growths, 1)]
    return f"{_BY_BUDGET} ({' or '.join(growths)})"


def time_share(indicator: TimeShare, service: Service) -> str:
    """Return 1 for each algorithm that is in a bad state now, 0 for those that are not, nothing when it does not count."""
    bad = " or ".join(condition_expression(each, service) for each in indicator.bad)
    if indicator.during:
        counts = _all_hold(indicator.during, service)
    else:
        counts = " or ".join(dict.fromkeys(selector(each, service) for each in indicator.bad))
    return (
        f"max by ({', '.join(BUDGET_LABELS)}) (\n"
        f"  ({_BY_RUN} ({bad}) and {_BY_RUN} ({counts}))\n"
        f"  or\n"
        f"  ({_BY_RUN} ({counts}) - 1)\n"
        ")"
    )


def unmeasured(indicator: Latency, service: Service) -> str:
    """Return the runs whose histogram does not have the bucket of a threshold, so that nothing can be said of them."""
    counted = selector(indicator, service, "_count")
    return f"{_BY_RUN} ({counted})\nunless\n{_BY_RUN} ({_bucket(indicator, service)})"


# -- conditions


def incident_expression(indicator: Incident, service: Service, labels: str) -> str:
    """Return the samples for which something that must never happen is happening.

    Parameters:
        indicator: what must never happen.
        service: the service.
        labels: matchers of the objective's own records.
    """
    if not indicator.during:
        return "\nor\n".join(condition_expression(each, service) for each in indicator.when)
    if indicator.seen_within is None:
        held = _all_hold(indicator.during, service)
    else:
        held = f"last_over_time({SEEN_RECORD}{{{labels}}}[{indicator.seen_within}]) == 1"
    parts = []
    for condition in indicator.when:
        if condition.missing and indicator.seen_within is not None:
            # Of each sidecar that was seen: others that are there do not make up for it.
            parts.append(f"(({held})\nunless on (instance)\n({selector(condition, service)}))")
            continue
        keys = ", ".join(_common_keys(condition, indicator))
        parts.append(f"(({condition_expression(condition, service)})\nand on ({keys})\n({held}))")
    return "\nor\n".join(parts)


def seen(indicator: Incident, service: Service) -> str:
    """Return 1 for each sidecar for which the conditions of `during` hold now, 0 for others that can be scraped.

    What is recorded last before a sidecar goes down says whether the conditions held then. The samples of the conditions
    themselves would not do: those of a run that a sidecar has dropped since stay the last ones of that run.
    """
    up = selector(Selection(metric=UP), service)
    return f"group by (instance) ({_all_hold(indicator.during, service)})\nor\ngroup by (instance) ({up} == 1) - 1"


def _common_keys(condition: Condition, indicator: Incident) -> tuple[str, ...]:
    """Return the labels by which a condition's samples are matched with those of `during`."""
    if condition.missing:
        return ()
    if indicator.seen_within is not None:
        return ("instance",)
    return run_keys((condition, *indicator.during))


def run_keys(conditions: Sequence[Condition]) -> tuple[str, ...]:
    """Return the labels that tell apart what conditions are about: runs, or sidecars when one of them is not of a run."""
    return RUN_KEYS if all(_is_of_runs(each) for each in conditions) else ("instance",)


def _is_of_runs(selection: Selection) -> bool:
    known = known_metric(selection.metric)
    assert known is not None
    return known.of_runs


def _all_hold(conditions: Sequence[Condition], service: Service) -> str:
    first, *others = conditions
    text = f"({condition_expression(first, service)})"
    for each in others:
        text += f" and on ({', '.join(run_keys((first, each)))}) ({condition_expression(each, service)})"
    return text


def condition_expression(condition: Condition, service: Service) -> str:
    """Return the samples for which a condition holds."""
    series = selector(condition, service)
    if condition.missing:
        return f"absent({series})"
    if condition.grows_within is not None:
        return _growth(series, condition.grows_within)
    if condition.any_of:
        return " or ".join(f"{series} == {number(value)}" for value in condition.any_of)
    if condition.older_than_seconds is not None:
        # Zero stands for never.
        return f"time() - ({series} > 0) > {number(condition.older_than_seconds)}"
    for sign, value in (("==", condition.equals), (">", condition.above), ("<", condition.below)):
        if value is not None:
            return f"{series} {sign} {number(value)}"
    raise AssertionError(condition)


def _growth(series: str, window: str) -> str:
    """Return the series that have grown. `increase` does not see what a series began with, so new ones count whole."""
    is_new = f"({series} unless last_over_time({series}[{_NEW_WITHIN}] offset {window}))"
    return f"(increase({series}[{window}]) > 0 or {is_new} > 0)"


def counted(series: str, window: str) -> str:
    """Return what counters have counted in a window, in whole numbers: nothing is extrapolated, as `increase` does.

    New series count whole, and so do those that began anew, as a sidecar's own counters do when it is started again.
    """
    newest, before = f"last_over_time({series}[{window}])", f"last_over_time({series}[{_NEW_WITHIN}] offset {window})"
    return f"({newest} - {before} >= 0 or {newest})"


def number(value: float) -> str:
    """Return a number as it is written in an expression."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))
