"""Starting a sidecar for a run: a process of its own that neither a signal to the run nor its end reaches."""

from __future__ import annotations

import os
import selectors
import signal
import sys
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from live.clock import NANOSECONDS_PER_SECOND, machine_monotonic_ns, sleep
from live.errors import EnvironmentFault, ExitCode, LeanLiveError, one_line
from live.installation import COMMAND, environment
from live.sidecar.address import HEALTH_PATH
from live.sidecar.folder_lock import Holder, find_holder

LOG_FILE = "sidecar.log"
START_SECONDS = 20.0
"""Longest time until a sidecar that was started listens."""
_LOG_BYTES_MAX = 1 << 20
_ANSWER_BYTES_MAX = 1 << 16
_LOOK_SECONDS = 0.02
_ASK_SECONDS = 2.0


class ServedAt(NamedTuple):
    """The sidecar of a folder of results: its address, its process id, and whether it was there already."""

    address: str
    pid: int
    was_running: bool


class LaunchFailure(LeanLiveError):
    """A sidecar that was to be started ended at once; its message is the sidecar's own."""

    def __init__(self, text: str, exit_code: ExitCode) -> None:
        super().__init__(text)
        self.exit_code = exit_code


def serve(results: Path, config: Path | None) -> ServedAt:
    """Return the sidecar of a folder of results, started when it has none.

    It ends by itself once no run goes on there and the last one's grace is over. What it has to say goes to the file
    sidecar.log in the folder.

    Parameters:
        results: the folder, made when missing.
        config: configuration file that it is started with.

    Raises:
        EnvironmentFault: it cannot be started, or does not come up in time.
        LaunchFailure: it came to an error of its own, such as a port that is taken.
    """
    folder = results.absolute()
    holder = _running(folder)
    if holder is not None:
        return ServedAt(holder.address, holder.pid, True)
    words = [sys.executable, "-P", "-c", COMMAND, "sidecar", str(folder), "--exit-when-idle", "--json"]
    if config is not None:
        words += ["--config", str(config.absolute())]
    pid, answers = _spawn(words, folder)
    try:
        answer = _wait_for_answer(answers, pid)
    finally:
        os.close(answers)
    if "error" in answer:
        # Somebody else may have started one at the same moment.
        _end(pid)
        holder = _running(folder)
        if holder is not None:
            return ServedAt(holder.address, holder.pid, True)
        error = answer["error"]
        raise LaunchFailure(f"the sidecar cannot start: {error['message']}", ExitCode(error["exit_code"]))
    return ServedAt(answer["address"], pid, False)


def _running(folder: Path) -> Holder | None:
    """Return a sidecar that serves already; one that is just starting, or about to end, is waited for.

    Raises:
        EnvironmentFault: it does neither in time.
    """
    until_ns = machine_monotonic_ns() + int(START_SECONDS * NANOSECONDS_PER_SECOND)
    while True:
        holder = find_holder(folder, expects_run=True)
        # One that says it goes on after it was told of a run does so until the run is there.
        if holder is None or (holder.address and _goes_on(holder.address)):
            return holder
        if machine_monotonic_ns() > until_ns:
            raise EnvironmentFault(
                f"the sidecar of {folder}, process {holder.pid}, has neither answered nor ended for {START_SECONDS:g} "
                "seconds; end it and start again"
            )
        sleep(_LOOK_SECONDS)


def _goes_on(address: str) -> bool:
    """Ask a sidecar whether it serves and is not about to end."""
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=_ASK_SECONDS)) as connection:
        try:
            connection.request("GET", HEALTH_PATH)
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False


def _spawn(words: list[str], folder: Path) -> tuple[int, int]:
    """Start a process in a session of its own; return its id and the reading end of its standard output."""
    log = folder / LOG_FILE
    answers, output = os.pipe()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        if log.exists() and log.stat().st_size > _LOG_BYTES_MAX:
            flags |= os.O_TRUNC
        log_descriptor = os.open(log, flags, 0o600)
        try:
            pid = os.posix_spawn(
                words[0],
                words,
                environment(),
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, output, 1),
                    (os.POSIX_SPAWN_DUP2, log_descriptor, 2),
                ],
                setsid=True,
            )
        finally:
            os.close(log_descriptor)
    except OSError as error:
        os.close(answers)
        raise EnvironmentFault(f"cannot start a sidecar for {folder}: {error.strerror}; check the folder") from error
    finally:
        os.close(output)
    return pid, answers


def _wait_for_answer(answers: int, pid: int) -> dict[str, Any]:
    """Return the document that a sidecar prints when it listens or cannot.

    Raises:
        EnvironmentFault: it printed none; it is ended.
    """
    text = b""
    until_ns = machine_monotonic_ns() + int(START_SECONDS * NANOSECONDS_PER_SECOND)
    with selectors.DefaultSelector() as selector:
        selector.register(answers, selectors.EVENT_READ)
        while len(text) < _ANSWER_BYTES_MAX:
            left_ns = until_ns - machine_monotonic_ns()
            if left_ns <= 0 or not selector.select(left_ns / NANOSECONDS_PER_SECOND):
                break
            part = os.read(answers, _ANSWER_BYTES_MAX)
            text += part
            with suppress(msgspec.DecodeError):
                return msgspec.json.decode(text, type=dict[str, Any])
            if not part:
                break
    _end(pid)
    said = one_line(text.decode("utf-8", "replace"))[:200] or "nothing"
    raise EnvironmentFault(f"the sidecar did not come up and said {said}; see {LOG_FILE} in the folder of results")


def _end(pid: int) -> None:
    """End a child that is of no use, and leave nothing of it."""
    # Not waited for before, so the id is still its own.
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
