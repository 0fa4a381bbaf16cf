"""Two averages of every tick, and an order on every n-th, so that orders have samples too. An unmodified QCAlgorithm.

Parameters: ticker; order_every (ticks from one order to the next). Buys and sells take turns, so that the position
stays between 0 and 1.
"""

from AlgorithmImports import *


class SlicePaced(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 7)
        self.set_cash(100_000)
        self.traded = self.add_equity(self.get_parameter("ticker", "IBM"), Resolution.TICK).symbol
        self.order_every = self.get_parameter("order_every", 10)
        self.fast = 0.0
        self.slow = 0.0
        self.count = 0
        self.is_above = False
        self.position = 0

    def on_data(self, slice):
        ticks = slice.ticks
        if not ticks.contains_key(self.traded):
            return
        for tick in ticks[self.traded]:
            price = tick.price
            self.fast += (price - self.fast) * 0.03
            self.slow += (price - self.slow) * 0.008
            self.count += 1
        self.is_above = self.fast > self.slow
        if self.count % self.order_every == 0:
            quantity = -1 if self.position else 1
            self.market_order(self.traded, quantity)
            self.position += quantity
