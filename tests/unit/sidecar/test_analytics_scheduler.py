"""Analytics tasks that behave badly: none of them keeps the event loop, or the other tasks, from their work."""

from __future__ import annotations

import asyncio
import os
import signal
import textwrap
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.feed import until
from support.windows import window_of

from live.config import AnalyticsSettings
from live.sidecar.analytics.registry import analytics, collect
from live.sidecar.analytics.scheduler import ABANDONED_MAX, NAMES_MAX, TELL_NS, RunTasks, ScheduledTask
from live.sidecar.analytics.window import AnalyticsWindow
from live.sidecar.analytics.workers import WorkerPool

SECOND_NS = 1_000_000_000
MEMORY_BYTES = 2_147_483_648
HEAD = "import asyncio, os, signal, sys, threading, time\nfrom live.sidecar.analytics import analytics\n"


class Desk:
    """The tasks of a file, and a clock that only the test moves."""

    def __init__(self, folder: Path, text: str, **settings: Any) -> None:
        self.path = folder / "tasks.py"
        self.path.write_text(HEAD + textwrap.dedent(text), encoding="utf-8")
        self.folder = folder
        self.settings = AnalyticsSettings(**settings)
        self.lines: list[str] = []
        self.now_ns = 0
        self.step_ns = SECOND_NS
        self.pool: WorkerPool | None = None
        self._window = window_of(folder / "run")

    def play(self, script: Callable[[RunTasks], Awaitable[None]]) -> None:
        async def main() -> None:
            if self.settings.processes:
                self.pool = WorkerPool(self.settings.processes, [self.path], self.settings.process_memory_bytes)
            tasks = collect((), [self.path], self.settings.disabled).values()
            run = RunTasks(
                "Run", tasks, self.settings, self.pool, self.window, self.lines.append, self.clock, lambda: 0
            )
            try:
                await script(run)
            finally:
                await run.cancel()
                if self.pool is not None:
                    await self.pool.close()

        asyncio.run(main())

    def window(self) -> AnalyticsWindow:
        return self._window

    def clock(self) -> int:
        return self.now_ns

    async def once(self, run: RunTasks) -> None:
        """Let a step of time go by, begin what is due, and wait until nothing is under way."""
        self.begin(run)
        await until(lambda: not any(each.is_running for each in run.tasks.values()))

    def begin(self, run: RunTasks) -> None:
        self.now_ns += self.step_ns
        run.begin_due()


def outcomes(each: ScheduledTask) -> dict[str, int]:
    return {name: count for name, count in each.document()["outcomes"].items() if count}


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """Return what ends threads that would not return before the test's end."""
    event = threading.Event()
    vars(threading)["stop_of_the_test"] = event
    yield event
    event.set()
    del vars(threading)["stop_of_the_test"]
    for thread in threading.enumerate():
        if thread.name.startswith("analytics "):
            thread.join(30)


def test_results_of_sync_and_async_functions_and_of_processes(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path,
        """
        @analytics(every="1s")
        def plain(window):
            return {"ticks": window.look.tick_count, "thread": threading.current_thread() is threading.main_thread()}

        @analytics(every="1s")
        async def waits(window):
            await asyncio.sleep(0)
            return {"equity": window.look.account.equity}

        @analytics(every="1s", process=True)
        def apart(window):
            print("among the answers?")
            return {"pid": os.getpid(), "symbols": len(window.look.positions)}

        @analytics(every="1s", process=True)
        async def waits_apart(window):
            await asyncio.sleep(0)
            return None
        """,
        processes=2,
    )

    async def script(run: RunTasks) -> None:
        await desk.once(run)
        assert {name: outcomes(each) for name, each in run.tasks.items()} == {
            name: {"ok": 1} for name in ("plain", "waits", "apart", "waits_apart")
        }, desk.lines
        assert run.tasks["plain"].values == {"ticks": 6_000.0, "thread": 0.0}
        assert run.tasks["waits"].values == {"equity": 100_076.25}
        assert run.tasks["apart"].values["symbols"] == 2.0
        assert run.tasks["apart"].values["pid"] not in (0.0, float(os.getpid()))
        assert run.tasks["waits_apart"].values == {}
        assert run.tasks["apart"].duration_ns is not None

    desk.play(script)
    assert desk.lines == []


