"""Momentum on IBM ticks: passive entries with limit orders, exits with market orders.

Shows how an algorithm works on single trades and quotes: it reads `slice.ticks`, keeps averages of its own, follows
the best bid and ask, moves a resting limit order with `ticket.update`, cancels it when the signal has gone, and
counts fills in `on_order_event`. The dates are in LEAN's sample data and in the session that `lean-live` generates.

Runs in LEAN and in the embedded engine; needs ticks of IBM:
`lean-live dry-run algorithms/ibm_tick_momentum.py`.

Parameters: fast, slow (trades in the averages), threshold_bps, quantity, first_day, last_day (of October 2013).
"""

from AlgorithmImports import *

CLOSED = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.INVALID)


class IbmTickMomentum(QCAlgorithm):
    """Follows the trend of the last trades, one position at a time, long or short."""

    def initialize(self) -> None:
        self.set_start_date(2013, 10, self.get_parameter("first_day", 7))
        self.set_end_date(2013, 10, self.get_parameter("last_day", 8))
        self.set_cash(100_000)
        self.ibm = self.add_equity("IBM", Resolution.TICK, data_normalization_mode=DataNormalizationMode.RAW).symbol
        self.fast = ExponentialMovingAverage(self.get_parameter("fast", 40))
        self.slow = ExponentialMovingAverage(self.get_parameter("slow", 400))
        self.threshold = self.get_parameter("threshold_bps", 2.0) / 10_000
        self.quantity = self.get_parameter("quantity", 100)
        self.bid = 0.0
        self.ask = 0.0
        self.entry: OrderTicket | None = None
        self.fills = 0
        self.schedule.on(
            self.date_rules.every_day(self.ibm), self.time_rules.before_market_close(self.ibm, 5), self.end_session
        )

    def on_data(self, slice: Slice) -> None:
        if self.ibm not in slice.ticks:
            return
        traded = False
        for tick in slice.ticks[self.ibm]:
            if tick.tick_type == TickType.TRADE:
                self.fast.update(tick.end_time, tick.price)
                self.slow.update(tick.end_time, tick.price)
                traded = True
            else:
                self.bid = tick.bid_price or self.bid
                self.ask = tick.ask_price or self.ask
        if traded and self.slow.is_ready and 0 < self.bid < self.ask and self.in_session():
            self.decide(self.fast.current.value / self.slow.current.value - 1)

    def in_session(self) -> bool:
        """Tell whether it is early enough to open a position."""
        return (9, 45) <= (self.time.hour, self.time.minute) < (15, 50)

    def decide(self, momentum: float) -> None:
        """Enter with a limit order at our side of the book; leave with a market order when the trend turns."""
        held = self.portfolio[self.ibm].quantity
        if held:
            if momentum * held < 0:
                self.market_order(self.ibm, -held, tag="trend turned")
            return
        wanted = self.quantity if momentum > self.threshold else -self.quantity if momentum < -self.threshold else 0
        if self.entry is None or self.entry.status in CLOSED:
            if wanted:
                price = self.bid if wanted > 0 else self.ask
                self.entry = self.limit_order(self.ibm, wanted, price, tag=f"momentum {momentum * 10_000:.1f} bps")
            return
        if wanted * self.entry.quantity <= 0:
            self.entry.cancel("signal gone")
            return
        price = self.bid if wanted > 0 else self.ask
        if abs(price - self.entry.get(OrderField.LIMIT_PRICE)) >= 0.02:
            self.entry.update_limit_price(price)

    def end_session(self) -> None:
        """Hold nothing over night."""
        self.liquidate(self.ibm)

    def on_order_event(self, order_event: OrderEvent) -> None:
        if order_event.status == OrderStatus.FILLED:
            self.fills += 1
            self.debug(f"{order_event.symbol} {order_event.fill_quantity:+.0f} at {order_event.fill_price:.2f}")

    def on_end_of_algorithm(self) -> None:
        self.log(
            f"{self.fills} fills, fees {self.portfolio.total_fees:.2f}, "
            f"profit {self.portfolio.total_portfolio_value - 100_000:.2f}"
        )
