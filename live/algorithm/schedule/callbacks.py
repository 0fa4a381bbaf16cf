"""Callbacks of scheduled events, whatever they take."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime
from typing import Any

from live.errors import UsageError

EventCallback = Callable[[str, datetime], Any]
"""Takes the event's name and its UTC time."""

_NAME_AND_TIME = 2
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def with_name_and_time(callback: Callable[..., Any], owner: str, takes_time: bool = False) -> EventCallback:
    """Return a callback as one of name and time.

    Parameters with defaults are left alone, so that lambdas which bind a loop variable by a default work.

    Parameters:
        callback: the user's.
        owner: the method that was given it, for the message.
        takes_time: whether a callback of one argument gets the time.

    Raises:
        UsageError: the callback needs another number of arguments.
    """
    try:
        parameters = list(inspect.signature(callback).parameters.values())
    except (TypeError, ValueError):
        parameters = []  # a builtin without a signature is called without arguments
    needed = sum(each.kind in _POSITIONAL and each.default is inspect.Parameter.empty for each in parameters)
    if needed == _NAME_AND_TIME:
        return callback
    if needed == 1 and takes_time:
        return lambda name, time: callback(time)
    if needed:
        raise UsageError(
            f"the callback {callback!r} of {owner} needs {needed} arguments; let it take none, or name and time"
        )
    return lambda name, time: callback()
