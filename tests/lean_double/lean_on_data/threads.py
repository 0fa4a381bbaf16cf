"""LEAN's threads, one at a time: whoever hands work to one waits until it is done, so that runs are alike."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from lean_engine.threads import start_thread

from live.algorithm.numbers import use_engine_context


class Threads:
    """Threads by name, made when they are needed first."""

    def __init__(self) -> None:
        self._inboxes: dict[str, queue.SimpleQueue[Any]] = {}
        self._threads: list[threading.Thread] = []

    def run_on(self, name: str, work: Callable[..., Any], *arguments: Any) -> Any:
        """Have a thread do some work, wait for it, and return or raise what it came to."""
        if threading.current_thread().name == name:
            return work(*arguments)
        inbox = self._inboxes.get(name)
        if inbox is None:
            inbox = self._inboxes[name] = queue.SimpleQueue()
            self._threads.append(start_thread(name, self._work, inbox))
        outcome: queue.SimpleQueue[Any] = queue.SimpleQueue()
        inbox.put((work, arguments, outcome))
        is_good, found = outcome.get()
        if is_good:
            return found
        raise found

    def end(self) -> None:
        """End all threads."""
        for inbox in self._inboxes.values():
            inbox.put(None)
        for thread in self._threads:
            thread.join()

    @staticmethod
    def _work(inbox: queue.SimpleQueue[Any]) -> None:
        use_engine_context()
        while (given := inbox.get()) is not None:
            work, arguments, outcome = given
            try:
                outcome.put((True, work(*arguments)))
            except BaseException as error:
                outcome.put((False, error))
