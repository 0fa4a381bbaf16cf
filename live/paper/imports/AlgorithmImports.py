"""What `from AlgorithmImports import *` gives an algorithm in the embedded engine: the subset of LEAN's names.

Every public name here is exported, and this list is what decides which names belong to the subset. The folder is put
on the module path while an algorithm is loaded and run, and at no other time.
"""

import json
import math
from datetime import date, datetime, time, timedelta, timezone
from typing import *

from live.algorithm.consolidation import SubscriptionManager
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
from live.algorithm.enums import (
    AccountType,
    BarDirection,
    BrokerageName,
    Currencies,
    DataNormalizationMode,
    DayOfWeek,
    DelistingType,
    Market,
    MarketDataType,
    MovingAverageType,
    OrderDirection,
    OrderField,
    OrderRequestStatus,
    OrderRequestType,
    OrderResponseErrorCode,
    OrderStatus,
    OrderType,
    RenkoType,
    Resolution,
    SecurityType,
    SeriesType,
    SplitType,
    TickType,
    TimeZones,
)
from live.algorithm.fields import Field
from live.algorithm.indicator_history import IndicatorDataPoints, IndicatorHistory
from live.algorithm.indicators import *
from live.algorithm.lazy import optional_modules as _optional_modules
from live.algorithm.live_algorithm import LiveAlgorithm
from live.algorithm.order_requests import (
    CancelOrderRequest,
    OrderRequest,
    OrderResponse,
    SubmitOrderRequest,
    UpdateOrderRequest,
)
from live.algorithm.order_terms import (
    CashAmount,
    CoinbaseOrderProperties,
    GDAXOrderProperties,
    InteractiveBrokersOrderProperties,
    OrderFee,
    OrderProperties,
    OrderSubmissionData,
    TimeInForce,
    UpdateOrderFields,
)
from live.algorithm.orders import (
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOnCloseOrder,
    MarketOnOpenOrder,
    MarketOrder,
    Order,
    OrderEvent,
    StopLimitOrder,
    StopMarketOrder,
    TrailingStopOrder,
)
from live.algorithm.qc_algorithm import QCAlgorithm, SecurityChanges, UniverseSettings
from live.algorithm.schedule import (
    CompositeTimeRule,
    DateRules,
    FluentScheduledEventBuilder,
    FuncDateRule,
    FuncTimeRule,
    ScheduledEvent,
    ScheduleManager,
    TimeRules,
)
from live.algorithm.slices import (
    DataDictionary,
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
from live.algorithm.tickets import OrderTicket
from live.algorithm.trading import PortfolioTarget
from live.paper.cash import Cash, CashBook, ConvertibleCashAmount
from live.paper.exchange_hours import SecurityExchangeHours
from live.paper.holdings import SecurityHolding
from live.paper.models.broker_models import InteractiveBrokersBrokerageModel, OandaBrokerageModel
from live.paper.models.brokerage import CoinbaseBrokerageModel, DefaultBrokerageModel, GDAXBrokerageModel
from live.paper.models.brokerage_messages import BrokerageMessageEvent, BrokerageMessageType
from live.paper.models.buying_power import BuyingPowerModel, SecurityMarginModel
from live.paper.models.cash_buying_power import CashBuyingPowerModel
from live.paper.models.equity_fills import EquityFillModel
from live.paper.models.fees import (
    CoinbaseFeeModel,
    ConstantFeeModel,
    FeeModel,
    GDAXFeeModel,
    InteractiveBrokersFeeModel,
    OrderFeeParameters,
)
from live.paper.models.fills import Fill, FillModel, FillModelParameters, ImmediateFillModel
from live.paper.models.initializer import BrokerageModelSecurityInitializer, FuncSecuritySeeder, SecuritySeeder
from live.paper.models.margin_call import DefaultMarginCallModel, MarginCallModel
from live.paper.models.parameters import (
    ApplyFundsSettlementModelParameters,
    BuyingPower,
    BuyingPowerParameters,
    GetMaximumOrderQuantityForDeltaBuyingPowerParameters,
    GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    GetMaximumOrderQuantityResult,
    HasSufficientBuyingPowerForOrderParameters,
    HasSufficientBuyingPowerForOrderResult,
    InitialMargin,
    InitialMarginParameters,
    InitialMarginRequiredForOrderParameters,
    MaintenanceMargin,
    MaintenanceMarginParameters,
    ReservedBuyingPowerForPosition,
    ReservedBuyingPowerForPositionParameters,
    ScanSettlementModelParameters,
)
from live.paper.models.settlement import DelayedSettlementModel, ImmediateSettlementModel
from live.paper.models.slippage import ConstantSlippageModel, NullSlippageModel, VolumeShareSlippageModel
from live.paper.object_store import ObjectStore
from live.paper.portfolio import SecurityPortfolioManager
from live.paper.securities import Security, SecurityExchange, SecurityManager
from live.paper.security_cache import SecurityCache
from live.paper.settings import AlgorithmSettings
from live.paper.transactions import SecurityTransactionManager

QCAlgorithmFramework = QCAlgorithm
QCAlgorithmFrameworkBridge = QCAlgorithm

# numpy, pandas and matplotlib have their usual short names where they are installed.
globals().update(_optional_modules())
