"""Bars that end by price instead of time: Renko bars of a brick size, range bars of a number of price steps."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from live.algorithm.data import TradeBar
from live.algorithm.enums import BarDirection, RenkoType
from live.algorithm.numbers import Number, to_decimal
from live.clock import datetime_to_ns


class RenkoBar(TradeBar):
    """A bar of one brick.

    Parameters:
        arguments: (symbol, time, brick_size, open, volume) for a bar that is still growing, or (symbol, start, end_time,
            brick_size, open, high, low, close) for a finished one with wicks.
    """

    def __init__(self, *arguments: Any) -> None:
        TradeBar.__init__(self)
        self.type = RenkoType.CLASSIC
        self.is_closed = False
        self.brick_size = 0.0
        if arguments:
            self.symbol = arguments[0]
            self.time_local_ns = self.end_local_ns = datetime_to_ns(arguments[1])
        if len(arguments) == _GROWING:
            _, _, brick_size, price, self.volume = arguments
            self.brick_size = float(brick_size)
            self.open = self.high = self.low = self.value = float(price)
        elif arguments:
            self.type = RenkoType.WICKED
            self.end_local_ns = datetime_to_ns(arguments[2])
            self.brick_size, self.open, self.high, self.low, self.value = map(float, arguments[3:])

    @property
    def start(self) -> datetime:
        """Start of the bar, in the exchange's time zone."""
        return self.time

    @property
    def direction(self) -> BarDirection:
        """Whether the bar rises or falls."""
        if self.open == self.value:
            return BarDirection.NO_DELTA
        return BarDirection.RISING if self.open < self.value else BarDirection.FALLING

    @property
    def spread(self) -> float:
        """Distance of open and close."""
        return float(abs(to_decimal(self.value) - to_decimal(self.open)))

    def clone(self) -> RenkoBar:
        """Return a copy."""
        bar = renko_bar(self.symbol, self.time_local_ns, self.end_local_ns, self.brick_size, self.type)
        bar.open, bar.high, bar.low, bar.value = self.open, self.high, self.low, self.value
        bar.volume, bar.is_closed = self.volume, self.is_closed
        return bar


_GROWING = 5


def renko_bar(symbol: Any, start_ns: int, end_ns: int, brick_size: float, kind: RenkoType) -> RenkoBar:
    """Return a bar without prices between two moments of exchange time, in nanoseconds of the wall clock."""
    bar = RenkoBar()
    bar.symbol = symbol
    bar.time_local_ns, bar.end_local_ns = start_ns, end_ns
    bar.brick_size, bar.type = brick_size, kind
    return bar


def grow_renko_bar(bar: RenkoBar, time_ns: int, price: Decimal, volume: float) -> None:
    """Add a price to a bar; it is closed once the price has gone a brick away from the open."""
    brick, opened = to_decimal(bar.brick_size), to_decimal(bar.open)
    bar.end_local_ns = time_ns
    lowest, highest = opened - brick, opened + brick
    bar.value = float(min(highest, max(lowest, price)))
    bar.volume += volume
    bar.is_closed = price <= lowest or price >= highest
    bar.high = max(bar.high, bar.value)
    bar.low = min(bar.low, bar.value)


class RangeBar(TradeBar):
    """A bar whose high and low lie at most a range apart. Its time is that of its first price, its end that of its newest.

    Parameters:
        symbol: its symbol.
        end_time: the moment of its newest price, in the exchange's time zone.
        range_size: largest distance of high and low.
        open: first price.
        high, low, close: further prices; the open when None.
        volume: traded quantity.
    """

    def __init__(
        self,
        symbol: Any = None,
        end_time: datetime | None = None,
        range_size: Number = 0,
        open: Number = 0,
        high: Number | None = None,
        low: Number | None = None,
        close: Number | None = None,
        volume: Number = 0,
    ) -> None:
        TradeBar.__init__(self)
        self.symbol = symbol
        if end_time is not None:
            self.time_local_ns = self.end_local_ns = datetime_to_ns(end_time)
        self.range_size = float(range_size)
        self.is_closed = False
        self.open = float(open)
        self.high = float(open if high is None else high)
        self.low = float(open if low is None else low)
        self.value = float(open if close is None else close)
        self.volume = float(volume)

    def clone(self) -> RangeBar:
        """Return a copy."""
        bar = RangeBar(self.symbol, None, self.range_size, self.open, self.high, self.low, self.value, self.volume)
        bar.time_local_ns, bar.end_local_ns, bar.is_closed = self.time_local_ns, self.end_local_ns, self.is_closed
        return bar


def grow_range_bar(bar: RangeBar, time_ns: int, price: Decimal, volume: float) -> None:
    """Add a price to a bar; one that lies more than the range away closes the bar at the range's edge.

    As in LEAN a price inside the range moves high and low, and the close stays at the open until the bar is closed.
    """
    size, high, low = to_decimal(bar.range_size), to_decimal(bar.high), to_decimal(bar.low)
    bar.end_local_ns = time_ns
    if price < low:
        if high - price > size:
            bar.is_closed = True
            bar.low = bar.value = float(high - size)
            return
        bar.low = float(price)
    elif price > high:
        if price - low > size:
            bar.is_closed = True
            bar.high = bar.value = float(low + size)
            return
        bar.high = float(price)
    bar.volume += volume
