"""The dashboard *Host*: do the strategy and the sidecar have what they need of the machine."""

from __future__ import annotations

from collections.abc import Mapping

from live.dashboards.board import Board
from live.dashboards.panels import (
    BAD,
    GOOD,
    NEUTRAL,
    WARNING,
    Panel,
    Query,
    State,
    count,
    lines,
    number,
    steps,
    timeline,
)
from live.dashboards.queries import increase, rate, series
from live.dashboards.states import run_phases
from live.hot.catalogue import WarmState

_PINNED = {0: State("NOT PINNED", BAD), 1: State("pinned", GOOD)}
_NOT_CONFIGURED = State("no cores configured", NEUTRAL)
_WARM: Mapping[int, State] = {
    WarmState.STARTING: State("starting", WARNING),
    WarmState.WARMING: State("warming", WARNING),
    WarmState.REHEARSING: State("rehearsing", WARNING),
    WarmState.READY: State("ready", GOOD),
}


def host() -> Board:
    """Return the dashboard."""
    board = Board(
        "lean-live-host", "lean-live / Host", "Do the strategy and the sidecar have what they need of the machine?"
    )
    board.row(4, *_verdict())
    board.row(5, *_states())
    board.heading("The strategy's process")
    board.row(8, *_processor())
    board.row(8, *_memory())
    board.heading("Telemetry and the sidecar")
    board.row(8, *_telemetry())
    board.row(8, *_sidecar(), widths=(8, 4, 4, 4, 4))
    return board


def _verdict() -> list[Panel]:
    return [
        number(
            "Strategy alive",
            "Whether the processes of all runs live. Dead: gone without having ended.",
            f"min({series('run_alive')})",
            "none",
            states={0: State("DEAD", BAD), 1: State("alive", GOOD)},
            absent=State("no run", NEUTRAL),
            runbook="run-died",
        ),
        number(
            "Sidecar",
            "Whether Prometheus reaches the sidecar.",
            'min(up{job="lean-live"})',
            "none",
            states={0: State("DOWN", BAD), 1: State("up", GOOD)},
            absent=State("not scraped", BAD),
            runbook="sidecar-down",
        ),
        number(
            "Pinned",
            "Whether the strategy's threads are on the cores of `[host] cores`, read back from the system.",
            f"min({series('cpu_affinity_ok')})",
            "none",
            states=_PINNED,
            absent=_NOT_CONFIGURED,
            runbook="affinity-lost",
        ),
        number(
            "Age of the telemetry",
            "Time since a run brought its telemetry page up to date; it grows while the run is stuck.",
            f"max({series('page_age_seconds')})",
            "s",
            colors=steps(warning=10, bad=60),
            decimals=1,
            runbook="run-stuck",
        ),
        count(
            "Telemetry lost",
            "Events lost because the event ring was full, in the time that is shown.",
            increase("telemetry_lost_total"),
            colors=steps(bad=0.5),
            runbook="telemetry-lost",
        ),
        number(
            "Clock offset",
            "How far the wall clock has run away from the monotonic clock since the sidecar began.",
            series("clock_offset_seconds"),
            "s",
            decimals=3,
            has_graph=True,
            runbook="clock-step",
        ),
    ]


def _states() -> list[Panel]:
    return [
        timeline(
            "Pinned, by thread",
            "By thread: whether it is where `[host] cores` puts it; and the sidecar, by `[sidecar] cores`.",
            [
                Query(f"min by (run, thread) ({series('cpu_affinity_ok')})", "{{run}}, {{thread}}"),
                Query(series("sidecar_cpu_affinity_ok"), "sidecar"),
            ],
            _PINNED,
            absent=_NOT_CONFIGURED,
            runbook="affinity-lost",
        ),
        run_phases(),
        timeline(
            "Warm",
            "How far the path from tick to order is warm.",
            [Query(series("warm_state"), "{{run}}")],
            _WARM,
        ),
    ]


