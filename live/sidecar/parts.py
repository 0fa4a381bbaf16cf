"""What a piece of the sidecar is that runs beside its exporter, such as the feed watchdog or the scheduled analytics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, runtime_checkable

from live.clock import NANOSECONDS_PER_SECOND
from live.hot.catalogue import Metric
from live.sidecar.attached import AttachedRun
from live.sidecar.samples import Sample

FRESH_SECONDS = 10.0
"""Age from which what a piece last saw is not exported any more: longer than one failure and the pause after it."""


class Runs(Protocol):
    """The runs that the sidecar knows."""

    @property
    def attached(self) -> Sequence[AttachedRun]:
        """Runs whose page is open, also those that have ended and are still exported, in the order of their names.

        A run that is dropped is no longer in it; its object stays usable as long as somebody holds it.
        """


class Part(Protocol):
    """A piece of the sidecar. All of it happens on the event loop of the sidecar.

    Attributes:
        name: a word for messages and the label `task` of sidecar_part_failures_total.
        declared: the metrics that it gives.
    """

    name: str
    declared: tuple[Metric, ...]

    async def run(self, runs: Runs) -> None:
        """Do the piece's work until cancelled.

        One that returns is done. One that raises is counted, reported on standard error and called again after a pause.
        """

    def metrics(self, run: AttachedRun) -> Iterable[Sample]:
        """Return the samples of a run: called at a scrape, must not wait.

        One that raises is counted and left out of the answer.
        """

    def own_metrics(self) -> Iterable[Sample]:
        """Return samples that belong to no run; as `metrics`."""


@runtime_checkable
class Documented(Protocol):
    """A piece of which people may want to know more than its metrics say."""

    def document(self) -> Any:
        """Return what it knows as JSON-ready data: served at the path of its name, must not wait."""


def is_fresh(looked_ns: int | None, now_ns: int) -> bool:
    """Tell whether what was seen at a moment still stands for the present.

    Parameters:
        looked_ns: the moment, on the monotonic clock; None for never.
        now_ns: the monotonic clock.
    """
    return looked_ns is not None and now_ns - looked_ns < FRESH_SECONDS * NANOSECONDS_PER_SECOND
