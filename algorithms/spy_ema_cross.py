"""Crossing averages on SPY minutes.

Shows indicators that the engine feeds (averages on five-minute bars by `register_indicator`, a range by `atr`), a warm-up
before the first day, a consolidator to five-minute bars, a plot, and market orders that go long or flat. The dates are
in LEAN's sample data and in the session that `lean-live` generates.

Runs in LEAN and in the embedded engine; needs minutes of SPY:
`lean-live dry-run algorithms/spy_ema_cross.py`.

Parameters: fast, slow (in five-minute bars).
"""

from AlgorithmImports import *


class SpyEmaCross(QCAlgorithm):
    """Long while the fast average lies above the slow one, flat otherwise."""

    def initialize(self) -> None:
        self.set_start_date(2013, 10, 8)
        self.set_end_date(2013, 10, 11)
        self.set_cash(100_000)
        self.spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        five_minutes = timedelta(minutes=5)
        self.fast = ExponentialMovingAverage(self.get_parameter("fast", 6))
        self.slow = ExponentialMovingAverage(self.get_parameter("slow", 24))
        for average in (self.fast, self.slow):
            self.register_indicator(self.spy, average, five_minutes)
        self.range = self.atr(self.spy, 14, MovingAverageType.WILDERS, Resolution.MINUTE)
        self.consolidate(self.spy, five_minutes, self.on_five_minutes)
        self.set_warm_up(timedelta(days=1))
        self.trades = 0

    def on_five_minutes(self, bar: TradeBar) -> None:
        """Decide at the end of each five-minute bar; the averages have taken it already."""
        if self.is_warming_up or not self.slow.is_ready:
            return
        gap = self.fast.current.value - self.slow.current.value
        self.plot("Averages", "Gap", gap)
        # A tenth of the usual range keeps the averages from crossing back and forth.
        margin = self.range.current.value / 10
        if gap > margin and not self.portfolio.invested:
            quantity = int(self.portfolio.total_portfolio_value * 0.9 / bar.close)
            self.market_order(self.spy, quantity, tag=f"fast above slow by {gap:.3f}")
        elif gap < -margin and self.portfolio.invested:
            self.liquidate(self.spy, tag=f"fast below slow by {-gap:.3f}")

    def on_order_event(self, order_event: OrderEvent) -> None:
        if order_event.status == OrderStatus.FILLED:
            self.trades += 1
            self.log(f"{self.time} {order_event.fill_quantity:+.0f} SPY at {order_event.fill_price:.2f}")

    def on_end_of_algorithm(self) -> None:
        self.log(f"{self.trades} fills, value {self.portfolio.total_portfolio_value:.2f}")
