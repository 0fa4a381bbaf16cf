"""LEAN's log: what went wrong, brought to the front.

A line of the log is `20260821 14:03:02.123 ERROR:: text`; the lines of a message of several follow without a stamp.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from live.errors import one_line, without_stack

END_MARKS = (
    "Engine.Main(): Analysis Completed and Results Posted.",
    "LiveTradingResultHandler.SendFinalResult(): Ended",
)
"""Lines that LEAN writes when a run has come to its end."""
_ENTRY = re.compile(r"(?:\d{8} \d{2}:\d{2}:\d{2}(?:\.\d+)? )?(TRACE|DEBUG|ERROR)::\s?(.*)")
_VERSION = re.compile(r"LEAN ALGORITHMIC TRADING ENGINE v(\S+)")
_UNHANDLED = re.compile(r"(?:Unhandled exception\.|Fatal Python error:|Fatal error\.)\s*(.+)")
_BYTES_MAX = 16 << 20
"""Newest part of a log that is looked at."""
_TEXT_MAX = 600
_FRAMES = (
    re.compile(r"(?:\s*\n\s*|^|\s{2,})at (?:.+?)\s+in (?P<file>[^\s:]+\.py): line (?P<line>\d+)", re.DOTALL),
    re.compile(r"\s+at (?:(?! at ).)+?\s+in (?P<file>[^\s:]+\.py): line (?P<line>\d+)"),
)
"""One frame of Python's stack as LEAN puts it behind a message, the innermost last: as it is, and in a text of one line."""
_STACK = re.compile(r"\s*Stack ?Trace:")
_PREFIXES = (
    re.compile(r"^Runtime Error: "),
    re.compile(r"^Algorithm\.Initialize\(\) Error: "),
    re.compile(r"^(?:Engine|Loader|BaseSetupHandler|BrokerageSetupHandler)\.[A-Za-z]+\(\): "),
    re.compile(r"^(?:During the algorithm initialization, the following exception has occurred: )"),
    re.compile(r"^Unable to import python module \S+\. "),
    re.compile(r"^AlgorithmPythonWrapper\(\): "),
)
"""What LEAN puts before the words of the user's error, outermost first."""


_ORDINARY = (
    "AlgorithmManager.Run(): Algorithm state changed to ",
    "AlgorithmManager.Run(): CancellationRequestion at ",
)
"""What LEAN writes as an error when a run ends because it was asked to."""
_NO_PANDAS = "QuantConnect.Python.PandasConverter"
"""LEAN's class that imports pandas; .NET only tells that it could not be set up."""
_NO_PANDAS_REMEDY = (
    "; LEAN needs pandas in the Python that it embeds: python3.11 -m pip install pandas, in the environment of lean-live or in "
    "that of the library"
)


class LogEntry(NamedTuple):
    """One message of the log: its level, and its lines."""

    level: str
    text: str


def read_text(path: Path) -> str:
    """Return the newest part of a text file, "" when there is none: a run that died early has no log."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _BYTES_MAX))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def entries(text: str) -> list[LogEntry]:
    """Return the messages of a log; what stands before the first one is left out."""
    found: list[LogEntry] = []
    for line in text.splitlines():
        match = _ENTRY.match(line)
        if match is not None:
            found.append(LogEntry(match.group(1), match.group(2)))
        elif found:
            found[-1] = LogEntry(found[-1].level, f"{found[-1].text}\n{line}")
    return found


def has_ended(text: str) -> bool:
    """Tell whether a log says that the run came to its end."""
    return any(mark in text for mark in END_MARKS)


def engine_version(text: str) -> str | None:
    """Return the version that the engine names in its log, None when it does not."""
    found = _VERSION.search(text)
    return found.group(1) if found else None


def first_error(log: str, output: str) -> str | None:
    """Return in one line what went wrong first, None when neither log nor output tell.

    Parameters:
        log: LEAN's log.
        output: what the process printed; an engine that cannot start says so there only.
    """
    for entry in entries(log):
        if entry.level == "ERROR" and not entry.text.startswith(_ORDINARY):
            return shortened(entry.text)
    unhandled = _UNHANDLED.search(output)
    if unhandled is not None:
        return shortened(unhandled.group(1))
    return None


def shortened(text: str) -> str:
    """Return a message of LEAN's as one line without the engine's own words before it and the stack behind it."""
    text = without_stack(_STACK.split(text, maxsplit=1)[0])
    changed = True
    while changed:
        before = text
        for prefix in _PREFIXES:
            text = prefix.sub("", text)
        changed = text != before
    line = one_line(text)
    return line if len(line) <= _TEXT_MAX else f"{line[: _TEXT_MAX - 3]}..."


def with_place(text: str, folder: Path) -> str:
    """Return a message of LEAN's in one line, with the place in the algorithm's files instead of LEAN's stack.

    LEAN names files without their folders, so those count that the algorithm's folder has.

    Parameters:
        text: as LEAN wrote it.
        folder: of the algorithm.
    """
    text = _STACK.split(text, maxsplit=1)[0]
    frame = next((each for each in _FRAMES if each.search(text)), None)
    if frame is None:
        return shortened(text)
    places = [(each["file"], each["line"]) for each in frame.finditer(text)]
    said = shortened(frame.sub("", text)).rstrip(" .")
    own = [(file, line) for file, line in places if (folder / file).is_file()]
    file, line = (own or places)[-1]
    return f"{said} ({folder / file if own else file} line {line})"


def remedy_of(text: str) -> str:
    """Return what to do about an error of LEAN that does not say it, after a semicolon; "" for others."""
    return _NO_PANDAS_REMEDY if _NO_PANDAS in text else ""


def last_lines(text: str, count: int) -> list[str]:
    """Return the last lines that are not empty."""
    return [line for line in text.splitlines() if line.strip()][-count:]
