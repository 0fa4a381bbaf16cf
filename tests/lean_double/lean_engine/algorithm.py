"""QCAlgorithm, as far as the host and its tests need it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from lean_engine.feed import Composer, aware, utc_now
from lean_engine.market import Market, Resolution, SecurityType, Symbol
from lean_engine.orders.trading import Trading
from lean_engine.schedule import DateRules, ScheduleManager, TimeRules
from lean_engine.securities import Security, SecurityManager, SecurityPortfolioManager
from lean_engine.spelling import dotnet, field
from lean_engine.subscriptions import SubscriptionManager


@dotnet("System.Collections.Concurrent")
class ConcurrentQueue:
    """System.Collections.Concurrent.ConcurrentQueue of strings."""

    def __init__(self) -> None:
        self._items: deque[str] = deque()

    @property
    def count(self) -> int:
        return len(self._items)

    def enqueue(self, item: str) -> None:
        self._items.append(item)

    def try_dequeue(self, result: Any) -> tuple[bool, str | None]:
        """Take the oldest: a parameter that .NET writes to comes back beside the answer."""
        return (True, self._items.popleft()) if self._items else (False, None)


class MetaType(type):
    """The bridge's type of .NET's classes: it compares .NET types only, and all Python subclasses of one have the same."""

    def __subclasscheck__(cls, other: Any) -> bool:
        return type.__subclasscheck__(_dotnet_type(cls), other)

    def __instancecheck__(cls, instance: Any) -> bool:
        return type.__instancecheck__(_dotnet_type(cls), instance)


def _dotnet_type(cls: type) -> type:
    """Return the class of .NET that a class is or derives from."""
    return next(each for each in cls.__mro__ if each.__module__.startswith("QuantConnect"))


@dotnet("QuantConnect.Algorithm")
class QCAlgorithm(Trading, metaclass=MetaType):
    """The base class: every member in two spellings, callbacks that do nothing, and one that must be overridden."""

    def __init__(self) -> None:
        self._securities = SecurityManager()
        self._subscription_manager = SubscriptionManager()
        self._added: list[Security] = []
        self._portfolio = SecurityPortfolioManager(self)
        self._is_warming_up = True
        self._is_quitting = ""
        self._run_time_error: Any = None
        self._utc_time = utc_now()
        self._schedule = ScheduleManager(self)
        self._lines: list[tuple[str, str]] = []
        self._error_messages = ConcurrentQueue()
        self._parameters: dict[str, str] = {}
        self._begin_trading()

    # -- models of the framework: those of an algorithm that has none do nothing

    alpha = field("alpha", "QuantConnect.Algorithm.Framework.Alphas.NullAlphaModel")
    portfolio_construction = field(
        "portfolio_construction", "QuantConnect.Algorithm.Framework.Portfolio.NullPortfolioConstructionModel"
    )
    risk_management = field("risk_management", "QuantConnect.Algorithm.Framework.Risk.NullRiskManagementModel")

    # -- callbacks

    def initialize(self) -> None:
        raise NotImplementedError("Please override the Initialize() method")

    def on_data(self, slice: Any) -> None: ...

    def on_order_event(self, order_event: Any) -> None: ...

    def on_warmup_finished(self) -> None: ...

    def on_end_of_algorithm(self) -> None: ...

    def on_securities_changed(self, changes: Any) -> None: ...

    def on_command(self, data: Any) -> None: ...

    # -- settings

    def set_cash(self, amount: float) -> None:
        self._portfolio._set_cash(amount)

    def set_benchmark(self, benchmark: Any) -> None: ...

    def set_start_date(self, *when: Any) -> None: ...

    def set_end_date(self, *when: Any) -> None: ...

    def set_time_zone(self, zone: Any) -> None: ...

    def set_brokerage_model(self, *model: Any) -> None: ...

    def get_parameter(self, name: str, default: Any = None) -> Any:
        value = self._parameters.get(name)
        return default if value is None else type(default)(value) if default is not None else value

    # -- subscriptions

    def add_crypto(self, ticker: str, resolution: Any = Resolution.MINUTE, market: str = Market.COINBASE) -> Security:
        return self._add(ticker, SecurityType.CRYPTO, market, resolution)

    def add_equity(self, ticker: str, resolution: Any = Resolution.MINUTE, market: str = Market.USA) -> Security:
        return self._add(ticker, SecurityType.EQUITY, market, resolution)

    def add_forex(self, ticker: str, resolution: Any = Resolution.MINUTE, market: str = Market.OANDA) -> Security:
        return self._add(ticker, SecurityType.FOREX, market, resolution)

    def _add(self, ticker: str, security_type: SecurityType, market: str, resolution: Any) -> Security:
        security = self._securities._add(Symbol.create(ticker, security_type, market), resolution)
        self._subscription_manager._add(security)
        self._added.append(security)
        return security

    def _subscribe_added(self) -> list[Security]:
        """Subscribe to what was added since the last step, and return it: until then its ticks are lost."""
        added, self._added = list(dict.fromkeys(self._added)), []
        for security in added:
            Composer.Instance.aggregator.subscribe(security.symbol)
        return added

    # -- what the algorithm may look at

    @property
    def securities(self) -> SecurityManager:
        return self._securities

    @property
    def subscription_manager(self) -> SubscriptionManager:
        return self._subscription_manager

    @property
    def schedule(self) -> ScheduleManager:
        return self._schedule

    @property
    def date_rules(self) -> DateRules:
        return DateRules()

    @property
    def time_rules(self) -> TimeRules:
        return TimeRules()

    @property
    def portfolio(self) -> SecurityPortfolioManager:
        return self._portfolio

    @property
    def account_currency(self) -> str:
        return "USD"

    @property
    def run_time_error(self) -> Any:
        return self._run_time_error

    @property
    def is_warming_up(self) -> bool:
        return self._is_warming_up

    @property
    def live_mode(self) -> bool:
        return True

    @property
    def utc_time(self) -> datetime:
        return aware(self._utc_time)

    @property
    def time(self) -> datetime:
        return self._utc_time

    def is_market_open(self, symbol: Symbol) -> bool:
        return True

    # -- what it may do

    def log(self, text: str) -> None:
        self._lines.append(("log", str(text)))

    def debug(self, text: str) -> None:
        self._lines.append(("debug", str(text)))

    def error(self, text: Any) -> None:
        """Write an error; it waits in a queue until the result handler takes it, at the end of the engine's step."""
        self._lines.append(("error", str(text)))
        self._error_messages.enqueue(str(text))

    @property
    def error_messages(self) -> ConcurrentQueue:
        return self._error_messages

    def quit(self, message: str = "") -> None:
        self._is_quitting = message or "quit"
        Composer.Instance.aggregator.wake()
