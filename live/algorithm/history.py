"""History requests of an algorithm: `self.history(...)` gives a DataFrame, `self.history[TradeBar](...)` gives objects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from live.algorithm.data import BaseData, QuoteBar, Tick, TradeBar
from live.algorithm.enums import Resolution, SecurityType
from live.algorithm.overloads import Parameter, anything, overloaded
from live.algorithm.slices import Slice
from live.algorithm.symbols import Symbol
from live.clock import date_to_ns, datetime_to_ns, timedelta_to_ns
from live.errors import EnvironmentFault, UsageError

if TYPE_CHECKING:
    from live.algorithm.host import Host

_LAST_KNOWN = ((Parameter("symbol", anything, also=("security", "symbols", "securities")),),)
_TRADE_COLUMNS = ("open", "high", "low", "close", "volume")
_OPTIONS = ("fill_forward", "extended_market_hours", "data_normalization_mode")


class HistoryMethods:
    """History methods; mixed into QCAlgorithm."""

    _host: Host

    if TYPE_CHECKING:

        def _symbol(self, value: Any) -> Symbol: ...

    @property
    def history(self) -> HistoryRequests:
        """Past data from disk. Never gives anything that is not known yet at the algorithm's present time."""
        return HistoryRequests(self)

    @overloaded(*_LAST_KNOWN)
    def get_last_known_prices(self, symbol: Any) -> Any:
        """Return the newest trade and quote bar of a symbol before the present time; of several, a dictionary of them."""
        if isinstance(symbol, Iterable) and not isinstance(symbol, str):
            known = [self._symbol(each) for each in symbol]
            return {each: self._host.last_known_prices(each) for each in known}
        return self._host.last_known_prices(self._symbol(symbol))

    @overloaded(*_LAST_KNOWN)
    def get_last_known_price(self, symbol: Any) -> BaseData | None:
        """Return the newest data point of a symbol before the present time."""
        points = self._host.last_known_prices(self._symbol(symbol))
        return points[-1] if points else None


