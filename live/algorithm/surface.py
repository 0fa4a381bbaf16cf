"""What lies outside the subset is refused with an error that names it, its line and what to use instead.

What can be seen in the source is refused before anything runs; the rest when it is used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from live.algorithm.alternatives import remedy_for_member, remedy_for_name
from live.algorithm.imports import subset_names
from live.algorithm.lazy import OPTIONAL_MODULES
from live.algorithm.lean_api import INDICATOR, has_member, lean_api
from live.algorithm.source_scan import ALGORITHM, Finding, Source, scan_sources
from live.errors import AlgorithmError, UnsupportedApiError

_OURS = Path(__file__).resolve().parent.parent
_NAMED_IN_SUMMARY = 5


class UnsupportedMember(UnsupportedApiError, AttributeError):
    """A member outside the subset was asked for. Also an AttributeError, so that hasattr and getattr work as elsewhere."""


def check_sources(sources: list[Source]) -> list[str]:
    """Refuse sources that use members of LEAN's API which the subset does not have.

    Parameters:
        sources: the user's file last, the files beside it that it imports before.

    Returns:
        Warnings: callbacks that the embedded engine never calls.

    Raises:
        UnsupportedApiError: all uses that were found, one a line below a summary.
    """
    result = scan_sources(sources, subset_names())
    if result.refused:
        raise UnsupportedApiError(_refusal(sources[-1].file, result.refused))
    return [f"{each.file.name} line {each.line}: {each.member}: {each.remedy}" for each in result.uncalled]


def _refusal(file: Path, findings: list[Finding]) -> str:
    members = list(dict.fromkeys(each.member for each in findings))
    named = ", ".join(members[:_NAMED_IN_SUMMARY])
    more = len(members) - _NAMED_IN_SUMMARY
    named += f" and {more} more" if more > 0 else ""
    what = "a member" if len(members) == 1 else f"{len(members)} members"
    lines = [f"{file} uses {what} of LEAN's API that the embedded engine does not have: {named}"]
    places: dict[tuple[Path, str, str], list[str]] = {}
    for each in findings:
        places.setdefault((each.file, each.member, each.remedy), []).append(str(each.line))
    for (path, member, remedy), numbers in places.items():
        noun = "line" if len(numbers) == 1 else "lines"
        lines.append(f"  {path.name} {noun} {', '.join(numbers)}: {member}: {remedy}")
    return "\n".join(lines)


def refuse_member(algorithm: Any, name: str) -> None:
    """Refuse a member of LEAN's QCAlgorithm that the subset does not have; return for names that LEAN does not know.

    Raises:
        UnsupportedApiError: LEAN has the member; file and line are those of the user's code that asked for it.
    """
    # A member that we have comes here only when its property itself failed.
    if lean_api().classes[ALGORITHM].find(name) is not None and not has_member(type(algorithm), name):
        unsupported(name, ALGORITHM)


def unsupported(member: str, owner: str) -> None:
    """Refuse a member at the moment of its use.

    Parameters:
        member: the member, in either spelling.
        owner: LEAN's class that it belongs to.

    Raises:
        UnsupportedApiError: always.
    """
    lean = lean_api().classes.get(owner)
    known = lean.find(member) if lean is not None else None
    name = known or member
    is_indicator = lean is not None and lean.members.get(name) == INDICATOR
    remedy = remedy_for_member(owner, name, is_indicator)
    raise UnsupportedMember(f"{_place()}: {owner}.{name} is not in the subset: {remedy}")


def _place() -> str:
    """Return file and line of the innermost frame that is neither ours nor the import system's."""
    for frame in _frames():
        file = frame.f_code.co_filename
        if not file.startswith("<") and not Path(file).is_relative_to(_OURS):
            return f"{file} line {frame.f_lineno}"
    return "the algorithm"


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back


def explain_name_error(error: NameError, file: Path) -> AlgorithmError | None:
    """Return the error that tells a user why a name of LEAN's is not there; None for names that are not LEAN's.

    Parameters:
        error: what the user's code raised.
        file: the user's file.
    """
    name = error.name or ""
    where = f"{file} line {line_in(error, file)}"
    if name in OPTIONAL_MODULES:
        package = OPTIONAL_MODULES[name].partition(".")[0]
        if name not in subset_names():
            return AlgorithmError(f"{where}: {name} needs {package}, which is not installed: pip install {package}")
    if name in subset_names():
        return AlgorithmError(f"{where}: {name} is not imported; begin the file with `from AlgorithmImports import *`")
    namespace = lean_api().namespace_of(name)
    if namespace is None:
        return None
    remedy = remedy_for_name(name, namespace)
    return UnsupportedApiError(f"{where}: {name} is not in the subset: {remedy}")


def line_in(error: BaseException, file: Path) -> int:
    """Return the line of a file at which an error was last under way; 0 when it never was in that file."""
    line = 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
