"""LEAN's .NET API as far as the host touches it: what is imported of .NET, and each call of LEAN's managers.

Other modules read plain members of objects that LEAN or this module has handed them, such as the ticks of a slice: one call
more would cost as much as the member. Everything here runs inside LEAN only, after AlgorithmImports has loaded LEAN's
assemblies. Names are imported where they are used, by statements: LEAN's bridge to .NET hooks those. Prices of calls, measured:
a property 0.24 to 0.6 µs, a method 1.4 to 1.7 µs and the interpreter's lock, a constructor 22 µs.
"""

from __future__ import annotations

import functools
from datetime import date, datetime, timedelta
from typing import Any, cast

from live.clock import datetime_to_ns, timedelta_to_ns
from live.errors import one_line, without_stack
from live.hot.events import OrderRecord
from live.hot.page_tables import PositionRow
from live.lean.engine_records import Account, DotnetTypes, LeanOrder, Subscription
from live.lean.instrument import is_python_class
from live.lean.order_names import ORDER_TYPES, status_number, type_number_of

# -- types


@functools.cache
def dotnet_types() -> DotnetTypes:
    """Return what every tick, beat or order needs, looked up once: the bridge looks up each import and member anew."""
    from QuantConnect import TickType
    from QuantConnect.Data import BaseData, Slice
    from QuantConnect.Data.Market import Tick
    from QuantConnect.Orders import OrderStatus, OrderTicket, OrderType, SubmitOrderRequest
    from System.Collections.Generic import List

    # A version of LEAN may lack the newest types of orders: None there, of which nobody can send one.
    order_types = tuple(getattr(OrderType, name, None) for name in ORDER_TYPES)
    ticks = Tick, TickType.TRADE, TickType.QUOTE
    orders = SubmitOrderRequest, OrderTicket, order_types, OrderStatus.NEW
    return DotnetTypes(*ticks, Slice, List[BaseData], *orders)


# -- ticks and slices


def silence_data_queue() -> Any:
    """Register a data queue that accepts every symbol and sends nothing; return the engine's aggregator.

    To be called while the algorithm's module is imported, before the engine builds its data feed, which takes the queue that
    was registered first for the name FakeDataQueue. One left as it is makes 500,000 points a second.
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
    """Return a trade tick of LEAN's symbol.

    Its time is naive, in the exchange's zone, cut to milliseconds by LEAN's bridge; ahead of the engine's clock it is held.
    """
    tick = _tick(dotnet_types().trade, symbol, local_time)
    tick.value, tick.quantity = price, quantity
    return tick


def quote_tick(symbol: Any, bid: float, bid_size: float, ask: float, ask_size: float, local_time: datetime) -> Any:
    """Return a quote tick, its time as for `trade_tick`, its value the middle or the only side that is quoted: 0 is none."""
    tick = _tick(dotnet_types().quote, symbol, local_time)
    tick.bid_price, tick.bid_size, tick.ask_price, tick.ask_size = bid, bid_size, ask, ask_size
    tick.value = (bid + ask) / 2 if bid and ask else bid or ask
    return tick


def _tick(kind: Any, symbol: Any, local_time: datetime) -> Any:
    tick = dotnet_types().tick()
    tick.symbol, tick.tick_type, tick.time = symbol, kind, local_time
    return tick


def subscriptions(algorithm: Any) -> list[Subscription]:
    """Return the algorithm's subscriptions to trades and quotes; what LEAN subscribes to for itself is left out by LEAN."""
    from QuantConnect import Resolution, TickType

    return [
        Subscription(
            each.symbol,
            # CryptoFuture or CRYPTO_FUTURE, by the version of LEAN's bridge; cryptofuture in data folders and feeds.
            str(each.symbol.security_type).replace("_", "").lower(),
            str(each.symbol.id.market).lower(),
            str(each.symbol.value).upper(),
            each.tick_type == TickType.QUOTE,
            each.resolution == Resolution.TICK,
            str(each.exchange_time_zone.Id),
        )
        for each in algorithm.subscription_manager.subscriptions
        if not each.is_custom_data and each.tick_type in (TickType.TRADE, TickType.QUOTE)
    ]