def test_a_task_that_raises_is_told_once_per_kind(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path,
        """
        calls = 0

        @analytics(every="1s")
        def shaky(window):
            global calls
            calls += 1
            if calls <= 2:
                raise ValueError(f"call {calls}")
            if calls == 3:
                sys.exit("out")
            if calls == 4:
                return {"a": "rubbish"}
            return {"calls": calls}
        """,
    )

    async def script(run: RunTasks) -> None:
        desk.step_ns = TELL_NS
        for _call in range(6):
            await desk.once(run)
        assert outcomes(run.tasks["shaky"]) == {"failed": 4, "ok": 2}
        assert run.tasks["shaky"].values == {"calls": 6.0}
        assert run.tasks["shaky"].reason == ""

    desk.play(script)
    assert desk.lines == [
        "analytics task shaky of Run goes wrong: ValueError: call 1 (tasks.py, line 11)",
        "analytics task shaky of Run goes wrong: SystemExit: out (tasks.py, line 13)",
        "analytics task shaky of Run goes wrong: its value 'a' is 'rubbish'; return a number",
        "analytics task shaky of Run ends well again",
    ]


def test_a_task_that_fails_by_turns_is_told_once_a_minute(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path,
        """
        calls = 0

        @analytics(every="1s")
        def flaps(window):
            global calls
            calls += 1
            if calls % 2:
                raise ValueError
        """,
    )

    async def script(run: RunTasks) -> None:
        for _call in range(61):
            await desk.once(run)
        assert outcomes(run.tasks["flaps"]) == {"failed": 31, "ok": 30}

    desk.play(script)
    assert [line.rpartition(" (")[0] or line for line in desk.lines] == [
        "analytics task flaps of Run goes wrong: ValueError:",
    ]


def test_a_task_that_keeps_inventing_names_has_failed(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path,
        """
        calls = 0

        @analytics(every="1s")
        def inventive(window):
            global calls
            calls += 1
            return {f"S{calls}_{number}": calls for number in range(64)} if calls < 6 else {"S1_0": calls}
        """,
    )

    async def script(run: RunTasks) -> None:
        task = run.tasks["inventive"]
        for _call in range(5):
            await desk.once(run)
        assert outcomes(task) == {"ok": 4, "failed": 1}
        assert "S4_0" in task.values
        assert f"more than {NAMES_MAX} different names" in task.reason
        await desk.once(run)
        assert (task.values, task.reason) == ({"S1_0": 6.0}, "")

    desk.play(script)


def test_a_task_never_overlaps_itself_and_others_go_on(tmp_path: Path, stop: threading.Event) -> None:
    desk = Desk(
        tmp_path,
        """
        @analytics(every="1s")
        def slow(window):
            threading.stop_of_the_test.wait(30)
            return {}

        @analytics(every="1s")
        def quick(window):
            return {"one": 1}
        """,
        timeout_seconds=60,
    )

    async def script(run: RunTasks) -> None:
        for number in range(1, 4):
            desk.begin(run)
            await until(lambda number=number: run.tasks["quick"].counts["ok"] == number)
        assert outcomes(run.tasks["slow"]) == {"skipped": 2}
        assert run.tasks["slow"].state == "running"
        stop.set()
        await until(lambda: not run.tasks["slow"].is_running)
        await desk.once(run)
        assert outcomes(run.tasks["slow"]) == {"skipped": 2, "ok": 2}

    desk.play(script)


