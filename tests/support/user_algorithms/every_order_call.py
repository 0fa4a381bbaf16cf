"""Each order call once, in the ways that people write them: by position, by keyword, by ticker, by security."""

from AlgorithmImports import *


class EveryOrderCall(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 8)
        self.set_end_date(2013, 10, 9)
        self.set_cash(1_000_000)
        self.ibm = self.add_equity("IBM", Resolution.MINUTE)
        self.spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.tickets = []
        self.count = 0

    def on_data(self, data):
        self.count += 1
        calls = {
            5: lambda price: self.market_order(self.spy, 100),
            6: lambda price: self.market_order("SPY", quantity=-30, asynchronous=True, tag="by keyword"),
            7: lambda price: self.market_order(symbol=self.spy, quantity=10),
            8: lambda price: self.order(self.spy, 5),
            9: lambda price: self.buy("IBM", 20),
            10: lambda price: self.sell(self.ibm.symbol, 10),
            11: lambda price: self.limit_order(self.spy, 10, round(price * 0.999, 2), tag="limit"),
            12: lambda price: self.limit_order(self.spy, -10, limit_price=round(price * 1.0005, 2)),
            13: lambda price: self.stop_market_order(self.spy, -10, round(price * 0.999, 2), False, "stop"),
            14: lambda price: self.stop_limit_order(self.spy, -10, round(price * 0.9995, 2), round(price * 0.999, 2)),
            15: lambda price: self.stop_limit_order(
                self.spy, 10, stop_price=round(price * 1.0005, 2), limit_price=round(price * 1.001, 2)
            ),
            16: lambda price: self.limit_if_touched_order(self.spy, -10, round(price * 1.0002, 2), round(price, 2)),
            17: lambda price: self.trailing_stop_order(self.spy, -10, 0.002, True),
            18: lambda price: self.trailing_stop_order(self.spy, -10, round(price * 0.998, 2), 0.3, False),
            19: lambda price: self.market_on_close_order(self.spy, 15),
            20: lambda price: self.market_on_open_order(self.spy, 15),
            21: lambda price: self.set_holdings("IBM", 0.1, False, False, "by position"),
            22: lambda price: self.set_holdings(
                [PortfolioTarget(self.spy, 0.2), PortfolioTarget(self.ibm.symbol, 0.1)], True
            ),
            23: lambda price: self.market_order(self.spy, 0),
            24: lambda price: self.market_order(self.spy, 10, order_properties=self.day_order()),
            25: lambda price: self.limit_order(self.spy, 10, round(price * 0.9, 2), order_properties=self.day_order()),
            26: lambda price: self.limit_order(self.spy, 1000, round(price * 0.8, 2), tag="to cancel"),
            30: lambda price: self.transactions.cancel_open_orders(self.spy, "enough"),
            405: lambda price: self.liquidate("IBM"),
            406: lambda price: self.liquidate([self.spy], tag="list"),
            410: lambda price: self.set_holdings(self.spy, -0.1),
            415: lambda price: self.liquidate(tag="all"),
        }
        call = calls.get(self.count)
        if call is not None:
            answer = call(self.securities[self.spy].price)
            for ticket in answer if isinstance(answer, list) else [answer]:
                self.note(ticket)

    def day_order(self):
        properties = OrderProperties()
        properties.time_in_force = TimeInForce.DAY
        return properties

    def note(self, ticket):
        self.tickets.append(ticket)
        self.log(
            f"PROBE {self.count} {ticket.order_id} {ticket.order_type} {ticket.quantity} {ticket.status} "
            f"{ticket.tag!r} {ticket.average_fill_price:.4f}"
        )

    def on_end_of_algorithm(self):
        self.log(f"PROBE {[(each.order_id, str(each.status), each.quantity_filled) for each in self.tickets]}")
