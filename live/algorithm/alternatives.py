"""What to use instead of a member of LEAN's API that the embedded engine does not have."""

from __future__ import annotations

_REAL_LEAN = "run the algorithm in real LEAN (lean backtest, lean live)"
_ASSETS = f"trade equities, forex or crypto (add_equity, add_forex, add_crypto), or {_REAL_LEAN}"
_OPTIONS = f"options are not in the subset: trade the underlying with add_equity, or {_REAL_LEAN}"
_FUTURES = f"futures are not in the subset: {_ASSETS}"
_INDEXES = f"indexes are not in the subset: subscribe to a fund that follows the index, such as SPY, or {_REAL_LEAN}"
_UNIVERSES = (
    f"universes are not in the subset: add a fixed list of symbols in initialize with add_equity, or {_REAL_LEAN}"
)
_FRAMEWORK = (
    "the algorithm framework is not in the subset: decide in on_data and send orders with set_holdings or market_order"
)
_CUSTOM_DATA = (
    "custom data is not in the subset: read your file in initialize with Python, and look values up by self.time"
)
_COMBOS = "combination orders are not in the subset: send one market_order or limit_order for each leg"
_LINKED = "linked orders are not in the subset: send both orders, and cancel one in on_order_event when the other fills"
_LIVE = "a dry run has no broker connection: remove it, or guard it with `if self.live_mode:` and keep it for real LEAN"
_CANDLES = (
    "candlestick patterns are not in the subset: compare open, high, low and close of the last bars of a RollingWindow"
)
_INDICATOR = (
    "this indicator is not in the subset: write a class with `update(self, bar)` and `value`, and feed it with"
    " register_indicator; docs/api-subset.md lists the indicators there are"
)
_ENGINE = "this is the engine's own: an algorithm does not need it; remove it"
_DOTNET = "this is a method of .NET objects: use Python's own (str(x), ==, hash(x), type(x), copy.copy(x), iteration)"
_FUNDAMENTALS = (
    f"fundamental data are not in the subset: keep the figures you need in the algorithm's file, or {_REAL_LEAN}"
)
_DATA_SETS = f"QuantConnect's data sets are not in the subset: {_CUSTOM_DATA}"
_BROKERAGES = (
    "only BrokerageName.DEFAULT, INTERACTIVE_BROKERS_BROKERAGE, OANDA_BROKERAGE and COINBASE are modelled; set fees with"
    " security.set_fee_model"
)
_GENERIC = f"docs/api-subset.md lists what there is; otherwise {_REAL_LEAN}"

