"""Where the subset differs from LEAN's stubs on purpose, each with its reason. What is listed and does not differ fails the test."""

from __future__ import annotations

EXTRA_MEMBERS: dict[str, dict[str, str]] = {
    "hooks of our indicators, in the place of LEAN's compute_next_value": {
        "AverageTrueRange": "compute takes_bars",
        "BollingerBands": "compute",
        "CompositeIndicator": "compute",
        "ConstantIndicator": "compute",
        "Delay": "compute label",
        "ExponentialMovingAverage": "compute",
        "Identity": "compute",
        "IndicatorBase": "compute takes_bars",
        "LinearWeightedMovingAverage": "compute label",
        "Maximum": "compute label",
        "Minimum": "compute label",
        "Momentum": "compute label",
        "MomentumPercent": "label",
        "MovingAverageConvergenceDivergence": "compute",
        "RateOfChange": "compute label",
        "RateOfChangePercent": "compute label",
        "RelativeStrengthIndex": "compute",
        "SimpleMovingAverage": "compute label",
        "StandardDeviation": "compute label",
        "Sum": "compute label",
        "TrueRange": "compute takes_bars",
        "Variance": "compute label",
        "VolumeWeightedAveragePriceIndicator": "compute takes_bars",
        "WilderMovingAverage": "compute label",
    },
    "in LEAN a member of some of the derived or generic classes, here of the common base": {
        "BaseData": "period",
        "ExponentialMovingAverage": "period",
        "IndicatorBase": "current warm_up_period window",
        "MarginCallModel": "NULL execute_margin_call get_margin_call_orders",
        "PeriodCountConsolidator": "from_resolution working_bar",
        "Security": "base_currency primary_exchange",
        "StopMarketOrder": "stop_triggered",
        "WindowedIndicator": "period",
        "_Amount": "value",
    },
    "LEAN writes it in capitals, which works as well": {
        "Calendar": "monthly quarterly weekly yearly",
        "TimeInForce": "expiry good_til_date name",
    },
    "a shorter way to what LEAN has elsewhere": {
        "DefaultBrokerageModel": "default_market get_margin_call_model",
        "Fill": "order_events",
        "OrderTicket": "most_recent_order_response",
        "SecurityExchange": "is_market_always_open",
        "SecurityPortfolioManager": "account_currency settings",
        "Tick": "is_trade",
        "TimeZones": "SEOUL",
    },
    "the engine's side of the class; algorithms do not need it": {
        "BaseDataConsolidator": "begin extend",
        "CancelOrderRequest": "request_type",
        "Cash": "conversion_security is_inverted",
        "CashBook": "ensure",
        "DataConsolidator": "accepts_quotes emit",
        "DateRule": "days",
        "LimitIfTouchedOrder": "apply_update",
        "LimitOrder": "apply_update",
        "Order": "apply_update event_count next_event_id",
        "OrderRequest": "answer",
        "OrderResponse": "text",
        "OrderTicket": "record",
        "QuoteBar": "repeated",
        "QuoteBarConsolidator": "begin extend",
        "ScheduleManager": "events set_time_zone",
        "ScheduledEvent": "fire_until skip_until",
        "Security": (
            "base_cash cash_book catch_up has_ticks hours is_daily_only price_factor_on properties quote_cash resolutions"
        ),
        "SecurityCache": (
            "apply_split last_data last_quote_bar last_quote_tick last_trade_bar last_trade_tick quote_ticks step_ticks"
            " store_bar store_ticks trade_ticks"
        ),
        "SecurityExchange": "zone",
        "SecurityPortfolioManager": "process_fill",
        "SecurityTransactionManager": (
            "apply_split has_work next_order_id on_open_count open_count open_orders process_queue process_step reject"
            " scan submit"
        ),
        "SequentialConsolidator": "accepts_quotes",
        "StopLimitOrder": "apply_update",
        "StopMarketOrder": "apply_update",
        "SubmitOrderRequest": "order request_type",
        "Symbol": "index",
        "Tick": "flags",
        "TickConsolidator": "accepts_quotes begin extend",
        "TickQuoteBarConsolidator": "accepts_quotes begin extend",
        "TradeBar": "repeated",
        "TradeBarConsolidator": "begin extend",
        "TrailingStopOrder": "apply_update",
        "UpdateOrderRequest": "changes_only_tag fields request_type",
    },
    "the risk gate's answer, which LEAN does not have": {
        "OrderResponseErrorCode": "RISK_DENIED",
    },
}
"""Reason, then our class, then its members that LEAN's class of the same name does not have."""

