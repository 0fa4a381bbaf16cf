"""Why the risk gate refuses an order: stable codes, their meaning and what to do about them."""

from __future__ import annotations

from enum import IntEnum

ALLOWED = 0
"""What the gate returns for an order that may pass."""


class DenialCode(IntEnum):
    """Codes `CATEGORY_CONDITION`. Numbers never change and are never used again; they stay below DENIAL_CODES_MAX."""

    meaning: str
    remedy: str

    def __new__(cls, value: int, meaning: str, remedy: str) -> DenialCode:
        """Make a member from its number and texts."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.remedy = remedy
        return member

    KILL_SWITCH_ENGAGED = (
        1,
        "The kill switch is engaged; only liquidations pass.",
        "Find out who engaged it and why, then start a new run; it begins without the switch.",
    )
    CONTROL_PAUSED = (
        2,
        "The strategy is paused; only liquidations pass.",
        "lean-live top says why; lean-live resume ends one that does not end by itself.",
    )
    CONTROL_REDUCE_ONLY = (
        3,
        "Only orders that bring a position toward zero pass.",
        "Send an order that reduces the position, or start a new run; it begins without this restriction.",
    )
    LIMITS_NOT_LOADED = (
        4,
        "No limits have been loaded since the process started.",
        "Give a [risk] table in live.toml and look for an error at start.",
    )
    SYMBOL_UNKNOWN = (5, "The symbol is not registered with the gate.", "Subscribe to the symbol before ordering it.")
    SYMBOL_RESTRICTED = (
        6,
        "The symbol is on the restricted list; only reducing orders pass.",
        "Take the ticker out of restricted_symbols in [risk], if it may be traded.",
    )
    ORDER_QUANTITY_ZERO = (7, "The quantity is zero.", "Check how the algorithm computes its quantity.")
    ORDER_QUANTITY_ABOVE_MAX = (
        8,
        "The quantity of the order is above max_order_quantity.",
        "Send a smaller order, or raise max_order_quantity in [risk].",
    )
    ORDER_NOTIONAL_ABOVE_MAX = (
        9,
        "Quantity times price of the order is above max_order_notional.",
        "Send a smaller order, or raise max_order_notional in [risk].",
    )
    ORDER_DUPLICATE = (
        10,
        "An equal order was accepted within duplicate_window_seconds.",
        "Check for a signal that fires twice, or shorten the window in [risk].",
    )
    SESSION_CLOSED = (
        11,
        "The symbol's session is closed at this time.",
        "Order within the session, or send a market-on-open order.",
    )
    MARKET_NO_PRICE = (12, "No price of the symbol has come yet.", "Wait for the first tick or bar before ordering.")
    MARKET_QUOTE_STALE = (
        13,
        "The newest price of the symbol is older than max_quote_age_seconds.",
        "Check the feed, or raise max_quote_age_seconds in [risk] for a thinly traded symbol.",
    )
    PRICE_OUTSIDE_COLLAR = (
        14,
        "The price of the order is farther from the market than price_collar_bps.",
        "Check the price for a slip, or raise price_collar_bps in [risk].",
    )
    POSITION_ABOVE_MAX = (
        15,
        "The position, with all open orders of that side filled, would be above max_position_quantity.",
        "Cancel open orders or send a smaller one, or raise max_position_quantity in [risk].",
    )
    EXPOSURE_GROSS_ABOVE_MAX = (
        16,
        "The sum of all positions' values, with open orders filled, would be above max_gross_exposure.",
        "Reduce a position or cancel orders, or raise max_gross_exposure in [risk].",
    )
    OPEN_ORDERS_ABOVE_MAX = (
        17,
        "As many orders are open as max_open_orders allows.",
        "Cancel orders or wait for fills, or raise max_open_orders in [risk].",
    )
    RATE_SECOND_EXCEEDED = (
        18,
        "More orders than max_orders_per_second.",
        "Send fewer orders, or raise max_orders_per_second in [risk].",
    )
    RATE_MINUTE_EXCEEDED = (
        19,
        "More orders than max_orders_per_minute.",
        "Send fewer orders, or raise max_orders_per_minute in [risk].",
    )
    LOSS_DAILY_EXCEEDED = (
        20,
        "Equity has fallen by max_daily_loss or more since the session began; only reducing orders pass.",
        "Stop for the day; the next session begins anew.",
    )
    LOSS_DAILY_UNKNOWN = (
        21,
        "max_daily_loss is set but the gate has not been told the equity.",
        "Wait for the first valuation of the account; if it persists, look for an error at start.",
    )
    POOL_EXHAUSTED = (
        22,
        "All slots of the order pool are taken.",
        "Cancel orders or wait for fills; the algorithm keeps too many orders alive.",
    )
    LANE_FULL = (
        23,
        "As many orders wait in the lane as lane_orders allows.",
        "Send fewer orders at once, or raise lane_orders in [lean].",
    )
    LANE_CLOSED = (
        24,
        "The lane that hands orders to LEAN has been closed: the run ends, or an order in it failed.",
        "Look for the first error in LEAN's log; send no orders while the run ends.",
    )


_BY_CODE = {int(member): member for member in DenialCode}
DENIAL_CODES_MAX = 64
"""Codes lie below this, so that counters per code have a fixed place."""


def denial_of(code: int) -> DenialCode:
    """Return the member of a code that the gate returned."""
    return _BY_CODE[code]


def denial_table() -> list[tuple[int, str, str, str]]:
    """Return all codes as (number, name, meaning, remedy), numbers rising: the source of the documentation page."""
    return [(int(code), code.name, code.meaning, code.remedy) for code in sorted(DenialCode)]
