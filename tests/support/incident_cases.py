"""Cases for alerts on what must never happen: truth tables over runs, with every limit met and just missed."""

from __future__ import annotations

from collections.abc import Iterator

from support.prometheus import AlertCase

TARGET = {"instance": "127.0.0.1:9109", "job": "lean-live"}
STEP_SECONDS = 15
LONG = 80
"""Samples of a series that does not change."""


def labels_of(run: str, **more: str) -> dict[str, str]:
    """Return the labels of a run's samples."""
    return {**TARGET, "algorithm": "Momentum", "run": run, **more}


def series(metric: str, labels: dict[str, str]) -> str:
    return f"lean_live_{metric}{{{', '.join(f'{name}={value!r}' for name, value in labels.items())}}}".replace("'", '"')


def steady(value: float) -> str:
    return f"{value:g}x{LONG}"


def minutes(count: float) -> str:
    return f"{round(count * 60)}s"


def incident_cases() -> Iterator[AlertCase]:
    """Yield the cases of all alerts of kind incident, and of the alert that a threshold is not exported."""
    yield from (feed_down(), feed_silent(), feed_frozen(), dropped_ticks(), run_died(), run_stuck(), kill_switch())
    yield from (orders_ungated(), order_unknown())
    yield orders_held()
    yield from (affinity_lost(), journal_lag(), telemetry_lost(), clock_step(), analytics_failing())
    yield from (sidecar_failing(), page_unreadable())
    yield analytics_stopped()
    yield from sidecar_down()
    yield unmeasured()
    yield after_a_gap()


# -- the feed


def feed_down() -> AlertCase:
    values: dict[str, str] = {}
    firing = []
    for feed_phase, is_down in ((1, False), (2, False), (3, True), (4, True), (5, False)):
        for run_phase in (2, 3, 4, 5, 6):
            run = f"feed-{feed_phase}-run-{run_phase}"
            values[series("feed_phase", labels_of(run))] = steady(feed_phase)
            values[series("run_phase", labels_of(run))] = steady(run_phase)
            if is_down and run_phase in (3, 4, 5):
                firing.append(labels_of(run))
    for age, is_old in ((14, False), (16, True)):
        for run_phase in (2, 3, 4, 5, 6):
            run = f"age-{age}-run-{run_phase}"
            values[series("feed_phase", labels_of(run))] = steady(2)
            values[series("run_phase", labels_of(run))] = steady(run_phase)
            # Something came, of this age, at each evaluation from a minute on; before, nothing had come yet.
            values[series("feed_received_timestamp_seconds", labels_of(run))] = f"0 0 0 0 {60 - age}+15x{LONG}"
            if is_old and run_phase in (3, 4, 5):
                firing.append(labels_of(run))
    # Zero stands for a feed of which nothing has come yet.
    values[series("feed_phase", labels_of("never"))] = steady(2)
    values[series("run_phase", labels_of("never"))] = steady(4)
    values[series("feed_received_timestamp_seconds", labels_of("never"))] = steady(0)
    # One that comes back after two minutes.
    values[series("feed_phase", labels_of("back"))] = f"3x8 2x{LONG}"
    values[series("run_phase", labels_of("back"))] = steady(4)
    paused = [each for each in firing if each["run"].startswith("feed")]
    back = labels_of("back")
    expected = {"15s": [], "30s": [*paused, back], "75s": [*paused, back], "90s": [*firing, back], "135s": firing}
    return AlertCase("feed-down", "LeanLiveFeedDown", "paused, halted or nothing heard", values, expected)


def feed_silent() -> AlertCase:
    ibm, spy = labels_of("r", symbol="IBM"), labels_of("r", symbol="SPY")
    values = {series("feed_silent", ibm): "0 0 1 1 1 1 0 0 0", series("feed_silent", spy): steady(0)}
    return AlertCase(
        "feed-silent", "LeanLiveFeedSilent", "one symbol of two", values, {"45s": [], "60s": [ibm], "90s": []}
    )


def feed_frozen() -> AlertCase:
    ibm, spy = labels_of("r", symbol="IBM"), labels_of("r", symbol="SPY")
    values = {series("feed_frozen", ibm): "0 1 1 0 0", series("feed_frozen", spy): steady(0)}
    return AlertCase(
        "feed-frozen", "LeanLiveFeedFrozen", "one symbol of two", values, {"0s": [], "15s": [ibm], "45s": []}
    )


# -- counters that must not grow