MEMBERS: dict[str, str] = {
    "abands": _INDICATOR,
    "add_alpha": _FRAMEWORK,
    "add_cfd": _ASSETS,
    "add_chart": "plot(chart, series, value) makes the chart when it is first used",
    "add_command": _LIVE,
    "add_crypto_future": "perpetual futures are not in the subset: use add_crypto for the spot pair",
    "add_data": _CUSTOM_DATA,
    "add_future": _FUTURES,
    "add_future_contract": _FUTURES,
    "add_future_option": _OPTIONS,
    "add_future_option_contract": _OPTIONS,
    "add_index": _INDEXES,
    "add_index_option": _OPTIONS,
    "add_index_option_contract": _OPTIONS,
    "add_option": _OPTIONS,
    "add_option_contract": _OPTIONS,
    "add_risk_management": _FRAMEWORK,
    "add_security_initializer": "use set_security_initializer with one function that does everything",
    "add_series": "plot(chart, series, value) makes the series when it is first used",
    "add_tag": "remove it: dry runs have no tags",
    "add_universe": _UNIVERSES,
    "add_universe_options": _OPTIONS,
    "add_universe_selection": _UNIVERSES,
    "algorithm_id": "use self.name",
    "algorithm_mode": "use self.live_mode, which is False in a dry run",
    "benchmark": "remove it: a dry run compares with no benchmark",
    "bracket_order": _LINKED,
    "broadcast_command": _LIVE,
    "brokerage_message_handler": _LIVE,
    "brokerage_name": "remember what you passed to set_brokerage_model",
    "candlestick_patterns": _CANDLES,
    "combo_leg_limit_order": _COMBOS,
    "combo_limit_order": _COMBOS,
    "combo_market_order": _COMBOS,
    "deployment_target": "use self.live_mode, which is False in a dry run",
    "do": _COMBOS,
    "download": "a dry run reads nothing from the network: download the file beforehand and read it in initialize",
    "emit_insights": _FRAMEWORK,
    "execution": _FRAMEWORK,
    "exercise_option": _OPTIONS,
    "fundamentals": _FUNDAMENTALS,
    "future_chain": _FUTURES,
    "future_chain_provider": _FUTURES,
    "future_chains": _FUTURES,
    "futures_chain": _FUTURES,
    "futures_chains": _FUTURES,
    "get_chart_updates": _ENGINE,
    "insights": _FRAMEWORK,
    "insights_generated": _FRAMEWORK,
    "link": "remove it: custom data is not in the subset",
    "market_hours_database": "use self.securities[symbol].exchange.hours",
    "notify": "a dry run sends no messages: use self.log, or guard it with `if self.live_mode:`",
    "on_assignment_order_event": _OPTIONS,
    "on_brokerage_disconnect": _LIVE,
    "on_brokerage_message": _LIVE,
    "on_brokerage_reconnect": _LIVE,
    "on_command": _LIVE,
    "on_framework_data": _FRAMEWORK,
    "on_framework_securities_changed": _FRAMEWORK,
    "one_cancels_other_order": _LINKED,
    "one_triggers_other_order": _LINKED,
    "one_updates_other_order": _LINKED,
    "option_chain": _OPTIONS,
    "option_chain_provider": _OPTIONS,
    "option_chains": _OPTIONS,
    "order_factory": "use market_order, limit_order and their like",
    "portfolio_construction": _FRAMEWORK,
    "remove_option_contract": _OPTIONS,
    "remove_security": "securities stay for the whole run: liquidate the symbol and leave it alone from then on",
    "risk_free_interest_rate_model": "use a constant rate of your own",
    "risk_management": _FRAMEWORK,
    "run_command": _LIVE,
    "runtime_statistics": "use set_runtime_statistic to write; keep what you want to read in a field of your own",
    "set_alpha": _FRAMEWORK,
    "set_brokerage_message_handler": _LIVE,
    "set_execution": _FRAMEWORK,
    "set_maximum_orders": "use max_open_orders and max_orders_per_minute of [risk] in live.toml",
    "set_portfolio_construction": _FRAMEWORK,
    "set_risk_free_interest_rate_model": "remove it: nothing in the subset needs an interest rate",
    "set_risk_management": f"{_FRAMEWORK}; limits of the account are in [risk] of live.toml",
    "set_run_time_error": "raise an exception",
    "set_tags": "remove it: dry runs have no tags",
    "set_trade_builder": "remove it: a dry run has no trade statistics",
    "set_universe_selection": _UNIVERSES,
    "shortable": "every security can be sold short in a dry run",
    "shortable_quantity": "every security can be sold short in a dry run",
    "signal_export": _LIVE,
    "submit_order_request": "use market_order, limit_order and their like",
    "symbol_properties_database": "use self.securities[symbol].symbol_properties",
    "ticker": "use symbol.value",
    "trade_builder": "use portfolio[symbol].net_profit and total_fees",
    "trading_calendar": "use self.securities[symbol].exchange.hours",
    "universe": _UNIVERSES,
    "universe_manager": _UNIVERSES,
    "universe_selection": _UNIVERSES,
}
"""Members of QCAlgorithm."""

OTHERS: dict[str, str] = {
    "CashBook.add": "use self.set_cash(currency, amount, conversion_rate) in initialize",
    "DataNormalizationMode": "use DataNormalizationMode.RAW or DataNormalizationMode.ADJUSTED",
    "OrderTicket.order_closed": "use ticket.status.is_closed",
    "Slice.future_chains": _FUTURES,
    "Slice.futures_chains": _FUTURES,
    "Slice.option_chains": _OPTIONS,
    "SymbolProperties": "use self.securities[symbol].symbol_properties",
    "System": "remove these lines: `from AlgorithmImports import *` gives every name of the subset; use Python's own types",
    "Alphas": _FRAMEWORK,
    "Execution": _FRAMEWORK,
    "Portfolio": _FRAMEWORK,
    "Risk": _FRAMEWORK,
    "Selection": _UNIVERSES,
}
"""Members of other classes, as Class.member; and classes, namespaces and modules by themselves."""

