# cython: annotation_typing=False
"""Market data as the user's algorithm sees it: ticks, bars, corporate actions.

Objects here may be kept by the user for as long as wanted. Times are kept as integer nanoseconds of the exchange's wall clock
(`time_local_ns`, `end_local_ns`) and become `datetime` only when asked for. Prices are floats, after any adjustment.
Compiled together with the hot path because every slice is made of them; it also runs uncompiled.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from live.algorithm.enums import MarketDataType, Resolution, SplitType, TickType
from live.algorithm.naming import is_pascal_case, snake_case
from live.algorithm.symbols import Symbol
from live.clock import datetime_to_ns, ns_to_datetime, ns_to_timedelta, timedelta_to_ns

_ONE_MINUTE = timedelta(minutes=1)
_TRADE = TickType.TRADE
_QUOTE = TickType.QUOTE


class BaseData:
    """A value of a symbol at a time."""

    def __init__(self) -> None:
        self.symbol: Any = None
        self.time_local_ns = 0
        self.end_local_ns = 0
        self.value = 0.0
        self.is_fill_forward = False

    @property
    def time(self) -> datetime:
        """Start of the data, in the exchange's time zone."""
        return ns_to_datetime(self.time_local_ns)

    @time.setter
    def time(self, moment: datetime) -> None:
        period_ns = self.end_local_ns - self.time_local_ns
        self.time_local_ns = datetime_to_ns(moment)
        self.end_local_ns = self.time_local_ns + period_ns

    @property
    def end_time(self) -> datetime:
        """Moment the data became known, in the exchange's time zone."""
        return ns_to_datetime(self.end_local_ns)

    @end_time.setter
    def end_time(self, moment: datetime) -> None:
        self.end_local_ns = datetime_to_ns(moment)

    @property
    def period(self) -> timedelta:
        """Span from `time` to `end_time`."""
        return ns_to_timedelta(self.end_local_ns - self.time_local_ns)

    @period.setter
    def period(self, span: timedelta) -> None:
        self.end_local_ns = self.time_local_ns + timedelta_to_ns(span)

    @property
    def price(self) -> float:
        """The value of the data point: LEAN's `price`."""
        return self.value

    @property
    def data_type(self) -> MarketDataType:
        """Shape of the data point."""
        return MarketDataType.BASE

    def __getattr__(self, name: str) -> Any:
        if is_pascal_case(name):
            translated = snake_case(name)
            if translated != name:
                return getattr(self, translated)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.symbol} {self.end_time} {self.value:g})"


class Tick(BaseData):
    """One trade or one change of the best quote. A side that the row did not report is 0."""

    def __init__(self, time: datetime | None = None, symbol: Any = None, bid: float = 0.0, ask: float = 0.0) -> None:
        BaseData.__init__(self)
        self.symbol = symbol
        if time is not None:
            self.time_local_ns = self.end_local_ns = datetime_to_ns(time)
        self.is_trade = False
        self.bid_price = bid
        self.ask_price = ask
        self.bid_size = 0.0
        self.ask_size = 0.0
        self.quantity = 0.0
        self.flags = 0
        self.value = quote_value(bid, ask)

    @property
    def tick_type(self) -> TickType:
        """TRADE or QUOTE."""
        return _TRADE if self.is_trade else _QUOTE

    @property
    def last_price(self) -> float:
        """Value of the tick: the trade's price, or the middle of the quote."""
        return self.value

    @property
    def suspicious(self) -> bool:
        """Whether the data vendor marked the tick as doubtful; such ticks never move a price."""
        return (self.flags & 1) != 0

    @property
    def exchange(self) -> str:
        """Code letter of the venue, empty when the file has none."""
        code = (self.flags >> 8) & 0xFF
        return chr(code) if code else ""

    @property
    def sale_condition(self) -> str:
        """Sale condition flags in hexadecimal, as in the file."""
        condition = (self.flags >> 32) & 0xFFFFFFFF
        return format(condition, "X") if condition else ""

    @property
    def data_type(self) -> MarketDataType:
        """Always TICK."""
        return MarketDataType.TICK


