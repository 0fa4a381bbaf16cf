from dataclasses import dataclass, field

from AlgorithmImports import *


@dataclass
class Levels:
    high: float = 0.0
    low: float = float("inf")
    seen: list = field(default_factory=list)

    def take(self, bar):
        self.high, self.low = max(self.high, bar.high), min(self.low, bar.low)
        self.seen.append(bar.end_time)


class Breakout:
    """Follows one symbol by a consolidator of its own."""

    def __init__(self, algorithm: QCAlgorithm, symbol: Symbol, minutes: int):
        self.algorithm = algorithm
        self.symbol = symbol
        self.levels = Levels()
        self.wants = 0
        self.bars = 0
        consolidator = TradeBarConsolidator(timedelta(minutes=minutes))
        consolidator.data_consolidated += self.on_bar
        algorithm.subscription_manager.add_consolidator(symbol, consolidator)

    def on_bar(self, sender, bar):
        self.bars += 1
        if self.bars > 2:
            if bar.close > self.levels.high:
                self.wants = 1
            elif bar.close < self.levels.low:
                self.wants = -1
        self.levels.take(bar)

    def __str__(self):
        return f"{self.symbol.value} {self.wants:+d}"
