"""Tells when resting orders need no look, so that steps of ticks can pass them by.

A scan of a resting order asks whether it expired, whether the account can still afford it, and whether it fills. For
plain limit and stop orders with LEAN's own models all three depend on prices alone, so there is a band of prices within
which a scan does nothing: on the near side of the limit or stop, and so close to the prices of now that the free margin
cannot be used up. Everything else (other order types, orders that expire, models of the user, cash accounts, currencies
that need converting) is scanned at every step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from live.algorithm.data import Bar, TradeBar
from live.algorithm.enums import OrderType
from live.algorithm.numbers import ZERO
from live.algorithm.order_terms import TimeInForce
from live.algorithm.orders import Order
from live.hot.bands import HIGHEST_E9, LOWEST_E9, PriceBands
from live.hot.merge import TickMerge
from live.paper.models.buying_power import BuyingPowerModel, SecurityMarginModel
from live.paper.models.equity_fills import EquityFillModel
from live.paper.models.fills import FillModel
from live.paper.models.parameters import BuyingPowerParameters, InitialMarginRequiredForOrderParameters
from live.paper.models.values import exact_of

if TYPE_CHECKING:
    from live.paper.engine import PaperEngine
    from live.paper.securities import Security

_E9 = 1e9
_FILL_MODELS = (FillModel, EquityFillModel)
_MARGIN_MODELS = (BuyingPowerModel, SecurityMarginModel)
_OUR_MODELS = FillModel.__module__.rpartition(".")[0] + "."
_SWING = 4.0
"""How much free margin a price change may cost at most, per unit held or ordered: value, bound margin, both sides."""
_RESERVE = 0.5
"""Share of the free margin that a band may use up; the rest covers fees and rounding."""


class RestingWatch:
    """Keeps the bands of a run's resting orders.

    Parameters:
        engine: the run.
        symbols: number of symbols.
    """

    def __init__(self, engine: PaperEngine, symbols: int) -> None:
        self._engine = engine
        self._events_seen = -1
        self.bands = PriceBands(symbols)

    def disarm(self) -> None:
        """Have orders scanned at the next step, whatever its prices."""
        self.bands.is_armed = False

    def is_quiet(self, merge: TickMerge) -> bool:
        """Tell whether a scan at the merge's step would do nothing."""
        return self._holds() and not self.bands.crosses(merge)

    def _holds(self) -> bool:
        """Tell whether there are bands for the orders and holdings as they are now; make them when they are not."""
        events = self._engine.recorder.order_events
        if not self.bands.is_armed or events != self._events_seen:
            self._events_seen = events
            self.bands.clear()
            self.bands.is_armed = _is_ours(self._engine.brokerage_model) and self._arm()
        return self.bands.is_armed

    def _arm(self) -> bool:
        """Set the bands; False when an order needs a look at every step."""
        orders = list(self._engine.transactions.resting_orders())
        securities = self._engine.securities
        if not all(_is_plain(order, securities[order.symbol]) for order in orders):
            return False
        if not all(self._narrow_to_trigger(order, securities[order.symbol]) for order in orders):
            return False
        return self._narrow_to_margin(orders)

    def _narrow_to_trigger(self, order: Order, security: Security) -> bool:
        """Keep the band on the near side of an order's price; False when the price is beyond it now."""
        is_limit = order.type is OrderType.LIMIT
        price = order.exact_limit_price if is_limit else order.exact_stop_price
        assert price is not None
        trigger = float(price / security.exact_price_factor)
        waits_below = (order.exact_quantity > ZERO) is is_limit
        newest = _newest_prices(security)
        index = security.symbol.index
        if waits_below:
            self.bands.narrow(index, int(trigger * _E9) + 1, HIGHEST_E9)
            return all(each > float(price) for each in newest)
        self.bands.narrow(index, LOWEST_E9, int(trigger * _E9) - 1)
        return all(each < float(price) for each in newest)

    def _narrow_to_margin(self, orders: list[Order]) -> bool:
        """Keep prices so near that no order's free margin can be used up; False when some is used up already."""
        slacks = [slack for order in orders for slack in self._slack(order)]
        if not slacks:
            return True
        slack = min(slacks) * _RESERVE
        if slack <= 0.0:
            return False
        units = self._exposures(orders)
        if units is None:
            return False
        for security, size in units.items():
            swing = slack / (len(units) * size * _SWING)
            self._narrow_around(security, swing)
        return True

    def _exposures(self, orders: list[Order]) -> dict[Security, float] | None:
        """Return how much of each security is held, ordered, or converts money; None when a price counts inversely."""
        portfolio = self._engine.portfolio
        units: dict[Security, float] = {}
        sizes = [(security, security.holdings.exact_quantity) for security in self._engine.securities.values()]
        sizes += [(self._engine.securities[order.symbol], order.exact_quantity) for order in orders]
        for security, quantity in sizes:
            if quantity and security.quote_cash.symbol != portfolio.account_currency:
                return None
            units[security] = units.get(security, 0.0) + float(abs(quantity) * security.properties.contract_multiplier)
        for cash in portfolio.cash_book.values():
            if cash.conversion_security is None or not cash.exact_amount:
                continue
            if cash.is_inverted:
                return None
            units[cash.conversion_security] += float(abs(cash.exact_amount))
        return {security: size for security, size in units.items() if size}

    def _narrow_around(self, security: Security, swing: float) -> None:
        factor = float(security.exact_price_factor)
        low, high = (security.price - swing) / factor * _E9, (security.price + swing) / factor * _E9
        self.bands.narrow(
            security.symbol.index, max(LOWEST_E9, int(low) + 1), HIGHEST_E9 if high >= HIGHEST_E9 else int(high) - 1
        )

    def _slack(self, order: Order) -> Iterator[float]:
        """Give the free margin that an order leaves; nothing for one that only reduces a holding."""
        portfolio = self._engine.portfolio
        security = self._engine.securities[order.symbol]
        held = security.holdings.exact_quantity
        if held * order.exact_quantity < ZERO and abs(held) >= abs(order.exact_quantity):
            return
        model = security.buying_power_model
        free = exact_of(model.get_buying_power(BuyingPowerParameters(portfolio, security, order.direction)))
        request = InitialMarginRequiredForOrderParameters(portfolio.cash_book, security, order)
        yield float(free - abs(exact_of(model.get_initial_margin_required_for_order(request))))


