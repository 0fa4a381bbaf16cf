"""Which settings of the low-latency profile are in force in an engine that runs.

What was asked for is no answer. Variables are those that the process was started with, since .NET looks at no others; keys
are those of its configuration, and the log's handler is what LEAN says of it. What the host sets is read back: by the kernel
(cores), from the telemetry page (beats), and from what the host found in its own process once the session could come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from live.clock import sleep
from live.config import LeanSettings
from live.hot.catalogue import Counter, Gauge, RunPhase
from live.lean.in_force import IN_FORCE_FILE, InForce
from live.lean.instructions import SETTINGS_VARIABLE
from live.lean.profile import Place, ProfileSetting, low_latency
from live.lean.self_test.assumptions import Finding, Verdict
from live.lean.self_test.process_view import ProcessView, ThreadCores
from live.lean.threads import LOOP_THREAD, VISIBLE_NAME_CHARACTERS

_RESULTS_KEY = "results-destination-folder"
_IN_MEMORY = ("tmpfs", "ramfs")
_LOOKS = 20
_LOOK_SECONDS = 0.1
_INTERVAL_PRECISION_MS = 0.001
"""Python keeps the interval in microseconds."""
Answer = tuple[Verdict, str]


def look_at_process(pid: int, settings: LeanSettings) -> list[Finding]:
    """Return for each setting of the profile whether it is in force; beats are counted for up to two seconds.

    Parameters:
        pid: the engine's process, or the first one of its container.
        settings: table `[lean]`: the profile as it should be.

    Raises:
        UsageError: there is no such process, or it is somebody else's.
    """
    view = ProcessView(pid)
    return [_finding(each, view, settings) for each in low_latency(settings)]


def _finding(setting: ProfileSetting, view: ProcessView, settings: LeanSettings) -> Finding:
    answers = {Place.ENVIRONMENT: _variable, Place.CONFIG: _key, Place.HOST: _host}
    verdict, observed = answers[setting.place](setting, view, settings)
    what = f"{setting.name}: {setting.key} = {setting.value} ({setting.place.value})"
    return Finding(setting.name, what, verdict, observed, f"{setting.stock}; with it {setting.effect}", False)


def _variable(setting: ProfileSetting, view: ProcessView, settings: LeanSettings) -> Answer:
    return _compared(setting, view.variables.get(setting.key), str(setting.value), "the process was started with")


def _key(setting: ProfileSetting, view: ProcessView, settings: LeanSettings) -> Answer:
    told = None if view.in_force is None else view.in_force.log_handler
    if setting.key == "log-handler" and told:
        return _compared(setting, told, setting.value, "LEAN has read")
    if view.config is None:
        return "unknown", "no configuration of LEAN: none on its command line, and no config.json in its working folder"
    return _compared(setting, view.config.get(setting.key), setting.value, "its configuration has")


def _compared(setting: ProfileSetting, found: Any, wanted: Any, where: str) -> Answer:
    shown = f"no {setting.key}" if found is None else f"{setting.key} {found}"
    return "pass" if found == wanted else "fail", f"{where} {shown}"


# -- what the host sets


def _host(setting: ProfileSetting, view: ProcessView, settings: LeanSettings) -> Answer:
    if view.instructions is None:
        return "unknown", f"lean-live is not attached: {SETTINGS_VARIABLE} is not set, or its file is gone"
    told = getattr(view.instructions.lean, setting.key)
    if told != setting.value:
        return "fail", f"it was started with {setting.key} {told}"
    return _READ_BACK[setting.key](view, settings)


def _read_back(judge: Callable[[InForce, LeanSettings], Answer]) -> Callable[[ProcessView, LeanSettings], Answer]:
    """Judge by what the host has read back, where there is that."""

    def answer(view: ProcessView, settings: LeanSettings) -> Answer:
        if view.in_force is None:
            return (
                "unknown",
                f"the host in it has not read it back: no {IN_FORCE_FILE} of this process, it is not ready yet",
            )
        return judge(view.in_force, settings)

    return answer


def _collector(found: InForce, settings: LeanSettings) -> Answer:
    wanted = settings.idle_collect_milliseconds > 0
    is_so = (found.frozen_objects > 0 and not found.collects_by_itself) if wanted else found.collects_by_itself
    collects = "collects by itself" if found.collects_by_itself else "does not collect by itself"
    return _verdict(is_so), f"Python {collects}, {found.frozen_objects} objects are frozen"


def _switch_interval(found: InForce, settings: LeanSettings) -> Answer:
    is_so = abs(found.switch_interval_ms - settings.switch_interval_milliseconds) <= _INTERVAL_PRECISION_MS
    return _verdict(is_so), f"Python's interval is {found.switch_interval_ms:g} milliseconds"


def _mode(found: InForce, settings: LeanSettings) -> Answer:
    return _verdict(found.order_mode == settings.mode), f"the order path was built as {found.order_mode}"


def _beats(view: ProcessView, settings: LeanSettings) -> Answer:
    """Count beats; they stop while ticks flow, so none prove nothing then."""
    page = view.page()
    if page is None:
        return "unknown", "the telemetry page of its run cannot be read"
    if not RunPhase.READY <= page.gauge(Gauge.RUN_PHASE) <= RunPhase.PAUSED:
        return "unknown", f"it is not in a session: {RunPhase(int(page.gauge(Gauge.RUN_PHASE))).name.lower()}"
    beats, steps = page.counter(Counter.WARM_BEATS), page.counter(Counter.STEPS)
    grown = 0
    for _ in range(_LOOKS):
        sleep(_LOOK_SECONDS)
        grown = page.counter(Counter.WARM_BEATS) - beats
        if grown:
            break
    observed = f"{grown} beats within {_LOOKS * _LOOK_SECONDS:g} s, {beats + grown} in all"
    if not settings.keep_warm_milliseconds:
        return _verdict(not grown), observed
    if not grown and page.counter(Counter.STEPS) > steps:
        return "unknown", f"{observed}; ticks flow, and beats stop while they do: look again in a quiet moment"
    return _verdict(grown > 0), observed


def _cores(view: ProcessView, settings: LeanSettings) -> Answer:
    """Look at where the kernel lets the threads run."""
    threads = list(view.threads())
    loop = _loop_of(view, threads)
    if loop is None:
        return "unknown", f"which thread is the loop's is not known: not one is named {LOOP_THREAD!r}, or several are"
    others = [each for each in threads if each is not loop]
    beside = sum(1 for each in others if each.cores & loop.cores)
    observed = f"the loop thread may use {_shown(loop.cores)}, as may {beside} of {len(others)} other threads"
    if settings.loop_core < 0:
        # Nothing is to be pinned: the loop thread is where all are.
        return _verdict(all(each.cores == loop.cores for each in others)), observed
    return _verdict(loop.cores == {settings.loop_core} and not beside), observed


def _loop_of(view: ProcessView, threads: list[ThreadCores]) -> ThreadCores | None:
    """Return the thread that the host has noted, or before that the only one of the loop's name."""
    if view.in_force is not None:
        return next((each for each in threads if each.tid == view.in_force.loop_thread), None)
    named = [each for each in threads if each.name == LOOP_THREAD[:VISIBLE_NAME_CHARACTERS]]
    return named[0] if len(named) == 1 else None


def _results(view: ProcessView, settings: LeanSettings) -> Answer:
    folder = None if view.config is None else view.config.get(_RESULTS_KEY)
    if not isinstance(folder, str):
        return "unknown", f"its configuration names no {_RESULTS_KEY}"
    kind = view.file_system(folder)
    observed = f"LEAN writes its results to {folder}, which is on {kind or 'an unknown file system'}"
    return _verdict((kind in _IN_MEMORY) == settings.results_in_memory), observed


def _shown(cores: frozenset[int]) -> str:
    return f"core{'s' if len(cores) > 1 else ''} {', '.join(map(str, sorted(cores)))}"


def _verdict(is_so: bool) -> Verdict:
    return "pass" if is_so else "fail"


_READ_BACK: dict[str, Callable[[ProcessView, LeanSettings], Answer]] = {
    "idle_collect_milliseconds": _read_back(_collector),
    "switch_interval_milliseconds": _read_back(_switch_interval),
    "mode": _read_back(_mode),
    "keep_warm_milliseconds": _beats,
    "loop_core": _cores,
    "results_in_memory": _results,
}
"""How each setting of the host is found in a process, by its key."""
