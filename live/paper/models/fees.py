# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""What a fill costs."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from live.algorithm.enums import OrderDirection, OrderType, SecurityType
from live.algorithm.numbers import ZERO, Number, to_decimal
from live.algorithm.order_terms import CashAmount, CoinbaseOrderProperties, OrderFee
from live.algorithm.orders import Order
from live.clock import datetime_to_ns
from live.errors import AlgorithmRuntimeError, UsageError
from live.paper.models.context import CashEntries, TradedSecurity
from live.paper.models.parameters import OrderFeeParameters
from live.paper.models.spelling import Model, method_of
from live.paper.models.values import order_value

__all__ = [
    "CoinbaseFeeModel",
    "ConstantFeeModel",
    "FeeModel",
    "GDAXFeeModel",
    "InteractiveBrokersFeeModel",
    "OrderFeeParameters",
]

# An enumeration's member is looked up slowly.
_EQUITY, _FOREX = SecurityType.EQUITY, SecurityType.FOREX
_PER_SHARE = Decimal("0.005")
_EQUITY_MINIMUM = Decimal(1)
_EQUITY_MINIMUM_FEE = OrderFee(CashAmount(_EQUITY_MINIMUM, "USD"))
_EQUITY_MAXIMUM_RATE = Decimal("0.005")
_FOREX_TIERS = (
    (Decimal(1_000_000_000), Decimal("0.00002"), Decimal("2")),
    (Decimal(2_000_000_000), Decimal("0.000015"), Decimal("1.5")),
    (Decimal(5_000_000_000), Decimal("0.00001"), Decimal("1.25")),
)
"""Monthly volume in USD up to which a tier holds, its rate, its least fee in USD."""
_FOREX_LAST_TIER = (Decimal("0.000008"), Decimal(1))
_STABLE_PAIRS = frozenset(
    {
        *("DAIUSDC", "DAIUSD", "GYENUSD", "PAXUSD", "PAXUSDT", "MUSDUSD", "USDCEUR", "USDCGBP"),
        *("USDTEUR", "USDTGBP", "USDTUSD", "USDTUSDC", "USTEUR", "USTUSD", "USTUSDT", "WBTCBTC"),
    }
)
_FIRST_CHANGE_NS = datetime_to_ns(datetime(2019, 3, 23, 1, 30))
_SECOND_CHANGE_NS = datetime_to_ns(datetime(2019, 10, 8, 0, 30))
_STABLE_CHANGE_NS = datetime_to_ns(datetime(2022, 6, 1))


class FeeModel(Model):
    """Base of fee models: no fee. Override `get_order_fee`."""

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee of filling an order whole."""
        return OrderFee(CashAmount(ZERO, "USD"))


class ConstantFeeModel(FeeModel):
    """The same fee for every order."""

    def __init__(self, fee: Number, currency: str = "USD") -> None:
        self._fee = abs(to_decimal(fee))
        self._currency = currency

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the constant."""
        return OrderFee(CashAmount(self._fee, self._currency))


class InteractiveBrokersFeeModel(FeeModel):
    """Interactive Brokers' fees of US equities and forex, in USD.

    Equities: half a cent per share, at least one dollar, and at most 0.5 % of the value unless the minimum applies.
    Forex: a rate of the value by tier, at least the tier's minimum.

    Parameters:
        monthly_forex_trade_amount_in_us_dollars: volume that decides the forex tier.
    """

    def __init__(self, monthly_forex_trade_amount_in_us_dollars: Number = 0) -> None:
        volume = to_decimal(monthly_forex_trade_amount_in_us_dollars)
        self._forex_rate, self._forex_minimum = next(
            ((rate, least) for limit, rate, least in _FOREX_TIERS if volume <= limit), _FOREX_LAST_TIER
        )

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee of an order.

        Raises:
            UsageError: the model has no fees of the asset class.
        """
        order, security = parameters.order, parameters.security
        kind = security.type
        if kind is _FOREX:
            value = abs(order_value(order, security))
            return OrderFee(CashAmount(max(self._forex_minimum, self._forex_rate * value), "USD"))
        if kind is not _EQUITY:
            raise UsageError(
                f"InteractiveBrokersFeeModel has no fees of {kind.name.lower()} ({security.symbol}); "
                "set ConstantFeeModel or CoinbaseFeeModel"
            )
        fee = _PER_SHARE * abs(order.exact_quantity)
        if fee < _EQUITY_MINIMUM:
            return _EQUITY_MINIMUM_FEE
        most = _EQUITY_MAXIMUM_RATE * abs(order_value(order, security))
        return OrderFee(CashAmount(min(fee, most), "USD"))


class CoinbaseFeeModel(FeeModel):
    """Coinbase: a share of the value at the touch, for makers and takers, by date; charged in the quote currency.

    Parameters:
        maker_fee: maker's share from October 2019 on.
        taker_fee: taker's share from October 2019 on.
    """

    def __init__(self, maker_fee: Number = 0.006, taker_fee: Number = 0.008) -> None:
        self._maker = to_decimal(maker_fee)
        self._taker = to_decimal(taker_fee)

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee of an order."""
        order, security = parameters.order, parameters.security
        properties = order.properties
        is_post_only = isinstance(properties, CoinbaseOrderProperties) and properties.post_only
        is_maker = order.type is OrderType.LIMIT and (is_post_only or not order.is_marketable)
        rate = self._rate(order.created_ns, is_maker, security.symbol.value in _STABLE_PAIRS)
        price = security.exact_ask if order.direction is OrderDirection.BUY else security.exact_bid
        value = price * security.properties.contract_multiplier * abs(order.exact_quantity)
        return OrderFee(CashAmount(value * rate, security.quote_cash.symbol))

    def _rate(self, time_ns: int, is_maker: bool, is_stable: bool) -> Decimal:
        if is_stable:
            if time_ns < _STABLE_CHANGE_NS:
                return ZERO if is_maker else Decimal("0.001")
            return ZERO if is_maker else Decimal("0.00001")
        if time_ns < _FIRST_CHANGE_NS:
            return ZERO if is_maker else Decimal("0.003")
        if time_ns < _SECOND_CHANGE_NS:
            return Decimal("0.0015") if is_maker else Decimal("0.0025")
        return self._maker if is_maker else self._taker


GDAXFeeModel = CoinbaseFeeModel


def order_fee(security: TradedSecurity, order: Order) -> OrderFee:
    """Return what a security's fee model takes for filling an order whole.

    Raises:
        AlgorithmRuntimeError: a user's model returned something else than a fee.
    """
    fee = method_of(security.fee_model, "get_order_fee")(OrderFeeParameters(security, order))
    if not isinstance(fee, OrderFee):
        model = type(security.fee_model).__name__
        raise AlgorithmRuntimeError(
            f"{model}.get_order_fee returned {fee!r}; return OrderFee(CashAmount(amount, currency))"
        )
    return fee


def exact_account_fee(security: TradedSecurity, order: Order, book: CashEntries) -> Decimal:
    """Return the fee of filling an order whole, in the account's currency."""
    fee = order_fee(security, order).value
    return book.exact_to_account_currency(fee.exact_amount, fee.currency)
