"""Calls its own callbacks: on_data by a scheduled event, with a slice and without, and those of warm-up and end in between."""

from decimal import Decimal

from AlgorithmImports import *


class OwnCallbacks(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 8)
        self.set_end_date(2013, 10, 9)
        self.set_cash(1_000_000)
        self.ibm = self.add_equity("IBM", Resolution.MINUTE).symbol
        self.send = self.market_order
        self.slices = self.empty = self.ended = 0
        self.finished = []
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at(10, 0), self.by_hand)
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at(15, 0), self.report)
        self.consolidate(self.ibm, timedelta(hours=1), lambda bar: self.on_data())
        self.on_warmup_finished()

    def on_warmup_finished(self):
        self.finished.append(str(self.time))

    def by_hand(self):
        self.on_data(None)
        if self.current_slice is not None:
            self.on_data(self.current_slice)

    def report(self):
        self.on_warmup_finished()
        self.on_end_of_algorithm()

    def on_data(self, data=None):
        if data is None:
            self.empty += 1
            return
        self.slices += 1
        if self.slices % 50 == 1:
            self.on_data(None)
            self.send(self.ibm, Decimal("7"), tag=f"slice {self.slices}")
        elif self.slices % 50 == 26:
            self.market_order(self.ibm, -self.portfolio[self.ibm].quantity)

    def on_end_of_algorithm(self):
        self.ended += 1
        self.log(f"PROBE {self.slices} {self.empty} {self.finished} {self.ended}")
