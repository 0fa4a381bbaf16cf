"""Mistakes that LEAN forgives, or reports by a ticket or an exception that the algorithm handles."""

from AlgorithmImports import *


class Mistakes(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 8)
        self.set_end_date(2013, 10, 8)
        self.set_cash(10_000)
        self.ibm = self.add_equity("IBM", Resolution.MINUTE).symbol
        self.early = self.market_order(self.ibm, 10)
        self.count = 0

    def on_data(self, data):
        self.count += 1
        tries = {
            3: lambda: self.market_order(self.ibm, 0),
            4: lambda: self.market_order(self.ibm, 0.4),
            5: lambda: self.market_order(self.ibm, 100_000),
            6: lambda: self.market_order("SPY", 10),
            8: lambda: self.market_order(self.ibm, "ten"),
            9: lambda: self.market_order(self.ibm, None),
            10: lambda: self.market_on_open_order(self.ibm, 10),
            11: lambda: self.liquidate("SPY"),
            12: lambda: self.set_holdings(Symbol.create("SPY", SecurityType.EQUITY, Market.USA), 0.5),
            13: lambda: self.market_order(self.ibm, 10).cancel(),
            14: lambda: self.limit_order(self.ibm, 1, 1.0).update_limit_price(2.0),
            15: lambda: self.transactions.cancel_order(77),
            16: lambda: self.market_order(self.ibm, 10, "a tag in the wrong place"),
            17: lambda: self.limit_order(self.ibm, 10),
            18: lambda: self.portfolio["NONE"],
            19: lambda: self.set_holdings("SPY", 0.5),
            20: lambda: self.liquidate(Symbol.create("SPY", SecurityType.EQUITY, Market.USA)),
        }
        attempt = tries.get(self.count)
        if attempt is None:
            return
        try:
            answer = attempt()
        except Exception as error:
            self.log(f"PROBE {self.count} raised {type(error).__name__}")
        else:
            for each in answer if isinstance(answer, list) else [answer]:
                status = getattr(each, "status", None)
                code = (
                    each.submit_request.response.error_code if status is not None else getattr(each, "error_code", "")
                )
                self.log(f"PROBE {self.count} {status} {getattr(each, 'order_id', '')} {code}")

    def on_end_of_algorithm(self):
        self.log(f"PROBE {self.early.status} {self.early.order_id} {self.early.submit_request.response.error_code}")
