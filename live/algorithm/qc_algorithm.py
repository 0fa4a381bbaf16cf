"""QCAlgorithm as the embedded engine offers it: the members of LEAN's class that the subset covers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from live.algorithm.adding import AddingMethods, UniverseSettings
from live.algorithm.consolidation import ConsolidationMethods
from live.algorithm.enums import AccountType, BrokerageName, Resolution, SecurityType
from live.algorithm.history import HistoryMethods
from live.algorithm.host import Host
from live.algorithm.indicator_methods import IndicatorMethods
from live.algorithm.naming import PascalCaseAccess
from live.algorithm.numbers import Number
from live.algorithm.order_terms import OrderProperties, utc_datetime
from live.algorithm.orders import OrderEvent
from live.algorithm.output import OutputMethods
from live.algorithm.overloads import (
    Parameter,
    anything,
    function,
    moment,
    number,
    overloaded,
    resolution,
    span,
    text,
    whole,
)
from live.algorithm.schedule.events import ScheduledEvent
from live.algorithm.schedule.manager import ScheduleManager
from live.algorithm.schedule.rules import DateRule, TimeRule
from live.algorithm.slices import Slice
from live.algorithm.surface import refuse_member
from live.algorithm.trading import TradingMethods
from live.clock import date_to_ns, datetime_to_ns, ns_to_datetime
from live.errors import UsageError

LAST_SECOND_NS = 86_399_999_999_900
"""Length of a day less the smallest step of LEAN's clock: the end date includes its whole day."""


_RESOLUTION = Parameter("resolution", resolution, None)
_CASH = (
    (Parameter("starting_cash", number),),
    (Parameter("symbol", text), Parameter("starting_cash", number), Parameter("conversion_rate", number, 0)),
)
_BENCHMARK = (
    (Parameter("security_type", lambda value: isinstance(value, SecurityType)), Parameter("symbol", text)),
    (Parameter("ticker", text),),
    (Parameter("symbol", anything),),
    (Parameter("benchmark", function),),
)
_BROKERAGE = (
    (
        Parameter("brokerage", lambda value: isinstance(value, BrokerageName)),
        Parameter("account_type", lambda value: isinstance(value, AccountType), AccountType.MARGIN),
    ),
    (Parameter("model", lambda value: hasattr(value, "get_fee_model") or hasattr(value, "GetFeeModel")),),
)
_TRAIN = (
    (Parameter("training_code", function),),
    (
        Parameter("date_rule", lambda rule: isinstance(rule, DateRule)),
        Parameter("time_rule", lambda rule: isinstance(rule, TimeRule)),
        Parameter("training_code", function),
    ),
)
_WARM_UP = ((Parameter("bar_count", whole), _RESOLUTION), (Parameter("time_span", span), _RESOLUTION))


def _days(name: str) -> tuple[tuple[Parameter, ...], ...]:
    """Return the forms of a method that takes a day: year, month and day, or one value of the given name."""
    return tuple(Parameter(each, whole) for each in ("year", "month", "day")), (Parameter(name, moment),)


class SecurityChanges(PascalCaseAccess):
    """Securities that were added or removed."""

    def __init__(self, added: list[Any], removed: list[Any]) -> None:
        self.added_securities = added
        self.removed_securities = removed
        self.count = len(added) + len(removed)

    def __str__(self) -> str:
        if not self.count:
            return "SecurityChanges: None"
        text = "SecurityChanges:"
        for name, securities in (("Added", self.added_securities), ("Removed", self.removed_securities)):
            if securities:
                text += f" {name}: {','.join(str(security.symbol.id) for security in securities)}"
        return text


