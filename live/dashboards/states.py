"""What the numbers of run_phase mean on every dashboard that shows them."""

from __future__ import annotations

from collections.abc import Mapping

from live.dashboards.panels import BAD, GOOD, NEUTRAL, WARNING, State
from live.hot.catalogue import RunPhase

RUN_PHASES: Mapping[int, State] = {
    RunPhase.STARTING: State("starting", WARNING),
    RunPhase.WARMING_UP: State("warming up", WARNING),
    RunPhase.REHEARSING: State("rehearsing", WARNING),
    RunPhase.READY: State("ready", GOOD),
    RunPhase.RUNNING: State("running", GOOD),
    RunPhase.PAUSED: State("paused", BAD),
    RunPhase.COMPLETED: State("completed", NEUTRAL),
    RunPhase.INTERRUPTED: State("interrupted", WARNING),
    RunPhase.FAILED: State("failed", BAD),
}
