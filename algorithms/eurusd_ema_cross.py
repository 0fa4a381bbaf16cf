"""Crossing averages on EURUSD, sized by risk and protected by a stop that follows the range.

Shows forex: quote bars only, no trades; a consolidator of quarter hours; a warm-up, so that the averages are ready at the
start; a quantity worked out from the distance of the stop; a stop order that is cancelled and replaced when the position
turns; partial fills, which move the stop to what is really held; and going flat before the weekend, when the market is
shut and a stop protects nothing.

Runs in LEAN and in the embedded engine. Needs minutes of EURUSD: the default dates are in LEAN's sample data; the session
that `lean-live` generates needs other dates:
`lean-live dry-run algorithms/eurusd_ema_cross.py --parameter first_day=2013-10-07 --parameter days=4`.

Parameters: first_day, days, fast and slow (quarter hours), stop (multiple of the average range), risk (share of the account
that a stopped trade may lose), cash.
"""

from AlgorithmImports import *


class EurusdEmaCross(QCAlgorithm):
    """Long while the fast average lies above the slow one, short while it lies below, flat after a stop until the next cross."""

    def initialize(self) -> None:
        first = datetime.strptime(self.get_parameter("first_day", "2014-05-05"), "%Y-%m-%d")
        last = first + timedelta(days=self.get_parameter("days", 5) - 1)
        self.set_start_date(first.year, first.month, first.day)
        self.set_end_date(last.year, last.month, last.day)
        self.set_cash(self.get_parameter("cash", 100_000))
        self.pair = self.add_forex("EURUSD", Resolution.MINUTE, Market.OANDA).symbol
        quarter_hour = timedelta(minutes=15)
        self.fast = ExponentialMovingAverage(self.get_parameter("fast", 8))
        self.slow = ExponentialMovingAverage(self.get_parameter("slow", 32))
        self.range = AverageTrueRange(14, MovingAverageType.SIMPLE)
        for indicator in (self.fast, self.slow, self.range):
            self.register_indicator(self.pair, indicator, quarter_hour)
        self.consolidate(self.pair, quarter_hour, self.on_quarter_hour)
        self.set_warm_up(timedelta(days=1))
        self.stop_multiple = self.get_parameter("stop", 2.0)
        self.risk = self.get_parameter("risk", 0.005)
        self.side = 0
        self.stop: OrderTicket | None = None
        self.stop_distance = 0.0
        self.entries = 0
        self.stopped = 0
        self.schedule.on(self.date_rules.every(DayOfWeek.FRIDAY), self.time_rules.at(16, 30), self.before_weekend)

    def on_quarter_hour(self, bar: QuoteBar) -> None:
        """Turn when the averages have crossed; they have taken the bar already."""
        if not (self.slow.is_ready and self.range.is_ready):
            return
        side = 1 if self.fast.current.value > self.slow.current.value else -1
        crossed = self.side != 0 and side != self.side
        self.side = side
        if crossed and not self.is_warming_up and not self.is_weekend_near():
            self.turn(side)

    def is_weekend_near(self) -> bool:
        """Tell whether the last hour of the week has begun."""
        return self.time.weekday() == 4 and self.time.hour >= 16

    def turn(self, side: int) -> None:
        """Hold what the risk allows on the new side, nothing when that is less than a lot."""
        held = self.portfolio[self.pair].quantity
        distance = self.stop_multiple * self.range.current.value
        wanted = side * self.size(distance)
        if held * side > 0 or wanted == held:
            return
        # The stop of the old side goes first, or both could fill.
        self.withdraw_stop("the averages crossed")
        if wanted:
            self.entries += 1
            self.stop_distance = distance
        ticket = self.market_order(self.pair, wanted - held, tag=f"crossed, range {self.range.current.value:.5f}")
        if ticket.status == OrderStatus.INVALID and held:
            self.protect(held, self.securities[self.pair].price)

    def size(self, distance: float) -> int:
        """Return the quantity, in whole lots, that loses what the risk allows over a distance."""
        if distance <= 0:
            return 0
        budget = self.portfolio.total_portfolio_value * self.risk
        lot = self.securities[self.pair].symbol_properties.lot_size
        return int(budget / distance / float(lot)) * int(lot)

    def on_order_event(self, order_event: OrderEvent) -> None:
        """Keep a stop behind what is held, whatever part of an order has been filled."""
        if order_event.fill_quantity == 0:
            return
        held = self.portfolio[self.pair].quantity
        if self.stop is not None and order_event.order_id == self.stop.order_id:
            if order_event.status == OrderStatus.FILLED:
                self.stop = None
                self.stopped += 1
        elif held == 0:
            self.withdraw_stop("nothing is held")
        elif held * order_event.fill_quantity > 0:
            self.protect(held, order_event.fill_price)

    def protect(self, held: float, price: float) -> None:
        """Place the stop of a position, or bring it to the quantity that is held."""
        if self.stop is None:
            stop_price = round(price - math.copysign(self.stop_distance, held), 5)
            self.stop = self.stop_market_order(self.pair, -held, stop_price, tag="stop")
        elif self.stop.quantity != -held:
            fields = UpdateOrderFields()
            fields.quantity = -held
            self.stop.update(fields)

    def withdraw_stop(self, reason: str) -> None:
        """Cancel the stop, if there is one."""
        stop, self.stop = self.stop, None
        if stop is not None:
            stop.cancel(reason)

    def before_weekend(self) -> None:
        """Hold nothing while the market is shut."""
        self.withdraw_stop("weekend")
        self.liquidate(self.pair, tag="weekend")

    def on_end_of_algorithm(self) -> None:
        self.log(f"{self.entries} entries, {self.stopped} stopped, value {self.portfolio.total_portfolio_value:.2f}")
