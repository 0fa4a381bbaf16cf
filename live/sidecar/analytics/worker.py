"""The worker process of analytics tasks: takes windows on standard input, gives results on standard output.

Started with a limit of memory and the modules of tasks as its words. A message on both pipes is its length in eight
bytes and its content: pickled (name of the task, window, timeout) one way, MessagePack the other way, so that nothing
a task does becomes code in the sidecar. The first answer says that the modules are loaded.
"""

from __future__ import annotations

import os
import pickle
import queue
import resource
import struct
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from live.errors import LeanLiveError
from live.sidecar.analytics.built_in import BUILT_IN
from live.sidecar.analytics.calling import TaskResult, call_task
from live.sidecar.analytics.registry import collect

HEADER = struct.Struct("<Q")
ANSWER_BYTES_MAX = 1 << 20
"""Longest answer that is believed: 64 values and a reason are far shorter."""
_FIRST_VICTIM = b"1000"


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What a worker says: of a task, or of its own start when there is no outcome."""

    outcome: str = ""
    values: Mapping[str, float] = {}
    reason: str = ""
    duration_ns: int = 0


def framed(content: bytes) -> bytes:
    """Return a message as it goes over a pipe."""
    return HEADER.pack(len(content)) + content


def main() -> None:
    """Serve until standard input ends."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What tasks print must not get among the answers, and what they read must not be requests.
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    limit_bytes = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
    # When memory runs out all the same, the kernel ends this process and not the strategy's.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_bytes(_FIRST_VICTIM)
    try:
        tasks = collect(BUILT_IN, [Path(each) for each in sys.argv[2:]])
    except LeanLiveError as error:
        _send(answers, Answer(reason=str(error)))
        return
    _send(answers, Answer())
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests, waiting), daemon=True).start()
    while True:
        name, window, timeout_seconds = pickle.loads(waiting.get())  # noqa: S301 - from the process that started us
        result: TaskResult = call_task(tasks[name], window, timeout_seconds)
        _send(answers, Answer(result.outcome.value, result.values, result.reason, result.duration_ns))


def _receive(requests: BinaryIO, waiting: queue.SimpleQueue[bytes]) -> None:
    """Read requests, and end the process with the sidecar, also in the middle of a task."""
    while True:
        header = requests.read(HEADER.size)
        content = requests.read(HEADER.unpack(header)[0]) if len(header) == HEADER.size else b""
        if not content:
            os._exit(0)
        waiting.put(content)


def _send(answers: BinaryIO, answer: Answer) -> None:
    answers.write(framed(msgspec.msgpack.encode(answer)))
    answers.flush()


if __name__ == "__main__":
    main()
