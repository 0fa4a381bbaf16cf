"""Consolidation by time, by count and by calendar.

A bar is finished by the first data that begin at or after its end, or by the clock.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Generic, TypeVar

from live.algorithm.consolidators.base import DataConsolidator
from live.algorithm.consolidators.schedule import bar_schedule, length_text
from live.algorithm.data import Bar, BaseData, QuoteBar, Tick, TradeBar, make_quote_bar, make_trade_bar
from live.algorithm.enums import Resolution
from live.algorithm.indicators.base import local_ns as wall_ns
from live.clock import NANOSECONDS_PER_DAY
from live.errors import UsageError

_NEVER_NS = -(1 << 63)
_HOUR_NS = 3_600_000_000_000
WorkingBar = TypeVar("WorkingBar", TradeBar, QuoteBar)


class PeriodCountConsolidator(DataConsolidator, Generic[WorkingBar]):
    """Base of consolidators by period, count, both, or calendar.

    Parameters:
        rule: a timedelta, a number of data points, or a calendar: a function from a datetime to CalendarInfo.
        period: with a number, a period that finishes a bar too; with a timedelta, the time of day at which bars begin.
    """

    def __init__(self, rule: Any, period: timedelta | None = None) -> None:
        super().__init__()
        self._schedule, self._count_max = bar_schedule(type(self).__name__, rule, period)
        self._period_ns = self._schedule.period_ns
        self._bar: WorkingBar | None = None
        self._count = 0
        self._last_emit_ns: int | None = None
        self._symbol: Any = None
        self._is_length_checked = not self._schedule.is_fixed

    @classmethod
    def from_resolution(cls, resolution: Resolution) -> Any:
        """Return a consolidator of a resolution's bars."""
        return cls(resolution.to_time_span())

    FromResolution = from_resolution

    @property
    def working_data(self) -> BaseData | None:
        """The bar that is being made."""
        return self._bar

    @property
    def working_bar(self) -> WorkingBar | None:
        """The bar that is being made."""
        return self._bar

    def should_process(self, data: BaseData) -> bool:
        """Tell whether a data point counts."""
        return True

    def begin(self, data: BaseData, start_ns: int, end_ns: int) -> WorkingBar:
        """Return a new working bar with its first data point."""
        raise NotImplementedError

    def extend(self, bar: WorkingBar, data: BaseData) -> None:
        """Add a data point to the working bar."""
        raise NotImplementedError

    def update(self, data: BaseData) -> None:
        """Take a data point.

        By period, a bar that ended before the data begin is finished first; by count, the data are added first.

        Raises:
            UsageError: the data are of another symbol than before, or longer than the period.
        """
        self._check(data)
        if not self.should_process(data):
            return
        if not self._is_length_checked:
            self._check_length(data)
        if self._last_emit_ns is None:
            self._last_emit_ns = _NEVER_NS if self._count_max is None else data.time_local_ns
        is_finished = self._is_over(data)
        adds_first = self._period_ns == 0
        if self._count_max is not None:
            adds_first = True
            self._count += 1
            if self._count >= self._count_max:
                self._count = 0
                is_finished = True
        if adds_first:
            self._add(data)
        if is_finished or self._period_ns == 0:
            self._finish(data)
        if not adds_first:
            self._add(data)

    def scan(self, current_local_time: Any) -> None:
        """Let a moment of exchange time finish the working bar."""
        local_ns = wall_ns(current_local_time)
        bar, period_ns = self._bar, self._period_ns
        if bar is None or not period_ns or local_ns - bar.time_local_ns < period_ns:
            return
        assert self._last_emit_ns is not None
        if self._start_ns(local_ns) > self._last_emit_ns:
            self._last_emit_ns = bar.end_local_ns
            self._hand_over(bar)

    def reset(self) -> None:
        """Forget all data; handlers stay."""
        super().reset()
        self._bar = None
        self._count = 0
        self._last_emit_ns = None
        self._symbol = None
        self._is_length_checked = not self._schedule.is_fixed

    def _check(self, data: BaseData) -> None:
        symbol = data.symbol
        if symbol is self._symbol:
            return
        if self._symbol is None:
            self._symbol = symbol
        elif symbol != self._symbol:
            raise UsageError(
                f"a consolidator takes one symbol: it has had data of {self._symbol} and got {symbol}; "
                "make another one for the other symbol"
            )

    def _check_length(self, data: BaseData) -> None:
        """Refuse to make short bars of long ones; the first data point decides."""
        self._is_length_checked = True
        length_ns = data.end_local_ns - data.time_local_ns
        if length_ns > (self._period_ns or 0):
            raise UsageError(
                f"{data.symbol}: bars of {length_text(self._period_ns or 0)} cannot be made of data of "
                f"{length_text(length_ns)}; subscribe with a finer resolution"
            )

    def _is_over(self, data: BaseData) -> bool:
        """Tell whether the working bar's period had passed when the data began."""
        bar, period_ns = self._bar, self._period_ns
        if bar is None or period_ns is None or data.time_local_ns - bar.time_local_ns < period_ns:
            return False
        assert self._last_emit_ns is not None
        return self._bar_start_ns(data) > self._last_emit_ns

    def _add(self, data: BaseData) -> None:
        """Add a data point, unless it begins before the newest finished bar's end."""
        assert self._last_emit_ns is not None
        if data.time_local_ns < self._last_emit_ns:
            return
        bar = self._bar
        if bar is None:
            start_ns = self._bar_start_ns(data)
            self._bar = bar = self.begin(data, start_ns, start_ns + (self._period_ns or 0))
        else:
            self.extend(bar, data)
        if self._count_max is not None:
            bar.end_local_ns = data.end_local_ns

    def _finish(self, data: BaseData) -> None:
        bar = self._bar
        if bar is None:
            return
        if self._period_ns is not None and isinstance(bar, TradeBar):
            bar.end_local_ns = bar.time_local_ns + self._period_ns
        self._last_emit_ns = bar.end_local_ns if self._count_max is None else data.time_local_ns
        self._hand_over(bar)

    def _hand_over(self, bar: WorkingBar) -> None:
        self.emit(bar)
        self._bar = None

    def _start_ns(self, local_ns: int) -> int:
        """Return the start of the bar of a moment; a new bar takes its period from the calendar here."""
        start_ns = self._schedule.start_ns(local_ns)
        if self._bar is None:
            self._period_ns = self._schedule.period_ns
        return start_ns

    def _bar_start_ns(self, data: BaseData) -> int:
        """Return the start of the bar that a data point belongs to; its own start when the bar cannot hold it."""
        time_ns, end_ns = data.time_local_ns, data.end_local_ns
        start_ns = self._start_ns(time_ns)
        if self._period_ns is None or start_ns + self._period_ns >= end_ns:
            return start_ns
        is_on_day_before = start_ns // NANOSECONDS_PER_DAY < time_ns // NANOSECONDS_PER_DAY
        if end_ns - time_ns == _HOUR_NS and is_on_day_before:
            # An hour bar of the files that begins before the open belongs to the day it ends in.
            return self._start_ns(end_ns)
        return time_ns