def _is_ours(model: object) -> bool:
    """Tell whether a model is LEAN's and not the user's, who may count on being asked."""
    return type(model).__module__.startswith(_OUR_MODELS)


def _is_plain(order: Order, security: Security) -> bool:
    """Tell whether prices alone decide what a scan does with an order."""
    return (
        order.type in (OrderType.LIMIT, OrderType.STOP_MARKET)
        and order.properties.time_in_force is TimeInForce.GOOD_TIL_CANCELED
        and type(security.fill_model) in _FILL_MODELS
        and type(security.buying_power_model) in _MARGIN_MODELS
        and _is_ours(security.fee_model)
    )


def _newest_prices(security: Security) -> Iterator[float]:
    """Give every price that a fill model could look at."""
    cache = security.cache
    yield from (price for price in (cache.price, cache.bid_price, cache.ask_price) if price)
    for tick in (*cache.trade_ticks, *cache.quote_ticks):
        yield from (price for price in (tick.value, tick.bid_price, tick.ask_price) if price)
    bars: list[TradeBar | Bar | None] = [cache.last_trade_bar]
    if cache.last_quote_bar is not None:
        bars += [cache.last_quote_bar.bid, cache.last_quote_bar.ask]
    for bar in bars:
        if bar is not None:
            yield from (price for price in (bar.open, bar.high, bar.low, bar.close) if price)
