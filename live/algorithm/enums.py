"""LEAN's enumerations and name constants, limited to what the embedded engine knows."""

from __future__ import annotations

from datetime import timedelta

from live.algorithm.naming import LeanEnum


class Resolution(LeanEnum):
    """Length of a bar; TICK has none."""

    TICK = 0
    SECOND = 1
    MINUTE = 2
    HOUR = 3
    DAILY = 4

    @property
    def period_ns(self) -> int:
        """Length of one bar in nanoseconds; 0 for ticks."""
        return _PERIOD_SECONDS[self] * 1_000_000_000

    def to_time_span(self) -> timedelta:
        """Return the length of one bar."""
        return timedelta(seconds=_PERIOD_SECONDS[self])


_PERIOD_SECONDS = {
    Resolution.TICK: 0,
    Resolution.SECOND: 1,
    Resolution.MINUTE: 60,
    Resolution.HOUR: 3_600,
    Resolution.DAILY: 86_400,
}


class SecurityType(LeanEnum):
    """Asset classes; the embedded engine trades equity, forex and crypto."""

    BASE = 0
    EQUITY = 1
    OPTION = 2
    COMMODITY = 3
    FOREX = 4
    FUTURE = 5
    CFD = 6
    CRYPTO = 7


class TickType(LeanEnum):
    """What a data point reports."""

    TRADE = 0
    QUOTE = 1
    OPEN_INTEREST = 2


class MarketDataType(LeanEnum):
    """Shape of a data point."""

    BASE = 0
    TRADE_BAR = 1
    TICK = 2
    AUXILIARY = 3
    QUOTE_BAR = 4


class DataNormalizationMode(LeanEnum):
    """How historical prices account for splits and dividends."""

    RAW = 0
    ADJUSTED = 1
    SPLIT_ADJUSTED = 2
    TOTAL_RETURN = 3
    FORWARD_PANAMA_CANAL = 4
    BACKWARDS_PANAMA_CANAL = 5
    BACKWARDS_RATIO = 6
    SCALED_RAW = 7


class OrderType(LeanEnum):
    """Kinds of orders."""

    MARKET = 0
    LIMIT = 1
    STOP_MARKET = 2
    STOP_LIMIT = 3
    MARKET_ON_OPEN = 4
    MARKET_ON_CLOSE = 5
    LIMIT_IF_TOUCHED = 7
    TRAILING_STOP = 11


class OrderStatus(LeanEnum):
    """Life of an order."""

    NEW = 0
    SUBMITTED = 1
    PARTIALLY_FILLED = 2
    FILLED = 3
    CANCELED = 5
    NONE = 6
    INVALID = 7
    CANCEL_PENDING = 8
    UPDATE_SUBMITTED = 9

    @property
    def is_closed(self) -> bool:
        """Whether nothing more can happen to the order."""
        return self in _CLOSED

    @property
    def is_fill(self) -> bool:
        """Whether the status reports a fill."""
        return self in _FILLS


_FILLS = (OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED)
_CLOSED = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.INVALID)


class OrderDirection(LeanEnum):
    """Side of an order."""

    BUY = 0
    SELL = 1
    HOLD = 2


class OrderField(LeanEnum):
    """Prices of an order that a ticket can be asked for."""

    LIMIT_PRICE = 0
    STOP_PRICE = 1
    TRIGGER_PRICE = 2
    TRAILING_AMOUNT = 3
    TRAILING_AS_PERCENTAGE = 4


class OrderRequestType(LeanEnum):
    """What a request asks of the engine."""

    SUBMIT = 0
    UPDATE = 1
    CANCEL = 2


class OrderRequestStatus(LeanEnum):
    """Progress of a request."""

    UNPROCESSED = 0
    PROCESSING = 1
    PROCESSED = 2
    ERROR = 3


class OrderResponseErrorCode(LeanEnum):
    """Why a request was refused; the numbers are LEAN's."""

    NONE = 0
    PROCESSING_ERROR = -1
    ORDER_ALREADY_EXISTS = -2
    INSUFFICIENT_BUYING_POWER = -3
    BROKERAGE_MODEL_REFUSED_TO_SUBMIT_ORDER = -4
    BROKERAGE_FAILED_TO_SUBMIT_ORDER = -5
    BROKERAGE_FAILED_TO_UPDATE_ORDER = -6
    BROKERAGE_HANDLER_REFUSED_TO_UPDATE_ORDER = -7
    BROKERAGE_FAILED_TO_CANCEL_ORDER = -8
    INVALID_ORDER_STATUS = -9
    UNABLE_TO_FIND_ORDER = -10
    ORDER_QUANTITY_ZERO = -11
    UNSUPPORTED_REQUEST_TYPE = -12
    PRE_ORDER_CHECKS_ERROR = -13
    MISSING_SECURITY = -14
    EXCHANGE_NOT_OPEN = -15
    SECURITY_PRICE_ZERO = -16
    FOREX_BASE_AND_QUOTE_CURRENCIES_REQUIRED = -17
    FOREX_CONVERSION_RATE_ZERO = -18
    SECURITY_HAS_NO_DATA = -19
    EXCEEDED_MAXIMUM_ORDERS = -20
    MARKET_ON_CLOSE_ORDER_TOO_LATE = -21
    INVALID_REQUEST = -22
    REQUEST_CANCELED = -23
    ALGORITHM_WARMING_UP = -24
    BROKERAGE_MODEL_REFUSED_TO_UPDATE_ORDER = -25
    QUOTE_CURRENCY_REQUIRED = -26
    CONVERSION_RATE_ZERO = -27
    NON_TRADABLE_SECURITY = -28
    ORDER_QUANTITY_LESS_THAN_LOT_SIZE = -30
    EXCEEDS_SHORTABLE_QUANTITY = -31
    INVALID_NEW_ORDER_STATUS = -32
    MARKET_ON_OPEN_NOT_ALLOWED_DURING_REGULAR_HOURS = -35
    RISK_DENIED = -1000
    """Ours: the risk gate refused the order; the message carries the denial code."""