def test_a_thread_that_never_returns_is_given_up_and_its_task_stopped(tmp_path: Path, stop: threading.Event) -> None:
    desk = Desk(
        tmp_path,
        """
        @analytics(every="1s", timeout_seconds=0.05)
        def spins(window):
            while not threading.stop_of_the_test.is_set():
                pass

        @analytics(every="1s", timeout_seconds=0.05)
        async def blocks_its_loop(window):
            threading.stop_of_the_test.wait()

        @analytics(every="1s")
        def quick(window):
            return {"one": 1}
        """,
    )

    async def script(run: RunTasks) -> None:
        await desk.once(run)
        for name in ("spins", "blocks_its_loop"):
            each = run.tasks[name]
            assert outcomes(each) == {"timeout": 1}
            assert each.state == "late"
            assert each.reason == "it did not return within 0.05 s"
        # The clock of the test is far behind the thread's beginning until here.
        desk.now_ns = max(each._abandoned.begun_ns for each in run.tasks.values() if each._abandoned is not None)
        for each in run.tasks.values():
            each.timer._next_ns = 0
        await desk.once(run)
        for name in ("spins", "blocks_its_loop"):
            each = run.tasks[name]
            assert outcomes(each) == {"timeout": 1, "skipped": 1}
            assert each.state == "stopped"
        await desk.once(run)
        assert outcomes(run.tasks["spins"]) == {"timeout": 1, "skipped": 1}
        assert outcomes(run.tasks["quick"]) == {"ok": 3}

    desk.play(script)
    assert sum("is not begun any more: one of its threads has not returned for" in line for line in desk.lines) == 2


def test_threads_that_are_late_every_time_stop_their_task(tmp_path: Path, stop: threading.Event) -> None:
    desk = Desk(
        tmp_path,
        """
        go = threading.Event()

        @analytics(every="1s", timeout_seconds=0.01)
        def late(window):
            go.wait(30)
            go.clear()
        """,
    )

    async def script(run: RunTasks) -> None:
        each = run.tasks["late"]
        go = vars(__import__("sys").modules[each.task.function.__module__])["go"]
        for _call in range(ABANDONED_MAX):
            assert each.state == "waiting"
            await desk.once(run)
            go.set()
            await until(lambda: not each.is_late)
        assert outcomes(each) == {"timeout": ABANDONED_MAX}
        assert each.state == "stopped"

    desk.play(script)
    assert desk.lines[-1].endswith("is not begun any more: its threads did not return in time, 3 times in a row")


def test_an_async_function_is_cancelled_and_its_own_timeouts_are_failures(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path,
        """
        ended = []

        @analytics(every="1s", timeout_seconds=0.05)
        async def sleeps(window):
            try:
                await asyncio.sleep(3_600)
            finally:
                ended.append(1)

        @analytics(every="1s")
        async def own(window):
            raise TimeoutError("of its own")
        """,
    )

    async def script(run: RunTasks) -> None:
        for _call in range(ABANDONED_MAX + 1):
            await desk.once(run)
        each = run.tasks["sleeps"]
        assert outcomes(each) == {"timeout": ABANDONED_MAX + 1}
        assert each.state == "waiting"
        assert vars(__import__("sys").modules[each.task.function.__module__])["ended"] == [1] * (ABANDONED_MAX + 1)
        assert outcomes(run.tasks["own"]) == {"failed": ABANDONED_MAX + 1}

    desk.play(script)


def test_processes_that_spin_die_or_take_all_memory_are_replaced(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path,
        """
        @analytics(every="1s", process=True, timeout_seconds=0.3)
        def spins(window):
            while True:
                pass

        @analytics(every="1s", process=True)
        def dies(window):
            os.kill(os.getpid(), signal.SIGKILL)

        @analytics(every="1s", process=True)
        def exits(window):
            os._exit(7)

        @analytics(every="1s", process=True, timeout_seconds=60)
        def hoards(window):
            held = []
            while True:
                held.append(bytes(1 << 26))

        @analytics(every="1s", process=True)
        def quick(window):
            return {"one": 1}
        """,
        process_memory_bytes=MEMORY_BYTES,
    )

    async def script(run: RunTasks) -> None:
        for number in (1, 2):
            await desk.once(run)
            assert {name: outcomes(each) for name, each in run.tasks.items()} == {
                "spins": {"timeout": number},
                "dies": {"failed": number},
                "exits": {"failed": number},
                "hoards": {"failed": number},
                "quick": {"ok": number},
            }
        reasons = {name: each.reason for name, each in run.tasks.items()}
        assert reasons["spins"] == "it did not return within 0.3 s"
        assert reasons["dies"] == "its process failed: it was ended by SIGKILL"
        assert reasons["exits"] == "its process failed: it ended with exit code 7"
        assert reasons["hoards"].startswith("MemoryError")
        assert desk.pool is not None
        assert desk.pool.started == 7, "the first one, and one after each that was killed or died"

    desk.play(script)


