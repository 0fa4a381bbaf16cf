"""History in initialize fills indicators and a rolling window by hand; weights go to what has risen, the rest is closed."""

from AlgorithmImports import *


class HistoryFirst(QCAlgorithm):
    tickers = ["IBM", "SPY"]

    def initialize(self):
        self.set_start_date(2013, 10, 9)
        self.set_end_date(2013, 10, 11)
        self.set_cash(100_000)
        self.returns = {}
        for ticker in self.tickers:
            symbol = self.add_equity(ticker, Resolution.MINUTE).symbol
            window = RollingWindow[float](10)
            for bar in self.history[TradeBar](symbol, 10, Resolution.DAILY):
                window.add(bar.close)
            self.returns[symbol] = window
        self.average = SimpleMovingAverage("own", 5)
        for bar in self.history[TradeBar](self.symbol("SPY"), 5, Resolution.DAILY):
            self.average.update(bar.end_time, bar.close)
        self.log(f"PROBE ready {self.average.is_ready} {self.average.current.value:.4f}")
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at(10, 30), self.choose)
        self.schedule.on(
            self.date_rules.every(DayOfWeek.FRIDAY), self.time_rules.before_market_close("SPY", 30), self.leave
        )

    def choose(self):
        scores = {
            symbol: window[0] / window[window.count - 1] for symbol, window in self.returns.items() if window.is_ready
        }
        best = max(scores, key=scores.get)
        tickets = self.set_holdings(best, 0.8, liquidate_existing_holdings=True, tag="best")
        self.log(f"PROBE {self.time} {best.value} {len(list(tickets))} {[str(each.status) for each in tickets]}")
        for symbol, window in self.returns.items():
            window.add(self.securities[symbol].price)

    def leave(self):
        self.set_holdings([PortfolioTarget(symbol, 0) for symbol in self.returns])
