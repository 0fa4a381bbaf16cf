"""What every adapter plays and fills in: the ticks, the decision, and the stamps."""

from __future__ import annotations

from dataclasses import dataclass, field

from live.bench.market import DAY, SESSION_BEGIN_MS, price_cents
from live.bench.model import ChildResult
from live.bench.pacing import Schedule
from live.clock import date_to_ns, monotonic_ns
from live.errors import EnvironmentFault
from live.hot.histogram import Histogram

_MS = 1_000_000
_QUANTILES = (("p50", 0.5), ("p99", 0.99))


@dataclass(frozen=True)
class Stream:
    """The ticks of one symbol, the same that live.bench.market writes, one millisecond apart.

    Attributes:
        times_ns: moment of each tick, UTC.
        prices: price of each tick.
    """

    times_ns: list[int]
    prices: list[float]


def make_stream(ticks: int) -> Stream:
    """Return a stream of a number of ticks."""
    # New York is four hours behind UTC on the day of the generated market.
    begin_ns = date_to_ns(DAY) + SESSION_BEGIN_MS * _MS + 4 * 3_600_000 * _MS
    return Stream([begin_ns + tick * _MS for tick in range(ticks)], [price_cents(tick) / 100 for tick in range(ticks)])


class Decision:
    """Two averages of every tick, and an order on every n-th: what live/bench/strategies/live_paced.py decides.

    Parameters:
        order_every: ticks from one order to the next.
    """

    def __init__(self, order_every: int) -> None:
        self._order_every = order_every
        self._fast = 0.0
        self._slow = 0.0
        self._count = 0
        self._position = 0
        self.is_above = False

    def on_price(self, price: float) -> int:
        """Take a tick and return the quantity to order, 0 for none. Buys and sells take turns."""
        self._fast += (price - self._fast) * 0.03
        self._slow += (price - self._slow) * 0.008
        self.is_above = self._fast > self._slow
        self._count += 1
        if self._count % self._order_every:
            return 0
        quantity = -1 if self._position else 1
        self._position += quantity
        return quantity


@dataclass
class PeerRun:
    """What an adapter measured: latencies from when a tick was due, and the time from the first tick to the last."""

    decisions: Histogram = field(default_factory=Histogram)
    orders: Histogram = field(default_factory=Histogram)
    seconds: float = 0.0

    def decided(self, schedule: Schedule) -> None:
        """Stamp a decision on the newest tick of a schedule."""
        if schedule.is_measuring:
            self.decisions.record(monotonic_ns() - schedule.due_ns)

    def ordered(self, schedule: Schedule) -> None:
        """Stamp an order, taken by the runtime's broker, on the newest tick of a schedule."""
        if schedule.is_measuring:
            self.orders.record(monotonic_ns() - schedule.due_ns)

    def result(self, order_every: int, schedule: Schedule) -> ChildResult:
        """Return the figures.

        Parameters:
            order_every: ticks from one order to the next.
            schedule: when the ticks were due.

        Raises:
            EnvironmentFault: the runtime left out ticks, or did not take orders; such figures compare nothing.
        """
        before, all_ticks = schedule.warm_up, schedule.warm_up + schedule.ticks
        expected = (schedule.ticks, all_ticks // order_every - before // order_every)
        if (self.decisions.count, self.orders.count) != expected:
            raise EnvironmentFault(
                f"the runtime handled {self.decisions.count} ticks and took {self.orders.count} orders, not {expected[0]} "
                f"and {expected[1]}; this version of it is not known here"
            )
        values: dict[str, float] = {}
        for name, histogram in (("decision", self.decisions), ("order", self.orders)):
            if histogram.count:
                values |= {f"{name}_{label}": float(histogram.quantile(share)) for label, share in _QUANTILES}
        if self.seconds and not schedule.ticks:
            values["ticks_per_second"] = all_ticks / self.seconds
        return ChildResult(values, all_ticks, before, schedule.sent, self.decisions.count, schedule.late)