def test_an_idle_process_that_was_killed_is_not_asked(tmp_path: Path) -> None:
    desk = Desk(tmp_path, '@analytics(every="1s", process=True)\ndef pid(window):\n    return {"pid": os.getpid()}\n')

    async def script(run: RunTasks) -> None:
        await desk.once(run)
        assert desk.pool is not None
        idle = desk.pool._idle[0]
        os.kill(idle.pid, signal.SIGKILL)
        await idle.wait()
        await desk.once(run)
        assert outcomes(run.tasks["pid"]) == {"ok": 2}

    desk.play(script)


def test_a_process_that_cannot_load_the_modules(tmp_path: Path) -> None:
    desk = Desk(tmp_path, '@analytics(every="1s", process=True)\ndef pid(window):\n    return {"pid": os.getpid()}\n')

    async def script(run: RunTasks) -> None:
        desk.path.write_text("raise OSError('changed meanwhile')", encoding="utf-8")
        await desk.once(run)
        assert outcomes(run.tasks["pid"]) == {"failed": 1}
        assert "OSError: changed meanwhile (tasks.py, line 1)" in run.tasks["pid"].reason

    desk.play(script)


def test_without_processes_their_tasks_say_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path, '@analytics(every="1s", process=True)\ndef apart(window): ...\n', processes=0)

    async def script(run: RunTasks) -> None:
        await desk.once(run)
        assert outcomes(run.tasks["apart"]) == {}
        assert run.tasks["apart"].document()["state"] == "stopped"

    desk.play(script)
    assert desk.lines == ["analytics task apart of Run is not begun: it wants a process, and analytics.processes is 0"]


def test_a_window_that_cannot_be_copied_fails_its_task_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, '@analytics(every="1s", process=True)\ndef apart(window): ...\n')
    object.__setattr__(desk._window, "events", (lambda: None,))

    async def script(run: RunTasks) -> None:
        await desk.once(run)
        assert outcomes(run.tasks["apart"]) == {"failed": 1}
        assert run.tasks["apart"].reason.startswith("it could not be begun: ")

    desk.play(script)


def test_tasks_for_the_end_run_once_and_are_waited_for(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path,
        """
        @analytics(at="session_end")
        def last(window):
            return {"one": 1}
        """,
    )

    async def script(run: RunTasks) -> None:
        for _second in range(3):
            await desk.once(run)
        assert outcomes(run.tasks["last"]) == {}
        await run.end()
        assert outcomes(run.tasks["last"]) == {"ok": 1}

    desk.play(script)


def test_tasks_of_a_period_run_once_more_at_the_end(tmp_path: Path, stop: threading.Event) -> None:
    desk = Desk(
        tmp_path,
        """
        @analytics(every="1s")
        def at_work(window):
            threading.stop_of_the_test.wait()
            return {"one": 1}

        @analytics(every="1h")
        def waiting(window):
            return {"one": 1}

        @analytics(cron="0 0 1 1 *")
        def yearly(window):
            return {"one": 1}
        """,
    )

    async def script(run: RunTasks) -> None:
        desk.begin(run)
        assert run.tasks["at_work"].is_running
        before = outcomes(run.tasks["waiting"]).get("ok", 0)
        ending = asyncio.ensure_future(run.end())
        await until(lambda: outcomes(run.tasks["waiting"]) == {"ok": before + 1})
        stop.set()
        await ending
        # The one that was at work looked at the run before its end.
        assert outcomes(run.tasks["at_work"]) == {"ok": 2}
        assert outcomes(run.tasks["yearly"]) == {}

    desk.play(script)


def test_names_of_tasks_are_those_of_the_decorator() -> None:
    @analytics(every="5s", name="chosen")
    def function(window: AnalyticsWindow) -> None: ...

    assert function.__name__ == "function"