def without_symbol(slice: Any, symbol: Any) -> Any | None:
    """Return what is left of a slice without one symbol's ticks; None when nothing is.

    A slice knows its data by kind (`ticks`, `bars`), where it is taken out in place, and all together (`all_data`), of which
    `keys()`, `slice[...]` and `contains_key` are made anew. Its times are cut to milliseconds by LEAN's bridge.
    """
    types = dotnet_types()
    rest = types.data_list()
    for data in slice.all_data:
        if data.symbol != symbol:
            rest.add(data)
    if not rest.count:
        return None
    for by_symbol in (slice.ticks, slice.bars, slice.quote_bars):
        by_symbol.remove(symbol)
    kinds = slice.bars, slice.quote_bars, slice.ticks, slice.option_chains, slice.futures_chains
    actions = slice.splits, slice.dividends, slice.delistings, slice.symbol_changed_events, slice.margin_interest_rates
    return types.slice(slice.time, rest, *kinds, *actions, slice.utc_time, True)


def utc_ns(source: Any) -> int:
    """Return when the engine made a slice, or an algorithm's newest step, one a second at least; since 1970 UTC."""
    return datetime_to_ns(source.utc_time)


def changes_without(changes: Any, symbol: Any) -> Any | None:
    """Return what is left of changes of securities that are not internal, without one symbol's; None when nothing is."""
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


# -- account and securities


def account(algorithm: Any) -> Account:
    """Return what the account is worth now."""
    portfolio = algorithm.portfolio
    return Account(float(portfolio.total_portfolio_value), float(portfolio.total_fees), str(algorithm.account_currency))


def runtime_error(algorithm: Any) -> str:
    """Return what LEAN calls the algorithm's run-time error, in one line; "" when there is none."""
    error = algorithm.run_time_error
    return "" if error is None else one_line(without_stack(str(getattr(error, "message", error))))


def securities(algorithm: Any) -> list[Any]:
    """Return the algorithm's securities."""
    return list(algorithm.securities.values())


def security_of(algorithm: Any, symbol: Any) -> Any | None:
    """Return LEAN's security of a symbol, None when the algorithm does not have it; or of a ticker that it has."""
    known = algorithm.securities
    return known[symbol] if isinstance(symbol, str) or known.contains_key(symbol) else None


def held_securities(algorithm: Any) -> list[Any]:
    """Return the securities of which something is held."""
    return [each for each in securities(algorithm) if each.holdings.quantity]


def position(security: Any) -> PositionRow:
    """Return the holding of a security; the profit is LEAN's, without the fees of closing it."""
    held = security.holdings
    numbers = held.quantity, held.average_price, security.price, held.unrealized_profit
    return PositionRow(str(security.symbol.value), *map(float, numbers))


def zone_name(security: Any) -> str:
    """Return the time zone of a security's exchange, an IANA name."""
    return str(security.exchange.time_zone)


def status_of(event: Any) -> int:
    """Return the status of an order event or ticket, as LEAN numbers them; its name prints in one of two spellings."""
    return status_number(str(event.status))


def order_type_of(ticket: Any) -> int:
    """Return the type of a ticket's or request's order, as LEAN numbers them; -1 for one newer than this program."""
    return type_number_of(str(ticket.order_type))


def order_record(event: Any, algorithm: Any) -> OrderRecord:
    """Return an order event as other processes hear of it, with the symbol's newest quote: 0 when it was removed since."""
    security, ticket = security_of(algorithm, event.symbol), event.ticket
    quote = (0.0, 0.0) if security is None else (float(security.bid_price), float(security.ask_price))
    order = int(event.order_id), status_of(event), str(event.symbol.value)
    fill = float(event.fill_quantity), float(event.fill_price), float(event.order_fee.value.amount)
    kind = -1 if ticket is None else order_type_of(ticket)
    return OrderRecord(datetime_to_ns(event.utc_time), *order, *fill, *quote, float(event.quantity), kind)


