"""Spread between two equities: IBM against SPY, on minutes.

Shows two symbols in one slice, a rolling window of the algorithm's own, history before the first decision, market
orders on both legs, and a short position. The dates are in LEAN's sample data and in the session that `lean-live`
generates.

Runs in LEAN and in the embedded engine; needs minutes of IBM and SPY:
`lean-live dry-run algorithms/pair_spread.py`.

Parameters: window (minutes of the mean), entry and exit (in standard deviations).
"""

from AlgorithmImports import *


class PairSpread(QCAlgorithm):
    """Sells the dear leg and buys the cheap one when the ratio of the prices is far from its mean."""

    def initialize(self) -> None:
        self.set_start_date(2013, 10, 8)
        self.set_end_date(2013, 10, 10)
        self.set_cash(100_000)
        self.ibm = self.add_equity("IBM", Resolution.MINUTE).symbol
        self.spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.window = self.get_parameter("window", 60)
        self.entry = self.get_parameter("entry", 2.0)
        self.exit = self.get_parameter("exit", 0.5)
        self.ratios: RollingWindow = RollingWindow[float](self.window)
        self.entries = 0

    def on_data(self, slice: Slice) -> None:
        if self.ibm not in slice.bars or self.spy not in slice.bars:
            return
        ratio = slice.bars[self.ibm].close / slice.bars[self.spy].close
        self.ratios.add(ratio)
        if not self.ratios.is_ready:
            return
        score = self.score(ratio)
        is_open = self.portfolio[self.ibm].invested
        if not is_open and abs(score) > self.entry:
            self.open_pair(-1 if score > 0 else 1, score)
        elif is_open and abs(score) < self.exit:
            self.liquidate(tag=f"score {score:.2f}")

    def score(self, ratio: float) -> float:
        """Return how many standard deviations a ratio lies from the mean of the window."""
        ratios = list(self.ratios)
        mean = sum(ratios) / len(ratios)
        deviation = math.sqrt(sum((value - mean) ** 2 for value in ratios) / len(ratios))
        return (ratio - mean) / deviation if deviation else 0.0

    def open_pair(self, side: int, score: float) -> None:
        """Put a third of the account into each leg; side 1 buys IBM and sells SPY."""
        amount = self.portfolio.total_portfolio_value / 3
        for symbol, sign in ((self.ibm, side), (self.spy, -side)):
            self.market_order(symbol, sign * int(amount / self.securities[symbol].price), tag=f"score {score:.2f}")
        self.entries += 1

    def on_end_of_algorithm(self) -> None:
        self.log(f"{self.entries} entries, value {self.portfolio.total_portfolio_value:.2f}")
