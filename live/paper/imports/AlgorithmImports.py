"""What `from AlgorithmImports import *` gives an algorithm in the embedded engine."""

import math
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

from live.algorithm.consolidators import *
from live.algorithm.data import (
    Bar,
    BaseData,
    Delisting,
    Dividend,
    QuoteBar,
    Split,
    SymbolChangedEvent,
    Tick,
    TradeBar,
)
from live.algorithm.enums import *
from live.algorithm.indicators import *
from live.algorithm.live_algorithm import LiveAlgorithm
from live.algorithm.orders import *
from live.algorithm.qc_algorithm import QCAlgorithm, SecurityChanges, UniverseSettings
from live.algorithm.slices import (
    Delistings,
    Dividends,
    QuoteBars,
    Slice,
    Splits,
    SymbolChangedEvents,
    Ticks,
    TradeBars,
)
from live.algorithm.symbols import SecurityIdentifier, Symbol
from live.algorithm.tickets import OrderRequest, OrderResponse, OrderTicket, SubmitOrderRequest, UpdateOrderRequest
from live.algorithm.trading import PortfolioTarget
from live.paper.models.brokerage import CoinbaseBrokerageModel, DefaultBrokerageModel
from live.paper.models.fees import *
from live.paper.models.fills import *
from live.paper.models.slippage import *
from live.paper.object_store import ObjectStore
from live.paper.securities import Security, SecurityHolding
