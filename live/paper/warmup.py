"""When the data of a run begin: at the start, or earlier by the warm-up that the algorithm asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from live.algorithm.enums import Resolution
from live.clock import Zone, timedelta_to_ns
from live.feeds.bar_subscription import SubscriptionConfig
from live.feeds.market_hours import MarketHours

_DAY_NS = Resolution.DAILY.period_ns


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A warm-up as the algorithm asked for it: a number of bars, or a span; with no bars and no span there is none.

    `resolution` replaces that of every subscription until the start.
    """

    bars: int | None = None
    span: timedelta | None = None
    resolution: Resolution | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether there is a warm-up."""
        return bool(self.bars) or (self.span is not None and self.span > timedelta(0))

    def begin_ns(self, start_ns: int, zone: Zone, configs: Iterable[SubscriptionConfig]) -> int:
        """Return the UTC moment at which the data of the run begin.

        Parameters:
            start_ns: start of the run on the algorithm's wall clock.
            zone: the algorithm's zone.
            configs: the subscriptions; a number of bars is counted back in the open hours of each, and the earliest wins.
        """
        start_utc = zone.to_utc_ns(start_ns)
        if not self.is_wanted:
            return start_utc
        if self.span is not None:
            return zone.to_utc_ns(start_ns - timedelta_to_ns(self.span))
        assert self.bars is not None
        earliest = start_utc
        for config in configs:
            resolution = self.resolution if self.resolution is not None else config.resolution
            earliest = min(earliest, start_of_bars(replace(config, resolution=resolution), start_utc, self.bars))
        return earliest


def start_of_bars(config: SubscriptionConfig, end_ns: int, count: int) -> int:
    """Return the UTC start of the period that holds a number of a subscription's bars of open market before a moment.

    Bars are counted from the moment cut to their length in the data's zone. Daily bars that end with the market are
    counted from the moment itself once the market of that day has closed. Hours and days have no extended market hours.
    Whole days are skipped at once where the market is shut.

    Parameters:
        config: the subscription; ticks count as seconds.
        end_ns: the moment, UTC.
        count: number of bars.
    """
    hours, resolution = config.hours, config.resolution
    period_ns = resolution.period_ns or Resolution.SECOND.period_ns
    extended = config.extended_market_hours and resolution < Resolution.HOUR
    data_zone, exchange_zone = hours.data_zone, hours.exchange_zone
    current = exchange_zone.to_local_ns(end_ns)
    if not (config.is_strict_daily and _is_after_close(hours, current)):
        data_ns = data_zone.to_local_ns(end_ns)
        current = exchange_zone.to_local_ns(data_zone.to_utc_ns(data_ns - data_ns % period_ns))
    found = 0
    while found < count:
        if period_ns < _DAY_NS and not hours.is_open_during(current - period_ns, current, extended):
            current = _last_close_before(hours, current, extended, period_ns)
        current -= period_ns
        if hours.is_open_during(current, current + period_ns, extended):
            found += 1
    return exchange_zone.to_utc_ns(current)


def _is_after_close(hours: MarketHours, local_ns: int) -> bool:
    """Tell whether the market of a moment's day was open and has closed."""
    midnight_ns = local_ns - local_ns % _DAY_NS
    return hours.is_date_open(midnight_ns) and hours.next_market_close(midnight_ns, False) <= local_ns


def _last_close_before(hours: MarketHours, local_ns: int, extended: bool, period_ns: int) -> int:
    """Step back over shut hours to the end of the newest open period, on the grid of the period."""
    day = local_ns - local_ns % _DAY_NS
    while True:
        closes = [
            end for start, end, state in hours.segments(day) if start < local_ns and (extended or state == "market")
        ]
        if closes:
            close = min(max(closes), local_ns)
            rest = (local_ns - close) % period_ns
            return close + rest
        day -= _DAY_NS
