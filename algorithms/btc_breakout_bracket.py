"""Breakout on BTCUSD minutes with a bracket: a stop order against the loss, a limit order for the gain.

Shows a market of 24 hours in UTC, indicators of highs and lows, a bracket whose orders cancel each other in
`on_order_event`, and an order tag that tells which is which. The default date is in LEAN's sample data; the session
that `lean-live` generates needs `--parameter first_day=2013-10-08`.

Parameters: first_day, days, window (minutes), risk (of the price, to the stop), reward (multiple of the risk), cash.
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
        self.gains = 0
        self.losses = 0

    def on_data(self, slice: Slice) -> None:
        if self.btc not in slice.bars:
            return
        bar = slice.bars[self.btc]
        if self.high.is_ready and not self.portfolio[self.btc].invested and not self.bracket:
            if bar.close > self.high.current.value:
                self.enter(self.quantity)
            elif bar.close < self.low.current.value:
                self.enter(-self.quantity)
        self.high.update(bar.end_time, bar.high)
        self.low.update(bar.end_time, bar.low)

    def enter(self, quantity: float) -> None:
        """Buy or sell at the market, and place both orders of the bracket from the price that was paid."""
        ticket = self.market_order(self.btc, quantity, tag="breakout")
        if ticket.status != OrderStatus.FILLED:
            return
        side = 1 if quantity > 0 else -1
        price = ticket.average_fill_price
        stop = round(price * (1 - side * self.risk), 2)
        target = round(price * (1 + side * self.risk * self.reward), 2)
        self.bracket = [
            self.stop_market_order(self.btc, -quantity, stop, tag="stop"),
            self.limit_order(self.btc, -quantity, target, tag="target"),
        ]

    def on_order_event(self, order_event: OrderEvent) -> None:
        filled = [ticket for ticket in self.bracket if ticket.order_id == order_event.order_id]
        if order_event.status != OrderStatus.FILLED or not filled:
            return
        others = [ticket for ticket in self.bracket if ticket.order_id != order_event.order_id]
        self.bracket = []
        for ticket in others:
            ticket.cancel("the other order of the bracket was filled")
        if filled[0].tag == "target":
            self.gains += 1
        else:
            self.losses += 1

    def on_end_of_algorithm(self) -> None:
        self.log(f"{self.gains} targets, {self.losses} stops, value {self.portfolio.total_portfolio_value:.2f}")
