"""One run of an analytics task: called, timed and checked, whatever the function does."""

from __future__ import annotations

import asyncio
import inspect
import math
import re
from collections.abc import Coroutine, Mapping
from decimal import Decimal
from enum import StrEnum
from numbers import Real
from typing import Any, NamedTuple

from live.clock import monotonic_ns
from live.errors import one_line
from live.sidecar.analytics.registry import Task, describe
from live.sidecar.analytics.window import AnalyticsWindow

VALUES_MAX = 64
"""Most values of one task."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,63}")


class Outcome(StrEnum):
    """How a moment at which a task was due ended: values of the label `outcome`."""

    OK = "ok"
    FAILED = "failed"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"


class TaskResult(NamedTuple):
    """What came of one run of a task.

    Attributes:
        outcome: how it ended.
        values: numbers by name; none unless it ended well.
        reason: why it did not end well, "" when it did.
        duration_ns: how long it took.
    """

    outcome: Outcome
    values: Mapping[str, float]
    reason: str
    duration_ns: int


class BadResult(Exception):
    """What a task returned cannot be exported."""


def call_task(task: Task, window: AnalyticsWindow, timeout_seconds: float) -> TaskResult:
    """Run a task's function to its end on this thread.

    An async function gets an event loop of its own and is cancelled at the timeout; what else does not return in time is
    the business of whoever waits for this thread.

    Parameters:
        task: the task.
        window: what it is given.
        timeout_seconds: for an async function.
    """
    begin_ns = monotonic_ns()
    path = inspect.unwrap(task.function).__code__.co_filename
    try:
        found: Any = task.function(window)
        if inspect.iscoroutine(found):
            found = asyncio.run(_in_time(found, timeout_seconds))
        values = checked_values(found)
    except _OutOfTimeError:
        return TaskResult(Outcome.TIMEOUT, {}, late(timeout_seconds), monotonic_ns() - begin_ns)
    except BadResult as error:
        return TaskResult(Outcome.FAILED, {}, str(error), monotonic_ns() - begin_ns)
    except BaseException as error:  # also SystemExit: a task ends nothing but itself
        return TaskResult(Outcome.FAILED, {}, describe(error, path), monotonic_ns() - begin_ns)
    return TaskResult(Outcome.OK, values, "", monotonic_ns() - begin_ns)


def late(timeout_seconds: float) -> str:
    """Return in words that a task took too long."""
    return f"it did not return within {timeout_seconds:g} s"


class _OutOfTimeError(Exception):
    """Our timeout, as against a TimeoutError of the task's own."""


async def _in_time(coroutine: Coroutine[Any, Any, Any], seconds: float) -> Any:
    try:
        async with asyncio.timeout(seconds) as limit:
            return await coroutine
    except TimeoutError:
        if limit.expired():
            raise _OutOfTimeError from None
        raise


def checked_values(found: Any) -> dict[str, float]:
    """Return what a task returned as numbers by name.

    Raises:
        BadResult: it is no mapping of at most VALUES_MAX names to finite numbers.
    """
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise BadResult(f"it returned {_shown(found)}; return a mapping of names to numbers, or None")
    values: dict[str, float] = {}
    for name, value in found.items():
        if len(values) >= VALUES_MAX:
            raise BadResult(f"it returned more than {VALUES_MAX} values; return fewer")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise BadResult(
                f"it returned a value called {_shown(name)}; use at most 64 letters, digits, and _ . : / -, no - or . first"
            )
        values[name] = _number(name, value)
    return values


def _number(name: str, value: Any) -> float:
    if not isinstance(value, Real | Decimal):
        raise BadResult(f"its value {name!r} is {_shown(value)}; return a number")
    try:
        number = float(value)
    except (OverflowError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise BadResult(f"its value {name!r} is {_shown(value)}, which is not finite; leave it out")
    return number


def _shown(value: Any) -> str:
    """Return a value for a message: never long, whatever its repr does."""
    if isinstance(value, str):
        return one_line(repr(value[:40]))
    if isinstance(value, bool | float | Decimal) or value is None:
        return repr(value)
    return f"something of type {type(value).__name__}"