class TradeBarConsolidator(PeriodCountConsolidator[TradeBar]):
    """Trade bars out of trade bars; the volumes are added."""

    input_type = output_type = TradeBar

    def begin(self, data: BaseData, start_ns: int, end_ns: int) -> TradeBar:
        """Return a new bar with the first one's prices."""
        assert isinstance(data, TradeBar)
        return make_trade_bar(
            data.symbol, start_ns, end_ns, data.open, data.high, data.low, data.value, data.volume, False
        )

    def extend(self, bar: TradeBar, data: BaseData) -> None:
        """Add a bar."""
        assert isinstance(data, TradeBar)
        bar.value = data.value
        bar.volume += data.volume
        bar.low = min(bar.low, data.low)
        bar.high = max(bar.high, data.high)


class TickConsolidator(PeriodCountConsolidator[TradeBar]):
    """Trade bars out of trade ticks; quotes are left out."""

    input_type = Tick
    output_type = TradeBar

    def accepts_quotes(self, is_quote: bool) -> bool:
        """Trades only."""
        return not is_quote

    def should_process(self, data: BaseData) -> bool:
        """Take trades."""
        return isinstance(data, Tick) and data.is_trade

    def begin(self, data: BaseData, start_ns: int, end_ns: int) -> TradeBar:
        """Return a new bar at the tick's price."""
        assert isinstance(data, Tick)
        price = data.value
        return make_trade_bar(data.symbol, start_ns, end_ns, price, price, price, price, data.quantity, False)

    def extend(self, bar: TradeBar, data: BaseData) -> None:
        """Add a tick."""
        assert isinstance(data, Tick)
        _extend_by_value(bar, data.value)
        bar.volume += data.quantity


