"""Where the subset differs from LEAN's stubs on purpose, each with its reason. What is listed and does not differ fails the test."""

from __future__ import annotations

EXTRA_MEMBERS: dict[str, dict[str, str]] = {
    "hooks of our indicators, in the place of LEAN's compute_next_value": {
        "AverageTrueRange": "compute input_types takes_bars",
        "BollingerBands": "compute",
        "CompositeIndicator": "compute",
        "ConstantIndicator": "compute",
        "Delay": "compute label",
        "ExponentialMovingAverage": "compute",
        "Identity": "compute",
        "IndicatorBase": "compute input_types takes_bars",
        "IntradayVwap": "compute takes_bars",
        "LinearWeightedMovingAverage": "compute label",
        "Maximum": "compute label",
        "Minimum": "compute label",
        "Momentum": "compute label",
        "MomentumPercent": "label",
        "MovingAverageConvergenceDivergence": "compute",
        "PythonIndicator": "compute feed takes_bars",
        "RateOfChange": "compute label",
        "RateOfChangePercent": "compute label",
        "RelativeStrengthIndex": "compute",
        "SimpleMovingAverage": "compute label",
        "StandardDeviation": "compute label",
        "Sum": "compute label",
        "TrueRange": "compute input_types takes_bars",
        "Variance": "compute label",
        "VolumeWeightedAveragePriceIndicator": "compute input_types takes_bars",
        "WilderMovingAverage": "compute label",
    },
    "in LEAN a member of some of the derived or generic classes, here of the common base": {
        "BaseData": "period",
        "DataConsolidator": "consolidated current data_consolidated dispose input_type previous scan window",
        "ExponentialMovingAverage": "period",
        "IndicatorBase": "current warm_up_period window",
        "MarginCallModel": "NULL execute_margin_call get_margin_call_orders",
        "PeriodCountConsolidator": "from_resolution working_bar",
        "Security": "base_currency primary_exchange",
        "StopMarketOrder": "stop_triggered",
        "WindowedIndicator": "period",
        "Amount": "value",
    },
    "LEAN writes it in capitals, which works as well": {
        "Calendar": "monthly quarterly weekly yearly",
        "TimeInForce": "expiry good_til_date name",
    },
    "a shorter way to what LEAN has elsewhere": {
        "Fill": "order_events",
        "SecurityExchange": "is_market_always_open",
        "SecurityPortfolioManager": "account_currency settings",
        "Tick": "is_trade",
        "TimeZones": "SEOUL",
    },
    "the engine's side of the class; algorithms do not need it": {
        "BaseDataConsolidator": "begin extend",
        "BaseTimelessConsolidator": "begin grow",
        "Cash": "conversion_security is_inverted",
        "CashBook": "ensure",
        "ClassicRenkoConsolidator": "begin grow",
        "DataConsolidator": "accepts_quotes emit prepare",
        "DateRule": "days",
        "LimitIfTouchedOrder": "apply_update",
        "LimitOrder": "apply_update",
        "Order": "apply_update event_count is_liquidation next_event_id",
        "OrderFee": "charge",
        "OrderRecords": "open_orders",
        "OrderRequest": "answer",
        "OrderResponse": "text",
        "OrderTicket": "is_cancel_under_way order record unknown",
        "QuoteBar": "repeated",
        "QuoteBarConsolidator": "begin extend",
        "RangeConsolidator": "begin grow prepare",
        "ScheduleManager": "events security_of set_time_zone times_of",
        "ScheduledEvent": "fire_until skip_until",
        "Security": (
            "base_cash cash_book has_ticks hours is_daily_only on_normalization price_factor_on"
            " properties quote_cash resolutions utc_time"
        ),
        "SecurityCache": (
            "apply_split last_data last_quote_bar last_trade_bar quote_ticks store_bar store_book store_ticks trade_ticks"
        ),
        "SecurityExchange": "zone",
        "SecurityManager": "retire",
        "SecurityPortfolioManager": "process_fill",
        "SecuritySeeder": "NULL seed_security",
        "SecurityTransactionManager": (
            "apply_split has_requests liquidate_delisted process_queue process_step reject"
            " request_cancel request_update resting_orders submit"
        ),
        "SequentialConsolidator": "accepts_quotes prepare",
        "StopLimitOrder": "apply_update",
        "StopMarketOrder": "apply_update",
        "SubmitOrderRequest": "make_order",
        "Symbol": "index mapped",
        "Tick": "flags",
        "TickConsolidator": "accepts_quotes begin extend",
        "TickQuoteBarConsolidator": "accepts_quotes begin extend",
        "TradeBar": "repeated",
        "TradeBarConsolidator": "begin extend",
        "TrailingStopOrder": "apply_update trailing_text",
        "UpdateOrderRequest": "changes_only_tag fields",
    },
    "the risk gate's answer, which LEAN does not have": {
        "OrderResponseErrorCode": "RISK_DENIED",
    },
}
"""Reason, then our class, then its members that LEAN's class of the same name does not have."""