_NAMESPACES: tuple[tuple[str, str], ...] = (
    ("QuantConnect.Algorithm.Framework.Selection", _UNIVERSES),
    ("QuantConnect.Algorithm.Selection", _UNIVERSES),
    ("QuantConnect.Algorithm.Framework", _FRAMEWORK),
    ("QuantConnect.Data.UniverseSelection", _UNIVERSES),
    ("QuantConnect.Data.Fundamental", _FUNDAMENTALS),
    ("QuantConnect.Data.Custom", _CUSTOM_DATA),
    ("QuantConnect.DataSource", _DATA_SETS),
    ("QuantConnect.Securities.Option", _OPTIONS),
    ("QuantConnect.Securities.IndexOption", _OPTIONS),
    ("QuantConnect.Orders.OptionExercise", _OPTIONS),
    ("QuantConnect.Securities.Future", _FUTURES),
    ("QuantConnect.Securities.CryptoFuture", _FUTURES),
    ("QuantConnect.Indicators.CandlestickPatterns", _CANDLES),
    ("QuantConnect.Indicators", _INDICATOR),
    ("QuantConnect.Brokerages", _BROKERAGES),
    ("QuantConnect.Orders.Fees", "write a class that derives from FeeModel, or use ConstantFeeModel"),
    ("QuantConnect.Orders.Slippage", "use ConstantSlippageModel or VolumeShareSlippageModel"),
    ("QuantConnect.Orders.Fills", "write a class that derives from FillModel"),
    ("QuantConnect.Notifications", _LIVE),
    ("QuantConnect.Commands", _LIVE),
    ("QuantConnect.Python", _CUSTOM_DATA),
    ("QuantConnect.Research", "research notebooks run in real LEAN only"),
    ("System", OTHERS["System"]),
)
"""Alternatives for the names of a namespace; the first prefix that fits counts."""

_WORDS: tuple[tuple[str, str], ...] = (
    ("option", _OPTIONS),
    ("future", _FUTURES),
    ("universe", _UNIVERSES),
    ("combo", _COMBOS),
    ("insight", _FRAMEWORK),
    ("fundamental", _FUNDAMENTALS),
)
"""Alternatives by a word in a member's name."""

_DOTNET_MEMBERS = frozenset({"to_string", "clone", "contains", "copy_to", "get_enumerator", "get_keys", "get_values"})
_SYMBOL_FACTS = frozenset({"cik", "composite_figi", "cusip", "isin", "sedol"})


def remedy_for_member(owner: str, member: str, is_indicator: bool = False) -> str:
    """Return what to use instead of a member.

    Parameters:
        owner: LEAN's class.
        member: the member in LEAN's snake_case.
        is_indicator: whether the member makes an indicator.
    """
    for known in (OTHERS.get(f"{owner}.{member}"), OTHERS.get(owner), MEMBERS.get(member)):
        if known is not None and (owner == "QCAlgorithm" or known is not MEMBERS.get(member)):
            return known
    if owner == "BrokerageName":
        return _BROKERAGES
    if owner == "SecurityType":
        return _ASSETS
    if is_indicator:
        return _INDICATOR
    if member in _DOTNET_MEMBERS:
        return _DOTNET
    if member in _SYMBOL_FACTS:
        return "keep such identifiers in a dictionary of your own"
    return next((text for word, text in _WORDS if word in member), _GENERIC)


def remedy_for_name(name: str, namespace: str) -> str:
    """Return what to use instead of a name of AlgorithmImports that the subset does not have."""
    if name in OTHERS:
        return OTHERS[name]
    for prefix, text in _NAMESPACES:
        if namespace == prefix or namespace.startswith(f"{prefix}."):
            return text
    return next((text for word, text in _WORDS if word in name.lower()), _GENERIC)