class QCAlgorithm(
    TradingMethods,
    AddingMethods,
    ConsolidationMethods,
    IndicatorMethods,
    HistoryMethods,
    OutputMethods,
    PascalCaseAccess,
):
    """Base class of algorithms. Override initialize and the on_ methods; both of LEAN's spellings work.

    The engine attaches itself before `initialize` is called; nothing of the engine may be used in `__init__`.
    """

    _host: Host
    _attaching: ClassVar[Host | None] = None
    _time_cache: tuple[int, datetime]

    def __new__(cls, *args: Any, **kwargs: Any) -> QCAlgorithm:
        """Make the object with the engine behind it, before the user's `__init__`."""
        self = super().__new__(cls)
        host = QCAlgorithm._attaching
        if host is None:
            raise UsageError(f"{cls.__name__} can only be made by an engine; run it with lean-live dry-run")
        self._host = host
        self._warned = set()
        self._wrapped_consolidators = {}
        self._python_indicators = {}
        self.default_order_properties = OrderProperties()
        self.universe_settings = UniverseSettings()
        self.name = cls.__name__
        self._time_cache = (-1, datetime.min)
        return self

    # -- callbacks

    def initialize(self) -> None:
        """Set dates, cash and data; called once."""

    def on_data(self, slice: Slice) -> None:
        """Called with each slice that carries data."""

    def on_order_event(self, order_event: OrderEvent) -> None:
        """Called with each event of an order."""

    def on_warmup_finished(self) -> None:
        """Called once, when the warm-up ends or at the start when there is none."""

    def on_end_of_algorithm(self) -> None:
        """Called once, at the end of the run, also after an error or Ctrl-C."""

    def on_end_of_day(self, symbol: Any = None) -> None:
        """Called at the end of each day, ten minutes before a symbol's market closes."""

    def on_securities_changed(self, changes: SecurityChanges) -> None:
        """Called after securities were added."""

    def on_splits(self, splits: Any) -> None:
        """Called with splits and their announcements."""

    def on_dividends(self, dividends: Any) -> None:
        """Called with dividends."""

    def on_delistings(self, delistings: Any) -> None:
        """Called with delistings and their announcements."""

    def on_symbol_changed_events(self, symbols_changed: Any) -> None:
        """Called with changes of tickers."""

    def on_margin_call(self, requests: list[Any]) -> list[Any]:
        """Called before margin call orders are sent; may return a changed list."""
        return requests

    def on_margin_call_warning(self) -> None:
        """Called when little margin is left."""

    def on_end_of_time_step(self) -> None:
        """Called after each time step."""

    # -- time

    @property
    def time(self) -> datetime:
        """Present time in the algorithm's time zone."""
        now_ns = self._host.time_ns
        if self._time_cache[0] != now_ns:
            self._time_cache = (now_ns, ns_to_datetime(self._host.zone.to_local_ns(now_ns)))
        return self._time_cache[1]

    @property
    def utc_time(self) -> datetime:
        """Present time, UTC."""
        return utc_datetime(self._host.time_ns)

    @property
    def time_zone(self) -> str:
        """Name of the algorithm's time zone."""
        return self._host.zone.name

    @property
    def start_date(self) -> datetime:
        """First moment of the run, without the warm-up, in the algorithm's time zone."""
        return ns_to_datetime(self._host.start_ns)

    @property
    def end_date(self) -> datetime:
        """Last moment of the run in the algorithm's time zone."""
        return ns_to_datetime(self._host.end_ns)

    @property
    def is_warming_up(self) -> bool:
        """Whether the warm-up is under way."""
        return self._host.is_warming_up

    @property
    def live_mode(self) -> bool:
        """Whether orders reach a real broker: never in a dry run."""
        return False

    # -- what the engine holds

    @property
    def securities(self) -> Any:
        """Securities by symbol."""
        return self._host.securities

    @property
    def active_securities(self) -> Any:
        """The same as `securities`: without universes all of them are active."""
        return self._host.securities

    @property
    def portfolio(self) -> Any:
        """Holdings, cash and value."""
        return self._host.portfolio

    @property
    def transactions(self) -> Any:
        """Orders and tickets."""
        return self._host.transactions

    @property
    def settings(self) -> Any:
        """Settings of the engine."""
        return self._host.settings

    @property
    def schedule(self) -> Any:
        """Scheduled events."""
        return self._host.schedule

    @property
    def date_rules(self) -> Any:
        """Rules for days."""
        return self._host.schedule.date_rules

    @property
    def time_rules(self) -> Any:
        """Rules for times of day."""
        return self._host.schedule.time_rules

    @property
    def current_slice(self) -> Slice | None:
        """Slice of the present time step."""
        return self._host.current_slice

    @property
    def account_currency(self) -> str:
        """Currency of the account."""
        return str(self._host.portfolio.account_currency)

    # -- set-up

    def set_time_zone(self, time_zone: str) -> None:
        """Choose the time zone of `time` and of scheduled events; New York unless set."""
        self._only_in_initialize("set_time_zone")
        self._host.set_time_zone(str(time_zone))

    @overloaded(*_days("start"))
    def set_start_date(self, start: date | None = None, **parts: int) -> None:
        """Set the first day: year, month, day, or a datetime."""
        self._only_in_initialize("set_start_date")
        self._host.set_start(date_to_ns(_day("start", start, parts)))

    @overloaded(*_days("end"))
    def set_end_date(self, end: date | None = None, **parts: int) -> None:
        """Set the last day, which is included."""
        self._only_in_initialize("set_end_date")
        self._host.end_ns = date_to_ns(_day("end", end, parts)) + LAST_SECOND_NS

    @overloaded(*_CASH)
    def set_cash(self, starting_cash: Number, symbol: str | None = None, conversion_rate: Number = 0) -> None:
        """Set the starting cash: `set_cash(starting_cash)`, or `set_cash(symbol, starting_cash, conversion_rate)` for a
        currency, with its rate to the account's when no data give one.
        """
        self._only_in_initialize("set_cash")
        portfolio = self._host.portfolio
        portfolio.set_cash(portfolio.account_currency if symbol is None else symbol, starting_cash, conversion_rate)

    def set_account_currency(self, account_currency: str, starting_cash: Number | None = None) -> None:
        """Choose the account's currency, before any security is added."""
        self._only_in_initialize("set_account_currency")
        self._host.portfolio.set_account_currency(account_currency, starting_cash)

    @overloaded(*_BENCHMARK)
    def set_benchmark(self, **values: Any) -> None:
        """Accept a benchmark: a ticker, a symbol, a type and a ticker, or a function of time.

        A dry run compares with none and subscribes to nothing.
        """
        self._only_in_initialize("set_benchmark")

    @overloaded(*_BROKERAGE)
    def set_brokerage_model(
        self, brokerage: BrokerageName | None = None, account_type: AccountType = AccountType.MARGIN, model: Any = None
    ) -> None:
        """Choose the rules of a brokerage: fees, leverage, order types; by name, or by a model of the user's own."""
        self._only_in_initialize("set_brokerage_model")
        self._host.set_brokerage_model(model if brokerage is None else brokerage, account_type)

    @property
    def brokerage_model(self) -> Any:
        """The model of the brokerage whose rules the run follows."""
        return self._host.brokerage_model

    def set_security_initializer(self, security_initializer: Any) -> None:
        """Call something with each security that is added from now on, in the place of the brokerage's set-up.

        Derive it from BrokerageModelSecurityInitializer to start with the brokerage's models.
        """
        self._only_in_initialize("set_security_initializer")
        self._host.load_security_models(security_initializer)

    @overloaded(*_WARM_UP)
    def set_warm_up(
        self, resolution: Resolution | None, bar_count: int | None = None, time_span: timedelta | None = None
    ) -> None:
        """Run over data before the start: `set_warm_up(bar_count, resolution)` or `set_warm_up(time_span, resolution)`.

        A number of bars is counted back in the open hours of each security, in bars of the resolution, and the earliest
        moment is where the data begin. With a resolution all data of the warm-up have it, whatever is subscribed to.
        """
        self._only_in_initialize("set_warm_up")
        self._host.set_warm_up(bar_count, time_span, resolution)

    set_warmup = set_warm_up

    def set_name(self, name: str) -> None:
        """Name the algorithm."""
        self.name = name

    def get_parameter(self, name: str, default_value: Any = None) -> Any:
        """Return a parameter of the run, converted to the type of the default."""
        value = self._host.parameters.get(name)
        if value is None:
            return default_value
        if isinstance(default_value, bool):
            return value.strip().lower() in ("true", "1", "yes")
        if isinstance(default_value, int | float | Decimal):
            try:
                return type(default_value)(value)
            except (ValueError, ArithmeticError):
                kind = type(default_value).__name__
                self._warn_once(
                    f"parameter {name}={value!r} is no {kind}; its default {default_value} is used, as in LEAN"
                )
                return default_value
        return value

    def get_parameters(self) -> dict[str, str]:
        """Return the parameters of the run."""
        return dict(self._host.parameters)

    def set_parameters(self, parameters: dict[str, Any]) -> None:
        """Add parameters to those of the run."""
        self._host.parameters.update({name: str(value) for name, value in parameters.items()})

    def is_market_open(self, symbol: Any) -> bool:
        """Tell whether regular trading of a symbol is open now."""
        return bool(self._security(symbol).exchange.exchange_open)

    @overloaded(*_TRAIN)
    def train(
        self, training_code: Callable[..., Any], date_rule: DateRule | None = None, time_rule: TimeRule | None = None
    ) -> ScheduledEvent:
        """Run training code at once, `train(training_code)`, or by rules, `train(date_rule, time_rule, training_code)`."""
        schedule: ScheduleManager = self.schedule
        if date_rule is None or time_rule is None:
            return schedule.training_now(training_code)
        return schedule.training(date_rule, time_rule, training_code)

    def set_quit(self, quit: bool) -> None:
        """End the run after this time step."""
        if quit:
            self._host.quit("")

    def quit(self, message: str = "") -> None:
        """End the run after this time step."""
        self._host.quit(message)

    def _only_in_initialize(self, member: str) -> None:
        if not self._host.is_initializing:
            raise UsageError(f"{member} can only be called in initialize; move the call there")

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            refuse_member(self, name)
            raise


Callback = Callable[..., Any]


def _day(name: str, moment: date | None, parts: dict[str, int]) -> date:
    """Return the day of a date or datetime, or of year, month and day.

    Raises:
        UsageError: there is no such day.
    """
    if moment is not None:
        return date(moment.year, moment.month, moment.day)
    try:
        return date(parts["year"], parts["month"], parts["day"])
    except ValueError as error:
        raise UsageError(f"set_{name}_date: {error}; pass year, month, day or a datetime") from error


__all__ = ["QCAlgorithm", "SecurityChanges", "UniverseSettings", "datetime_to_ns"]
