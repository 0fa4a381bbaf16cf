"""The metrics that objectives may be about: the catalogue's, and Prometheus' own `up`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from live.hot.catalogue import RUN_LABELS, SIDECAR_METRICS, Metric, MetricKind, run_metrics

UP = "up"
"""Prometheus' own metric of a scrape: 1 when it went well."""
TARGET_LABELS = ("instance", "job")
"""Labels that Prometheus gives to everything it scrapes."""


@dataclass(slots=True)
class KnownMetric:
    """A metric as Prometheus sees it.

    Attributes:
        full_name: its name in Prometheus.
        kind: what it is.
        of_runs: whether its samples have the labels of a run; otherwise they are the sidecar's and the machine's.
        labels: its own labels with the values that they can have; None for a label with any value.
    """

    full_name: str
    kind: MetricKind
    of_runs: bool
    labels: dict[str, list[str] | None] = field(default_factory=dict)

    @property
    def all_labels(self) -> dict[str, list[str] | None]:
        """All labels of its samples, those of the run and of the scrape too."""
        others = (*(RUN_LABELS if self.of_runs else ()), *TARGET_LABELS)
        return {**self.labels, **dict.fromkeys(others)}


def _collect() -> dict[str, KnownMetric]:
    known: dict[str, KnownMetric] = {UP: KnownMetric(UP, MetricKind.GAUGE, of_runs=False)}
    _add(known, run_metrics(), True)
    _add(known, SIDECAR_METRICS, False)
    return known


def _add(known: dict[str, KnownMetric], metrics: Iterable[Metric], of_runs: bool) -> None:
    for metric in metrics:
        entry = known.setdefault(metric.name, KnownMetric(metric.full_name, metric.kind, of_runs))
        for name in metric.label_names:
            entry.labels[name] = None
        for name, value in metric.labels:
            values = entry.labels.setdefault(name, [])
            if values is not None and value not in values:
                values.append(value)


KNOWN_METRICS = _collect()
"""By name without the prefix."""
_BY_FULL_NAME = {metric.full_name: metric for metric in KNOWN_METRICS.values()}


def known_metric(name: str) -> KnownMetric | None:
    """Return the metric of a name, written with or without the prefix; None when there is none."""
    return KNOWN_METRICS.get(name) or _BY_FULL_NAME.get(name)