class BaseDataConsolidator(PeriodCountConsolidator[TradeBar]):
    """Trade bars out of the values of any data; no volume."""

    output_type = TradeBar

    def begin(self, data: BaseData, start_ns: int, end_ns: int) -> TradeBar:
        """Return a new bar at the value."""
        price = data.value
        return make_trade_bar(data.symbol, start_ns, end_ns, price, price, price, price, 0.0, False)

    def extend(self, bar: TradeBar, data: BaseData) -> None:
        """Add a value."""
        _extend_by_value(bar, data.value)


class QuoteBarConsolidator(PeriodCountConsolidator[QuoteBar]):
    """Quote bars out of quote bars; each side opens at the close of the finished bar before, when there is one."""

    input_type = output_type = QuoteBar

    def begin(self, data: BaseData, start_ns: int, end_ns: int) -> QuoteBar:
        """Return a new bar with the first one's sides."""
        bar = _quote_bar_after(self.consolidated, data.symbol, start_ns, end_ns)
        self.extend(bar, data)
        return bar

    def extend(self, bar: QuoteBar, data: BaseData) -> None:
        """Add the sides that a bar has."""
        assert isinstance(data, QuoteBar)
        if data.bid is not None:
            bar.last_bid_size = data.last_bid_size
            bar.bid = _extended(bar.bid, data.bid)
        if data.ask is not None:
            bar.last_ask_size = data.last_ask_size
            bar.ask = _extended(bar.ask, data.ask)
        bar.value = data.value


class TickQuoteBarConsolidator(PeriodCountConsolidator[QuoteBar]):
    """Quote bars out of quote ticks; trades are left out. A side of a tick that is zero changes nothing."""

    input_type = Tick
    output_type = QuoteBar

    def accepts_quotes(self, is_quote: bool) -> bool:
        """Quotes only."""
        return is_quote

    def should_process(self, data: BaseData) -> bool:
        """Take quotes."""
        return isinstance(data, Tick) and not data.is_trade

    def begin(self, data: BaseData, start_ns: int, end_ns: int) -> QuoteBar:
        """Return a new bar with the tick's sides."""
        bar = _quote_bar_after(self.consolidated, data.symbol, start_ns, end_ns)
        self.extend(bar, data)
        return bar

    def extend(self, bar: QuoteBar, data: BaseData) -> None:
        """Add the sides that a tick has."""
        assert isinstance(data, Tick)
        _quote(bar, data.bid_price, data.ask_price, data.bid_size, data.ask_size)


def _extend_by_value(bar: TradeBar, price: float) -> None:
    bar.value = price
    bar.low = min(bar.low, price)
    bar.high = max(bar.high, price)


def _quote_bar_after(previous: BaseData | None, symbol: Any, start_ns: int, end_ns: int) -> QuoteBar:
    """Return an empty quote bar, or one that stands where the finished bar before it closed."""
    bar = make_quote_bar(symbol, start_ns, end_ns, None, 0.0, None, 0.0, False)
    if isinstance(previous, QuoteBar):
        bid = 0.0 if previous.bid is None else previous.bid.close
        ask = 0.0 if previous.ask is None else previous.ask.close
        _quote(bar, bid, ask, previous.last_bid_size, previous.last_ask_size)
    return bar


def _quote(bar: QuoteBar, bid: float, ask: float, bid_size: float, ask_size: float) -> None:
    """Add a quote; a bar's own value becomes the ask, as LEAN has it, while its close is the middle."""
    bar.bid = _with_price(bar.bid, bid)
    bar.ask = _with_price(bar.ask, ask)
    if bid_size > 0.0:
        bar.last_bid_size = bid_size
    if ask_size > 0.0:
        bar.last_ask_size = ask_size
    bar.value = ask or bid or bar.value


def _extended(bar: Bar | None, more: Bar) -> Bar:
    if bar is None:
        return more.clone()
    bar.close = more.close
    bar.low = min(bar.low, more.low)
    bar.high = max(bar.high, more.high)
    return bar


def _with_price(bar: Bar | None, price: float) -> Bar | None:
    if price == 0.0:
        return bar
    if bar is None:
        return Bar(price, price, price, price)
    bar.update(price)
    return bar
