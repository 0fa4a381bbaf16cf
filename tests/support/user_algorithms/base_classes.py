"""A base class and a mixin of the user's, an order call and names of its own that LEAN has too, and super() everywhere."""

from AlgorithmImports import *


class Sized:
    def sized(self, symbol, share):
        return int(self.portfolio.total_portfolio_value * share / self.securities[symbol].price)


class Base(QCAlgorithm):
    started = 0

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.made = True
        self.orders_seen = []

    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 8)
        self.set_cash(100_000)

    def on_data(self, slice):
        self.started += 1

    def on_order_event(self, order_event):
        self.orders_seen.append(order_event.order_id)

    def market_order(self, symbol, quantity, *rest, **named):
        """A limit of the house."""
        return super().market_order(symbol, max(-300, min(300, quantity)), *rest, **named)


class Strategy(Base, Sized):
    """LEAN runs the algorithm that derives from the other."""

    def initialize(self):
        super().initialize()
        self.ibm = self.add_equity("IBM", Resolution.MINUTE).symbol
        self.consolidate(self.ibm, Resolution.HOUR, self.hourly)
        self.hours = 0

    @property
    def is_long(self):
        return self.portfolio[self.ibm].is_long

    def buy(self, share):
        """A name that LEAN has too, with other parameters."""
        return self.market_order(self.ibm, self.sized(self.ibm, share), tag="own buy")

    def hourly(self, bar):
        self.hours += 1
        if self.hours % 3 == 1:
            self.buy(0.9)
        elif self.is_long:
            self.market_order(self.ibm, -self.portfolio[self.ibm].quantity, asynchronous=False, tag="own sell")

    def on_data(self, slice):
        super().on_data(slice)

    def on_end_of_algorithm(self):
        super().on_end_of_algorithm()
        self.log(f"PROBE {self.made} {self.started} {self.hours} {self.orders_seen} {type(self).__mro__[-2].__name__}")