def _processor() -> list[Panel]:
    return [
        lines(
            "Processor",
            "Cores used by the strategy's process, by mode. Much of `system` is much asked of the kernel.",
            [Query(rate("cpu_seconds_total", by="run, mode"), "{{run}}, {{mode}}")],
            "short",
        ),
        lines(
            "Stolen time",
            "Share of time that a hypervisor kept from the cores of the strategy's process. On a machine of its own it is zero.",
            [Query(rate("cpu_steal_seconds_total", by="run"), "{{run}}")],
            "percentunit",
        ),
        lines(
            "Context switches",
            "Per second. Involuntary ones took a core from the strategy: something else runs on its cores.",
            [Query(rate("context_switches_total", by="run, kind"), "{{run}}, {{kind}}")],
            "ops",
        ),
    ]


def _memory() -> list[Panel]:
    return [
        lines(
            "Memory",
            "Resident memory of the strategy's process. After the warm-up it should be flat.",
            [
                Query(series("resident_memory_bytes"), "{{run}}"),
                Query(series("resident_memory_peak_bytes"), "{{run}}, largest", is_dashed=True),
            ],
            "bytes",
        ),
        lines(
            "Page faults",
            "Per second. Major ones waited for a disk.",
            [Query(rate("page_faults_total", by="run, kind"), "{{run}}, {{kind}}")],
            "ops",
        ),
        lines(
            "Threads",
            "Threads of the strategy's process. Each of the strategy's own competes with it.",
            [Query(series("threads"), "{{run}}")],
            "short",
        ),
    ]


def _telemetry() -> list[Panel]:
    return [
        lines(
            "Events",
            "Per second: handed to the ring, taken by the sidecar, and lost.",
            [
                Query(rate("events_total"), "handed over"),
                Query(rate("sidecar_events_total"), "taken"),
                Query(rate("telemetry_lost_total"), "lost", color=BAD),
            ],
            "ops",
            runbook="telemetry-lost",
        ),
        lines(
            "Records that wait",
            "Records of the event ring that the sidecar has yet to take.",
            [Query(series("journal_lag_records"), "{{run}}")],
            "short",
            runbook="journal-lag",
        ),
        lines(
            "Age of the telemetry page",
            "Time since each run brought its page up to date.",
            [Query(series("page_age_seconds"), "{{run}}")],
            "s",
            runbook="run-stuck",
        ),
        lines(
            "Time steps and history",
            "Time steps per second, and share of time in history requests.",
            [
                Query(rate("steps_total"), "steps"),
                Query(rate("history_seconds_total"), "seconds of history requests"),
            ],
            "short",
        ),
    ]


def _sidecar() -> list[Panel]:
    return [
        lines(
            "Failures of the sidecar",
            "Pieces that failed and were begun anew, and telemetry pages that could not be used, since the sidecar began.",
            [
                Query(f"sum by (task) ({series('sidecar_part_failures_total')})", "{{task}} failed"),
                Query(f"sum by (reason) ({series('sidecar_page_faults_total')})", "page {{reason}}"),
            ],
            "short",
            runbook="sidecar-failing",
        ),
        lines(
            "Scrapes",
            "Requests for metrics per second, by outcome.",
            [Query(rate("sidecar_scrapes_total", by="outcome"), "{{outcome}}")],
            "ops",
        ),
        lines(
            "Delay of the sidecar's event loop",
            "Largest since the look before. It delays telemetry, never the strategy.",
            [Query(series("sidecar_loop_lag_seconds"), "delay")],
            "s",
        ),
        lines(
            "Processor of the sidecar",
            "Cores used.",
            [Query(rate("sidecar_cpu_seconds_total"), "cores")],
            "short",
        ),
        lines(
            "Memory of the sidecar",
            "Resident memory; it should be flat while the number of runs is.",
            [Query(series("sidecar_resident_memory_bytes"), "resident")],
            "bytes",
        ),
    ]
