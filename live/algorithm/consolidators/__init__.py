"""Consolidators: bars out of finer data."""

from live.algorithm.consolidators.base import (
    CalendarInfo,
    DataConsolidator,
    IdentityDataConsolidator,
    SequentialConsolidator,
)
from live.algorithm.consolidators.custom import DataConsolidatorPythonWrapper, PythonConsolidator
from live.algorithm.consolidators.period import (
    BaseDataConsolidator,
    QuoteBarConsolidator,
    TickConsolidator,
    TickQuoteBarConsolidator,
    TradeBarConsolidator,
)
from live.algorithm.consolidators.price import (
    BaseTimelessConsolidator,
    ClassicRenkoConsolidator,
    RangeConsolidator,
    RenkoConsolidator,
    WickedRenkoConsolidator,
)
from live.algorithm.consolidators.price_bars import RangeBar, RenkoBar
from live.algorithm.consolidators.schedule import Calendar

__all__ = [
    "BaseDataConsolidator",
    "BaseTimelessConsolidator",
    "Calendar",
    "CalendarInfo",
    "ClassicRenkoConsolidator",
    "DataConsolidator",
    "DataConsolidatorPythonWrapper",
    "IdentityDataConsolidator",
    "PythonConsolidator",
    "QuoteBarConsolidator",
    "RangeBar",
    "RangeConsolidator",
    "RenkoBar",
    "RenkoConsolidator",
    "SequentialConsolidator",
    "TickConsolidator",
    "TickQuoteBarConsolidator",
    "TradeBarConsolidator",
    "WickedRenkoConsolidator",
]
