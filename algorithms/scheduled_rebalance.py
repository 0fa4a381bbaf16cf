"""Scheduled weights: IBM and SPY by momentum, three times a day.

Shows scheduled events (after the open, at a time of day, before the close), `history`, and `set_holdings` with
portfolio targets, which sells before it buys. The dates are in LEAN's sample data and in the session that `lean-live`
generates.

Runs in LEAN and in the embedded engine; needs minutes and days of IBM and SPY:
`lean-live dry-run algorithms/scheduled_rebalance.py`.

Parameters: days (of daily history that decide the weights), invested (share of the account).
"""

from AlgorithmImports import *


class ScheduledRebalance(QCAlgorithm):
    """Gives the symbol that has risen more the larger weight."""

    def initialize(self) -> None:
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 11)
        self.set_cash(100_000)
        self.symbols = [self.add_equity(ticker, Resolution.MINUTE).symbol for ticker in ("IBM", "SPY")]
        self.days = self.get_parameter("days", 10)
        self.invested_share = self.get_parameter("invested", 0.9)
        every_day = self.date_rules.every_day("SPY")
        self.schedule.on(every_day, self.time_rules.after_market_open("SPY", 30), self.rebalance)
        self.schedule.on(every_day, self.time_rules.at(13, 0), self.rebalance)
        self.schedule.on(every_day, self.time_rules.before_market_close("SPY", 15), self.reduce)

    def rebalance(self) -> None:
        """Set weights of 2:1 in favour of the stronger symbol."""
        changes = {symbol: self.change(symbol) for symbol in self.symbols}
        ranked = sorted(self.symbols, key=lambda symbol: changes[symbol], reverse=True)
        shares = (self.invested_share * 2 / 3, self.invested_share / 3)
        self.set_holdings([PortfolioTarget(symbol, share) for symbol, share in zip(ranked, shares, strict=True)])
        self.log(f"{self.time} " + ", ".join(f"{symbol.value} {changes[symbol]:+.2%}" for symbol in ranked))

    def change(self, symbol: Symbol) -> float:
        """Return how much a symbol has risen since the first of the last daily closes."""
        bars = list(self.history[TradeBar](symbol, self.days, Resolution.DAILY))
        return self.securities[symbol].price / bars[0].close - 1 if bars else 0.0

    def reduce(self) -> None:
        """Halve what is held over night; go flat before the weekend."""
        if self.time.weekday() == 4:
            self.liquidate()
            return
        value = self.portfolio.total_portfolio_value
        weights = [(symbol, self.portfolio[symbol].holdings_value / value / 2) for symbol in self.symbols]
        self.set_holdings([PortfolioTarget(symbol, weight) for symbol, weight in weights])

    def on_end_of_algorithm(self) -> None:
        self.log(f"{self.transactions.orders_count} orders, value {self.portfolio.total_portfolio_value:.2f}")
