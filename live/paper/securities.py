"""A security of the run: its prices, its exchange, what is held of it, and the models that decide how it trades."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from live.algorithm.data import BaseData
from live.algorithm.enums import DataNormalizationMode, Resolution, SecurityType
from live.algorithm.naming import PascalCaseAccess, PascalCaseFields
from live.algorithm.numbers import ONE, Number, to_decimal
from live.algorithm.order_terms import utc_datetime
from live.algorithm.orders import Order
from live.algorithm.slices import KeyValuePair
from live.algorithm.symbols import Symbol
from live.clock import Zone, ns_to_date, ns_to_datetime
from live.feeds.market_hours import MarketHours
from live.feeds.symbol_properties import SymbolProperties
from live.paper.cash import Cash, CashBook
from live.paper.exchange_hours import SecurityExchangeHours
from live.paper.holdings import SecurityHolding
from live.paper.models.buying_power import BUYING_POWER_METHODS
from live.paper.models.fees import order_fee
from live.paper.models.spelling import method_of, require_methods
from live.paper.models.values import order_value, trial_order
from live.paper.run_clock import RunClock
from live.paper.security_cache import SecurityCache

_CLOSING_SOON_NS = 600_000_000_000
_DAILY_ONLY = {Resolution.DAILY}


class SecurityExchange(PascalCaseAccess):
    """The exchange of a security at the engine's present time."""

    __slots__ = ("_security", "hours", "zone")

    def __init__(self, security: Security, hours: MarketHours) -> None:
        self._security = security
        self.hours = SecurityExchangeHours(hours)
        self.zone: Zone = hours.exchange_zone

    @property
    def exchange_open(self) -> bool:
        """Whether regular trading is open now."""
        return self._security.hours.is_open(self._security.local_ns, False)

    @property
    def closing_soon(self) -> bool:
        """Whether regular trading is not open ten minutes from now."""
        return not self._security.hours.is_open(self._security.local_ns + _CLOSING_SOON_NS, False)

    @property
    def time_zone(self) -> str:
        """Name of the exchange's time zone."""
        return self.zone.name

    @property
    def local_time(self) -> datetime:
        """Present time on the exchange's wall clock."""
        return ns_to_datetime(self._security.local_ns)

    @property
    def is_market_always_open(self) -> bool:
        """Whether the market never closes."""
        return self.hours.is_market_always_open


