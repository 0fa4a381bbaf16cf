"""A project folder: the algorithm in main.py, its parts in a package, one of which brings names of LEAN of its own."""

from AlgorithmImports import *
from signals import Breakout
from signals.sizing import shares_for


class PackagedBreakout(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 8)
        self.set_cash(100_000)
        self.symbols = [self.add_equity(each, Resolution.MINUTE).symbol for each in ("IBM", "SPY")]
        minutes = self.get_parameter("minutes", 15)
        self.signals = {each: Breakout(self, each, minutes) for each in self.symbols}
        self.set_runtime_statistic("Signals", str(len(self.signals)))

    def on_data(self, slice):
        for symbol, signal in self.signals.items():
            if signal.wants != 0:
                held = self.portfolio[symbol].quantity
                self.market_order(symbol, shares_for(self, symbol, signal.wants) - held, tag=f"{signal}")
                signal.wants = 0

    def on_end_of_algorithm(self):
        self.log(f"PROBE bars {[each.bars for each in self.signals.values()]}")