OTHER_SIGNATURES: dict[str, dict[str, str]] = {
    "one method for several of LEAN's overloads, told apart by their arguments": {
        "ConsolidationMethods": "consolidate",
        "HistoryMethods": "history",
        "IndicatorMethods": "identity",
        "OutputMethods": "plot",
        "QCAlgorithm": "set_benchmark set_cash set_end_date set_start_date",
        "ScheduleManager": "on",
        "SecurityPortfolioManager": "set_cash",
        "SecurityTransactionManager": "update_order",
        "TimeRules": "at",
    },
    "called by position: the first argument has another name in LEAN, or a different one in each overload": {
        "Bar": "update",
        "CashBook": "contains_key convert convert_to_account_currency",
        "DataDictionary": "contains_key",
        "DelayedSettlementModel": "apply_funds scan",
        "ImmediateSettlementModel": "apply_funds scan",
        "OrderResponse": "success",
        "ScheduleManager": "add remove",
        "Security": (
            "set_buying_power_model set_fee_model set_fill_model set_margin_model set_settlement_model"
            " set_slippage_model"
        ),
        "SecurityPortfolioManager": "set_account_currency",
        "SecurityTransactionManager": "cancel_order",
    },
    "no parameter for text encodings, aliases and the like": {
        "ObjectStore": "read read_json read_string save_json save_string",
        "Symbol": "create",
    },
    "a method of Python's dictionaries is a method here, a property in the stubs": {
        "SecurityManager": "total",
    },
    "called by the engine only": {
        "CoinbaseBrokerageModel": "can_submit_order can_update_order",
        "DataConsolidator": "scan",
        "DefaultBrokerageModel": "can_submit_order can_update_order",
        "DefaultMarginCallModel": "execute_margin_call get_margin_call_orders",
        "PeriodCountConsolidator": "scan",
        "SecurityPortfolioManager": "apply_dividend apply_split",
        "SequentialConsolidator": "scan",
    },
    "the number in the engine's commit; later stubs have numbers of their own": {
        "BrokerageName": "COINBASE",
    },
}
"""Reason, then our class, then its members whose kind, parameters or value differ from LEAN's."""

OTHER_CONSTRUCTORS: dict[str, str] = {
    "the arguments are bound to LEAN's overloads at the call": (
        "AverageTrueRange BaseDataConsolidator BollingerBands CompositeIndicator Delay ExponentialMovingAverage"
        " LinearWeightedMovingAverage Maximum Minimum Momentum MomentumPercent MovingAverageConvergenceDivergence"
        " QuoteBarConsolidator RateOfChange RateOfChangePercent RelativeStrengthIndex SimpleMovingAverage"
        " StandardDeviation Sum TickConsolidator TickQuoteBarConsolidator TradeBarConsolidator Variance"
        " VolumeWeightedAveragePriceIndicator WilderMovingAverage"
    ),
    "made by the engine, or by its methods": (
        "ApplyFundsSettlementModelParameters BuyingPower CancelOrderRequest DateRules Delisting Dividend"
        " FillModelParameters MarketOnCloseOrder MarketOnOpenOrder MarketOrder ObjectStore Order OrderEvent"
        " OrderRequest OrderResponse OrderTicket ReservedBuyingPowerForPosition ScanSettlementModelParameters"
        " ScheduleManager ScheduledEvent Security SecurityChanges SecurityExchange SecurityHolding SecurityIdentifier"
        " SecurityManager SecurityPortfolioManager SecurityTransactionManager Slice Split SubmitOrderRequest"
        " SubscriptionManager Symbol SymbolChangedEvent TimeInForce TimeRules UniverseSettings UpdateOrderRequest"
    ),
    "the parameter has another name; it is passed by position": "OrderFee",
    "a tuple, whose constructor Python makes": "CalendarInfo",
    "options are not in the subset, so their fees are not": "InteractiveBrokersFeeModel",
}
"""Reason, then the classes whose constructor fits none of LEAN's."""


def pairs(listed: dict[str, dict[str, str]]) -> set[tuple[str, str]]:
    """Return (class, member) of everything that is listed."""
    return {
        (owner, member) for owners in listed.values() for owner, members in owners.items() for member in members.split()
    }