class Security(PascalCaseFields):
    """A tradable of the run.

    `price`, `bid_price`, `ask_price` and their like are floats for the user; `exact_*` are the engine's decimals.
    """

    clock: RunClock
    """The run's clock; one of its own for a security outside a run."""

    def __init__(
        self,
        symbol: Symbol,
        hours: MarketHours,
        properties: SymbolProperties,
        quote_cash: Cash,
        base_cash: Cash | None,
        resolution: Resolution,
        normalization: DataNormalizationMode,
        extended_market_hours: bool,
        fill_forward: bool,
    ) -> None:
        # First, since every later setting counts there.
        object.__setattr__(self, "clock", RunClock())
        self.symbol = symbol
        self.hours = hours
        self.properties = properties
        self.quote_cash = quote_cash
        self.base_cash = base_cash
        self.resolutions: set[Resolution] = {resolution}
        self.data_normalization_mode = normalization
        self.is_extended_market_hours = extended_market_hours
        self.is_fill_data_forward = fill_forward
        self.cash_book: CashBook | None = None
        self._cache = SecurityCache()
        self.exchange = SecurityExchange(self, hours)
        self.holdings = SecurityHolding(self)
        self._prefers_trade_bars: bool = symbol.security_type is SecurityType.CRYPTO
        self.primary_exchange = ""
        """Code letter of the listing exchange in the map file; empty when unknown."""
        self.on_normalization: Callable[[Security, DataNormalizationMode], None] | None = None
        """Tells the subscriptions of another way to adjust prices."""
        self.price_factor_on: Callable[[date], Decimal] | None = None
        """Exchange day to what raw prices are multiplied by; None for raw prices."""
        self.is_tradable = True
        self.is_delisted = False
        self.fill_model: Any = None
        self.fee_model: Any = None
        self.slippage_model: Any = None
        self.buying_power_model: Any = None
        self.settlement_model: Any = None
        self.volatility_model: Any = None

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        self.clock.revision += 1

    @property
    def cache(self) -> SecurityCache:
        """Newest data."""
        if self.clock.catch_up is not None:
            self.clock.catch_up()
        return self._cache

    @property
    def time_ns(self) -> int:
        """Present time, UTC."""
        return self.clock.time_ns()

    @property
    def type(self) -> SecurityType:
        """Asset class."""
        return self.symbol.security_type

    @property
    def local_ns(self) -> int:
        """Present time on the exchange's wall clock, in nanoseconds."""
        return self.exchange.zone.to_local_ns(self.time_ns)

    @property
    def utc_ns(self) -> int:
        """Present time, UTC."""
        return self.time_ns

    @property
    def utc_time(self) -> datetime:
        """Present time, UTC."""
        return utc_datetime(self.time_ns)

    @property
    def local_time(self) -> datetime:
        """Present time on the exchange's wall clock."""
        return ns_to_datetime(self.local_ns)

    @property
    def resolution(self) -> Resolution:
        """Finest resolution subscribed to."""
        return min(self.resolutions)

    @property
    def has_ticks(self) -> bool:
        """Whether ticks are subscribed to."""
        return Resolution.TICK in self.resolutions

    @property
    def is_daily_only(self) -> bool:
        """Whether nothing finer than daily bars is subscribed to."""
        return self.resolutions == _DAILY_ONLY

    @property
    def symbol_properties(self) -> SymbolProperties:
        """Lot size, tick size, currencies."""
        return self.properties

    @property
    def quote_currency(self) -> Cash:
        """Cash entry of the currency that prices are in."""
        return self.quote_cash

    @property
    def base_currency(self) -> Cash | None:
        """Cash entry of what is bought: forex and crypto only."""
        return self.base_cash

    @property
    def has_data(self) -> bool:
        """Whether a price has arrived."""
        cache = self.cache
        return cache.last_data is not None or cache.price != 0.0

    @property
    def invested(self) -> bool:
        """Whether at least one lot is held."""
        return self.holdings.invested

    hold_stock = invested

    @property
    def price(self) -> float:
        """Newest price; of crypto, the close of the newest trade bar when there is one."""
        cache = self.cache
        if self._prefers_trade_bars and cache.last_trade_bar is not None:
            return cache.last_trade_bar.value
        return cache.price

    @property
    def bid_price(self) -> float:
        """Newest bid; the price when there are no quotes."""
        return self.cache.bid_price or self.price

    @property
    def ask_price(self) -> float:
        """Newest ask; the price when there are no quotes."""
        return self.cache.ask_price or self.price

    @property
    def bid_size(self) -> float:
        """Size at the newest bid."""
        return self.cache.bid_size

    @property
    def ask_size(self) -> float:
        """Size at the newest ask."""
        return self.cache.ask_size

    @property
    def open(self) -> float:
        """Open of the newest bar; the price with ticks."""
        return self.cache.open or self.price

    @property
    def high(self) -> float:
        """High of the newest bar; the price with ticks."""
        return self.cache.high or self.price

    @property
    def low(self) -> float:
        """Low of the newest bar; the price with ticks."""
        return self.cache.low or self.price

    @property
    def close(self) -> float:
        """Close of the newest bar; the price with ticks."""
        return self.cache.close or self.price

    @property
    def volume(self) -> float:
        """Volume of the newest bar, quantity of the newest trade tick."""
        return self.cache.volume

    @property
    def exact_price_factor(self) -> Decimal:
        """What raw prices are multiplied by at present."""
        data = self.cache.last_data
        if self.price_factor_on is None or data is None:
            return ONE
        return self.price_factor_on(ns_to_date(data.end_local_ns))

    @property
    def exact_price(self) -> Decimal:
        """Newest price as the engine computes with it."""
        return to_decimal(self.price)

    @property
    def exact_bid(self) -> Decimal:
        """Newest bid, or price."""
        return to_decimal(self.bid_price)

    @property
    def exact_ask(self) -> Decimal:
        """Newest ask, or price."""
        return to_decimal(self.ask_price)

    @property
    def exact_open(self) -> Decimal:
        """Open of the newest bar."""
        return to_decimal(self.open)

    @property
    def exact_high(self) -> Decimal:
        """High of the newest bar."""
        return to_decimal(self.high)

    @property
    def exact_low(self) -> Decimal:
        """Low of the newest bar."""
        return to_decimal(self.low)

    @property
    def exact_close(self) -> Decimal:
        """Close of the newest bar."""
        return to_decimal(self.close)

    @property
    def leverage(self) -> float:
        """Leverage that the buying power model allows."""
        return float(method_of(self.buying_power_model, "get_leverage")(self))

    def exact_fee_of(self, quantity: Decimal) -> Decimal:
        """Fee, in the account's currency, of a market order of a quantity."""
        fee = order_fee(self, trial_order(self, quantity)).value
        book = self.cash_book
        return fee.exact_amount if book is None else book.exact_to_account_currency(fee.exact_amount, fee.currency)

    def exact_order_value(self, order: Order) -> Decimal:
        """Return an order's signed worth in the account's currency."""
        return order_value(order, self)

    def get_last_data(self) -> BaseData | None:
        """Return the newest data point."""
        return self.cache.last_data

    def set_leverage(self, leverage: Number) -> None:
        """Set the leverage."""
        self.clock.revision += 1
        method_of(self.buying_power_model, "set_leverage")(self, to_decimal(leverage))

    def set_fee_model(self, model: Any) -> None:
        """Set the model that computes fees: an object with get_order_fee."""
        self.fee_model = model

    def set_fill_model(self, model: Any) -> None:
        """Set the model that fills orders: an object with fill, or with the methods of the order types that are used."""
        self.fill_model = model

    def set_slippage_model(self, model: Any) -> None:
        """Set the model that worsens market fills.

        Raises:
            UsageError: get_slippage_approximation is missing.
        """
        require_methods(model, ("get_slippage_approximation",), "ISlippageModel")
        self.slippage_model = model

    def set_buying_power_model(self, model: Any) -> None:
        """Set the model that decides what can be afforded.

        Raises:
            UsageError: one of LEAN's methods is missing.
        """
        require_methods(model, BUYING_POWER_METHODS, "IBuyingPowerModel")
        self.buying_power_model = model

    set_margin_model = set_buying_power_model

    @property
    def margin_model(self) -> Any:
        """The buying power model by its other name."""
        return self.buying_power_model

    @margin_model.setter
    def margin_model(self, model: Any) -> None:
        self.buying_power_model = model

    def set_settlement_model(self, model: Any) -> None:
        """Set the model that decides when money arrives.

        Raises:
            UsageError: one of LEAN's methods is missing.
        """
        require_methods(model, ("apply_funds", "scan", "get_unsettled_cash"), "ISettlementModel")
        self.settlement_model = model

    def set_data_normalization_mode(self, mode: DataNormalizationMode) -> None:
        """Choose raw or adjusted prices, for all subscriptions of the security.

        Raises:
            UnsupportedApiError: the engine does not have the mode, or data have been read already.
        """
        if self.on_normalization is not None:
            self.on_normalization(self, mode)
        self.data_normalization_mode = mode

    def __getitem__(self, key: str) -> Any:
        """Return what the algorithm keeps with the security: `security["average"]`, also `security.average`."""
        try:
            return getattr(self, key)
        except AttributeError:
            raise KeyError(
                f"{self.symbol} keeps nothing under {key!r}; set it first: security[{key!r}] = ..."
            ) from None

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, key, value)

    def __repr__(self) -> str:
        return f"Security({self.symbol} {self.price:g})"