class Bar:
    """Open, high, low and close of one side of the book."""

    def __init__(self, open: float = 0.0, high: float = 0.0, low: float = 0.0, close: float = 0.0) -> None:
        self.open = open
        self.high = high
        self.low = low
        self.close = close

    def update(self, price: float) -> None:
        """Extend the bar by one price; zero is no price."""
        if price == 0.0:
            return
        if self.open == 0.0:
            self.open = self.high = self.low = self.close = price
            return
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.close = price

    def clone(self) -> Bar:
        """Return a copy."""
        return Bar(self.open, self.high, self.low, self.close)

    def __getattr__(self, name: str) -> Any:
        if is_pascal_case(name):
            return getattr(self, snake_case(name))
        raise AttributeError(f"'Bar' object has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"Bar(O {self.open:g} H {self.high:g} L {self.low:g} C {self.close:g})"


class TradeBar(BaseData):
    """Open, high, low, close and volume of the trades of a period."""

    def __init__(
        self,
        time: datetime | None = None,
        symbol: Any = None,
        open: float = 0.0,
        high: float = 0.0,
        low: float = 0.0,
        close: float = 0.0,
        volume: float = 0.0,
        period: timedelta = _ONE_MINUTE,
    ) -> None:
        BaseData.__init__(self)
        self.symbol = symbol
        if time is not None:
            self.time_local_ns = datetime_to_ns(time)
        self.end_local_ns = self.time_local_ns + timedelta_to_ns(period)
        self.open = open
        self.high = high
        self.low = low
        self.volume = volume
        self.value = close

    @property
    def close(self) -> float:
        """Last price of the period; the same as `value` and `price`."""
        return self.value

    @close.setter
    def close(self, price: float) -> None:
        self.value = price

    @property
    def data_type(self) -> MarketDataType:
        """Always TRADE_BAR."""
        return MarketDataType.TRADE_BAR

    def repeated(self, time_local_ns: int, end_local_ns: int) -> TradeBar:
        """Return this bar filled forward to another period: the same prices, no volume."""
        return make_trade_bar(
            self.symbol, time_local_ns, end_local_ns, self.open, self.high, self.low, self.value, 0.0, True
        )

    def __repr__(self) -> str:
        return (
            f"TradeBar({self.symbol} {self.end_time} O {self.open:g} H {self.high:g} L {self.low:g} "
            f"C {self.value:g} V {self.volume:g})"
        )


class QuoteBar(BaseData):
    """Bid and ask bars of a period; its own open, high, low and close are the middle of both sides."""

    def __init__(
        self,
        time: datetime | None = None,
        symbol: Any = None,
        bid: Bar | None = None,
        last_bid_size: float = 0.0,
        ask: Bar | None = None,
        last_ask_size: float = 0.0,
        period: timedelta = _ONE_MINUTE,
    ) -> None:
        BaseData.__init__(self)
        self.symbol = symbol
        if time is not None:
            self.time_local_ns = datetime_to_ns(time)
        self.end_local_ns = self.time_local_ns + timedelta_to_ns(period)
        self.bid = bid
        self.ask = ask
        self.last_bid_size = last_bid_size
        self.last_ask_size = last_ask_size
        self.value = self.close

    @property
    def open(self) -> float:
        """Middle of the opening bid and ask; one side's price when the other is absent."""
        return quote_value(0.0 if self.bid is None else self.bid.open, 0.0 if self.ask is None else self.ask.open)

    @property
    def high(self) -> float:
        """Middle of the highest bid and ask."""
        return quote_value(0.0 if self.bid is None else self.bid.high, 0.0 if self.ask is None else self.ask.high)

    @property
    def low(self) -> float:
        """Middle of the lowest bid and ask."""
        return quote_value(0.0 if self.bid is None else self.bid.low, 0.0 if self.ask is None else self.ask.low)

    @property
    def close(self) -> float:
        """Middle of the closing bid and ask."""
        return quote_value(0.0 if self.bid is None else self.bid.close, 0.0 if self.ask is None else self.ask.close)

    @property
    def data_type(self) -> MarketDataType:
        """Always QUOTE_BAR."""
        return MarketDataType.QUOTE_BAR

    def collapse(self) -> TradeBar:
        """Return a trade bar of the middle prices, with no volume."""
        return make_trade_bar(
            self.symbol, self.time_local_ns, self.end_local_ns, self.open, self.high, self.low, self.close, 0.0, False
        )

    def repeated(self, time_local_ns: int, end_local_ns: int) -> QuoteBar:
        """Return this bar filled forward to another period: both sides in full."""
        return make_quote_bar(
            self.symbol,
            time_local_ns,
            end_local_ns,
            None if self.bid is None else self.bid.clone(),
            self.last_bid_size,
            None if self.ask is None else self.ask.clone(),
            self.last_ask_size,
            True,
        )

    def __repr__(self) -> str:
        return f"QuoteBar({self.symbol} {self.end_time} bid {self.bid!r} ask {self.ask!r})"


class Dividend(BaseData):
    """A cash distribution, reported at midnight of the ex-date."""

    def __init__(self, symbol: Any, moment_ns: int, distribution: float, reference_price: float) -> None:
        BaseData.__init__(self)
        self.symbol = symbol
        self.time_local_ns = self.end_local_ns = moment_ns
        self.distribution = distribution
        self.reference_price = reference_price
        self.value = distribution

    @property
    def data_type(self) -> MarketDataType:
        """Always AUXILIARY."""
        return MarketDataType.AUXILIARY


class Split(BaseData):
    """A stock split or its announcement on the day before; `split_factor` is old shares per new share."""

    def __init__(
        self, symbol: Any, moment_ns: int, split_factor: float, reference_price: float, split_type: SplitType
    ) -> None:
        BaseData.__init__(self)
        self.symbol = symbol
        self.time_local_ns = self.end_local_ns = moment_ns
        self.split_factor = split_factor
        self.reference_price = reference_price
        self.type = split_type
        self.value = reference_price

    @property
    def data_type(self) -> MarketDataType:
        """Always AUXILIARY."""
        return MarketDataType.AUXILIARY


class Delisting(BaseData):
    """The end of a listing, or its announcement."""

    def __init__(self, symbol: Any, moment_ns: int, price: float, delisting_type: Any) -> None:
        BaseData.__init__(self)
        self.symbol = symbol
        self.time_local_ns = self.end_local_ns = moment_ns
        self.type = delisting_type
        self.value = price

    @property
    def data_type(self) -> MarketDataType:
        """Always AUXILIARY."""
        return MarketDataType.AUXILIARY


class SymbolChangedEvent(BaseData):
    """A change of ticker."""

    def __init__(self, symbol: Any, moment_ns: int, old_symbol: str, new_symbol: str) -> None:
        BaseData.__init__(self)
        self.symbol = symbol
        self.time_local_ns = self.end_local_ns = moment_ns
        self.old_symbol = old_symbol
        self.new_symbol = new_symbol

    @property
    def data_type(self) -> MarketDataType:
        """Always AUXILIARY."""
        return MarketDataType.AUXILIARY


def quote_value(bid: float, ask: float) -> float:
    """Return the middle of a quote, or the side that is there; 0 when neither is."""
    if bid != 0.0 and ask != 0.0:
        return (bid + ask) / 2.0
    return bid if bid != 0.0 else ask


def make_trade_tick(symbol: Symbol, time_local_ns: int, price: float, quantity: float, flags: int) -> Tick:
    """Return a trade tick without the cost of a keyword constructor."""
    tick = Tick.__new__(Tick)
    tick.symbol = symbol
    tick.time_local_ns = time_local_ns
    tick.end_local_ns = time_local_ns
    tick.is_fill_forward = False
    tick.is_trade = True
    tick.value = price
    tick.quantity = quantity
    tick.bid_price = 0.0
    tick.ask_price = 0.0
    tick.bid_size = 0.0
    tick.ask_size = 0.0
    tick.flags = flags
    return tick


def make_quote_tick(
    symbol: Symbol, time_local_ns: int, bid: float, bid_size: float, ask: float, ask_size: float, flags: int
) -> Tick:
    """Return a quote tick without the cost of a keyword constructor."""
    tick = Tick.__new__(Tick)
    tick.symbol = symbol
    tick.time_local_ns = time_local_ns
    tick.end_local_ns = time_local_ns
    tick.is_fill_forward = False
    tick.is_trade = False
    tick.value = quote_value(bid, ask)
    tick.quantity = 0.0
    tick.bid_price = bid
    tick.ask_price = ask
    tick.bid_size = bid_size
    tick.ask_size = ask_size
    tick.flags = flags
    return tick


def make_trade_bar(
    symbol: Symbol,
    time_local_ns: int,
    end_local_ns: int,
    open: float,
    high: float,
    low: float,
    close: float,
    volume: float,
    is_fill_forward: bool,
) -> TradeBar:
    """Return a trade bar without the cost of a keyword constructor."""
    bar = TradeBar.__new__(TradeBar)
    bar.symbol = symbol
    bar.time_local_ns = time_local_ns
    bar.end_local_ns = end_local_ns
    bar.is_fill_forward = is_fill_forward
    bar.open = open
    bar.high = high
    bar.low = low
    bar.value = close
    bar.volume = volume
    return bar


def make_quote_bar(
    symbol: Symbol,
    time_local_ns: int,
    end_local_ns: int,
    bid: Bar | None,
    last_bid_size: float,
    ask: Bar | None,
    last_ask_size: float,
    is_fill_forward: bool,
) -> QuoteBar:
    """Return a quote bar without the cost of a keyword constructor."""
    bar = QuoteBar.__new__(QuoteBar)
    bar.symbol = symbol
    bar.time_local_ns = time_local_ns
    bar.end_local_ns = end_local_ns
    bar.is_fill_forward = is_fill_forward
    bar.bid = bid
    bar.ask = ask
    bar.last_bid_size = last_bid_size
    bar.last_ask_size = last_ask_size
    bar.value = bar.close
    return bar


def resolution_of(span_ns: int) -> Resolution:
    """Return the coarsest resolution whose bar is not longer than a span."""
    for resolution in (Resolution.DAILY, Resolution.HOUR, Resolution.MINUTE, Resolution.SECOND):
        if span_ns >= resolution.period_ns:
            return resolution
    return Resolution.TICK
