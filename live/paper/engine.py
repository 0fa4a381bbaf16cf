"""The embedded paper engine: the state of one run, and everything an algorithm may ask of it.

The order of work inside a time step lives in `live.paper.loop`; this class holds what the steps change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from live.algorithm.data import BaseData
from live.algorithm.enums import (
    AccountType,
    BrokerageName,
    DataNormalizationMode,
    OrderResponseErrorCode,
    OrderStatus,
    Resolution,
    SecurityType,
    TickType,
)
from live.algorithm.host import Host
from live.algorithm.naming import has_member
from live.algorithm.numbers import Number, to_decimal, use_engine_context
from live.algorithm.orders import MarketOnCloseOrder, Order, OrderEvent
from live.algorithm.qc_algorithm import QCAlgorithm
from live.algorithm.schedule import ScheduleManager
from live.algorithm.slices import Slice
from live.algorithm.symbols import Symbol
from live.algorithm.tickets import OrderTicket
from live.clock import NANOSECONDS_PER_DAY, date_to_ns, ns_to_date, zone
from live.errors import UnsupportedApiError, UsageError
from live.feeds.bar_subscription import SubscriptionConfig
from live.feeds.market_hours import MarketHours
from live.hot.denials import DenialCode
from live.paper.callbacks import Callbacks, guarded
from live.paper.consolidation import ConsolidatorBoard
from live.paper.history import history_slices, last_known_prices, start_of_history
from live.paper.models.broker_models import brokerage_model
from live.paper.models.initializer import (
    BROKERAGE_METHODS,
    FuncSecuritySeeder,
    apply_default_models,
    apply_models,
    default_market,
)
from live.paper.models.parameters import (
    GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    GetMaximumOrderQuantityResult,
)
from live.paper.models.spelling import method_of, require_methods
from live.paper.order_checks import check_order, is_too_late_for_close
from live.paper.order_records import OrderHost
from live.paper.portfolio import SecurityPortfolioManager
from live.paper.recorder import Recorder
from live.paper.risk_desk import RiskDesk
from live.paper.run_clock import RunClock
from live.paper.securities import Security, SecurityManager
from live.paper.subscriptions import Subscriptions
from live.paper.transactions import SecurityTransactionManager
from live.paper.warmup import WarmUp

if TYPE_CHECKING:
    from live.paper.live_desk import LiveDesk
    from live.paper.object_store import ObjectStore

DEFAULT_ZONE = "America/New_York"
DEFAULT_CASH = 100_000
_LONGEST_FOLLOWING_NS = 2 * 366 * NANOSECONDS_PER_DAY
"""How far ahead a run on a feed knows its calendar."""
_TRADABLE = (SecurityType.EQUITY, SecurityType.FOREX, SecurityType.CRYPTO)


class PaperEngine(OrderHost, Host):
    """One run of one algorithm.

    Parameters:
        subscriptions: where data come from.
        recorder: where events, log lines and measurements go.
        object_store: objects kept between runs.
        parameters: values for get_parameter.
        risk: judges the orders.
    """

    def __init__(
        self,
        subscriptions: Subscriptions,
        recorder: Recorder,
        object_store: ObjectStore,
        parameters: dict[str, str],
        risk: RiskDesk,
    ) -> None:
        use_engine_context()
        MarketOnCloseOrder.submission_time_buffer = MarketOnCloseOrder.DEFAULT_SUBMISSION_TIME_BUFFER
        self.subscriptions = subscriptions
        self.recorder = recorder
        self.object_store = object_store
        self.parameters = parameters
        self.risk = risk
        self.desk: LiveDesk | None = None
        self.zone = zone(DEFAULT_ZONE)
        self.clock = RunClock()
        self.start_ns = date_to_ns(ns_to_date(0))
        self.end_ns = 0
        self._follows_from_ns: int | None = None
        self.is_initializing = True
        self.is_warming_up = True
        self.current_slice: Slice | None = None
        self.settings = subscriptions.settings
        self.securities = SecurityManager()
        self.portfolio = SecurityPortfolioManager(self.securities, self.settings)
        self.portfolio.set_cash("USD", DEFAULT_CASH)
        self.transactions = SecurityTransactionManager(self)
        self.portfolio.transactions = self.transactions
        self.brokerage_model: Any = brokerage_model(BrokerageName.DEFAULT, AccountType.MARGIN)
        self.schedule = ScheduleManager(self)
        self.consolidators = ConsolidatorBoard(lambda: self.time_ns)
        self.warm_up = WarmUp()
        self.quit_message: str | None = None
        self._initializer: Any = None
        self.algorithm: QCAlgorithm
        self.callbacks: Callbacks

    def attach(self, algorithm_class: type[QCAlgorithm]) -> None:
        """Make the algorithm's object with this engine behind it."""
        QCAlgorithm._attaching = self
        try:
            self.algorithm = algorithm_class()
        finally:
            QCAlgorithm._attaching = None
        self.callbacks = Callbacks(self.algorithm)

    # -- time

    @property
    def time_ns(self) -> int:  # type: ignore[override]
        """Present moment of the run, UTC."""
        return self.clock.now_ns

    @property
    def start_utc_ns(self) -> int:
        """Start of the run without the warm-up, UTC."""
        if self._follows_from_ns is not None:
            return self._follows_from_ns
        return self.zone.to_utc_ns(self.start_ns)

    @property
    def follows_feed(self) -> bool:
        """Whether ticks come from a feed, so that nobody knows the end."""
        return self._follows_from_ns is not None

    def follow(self, begin_ns: int) -> None:
        """Begin at a feed's present moment: as in LEAN's live mode the algorithm's own dates do not count.

        Parameters:
            begin_ns: the moment, UTC.
        """
        self._follows_from_ns = begin_ns
        self.set_time_zone(self.zone.name)

    @property
    def end_utc_ns(self) -> int:
        """End of the run, UTC."""
        return self.zone.to_utc_ns(self.end_ns)

    def set_time(self, time_ns: int) -> None:
        """Move the clock of the algorithm and of every security."""
        self.clock.now_ns = time_ns
        if self.is_warming_up and not self.is_initializing and time_ns >= self.start_utc_ns:
            self.is_warming_up = False

    # -- set-up, called by the algorithm

    def set_start(self, start_ns: int) -> None:
        """Choose the first day, by its midnight on the algorithm's clock, which is its time from then on."""
        if not self.follows_feed:
            self.start_ns = start_ns
            self.set_time(self.start_utc_ns)

    def set_time_zone(self, name: str) -> None:
        """Choose the zone of the algorithm's clock."""
        self.zone = zone(name)
        self.schedule.set_time_zone(self.zone)
        if self.follows_feed:
            self.start_ns = self.zone.to_local_ns(self.start_utc_ns)
        self.set_time(self.start_utc_ns)

    def set_warm_up(self, bars: int | None, span: timedelta | None, resolution: Resolution | None) -> None:
        """Ask for data before the start."""
        self.warm_up = WarmUp(bars, span, resolution)

    def set_brokerage_model(self, model: BrokerageName | Any, account_type: AccountType) -> None:
        """Choose the brokerage's rules, for securities added before too, which keep their leverage.

        With a security initializer of the user's the models of securities, old and new, are the initializer's business.

        Raises:
            UsageError: a model of the user's lacks methods.
        """
        if isinstance(model, BrokerageName):
            self.brokerage_model = brokerage_model(model, account_type)
        else:
            require_methods(model, BROKERAGE_METHODS, "IBrokerageModel")
            self.brokerage_model = model
        if self._initializer is not None:
            return
        for security in self.securities.values():
            leverage = to_decimal(method_of(security.buying_power_model, "get_leverage")(security))
            apply_models(self.brokerage_model, security)
            security.set_leverage(leverage)

    def load_security_models(self, initializer: Any) -> None:
        """Let the user's initializer, in the place of the brokerage model, set up the securities added from now on."""
        if self._initializer is not None:
            text = "Warning: SetSecurityInitializer() has already been called, the earlier initializer is overwritten."
            self.report_debug(text)
        self._initializer = initializer

    def add_security(
        self,
        security_type: SecurityType,
        ticker: str,
        resolution: Resolution,
        market: str | None,
        fill_forward: bool,
        leverage: Number,
        extended_market_hours: bool,
        normalization: DataNormalizationMode,
    ) -> Security:
        """Subscribe to a security, or add a resolution to one that is there."""
        if security_type not in _TRADABLE:
            raise UnsupportedApiError(
                f"{security_type} is not in the subset of the embedded engine; use equity, forex or crypto, or run in real LEAN"
            )
        market = (market or default_market(self.brokerage_model, security_type)).lower()
        found = self.subscriptions.find(self.securities, security_type, ticker, market)
        if found is not None:
            found.resolutions.add(resolution)
            self.subscriptions.subscribe(found, resolution, fill_forward, extended_market_hours, normalization)
            return found
        security = self.subscriptions.create_security(
            self.portfolio,
            security_type,
            ticker,
            market,
            resolution,
            fill_forward,
            extended_market_hours,
            normalization,
        )
        security.clock = self.clock
        self.securities[security.symbol] = security
        if self.settings.seed_initial_prices:
            FuncSecuritySeeder(lambda each: self.last_known_prices(each.symbol)).seed_security(security)
        self._set_models(security)
        if leverage:
            security.set_leverage(leverage)
        # A security initializer may have chosen other prices.
        mode = security.data_normalization_mode
        self.subscriptions.subscribe(security, resolution, fill_forward, extended_market_hours, mode)
        return security

    def _set_models(self, security: Security) -> None:
        if self._initializer is None:
            apply_models(self.brokerage_model, security)
            return
        apply_default_models(security)
        initializer = self._initializer
        call = method_of(initializer, "initialize") if has_member(initializer, "initialize") else initializer
        guarded("the security initializer", call, security)

    # -- orders

    def submit_order(self, order: Order, asynchronous: bool) -> OrderTicket:
        """Check an order as LEAN does before it becomes one, then as the risk gate does, and submit it."""
        self.recorder.on_handed_over(self.clock.began_ns)
        security: Security | None = self.securities.get(order.symbol)
        refusal = check_order(order, security, self.is_warming_up)
        if security is None or refusal is not None:
            assert refusal is not None
            return self.transactions.reject(order, refusal[0], refusal[1])
        code = self.risk.admit(order, self.transactions.last_order_id + 1, security, self.portfolio)
        if code is not None:
            self.recorder.on_denial(code, self.clock.now_ns, order.symbol, float(order.exact_quantity))
            return self.transactions.reject(order, OrderResponseErrorCode.RISK_DENIED, _denial_text(code))
        return self.transactions.submit(order, security, asynchronous)

    def refuse_update(self, order: Order, changed: Order) -> str | None:
        """Return why the risk gate refuses an order's changes."""
        security = self.securities[order.symbol]
        code = self.risk.check_update(order, changed, security, self.portfolio)
        if code is None:
            return None
        self.recorder.on_denial(code, self.clock.now_ns, order.symbol, float(changed.exact_quantity))
        return _denial_text(code)

    def quantity_for_target(self, security: Security, target: Decimal) -> GetMaximumOrderQuantityResult:
        """Return the quantity after which a holding is worth a share of the portfolio's value."""
        model = security.buying_power_model
        leverage = to_decimal(method_of(model, "get_leverage")(security))
        parameters = GetMaximumOrderQuantityForTargetBuyingPowerParameters(
            self.portfolio, security, target / leverage, self.settings.minimum_order_margin_portfolio_percentage
        )
        size = method_of(model, "get_maximum_order_quantity_for_target_buying_power")
        return size(parameters)  # type: ignore[no-any-return]

    def is_too_late_for_close(self, security: Security) -> bool:
        """Tell whether a market-on-close order would come too late today."""
        return is_too_late_for_close(security)

    def publish(self, event: OrderEvent) -> None:
        """Record an event, then hand it to the algorithm."""
        self.clock.revision += 1
        if event.status is OrderStatus.SUBMITTED:
            self.recorder.on_accepted(self.clock.began_ns)
        security = self.securities[event.symbol]
        self.recorder.on_order_event(event, security)
        if event.status.is_fill:
            self.recorder.curves.fill(security, event.time_ns, float(event.exact_fill_price))
        self.risk.on_event(event)
        if self.desk is not None:
            self.desk.on_event(event)
        self.callbacks.order_event(event)

    def report_error(self, text: str) -> None:
        """Write an error line to the run's log."""
        self.write_log("error", text)

    def report_debug(self, text: str) -> None:
        """Write a debug line to the run's log."""
        self.write_log("debug", text)

    # -- data for the algorithm

    def market_hours(self, symbol: Symbol) -> MarketHours:
        """Return the sessions of a symbol, added to the algorithm or not."""
        security: Security | None = self.securities.get(symbol)
        if security is not None:
            return security.hours
        return self.subscriptions.market_hours.hours(symbol.security_type, symbol.id.market, symbol.value)

    def subscription_for(self, symbol: Symbol, tick_type: TickType | None) -> SubscriptionConfig:
        """Return the subscription that consolidators of a symbol are fed from: its finest trades, unless quotes are asked for."""
        return self.subscriptions.for_consolidation(symbol, tick_type)

    def add_consolidator(self, symbol: Symbol, consolidator: Any, tick_type: TickType | None) -> None:
        """Feed a consolidator with a symbol's data."""
        self.consolidators.add(self.subscriptions.configs_of(symbol), symbol, consolidator, tick_type)

    def remove_consolidator(self, symbol: Symbol, consolidator: Any) -> None:
        """Stop feeding a consolidator."""
        self.consolidators.remove(consolidator)

    def history(
        self,
        symbols: list[Symbol],
        resolution: Resolution | None,
        bars: int | None,
        start_ns: int | None,
        end_ns: int | None,
        options: dict[str, Any],
    ) -> Iterable[Slice]:
        """Return past slices from disk, never past the present moment."""
        slices = history_slices(self, symbols, resolution, bars, start_ns, end_ns, options)
        return self.recorder.timed_history(slices)

    def start_of_bars(self, symbols: list[Symbol], resolution: Resolution | None, count: int, end_ns: int) -> int:
        """Return the moment a number of bars of open market before another one, the earliest of several symbols."""
        return start_of_history(self, symbols, resolution, count, end_ns)

    def last_known_prices(self, symbol: Symbol) -> list[BaseData]:
        """Return the newest data of a symbol before the present moment."""
        return last_known_prices(self, symbol)

    def write_log(self, level: str, text: str) -> None:
        """Write a line of the algorithm to the run's log."""
        # Before the algorithm has set its dates there is no time that a line could be of.
        time_ns = self.time_ns
        self.recorder.on_log(self.zone.to_local_ns(time_ns) if time_ns else None, level, text)

    def add_series_point(self, chart: str, series: str, value: float) -> None:
        """Keep a point of a plot."""
        self.recorder.on_series_point(chart, series, self.time_ns, value)

    def set_statistic(self, name: str, value: str) -> None:
        """Keep a named value for the summary."""
        self.recorder.statistics[name] = value

    def quit(self, message: str) -> None:
        """End the run after this time step."""
        self.quit_message = message
        if message:
            self.write_log("log", message)

    def finish_initialize(self) -> None:
        """Check what initialize set, and close the set-up.

        Raises:
            UsageError: no end or an end before the start, or no data.
        """
        if self.follows_feed:
            self.end_ns = self.start_ns + _LONGEST_FOLLOWING_NS
        if not self.start_ns or not self.end_ns:
            raise UsageError("the algorithm sets no dates; call set_start_date and set_end_date in initialize")
        if self.end_ns < self.start_ns:
            raise UsageError("the end date lies before the start date; correct set_start_date or set_end_date")
        if not self.securities:
            raise UsageError(
                "the algorithm subscribes to nothing; call add_equity, add_forex or add_crypto in initialize"
            )
        self.is_initializing = False
        self.risk.open(self.securities)


def _denial_text(code: DenialCode) -> str:
    return f"Risk gate: {code.name}. {code.meaning} {code.remedy}"


__all__ = ["PaperEngine"]