def algorithm_class() -> type:
    """Return LEAN's own QCAlgorithm, whatever stands in for it."""
    from QuantConnect.Algorithm import QCAlgorithm

    return cast(type, next(each for each in QCAlgorithm.__mro__ if not is_python_class(each)))


def stand_in_for_algorithm(cls: type) -> None:
    """Let a class be found under every name by which an algorithm's file can import QCAlgorithm.

    LEAN's bridge lets nobody set attributes of a namespace of .NET, but looks into its dictionary before it asks .NET. Read in
    the bridge's source; a name that LEAN has looked up before, as AlgorithmImports does, stays among those of `import *`.
    """
    import AlgorithmImports
    from QuantConnect import Algorithm

    present = Algorithm.QCAlgorithm
    for module in (AlgorithmImports, Algorithm):
        names = vars(module)
        names.update({name: cls for name, value in names.items() if value is present})


# -- orders


class TradedSecurity:
    """What orders ask of one of LEAN's securities.

    What LEAN replaces while a security lives, as its properties, is looked up each time, all else once.
    """

    __slots__ = ("_exchange", "_holdings", "_security", "symbol", "ticker")

    def take(self, security: Any) -> None:
        """Take LEAN's objects; they are others when a security was removed and added again."""
        self._security, self._holdings, self._exchange = security, security.holdings, security.exchange
        self.symbol = security.symbol
        self.ticker = str(self.symbol.value)

    def held(self) -> float:
        """Return the signed quantity that the account holds."""
        return float(self._holdings.quantity)

    def quote(self) -> tuple[float, float]:
        """Return bid and ask; 0 for none."""
        return self._security.bid_price, self._security.ask_price

    def price(self) -> float:
        """Return the newest price; 0 before the first."""
        return float(self._security.price)

    def is_open(self) -> bool:
        """Tell whether the market is in its regular hours."""
        return bool(self._exchange.exchange_open)

    def lot(self) -> float:
        """Return the smallest change of a position."""
        return float(self._security.symbol_properties.lot_size)

    def unit_value(self) -> float:
        """Return what a price of 1 is worth for a quantity of 1, in the account's currency; 0 before there is a rate."""
        rate = float(self._security.quote_currency.conversion_rate)
        return rate * float(self._security.symbol_properties.contract_multiplier)

    def is_tradable(self) -> bool:
        """Tell whether it has data and may be traded."""
        return bool(self._security.has_data and self._security.is_tradable)

    def data_age_ns(self) -> int:
        """Return how old the newest data were at the engine's newest step, both in the exchange's time; 0 without data."""
        data = self._security.get_last_data()
        # Some queues of brokers stamp ticks of exchanges in UTC with a zone, which Python subtracts from no time without one.
        return 0 if data is None else datetime_to_ns(self._security.local_time) - datetime_to_ns(data.end_time)


