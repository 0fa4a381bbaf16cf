"""Analytics tasks in processes of their own: started when needed, killed when late, replaced when they die."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from live.clock import monotonic_ns
from live.errors import LeanLiveError
from live.installation import environment
from live.sidecar.analytics.calling import Outcome, TaskResult, late
from live.sidecar.analytics.registry import Task
from live.sidecar.analytics.window import AnalyticsWindow
from live.sidecar.analytics.worker import ANSWER_BYTES_MAX, HEADER, Answer, framed

START_SECONDS = 60.0
"""Longest time for starting an interpreter and loading the modules; not part of a task's time."""
_END_SECONDS = 5.0


class WorkerDied(LeanLiveError):
    """A worker process ended, or said what no worker says."""


class WorkerPool:
    """A few worker processes, each with one task at a time.

    Parameters:
        size: most processes.
        modules: files with tasks.
        memory_bytes: address space that each process may have.
    """

    def __init__(self, size: int, modules: Sequence[Path], memory_bytes: int) -> None:
        self._words = [str(memory_bytes), *map(str, modules)]
        self._idle: list[Process] = []
        self._room = asyncio.Semaphore(size)
        self.started = 0

    async def run(self, task: Task, window: AnalyticsWindow, timeout_seconds: float) -> TaskResult:
        """Run a task in the next process that is free and return what came of it.

        Parameters:
            task: one of the pool's modules, or built in.
            window: what it is given; a copy goes to the process.
            timeout_seconds: time after which the process is killed.
        """
        # Off the event loop: a window with many events takes a while to copy.
        request = framed(await asyncio.to_thread(pickle.dumps, (task.name, window, timeout_seconds)))
        async with self._room:
            begin_ns = monotonic_ns()
            process: Process | None = None
            has_answered = False
            try:
                process = self._take_idle() or await self._start()
                begin_ns = monotonic_ns()
                async with asyncio.timeout(timeout_seconds):
                    answer = await _ask(process, request)
                result = TaskResult(Outcome(answer.outcome), answer.values, answer.reason, answer.duration_ns)
                has_answered = True
            except TimeoutError:
                result = TaskResult(Outcome.TIMEOUT, {}, late(timeout_seconds), monotonic_ns() - begin_ns)
            except (OSError, WorkerDied, ValueError) as error:
                result = TaskResult(Outcome.FAILED, {}, f"its process failed: {error}", monotonic_ns() - begin_ns)
            finally:
                # Also when cancelled: whoever is late, dead or unheard gets no further task.
                if process is not None and has_answered:
                    self._idle.append(process)
                elif process is not None:
                    await _end(process)
            return result

    async def close(self) -> None:
        """End the processes that wait for work; those that have some end with the calls that wait for them."""
        while self._idle:
            await _end(self._idle.pop())

    def _take_idle(self) -> Process | None:
        while self._idle:
            process = self._idle.pop()
            if process.returncode is None:
                return process
        return None

    async def _start(self) -> Process:
        self.started += 1
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "live.sidecar.analytics.worker",
            *self._words,
            stdin=PIPE,
            stdout=PIPE,
            stderr=None if sys.stderr else DEVNULL,
            env=environment(),
            # Ctrl-C is for the sidecar alone, and one signal reaches all that a task has started.
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                answer = await _receive(process)
        except TimeoutError:
            await _end(process)
            raise WorkerDied(f"it was not ready within {START_SECONDS:g} s: loading the modules takes long") from None
        except BaseException:
            await _end(process)
            raise
        if answer.reason:
            await _end(process)
            raise WorkerDied(answer.reason)
        return process


async def _ask(process: Process, request: bytes) -> Answer:
    """Send a request and return the answer.

    Raises:
        WorkerDied, OSError: the process ended.
    """
    assert process.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):
        # Of a process that has ended the answer tells why.
        process.stdin.write(request)
        await process.stdin.drain()
    return await _receive(process)


async def _receive(process: Process) -> Answer:
    assert process.stdout is not None
    try:
        size = HEADER.unpack(await process.stdout.readexactly(HEADER.size))[0]
        if size > ANSWER_BYTES_MAX:
            raise WorkerDied(f"it answered with {size} bytes")
        content = await process.stdout.readexactly(size)
        return msgspec.msgpack.decode(content, type=Answer)
    except asyncio.IncompleteReadError:
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await process.wait()
        raise WorkerDied(_how_it_ended(process.returncode)) from None
    except msgspec.MsgspecError as error:
        raise WorkerDied(f"its answer cannot be read: {error}") from error


def _how_it_ended(code: int | None) -> str:
    if code is None:
        return "it closed its output"
    if code >= 0:
        return f"it ended with exit code {code}"
    with suppress(ValueError):
        return f"it was ended by {signal.Signals(-code).name}"
    return f"it was ended by signal {-code}"


async def _end(process: Process) -> None:
    """Kill a process and all that it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdin is not None:
        process.stdin.close()
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()
