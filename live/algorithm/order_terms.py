"""The terms of orders: how long they rest, their properties, the prices they were sent at, and what their fills cost."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from live.algorithm.naming import PascalCaseAccess, PascalCaseFields
from live.algorithm.numbers import ZERO, Number, plain, to_decimal

if TYPE_CHECKING:
    from live.algorithm.orders import OrderEvent


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


_LEAN_TIME_IN_FORCE = "QuantConnect.Orders.TimeInForces."


_CURRENCY_SIGNS = dict.fromkeys(("USD", "AUD", "CAD", "HKD", "MXN", "NZD", "SGD"), "$") | {
    "BTC": "₿",
    "CHF": "Fr",
    "CNH": "¥",
    "ETH": "Ξ",
    "EUR": "€",
    "GBP": "₤",
    "JPY": "¥",
    "LTC": "Ł",
}
"""LEAN's sign of a currency; others are printed by their code."""


def utc_datetime(time_ns: int) -> datetime:
    """Return an aware UTC datetime of a nanosecond count, cut to microseconds."""
    return _EPOCH + timedelta(microseconds=time_ns // 1_000)


def utc_ns(moment: datetime) -> int:
    """Return nanoseconds of a datetime; one without a zone is UTC."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
    return (aware - _EPOCH) // timedelta(microseconds=1) * 1_000


def currency_sign(currency: str) -> str:
    """Return the sign of a currency, its code when it has none."""
    return _CURRENCY_SIGNS.get(currency, currency)


class TimeInForce(PascalCaseAccess):
    """How long an order may rest. Compare with `is` or by `name`; DAY and GOOD_TIL_CANCELED exist once."""

    GOOD_TIL_CANCELED: ClassVar[TimeInForce]
    DAY: ClassVar[TimeInForce]
    GoodTilCanceled: ClassVar[TimeInForce]
    Day: ClassVar[TimeInForce]

    __slots__ = ("expiry", "name")

    def __init__(self, name: str, expiry: datetime | None = None) -> None:
        self.name = name
        self.expiry = expiry

    @staticmethod
    def good_til_date(expiry: datetime) -> TimeInForce:
        """Return a time in force that ends at the close of the expiry's date."""
        return TimeInForce("GoodTilDateTimeInForce", expiry)

    GoodTilDate = good_til_date

    def __str__(self) -> str:
        return _LEAN_TIME_IN_FORCE + self.name


TimeInForce.GOOD_TIL_CANCELED = TimeInForce.GoodTilCanceled = TimeInForce("GoodTilCanceledTimeInForce")
TimeInForce.DAY = TimeInForce.Day = TimeInForce("DayTimeInForce")


class OrderProperties(PascalCaseFields):
    """Settings of an order beside its prices."""

    def __init__(self) -> None:
        self.time_in_force: TimeInForce = TimeInForce.GOOD_TIL_CANCELED

    def clone(self) -> OrderProperties:
        """Return a copy: the engine must not see later changes."""
        copy = type(self).__new__(type(self))
        copy.__dict__.update(self.__dict__)
        return copy


class CoinbaseOrderProperties(OrderProperties):
    """Coinbase's additions: `post_only` orders never take liquidity."""

    def __init__(self) -> None:
        super().__init__()
        self.post_only = False
        self.self_trade_prevention_id = False


GDAXOrderProperties = CoinbaseOrderProperties


class InteractiveBrokersOrderProperties(OrderProperties):
    """Interactive Brokers' additions, which a dry run keeps and does not use."""

    def __init__(self) -> None:
        super().__init__()
        self.account = ""
        self.fa_group = ""
        self.fa_method = ""
        self.fa_percentage = 0
        self.fa_profile = ""
        self.outside_regular_trading_hours = False


class UpdateOrderFields(PascalCaseFields):
    """The fields of an order that an update changes; None leaves a field as it is."""

    def __init__(self) -> None:
        self.quantity: Number | None = None
        self.limit_price: Number | None = None
        self.stop_price: Number | None = None
        self.trigger_price: Number | None = None
        self.trailing_amount: Number | None = None
        self.tag: str | None = None


class CashAmount(PascalCaseAccess):
    """An amount of money in a currency."""

    __slots__ = ("currency", "exact_amount")

    def __init__(self, amount: Number, currency: str) -> None:
        self.exact_amount = to_decimal(amount)
        self.currency = currency

    @property
    def amount(self) -> float:
        """The amount as Python sees it."""
        return float(self.exact_amount)

    def __str__(self) -> str:
        return f"{plain(self.exact_amount)} {self.currency}"


class OrderFee(PascalCaseAccess):
    """The fee of a fill."""

    ZERO: ClassVar[OrderFee]

    __slots__ = ("value",)

    def __init__(self, value: CashAmount) -> None:
        self.value = value

    def charge(self, fill: OrderEvent) -> CashAmount:
        """Return what a fill takes from the cash book for the fee."""
        return self.value

    def __str__(self) -> str:
        return str(self.value)


class ModifiedFillQuantityOrderFee(OrderFee):
    """A fee in the currency that was bought, already taken from the quantity of the fill: it is paid at the fill's price.

    Parameters:
        value: the fee.
        quote_currency: currency that is charged.
        contract_multiplier: units of value per unit of quantity and price.
    """

    __slots__ = ("_multiplier", "_quote_currency")

    def __init__(self, value: CashAmount, quote_currency: str, contract_multiplier: Decimal) -> None:
        super().__init__(value)
        self._quote_currency = quote_currency
        self._multiplier = contract_multiplier

    def charge(self, fill: OrderEvent) -> CashAmount:
        """Return the fee's worth in the quote currency."""
        return CashAmount(self.value.exact_amount * fill.exact_fill_price * self._multiplier, self._quote_currency)


OrderFee.ZERO = OrderFee(CashAmount(ZERO, "QCC"))


class OrderSubmissionData(PascalCaseAccess):
    """The prices that stood when an order was sent. Every order has them and few are ever read: converted when they are."""

    __slots__ = ("_ask_price", "_bid_price", "_last_price")

    def __init__(self, bid_price: Number, ask_price: Number, last_price: Number) -> None:
        self._bid_price = bid_price
        self._ask_price = ask_price
        self._last_price = last_price

    @property
    def exact_bid_price(self) -> Decimal:
        """Bid, or the price without quotes."""
        return to_decimal(self._bid_price)

    @property
    def exact_ask_price(self) -> Decimal:
        """Ask, or the price without quotes."""
        return to_decimal(self._ask_price)

    @property
    def exact_last_price(self) -> Decimal:
        """Close of the newest data."""
        return to_decimal(self._last_price)

    @property
    def bid_price(self) -> float:
        """Bid, or the price without quotes."""
        return float(self.exact_bid_price)

    @property
    def ask_price(self) -> float:
        """Ask, or the price without quotes."""
        return float(self.exact_ask_price)

    @property
    def last_price(self) -> float:
        """Close of the newest data."""
        return float(self.exact_last_price)

    def clone(self) -> OrderSubmissionData:
        """Return a copy."""
        return OrderSubmissionData(self._bid_price, self._ask_price, self._last_price)