def growth_case(
    objective: str, alert: str, metric: str, bad: list[dict[str, str]], good: list[dict[str, str]], window: int
) -> AlertCase:
    """Return a case: growth is told for as long as the window, in old series and in new ones."""
    begin = 20
    values = {series(metric, each): f"0x3 1x{4 * (begin + 2 * window)}" for each in bad}
    values |= {series(metric, each): f"0+1x{4 * (begin + 2 * window)}" for each in good}
    # A run whose first sample holds what happened before it, and one whose first sample holds nothing.
    new, clean = ({**bad[0], "run" if "run" in bad[0] else "instance": each} for each in ("new", "clean"))
    values[series(metric, new)] = f"_x{4 * begin} 3x{4 * (window + 10)}"
    values[series(metric, clean)] = f"_x{4 * begin} 0x{4 * (window + 10)}"
    expected = {
        minutes(0.75): [],
        minutes(1): bad,
        minutes(window + 0.75): bad,
        minutes(window + 1.25): [],
    }
    expected |= {
        minutes(begin - 0.25): [],
        minutes(begin): [new],
        minutes(begin + window - 0.25): [new],
        minutes(begin + window + 0.25): [],
    }
    return AlertCase(objective, alert, "growth in old and new series", values, expected)


def dropped_ticks() -> AlertCase:
    reasons = ("malformed", "stale", "out_of_order", "overload", "late", "ahead")
    bad = [labels_of("r", reason=each) for each in reasons]
    good = [labels_of("r", reason="suspicious")]
    return growth_case("dropped-ticks", "LeanLiveDroppedTicks", "ticks_dropped_total", bad, good, 5)


def after_a_gap() -> AlertCase:
    """Return a case: the sidecar was away for longer than the window, and what was counted before is nothing new."""
    values = {series("telemetry_lost_total", labels_of("r")): "3x3 _x60 3x40"}
    expected = {"17m": [], "19m": []}
    return AlertCase("telemetry-lost", "LeanLiveTelemetryLost", "after a gap", values, expected)


def telemetry_lost() -> AlertCase:
    return growth_case("telemetry-lost", "LeanLiveTelemetryLost", "telemetry_lost_total", [labels_of("r")], [], 5)


def orders_ungated() -> AlertCase:
    return growth_case("orders-ungated", "LeanLiveOrdersUngated", "orders_ungated_total", [labels_of("r")], [], 5)


def order_unknown() -> AlertCase:
    bad, good = [labels_of("r", status="unknown")], [labels_of("r", status="filled")]
    return growth_case("order-unknown", "LeanLiveOrderUnknown", "orders_total", bad, good, 5)


def clock_step() -> AlertCase:
    bad, good = [labels_of("r", kind="clock_step")], [labels_of("r", kind="gap")]
    case = growth_case("clock-step", "LeanLiveClockStep", "feed_faults_total", bad, good, 5)
    here = growth_case("clock-step", "LeanLiveClockStep", "clock_steps_total", [TARGET], [], 5)
    expected = {moment: case.expected[moment] + here.expected[moment] for moment in case.expected}
    return AlertCase("clock-step", "LeanLiveClockStep", "here and there", case.series | here.series, expected)


def analytics_failing() -> AlertCase:
    bad = [labels_of("r", task="exposure", outcome=each) for each in ("failed", "timeout")]
    good = [labels_of("r", task="exposure", outcome=each) for each in ("ok", "skipped")]
    return growth_case("analytics-failing", "LeanLiveAnalyticsFailing", "analytics_runs_total", bad, good, 15)


def sidecar_failing() -> AlertCase:
    idle = {**TARGET, "instance": "idle"}
    bad = [{**TARGET, "task": "watchdog"}]
    case = growth_case("sidecar-failing", "LeanLiveSidecarFailing", "sidecar_part_failures_total", bad, [], 5)
    # A sidecar whose only run is over wakes nobody.
    values = {series("sidecar_part_failures_total", {**idle, "task": "analytics"}): f"0x3 1x{2 * LONG}"}
    for instance, phase in ((TARGET["instance"], 5), ("new", 4), ("clean", 4), ("idle", 6)):
        values[series("run_phase", {**labels_of("r"), "instance": instance})] = f"{phase}x{2 * LONG}"
    return AlertCase(case.objective, case.alert, "while a run goes on", case.series | values, case.expected)


def page_unreadable() -> AlertCase:
    bad = [{**TARGET, "reason": "version"}]
    return growth_case("page-unreadable", "LeanLivePageUnreadable", "sidecar_page_faults_total", bad, [], 5)


