"""How much worse than the quoted price a market order fills."""

from __future__ import annotations

from decimal import Decimal

from live.algorithm.data import QuoteBar, TradeBar
from live.algorithm.enums import SecurityType
from live.algorithm.numbers import ZERO, Number, to_decimal
from live.algorithm.orders import Order
from live.errors import UsageError
from live.paper.models.context import TradedSecurity
from live.paper.models.spelling import Model, method_of
from live.paper.models.values import exact_of

__all__ = ["ConstantSlippageModel", "NullSlippageModel", "VolumeShareSlippageModel"]


class NullSlippageModel(Model):
    """None."""

    def get_slippage_approximation(self, asset: TradedSecurity, order: Order) -> Decimal:
        """Return zero."""
        return ZERO


class ConstantSlippageModel(Model):
    """A fraction of the newest price."""

    def __init__(self, slippage_percent: Number) -> None:
        self._fraction = to_decimal(slippage_percent)

    def get_slippage_approximation(self, asset: TradedSecurity, order: Order) -> Decimal:
        """Return the fraction of the newest price."""
        last = asset.cache.last_data
        return ZERO if last is None else to_decimal(last.value) * self._fraction


class VolumeShareSlippageModel(Model):
    """Grows with the square of the order's share of the bar's volume, up to a limit of that share.

    Parameters:
        volume_limit: largest share of the volume that counts.
        price_impact: factor of the squared share.
    """

    def __init__(self, volume_limit: Number = 0.025, price_impact: Number = 0.1) -> None:
        self._limit = to_decimal(volume_limit)
        self._impact = to_decimal(price_impact)

    def get_slippage_approximation(self, asset: TradedSecurity, order: Order) -> Decimal:
        """Return the slippage in the price's currency.

        Without volume it is the largest for equities, and none for pairs, whose data often lack it.

        Raises:
            UsageError: the newest data are ticks.
        """
        last = asset.cache.last_data
        if last is None:
            return ZERO
        if isinstance(last, TradeBar):
            volume = last.volume
        elif isinstance(last, QuoteBar):
            volume = last.last_bid_size if order.exact_quantity > ZERO else last.last_ask_size
        else:
            raise UsageError(
                f"VolumeShareSlippageModel needs bars, and {asset.symbol} has ticks; use ConstantSlippageModel"
            )
        share = self._limit
        if volume > 0:
            share = min(abs(order.exact_quantity) / to_decimal(volume), self._limit)
        elif asset.type is not SecurityType.EQUITY:
            return ZERO
        return share * share * self._impact * to_decimal(last.value)


def signed_slippage(asset: TradedSecurity, order: Order) -> Decimal:
    """Return what slippage adds to the price of an order: positive for a purchase, negative for a sale."""
    slip = exact_of(method_of(asset.slippage_model, "get_slippage_approximation")(asset, order))
    return slip if order.exact_quantity > ZERO else -slip