OTHER_SIGNATURES: dict[str, dict[str, str]] = {
    "one method for several of LEAN's overloads, told apart by their arguments": {
        "HistoryMethods": "history",
        "SecurityPortfolioManager": "set_cash",
    },
    "called by position: the first argument has another name in LEAN, or a different one in each overload": {
        "Bar": "update",
        "CashBook": "contains_key convert convert_to_account_currency",
        "DataDictionary": "contains_key",
        "DelayedSettlementModel": "apply_funds scan",
        "ImmediateSettlementModel": "apply_funds scan",
        "OrderResponse": "success",
        "Security": (
            "set_buying_power_model set_fee_model set_fill_model set_margin_model set_settlement_model"
            " set_slippage_model"
        ),
        "SecurityPortfolioManager": "get set_account_currency set_margin_call_model",
    },
    "no parameter for text encodings, aliases and the like": {
        "ObjectStore": "read read_json read_string save save_json save_string",
        "Symbol": "create",
    },
    "a method of Python's dictionaries is a method here, a property in the stubs": {
        "SecurityManager": "total",
    },
    "the selector itself, which LEAN's property gives": {
        "Field": (
            "ASK_CLOSE ASK_HIGH ASK_LOW ASK_OPEN ASK_PRICE AVERAGE BID_CLOSE BID_HIGH BID_LOW BID_OPEN"
            " BID_PRICE CLOSE HIGH LOW MEDIAN OPEN SEVEN_BAR TYPICAL VOLUME WEIGHTED"
        ),
    },
    "a further overload is for options, which are not in the subset": {
        "IndicatorMethods": "v",
        "TradingMethods": "buy order sell",
    },
    "a further overload makes a value at risk, which is refused by name": {
        "IndicatorMethods": "var",
    },
    "in a further overload the first argument has another name; it is passed by position": {
        "OrderRecords": "get_open_order_tickets get_open_orders get_open_orders_remaining_quantity",
        "SecurityManager": "contains_key get",
        "SecurityPortfolioManager": "contains_key get_margin_remaining",
        "Slice": "contains_key get",
        "TradingMethods": "liquidate set_holdings",
    },
    "called by the engine only": {
        "SecurityPortfolioManager": "apply_dividend apply_split",
    },
    "the number in the engine's commit; later stubs have numbers of their own": {
        "BrokerageName": "COINBASE INTERACTIVE_BROKERS_BROKERAGE OANDA_BROKERAGE",
    },
}
"""Reason, then our class, then its members whose kind, parameters or value differ from LEAN's."""

OTHER_CONSTRUCTORS: dict[str, str] = {
    "the arguments are bound to LEAN's overloads at the call": (
        "AverageTrueRange BaseDataConsolidator BollingerBands CompositeIndicator Delay"
        " ExponentialMovingAverage LinearWeightedMovingAverage Maximum Minimum Momentum MomentumPercent"
        " MovingAverageConvergenceDivergence QuoteBarConsolidator RateOfChange RateOfChangePercent"
        " RelativeStrengthIndex SimpleMovingAverage StandardDeviation Sum TickConsolidator"
        " TickQuoteBarConsolidator TradeBarConsolidator Variance VolumeWeightedAveragePriceIndicator"
        " WilderMovingAverage"
    ),
    "made by the engine, or by its methods": (
        "ApplyFundsSettlementModelParameters BuyingPower DateRules Delisting Dividend FillModelParameters"
        " FluentScheduledEventBuilder IndicatorDataPoints IndicatorHistory MarketOnCloseOrder"
        " MarketOnOpenOrder MarketOrder ObjectStore Order OrderEvent OrderRequest OrderResponse OrderTicket"
        " ReservedBuyingPowerForPosition ScanSettlementModelParameters ScheduleManager ScheduledEvent Security"
        " SecurityChanges SecurityExchange SecurityExchangeHours SecurityHolding SecurityIdentifier"
        " SecurityManager SecurityPortfolioManager SecurityTransactionManager Slice Split SubmitOrderRequest"
        " SubscriptionManager Symbol SymbolChangedEvent TimeInForce TimeRules UniverseSettings"
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
