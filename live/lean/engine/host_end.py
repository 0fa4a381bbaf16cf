"""How the host inside the engine ended, as it said itself: LEAN's own result does not have every error."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from live.hot.catalogue import Gauge, PageText, RunPhase
from live.hot.telemetry_view import PageFault, TelemetryView
from live.lean.failure import STUCK_FILE, HostFailure, read_failure


@dataclass(frozen=True, slots=True)
class HostEnd:
    """The last that the host has shown.

    Attributes:
        phase: where its run was.
        reason: why it ended there, "" when it completed.
        failure: the error that ended it, None when it had none at hand.
        stuck: where a callback was that had not returned for long, None when none was.
    """

    phase: RunPhase
    reason: str
    failure: HostFailure | None = None
    stuck: HostFailure | None = None

    @property
    def has_failed(self) -> bool:
        """Whether an error ended it."""
        return self.phase is RunPhase.FAILED


def read_host_end(path: Path | None) -> HostEnd | None:
    """Return what the host says in its page and beside it, None when it says nothing: the engine may have ended before.

    Parameters:
        path: of the page, in the run's folder; None for a run without the host.
    """
    if path is None:
        return None
    failure = read_failure(path.parent)
    try:
        page = TelemetryView(path, expect_writer=False)
    except PageFault:
        return None if failure is None else HostEnd(RunPhase.FAILED, failure.message, failure)
    phase = RunPhase(int(page.gauge(Gauge.RUN_PHASE)))
    return HostEnd(phase, page.text(PageText.REASON), failure, read_failure(path.parent, STUCK_FILE))