def analytics_stopped() -> AlertCase:
    """Return a case: a task that is begun no more is told of for as long as it is, though nothing is counted."""
    stopped, well = labels_of("r", task="exposure"), labels_of("r", task="turnover")
    values = {
        series("analytics_stopped", stopped): f"0 0 1x{4 * 40} 0x4",
        series("analytics_stopped", well): f"0x{4 * 50}",
        series("analytics_runs_total", {**stopped, "outcome": "ok"}): f"3x{4 * 50}",
    }
    expected = {"15s": [], "30s": [stopped], "40m": [stopped], "41m": []}
    return AlertCase("analytics-failing", "LeanLiveAnalyticsFailing", "a task that was stopped", values, expected)


# -- the run


def run_died() -> AlertCase:
    values = {}
    for run, alive, phase in (
        ("well", 1, 4),
        ("killed", 0, 4),
        ("failed", None, 8),
        ("completed", None, 6),
        ("interrupted", None, 7),
    ):
        values[series("run_phase", labels_of(run))] = steady(phase)
        if alive is not None:
            values[series("run_alive", labels_of(run))] = steady(alive)
    values[series("run_alive", labels_of("later"))] = "1 1 1 0 0 _x40"
    values[series("run_phase", labels_of("later"))] = "4x4 _x40"
    dead = [labels_of("killed"), labels_of("failed")]
    expected = {"0s": dead, "30s": dead, "45s": [*dead, labels_of("later")], "10m": dead, "26m": []}
    return AlertCase("run-died", "LeanLiveRunDied", "killed and failed runs", values, expected)


def run_stuck() -> AlertCase:
    values = {}
    firing = []
    for phase in range(1, 9):
        for age in (14, 16):
            for alive in (0, 1):
                run = f"phase-{phase}-age-{age}-alive-{alive}"
                values[series("run_phase", labels_of(run))] = steady(phase)
                values[series("page_age_seconds", labels_of(run))] = f"{age}x4 0x{LONG}"
                values[series("run_alive", labels_of(run))] = steady(alive)
                if phase in (2, 3, 4, 5) and age == 16 and alive:
                    firing.append(labels_of(run))
    return AlertCase("run-stuck", "LeanLiveRunStuck", "old pages of runs that go on", values, {"0s": firing, "75s": []})


def kill_switch() -> AlertCase:
    values = {}
    for phase in (5, 6):
        values[series("run_phase", labels_of(f"phase-{phase}"))] = steady(phase)
        values[series("control", labels_of(f"phase-{phase}", bit="kill"))] = f"0 1x3 0x{LONG}"
        values[series("control", labels_of(f"phase-{phase}", bit="pause"))] = steady(1)
    firing = [labels_of("phase-5", bit="kill")]
    return AlertCase("kill-switch", "LeanLiveKillSwitch", "on and off", values, {"0s": [], "15s": firing, "75s": []})


def orders_held() -> AlertCase:
    """Return a case: what the watchdog leaves behind, a pause while the feed runs, and what else holds orders."""
    values = {}
    firing = []
    for bit in ("kill", "pause", "reduce_only"):
        for phase in (3, 4, 6):
            run = f"{bit}-{phase}"
            values[series("run_phase", labels_of(run))] = steady(phase)
            values[series("feed_phase", labels_of(run))] = steady(2)
            for each in ("kill", "pause", "reduce_only"):
                values[series("control", labels_of(run, bit=each))] = f"0 1x4 0x{LONG}" if each == bit else steady(0)
            if bit != "kill" and phase != 6:
                firing.append(labels_of(run, bit=bit))
    values[series("run_phase", labels_of("paused"))] = f"4 5x4 4x{LONG}"
    firing.append(labels_of("paused"))
    # One that is resumed soon.
    values[series("run_phase", labels_of("soon"))] = f"4 5 5 4x{LONG}"
    expected = {"30s": [], "45s": firing, "75s": firing, "90s": []}
    return AlertCase("orders-held", "LeanLiveOrdersHeld", "paused and held runs", values, expected)


