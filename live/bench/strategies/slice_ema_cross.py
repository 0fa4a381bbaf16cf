"""Two averages of every tick of one symbol; orders when they cross. An unmodified QCAlgorithm: one slice per moment.

Parameters: ticker; first_day, last_day (of October 2013); threshold (dollars between the averages that count as a
cross).
"""

from AlgorithmImports import *


class SliceEmaCross(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, self.get_parameter("first_day", 7))
        self.set_end_date(2013, 10, self.get_parameter("last_day", 11))
        self.set_cash(100_000)
        self.traded = self.add_equity(self.get_parameter("ticker", "IBM"), Resolution.TICK).symbol
        self.threshold = self.get_parameter("threshold", 0.05)
        self.fast = 0.0
        self.slow = 0.0
        self.position = 0

    def on_data(self, slice):
        ticks = slice.ticks
        if not ticks.contains_key(self.traded):
            return
        for tick in ticks[self.traded]:
            price = tick.price
            self.fast += (price - self.fast) * 0.03
            self.slow += (price - self.slow) * 0.008
        distance = self.fast - self.slow
        if distance > self.threshold and self.position <= 0:
            self.market_order(self.traded, 100 - self.position)
            self.position = 100
        elif distance < -self.threshold and self.position >= 0:
            self.market_order(self.traded, -100 - self.position)
            self.position = -100
