"""LEAN's .NET API as far as the host touches it: all of it is in this module, and nothing of it anywhere else.

Everything here runs inside LEAN only, after AlgorithmImports was imported, which loads LEAN's assemblies. Names are
imported where they are used, by statements: that is what LEAN's bridge to .NET hooks. Those that every tick or order needs
are looked up once (live/lean/dotnet_types.py). Prices of calls, measured inside the
engine: a property 0.24 to 0.6 µs, a method 1.4 to 1.7 µs, a constructor 22 µs; a method gives the interpreter's lock
away while it runs, a property does not.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from live.clock import datetime_to_ns, timedelta_to_ns
from live.errors import one_line
from live.hot.events import OrderRecord
from live.hot.page_tables import PositionRow
from live.lean.dotnet_types import dotnet_types
from live.lean.order_names import status_number, type_number_of

# -- ticks into the engine


def silence_data_queue() -> Any:
    """Register a data queue that accepts every symbol and sends nothing; return the engine's aggregator.

    To be called while the algorithm's module is imported: that is before the engine builds its data feed, which takes the
    queue registered first for the name FakeDataQueue. A FakeDataQueue left as it is makes 500,000 points a second.
    """
    from QuantConnect.Interfaces import IDataQueueHandler
    from QuantConnect.Lean.Engine.DataFeeds.Queues import FakeDataQueue
    from QuantConnect.Util import Composer

    aggregator = data_aggregator()
    Composer.Instance.AddPart[IDataQueueHandler](FakeDataQueue(aggregator, 0))
    return aggregator


def data_aggregator() -> Any:
    """Return the engine's aggregator, through which all ticks of live queues enter."""
    from QuantConnect.Data import IDataAggregator
    from QuantConnect.Util import Composer

    return Composer.Instance.GetExportedValueByTypeName[IDataAggregator]("AggregationManager")


def trade_tick(symbol: Any, price: float, quantity: float, local_time: datetime) -> Any:
    """Return a trade tick.

    Parameters:
        symbol: LEAN's symbol.
        price: of the trade.
        quantity: of the trade.
        local_time: naive, in the time zone of the exchange; not ahead of the engine's clock, or the tick is held.
    """
    types = dotnet_types()
    tick = types.tick()
    tick.symbol = symbol
    tick.tick_type = types.trade
    tick.value = price
    tick.quantity = quantity
    tick.time = local_time
    return tick


def quote_tick(symbol: Any, bid: float, bid_size: float, ask: float, ask_size: float, local_time: datetime) -> Any:
    """Return a quote tick; a side that is not quoted has price 0. Its value is the middle, or the only side.

    Parameters:
        symbol: LEAN's symbol.
        bid: price of the bid.
        bid_size: size of the bid.
        ask: price of the ask.
        ask_size: size of the ask.
        local_time: as for `trade_tick`.
    """
    types = dotnet_types()
    tick = types.tick()
    tick.symbol = symbol
    tick.tick_type = types.quote
    tick.bid_price = bid
    tick.bid_size = bid_size
    tick.ask_price = ask
    tick.ask_size = ask_size
    tick.value = (bid + ask) / 2 if bid and ask else bid or ask
    tick.time = local_time
    return tick


class Subscription(NamedTuple):
    """One subscription of the algorithm to a symbol's trades or quotes.

    Attributes:
        symbol: LEAN's symbol.
        security_type: asset class in lower case.
        market: market in lower case.
        ticker: ticker in upper case.
        is_quote: quotes, not trades.
        is_tick: single ticks, not bars of them.
        zone: time zone of the exchange, an IANA name.
    """

    symbol: Any
    security_type: str
    market: str
    ticker: str
    is_quote: bool
    is_tick: bool
    zone: str


def subscriptions(algorithm: Any) -> list[Subscription]:
    """Return the algorithm's subscriptions to trades and quotes; what LEAN subscribes to for itself is left out by LEAN."""
    from QuantConnect import Resolution, TickType

    return [
        Subscription(
            each.symbol,
            str(each.symbol.security_type).lower(),
            str(each.symbol.id.market).lower(),
            str(each.symbol.value).upper(),
            each.tick_type == TickType.QUOTE,
            each.resolution == Resolution.TICK,
            str(each.exchange_time_zone.Id),
        )
        for each in algorithm.subscription_manager.subscriptions
        if not each.is_custom_data and each.tick_type in (TickType.TRADE, TickType.QUOTE)
    ]


# -- slices


