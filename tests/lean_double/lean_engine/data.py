"""Ticks, their collections, and slices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

from lean_engine.market import Empty, Symbol, TickType
from lean_engine.spelling import DotnetError, dotnet, field, to_dotnet


@dotnet("QuantConnect.Data")
class BaseData:
    """A piece of data."""

    symbol = field("symbol", Empty)
    value = field("value", 0.0)

    def __init__(self) -> None:
        self._time = datetime(1, 1, 1)

    @property
    def time(self) -> datetime:
        return self._time

    @time.setter
    def time(self, moment: datetime) -> None:
        self._time = to_dotnet(moment)

    @property
    def end_time(self) -> datetime:
        return self.time

    @property
    def price(self) -> float:
        return self.value


@dotnet("QuantConnect.Data.Market")
class Tick(BaseData):
    """A trade or a quote."""

    tick_type = field("tick_type", TickType.TRADE)
    quantity = field("quantity", 0.0)
    bid_price = field("bid_price", 0.0)
    bid_size = field("bid_size", 0.0)
    ask_price = field("ask_price", 0.0)
    ask_size = field("ask_size", 0.0)
    exchange = field("exchange", "")
    sale_condition = field("sale_condition", "")
    suspicious = field("suspicious", False)

    @property
    def last_price(self) -> float:
        return self.value


class DataDictionary:
    """Data by symbol, with the calls of both .NET's and Python's dictionaries."""

    def __init__(self) -> None:
        self._items: dict[Symbol, Any] = {}

    @property
    def count(self) -> int:
        return len(self._items)

    def contains_key(self, symbol: Symbol) -> bool:
        return symbol in self._items

    def get(self, symbol: Symbol, default: Any = None) -> Any:
        return self._items.get(symbol, default)

    def remove(self, symbol: Symbol) -> bool:
        return self._items.pop(symbol, None) is not None

    def items(self) -> list[tuple[Symbol, Any]]:
        return list(self._items.items())

    def keys(self) -> list[Symbol]:
        return list(self._items)

    def values(self) -> list[Any]:
        return list(self._items.values())

    def __getitem__(self, symbol: Symbol) -> Any:
        return self._items[symbol]

    def __setitem__(self, symbol: Symbol, value: Any) -> None:
        self._items[symbol] = value

    def __contains__(self, symbol: Symbol) -> bool:
        return symbol in self._items

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[tuple[Symbol, Any]]:
        return iter(self.items())


DataDictionary = dotnet("QuantConnect.Data.Market")(DataDictionary)


class List(list[Any]):
    """A list of .NET; `List[BaseData]()` makes one."""

    def __class_getitem__(cls, kind: Any) -> Any:
        return cls

    @property
    def count(self) -> int:  # type: ignore[override]
        return len(self)

    def add(self, item: Any) -> None:
        self.append(item)

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < len(self):
            raise IndexError("Index was out of range. Must be non-negative and less than the size of the collection.")
        return super().__getitem__(index)


List = dotnet("System.Collections.Generic")(List)  # type: ignore[misc]


class KeyNotFoundException(DotnetError):
    """System.Collections.Generic.KeyNotFoundException."""


@dotnet("QuantConnect.Data")
class Slice:
    """What on_data is given: the data by kind, and all together."""

    def __init__(
        self,
        time: datetime,
        data: List,
        trade_bars: Any,
        quote_bars: Any,
        ticks: DataDictionary,
        option_chains: Any,
        futures_chains: Any,
        splits: Any,
        dividends: Any,
        delistings: Any,
        symbol_changes: Any,
        margin_interest_rates: Any,
        utc_time: datetime,
        has_data: bool | None = None,
    ) -> None:
        self._time = to_dotnet(time)
        self._utc_time = to_dotnet(utc_time)
        self._data = data
        self._by_kind = {
            "bars": trade_bars,
            "quote_bars": quote_bars,
            "ticks": ticks,
            "option_chains": option_chains,
            "futures_chains": futures_chains,
            "splits": splits,
            "dividends": dividends,
            "delistings": delistings,
            "symbol_changed_events": symbol_changes,
            "margin_interest_rates": margin_interest_rates,
        }
        self._has_data = bool(data) if has_data is None else has_data
        self._by_symbol: dict[Symbol, list[BaseData]] | None = None

    @classmethod
    def of(cls, time: datetime, utc_time: datetime, data: Iterable[BaseData]) -> Slice:
        """Return the slice of some ticks, in the order of the engine."""
        every = List(data)
        ticks = DataDictionary()
        for tick in every:
            if tick.symbol not in ticks:
                ticks[tick.symbol] = List()
            ticks[tick.symbol].add(tick)
        empty = [DataDictionary() for _ in range(9)]
        made = cls(time, every, empty[0], empty[1], ticks, *empty[2:], utc_time, bool(every))
        # The engine's own times do not come from Python.
        made._time, made._utc_time = time, utc_time
        return made

    @property
    def time(self) -> datetime:
        return self._time

    @property
    def utc_time(self) -> datetime:
        return self._utc_time.replace(tzinfo=timezone.utc)

    @property
    def all_data(self) -> Iterable[BaseData]:
        return iter(self._data)

    @property
    def has_data(self) -> bool:
        return self._has_data

    @property
    def count(self) -> int:
        return len(self._symbols())

    def keys(self) -> list[Symbol]:
        return list(self._symbols())

    def contains_key(self, symbol: Symbol) -> bool:
        return symbol in self._symbols()

    def __contains__(self, symbol: Symbol) -> bool:
        return symbol in self._symbols()

    def __getitem__(self, symbol: Symbol) -> Any:
        try:
            return self._symbols()[symbol]
        except KeyError:
            raise KeyNotFoundException(f"{symbol} has no data in this slice") from None

    def _symbols(self) -> dict[Symbol, list[BaseData]]:
        if self._by_symbol is None:
            self._by_symbol = {}
            for each in self._data:
                self._by_symbol.setdefault(each.symbol, []).append(each)
        return self._by_symbol

    def __getattr__(self, name: str) -> Any:
        from live.algorithm.naming import snake_case

        if not name.startswith("_") and snake_case(name) in self._by_kind:
            return self._by_kind[snake_case(name)]
        raise AttributeError(name)
