"""What the user's models raise while an order is under way: one line in the run's log, and the run goes on, as in LEAN."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from live.algorithm.blame import where
from live.errors import (
    CallbackTimeout,
    DataError,
    EnvironmentFault,
    LeanLiveError,
    RunInterrupted,
    StaleViewError,
)

_ENDS_THE_RUN = (CallbackTimeout, DataError, EnvironmentFault, RunInterrupted, StaleViewError)
"""What is no fault of a model, although it may be raised while one is at work."""


class ModelErrors:
    """Reports errors of models: of the same error at the same place the first, the tenth, the hundredth, and so on.

    Parameters:
        report: takes a line for the run's log.
    """

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._counts: Counter[str] = Counter()

    def report(self, context: str, model: Any, error: Exception) -> None:
        """Write a line about an error.

        Parameters:
            context: what was under way, with the order's number, in LEAN's words.
            model: the model that was asked.
            error: what it raised.

        Raises:
            Exception: the error itself, when it must end the run whatever raised it.
        """
        if isinstance(error, _ENDS_THE_RUN):
            raise error
        name = type(model).__name__
        text = f"{type(error).__name__}: {error} ({where(error)})"
        if isinstance(error, LeanLiveError):
            text = str(error)
        self._counts[f"{name} {text}"] += 1
        count = self._counts[f"{name} {text}"]
        if count == 10 ** (len(str(count)) - 1):
            suffix = f"; so far {count} times" if count > 1 else ""
            self._report(f"{context}: {name} raised {text}{suffix}")
