"""Consolidators of Renko and range bars. No clock ends their bars; only prices do.

Prices are added and compared as decimals, so that a brick of 0.1 is exactly that.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any, Generic, TypeVar

from live.algorithm.consolidators.base import DataConsolidator
from live.algorithm.consolidators.price_bars import (
    RangeBar,
    RenkoBar,
    grow_range_bar,
    grow_renko_bar,
    renko_bar,
)
from live.algorithm.data import BaseData, Tick, TradeBar
from live.algorithm.enums import BarDirection, RenkoType
from live.algorithm.numbers import ZERO, Number, to_decimal
from live.errors import UsageError

Selector = Callable[[Any], Number] | None
PriceBar = TypeVar("PriceBar", RenkoBar, RangeBar)


class BaseTimelessConsolidator(DataConsolidator, Generic[PriceBar]):
    """Base of consolidators that grow one bar until a price ends it.

    Parameters:
        selector: the price of a data point; its value when None.
        volume_selector: the volume of a data point; that of a trade bar or trade tick when None.
    """

    def __init__(self, selector: Selector = None, volume_selector: Selector = None) -> None:
        super().__init__()
        self._selector = selector
        self._volume_selector = volume_selector
        self._bar: PriceBar | None = None

    @property
    def working_data(self) -> PriceBar | None:
        """A copy of the bar that is being made."""
        return None if self._bar is None else self._bar.clone()

    def update(self, data: BaseData) -> None:
        """Take a data point. One that ends a bar also begins the next."""
        price = to_decimal(data.value if self._selector is None else self._selector(data))
        volume = _volume_of(data) if self._volume_selector is None else float(self._volume_selector(data))
        if self._bar is not None:
            self.grow(self._bar, data, price, volume)
        if self._bar is None:
            self._bar = self.begin(data, price, volume)

    def begin(self, data: BaseData, price: Decimal, volume: float) -> PriceBar:
        """Return a new bar."""
        raise NotImplementedError

    def grow(self, bar: PriceBar, data: BaseData, price: Decimal, volume: float) -> None:
        """Add a price to the bar, and hand it over when it ends."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget all data."""
        super().reset()
        self._bar = None


class ClassicRenkoConsolidator(BaseTimelessConsolidator[RenkoBar]):
    """Renko bars of which a price ends one at most.

    Parameters:
        bar_size: height of a bar.
        selector: the price of a data point, or whether bars lie on multiples of their height (even_bars).
        volume_selector: the volume of a data point.
        even_bars: whether the first bar opens at a multiple of the height, rounded up.

    Raises:
        UsageError: the height is not positive.
    """

    output_type = RenkoBar
    type = RenkoType.CLASSIC

    def __init__(
        self,
        bar_size: Number,
        selector: Selector | bool = None,
        volume_selector: Selector = None,
        even_bars: bool = True,
    ) -> None:
        is_even_bars = isinstance(selector, bool)
        super().__init__(None if isinstance(selector, bool) else selector, volume_selector)
        self._bar_size = _positive("ClassicRenkoConsolidator", bar_size)
        self._even_bars = bool(selector) if is_even_bars else even_bars
        self._last_close: float | None = None

    def begin(self, data: BaseData, price: Decimal, volume: float) -> RenkoBar:
        """Return a new bar that opens at the close of the one before."""
        opened = price if self._last_close is None else to_decimal(self._last_close)
        if self._even_bars and self._last_close is None:
            opened = _multiple(opened, self._bar_size, ROUND_CEILING)
        start_ns = data.time_local_ns
        bar = renko_bar(data.symbol, start_ns, start_ns, float(self._bar_size), RenkoType.CLASSIC)
        bar.open = bar.high = bar.low = bar.value = float(opened)
        bar.volume = volume
        return bar

    def grow(self, bar: RenkoBar, data: BaseData, price: Decimal, volume: float) -> None:
        """Add a price to the bar."""
        grow_renko_bar(bar, data.time_local_ns, price, volume)
        if bar.is_closed:
            self._last_close = bar.value
            self.emit(bar)
            self._bar = None

    def reset(self) -> None:
        """Forget all data."""
        super().reset()
        self._last_close = None


