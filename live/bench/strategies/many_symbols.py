"""An average of the ticks of each of many generated symbols. The tick tier.

Parameters: symbols (how many; they are named as live.bench.market names them).
"""

from AlgorithmImports import *

from live.bench.market import tickers


class ManySymbols(LiveAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 7)
        for ticker in tickers(self.get_parameter("symbols", 1)):
            self.add_equity(ticker, Resolution.TICK)
        self.average = 0.0

    def on_tick(self, tick):
        self.average += (tick.price - self.average) * 0.03
