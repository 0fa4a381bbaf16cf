"""Equity, forex and crypto together: warm-up, consolidators, indicators by helper, plots, a list of what was added."""

from AlgorithmImports import *


class AssetClasses(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 8)
        self.set_end_date(2013, 10, 9)
        self.set_cash(200_000)
        self.universe_settings.resolution = Resolution.MINUTE
        self.settings.free_portfolio_value_percentage = 0.05
        securities = [
            self.add_equity("IBM", Resolution.MINUTE),
            self.add_forex("EURUSD", Resolution.MINUTE, Market.OANDA),
            self.add_crypto("BTCUSD", Resolution.MINUTE, Market.COINBASE),
        ]
        securities[0].set_leverage(2)
        securities[1].set_slippage_model(ConstantSlippageModel(0.0001))
        self.symbols = [each.symbol for each in securities]
        self.strengths = {
            each: self.rsi(each, 14, MovingAverageType.WILDERS, Resolution.MINUTE) for each in self.symbols
        }
        self.bands = {each: self.bb(each, 20, 2) for each in self.symbols}
        for each in self.symbols:
            self.consolidate(each, timedelta(minutes=30), self.on_half_hour)
        self.set_warm_up(timedelta(hours=6))
        self.added = []
        self.bars = 0
        self.warm_bars = 0

    def on_securities_changed(self, changes):
        self.added += [each.symbol.value for each in changes.added_securities]

    def on_half_hour(self, bar):
        self.bars += 1
        if self.is_warming_up:
            self.warm_bars += 1
            return
        strength = self.strengths[bar.symbol]
        if not strength.is_ready:
            return
        self.plot("RSI", bar.symbol.value, strength.current.value)
        held = self.portfolio[bar.symbol]
        if strength.current.value < 42 and held.quantity <= 0:
            self.set_holdings(bar.symbol, 0.2)
        elif strength.current.value > 58 and held.invested:
            self.liquidate(bar.symbol, tag="strong")

    def on_end_of_day(self, symbol):
        self.log(f"PROBE day {symbol} {self.portfolio.total_portfolio_value:.4f}")

    def on_end_of_algorithm(self):
        middle = [round(each.middle_band.current.value, 4) for each in self.bands.values()]
        self.log(f"PROBE {sorted(self.added)} {self.bars} {self.warm_bars} {middle}")
