"""The panel of run phases, which several dashboards show."""

from __future__ import annotations

from collections.abc import Mapping

from live.dashboards.panels import BAD, GOOD, NEUTRAL, WARNING, Panel, Query, State, timeline
from live.dashboards.queries import series
from live.hot.catalogue import RunPhase

_RUN_PHASES: Mapping[int, State] = {
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


def run_phases() -> Panel:
    """Return the panel."""
    phase = Query(series("run_phase"), "{{run}}")
    return timeline("Run", "Where each run is.", [phase], _RUN_PHASES, runbook="run-died")