class HistoryRequests:
    """The callable behind `self.history`.

    Called with symbols and a number of bars, a timedelta, or two datetimes in the algorithm's zone; a resolution may follow. Without symbols,
    all securities are meant and slices are returned. A data type may come first; `history[TradeBar](...)` gives objects instead of a DataFrame.
    """

    def __init__(self, algorithm: HistoryMethods) -> None:
        self._algorithm = algorithm

    def __getitem__(self, kind: type[BaseData]) -> TypedHistory:
        return TypedHistory(self, kind)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Return history; see the class."""
        kind: type[BaseData] | None = None
        if arguments and isinstance(arguments[0], type):
            kind, arguments = arguments[0], arguments[1:]
        if arguments and isinstance(arguments[0], int | timedelta) and not isinstance(arguments[0], bool):
            return list(self.slices(None, arguments, options))
        slices = self.slices(arguments[0] if arguments else options.pop("tickers", None), arguments[1:], options)
        return _to_frame(slices, kind, bool(options.get("flatten", False)))

    def slices(self, tickers: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Iterable[Slice]:
        """Return the slices of a request.

        Raises:
            UsageError: the arguments are none of the forms that history takes.
        """
        algorithm = self._algorithm
        host = algorithm._host
        if tickers is None:
            symbols = list(host.securities.keys())
        elif isinstance(tickers, list | tuple | set):
            symbols = [algorithm._symbol(each) for each in tickers]
        else:
            symbols = [algorithm._symbol(tickers)]
        values = list(arguments)
        for name in ("periods", "span", "start", "end", "resolution"):
            if name in options:
                values.append(options[name])
        known = {name: value for name, value in options.items() if name in _OPTIONS and value is not None}
        bars, start_ns, end_ns, rest = _span(host, values)
        resolution = next((each for each in rest if isinstance(each, Resolution)), None)
        return host.history(symbols, resolution, bars, start_ns, end_ns, known)


class TypedHistory:
    """`self.history[TradeBar]`: a list of objects for one symbol, a list of dictionaries by symbol for several."""

    def __init__(self, requests: HistoryRequests, kind: type[BaseData]) -> None:
        self._requests = requests
        self._kind = kind

    def __call__(self, tickers: Any, *arguments: Any, **options: Any) -> list[Any]:
        """Return objects of the kind, by slice; see HistoryRequests."""
        slices = self._requests.slices(tickers, arguments, options)
        several = isinstance(tickers, list | tuple | set)
        found: list[Any] = []
        for slice in slices:
            collection = slice.get(self._kind) or {}
            if several:
                if collection:
                    found.append(collection)
                continue
            for point in collection.values():
                found.extend(point if isinstance(point, list) else [point])
        return found


def _span(host: Host, values: list[Any]) -> tuple[int | None, int | None, int | None, list[Any]]:
    """Return (bars, start, end, what is left) of a request; moments in UTC nanoseconds."""
    if not values:
        raise UsageError("history needs a number of bars, a timedelta, or start and end; see docs/api-subset.md")
    first = values[0]
    if isinstance(first, timedelta):
        return None, host.time_ns - timedelta_to_ns(first), None, values[1:]
    if isinstance(first, int) and not isinstance(first, bool | Resolution):
        return first, None, None, values[1:]
    if isinstance(first, date):
        start = _moment(host, first)
        if len(values) > 1 and isinstance(values[1], date):
            return None, start, _moment(host, values[1]), values[2:]
        return None, start, None, values[1:]
    raise UsageError(f"history cannot use {first!r}; pass a number of bars, a timedelta, or start and end")


def _moment(host: Host, value: date) -> int:
    local_ns = datetime_to_ns(value.replace(tzinfo=None)) if isinstance(value, datetime) else date_to_ns(value)
    return host.zone.to_utc_ns(local_ns)


def _to_frame(slices: Iterable[Slice], kind: type[BaseData] | None, flatten: bool) -> Any:
    """Return LEAN's DataFrame: indexed by symbol and end time, one column per field.

    Raises:
        EnvironmentFault: pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise EnvironmentFault(
            "self.history(...) returns a DataFrame, which needs pandas: pip install 'lean-live[pandas]'; "
            "or use self.history[TradeBar](...), which returns objects"
        ) from None
    rows: dict[tuple[Symbol, datetime], dict[str, float]] = {}
    ticks: list[dict[str, Any]] = []
    for slice in slices:
        if kind in (None, TradeBar):
            for symbol, bar in slice.bars.items():
                row = rows.setdefault((symbol, bar.end_time), {})
                row.update({name: getattr(bar, name) for name in _TRADE_COLUMNS})
        if kind in (None, QuoteBar):
            for symbol, quote in slice.quote_bars.items():
                _add_quote(rows.setdefault((symbol, quote.end_time), {}), symbol, quote, kind)
        if kind in (None, Tick):
            for symbol, points in slice.ticks.items():
                ticks.extend(_tick_row(symbol, tick) for tick in points)
    if ticks:
        return pandas.DataFrame(ticks).set_index(["symbol", "time"])
    if not rows:
        return pandas.DataFrame()
    index = pandas.MultiIndex.from_tuples(list(rows), names=["symbol", "time"])
    frame = pandas.DataFrame(list(rows.values()), index=index).sort_index(
        level="symbol", sort_remaining=False, kind="stable"
    )
    return frame.reset_index() if flatten else frame


def _add_quote(row: dict[str, float], symbol: Symbol, quote: QuoteBar, kind: type[BaseData] | None) -> None:
    if "close" not in row and (kind is QuoteBar or symbol.security_type is not SecurityType.EQUITY):
        row.update({name: getattr(quote, name) for name in _TRADE_COLUMNS[:4]})
    for side_name, side, size in (("bid", quote.bid, quote.last_bid_size), ("ask", quote.ask, quote.last_ask_size)):
        if side is not None:
            row.update({f"{side_name}{name}": getattr(side, name) for name in _TRADE_COLUMNS[:4]})
            row[f"{side_name}size"] = size


def _tick_row(symbol: Symbol, tick: Tick) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "time": tick.time,
        "askprice": tick.ask_price,
        "asksize": tick.ask_size,
        "bidprice": tick.bid_price,
        "bidsize": tick.bid_size,
        "exchange": tick.exchange,
        "lastprice": tick.value,
        "quantity": tick.quantity,
        "suspicious": tick.suspicious,
    }
