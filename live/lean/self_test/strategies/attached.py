"""What the self-test attaches lean-live to: an algorithm that feeds itself, trades a little, and ends itself.

In the run with the lane it ends by an error in a scheduled event, which LEAN runs without the host.
"""

import os
import threading
from datetime import timedelta

from AlgorithmImports import *

from live.clock import ns_to_datetime, sleep, wall_ns
from live.lean import surface
from live.lean.self_test.facts import write_facts
from live.lean.self_test.marks import HELD_QUANTITY, LANE_MODE, MODE_VARIABLE, RAISED, REFUSED_QUANTITY

TICKS_MAX = 3_000
PAUSE_SECONDS = 0.02
ERROR_SECONDS = 20.0

surface.silence_data_queue()


class Attached(QCAlgorithm):
    def initialize(self):
        self.set_cash(100_000)
        self.set_benchmark(lambda time: 0)
        self.traded = self.add_crypto("BTCUSD", Resolution.TICK, Market.COINBASE).symbol
        self.tick_count = self.fill_count = 0
        self.refused_status = -1
        self.has_seen_dummy = False
        self.is_done = False
        if os.environ[MODE_VARIABLE] == LANE_MODE:
            every = self.time_rules.every(timedelta(seconds=5))
            self.schedule.on(self.date_rules.every_day(), every, self.on_scheduled)
        self.steps = {10: self.buy_some, 20: self.buy_too_much, 30: self.rest_and_cancel, 40: self.hold}

    def on_warmup_finished(self):
        threading.Thread(target=self.feed, daemon=True).start()

    def on_securities_changed(self, changes):
        if any(each.symbol != self.traded for each in changes.added_securities):
            self.has_seen_dummy = True

    def on_data(self, slice):
        ticks = slice.ticks
        if any(symbol != self.traded for symbol, _ in ticks.items()):
            self.has_seen_dummy = True
        if not ticks.contains_key(self.traded):
            return
        for _ in ticks[self.traded]:
            self.tick_count += 1
            step = self.steps.pop(self.tick_count, None)
            if step is not None:
                step()

    def on_order_event(self, order_event):
        if str(order_event.status).lower() == "filled":
            self.fill_count += 1

    def on_scheduled(self):
        if self.is_done:
            raise ValueError(RAISED)

    def on_end_of_algorithm(self):
        self.tell()

    def tell(self):
        write_facts(
            {
                "host_ticks": self.tick_count,
                "host_fills": self.fill_count,
                "host_refused_status": self.refused_status,
                "host_saw_dummy": self.has_seen_dummy,
            }
        )

    # -- orders, within on_data

    def buy_some(self):
        self.market_order(self.traded, HELD_QUANTITY)

    def buy_too_much(self):
        self.refused_status = surface.status_of(self.market_order(self.traded, REFUSED_QUANTITY))

    def rest_and_cancel(self):
        self.limit_order(self.traded, HELD_QUANTITY, 1.0).cancel()

    def hold(self):
        self.set_holdings(self.traded, 0.1)

    # -- on a thread of its own

    def feed(self):
        """Send ticks until all steps are done and both orders have filled, or that takes too long."""
        aggregator = surface.data_aggregator()
        for number in range(TICKS_MAX):
            aggregator.Update(surface.trade_tick(self.traded, 1_000.0 + number % 10, 1.0, ns_to_datetime(wall_ns())))
            sleep(PAUSE_SECONDS)
            if not self.steps and self.fill_count > 1:
                break
        if os.environ[MODE_VARIABLE] == LANE_MODE:
            self.tell()
            self.is_done = True
            sleep(ERROR_SECONDS)
        self.quit("the self-test of the host is done")
