"""Breakout on BTCUSD minutes with a bracket: a stop order against the loss, a limit order for the gain.

Shows a market of 24 hours in UTC, indicators of highs and lows, a bracket whose orders follow partial fills
and cancel each other in `on_order_event`, an order tag that tells which is which, and leaving at once when one of
them is refused.

Runs in LEAN and in the embedded engine; needs minutes of BTCUSD. The default date is in LEAN's sample data; the session
that `lean-live` generates needs another one:
`lean-live dry-run algorithms/btc_breakout_bracket.py --parameter first_day=2013-10-08`.

Parameters: first_day, days, window (minutes), risk (of the price, to the stop), reward (multiple of the risk),
quantity, cash.
"""

from AlgorithmImports import *


class BtcBreakoutBracket(QCAlgorithm):
    """Buys a new high and sells a new low, and leaves with whichever order of the bracket is reached first."""

    def initialize(self) -> None:
        first = datetime.strptime(self.get_parameter("first_day", "2018-04-04"), "%Y-%m-%d")
        self.set_time_zone(TimeZones.UTC)
        self.set_start_date(first.year, first.month, first.day)
        last = first + timedelta(days=self.get_parameter("days", 2) - 1)
        self.set_end_date(last.year, last.month, last.day)
        self.set_cash(self.get_parameter("cash", 100_000))
        self.btc = self.add_crypto("BTCUSD", Resolution.MINUTE, Market.COINBASE).symbol
        window = self.get_parameter("window", 60)
        self.high = Maximum(window)
        self.low = Minimum(window)
        self.risk = self.get_parameter("risk", 0.004)
        self.reward = self.get_parameter("reward", 1.5)
        self.quantity = self.get_parameter("quantity", 1.0)
        self.bracket: list[OrderTicket] = []
        self.is_leaving = False
        self.gains = 0
        self.losses = 0

    def on_data(self, slice: Slice) -> None:
        if self.btc not in slice.bars:
            return
        bar = slice.bars[self.btc]
        if self.is_leaving:
            self.leave()
        if self.high.is_ready and not self.portfolio[self.btc].invested and not self.bracket:
            if bar.close > self.high.current.value:
                self.enter(self.quantity)
            elif bar.close < self.low.current.value:
                self.enter(-self.quantity)
        self.high.update(bar.end_time, bar.high)
        self.low.update(bar.end_time, bar.low)

    def enter(self, quantity: float) -> None:
        """Buy or sell at the market, unless an order is still on its way; its fills bring the bracket."""
        if not self.transactions.get_open_orders(self.btc):
            self.market_order(self.btc, quantity, tag="breakout")

    def on_order_event(self, order_event: OrderEvent) -> None:
        reached = [ticket for ticket in self.bracket if ticket.order_id == order_event.order_id]
        if reached and order_event.status in (OrderStatus.INVALID, OrderStatus.CANCELED):
            self.leave()
        if order_event.fill_quantity == 0:
            return
        if self.is_leaving:
            self.is_leaving = self.portfolio[self.btc].invested
            return
        if not reached or order_event.status != OrderStatus.FILLED:
            # The entry, or a part of either: the bracket goes with what is held.
            self.protect(self.portfolio[self.btc].quantity, reached)
            return
        others = [ticket for ticket in self.bracket if ticket.order_id != order_event.order_id]
        self.bracket = []
        for ticket in others:
            ticket.cancel("the other order of the bracket was filled")
        if reached[0].tag == "target":
            self.gains += 1
        else:
            self.losses += 1

    def protect(self, held: float, filling: list[OrderTicket]) -> None:
        """Place both orders of the bracket from the price that was paid, or bring them to the quantity that is held.

        An order that is being filled itself stays as it is: what is left of it is what is held.
        """
        for ticket in self.bracket:
            if ticket not in filling and ticket.quantity != -held:
                fields = UpdateOrderFields()
                fields.quantity = -held
                ticket.update(fields)
        if not self.bracket:
            side = 1 if held > 0 else -1
            price = self.portfolio[self.btc].average_price
            stop = round(price * (1 - side * self.risk), 2)
            target = round(price * (1 + side * self.risk * self.reward), 2)
            self.bracket = [
                self.stop_market_order(self.btc, -held, stop, tag="stop"),
                self.limit_order(self.btc, -held, target, tag="target"),
            ]
            if any(ticket.status == OrderStatus.INVALID for ticket in self.bracket):
                self.leave()

    def leave(self) -> None:
        """Hold nothing that has only half a bracket; while that does not succeed, every bar tries again."""
        tickets, self.bracket = self.bracket, []
        self.is_leaving = self.portfolio[self.btc].invested
        for ticket in tickets:
            if ticket.status not in (OrderStatus.INVALID, OrderStatus.CANCELED, OrderStatus.FILLED):
                ticket.cancel("the other order of the bracket was refused")
        if self.is_leaving and not self.transactions.get_open_orders(self.btc):
            self.liquidate(self.btc, tag="no bracket")

    def on_end_of_algorithm(self) -> None:
        self.log(f"{self.gains} targets, {self.losses} stops, value {self.portfolio.total_portfolio_value:.2f}")
