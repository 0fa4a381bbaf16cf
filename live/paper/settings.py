"""Settings of an algorithm: `self.settings`."""

from __future__ import annotations

from datetime import timedelta

from live.algorithm.naming import PascalCaseFields


class AlgorithmSettings(PascalCaseFields):
    """Settings of LEAN that the embedded engine follows."""

    def __init__(self) -> None:
        self.free_portfolio_value: float | None = None
        self.free_portfolio_value_percentage = 0.0025
        self.minimum_order_margin_portfolio_percentage = 0.001
        self.stale_price_time_span = timedelta(hours=1)
        self.max_absolute_portfolio_target_percentage = 1e9
        self.min_absolute_portfolio_target_percentage = 1e-10
        self.liquidate_enabled = True
        self.daily_precise_end_time = True
        self.daily_consolidation_use_extended_market_hours = False
        self.automatic_indicator_warm_up = False
        self.seed_initial_prices = False
        self.trading_days_per_year: int | None = None
        self.rebalance_portfolio_on_insight_changes: bool | None = None
        self.rebalance_portfolio_on_security_changes: bool | None = None