class SecurityManager(dict[Symbol, Security], PascalCaseAccess):
    """Securities of the run by symbol; a ticker may be used as the key.

    A delisted security is no longer counted or iterated over, and can still be asked for.
    """

    def __init__(self) -> None:
        super().__init__()
        self._delisted: dict[Symbol, Security] = {}

    def retire(self, symbol: Symbol) -> None:
        """Leave out a delisted security."""
        self._delisted[symbol] = self.pop(symbol)

    def __contains__(self, symbol: object) -> bool:
        return super().__contains__(symbol) or symbol in self._delisted

    def get(self, symbol: Symbol | str, default: Any = None) -> Any:
        """Return a security, delisted or not."""
        found = super().get(symbol)  # type: ignore[arg-type]
        return self._delisted.get(symbol, default) if found is None else found  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Any]:
        """Give key-value pairs, as LEAN's iteration does."""
        return iter([KeyValuePair(symbol, security) for symbol, security in self.items()])

    def contains_key(self, symbol: Symbol | str) -> bool:
        """Tell whether a symbol was added."""
        return symbol in self

    @property
    def count(self) -> int:
        """Number of securities."""
        return len(self)

    def total(self) -> Iterable[Security]:
        """Return all securities, delisted ones too."""
        return [*self.values(), *self._delisted.values()]

    def __missing__(self, symbol: Symbol | str) -> Security:
        delisted = self._delisted.get(symbol)  # type: ignore[arg-type]
        if delisted is not None:
            return delisted
        if isinstance(symbol, str) and not symbol.isupper():
            return self[symbol.upper()]  # type: ignore[index]
        known = ", ".join(map(str, self.keys())) or "none"
        raise KeyError(f"{symbol} was not added to the algorithm; added are: {known}")
