"""Paced ticks into LEAN and what becomes of them: an unmodified QCAlgorithm that feeds and times itself.

Run as it is, stock, or attached by lean-live, with the profile: the same code in both. A thread sends single ticks through
the engine's aggregator, each stamped just before it is handed over; on_data decides by two averages, and sends an order on
every n-th tick. What is told and what is found are JSON files (live/bench/lean_plan.py).
"""

import gc
import threading

from AlgorithmImports import *

from live.bench.lean_load import work_for_ever
from live.bench.lean_plan import EnginePlan, EngineTimes, GapTimes, read_plan, write_times
from live.clock import monotonic_ns, ns_to_datetime, sleep, wall_ns
from live.lean import surface

SETTLE_SECONDS = 2.0
TIMED_CALLS = 2_000
CALM_CALLS = 16
"""Calls between two moments without ticks: so few that the runtime leaves its other work to those."""


class LeanPaced(QCAlgorithm):
    def initialize(self):
        self.set_cash(1_000_000)
        self.set_benchmark(lambda time: 0)
        self.traded = self.add_crypto("BTCUSD", Resolution.TICK, Market.COINBASE).symbol
        self.plan: EnginePlan = read_plan()
        self.fast = self.slow = 0.0
        self.count = self.order_count = 0
        self.order_every = 0
        self.sent_ns = self.entered_ns = self.decided_ns = self.ordered_ns = [0]
        self.submitted_ns, self.events_ns = [], []
        self.is_told_of_submissions = False
        self.may_begin = lambda: True
        self.rest = lambda: None
        self.lane_submissions = 0
        self.is_timing = False
        self.kept_slice = None
        self.found = None

    def on_warmup_finished(self):
        threading.Thread(target=self.feed, daemon=True).start()
        if self.plan.has_load:
            threading.Thread(target=work_for_ever, daemon=True).start()

    def on_data(self, slice):
        if self.is_timing:
            return
        entered_ns = monotonic_ns()
        ticks = slice.ticks
        symbol = self.traded
        if not ticks.contains_key(symbol):
            return
        for tick in ticks[symbol]:
            price = tick.value
            self.fast += (price - self.fast) * 0.03
            self.slow += (price - self.slow) * 0.008
            number = self.count
            self.count = number + 1
            self.entered_ns[number] = entered_ns
            self.decided_ns[number] = monotonic_ns()
            if self.order_every and number % self.order_every == self.order_every - 1:
                self.market_order(symbol, 0.001 if self.order_count % 2 == 0 else -0.001, True)
                self.ordered_ns[number] = monotonic_ns()
                self.order_count += 1
        if self.kept_slice is None:
            self.kept_slice = slice

    def on_order_event(self, event):
        if str(event.status).lower() == "submitted":
            self.events_ns.append(monotonic_ns())

    def begin_submissions(self, may_begin, rest):
        """Return what an attached runtime calls with each order that LEAN has taken; as it comes, the return of a call is that."""
        self.may_begin, self.rest = may_begin, rest
        self.is_told_of_submissions = True
        return self.take_submission

    def take_submission(self, moment_ns, is_lane):
        self.submitted_ns.append(moment_ns)
        self.lane_submissions += is_lane

    def feed(self):
        self.aggregator = surface.data_aggregator()
        sleep(SETTLE_SECONDS)
        while not self.may_begin():
            sleep(0.05)
        found = []
        before = self.collections()
        self.play(1.0, self.plan.warm_up, 20)
        for phase in self.plan.phases:
            found.append(self.play(phase.gap_ms, phase.ticks, phase.order_every))
        after = self.collections()
        self.found = found, [b - a for a, b in zip(before, after, strict=True)]
        self.quit("the benchmark is done")

    def on_end_of_algorithm(self):
        if self.found is None:
            return
        added = self.time_calls() if self.plan.times_calls else {}
        gaps, collections = self.found
        write_times(EngineTimes(gaps, collections, added, self.lane_submissions))

    def begin(self, ticks, order_every):
        self.order_every = 0
        self.count = self.order_count = 0
        self.sent_ns = [0] * ticks
        self.entered_ns = [0] * ticks
        self.decided_ns = [0] * ticks
        self.ordered_ns = [0] * ticks
        self.submitted_ns, self.events_ns = [], []
        self.order_every = order_every

    def send(self, number):
        tick = surface.trade_tick(self.traded, 6_000.0 + number % 10, 1.0, ns_to_datetime(wall_ns()))
        self.sent_ns[number] = monotonic_ns()
        self.aggregator.Update(tick)

    def play(self, gap_ms, ticks, order_every):
        """Send ticks on an absolute schedule; a sender that wakes late sends late, and the tick counts from then."""
        self.begin(ticks, order_every)
        gap_ns = int(gap_ms * 1e6)
        start_ns = monotonic_ns() + gap_ns
        late = 0
        for number in range(ticks):
            wait_ns = start_ns + number * gap_ns - monotonic_ns()
            if wait_ns > 0:
                sleep(wait_ns / 1e9)
            else:
                late += 1
            self.send(number)
        sleep(SETTLE_SECONDS)
        handled = self.count
        order = [self.ordered_ns[i] - self.sent_ns[i] for i in range(handled) if self.ordered_ns[i]]
        return GapTimes(
            gap_ms=gap_ms,
            sent=ticks,
            handled=handled,
            late=late,
            entered=[self.entered_ns[i] - self.sent_ns[i] for i in range(handled)],
            decision=[self.decided_ns[i] - self.sent_ns[i] for i in range(handled)],
            order=order,
            submitted=self.after_ticks(self.submitted_ns, handled) if self.is_told_of_submissions else order,
            event=self.after_ticks(self.events_ns, handled),
        )

    def after_ticks(self, moments, handled):
        """Orders are far enough apart that what follows from them comes in their order; otherwise there are no figures."""
        sent = [self.sent_ns[i] for i in range(handled) if self.ordered_ns[i]]
        if len(sent) != len(moments):
            return []
        return [moment - sent_ns for sent_ns, moment in zip(sent, moments, strict=True)]

    def collections(self):
        pauses = surface.DotnetPauses()
        python = [each["collections"] for each in gc.get_stats()]
        return [*(pauses.collections(generation) for generation in range(3)), pauses.pause_ns(), *python]

    def time_calls(self):
        """Time on_data as the engine calls it, and as it was written: the difference is the instrumentation's.

        Calm is with a moment without ticks now and then, in which the runtime does what can wait; in a stream without such
        moments it does that after decisions.
        """
        self.is_timing = True
        bare = self.time_call(LeanPaced.on_data, CALM_CALLS)
        added = {}
        for name, calls in (("calm", CALM_CALLS), ("stream", TIMED_CALLS)):
            self.rest()
            taken = self.time_call(type(self).on_data, calls)
            for share, index in (("p50", TIMED_CALLS // 2), ("p99", TIMED_CALLS * 99 // 100 - 1)):
                added[f"{name}_{share}"] = taken[index] - bare[TIMED_CALLS // 2]
            added[f"{name}_mean"] = (sum(taken) - sum(bare)) / TIMED_CALLS
        return added

    def time_call(self, method, calm_calls):
        """Return the durations of calls, shortest first."""
        slice = self.kept_slice
        taken = []
        for number in range(TIMED_CALLS):
            if number % calm_calls == 0:
                self.rest()
            began_ns = monotonic_ns()
            method(self, slice)
            taken.append(monotonic_ns() - began_ns)
        return sorted(taken)
