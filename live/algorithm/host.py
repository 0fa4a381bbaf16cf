"""What an algorithm asks of the engine that runs it. The paper engine implements this; nothing here knows how."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Protocol

from live.algorithm.data import BaseData
from live.algorithm.enums import AccountType, BrokerageName, DataNormalizationMode, Resolution, SecurityType, TickType
from live.algorithm.numbers import Number
from live.algorithm.orders import Order
from live.algorithm.slices import Slice
from live.algorithm.symbols import Symbol
from live.algorithm.tickets import OrderTicket
from live.clock import Zone


class Host(Protocol):
    """The engine as an algorithm sees it. Times are UTC nanoseconds."""

    time_ns: int
    start_ns: int
    end_ns: int
    zone: Zone
    is_warming_up: bool
    is_initializing: bool
    current_slice: Slice | None
    securities: Any
    portfolio: Any
    transactions: Any
    brokerage_model: Any
    settings: Any
    schedule: Any
    parameters: dict[str, str]
    object_store: Any

    def set_start(self, start_ns: int) -> None: ...

    def set_time_zone(self, name: str) -> None: ...

    def set_warm_up(self, bars: int | None, span: timedelta | None, resolution: Resolution | None) -> None: ...

    def set_brokerage_model(self, model: BrokerageName | Any, account_type: AccountType) -> None: ...

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
    ) -> Any: ...

    def is_too_late_for_close(self, security: Any) -> bool: ...

    def quantity_for_target(self, security: Any, target: Decimal) -> Any: ...

    def submit_order(self, order: Order, asynchronous: bool) -> OrderTicket: ...

    def subscription_for(self, symbol: Symbol, tick_type: TickType | None) -> Any: ...

    def add_consolidator(self, symbol: Symbol, consolidator: Any, tick_type: TickType | None) -> None: ...

    def remove_consolidator(self, symbol: Symbol, consolidator: Any) -> None: ...

    def history(
        self,
        symbols: list[Symbol],
        resolution: Resolution | None,
        bars: int | None,
        start_ns: int | None,
        end_ns: int | None,
        options: dict[str, Any],
    ) -> Iterable[Slice]: ...

    def start_of_bars(self, symbols: list[Symbol], resolution: Resolution | None, count: int, end_ns: int) -> int: ...

    def last_known_prices(self, symbol: Symbol) -> list[BaseData]: ...

    def write_log(self, level: str, text: str) -> None: ...

    def add_series_point(self, chart: str, series: str, value: float) -> None: ...

    def set_statistic(self, name: str, value: str) -> None: ...

    def quit(self, message: str) -> None: ...

    def load_security_models(self, initializer: Any) -> None: ...
