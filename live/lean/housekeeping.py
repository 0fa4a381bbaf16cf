"""What the host does in moments without ticks: it looks at slices that wait, publishes, and collects Python's garbage.

Such a moment is a beat of the keep-warm, on the loop thread, or a look of the attendant when no slice has come for a while.
When ticks flow without a pause the account is published after a decision. One thread at a time is at it, and no other
waits: so the page has one writer for all that is brought there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from live.clock import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND, monotonic_ns
from live.config import LeanSettings
from live.errors import error_text
from live.hot.catalogue import Gauge, RunPhase
from live.idle_collector import IdleCollector
from live.lean.orders.path import LeanOrders
from live.lean.page import LeanPage
from live.lean.slice_watch import SliceWatch

STUCK_NS = 10 * NANOSECONDS_PER_SECOND
"""Time at one slice from which on the page is left as it is. A synchronous order may take six seconds."""
_GIVE_UP_NS = 20 * NANOSECONDS_PER_SECOND
"""Time for which every publication has failed after which the run is ended: with it fails the look at orders without an
answer. The process would be killed a little later, for the silence of its page."""


class Housekeeping:
    """The work between ticks.

    Parameters:
        settings: table [lean].
        page: the run's telemetry page.
        watch: the way of slices.
        orders: the order path.
        collector: collects Python's garbage.
        on_error: told of an error that is not the caller's.
        on_stuck: called while the strategy has been at one slice for STUCK_NS.

    Attributes:
        tick_calls: returns the calls of on_tick.
        failure: why the run is ended because of this work, "" while it is not.
    """

    def __init__(
        self,
        settings: LeanSettings,
        page: LeanPage,
        watch: SliceWatch,
        orders: LeanOrders,
        collector: IdleCollector,
        on_error: Callable[[Exception], None],
        on_stuck: Callable[[], None],
    ) -> None:
        self._page = page
        self._watch = watch
        self._orders = orders
        self._collector = collector
        self._collects = settings.idle_collect_milliseconds > 0
        self._on_error = on_error
        self._on_stuck = on_stuck
        self._every_ns = int(settings.account_milliseconds * NANOSECONDS_PER_MILLISECOND)
        self._next_ns = 0
        self._working = threading.Lock()
        self._has_session = False
        self._is_ready = False
        self._shows_ready = False
        self._has_settled = False
        self._failing_since_ns = 0
        self.tick_calls: Callable[[], int] = _none
        self.failure = ""

    def begin(self) -> None:
        """Take note that the session begins: from now on account and orders are published."""
        self._has_session = True

    def become_ready(self) -> None:
        """Keep what is there from Python's collector, and have it shown that the session may come: by the next that works."""
        if self._collects:
            self._collector.begin(monotonic_ns())
        self._is_ready = True

    def rest(self) -> None:
        """Use a moment without ticks. At once back when another thread does.

        Raises:
            Exception: what could not be done, the first of it.
        """
        if not self._working.acquire(blocking=False):
            return
        try:
            if self._has_settled:
                return
            self._show_ready()
            self._watch.look()
            now_ns = monotonic_ns()
            if self._watch.deciding_ns(now_ns) > STUCK_NS:
                # The page grows old: by that whoever watches it knows that the loop hangs.
                self._on_stuck()
                return
            if now_ns >= self._next_ns:
                self._publish(now_ns)
            if self._collects and self._is_ready:
                self._collector.look(now_ns, now_ns - self._watch.last_ns)
        finally:
            self._working.release()

    def after_slice(self) -> None:
        """Publish after a decision, when it is time; on the loop thread.

        Raises:
            Exception: what could not be done, the first of it.
        """
        last_ns = self._watch.last_ns
        if last_ns < self._next_ns:
            return
        if not self._has_session:
            # A sign of life: a warm-up may take longer than anybody waits for a start that does not go on.
            self._next_ns = last_ns + self._every_ns
            self._page.stamp()
            return
        if last_ns < self._next_ns + self._every_ns:
            # A moment without ticks may still come.
            return
        if self._working.acquire(blocking=False):
            try:
                self._publish(last_ns)
            finally:
                self._working.release()

    def settle(self) -> None:
        """Look at everything that still waits and publish it: for the last time."""
        with self._working:
            self._has_settled = True
            self._watch.look_at_all()
            if self._has_session:
                self._publish(monotonic_ns(), is_last=True)
            else:
                # Orders may have gone out in on_warmup_finished.
                self._orders.review()

    def _show_ready(self) -> None:
        if self._is_ready and not self._shows_ready:
            self._shows_ready = True
            self._page.is_ready()

    def _publish(self, now_ns: int, is_last: bool = False) -> None:
        """Look after orders and bring everything to the page: each also when another cannot be done.

        Raises:
            Exception: the first error; the others are told.
        """
        self._next_ns = now_ns + self._every_ns
        failures: list[Exception] = []
        algorithm = self._watch.algorithm
        for work in (self._orders.review, self._publish_counts, lambda: self._page.publish(algorithm, is_last)):
            try:
                work()
            except Exception as error:
                failures.append(error)
        if not failures:
            self._failing_since_ns = 0
            return
        first, *others = failures
        for other in others:
            self._on_error(other)
        self._failing_since_ns = self._failing_since_ns or now_ns
        if now_ns - self._failing_since_ns >= _GIVE_UP_NS and not self.failure:
            self._give_up(first)
        raise first

    def _publish_counts(self) -> None:
        page, watch = self._page, self._watch
        for counter, count in self._orders.counts().items():
            page.raise_to(counter, count)
        page.page.set_gauge(Gauge.LANE_WAITING, self._orders.waiting)
        if page.phase is RunPhase.READY and watch.slices:
            page.enter(RunPhase.RUNNING)
        watch.publish(self.tick_calls())

    def _give_up(self, error: Exception) -> None:
        """Have LEAN end the run by on_end_of_algorithm, in which the strategy can still close its positions."""
        seconds = _GIVE_UP_NS // NANOSECONDS_PER_SECOND
        self.failure = f"the host's own work, not the strategy's, has failed for {seconds} s: {error_text(error)}"
        self._watch.algorithm.quit(self.failure)


def _none() -> int:
    return 0