def affinity_lost() -> AlertCase:
    values = {}
    for phase in (5, 6):
        values[series("run_phase", labels_of(f"phase-{phase}"))] = steady(phase)
        values[series("cpu_affinity_ok", labels_of(f"phase-{phase}", thread="strategy"))] = f"1 0x4 1x{LONG}"
        values[series("cpu_affinity_ok", labels_of(f"phase-{phase}", thread="feeder"))] = steady(1)
    # Sidecars of a run that goes on, of one that is over, and one that stays where it was put.
    for instance, phase, ok in (("left", 5, f"1 0x4 1x{LONG}"), ("idle", 6, steady(0)), ("stays", 5, steady(1))):
        values[series("run_phase", {**labels_of("r"), "instance": instance})] = steady(phase)
        values[series("sidecar_cpu_affinity_ok", {**TARGET, "instance": instance})] = ok
    firing = [labels_of("phase-5", thread="strategy"), {**TARGET, "instance": "left"}]
    return AlertCase(
        "affinity-lost", "LeanLiveAffinityLost", "a thread and a sidecar", values, {"30s": [], "45s": firing, "90s": []}
    )


def journal_lag() -> AlertCase:
    values = {
        series("journal_lag_records", labels_of("behind")): f"1050x5 10x{LONG}",
        series("journal_lag_records", labels_of("near")): steady(950),
    }
    expected = {"15s": [], "30s": [labels_of("behind")], "90s": []}
    return AlertCase("journal-lag", "LeanLiveJournalLag", "above and below", values, expected)


def unmeasured() -> AlertCase:
    measured, other = labels_of("measured"), labels_of("other")
    values = {
        series("tick_to_decision_seconds_count", measured): "0+10x80",
        series("tick_to_decision_seconds_bucket", {**measured, "le": "0.001"}): "0+9x80",
        series("tick_to_decision_seconds_count", other): "0+10x20 _x80",
        series("tick_to_decision_seconds_bucket", {**other, "le": "0.002"}): "0+9x20 _x80",
    }
    keys = {name: value for name, value in other.items() if name != "job"}
    expected = {"45s": [], "60s": [keys], "15m": []}
    return AlertCase("tick-to-decision", "LeanLiveObjectiveUnmeasured", "another bound", values, expected)


# -- the sidecar


def sidecar_down() -> Iterator[AlertCase]:
    """Yield cases: it does not answer, it is no target any more, and for how long the run is remembered."""
    values: dict[str, str] = {}
    firing: list[dict[str, str]] = []
    for up in (0, 1):
        for phase in (5, 6):
            for alive in (0, 1):
                target = {"instance": f"{up}-{phase}-{alive}", "job": "lean-live"}
                run = {**labels_of("r"), **target}
                values[up_of(target["instance"])] = f"1 1 {up}x4 1x{LONG}"
                values[series("run_phase", run)] = f"{phase} {phase} stale"
                values[series("run_alive", run)] = f"{alive} {alive} stale"
                if not up and phase == 5 and alive:
                    firing.append(target)
    # One that was started anew while the run was gone, and went down then.
    run = {**labels_of("r"), "instance": "anew"}
    values[up_of("anew")] = f"1 1 0 1 1 0x{LONG}"
    values[series("run_phase", run)] = "5 5 stale"
    values[series("run_alive", run)] = "1 1 stale"
    expected: dict[str, list[dict[str, str]]] = {"45s": [], "60s": firing, "105s": [], "10m": []}
    yield AlertCase("sidecar-down", "LeanLiveSidecarDown", "does not answer", values, expected)
    for phase, alive in ((5, 1), (6, 1), (5, 0)):
        values = {
            series("run_phase", labels_of("r")): f"{phase} {phase} stale",
            series("run_alive", labels_of("r")): f"{alive} {alive} stale",
            'up{instance="x", job="another"}': steady(0),
            up_of(TARGET["instance"]): f"1 1 stale _x10 1x{LONG}",
            # A target that stays does not make up for it.
            up_of("another"): steady(1),
        }
        gone = [{"instance": TARGET["instance"]}] if (phase, alive) == (5, 1) else []
        expected = {"45s": [], "60s": gone, "4m": []}
        name = f"no target any more, phase {phase}, alive {alive}"
        yield AlertCase("sidecar-down", "LeanLiveSidecarDown", name, values, expected)
    values = {
        up_of(TARGET["instance"]): "1 0x60",
        series("run_phase", labels_of("r")): "5 stale",
        series("run_alive", labels_of("r")): "1 stale",
    }
    expected = {"23h30m": [TARGET], "25h": []}
    yield AlertCase("sidecar-down", "LeanLiveSidecarDown", "remembers for a day", values, expected, interval="30m")


def up_of(instance: str) -> str:
    return f'up{{instance="{instance}", job="lean-live"}}'
