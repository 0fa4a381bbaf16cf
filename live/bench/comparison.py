"""A report against a stored one, for gates: what became worse, and by how much.

Figures that depend on the speed of the processor are compared in units of the calibration loop (live.bench.calibration),
each by its best round: other work on the machine only makes rounds worse, so the best one moves least. What is left of
the difference between two machines is that of their caches and memory, so a threshold below about 1.2 judges noise.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from live.bench.model import SCHEMA, ComparedMetric, Comparison, Metric, Report, Row
from live.bench.statistics import best, worsening
from live.errors import DataError

_REMEDY = "store one with lean-live bench --output FILE"


def load_report(path: Path) -> Report:
    """Read a stored report.

    Raises:
        DataError: the file cannot be read, is no report, or has another format.
    """
    try:
        content = path.read_bytes()
        found = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        schema = msgspec.json.decode(found.get("schema", b"null"))
        if schema != SCHEMA:
            raise DataError(f"baseline {path} has format {schema}, this version reads {SCHEMA}; {_REMEDY}")
        return msgspec.json.decode(content, type=Report)
    except OSError as error:
        raise DataError(f"cannot read baseline {path}: {os.strerror(error.errno or 0)}; {_REMEDY}") from error
    except msgspec.DecodeError as error:
        raise DataError(f"{path} is no report of a benchmark ({error}); {_REMEDY}") from error


def compare(report: Report, baseline: Report, name: str, threshold: float) -> Comparison:
    """Compare a report with a baseline.

    Parameters:
        report: the new one.
        baseline: the stored one.
        name: what to call the baseline.
        threshold: how many times worse a judged figure may be.

    Raises:
        DataError: one ran compiled and the other interpreted, or they have no figure in common.
    """
    if report.head.is_compiled != baseline.head.is_compiled:
        ours, theirs = (_build(each) for each in (report, baseline))
        raise DataError(f"this build is {ours} and that of {name} was {theirs}; compare runs of the same kind")
    before = {row.name: row for row in baseline.rows}
    metrics: list[ComparedMetric] = []
    missing = [f"{row}: only in the baseline" for row in before if row not in {each.name for each in report.rows}]
    for row in report.rows:
        reason = _difference(row, before.get(row.name), report.head.is_sample == baseline.head.is_sample)
        if reason is not None:
            missing.append(f"{row.name}: {reason}")
            continue
        _compare_row(row, before[row.name], threshold, metrics, missing)
    if not metrics:
        raise DataError(f"nothing in {name} was measured as it was here: {'; '.join(missing)}; {_REMEDY}")
    return Comparison(name, threshold, metrics, missing)


def _compare_row(row: Row, before: Row, threshold: float, metrics: list[ComparedMetric], missing: list[str]) -> None:
    known = {metric.name: metric for metric in before.metrics}
    for metric in row.metrics:
        if metric.name in known:
            metrics.append(_compare_metric(row.name, metric, known.pop(metric.name), threshold))
        else:
            missing.append(f"{row.name} {metric.name}: not in the baseline")
    missing += [f"{row.name} {name}: only in the baseline" for name in known]


def _compare_metric(row: str, now: Metric, before: Metric, threshold: float) -> ComparedMetric:
    is_normalised = now.normalised is not None and before.normalised is not None
    if now.normalised is not None and before.normalised is not None:
        ratio = worsening(now.normalised, before.normalised, now.better)
    else:
        ours, theirs = (best((each.low, each.high), now.better) for each in (now, before))
        ratio = worsening(ours, theirs, now.better)
    # From or to nothing there is no ratio: a first allocation where there was none is worse by any threshold.
    is_worse = ratio > threshold if ratio is not None else (now.value > before.value) == (now.better == "lower")
    return ComparedMetric(row, now.name, ratio, is_normalised, now.is_judged, now.is_judged and is_worse)


def _difference(row: Row, before: Row | None, is_same_data: bool) -> str | None:
    """Return why two rows cannot be compared, None when they can."""
    if before is None:
        return "not in the baseline"
    if row.failure is not None or before.failure is not None:
        return f"not measured {'here' if row.failure is not None else 'in the baseline'}"
    if row.parameters != before.parameters:
        return "measured with other parameters (one of the two was --quick?)"
    if row.parameters.get("data") == "session" and not is_same_data:
        return "measured on other data: one of the two on the generated sample"
    return None


def _build(report: Report) -> str:
    return "compiled" if report.head.is_compiled else "interpreted"
