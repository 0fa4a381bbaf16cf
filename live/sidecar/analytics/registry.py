"""Analytics tasks as their authors write them: a decorator, and the tasks of modules under their names.

from live.sidecar.analytics import AnalyticsWindow, analytics

@analytics(every="5s")
def inventory(window: AnalyticsWindow) -> dict[str, float]:
    return {row.symbol: row.quantity for row in window.look.positions}
"""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from live.errors import ConfigError, one_line
from live.sidecar.analytics.schedules import Schedule, schedule_of
from live.sidecar.analytics.window import AnalyticsWindow

Values = Mapping[str, Any] | None
TaskFunction = Callable[[AnalyticsWindow], Values] | Callable[[AnalyticsWindow], Awaitable[Values]]
_Function = TypeVar("_Function", bound=Callable[..., Any])
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DECLARED = "__analytics_tasks__"
_TIMEOUT_MOST_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class Task:
    """An analytics task.

    Attributes:
        name: the label `task` of what it exports.
        function: gets a window, returns numbers by name, or None for nothing this time.
        schedule: when it is due.
        timeout_seconds: longest time of one run of it; None takes `[analytics] timeout_seconds`.
        in_process: whether it runs in a process of its own.
        place: file and line of the function, for people.
    """

    name: str
    function: TaskFunction
    schedule: Schedule
    timeout_seconds: float | None
    in_process: bool
    place: str


def analytics(
    *,
    every: str | None = None,
    cron: str | None = None,
    at: str | None = None,
    time_zone: str = "UTC",
    name: str | None = None,
    timeout_seconds: float | None = None,
    process: bool = False,
) -> Callable[[_Function], _Function]:
    """Declare a function an analytics task of its module; the function itself stays as it is.

    Exactly one of `every`, `cron` and `at` is given.

    Parameters:
        every: period, a number and one of ms, s, m, h, from 100 ms to 24 h.
        cron: a cron expression of five fields, or six with seconds at the end.
        at: "session_end": once, when the run has ended.
        time_zone: IANA name of the zone of `cron`.
        name: lower-case letters, digits and underscores, at most 64; the function's name when None.
        timeout_seconds: longest time of one run of the task; `[analytics] timeout_seconds` when None.
        process: run in a process of its own, which is killed at the timeout. Without it the task shares the sidecar's
            interpreter: right for what takes milliseconds.

    Raises:
        ConfigError: an option is wrong; the message names the file and the line.
    """

    def declare(function: _Function) -> _Function:
        plain = inspect.unwrap(function)
        if not inspect.isfunction(plain):
            raise ConfigError(
                f"@analytics is for functions, not for {one_line(repr(function))[:80]}; write def or async def"
            )
        place = f"{plain.__code__.co_filename}:{plain.__code__.co_firstlineno}"
        try:
            schedule = schedule_of(every, cron, at, time_zone)
            task = Task(
                _checked_name(plain.__name__ if name is None else name),
                function,
                schedule,
                _checked_timeout(timeout_seconds),
                process,
                place,
            )
        except ConfigError as error:
            raise ConfigError(f"{place}: {error}") from error
        # In the module itself, so that two functions of one name are both seen.
        plain.__globals__.setdefault(_DECLARED, []).append(task)
        return function

    return declare


def _checked_name(name: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name of a task; use at most 64 lower-case letters, digits and underscores")
    return name


def _checked_timeout(seconds: float | None) -> float | None:
    if seconds is None:
        return None
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not 0 < seconds <= _TIMEOUT_MOST_SECONDS:
        raise ConfigError(f"timeout_seconds={seconds!r} is out of range; use a number above 0, up to 3600")
    return float(seconds)


def tasks_of(module: ModuleType) -> list[Task]:
    """Return the tasks that a module declares itself; those of modules that it imports are not among them."""
    return list(vars(module).get(_DECLARED, ()))


def collect(built_in: Iterable[ModuleType], paths: Sequence[Path], disabled: Iterable[str] = ()) -> dict[str, Task]:
    """Return all tasks by name.

    Parameters:
        built_in: modules with tasks.
        paths: files with further tasks; they are executed.
        disabled: names of tasks to leave out.

    Raises:
        ConfigError: a file cannot be read or raises, two tasks have one name, or a task that is to be left out does
            not exist.
    """
    found: dict[str, Task] = {}
    for module in (*built_in, *(_load(path, at) for at, path in enumerate(paths))):
        for task in tasks_of(module):
            other = found.get(task.name)
            if other is not None:
                raise ConfigError(
                    f"two analytics tasks are called {task.name!r}: at {other.place} and at {task.place}; "
                    'give one of them another name with @analytics(..., name="...")'
                )
            found[task.name] = task
    for name in disabled:
        if name not in found:
            raise ConfigError(
                f"analytics.disabled names {name!r}, which is no task; there are: {', '.join(sorted(found))}"
            )
        del found[name]
    return found


def _load(path: Path, at: int) -> ModuleType:
    """Execute a file as a module.

    Raises:
        ConfigError: it cannot be read, or raises; the message names the line.
    """
    name = f"live_analytics_{at}_{re.sub(r'[^A-Za-z0-9_]', '_', path.stem)}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"analytics.modules names {path}, which is no Python file; name a file that ends in .py")
    # Behind all else, so that a file beside the module can be imported and hides nothing.
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickling look their module up by its name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except ConfigError:
        raise
    except FileNotFoundError as error:
        if error.filename is not None and Path(error.filename) == path:
            raise ConfigError(f"analytics.modules names {path}, which does not exist; correct the path") from error
        raise ConfigError(_complaint(path, error)) from error
    except (Exception, SystemExit) as error:
        raise ConfigError(_complaint(path, error)) from error
    return module


def _complaint(path: Path, error: BaseException) -> str:
    return f"the analytics module {path} cannot be loaded: {describe(error, path)}; correct it or take it out of analytics.modules"


def describe(error: BaseException, path: Path | str | None) -> str:
    """Return an error as one line: its type, its text, and the last line of a file that it came through.

    Parameters:
        error: what was raised.
        path: the file; None to leave the line out.
    """
    try:
        text = str(error)
    except Exception:
        text = "(its text cannot be shown)"
    line, trace = error.lineno if isinstance(error, SyntaxError) else None, error.__traceback__
    while trace is not None:
        if path is not None and trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    where = "" if line is None or path is None else f" ({Path(path).name}, line {line})"
    return one_line(f"{type(error).__name__}: {text[:300]}") + where
