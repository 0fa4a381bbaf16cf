"""Everything that is exported, as text: the runs' samples, those of the sidecar's pieces, and those of the sidecar.

prometheus_client writes the text; its metrics are made anew from the pages at each scrape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from live.clock import NANOSECONDS_PER_SECOND
from live.errors import DataError, UsageError
from live.hot.catalogue import RUN_LABELS, SIDECAR_METRICS, Metric, MetricKind, page_metrics
from live.sidecar.attached import AttachedRun
from live.sidecar.parts import Part, Runs
from live.sidecar.run_samples import run_samples
from live.sidecar.samples import HistogramSample, Sample

TEXT = CONTENT_TYPE_PLAIN_0_0_4
OPEN_METRICS = openmetrics.CONTENT_TYPE_LATEST
_HISTOGRAM_ENDINGS = ("_bucket", "_sum", "_count")

PageFaulted = Callable[[AttachedRun, DataError], None]
PartFailed = Callable[[Part, Exception], None]


class Exporter(Collector):
    """Renders all metrics.

    Parameters:
        runs: the runs.
        parts: pieces of the sidecar that have metrics.
        own_samples: called for what the sidecar says of itself.
        page_faulted: told of a run whose page cannot be believed; it is left out of the answer.
        part_failed: told of a piece that raised; its samples are left out of the answer.

    Raises:
        UsageError: two metrics of different kind, labels or meaning have one name.
    """

    def __init__(
        self,
        runs: Runs,
        parts: Sequence[Part],
        own_samples: Callable[[], Iterable[Sample]],
        page_faulted: PageFaulted,
        part_failed: PartFailed,
    ) -> None:
        check_names(exported_metrics(parts))
        self._runs = runs
        self._parts = parts
        self._own_samples = own_samples
        self._page_faulted = page_faulted
        self._part_failed = part_failed
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def render(self, is_open_metrics: bool) -> bytes:
        """Return all metrics as text.

        Parameters:
            is_open_metrics: write the OpenMetrics format, which has exemplars; otherwise Prometheus' older one.
        """
        if is_open_metrics:
            text: bytes = openmetrics.generate_latest(self._registry)  # type: ignore[no-untyped-call]
            return text
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Family]:
        """Return nothing: the names have been checked already."""
        return ()

    def collect(self) -> Iterable[Family]:
        """Yield all families, those with equal names as one."""
        families: dict[str, _Family] = {}
        for run in self._runs.attached:
            try:
                # Whole or not at all: a page may turn out to be garbled half-way.
                samples = list(run_samples(run))
                labels = dict(zip(RUN_LABELS, (run.name, run.algorithm), strict=True))
            except DataError as error:
                self._page_faulted(run, error)
                continue
            for part in self._parts:
                samples += self._samples_of(part, partial(part.metrics, run))
            for sample in samples:
                _family(families, sample.metric).add(labels, sample)
        own = list(self._own_samples())
        for part in self._parts:
            own += self._samples_of(part, part.own_metrics)
        for sample in own:
            _family(families, sample.metric).add({}, sample)
        for family in families.values():
            yield family.family

    def _samples_of(self, part: Part, ask: Callable[[], Iterable[Sample]]) -> list[Sample]:
        try:
            return list(ask())
        except Exception as error:
            # Pieces may run a user's code; the other metrics must come all the same.
            self._part_failed(part, error)
            return []


class _Family:
    """A metric family of prometheus_client that samples are added to."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self._name = _base_name(metric)
        self.family = Family(self._name, metric.help, metric.kind.value)
        self._seen: set[tuple[str, ...]] = set()

    def add(self, run_labels: dict[str, str], sample: Sample | HistogramSample) -> None:
        """Add a sample; of several with equal labels the first counts, since Prometheus refuses an answer with both."""
        labels = {**run_labels, **dict(sample.metric.labels)}
        if isinstance(sample, Sample):
            labels |= zip(sample.metric.label_names, sample.labels, strict=True)
        key = tuple(labels.values())
        if key in self._seen or (isinstance(sample, Sample) and sample.value != sample.value):
            return
        self._seen.add(key)
        if isinstance(sample, HistogramSample):
            self._add_histogram(labels, sample)
        else:
            self.family.add_sample(self._metric.full_name, labels, sample.value)

    def _add_histogram(self, labels: dict[str, str], sample: HistogramSample) -> None:
        for bound_ns, count in sample.buckets:
            bound = "+Inf" if bound_ns is None else repr(bound_ns / NANOSECONDS_PER_SECOND)
            found = sample.exemplars.get(bound_ns)
            exemplar = None if found is None else Exemplar(dict(found.labels), found.value_seconds)
            self.family.add_sample(f"{self._name}_bucket", {**labels, "le": bound}, count, exemplar=exemplar)
        self.family.add_sample(f"{self._name}_count", labels, sample.buckets[-1][1])
        self.family.add_sample(f"{self._name}_sum", labels, sample.sum_ns / NANOSECONDS_PER_SECOND)


def _family(families: dict[str, _Family], metric: Metric) -> _Family:
    found = families.get(metric.name)
    if found is None:
        found = families[metric.name] = _Family(metric)
    return found


def _base_name(metric: Metric) -> str:
    return metric.full_name.removesuffix("_total") if metric.kind is MetricKind.COUNTER else metric.full_name


def exported_metrics(parts: Sequence[Part]) -> Iterator[Metric]:
    """Yield every metric that may be exported, those with fixed labels once for each of them."""
    yield from page_metrics()
    yield from SIDECAR_METRICS
    for part in parts:
        yield from part.declared


def check_names(metrics: Iterable[Metric]) -> None:
    """Check that metrics of one name are one metric, and that none has a name that another's samples have.

    Raises:
        UsageError: that is not so.
    """
    known: dict[str, Metric] = {}
    for metric in metrics:
        base = _base_name(metric)
        other = known.setdefault(base, metric)
        if _identity(other) != _identity(metric):
            raise UsageError(
                f"two metrics are called {metric.full_name}: {_told(other)} and {_told(metric)}; rename one of them"
            )
    for base, metric in known.items():
        if metric.kind is MetricKind.HISTOGRAM:
            taken = next((base + ending for ending in _HISTOGRAM_ENDINGS if base + ending in known), None)
            if taken is not None:
                raise UsageError(f"metric {taken} has a name that histogram {base} gives its samples; rename it")


def _identity(metric: Metric) -> tuple[object, ...]:
    names = tuple(name for name, _ in metric.labels)
    return metric.name, metric.kind, metric.help, (*names, *metric.label_names)


def _told(metric: Metric) -> str:
    names = ", ".join((*(name for name, _ in metric.labels), *metric.label_names))
    return f"a {metric.kind} with labels ({names}), {metric.help!r}"
