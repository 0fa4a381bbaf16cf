"""The life of the host inside LEAN: initialized, warm-up finished, ready, running, ended.

    import           the entry module makes the host (live/lean/attach.py); a plan that cannot be kept is refused here
    initialize       on a thread of LEAN's pool
    warm-up finished on the loop thread: orders may pass, the strategy is told, threads are pinned, parts begin
    ready            after the rehearsal, and once LEAN has subscribed to what initialize has added: it does so in the first
                     step of its loop, and drops the ticks of before. The collector of Python is frozen
    slices           on the loop thread (live/lean/slice_watch.py)
    end              on_end_of_algorithm, or any error on its way to LEAN, which then does not call that: once, whatever was
                     first. Page and summary are written, parts and threads are stopped.

Errors of the strategy go on to LEAN as they are. Those that do not pass through here (LEAN runs scheduled events and
consolidators without us) are noticed by the attendant, which asks LEAN for its run-time error.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from live.clock import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND, monotonic_ns
from live.errors import error_text
from live.hot.catalogue import RunPhase, WarmState
from live.idle_collector import IdleCollector
from live.lean import slice_watch, surface, threads
from live.lean.attendant import Attendant
from live.lean.engine_steps import EngineSteps
from live.lean.failure import STUCK_FILE, HostFailure, failure_in, stuck_in, write_failure
from live.lean.housekeeping import STUCK_NS, Housekeeping
from live.lean.in_force import write_in_force
from live.lean.instructions import Instructions
from live.lean.instrument import UserCallbacks, lean_callback, write_debug, write_error
from live.lean.live_algorithm import ORDER_PATH, TickDispatch
from live.lean.orders.path import LeanOrders
from live.lean.page import LeanPage
from live.lean.parts import Part
from live.lean.pinning import Pinning, PinPlan
from live.lean.slice_watch import SliceWatch
from live.lean.stages import OrderStages
from live.lean.summary import SUMMARY_FILE, write_summary
from live.lean.warm.keep_warm import KeepWarm

_LOOK_SECONDS = 0.25
"""Time between two looks of the attendant at threads and errors."""
_IDLE_NS = 5 * NANOSECONDS_PER_MILLISECOND
"""Time without a slice after which the attendant may do what the loop thread had no moment for."""


class Host:
    """Everything of ours inside one engine.

    Parameters:
        instructions: what the host is to do.
        page: the run's telemetry page.
        stages: marks of orders.
        orders: the order path.
        plan: where threads are to be; None leaves them.

    Attributes:
        algorithm: LEAN's; None before `initialize`.
        parts: begin with the session and end with the run, in this order.
        attendant: the host's thread.
        watch: the way of slices.
        housekeeping: the work in moments without ticks.
        keep_warm: rehearses before the session and keeps the way warm; None without.
    """

    def __init__(
        self,
        instructions: Instructions,
        page: LeanPage,
        stages: OrderStages,
        orders: LeanOrders,
        plan: PinPlan | None,
    ) -> None:
        settings = instructions.lean
        self.instructions = instructions
        self.page = page
        self.orders = orders
        self.algorithm: Any = None
        self.parts: list[Part] = []
        self.keep_warm: KeepWarm | None = None
        self.watch = SliceWatch(page, stages, settings.dotnet_gc_every)
        self.watch.on_error = self._complain
        self.attendant = Attendant(self._complain)
        self._settings = settings
        self._pinning = None if plan is None else Pinning(plan, page.set_affinity, instructions.settings_file)
        self._collector = IdleCollector(int(settings.idle_collect_milliseconds * NANOSECONDS_PER_MILLISECOND))
        self.housekeeping = Housekeeping(
            settings, page, self.watch, orders, self._collector, self._complain, self._note_stuck
        )
        self.watch.on_beat = self.housekeeping.rest
        self._starting = threading.Lock()
        self._ending = threading.Lock()
        self._loop_thread = self._loop_tid = 0
        self._is_initializing = False
        self._has_session = False
        self._has_subscriptions = False
        self._is_rehearsing = False
        self._is_ready = False
        self._begun: list[Part] = []
        self._complaints: set[str] = set()
        self._user: UserCallbacks
        self._warnings: Sequence[str] = ()
        self._stuck_at = 0
        self._steps: EngineSteps
        self._user_order_event: Callable[..., Any] | None = None
        self._dispatch: TickDispatch | None = None

    def take_class(self, cls: type, warnings: Sequence[str] = ()) -> None:
        """Take the user's class, before LEAN makes an instance of it.

        Parameters:
            cls: the class.
            warnings: what the user should know of it; LEAN takes no lines for its log before there is an instance.
        """
        self._user = UserCallbacks(cls)
        self._warnings = warnings
        self.page.describe(cls.__name__, self.instructions.source)

    # -- callbacks, from whatever thread LEAN calls them on

    def initialize(self, algorithm: Any) -> None:
        """Take the algorithm, and have the user's own code set it up."""
        self.algorithm = self.watch.algorithm = algorithm
        self.orders.take(algorithm)
        self.watch.strategy = self._strategy(algorithm)
        self._user_order_event = self._user.bound(algorithm, "on_order_event")
        self.page.enter(RunPhase.WARMING_UP)
        self.page.set_warm(WarmState.WARMING)
        for warning in self._warnings:
            write_debug(algorithm, f"Warning: {warning}")
        self._is_initializing = True
        try:
            self._call("initialize")
            if self.keep_warm is not None:
                self.keep_warm.prepare(algorithm)
        except BaseException as error:
            self.fail_in("initialize", error)
            raise
        self._is_initializing = False

    def on_warmup_finished(self) -> None:
        """Begin the session."""
        if self._is_initializing or self._has_session:
            # The strategy's own call.
            self._call("on_warmup_finished")
            return
        self._loop_thread, self._loop_tid = threading.get_ident(), threading.get_native_id()
        try:
            self.orders.begin(self.algorithm)
            if self._dispatch is not None:
                setattr(self.algorithm, ORDER_PATH, self.orders)
            self._call("on_warmup_finished")
            self._begin_session()
        except BaseException as error:
            self.fail_in("on_warmup_finished", error)
            raise

    def on_slice(self, slice: Any) -> None:
        """Give a slice to the strategy."""
        if slice is None or self._is_strategys_call():
            self.watch.strategy(slice)
            return
        try:
            self.watch.on_slice(slice)
            self.orders.raise_failure()
        except BaseException as error:
            self.fail_in(self._data_callback, error)
            raise
        self._apart(self.housekeeping.after_slice)

    def on_order_event(self, event: Any) -> None:
        """Tell the strategy of an order event, and then everybody else."""
        try:
            self.orders.on_order_event(event)
            try:
                if self._user_order_event is not None:
                    self._user_order_event(event)
            finally:
                self.orders.after_order_event()
        except BaseException as error:
            self.fail_in("on_order_event", error)
            raise
        self._apart(lambda: self._show_order_event(event))

    def on_securities_changed(self, changes: Any) -> None:
        """Tell the order path of securities that came or went, and the strategy of those that are not the host's own."""
        try:
            self.orders.on_securities_changed(changes)
            shown = changes if self.keep_warm is None else self.keep_warm.on_securities_changed(changes)
            if shown is not None:
                self._call("on_securities_changed", shown)
            self._note_subscriptions()
        except BaseException as error:
            self.fail_in("on_securities_changed", error)
            raise

    def on_end_of_day(self, symbol: Any) -> None:
        """Tell the strategy of the end of a security's day, on LEAN's RealTime Thread; not of the dummy symbol's."""
        if self.keep_warm is not None and self.keep_warm.is_dummy(symbol):
            return
        try:
            self._call("on_end_of_day", symbol)
        except BaseException as error:
            self.fail_in("on_end_of_day", error)
            raise

    def on_end_of_algorithm(self) -> None:
        """Let the user's own code end the run, and end the host."""
        if self._is_strategys_call():
            self._call("on_end_of_algorithm")
            return
        try:
            self._call("on_end_of_algorithm")
        except BaseException as error:
            self.fail_in("on_end_of_algorithm", error)
            raise
        failure = self.housekeeping.failure
        self.end(RunPhase.FAILED if failure else RunPhase.COMPLETED, failure)

    def _is_strategys_call(self) -> bool:
        """Tell whether the strategy, and not LEAN, calls one of its own callbacks: within a slice, or on another thread.

        LEAN's own calls come one by one on its loop thread, which is known from the end of the warm-up on.
        """
        loop_thread = self._loop_thread
        return self.watch.is_deciding or (loop_thread != 0 and threading.get_ident() != loop_thread)

    # -- between ticks

    def _note_stuck(self) -> None:
        """Leave word of where the strategy is, once for each decision: whoever kills the engine for it can say so."""
        if self._stuck_at == self.watch.slices:
            return
        self._stuck_at = self.watch.slices
        frame = sys._current_frames().get(self._loop_thread)
        file, seconds = Path(self.instructions.algorithm), STUCK_NS / NANOSECONDS_PER_SECOND
        stuck = stuck_in(self._data_callback, frame, slice_watch.__file__, seconds, file)
        write_failure(stuck, Path(self.instructions.run_folder), STUCK_FILE)

    @property
    def _data_callback(self) -> str:
        return "on_data" if self._dispatch is None else "on_tick"

    def _look_after(self) -> None:
        """What the attendant does a few times a second; each also when another cannot be done."""
        for work in (self._look_at_threads, self._look_for_error, self._look_for_subscriptions, self._use_silence):
            self._apart(work)

    def _look_at_threads(self) -> None:
        if self._pinning is not None:
            self._pinning.look()

    def _look_for_error(self) -> None:
        error = surface.runtime_error(self.algorithm)
        if error:
            self.end(RunPhase.FAILED, error)

    def _look_for_subscriptions(self) -> None:
        if not self._has_subscriptions and self._steps.look():
            # An algorithm without securities is told of none.
            self._note_subscriptions()

    def _use_silence(self) -> None:
        if monotonic_ns() - self.watch.last_ns > _IDLE_NS:
            self.housekeeping.rest()

    # -- begin and end

    def _begin_session(self) -> None:
        algorithm, settings = self.algorithm, self._settings
        sys.setswitchinterval(settings.switch_interval_milliseconds / 1_000)
        # What came during the warm-up is counted, and not measured.
        self.watch.look_at_all()
        self.page.begin_session(algorithm)
        for part in self.parts:
            self._begun.append(part)
            part.begin(algorithm)
        beat = self.watch.on_beat
        self.watch.on_beat = lambda: self._apart(beat)
        self.watch.has_session = True
        self._steps = EngineSteps(algorithm)
        self._is_rehearsing = self.keep_warm is not None and self.keep_warm.is_rehearsing
        self.attendant.every(_LOOK_SECONDS, self._look_after)
        self.attendant.begin()
        if self._pinning is not None:
            self._pinning.begin(self._loop_tid)
        self._has_session = True
        self.housekeeping.begin()
        self._become_ready()

    def rehearsed(self) -> None:
        """Take note that the rehearsal is over."""
        self._is_rehearsing = False
        self._become_ready()

    def _note_subscriptions(self) -> None:
        """Take note that LEAN has subscribed to what initialize has added."""
        if not self._has_subscriptions:
            self._has_subscriptions = True
            self._become_ready()

    def _become_ready(self) -> None:
        """Let the session come when nothing is in its way: keep what is there from Python's collector, and say so."""
        if not self._has_session or self._is_rehearsing or not self._has_subscriptions or self._ending.locked():
            return
        with self._starting:
            if self._is_ready:
                return
            self._is_ready = True
        self.housekeeping.become_ready()
        self._apart(self._tell_in_force)
        self._apart(self.housekeeping.rest)

    def _tell_in_force(self) -> None:
        """Leave word of what the settings have come to, for a look at this process from outside."""
        mode = "inline" if self.orders.sender.lane is None else "lane"
        write_in_force(Path(self.instructions.run_folder), self._loop_tid, mode, surface.log_handler())

    def fail_in(self, name: str, error: BaseException) -> None:
        """End the host because of an error that is on its way to LEAN out of one of the algorithm's callbacks.

        Parameters:
            name: of the callback, in snake_case.
            error: what was raised, by the user's code or the host's.
        """
        called = None if self.algorithm is None else self._user.bound(self.algorithm, name)
        self.fail(failure_in(name, error, Path(self.instructions.algorithm), called))

    def fail(self, failure: HostFailure) -> None:
        """End the host because of an error that is on its way to LEAN."""
        self.end(RunPhase.FAILED, failure.message, failure)

    def end(self, phase: RunPhase, reason: str, failure: HostFailure | None = None) -> None:
        """Stop everything and write what the run has come to; once, whoever calls first.

        Parameters:
            phase: how the run ended.
            reason: why, for people; "" when it completed.
            failure: the error behind it where the host had it at hand.
        """
        if not self._ending.acquire(blocking=False):
            return
        if failure is not None:
            # First: whoever looks at the page finds it there.
            write_failure(failure, Path(self.instructions.run_folder))
        self.attendant.end()
        problems = [reason] if reason else []
        parts = [part.end for part in reversed(self._begun)]
        for stop in (*parts, self.orders.end, self.housekeeping.settle, self.orders.close):
            try:
                stop()
            except Exception as error:
                # The others are to be stopped all the same; that this one was not is said in the page and the summary.
                problems.append(error_text(error))
                phase = RunPhase.FAILED
        reason = "; ".join(problems)
        self.page.finish(phase, reason)
        try:
            write_summary(self.instructions, self.page, self.watch, reason)
        except OSError as error:
            # An error of the strategy may be on its way to LEAN, and must not be hidden by this one.
            threads.say(f"lean-live: cannot write {SUMMARY_FILE}: {error.strerror}; make room in the run's folder")
        if self._has_session and self._settings.idle_collect_milliseconds:
            self._collector.end()

    def _show_order_event(self, event: Any) -> None:
        self.page.order_event(surface.order_record(event, self.algorithm))
        self.page.note_symbol(event.symbol)

    def _apart(self, work: Callable[[], None]) -> None:
        """Do what the strategy does not depend on: an error there is told, and does not stop the strategy's trading."""
        try:
            work()
        except Exception as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        """Tell of an error of the host's own, the same once."""
        text = f"lean-live: the host's own work, not the strategy's: {error_text(error)}"
        if text not in self._complaints:
            self._complaints.add(text)
            threads.say(text)
            with suppress(Exception):
                # Whatever LEAN says to that: the line is in the process's output.
                write_error(self.algorithm, text)

    # -- the user's own code

    def _strategy(self, algorithm: Any) -> Callable[[Any], None]:
        """Return what is called with each slice: on_tick for each tick, on_data, both, or nothing."""
        on_data = self._user.bound(algorithm, "on_data")
        if not hasattr(algorithm, ORDER_PATH):
            return on_data or _ignore
        # A LiveAlgorithm: another class may have a method on_tick of its own, which is none of ours.
        on_tick = self._user.bound(algorithm, "on_tick")
        assert on_tick is not None
        self._dispatch = dispatch = TickDispatch(algorithm, self.orders, on_tick)
        self.housekeeping.tick_calls = lambda: dispatch.calls
        give_ticks = self._dispatch.on_slice
        if on_data is None:
            return give_ticks

        def ticks_then_slice(slice: Any) -> None:
            give_ticks(slice)
            on_data(slice)

        return ticks_then_slice

    def _call(self, name: str, *arguments: Any) -> None:
        """Call the user's callback, if there is one; without `initialize` LEAN's own says that it must be overridden."""
        callback = self._user.bound(self.algorithm, name)
        if callback is None and name == "initialize":
            callback = lean_callback(self.algorithm, name)
        if callback is not None:
            callback(*arguments)


def _ignore(slice: Any) -> None:
    """For algorithms without on_data: those with scheduled events or consolidators only."""
