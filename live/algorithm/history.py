"""History requests of an algorithm: `self.history(...)` gives a DataFrame, `self.history[TradeBar](...)` gives objects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from live.algorithm.data import BaseData, QuoteBar, Tick, TradeBar
from live.algorithm.enums import Resolution
from live.algorithm.overloads import (
    Parameter,
    anything,
    bind,
    data_class,
    flag,
    moment,
    overloaded,
    resolution,
    span,
    whole,
)
from live.algorithm.slices import Slice
from live.algorithm.symbols import Symbol
from live.clock import date_to_ns, datetime_to_ns, timedelta_to_ns
from live.errors import EnvironmentFault, UsageError

if TYPE_CHECKING:
    from live.algorithm.host import Host

_LAST_KNOWN = ((Parameter("symbol", anything, also=("security", "symbols", "securities")),),)
_TRADE_COLUMNS = ("open", "high", "low", "close", "volume")
_OPTIONS = ("fill_forward", "extended_market_hours", "data_normalization_mode")


_TICKERS = Parameter("tickers", anything, also=("symbols", "symbol"))
_REST = (
    Parameter("resolution", resolution, None),
    Parameter("fill_forward", flag, None),
    Parameter("extended_market_hours", flag, None),
    Parameter("data_mapping_mode", anything, None),
    Parameter("data_normalization_mode", anything, None),
    Parameter("contract_depth_offset", anything, None),
    Parameter("flatten", flag, False),
)
_LENGTHS = (
    (Parameter("periods", whole),),
    (Parameter("span", span),),
    (Parameter("start", moment), Parameter("end", moment)),
)
_TYPED_FORMS = (
    *((*length, *_REST) for length in _LENGTHS),
    *((_TICKERS, *length, *_REST) for length in _LENGTHS),
)
_FORMS = (
    *((*length, *_REST) for length in _LENGTHS),
    *((Parameter("type", data_class), _TICKERS, *length, *_REST) for length in _LENGTHS),
    *((_TICKERS, *length, *_REST) for length in _LENGTHS),
)


class HistoryMethods:
    """History methods; mixed into QCAlgorithm."""

    _host: Host

    if TYPE_CHECKING:

        def _symbol(self, value: Any) -> Symbol: ...

        def _symbols_of(self, value: Any) -> list[Symbol]: ...

    @property
    def history(self) -> HistoryRequests:
        """Past data from disk. Never gives anything that is not known yet at the algorithm's present time."""
        return HistoryRequests(self)

    @overloaded(*_LAST_KNOWN)
    def get_last_known_prices(self, symbol: Any) -> Any:
        """Return the newest trade and quote bar of a symbol before the present time; of several, a dictionary of them."""
        if _is_several(symbol):
            return {each: self._host.last_known_prices(each) for each in self._symbols_of(symbol)}
        return self._host.last_known_prices(self._symbol(symbol))

    @overloaded(*_LAST_KNOWN)
    def get_last_known_price(self, symbol: Any) -> BaseData | None:
        """Return the newest data point of a symbol before the present time."""
        points = self._host.last_known_prices(self._symbol(symbol))
        return points[-1] if points else None


class HistoryRequests:
    """The callable behind `self.history`: data before the present time.

    Forms: `history(tickers, periods)`, `history(tickers, span)` and `history(tickers, start, end)` give a DataFrame;
    with a data class in front only of such data; without tickers, of all securities, `history(periods)` and
    `history(span)` give slices. Behind these come resolution, fill_forward, extended_market_hours, data_mapping_mode,
    data_normalization_mode, contract_depth_offset and flatten. `history[TradeBar](...)` gives objects. Moments are on
    the algorithm's clock.
    """

    forms = _FORMS

    def __init__(self, algorithm: HistoryMethods) -> None:
        self._algorithm = algorithm

    def __getitem__(self, kind: type[BaseData]) -> TypedHistory:
        return TypedHistory(self, kind)

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Return history; see the class.

        Raises:
            UsageError: the arguments are none of the forms.
        """
        values = bind("history", _FORMS, args, named)
        slices = self.slices(values)
        if "tickers" not in values:
            return list(slices)
        return _to_frame(slices, values.get("type"), values["flatten"])

    def slices(self, values: dict[str, Any]) -> Iterable[Slice]:
        """Return the slices of a request.

        Parameters:
            values: the request's arguments by name.

        Raises:
            UsageError: a number of ticks is asked for.
        """
        host = self._algorithm._host
        symbols = (
            self._algorithm._symbols_of(values["tickers"]) if "tickers" in values else list(host.securities.keys())
        )
        options = {name: values[name] for name in _OPTIONS if values[name] is not None}
        resolution, periods = values["resolution"], values.get("periods")
        if periods is not None:
            self._check_no_ticks(symbols, resolution, values.get("type"))
        start_ns = end_ns = None
        if "span" in values:
            start_ns = host.time_ns - timedelta_to_ns(values["span"])
        elif "start" in values:
            start_ns, end_ns = _moment(host, values["start"]), _moment(host, values["end"])
        return host.history(symbols, resolution, periods, start_ns, end_ns, options)

    def _check_no_ticks(self, symbols: list[Symbol], resolution: Resolution | None, kind: Any) -> None:
        for symbol in symbols:
            own = self._algorithm._host.subscription_for(symbol, None).resolution if resolution is None else resolution
            if own is Resolution.TICK or kind is Tick:
                raise UsageError(
                    f"history of a number of ticks of {symbol} does not exist; pass a timedelta or start and end, "
                    "or name another resolution"
                )


class TypedHistory:
    """`self.history[TradeBar]`: a list of objects for one symbol, a list of dictionaries by symbol for several."""

    forms = _TYPED_FORMS

    def __init__(self, requests: HistoryRequests, kind: type[BaseData]) -> None:
        self._requests = requests
        self._kind = kind

    def __call__(self, *args: Any, **named: Any) -> list[Any]:
        """Return objects of the kind, by slice; forms as for HistoryRequests.

        Raises:
            UsageError: the arguments are none of the forms.
        """
        values = bind("history", _TYPED_FORMS, args, named) | {"type": self._kind}
        several = "tickers" not in values or _is_several(values["tickers"])
        found: list[Any] = []
        for slice in self._requests.slices(values):
            collection = slice.get(self._kind) or {}
            if several:
                if collection:
                    found.append(collection)
                continue
            for point in collection.values():
                found.extend(point if isinstance(point, list) else [point])
        return found


def _is_several(tickers: Any) -> bool:
    return isinstance(tickers, Iterable) and not isinstance(tickers, str)


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
                _add_quote(rows.setdefault((symbol, quote.end_time), {}), quote)
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


def _add_quote(row: dict[str, float], quote: QuoteBar) -> None:
    """Add a quote bar to a row; its own prices, the middle of both sides, only where there are none of trades."""
    if "close" not in row:
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