def without_symbol(slice: Any, symbol: Any) -> Any | None:
    """Return what is left of a slice without one symbol's ticks; None when nothing is.

    A slice knows its data in two ways: by kind (`ticks`), and all together (`all_data`), from which `keys()`, `slice[...]`
    and `contains_key` are made. The ticks are taken out of the first, and a new slice is made around the rest of the
    second; bars and everything else stay the same objects.

    Parameters:
        slice: what the engine gave on_data; its `ticks` lose the symbol.
        symbol: LEAN's symbol.
    """
    types = dotnet_types()
    rest = types.data_list()
    for data in slice.all_data:
        if data.symbol != symbol:
            rest.add(data)
    if not rest.count:
        return None
    slice.ticks.remove(symbol)
    return types.slice(
        slice.time,
        rest,
        slice.bars,
        slice.quote_bars,
        slice.ticks,
        slice.option_chains,
        slice.futures_chains,
        slice.splits,
        slice.dividends,
        slice.delistings,
        slice.symbol_changed_events,
        slice.margin_interest_rates,
        slice.utc_time,
        True,
    )


def utc_ns(slice: Any) -> int:
    """Return when the engine made a slice, by the wall clock, nanoseconds since 1970 UTC."""
    return datetime_to_ns(slice.utc_time)


def engine_time_ns(algorithm: Any) -> int:
    """Return the time of the engine's newest step, which is one a second at least, nanoseconds since 1970 UTC."""
    return datetime_to_ns(algorithm.utc_time)


def changes_without(changes: Any, symbol: Any) -> Any | None:
    """Return what is left of an algorithm's security changes without one symbol's; None when nothing is.

    Parameters:
        changes: what LEAN gives on_securities_changed, which holds no internal securities.
        symbol: LEAN's symbol.
    """
    from QuantConnect.Data.UniverseSelection import SecurityChanges
    from QuantConnect.Securities import Security
    from System.Collections.Generic import List

    rest = []
    for securities in (changes.added_securities, changes.removed_securities):
        kept = List[Security]()
        for security in securities:
            if security.symbol != symbol:
                kept.Add(security)
        rest.append(kept)
    if not any(kept.Count for kept in rest):
        return None
    return SecurityChanges.Create(*rest, List[Security](), List[Security]())


def ticks_of(slice: Any) -> list[tuple[Any, Any]]:
    """Return the symbols that have ticks in a slice, each with the list of them."""
    ticks = slice.ticks
    return list(ticks.items()) if ticks.count else []


# -- garbage collection of .NET


class DotnetPauses:
    """Counts and pauses of .NET's garbage collector since the process began."""

    def __init__(self) -> None:
        from System import GC

        self._count = GC.CollectionCount
        self._pause = GC.GetTotalPauseDuration

    def collections(self, generation: int) -> int:
        """Return the collections of a generation, which include those of the older ones."""
        return int(self._count(generation))

    def pause_ns(self) -> int:
        """Return the time for which all threads were halted."""
        span: timedelta = self._pause()
        return timedelta_to_ns(span)


# -- account, securities, orders


class Account(NamedTuple):
    """Amounts of the account, in its currency."""

    equity: float
    fees: float
    currency: str


def account(algorithm: Any) -> Account:
    """Return what the account is worth now."""
    portfolio = algorithm.portfolio
    return Account(float(portfolio.total_portfolio_value), float(portfolio.total_fees), str(algorithm.account_currency))


def runtime_error(algorithm: Any) -> str:
    """Return what LEAN calls the algorithm's run-time error, in one line; "" when there is none."""
    error = algorithm.run_time_error
    return "" if error is None else one_line(str(getattr(error, "message", error)))


def held_securities(algorithm: Any) -> list[Any]:
    """Return the securities of which something is held."""
    return [each for each in algorithm.securities.values() if each.holdings.quantity]


def position(security: Any) -> PositionRow:
    """Return the holding of a security; the profit is LEAN's, without the fees of closing it."""
    holdings = security.holdings
    return PositionRow(
        str(security.symbol.value),
        float(holdings.quantity),
        float(holdings.average_price),
        float(security.price),
        float(holdings.unrealized_profit),
    )


def is_open(security: Any) -> bool:
    """Tell whether the market of a security is in its regular hours."""
    return bool(security.exchange.exchange_open)


def zone_name(security: Any) -> str:
    """Return the time zone of a security's exchange, an IANA name."""
    return str(security.exchange.time_zone)


def status_of(event: Any) -> int:
    """Return the status of an order event or ticket, as LEAN numbers them; its name prints in one of two spellings."""
    return status_number(str(event.status))


def order_type_of(ticket: Any) -> int:
    """Return the type of a ticket's or request's order, as LEAN numbers them; -1 for one newer than this program."""
    return type_number(ticket.order_type)


def type_number(order_type: Any) -> int:
    """Return the number of LEAN's OrderType; -1 for one newer than this program."""
    return type_number_of(str(order_type))


