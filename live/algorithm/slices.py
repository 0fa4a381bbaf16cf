# cython: annotation_typing=False
"""Everything that becomes known at one moment, keyed by symbol. Compiled: every time step makes one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from live.algorithm.data import (
    BaseData,
    Delisting,
    Dividend,
    QuoteBar,
    Split,
    SymbolChangedEvent,
    Tick,
    TradeBar,
)
from live.algorithm.enums import SecurityType
from live.algorithm.naming import DOTNET_LISTS, PascalCaseAccess, is_pascal_case, snake_case
from live.algorithm.order_terms import utc_datetime
from live.algorithm.symbols import Symbol
from live.clock import ns_to_datetime

Value = TypeVar("Value")


class KeyValuePair(NamedTuple):
    """One entry of a data dictionary, as LEAN's iteration gives it."""

    key: Symbol
    value: Any

    @property
    def Key(self) -> Symbol:  # noqa: N802 - LEAN's second spelling
        """The symbol."""
        return self.key

    @property
    def Value(self) -> Any:  # noqa: N802 - LEAN's second spelling
        """The data."""
        return self.value


class DataDictionary(dict[Symbol, Value], PascalCaseAccess):
    """Data of one kind by symbol. A ticker may be used as the key; iteration gives key-value pairs, as in LEAN."""

    def contains_key(self, symbol: Symbol | str) -> bool:
        """Tell whether there are data of a symbol."""
        return symbol in self

    @property
    def count(self) -> int:
        """Number of symbols."""
        return len(self)

    def __iter__(self) -> Iterator[Any]:
        return iter([KeyValuePair(key, value) for key, value in self.items()])

    def __missing__(self, symbol: Symbol | str) -> Value:
        if isinstance(symbol, str) and not symbol.isupper():
            return self[symbol.upper()]  # type: ignore[index]
        kind = type(self).__name__
        raise KeyError(f"{symbol} has no data in this {kind}; ask contains_key(symbol) before reading it")


class TradeBars(DataDictionary[TradeBar]):
    """Trade bars by symbol."""


class QuoteBars(DataDictionary[QuoteBar]):
    """Quote bars by symbol."""


class Ticks(DataDictionary[list[Tick]]):
    """Ticks of one moment by symbol: trades first, then quotes, each in file order."""


class Splits(DataDictionary[Split]):
    """Splits by symbol."""


class Dividends(DataDictionary[Dividend]):
    """Dividends by symbol."""


class Delistings(DataDictionary[Delisting]):
    """Delistings by symbol."""


class SymbolChangedEvents(DataDictionary[SymbolChangedEvent]):
    """Changes of ticker by symbol."""


class Slice:
    """All data of one time step.

    `slice[symbol]` is the trade bar of an equity, the quote bar of a forex pair, the last kind that arrived for crypto, or the list of ticks
    (trades only for an equity). Equity quotes are found in `quote_bars` and `ticks` alone, as in LEAN.
    """

    def __init__(self, time_ns: int, local_ns: int) -> None:
        self.time_ns = time_ns
        self.local_ns = local_ns
        self.has_data = False
        self.bars = NO_BARS
        self.quote_bars = NO_QUOTE_BARS
        self.ticks = NO_TICKS
        self.splits = NO_SPLITS
        self.dividends = NO_DIVIDENDS
        self.delistings = NO_DELISTINGS
        self.symbol_changed_events = NO_SYMBOL_CHANGES
        self._merged: DataDictionary[Any] | None = None

    @property
    def time(self) -> datetime:
        """Moment of the slice in the algorithm's time zone."""
        return ns_to_datetime(self.local_ns)

    @property
    def utc_time(self) -> datetime:
        """Moment of the slice, UTC."""
        return utc_datetime(self.time_ns)

    def contains_key(self, symbol: Symbol | str) -> bool:
        """Tell whether `slice[symbol]` would give something."""
        return symbol in self._by_symbol()

    def keys(self) -> list[Symbol]:
        """Return the symbols that have data."""
        return list(self._by_symbol().keys())

    def values(self) -> list[Any]:
        """Return the data of all symbols."""
        return list(self._by_symbol().values())

    def items(self) -> list[tuple[Symbol, Any]]:
        """Return symbols and data."""
        return list(self._by_symbol().items())

    @property
    def count(self) -> int:
        """Number of symbols that have data."""
        return len(self._by_symbol())

    @property
    def all_data(self) -> list[BaseData]:
        """Every data point of the slice."""
        points: list[BaseData] = [*self.bars.values(), *self.quote_bars.values()]
        for ticks in self.ticks.values():
            points.extend(ticks)
        for events in (self.splits, self.dividends, self.delistings, self.symbol_changed_events):
            points.extend(events.values())
        return points

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the data of a symbol, or, given a data type, the dictionary of that type."""
        if isinstance(key, type):
            collections = {
                TradeBar: self.bars,
                QuoteBar: self.quote_bars,
                Tick: self.ticks,
                Split: self.splits,
                Dividend: self.dividends,
                Delisting: self.delistings,
                SymbolChangedEvent: self.symbol_changed_events,
            }
            return collections.get(key, default)
        return self._by_symbol().get(key, default)

    def __getitem__(self, symbol: Symbol | str) -> Any:
        return self._by_symbol()[symbol]  # type: ignore[index]

    def __contains__(self, symbol: Symbol | str) -> bool:
        return symbol in self._by_symbol()

    def __len__(self) -> int:
        return len(self._by_symbol())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._by_symbol())

    def _by_symbol(self) -> DataDictionary[Any]:
        merged = self._merged
        if merged is None:
            merged = self._merged = self._merge()
        return merged

    def _merge(self) -> DataDictionary[Any]:
        """Build the view by symbol, once and only when asked for."""
        merged: DataDictionary[Any] = DataDictionary()
        for events in (self.splits, self.dividends, self.delistings, self.symbol_changed_events):
            for symbol in events.keys():
                merged[symbol] = None
        merged.update(self.bars.items())
        for symbol, bar in self.quote_bars.items():
            if symbol.security_type is not SecurityType.EQUITY:
                merged[symbol] = bar
        for symbol, ticks in self.ticks.items():
            if symbol.security_type is SecurityType.EQUITY:
                ticks = [tick for tick in ticks if tick.is_trade]
                if not ticks:
                    continue
            merged[symbol] = ticks
        return merged

    def __getattr__(self, name: str) -> Any:
        if is_pascal_case(name):
            found = getattr(self, snake_case(name))
            return list(found()) if name in DOTNET_LISTS and callable(found) else found
        raise AttributeError(f"'Slice' object has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"Slice({self.time} {', '.join(map(str, self.keys()))})"


NO_BARS = TradeBars()
NO_QUOTE_BARS = QuoteBars()
NO_TICKS = Ticks()
NO_SPLITS = Splits()
NO_DIVIDENDS = Dividends()
NO_DELISTINGS = Delistings()
NO_SYMBOL_CHANGES = SymbolChangedEvents()


def make_tick_slice(time_ns: int, local_ns: int, ticks: Ticks) -> Slice:
    """Return a slice of ticks without the cost of a constructor's call."""
    slice = Slice.__new__(Slice)
    slice.time_ns = time_ns
    slice.local_ns = local_ns
    slice.has_data = True
    slice.bars = NO_BARS
    slice.quote_bars = NO_QUOTE_BARS
    slice.ticks = ticks
    slice.splits = NO_SPLITS
    slice.dividends = NO_DIVIDENDS
    slice.delistings = NO_DELISTINGS
    slice.symbol_changed_events = NO_SYMBOL_CHANGES
    slice._merged = None
    return slice
