"""Tells when neither resting orders nor the account's value need a look, so that steps of ticks can pass them by.

LEAN looks at both at every step. A look at a resting order asks whether it expired, whether the account can still afford
it, and whether it fills; a look at the account ends a run that is worth nothing. For plain limit and stop orders with
LEAN's own models all of this depends on prices alone, so there is a band of prices for each symbol within which a look
would do nothing: on the near side of every limit and stop, and so close to the prices of now that neither the free
margin nor the account's value can be used up. The bands hold until the run's revision changes: an order event, or a
setting of a security. Everything else (other order types, orders that expire, models of the user, cash accounts,
currencies that need converting) is looked at at every step. Money that the strategy itself adds or takes is noticed at
the next whole step.
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
from live.hot.units import PRICE_SCALE
from live.paper.models.buying_power import BuyingPowerModel, SecurityMarginModel
from live.paper.models.equity_fills import EquityFillModel
from live.paper.models.fills import FillModel
from live.paper.models.parameters import BuyingPowerParameters, InitialMarginRequiredForOrderParameters
from live.paper.models.values import exact_of

if TYPE_CHECKING:
    from live.paper.engine import PaperEngine
    from live.paper.securities import Security

_LARGEST_E9 = 9e18
_FILL_MODELS = (FillModel, EquityFillModel)
_MARGIN_MODELS = (BuyingPowerModel, SecurityMarginModel)
_OUR_MODELS = FillModel.__module__.rpartition(".")[0] + "."
_SWING = 4.0
"""How much money a price change may cost at most, per unit held or ordered: value, bound margin, both sides."""
_RESERVE = 0.5
"""Share of the money that a band may use up; the rest covers fees and rounding."""


class PriceWatch:
    """Keeps the bands of a run.

    Parameters:
        engine: the run.
        symbols: number of symbols.
    """

    def __init__(self, engine: PaperEngine, symbols: int) -> None:
        self._engine = engine
        self.bands = PriceBands(symbols)

    def is_quiet(self, merge: TickMerge) -> bool:
        """Tell whether a look at the merge's step would do nothing."""
        bands, revision = self.bands, self._engine.clock.revision
        if not bands.holds(revision):
            bands.clear()
            if not self._arm():
                return False
            bands.arm(revision)
        if bands.crosses(merge):
            # What a price beyond its band leads to may still be to come when the price is back.
            bands.disarm()
            return False
        return True

    def _arm(self) -> bool:
        """Set the bands; False when something needs a look at every step."""
        orders = self._engine.transactions.resting_orders()
        securities = self._engine.securities
        if orders and not _is_ours(self._engine.brokerage_model):
            return False
        for order in orders:
            security = securities[order.symbol]
            if not _is_plain(order, security) or not self._narrow_to_trigger(order, security):
                return False
        return self._narrow_to_money(orders)

    def _narrow_to_trigger(self, order: Order, security: Security) -> bool:
        """Keep the band on the near side of an order's price; False when the price is beyond it now."""
        is_limit = order.type is OrderType.LIMIT
        price = order.exact_limit_price if is_limit else order.exact_stop_price
        assert price is not None
        trigger_e9 = _raw_e9(float(price), security)
        waits_below = (order.exact_quantity > ZERO) is is_limit
        newest = _newest_prices(security)
        index = security.symbol.index
        if waits_below:
            self.bands.narrow(index, trigger_e9 + 1, HIGHEST_E9)
            return all(each > float(price) for each in newest)
        self.bands.narrow(index, LOWEST_E9, trigger_e9 - 1)
        return all(each < float(price) for each in newest)

    def _narrow_to_money(self, orders: list[Order]) -> bool:
        """Keep prices so near that neither free margin nor value can be used up; False when some is used up already."""
        slacks = [slack for order in orders for slack in self._slack(order)]
        if self._engine.portfolio.invested:
            slacks.append(float(self._engine.portfolio.exact_total_portfolio_value))
        if not slacks:
            return True
        slack = min(slacks) * _RESERVE
        units = self._exposures(orders)
        if slack <= 0.0 or units is None:
            return False
        for security, size in units.items():
            self._narrow_around(security, slack / (len(units) * size * _SWING))
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
        low_e9, high_e9 = _raw_e9(security.price - swing, security), _raw_e9(security.price + swing, security)
        self.bands.narrow(security.symbol.index, low_e9 + 1, high_e9 - 1)

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


def _raw_e9(price: float, security: Security) -> int:
    """Return the file's price of a security's price, scaled by 1e9, within what a band can hold."""
    raw = price / float(security.exact_price_factor) * PRICE_SCALE
    return int(max(LOWEST_E9 + 1, min(_LARGEST_E9, raw)))


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
