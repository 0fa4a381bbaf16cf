"""An algorithm of the older style: PascalCase everywhere, settings as class attributes."""

from clr import AddReference

AddReference("QuantConnect.Algorithm")
from AlgorithmImports import *
from QuantConnect.Algorithm import QCAlgorithm
from QuantConnect.Orders import OrderStatus


class PascalCaseCrossing(QCAlgorithm):
    Ticker = "SPY"
    Share = 0.5
    filled = []

    def Initialize(self):
        self.SetStartDate(2013, 10, 8)
        self.SetEndDate(2013, 10, 9)
        self.SetCash(50000)
        self.SetBrokerageModel(BrokerageName.InteractiveBrokersBrokerage, AccountType.Margin)
        self.spy = self.AddEquity(self.Ticker, Resolution.Minute)
        self.spy.SetDataNormalizationMode(DataNormalizationMode.Raw)
        self.fast = self.EMA(self.Ticker, 5, Resolution.Minute)
        self.slow = self.SMA(self.Ticker, 20, Resolution.Minute)
        self.SetWarmUp(30, Resolution.Minute)
        self.Schedule.On(
            self.DateRules.EveryDay(self.Ticker), self.TimeRules.BeforeMarketClose(self.Ticker, 10), self.Flatten
        )
        self.finished = None

    def OnWarmupFinished(self):
        self.finished = self.Time

    def OnData(self, data):
        if self.IsWarmingUp or not self.slow.IsReady or not data.ContainsKey(self.Ticker):
            return
        bar = data[self.Ticker]
        if bar is None or bar.EndTime.hour == 15 and bar.EndTime.minute > 45:
            return
        if self.fast.Current.Value > self.slow.Current.Value and not self.Portfolio.Invested:
            self.SetHoldings(self.Ticker, self.Share)
        elif self.fast.Current.Value < self.slow.Current.Value and self.Portfolio[self.Ticker].IsLong:
            self.Liquidate(self.Ticker)

    def Flatten(self):
        self.Liquidate()

    def OnOrderEvent(self, orderEvent):
        if orderEvent.Status == OrderStatus.Filled:
            self.filled.append(orderEvent.OrderId)
            self.Debug(f"{self.Time} {orderEvent}")

    def OnEndOfAlgorithm(self):
        self.Log(f"PROBE {self.finished} fills {len(self.filled)} value {self.Portfolio.TotalPortfolioValue:.4f}")
