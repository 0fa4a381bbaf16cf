"""How much worse than the quoted price a market order fills."""

from __future__ import annotations

from decimal import Decimal

from live.algorithm.data import QuoteBar, Tick, TradeBar
from live.algorithm.numbers import ZERO, Number, to_decimal
from live.algorithm.orders import Order
from live.errors import UsageError
from live.paper.models.context import TradedSecurity
from live.paper.models.spelling import Model


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

        Raises:
            UsageError: the newest data carry no volume.
        """
        last = asset.cache.last_data
        if last is None:
            return ZERO
        is_sale = order.exact_quantity < ZERO
        if isinstance(last, TradeBar):
            volume = last.volume
        elif isinstance(last, QuoteBar):
            volume = last.last_bid_size if is_sale else last.last_ask_size
        elif isinstance(last, Tick) and not last.is_trade:
            volume = last.bid_size if is_sale else last.ask_size
        else:
            raise UsageError("VolumeShareSlippageModel needs bars or quotes; use another slippage model for trade ticks")
        if not volume:
            return ZERO
        share = min(abs(order.exact_quantity) / to_decimal(volume), self._limit)
        return to_decimal(last.value) * share * share * self._impact
