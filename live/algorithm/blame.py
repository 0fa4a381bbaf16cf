"""Whose code was at work: the place in the user's files that an error or a stack of frames leads to."""

from __future__ import annotations

import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from live.errors import AlgorithmRuntimeError, LeanLiveError, without_stack

_OURS = Path(__file__).resolve().parent.parent
_PACKAGE_FOLDERS = ("site-packages", "dist-packages")
_REMEDY = "correct it there; --traceback shows the whole way"


@cache
def _libraries() -> tuple[Path, ...]:
    """Return the folders of the standard library and of installed packages."""
    paths = sysconfig.get_paths()
    own = {Path(paths[name]).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    # Inside LEAN packages come by PYTHONPATH, from an environment that is not the interpreter's own.
    return tuple(own | {Path(each).resolve() for each in sys.path if Path(each).name in _PACKAGE_FOLDERS})


def is_ours(file: str) -> bool:
    """Tell whether a file of code belongs to this package, or to nobody."""
    return file.startswith("<") or Path(file).is_relative_to(_OURS)


def is_users(file: str) -> bool:
    """Tell whether a file of code is the user's: neither ours nor a library's."""
    return not is_ours(file) and not any(Path(file).is_relative_to(folder) for folder in _libraries())


def _is_in(file: str, folder: Path | None) -> bool:
    return is_users(file) and (folder is None or Path(file).is_relative_to(folder))


def users_place(error: BaseException, folder: Path | None = None) -> str | None:
    """Return "file line N" of the innermost frame of the user's that an error went through, None when there is none.

    Parameters:
        error: what was raised.
        folder: of the algorithm, where files elsewhere may be an engine's; None takes every file for the user's that is
            neither ours nor a library's.
    """
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if _is_in(frame.filename, folder):
            return f"{frame.filename} line {frame.lineno}"
    return None


def where(error: BaseException, called: Callable[..., Any] | None = None) -> str:
    """Return "file line N" of where an error comes from.

    Parameters:
        error: what was raised.
        called: what of the user's was called, to be named when the error arose before its first line.
    """
    place = users_place(error) or place_of(called)
    if place is not None:
        return place
    frames = traceback.extract_tb(error.__traceback__)
    others = [frame for frame in frames if not is_ours(frame.filename)] or frames
    return f"{others[-1].filename} line {others[-1].lineno}" if others else "unknown place"


def place_of(called: Callable[..., Any] | None) -> str | None:
    """Return "file line N" of where the user defined a function, or the `__init__` of a class; None when it is ours."""
    code = getattr(called, "__code__", None) or getattr(getattr(called, "__init__", None), "__code__", None)
    return None if code is None or is_ours(code.co_filename) else f"{code.co_filename} line {code.co_firstlineno}"


def users_frame_place(frame: FrameType | None, outermost: str, folder: Path | None = None) -> str | None:
    """Return "file line N" of the innermost frame of the user's that is under way, None when there is none.

    Parameters:
        frame: the innermost frame.
        outermost: file of the engine's code at which the search ends.
        folder: as for `users_place`.
    """
    for each in frames_inside(frame, outermost):
        if _is_in(each.f_code.co_filename, folder):
            return f"{each.f_code.co_filename} line {each.f_lineno}"
    return None


def frames_inside(frame: FrameType | None, outermost: str) -> Iterator[FrameType]:
    """Yield a frame and those around it, up to the first one of a file."""
    while frame is not None and frame.f_code.co_filename != outermost:
        yield frame
        frame = frame.f_back


def describe(name: str, error: BaseException, called: Callable[..., Any] | None = None) -> AlgorithmRuntimeError:
    """Return the error that says in one line what the user's code raised, where, and what to do about it.

    Parameters:
        name: the callback, as the user knows it.
        error: what it raised.
        called: the user's method, if it is known.
    """
    return AlgorithmRuntimeError(sentence(name, error, where(error, called), _REMEDY))


def sentence(name: str, error: BaseException, place: str, remedy: str) -> str:
    """Return in one line what the user's code raised, where, and what to do about it.

    Parameters:
        name: the callback, as the user knows it.
        error: what it raised.
        place: where that was.
        remedy: what to do about an exception that names no remedy of its own.
    """
    # An error of .NET has its stack in its message.
    kind, text = type(error).__name__, without_stack(str(error))
    if isinstance(error, LeanLiveError):
        return f"{name}: {text} ({place})"
    if isinstance(error, SystemExit):
        code = "" if error.code is None else repr(error.code)
        return f"{name} called sys.exit({code}) ({place}); call self.quit() to end a run"
    if isinstance(error, MemoryError):
        return f"{name} ran out of memory ({place}); keep less data there"
    if isinstance(error, ModuleNotFoundError) and error.name:
        root = error.name.partition(".")[0]
        return (
            f"{name} imports {error.name!r}, which is not there ({place}); install it (pip install {root}), "
            "or put the module beside the algorithm"
        )
    raised = f"{kind}: {text}" if text else kind
    return f"{name} raised {raised} ({place}); {remedy}"
