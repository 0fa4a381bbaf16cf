"""Consolidators: bars out of finer data."""

from live.algorithm.consolidators.base import (
    CalendarInfo,
    DataConsolidator,
    IdentityDataConsolidator,
    SequentialConsolidator,
)
from live.algorithm.consolidators.period import (
    BaseDataConsolidator,
    QuoteBarConsolidator,
    TickConsolidator,
    TickQuoteBarConsolidator,
    TradeBarConsolidator,
)
from live.algorithm.consolidators.schedule import Calendar

__all__ = [
    "BaseDataConsolidator",
    "Calendar",
    "CalendarInfo",
    "DataConsolidator",
    "IdentityDataConsolidator",
    "QuoteBarConsolidator",
    "SequentialConsolidator",
    "TickConsolidator",
    "TickQuoteBarConsolidator",
    "TradeBarConsolidator",
]
