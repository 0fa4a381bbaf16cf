"""Consolidation by time, by count and by calendar.

Bars of a period are aligned to multiples of it on an absolute scale of the exchange's wall clock, counted from year 1 as .NET counts. A bar is
finished by the first data at or after its end, or by the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from live.algorithm.consolidators.base import CalendarInfo, DataConsolidator, period_ns_of
from live.algorithm.data import Bar, BaseData, QuoteBar, Tick, TradeBar, make_quote_bar, make_trade_bar
from live.algorithm.enums import Resolution
from live.clock import NANOSECONDS_PER_DAY, datetime_to_ns, ns_to_datetime, timedelta_to_ns
from live.errors import UsageError

_YEAR_ONE_NS = -719_162 * NANOSECONDS_PER_DAY
WorkingBar = TypeVar("WorkingBar", TradeBar, QuoteBar)
CalendarFunction = Callable[[datetime], CalendarInfo]


class PeriodCountConsolidator(DataConsolidator, Generic[WorkingBar]):
    """Base of consolidators by period, count or both.

    Parameters:
        rule: a timedelta, a number of data points, or a calendar: a function from a datetime to CalendarInfo.
        period: with a number, also a period: whichever is reached first finishes the bar.
    """

    def __init__(self, rule: Any, period: timedelta | None = None) -> None:
        super().__init__()
        self._calendar: CalendarFunction | None = None
        self._period_ns = period_ns_of(rule) or period_ns_of(period)
        self._count_max: int | None = None
        if isinstance(rule, int) and not isinstance(rule, bool):
            self._count_max = int(rule)
        elif callable(rule):
            self._calendar = rule
        if self._period_ns is None and self._count_max is None and self._calendar is None:
            raise UsageError(f"{type(self).__name__} needs a timedelta, a number of bars, or a calendar; got {rule!r}")
        self._bar: WorkingBar | None = None
        self._count = 0
        self._last_emit_ns = -(1 << 62)

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

    def add(self, bar: WorkingBar | None, data: BaseData, start_ns: int) -> WorkingBar:
        """Return the working bar with a data point added; a new one that begins at `start_ns` when there is none."""
        raise NotImplementedError

    def update(self, data: BaseData) -> None:
        """Take a data point. By period, a bar that ended before it is finished first; by count, the bar is finished when it is full."""
        if not self.should_process(data):
            return
        if self._count_max is not None:
            self._update_count(data)
            return
        bar = self._bar
        is_over = bar is not None and data.time_local_ns - bar.time_local_ns >= self._length_ns(bar)
        if is_over and self._start_ns(data) > self._last_emit_ns:
            self._finish()
        if data.time_local_ns >= self._last_emit_ns:
            self._take(data)

    def _update_count(self, data: BaseData) -> None:
        """Add a point to a bar by count, which a period may end as well."""
        bar = self._bar
        self._count += 1
        is_full = self._count >= (self._count_max or 0)
        is_over = bool(
            self._period_ns and bar is not None and data.time_local_ns - bar.time_local_ns >= self._period_ns
        )
        self._bar = self.add(bar, data, data.time_local_ns)
        self._bar.end_local_ns = data.end_local_ns
        if is_full or is_over:
            self._finish()

    def _take(self, data: BaseData) -> None:
        start_ns = self._start_ns(data)
        self._bar = bar = self.add(self._bar, data, start_ns)
        bar.end_local_ns = bar.time_local_ns + self._length_ns(bar)

    def _finish(self) -> None:
        bar, self._bar = self._bar, None
        assert bar is not None
        self._count = 0
        self._last_emit_ns = bar.end_local_ns
        self.emit(bar)

    def _start_ns(self, data: BaseData) -> int:
        if self._calendar is not None:
            return datetime_to_ns(self._calendar(ns_to_datetime(data.time_local_ns)).start)
        assert self._period_ns is not None
        since = data.time_local_ns - _YEAR_ONE_NS
        start = data.time_local_ns - since % self._period_ns
        return start if start + self._period_ns >= data.end_local_ns else data.time_local_ns

    def _length_ns(self, bar: BaseData) -> int:
        if self._calendar is not None:
            return timedelta_to_ns(self._calendar(ns_to_datetime(bar.time_local_ns)).period)
        assert self._period_ns is not None
        return self._period_ns

    def scan(self, local_ns: int) -> None:
        """Finish the working bar when its end has come."""
        bar = self._bar
        if bar is None or (self._count_max is not None and self._period_ns is None):
            return
        if local_ns - bar.time_local_ns >= self._length_ns(bar):
            self._finish()

    def reset(self) -> None:
        """Forget the working bar."""
        self._bar, self._count, self._last_emit_ns = None, 0, -(1 << 62)


class TradeBarConsolidator(PeriodCountConsolidator[TradeBar]):
    """Trade bars out of trade bars."""

    input_type = TradeBar

    def add(self, bar: TradeBar | None, data: BaseData, start_ns: int) -> TradeBar:
        """Add a bar."""
        assert isinstance(data, TradeBar)
        if bar is None:
            return make_trade_bar(
                data.symbol, start_ns, start_ns, data.open, data.high, data.low, data.value, data.volume, False
            )
        bar.value = data.value
        bar.volume += data.volume
        bar.low = min(bar.low, data.low)
        bar.high = max(bar.high, data.high)
        return bar


class TickConsolidator(PeriodCountConsolidator[TradeBar]):
    """Trade bars out of trade ticks."""

    input_type = Tick

    def accepts_quotes(self, is_quote: bool) -> bool:
        """Trades only."""
        return not is_quote

    def should_process(self, data: BaseData) -> bool:
        """Take trades."""
        return isinstance(data, Tick) and data.is_trade

    def add(self, bar: TradeBar | None, data: BaseData, start_ns: int) -> TradeBar:
        """Add a tick."""
        assert isinstance(data, Tick)
        price = data.value
        if bar is None:
            return make_trade_bar(data.symbol, start_ns, start_ns, price, price, price, price, data.quantity, False)
        bar.value = price
        bar.volume += data.quantity
        bar.low = min(bar.low, price)
        bar.high = max(bar.high, price)
        return bar


class QuoteBarConsolidator(PeriodCountConsolidator[QuoteBar]):
    """Quote bars out of quote bars."""

    input_type = QuoteBar

    def add(self, bar: QuoteBar | None, data: BaseData, start_ns: int) -> QuoteBar:
        """Add a bar."""
        assert isinstance(data, QuoteBar)
        if bar is None:
            bar = make_quote_bar(data.symbol, start_ns, start_ns, None, 0.0, None, 0.0, False)
            _open_at_close(bar, self.consolidated)
        bar.bid = _extended(bar.bid, data.bid)
        bar.ask = _extended(bar.ask, data.ask)
        bar.last_bid_size = data.last_bid_size if data.bid is not None else bar.last_bid_size
        bar.last_ask_size = data.last_ask_size if data.ask is not None else bar.last_ask_size
        bar.value = bar.close
        return bar


class TickQuoteBarConsolidator(PeriodCountConsolidator[QuoteBar]):
    """Quote bars out of quote ticks."""

    input_type = Tick

    def accepts_quotes(self, is_quote: bool) -> bool:
        """Quotes only."""
        return is_quote

    def should_process(self, data: BaseData) -> bool:
        """Take quotes."""
        return isinstance(data, Tick) and not data.is_trade

    def add(self, bar: QuoteBar | None, data: BaseData, start_ns: int) -> QuoteBar:
        """Add a tick."""
        assert isinstance(data, Tick)
        if bar is None:
            bar = make_quote_bar(data.symbol, start_ns, start_ns, None, 0.0, None, 0.0, False)
            _open_at_close(bar, self.consolidated)
        bar.bid = _with_price(bar.bid, data.bid_price)
        bar.ask = _with_price(bar.ask, data.ask_price)
        bar.last_bid_size = data.bid_size or bar.last_bid_size
        bar.last_ask_size = data.ask_size or bar.last_ask_size
        bar.value = bar.close
        return bar


class BaseDataConsolidator(PeriodCountConsolidator[TradeBar]):
    """Trade bars out of the values of any data."""

    def add(self, bar: TradeBar | None, data: BaseData, start_ns: int) -> TradeBar:
        """Add a value."""
        price = data.value
        if bar is None:
            return make_trade_bar(data.symbol, start_ns, start_ns, price, price, price, price, 0.0, False)
        bar.value = price
        bar.low = min(bar.low, price)
        bar.high = max(bar.high, price)
        return bar


def _open_at_close(bar: QuoteBar, previous: BaseData | None) -> None:
    """Begin a quote bar at the close of the one before it, as LEAN does: the quote stood there all the time."""
    if isinstance(previous, QuoteBar):
        bar.bid = _with_price(None, previous.bid.close if previous.bid is not None else 0.0)
        bar.ask = _with_price(None, previous.ask.close if previous.ask is not None else 0.0)
        bar.last_bid_size, bar.last_ask_size = previous.last_bid_size, previous.last_ask_size


def _extended(bar: Bar | None, more: Bar | None) -> Bar | None:
    if more is None:
        return bar
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


class Calendar:
    """LEAN's calendars for consolidators."""

    @staticmethod
    def weekly(moment: datetime) -> CalendarInfo:
        """Return the week of a moment, from Monday."""
        start = datetime(moment.year, moment.month, moment.day) - timedelta(days=moment.weekday())
        return CalendarInfo(start, timedelta(days=7))

    @staticmethod
    def monthly(moment: datetime) -> CalendarInfo:
        """Return the month of a moment."""
        return _months(moment, 1)

    @staticmethod
    def quarterly(moment: datetime) -> CalendarInfo:
        """Return the quarter of a moment."""
        return _months(moment, 3)

    @staticmethod
    def yearly(moment: datetime) -> CalendarInfo:
        """Return the year of a moment."""
        return _months(moment, 12)

    WEEKLY = Weekly = weekly
    MONTHLY = Monthly = monthly
    QUARTERLY = Quarterly = quarterly
    YEARLY = Yearly = yearly


def _months(moment: datetime, count: int) -> CalendarInfo:
    first = (moment.month - 1) // count * count + 1
    start = datetime(moment.year, first, 1)
    after = first + count
    end = datetime(moment.year + (after - 1) // 12, (after - 1) % 12 + 1, 1)
    return CalendarInfo(start, end - start)