class RenkoConsolidator(DataConsolidator):
    """Renko bars with wicks: a price ends as many bars as fit between it and the last one.

    A bar in the other direction needs two heights, and begins at the open of the last bar. `working_data` is the newest
    finished bar, as in LEAN.

    Parameters:
        bar_size: height of a bar.

    Raises:
        UsageError: the height is not positive.
    """

    output_type = RenkoBar
    type = RenkoType.WICKED

    def __init__(self, bar_size: Number) -> None:
        super().__init__()
        self._bar_size = _positive("RenkoConsolidator", bar_size)
        self._open_ns: int | None = None
        self._open = self._high = self._low = ZERO
        self._last: RenkoBar | None = None

    @property
    def working_data(self) -> RenkoBar | None:
        """A copy of the newest finished bar."""
        return None if self._last is None else self._last.clone()

    @staticmethod
    def get_closest_multiple(price: Number, bar_size: Number) -> float:
        """Return the multiple of a height that lies next to a price."""
        return float(_multiple(to_decimal(price), to_decimal(bar_size), ROUND_HALF_EVEN))

    def update(self, data: BaseData) -> None:
        """Take a data point; the first one only fixes the grid."""
        price = to_decimal(data.price)
        if self._open_ns is None:
            self._open_ns = data.time_local_ns
            size = self._bar_size
            whole = _multiple(price, size, ROUND_FLOOR)
            self._open = self._high = self._low = whole + _multiple(price - whole, size, ROUND_HALF_EVEN)
            return
        self._high = max(self._high, price)
        self._low = min(self._low, price)
        if price != self._open:
            self._move(data, price, 1 if price > self._open else -1)

    def _move(self, data: BaseData, price: Decimal, sign: int) -> None:
        """Finish the bars between the open and a price that lies above (sign 1) or below (sign -1) of it."""
        last = self._last
        same_direction = BarDirection.RISING if sign > 0 else BarDirection.FALLING
        if last is not None and last.direction is not same_direction:
            limit = to_decimal(last.open) + sign * self._bar_size
            if (price - limit) * sign <= 0:
                return
            self._finish(data, to_decimal(last.open), limit, sign)
        limit = self._open + sign * self._bar_size
        while (price - limit) * sign > 0:
            self._finish(data, self._open, limit, sign)
            limit = self._open + sign * self._bar_size

    def _finish(self, data: BaseData, opened: Decimal, limit: Decimal, sign: int) -> None:
        assert self._open_ns is not None
        bar = renko_bar(data.symbol, self._open_ns, data.time_local_ns, float(self._bar_size), RenkoType.WICKED)
        high, low = (limit, self._low) if sign > 0 else (self._high, limit)
        bar.open, bar.high, bar.low, bar.value = float(opened), float(high), float(low), float(limit)
        self.emit(bar)
        self._last = bar
        self._open_ns = data.time_local_ns
        self._open = limit
        if sign > 0:
            self._low = limit
        else:
            self._high = limit

    def reset(self) -> None:
        """Forget all data."""
        super().reset()
        self._open_ns = None
        self._open = self._high = self._low = ZERO
        self._last = None


class WickedRenkoConsolidator(RenkoConsolidator):
    """Another name of RenkoConsolidator."""


class RangeConsolidator(BaseTimelessConsolidator[RangeBar]):
    """Bars whose high and low lie at most a number of price steps apart; prices beyond make empty bars in between.

    The step is the symbol's minimum price variation, which is known once the consolidator was added to a symbol.

    Parameters:
        range: steps between high and low.
        selector: the price of a data point; its value when None.
        volume_selector: the volume of a data point; that of a trade bar or trade tick when None.
    """

    output_type = RangeBar

    def __init__(self, range: int, selector: Selector = None, volume_selector: Selector = None) -> None:
        super().__init__(selector, volume_selector)
        self.range = range
        self._step: Decimal | None = None
        self._is_first = True

    @property
    def range_size(self) -> float:
        """Largest distance of high and low; 0 before the first data."""
        return 0.0 if self._is_first or self._step is None else float(self._size)

    @property
    def _size(self) -> Decimal:
        assert self._step is not None
        return self._step * self.range

    def prepare(self, minimum_price_variation: Decimal) -> None:
        """Take the symbol's step of prices."""
        self._step = minimum_price_variation

    def begin(self, data: BaseData, price: Decimal, volume: float) -> RangeBar:
        """Return a new bar; the first one opens at a multiple of the range, rounded up.

        Raises:
            UsageError: the symbol's step of prices is not known.
        """
        if self._step is None:
            raise UsageError(
                "RangeConsolidator needs the symbol's price step: add it with "
                "subscription_manager.add_consolidator(symbol, consolidator) before it is updated"
            )
        if self._is_first:
            self._is_first = False
            price = _multiple(price, self._size, ROUND_CEILING)
        return self._new_bar(data, price, volume)

    def grow(self, bar: RangeBar, data: BaseData, price: Decimal, volume: float) -> None:
        """Add a price to the bar; as many bars end as lie between it and the price."""
        assert self._step is not None
        is_rising = price > to_decimal(bar.high)
        grow_range_bar(bar, data.time_local_ns, price, volume)
        while bar.is_closed:
            self.emit(bar)
            edge = to_decimal(bar.high) + self._step if is_rising else to_decimal(bar.low) - self._step
            self._bar = bar = self._new_bar(data, edge, 0.0)
            is_between = abs(to_decimal(bar.low) - price) > self._size
            grow_range_bar(bar, data.time_local_ns, price, 0.0 if is_between else volume)

    def _new_bar(self, data: BaseData, price: Decimal, volume: float) -> RangeBar:
        bar = RangeBar(data.symbol, None, self._size, price, volume=volume)
        bar.time_local_ns = bar.end_local_ns = data.time_local_ns
        return bar

    def reset(self) -> None:
        """Forget all data."""
        super().reset()
        self._is_first = True


def _positive(owner: str, size: Number) -> Decimal:
    exact = to_decimal(size)
    if exact <= ZERO:
        raise UsageError(f"{owner}: a bar size of {size} is not positive; use the height of a bar in the price's unit")
    return exact


def _multiple(price: Decimal, size: Decimal, rounding: str) -> Decimal:
    return (price / size).to_integral_value(rounding=rounding) * size


def _volume_of(data: BaseData) -> float:
    if isinstance(data, TradeBar):
        return data.volume
    return data.quantity if isinstance(data, Tick) else 0.0