class TradingAccount:
    """What the order path asks of LEAN's algorithm, whose managers are looked up once."""

    def __init__(self, algorithm: Any) -> None:
        self.algorithm = algorithm
        self._portfolio, self._transactions = algorithm.portfolio, algorithm.transactions

    def equity(self) -> float:
        """Return what the account is worth now."""
        return float(self._portfolio.total_portfolio_value)

    def day(self) -> date:
        """Return the day in the algorithm's time zone."""
        return cast(date, self.algorithm.time.date())

    def work_out_margin(self, symbol: Any, is_logged: bool) -> None:
        """Have LEAN work out the margin for an order, as an order call does, with the line that this writes or without."""
        self._portfolio.get_buying_power(symbol)
        _ = self._portfolio.margin_remaining
        if is_logged:
            self._portfolio.log_margin_information(None)

    def last_order_id(self) -> int:
        """Return the last number that LEAN has given an order."""
        return int(self._transactions.last_order_id)

    def order(self, order_id: int) -> LeanOrder | None:
        """Return LEAN's order of a number; None before it is stored."""
        order = self._transactions.get_order_by_id(order_id)
        return None if order is None else _order_of(order)

    def open_orders(self) -> list[LeanOrder]:
        """Return LEAN's open orders."""
        return [_order_of(order) for order in self._transactions.get_open_orders()]

    def open_quantities(self, symbol: Any) -> list[tuple[int, float]]:
        """Return type, as LEAN numbers them, and quantity yet to fill of each open order of a symbol."""
        tickets = self._transactions.get_open_order_tickets(symbol)
        return [(order_type_of(ticket), float(ticket.quantity_remaining)) for ticket in tickets]

    def terms_of(self, order_id: int) -> tuple[float, ...]:
        """Return quantity, limit and stop of an order, as they were changed last; 0 for a price that it does not have."""
        order = self._transactions.get_order_by_id(order_id)
        return tuple(float(getattr(order, name, 0)) for name in ("quantity", "limit_price", "stop_price"))

    def cancel(self, order_id: int) -> bool:
        """Ask for the cancellation of an order; False when LEAN refuses, or has none of the number."""
        ticket = self._transactions.get_order_ticket(order_id)
        return ticket is not None and bool(ticket.cancel().is_success)


def _order_of(order: Any) -> LeanOrder:
    number, broker_ids = type_number_of(str(order.type)), tuple(map(str, order.broker_id))
    return LeanOrder(int(order.id), order.symbol, float(order.quantity), number, broker_ids)


def order_of(ticket: Any) -> LeanOrder:
    """Return the order of a ticket."""
    return LeanOrder(int(ticket.order_id), ticket.symbol, float(ticket.quantity), order_type_of(ticket))


def submit_request(algorithm: Any, symbol: Any, number: int, quantity: Any, tag: str) -> Any:
    """Return a request for an order of LEAN's symbol or security, by the OrderType's number and without prices.

    Making one has no effect.
    """
    types = dotnet_types()
    symbol = getattr(symbol, "symbol", symbol)
    terms = (symbol.security_type, symbol, quantity, 0, 0, algorithm.utc_time, tag)
    return types.submit_request(types.order_types[number], *terms)


def error_response(request: Any, code_name: str, text: str) -> Any:
    """Return LEAN's response to a request that fails checks; the code is a member of LEAN's OrderResponseErrorCode."""
    from QuantConnect.Orders import OrderResponse, OrderResponseErrorCode

    return OrderResponse.Error(request, getattr(OrderResponseErrorCode, code_name), text)


def invalid_ticket(algorithm: Any, request: Any, response: Any) -> Any:
    """Return the ticket that LEAN gives for a request that fails its checks: number -10, status INVALID, its response."""
    return dotnet_types().ticket.InvalidSubmitRequest(algorithm.transactions, request, response)


def add_silent_symbol(algorithm: Any, asset_class: str, market: str, ticker: str) -> Any:
    """Subscribe, in initialize, to the ticks of a symbol that nobody trades; return LEAN's security.

    The asset class is `crypto`, `equity` or `forex`.
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


def log_handler() -> str:
    """Return the class of LEAN's log by the configuration that it has read; "" where that cannot be asked."""
    try:
        from QuantConnect.Configuration import Config
    except ImportError:
        return ""
    return str(Config.Get("log-handler", ""))


def error_count(algorithm: Any) -> int:
    """Return how many of the algorithm's errors LEAN has not taken into its log yet."""
    return int(algorithm.error_messages.Count)


def drop_newest_error(algorithm: Any) -> None:
    """Take the newest of these errors out and leave the others in their order; on the thread that has just written it.

    Raises:
        TypeError: the bridge does not hand back what .NET writes to a parameter.
    """
    queue = algorithm.error_messages
    for waiting in range(queue.Count - 1, -1, -1):
        was_there, text = queue.TryDequeue(None)
        if was_there and waiting:
            queue.Enqueue(text)
