"""The one error tree of the runtime, and the exit code that each branch ends a command with."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Any

_STACK = re.compile(r"\s*\n\s+at [^\s(]+\(")
"""Begin of a stack of .NET: a line for each method."""


class ExitCode(IntEnum):
    """Exit codes shared by every command; scripts may rely on them."""

    OK = 0
    RUN_FAILED = 1
    USAGE = 2
    BAD_INPUT = 3
    ENVIRONMENT = 4
    BREACH = 5
    INTERRUPTED = 130


def one_line(text: str) -> str:
    """Return a message as one printable line: line breaks become spaces, and control characters escapes."""
    joined = " ".join(part for part in (line.strip() for line in text.splitlines()) if part)
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in joined)


def without_stack(text: str) -> str:
    """Return a message of .NET without the stack that follows it: lines of the form `   at Name.Space.Method(...)`."""
    return _STACK.split(text, maxsplit=1)[0].rstrip()


def error_text(error: BaseException) -> str:
    """Return type and message of an error in one line.

    LEAN's bridge makes the stack of an error of .NET a part of its message; it is left out.
    """
    return f"{type(error).__name__}: {one_line(without_stack(str(error)))}"


class LeanLiveError(Exception):
    """Base of every error that a user can cause or cure.

    The message is one line that names the file, line or key and the remedy. Anything else that escapes is a defect of ours.

    Attributes:
        result: what the run that it ended came to, once that is written; None for other errors.
    """

    result: Any = None
    exit_code = ExitCode.RUN_FAILED


class UsageError(LeanLiveError):
    """The command line asks for something that does not exist or contradicts itself."""

    exit_code = ExitCode.USAGE


class ConfigError(LeanLiveError):
    """A configuration file holds an unknown key or a value out of its range."""

    exit_code = ExitCode.BAD_INPUT


class DataError(LeanLiveError):
    """Market data are missing, corrupt, or not what the path promises."""

    exit_code = ExitCode.BAD_INPUT


class MalformedRowError(DataError):
    """One row of a data file cannot be trusted: the file and the line are named."""


class AlgorithmError(LeanLiveError):
    """The user's file cannot be loaded as an algorithm."""

    exit_code = ExitCode.BAD_INPUT


class UnsupportedApiError(AlgorithmError):
    """The algorithm uses a member of LEAN's API that the embedded engine does not have."""


class AlgorithmRuntimeError(LeanLiveError):
    """The user's code raised, or did not return, while the run was under way."""


class CallbackTimeout(AlgorithmRuntimeError):
    """The user's code did not return in time: always ends the run, even where its other errors do not."""


class EnvironmentFault(LeanLiveError):
    """The machine cannot do what was asked: full disk, no permission, missing tool."""

    exit_code = ExitCode.ENVIRONMENT


class StaleViewError(LeanLiveError):
    """A reused view of the hot path was read after its callback had returned (checked mode only)."""


class FeedFailure(LeanLiveError):
    """A feed halted, could not be reached, or does not send what the algorithm needs; the run on it ends."""


class EngineFailure(LeanLiveError):
    """LEAN's engine did not come to a good end, or to none at all."""


class RunInterrupted(LeanLiveError):
    """Somebody stopped the run; what it did until then is kept."""

    exit_code = ExitCode.INTERRUPTED


class Halt(BaseException):
    """Carries an error out of the user's code, past every `except Exception` on the way.

    Raised by signal handlers only; the run catches it and goes on with the error that it carries.
    """

    def __init__(self, error: LeanLiveError) -> None:
        super().__init__(str(error))
        self.error = error
