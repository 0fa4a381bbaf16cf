"""PromQL of the dashboards: selectors of one run's metrics, rates and quantiles.

Names are looked up in the catalogue when a dashboard is built, so that a panel cannot ask for what nothing exports.
"""

from __future__ import annotations

from live.hot.catalogue import METRIC_PREFIX, SIDECAR_METRICS, MetricKind, Stage, all_metrics
from live.slo.promql import counted

RATE_WINDOW = "$__rate_interval"
"""Grafana's window for rates: at least four scrapes, and at least the distance of two points of the graph."""

_SIDECAR = {metric.name for metric in SIDECAR_METRICS}
_KINDS = {metric.name: metric.kind for metric in all_metrics()}


def series(name: str, *matchers: str) -> str:
    """Return the selector of a metric, of the run and algorithm that are chosen on the dashboard.

    Parameters:
        name: name in the catalogue, without the prefix; of a histogram, with its suffix.
        matchers: further label matchers, such as `kind="trade"`.

    Raises:
        KeyError: the catalogue has no such metric.
    """
    base = name
    for suffix in ("_bucket", "_sum", "_count"):
        if _KINDS.get(name.removesuffix(suffix)) is MetricKind.HISTOGRAM:
            base = name.removesuffix(suffix)
    if base not in _KINDS:
        raise KeyError(f"the catalogue has no metric {name}")
    chosen = () if base in _SIDECAR else ('algorithm=~"$algorithm"', 'run=~"$run"')
    labels = ", ".join((*matchers, *chosen))
    return f"{METRIC_PREFIX}{name}" + (f"{{{labels}}}" if labels else "")


def rate(name: str, *matchers: str, by: str = "") -> str:
    """Return the growth per second of a counter, summed over all labels but those of `by`."""
    return f"sum{_by(by)} (rate({series(name, *matchers)}[{RATE_WINDOW}]))"


def increase(name: str, *matchers: str, by: str = "") -> str:
    """Return what a counter has counted in the time that the dashboard shows, as a whole number."""
    return f"sum{_by(by)} ({counted(series(name, *matchers), '$__range')})"


def quantile(share: float, stage: Stage, *, window: str = RATE_WINDOW, by: str = "") -> str:
    """Return a quantile of a stage, interpolated within a bucket as Prometheus does.

    Parameters:
        share: 0 to 1; 1 is the upper bound of the largest bucket that got a sample.
        stage: what is measured.
        window: span of time.
        by: labels that are kept.
    """
    labels = ", ".join(part for part in ("le", by) if part)
    return f"histogram_quantile({share}, sum by ({labels}) (rate({bucket(stage)}[{window}])))"


def bucket(stage: Stage) -> str:
    """Return the selector of a stage's buckets."""
    fixed = (f'{name}="{value}"' for name, value in stage.metric.labels)
    return series(f"{stage.metric.name}_bucket", *fixed)


def _by(labels: str) -> str:
    return f" by ({labels})" if labels else ""
