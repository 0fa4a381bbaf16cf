"""The error that ended the host inside LEAN, in the run's folder for the process that started LEAN.

LEAN's own words for it lose the file and the line, or the kind of error. So they are written down where the exception is at
hand; the exception itself goes on to LEAN as it is.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
from msgspec import Struct

import live.errors
from live.algorithm.blame import place_of, sentence, users_frame_place, users_place
from live.algorithm.import_errors import import_error
from live.errors import AlgorithmRuntimeError, EngineFailure, LeanLiveError, one_line
from live.lean import threads

FAILURE_FILE = "host-failure.json"
STUCK_FILE = "host-stuck.json"
"""Where a callback is that has not returned for long; only of meaning when the engine was killed for it."""
_REMEDY = "correct it there"
_SOMEWHERE = "outside of the algorithm's files"


class HostFailure(Struct, frozen=True):
    """What ended the host.

    Attributes:
        kind: name of its class in the tree of errors.
        message: one line with file and line.
        traceback: the whole way, "" when LEAN has kept it for itself.
    """

    kind: str
    message: str
    traceback: str = ""

    @property
    def error(self) -> LeanLiveError:
        """The error anew."""
        kind = getattr(live.errors, self.kind, None)
        if isinstance(kind, type) and issubclass(kind, LeanLiveError):
            return kind(self.message)
        return EngineFailure(self.message)


def failure_in(name: str, error: BaseException, file: Path, called: Callable[..., Any] | None = None) -> HostFailure:
    """Return what ended the host in one of the algorithm's callbacks.

    Parameters:
        name: the callback, as the user knows it.
        error: what was raised, by the user's code or the host's.
        file: the algorithm's file; the user's code is what lies in its folder.
        called: the user's method, if there is one, for errors from before its first line.
    """
    place = users_place(error, file.resolve().parent)
    if place is None and isinstance(error, LeanLiveError):
        # The host's own, such as a core that cannot be had.
        return _failure(error, error)
    # What the algorithm's code never saw is LEAN's or the host's.
    place = place or (place_of(called) if isinstance(error, TypeError) else None) or _SOMEWHERE
    return _failure(AlgorithmRuntimeError(sentence(name, error, place, _REMEDY)), error)


def failure_at_import(error: BaseException, file: Path) -> HostFailure:
    """Return what kept the algorithm's file from being loaded.

    Parameters:
        error: what was raised.
        file: the algorithm's file.
    """
    return _failure(error if isinstance(error, LeanLiveError) else import_error(error, file), error)


def stuck_in(name: str, frame: FrameType | None, outermost: str, seconds: float, file: Path) -> HostFailure:
    """Return where a callback is that does not return.

    Parameters:
        name: the callback, as the user knows it.
        frame: the innermost frame of its thread.
        outermost: file of the host's code that has called it.
        seconds: for how long.
        file: the algorithm's file.
    """
    place = users_frame_place(frame, outermost, file.resolve().parent) or _SOMEWHERE
    message = f"{name} has not returned for {seconds:.0f} seconds ({place})"
    return HostFailure("CallbackTimeout", message, "".join(traceback.format_stack(frame)) if frame is not None else "")


def write_failure(failure: HostFailure, folder: Path, name: str = FAILURE_FILE) -> None:
    """Write the file; a disk that is full must not take the place of the error itself."""
    path = folder / name
    part = path.with_suffix(".part")
    try:
        part.write_bytes(msgspec.json.encode(failure))
        part.replace(path)
    except OSError as error:
        threads.say(f"lean-live: cannot write {path}: {error.strerror}; it would say: {failure.message}")


def clear_failures(folder: Path) -> None:
    """Take away what an earlier engine has left in a folder."""
    for name in (FAILURE_FILE, STUCK_FILE):
        (folder / name).unlink(missing_ok=True)


def read_failure(folder: Path, name: str = FAILURE_FILE) -> HostFailure | None:
    """Return what the host wrote into a run's folder, None when it wrote nothing."""
    try:
        return msgspec.json.decode((folder / name).read_bytes(), type=HostFailure)
    except FileNotFoundError:
        return None


def _failure(shown: LeanLiveError, error: BaseException) -> HostFailure:
    text = "".join(traceback.format_exception(error)).encode("utf-8", "backslashreplace").decode()
    message = one_line(str(shown)).encode("utf-8", "backslashreplace").decode()
    return HostFailure(type(shown).__name__, message, text)
