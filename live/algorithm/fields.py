"""`Field`: what of a data point an indicator is fed with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from live.algorithm.data import BaseData, QuoteBar, Tick, TradeBar

_BARS = (TradeBar, QuoteBar)


def _of_bar(compute: Callable[[Any], float]) -> Callable[[BaseData], float]:
    """Return a selector of bars; of anything else it takes the value."""
    return lambda data: compute(data) if isinstance(data, _BARS) else data.value


def _of_side(side: str, price: str) -> Callable[[BaseData], float]:
    """Return a selector of one side of quote bars; of anything else it takes the value."""

    def select(data: BaseData) -> float:
        bar = getattr(data, side) if isinstance(data, QuoteBar) else None
        return data.value if bar is None else float(getattr(bar, price))

    return select


def _quote_price(side: str) -> Callable[[BaseData], float]:
    """Return a selector of a tick's bid or ask, or of the close of a quote bar's side."""
    of_bar = _of_side(side, "close")
    return lambda data: float(getattr(data, f"{side}_price")) if isinstance(data, Tick) else of_bar(data)


def _volume(data: BaseData) -> float:
    if isinstance(data, TradeBar):
        return data.volume
    return data.quantity if isinstance(data, Tick) else data.value


class Field:
    """Selectors for indicators: `self.sma(symbol, 20, Resolution.DAILY, Field.HIGH)`.

    Of data that do not have the field, its value is taken, as in LEAN.
    """

    OPEN = Open = staticmethod(_of_bar(lambda bar: bar.open))
    HIGH = High = staticmethod(_of_bar(lambda bar: bar.high))
    LOW = Low = staticmethod(_of_bar(lambda bar: bar.low))
    CLOSE = Close = staticmethod(lambda data: data.value)
    AVERAGE = Average = staticmethod(_of_bar(lambda bar: (bar.open + bar.high + bar.low + bar.close) / 4.0))
    MEDIAN = Median = staticmethod(_of_bar(lambda bar: (bar.high + bar.low) / 2.0))
    TYPICAL = Typical = staticmethod(_of_bar(lambda bar: (bar.high + bar.low + bar.close) / 3.0))
    WEIGHTED = Weighted = staticmethod(_of_bar(lambda bar: (bar.high + bar.low + 2.0 * bar.close) / 4.0))
    SEVEN_BAR = SevenBar = staticmethod(
        _of_bar(lambda bar: (2.0 * bar.open + bar.high + bar.low + 3.0 * bar.close) / 7.0)
    )
    VOLUME = Volume = staticmethod(_volume)
    BID_OPEN = BidOpen = staticmethod(_of_side("bid", "open"))
    BID_HIGH = BidHigh = staticmethod(_of_side("bid", "high"))
    BID_LOW = BidLow = staticmethod(_of_side("bid", "low"))
    BID_CLOSE = BidClose = staticmethod(_of_side("bid", "close"))
    ASK_OPEN = AskOpen = staticmethod(_of_side("ask", "open"))
    ASK_HIGH = AskHigh = staticmethod(_of_side("ask", "high"))
    ASK_LOW = AskLow = staticmethod(_of_side("ask", "low"))
    ASK_CLOSE = AskClose = staticmethod(_of_side("ask", "close"))
    BID_PRICE = BidPrice = staticmethod(_quote_price("bid"))
    ASK_PRICE = AskPrice = staticmethod(_quote_price("ask"))


_QUOTE_FIELDS = tuple(
    getattr(Field, f"{side}_{price}") for side in ("BID", "ASK") for price in ("OPEN", "HIGH", "LOW", "CLOSE", "PRICE")
)


def data_type_of(selector: Any) -> type[BaseData] | None:
    """Return the kind of data that a selector of `Field` needs; None when it takes any."""
    if selector in _QUOTE_FIELDS:
        return QuoteBar
    return TradeBar if selector is Field.VOLUME else None
