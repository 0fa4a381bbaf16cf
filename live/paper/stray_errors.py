"""Errors of the user's code that take an unusual way: out of a thread, out of a finalizer, past the callbacks."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from live.algorithm.blame import describe, users_place
from live.errors import AlgorithmRuntimeError, EnvironmentFault, Halt, LeanLiveError, RunInterrupted


def outcome_of(action: Callable[[], None]) -> BaseException | None:
    """Return how an action of the run ended: with None, or with the error that the user is to see.

    What the user's code raised outside of a callback becomes the user's error; anything else that is no error of the
    tree stays as it is, being a defect of ours.
    """
    try:
        action()
    except Halt as halt:
        return halt.error
    except KeyboardInterrupt:
        return RunInterrupted("the run was stopped by a KeyboardInterrupt; run it again for the rest")
    except LeanLiveError as error:
        return error
    except BaseException as error:
        if isinstance(error, Exception) and users_place(error) is None:
            if isinstance(error, MemoryError):
                return EnvironmentFault(
                    "the run needs more memory than there is; use fewer symbols, or a larger machine"
                )
            return error
        described = describe("the algorithm", error)
        described.__cause__ = error
        return described
    return None


@contextmanager
def report_stray_errors(report: Callable[[str], None]) -> Iterator[None]:
    """Report what threads and finalizers raise in one line each, instead of printing a traceback.

    Parameters:
        report: takes the line.
    """

    def in_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None and arguments.exc_type is not SystemExit:
            name = arguments.thread.name if arguments.thread is not None else "a thread"
            report(_line(f"thread {name}", arguments.exc_value))

    def in_finalizer(arguments: Any) -> None:
        if arguments.exc_value is not None:
            name = getattr(arguments.object, "__qualname__", type(arguments.object).__name__)
            report(_line(name, arguments.exc_value))

    previous = threading.excepthook, sys.unraisablehook
    threading.excepthook, sys.unraisablehook = in_thread, in_finalizer
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = previous


def _line(name: str, error: BaseException) -> str:
    described: AlgorithmRuntimeError = describe(name, error)
    return str(described)
