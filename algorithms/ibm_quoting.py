"""Quotes on both sides of IBM: limit orders around the middle of the book, replaced when it moves, within an inventory limit.

Shows `LiveAlgorithm`: every tick by itself, orders by `submit` and `cancel` with handles, at most one order per side.
An order that has to move is cancelled first, and its successor is sent only when the cancellation has come back, so that
a side never rests twice. Inventory moves both prices against it (`skew`), and at the limit the side that would add to it
is silent. Inventory counts what was filled, so partial fills need no rule of their own. Nothing is held over night.

What LEAN's fill rules mean for it: a resting limit order fills whole when the market trades through its price; nobody
stands before it in a queue, and the size of the trade does not matter. So the fills here are more and larger than an
exchange would give, and nothing is earned by being first. Take the result as a test of the order handling, not of profit.

Needs ticks of IBM from 2013-10-07; they are in LEAN's sample data and in the session that `lean-live` generates. Runs in
the embedded engine: `lean-live dry-run algorithms/ibm_quoting.py --parameter quantity=200`.

Parameters: quantity (of an order), inventory (most shares held, long or short), edge (cents from the middle), requote
(cents that a price must be off before it is replaced), skew (cents per `quantity` held), last_day (of October 2013).
"""

from AlgorithmImports import *

NONE = -1
"""Handle of a side without an order."""
OVER = 6
"""State of an order that is over, see docs/live-algorithm.md."""


class IbmQuoting(LiveAlgorithm):
    """Buys below and sells above the middle of the book."""

    def initialize(self) -> None:
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, self.get_parameter("last_day", 7))
        self.set_cash(100_000)
        self.ibm = self.add_equity("IBM", Resolution.TICK, data_normalization_mode=DataNormalizationMode.RAW).symbol
        self.quantity = self.get_parameter("quantity", 100)
        self.inventory_limit = self.get_parameter("inventory", 300)
        self.edge = self.get_parameter("edge", 4)
        self.requote = self.get_parameter("requote", 3)
        self.skew = self.get_parameter("skew", 2)
        self.bid = 0.0
        self.ask = 0.0
        self.inventory = 0
        self.fills = 0
        self.is_quoting = False
        # By side: 1 buys, -1 sells.
        self.handles = {1: NONE, -1: NONE}
        self.prices = {1: 0.0, -1: 0.0}
        every_day = self.date_rules.every_day(self.ibm)
        self.schedule.on(every_day, self.time_rules.after_market_open(self.ibm, 15), self.begin_session)
        self.schedule.on(every_day, self.time_rules.before_market_close(self.ibm, 10), self.end_session)

    def begin_session(self) -> None:
        """Quote once the opening is over."""
        self.is_quoting = True

    def end_session(self) -> None:
        """Take the quotes back and hold nothing over night; quantities that are still in the market go first."""
        self.is_quoting = False
        for side in (1, -1):
            self.withdraw(side)
        self.liquidate(self.ibm, tag="end of the session")

    def on_tick(self, tick) -> None:
        if tick.is_trade:
            return
        self.bid = tick.bid_price or self.bid
        self.ask = tick.ask_price or self.ask
        # The handle of an order that is over is never given to another, so it is over for good.
        for side in (1, -1):
            if self.handles[side] != NONE and self.order_state(self.handles[side]) == OVER:
                self.handles[side] = NONE
        if self.is_quoting and 0 < self.bid < self.ask:
            for side in (1, -1):
                self.follow(side)

    def follow(self, side: int) -> None:
        """Bring the order of a side to where it belongs."""
        price = self.price_of(side)
        if self.handles[side] == NONE:
            if self.has_room(side):
                self.prices[side] = price
                # A refusal of the risk gate is a negative number; the next quote tries again.
                self.handles[side] = max(self.submit(self.ibm, side * self.quantity, price), NONE)
        elif not self.has_room(side) or abs(price - self.prices[side]) * 100 >= self.requote:
            self.withdraw(side)

    def has_room(self, side: int) -> bool:
        """Tell whether a fill of a side keeps the inventory within its limit."""
        return side * self.inventory + self.quantity <= self.inventory_limit

    def price_of(self, side: int) -> float:
        """Return the price of a side: the edge away from the middle, and lower the more is held."""
        middle = (self.bid + self.ask) / 2
        lean = self.skew * self.inventory / self.quantity
        return round(middle - (side * self.edge + lean) / 100, 2)

    def withdraw(self, side: int) -> None:
        """Ask for the cancellation of a side's order; its handle stays until the order is over."""
        if self.handles[side] != NONE:
            self.cancel(self.handles[side])

    def on_order_event(self, order_event: OrderEvent) -> None:
        if order_event.fill_quantity:
            self.inventory += int(order_event.fill_quantity)
            self.fills += 1

    def on_end_of_algorithm(self) -> None:
        self.log(
            f"{self.fills} fills, inventory {self.inventory}, fees {self.portfolio.total_fees:.2f}, "
            f"profit {self.portfolio.total_portfolio_value - 100_000:.2f}"
        )