def order_record(event: Any, algorithm: Any) -> OrderRecord:
    """Return an order event as other processes hear of it, with the symbol's newest quote.

    Parameters:
        event: LEAN's order event; of a security that was removed since the quote is 0.
        algorithm: whose it is.
    """
    securities, symbol, ticket = algorithm.securities, event.symbol, event.ticket
    security = securities[symbol] if securities.contains_key(symbol) else None
    return OrderRecord(
        datetime_to_ns(event.utc_time),
        int(event.order_id),
        status_of(event),
        str(symbol.value),
        float(event.fill_quantity),
        float(event.fill_price),
        float(event.order_fee.value.amount),
        0.0 if security is None else float(security.bid_price),
        0.0 if security is None else float(security.ask_price),
        float(event.quantity),
        -1 if ticket is None else order_type_of(ticket),
    )


# -- the algorithm's class


def is_python_class(cls: type) -> bool:
    """Tell whether a class is written in Python, and not one of .NET."""
    root = cls.__module__.partition(".")[0]
    return root not in ("QuantConnect", "System", "CLR", "clr", "builtins")


# -- orders


def new_status() -> Any:
    """Return LEAN's OrderStatus.NEW: that of an order which nobody has processed yet."""
    from QuantConnect.Orders import OrderStatus

    return OrderStatus.NEW


def submit_request(algorithm: Any, security: Any, number: int, quantity: Any, tag: str) -> Any:
    """Return a request for an order; making one has no effect. Its price terms are 0.

    Parameters:
        algorithm: LEAN's algorithm, for the time.
        security: LEAN's security; a symbol does as well.
        number: of the OrderType.
        quantity: signed.
        tag: of the order.
    """
    types = dotnet_types()
    symbol = getattr(security, "symbol", security)
    terms = (symbol.security_type, symbol, quantity, 0, 0, algorithm.utc_time, tag)
    return types.submit_request(types.order_types[number], *terms)


def invalid_ticket(
    algorithm: Any, security: Any, number: int, quantity: Any, tag: str, code_name: str, text: str
) -> Any:
    """Return the ticket that LEAN gives for an order that fails its checks: number -10, status INVALID, an error response.

    Parameters:
        algorithm: as all of the first parameters for `submit_request`.
        security: likewise.
        number: likewise.
        quantity: likewise.
        tag: likewise.
        code_name: member of LEAN's OrderResponseErrorCode.
        text: message of the response.
    """
    from QuantConnect.Orders import OrderResponse, OrderResponseErrorCode, OrderTicket

    request = submit_request(algorithm, security, number, quantity, tag)
    response = OrderResponse.Error(request, getattr(OrderResponseErrorCode, code_name), text)
    return OrderTicket.InvalidSubmitRequest(algorithm.transactions, request, response)


# -- warmth


def add_silent_symbol(algorithm: Any, asset_class: str, market: str, ticker: str) -> Any:
    """Subscribe to the ticks of a symbol that nobody trades; return LEAN's security.

    Parameters:
        algorithm: in its initialize.
        asset_class: `crypto`, `equity` or `forex`.
        market: of the symbol, as LEAN names it.
        ticker: of the symbol.
    """
    from QuantConnect import Resolution

    add = {"crypto": algorithm.add_crypto, "equity": algorithm.add_equity, "forex": algorithm.add_forex}[asset_class]
    return add(ticker, Resolution.TICK, market)


def uses_framework(algorithm: Any) -> bool:
    """Tell whether the algorithm has models of LEAN's framework; without, LEAN has models that do nothing, named Null..."""
    models = (algorithm.alpha, algorithm.portfolio_construction, algorithm.risk_management)
    return any(not str(each).rpartition(".")[2].startswith("Null") for each in models)


def base_amount(security: Any) -> float:
    """Return what the account holds of a pair's base currency, which is valued at the pair's price; 0 for other securities."""
    base = getattr(security, "base_currency", None)
    return 0.0 if base is None else float(base.amount)


def is_trace_silent() -> bool:
    """Tell whether LEAN's log leaves out lines that are no errors, so that calls which write some cost no disk.

    Where the engine's configuration cannot be asked, it does not.
    """
    try:
        from QuantConnect.Configuration import Config
    except ImportError:
        return False
    return str(Config.Get("log-handler", "")).rpartition(".")[2] == "ConsoleErrorLogHandler"


class ErrorQueue:
    """The algorithm's errors that LEAN has not taken into its log yet.

    Parameters:
        algorithm: whose.
    """

    def __init__(self, algorithm: Any) -> None:
        self._queue = algorithm.error_messages

    @property
    def count(self) -> int:
        """How many wait."""
        return int(self._queue.Count)

    def drop_newest(self) -> None:
        """Take the newest out and leave the others in their order; on the thread that has just written it.

        Raises:
            TypeError: the bridge does not hand back what .NET writes to a parameter.
        """
        queue = self._queue
        for waiting in range(self.count - 1, -1, -1):
            was_there, text = queue.TryDequeue(None)
            if was_there and waiting:
                queue.Enqueue(text)
