"""Single trades and quotes, with a limit order that is moved, an order that expires with the day, and what the ticket says."""

from AlgorithmImports import *


class TicksAndQuotes(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 7)
        self.set_cash(100_000)
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol
        self.default_order_properties.time_in_force = TimeInForce.DAY
        self.trades = self.quotes = self.several = 0
        self.entry = None

    def on_data(self, slice):
        if not slice.ticks.contains_key(self.ibm):
            return
        ticks = slice.ticks[self.ibm]
        self.several += len(ticks) > 1
        for tick in ticks:
            if tick.tick_type == TickType.QUOTE:
                self.quotes += 1
                continue
            self.trades += 1
            if self.trades % 200 == 0:
                self.turn(tick)
        security = self.securities[self.ibm]
        if self.entry is not None and self.entry.status == OrderStatus.SUBMITTED and self.trades % 40 == 0:
            self.entry.update_limit_price(round(security.bid_price, 2), "moved")

    def turn(self, tick):
        if self.portfolio[self.ibm].invested:
            self.entry = None
            self.liquidate(self.ibm)
        else:
            self.entry = self.limit_order(self.ibm, 50, round(tick.price - 0.05, 2), tag="entry")

    def on_order_event(self, event):
        self.log(f"PROBE {event.order_id} {event.status} {event.fill_price:.4f} {event.quantity}")

    def on_end_of_algorithm(self):
        self.log(f"PROBE {self.trades} {self.quotes} {self.several}")
