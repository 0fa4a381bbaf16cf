"""How the host inside the engine ended, as its telemetry page says: LEAN's own result does not have every error."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from live.hot.catalogue import Gauge, PageText, RunPhase
from live.hot.telemetry_view import PageFault, TelemetryView


@dataclass(frozen=True, slots=True)
class HostEnd:
    """The last that the host has shown.

    Attributes:
        phase: where its run was.
        reason: why it ended there, "" when it completed.
    """

    phase: RunPhase
    reason: str

    @property
    def has_failed(self) -> bool:
        """Whether an error ended it."""
        return self.phase is RunPhase.FAILED


def read_host_end(path: Path | None) -> HostEnd | None:
    """Return what a page says, None without a page that can be read: the engine may have ended before there was one.

    Parameters:
        path: of the page, None for a run without the host.
    """
    if path is None:
        return None
    try:
        page = TelemetryView(path, expect_writer=False)
    except PageFault:
        return None
    return HostEnd(RunPhase(int(page.gauge(Gauge.RUN_PHASE))), page.text(PageText.REASON))