class AccountType(LeanEnum):
    """Kind of brokerage account."""

    MARGIN = 0
    CASH = 1


class BrokerageName(LeanEnum):
    """Brokerages whose rules the embedded engine models."""

    DEFAULT = 0
    QUANT_CONNECT_BROKERAGE = 0
    INTERACTIVE_BROKERS_BROKERAGE = 1
    OANDA_BROKERAGE = 3
    GDAX = 12
    COINBASE = 32


class MovingAverageType(LeanEnum):
    """Averages that indicators can be built on."""

    SIMPLE = 0
    EXPONENTIAL = 1
    WILDERS = 2
    LINEAR_WEIGHTED_MOVING_AVERAGE = 3


class RenkoType(LeanEnum):
    """How Renko bars are made: one at most for each price, or as many as fit with wicks."""

    CLASSIC = 0
    WICKED = 1


class BarDirection(LeanEnum):
    """Where a Renko bar goes."""

    RISING = 0
    NO_DELTA = 1
    FALLING = 2


class DayOfWeek(LeanEnum):
    """Days as .NET counts them."""

    SUNDAY = 0
    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6


class SplitType(LeanEnum):
    """A split is announced on the day before it happens."""

    WARNING = 0
    SPLIT_OCCURRED = 1


class DelistingType(LeanEnum):
    """A delisting is announced before it happens."""

    WARNING = 0
    DELISTED = 1


class SeriesType(LeanEnum):
    """How a chart series is drawn."""

    LINE = 0
    SCATTER = 1
    CANDLE = 2
    BAR = 3
    FLAG = 4
    STACKED_AREA = 5
    PIE = 6
    TREEMAP = 7


class Market:
    """Market names as they stand in the data folder."""

    USA = "usa"
    OANDA = "oanda"
    FXCM = "fxcm"
    DUKASCOPY = "dukascopy"
    COINBASE = "coinbase"
    GDAX = "coinbase"
    BITFINEX = "bitfinex"
    BINANCE = "binance"
    BINANCE_US = "binanceus"
    KRAKEN = "kraken"
    BITSTAMP = "bitstamp"
    BYBIT = "bybit"
    INTERACTIVE_BROKERS = "interactivebrokers"


class TimeZones:
    """Names of common time zones."""

    UTC = "UTC"
    NEW_YORK = "America/New_York"
    EASTERN_STANDARD = "UTC-05"
    CHICAGO = "America/Chicago"
    LOS_ANGELES = "America/Los_Angeles"
    DENVER = "America/Denver"
    TORONTO = "America/Toronto"
    LONDON = "Europe/London"
    PARIS = "Europe/Paris"
    BERLIN = "Europe/Berlin"
    ZURICH = "Europe/Zurich"
    AMSTERDAM = "Europe/Amsterdam"
    MADRID = "Europe/Madrid"
    ROME = "Europe/Rome"
    ATHENS = "Europe/Athens"
    HELSINKI = "Europe/Helsinki"
    MOSCOW = "Europe/Moscow"
    ISTANBUL = "Europe/Istanbul"
    DUBLIN = "Europe/Dublin"
    TOKYO = "Asia/Tokyo"
    HONG_KONG = "Asia/Hong_Kong"
    SHANGHAI = "Asia/Shanghai"
    SEOUL = "Asia/Seoul"
    KOLKATA = "Asia/Kolkata"
    SYDNEY = "Australia/Sydney"
    MELBOURNE = "Australia/Melbourne"
    SAO_PAULO = "America/Sao_Paulo"
    MEXICO_CITY = "America/Mexico_City"
    VANCOUVER = "America/Vancouver"
    HONOLULU = "Pacific/Honolulu"
    ANCHORAGE = "America/Anchorage"
    AUCKLAND = "Pacific/Auckland"


class Currencies:
    """Currency codes that LEAN names."""

    USD = "USD"
    EUR = "EUR"
    GBP = "GBP"
    JPY = "JPY"
    NULL_CURRENCY = "QCC"
    """LEAN's placeholder: the fee currency of an event that is not a fill."""
