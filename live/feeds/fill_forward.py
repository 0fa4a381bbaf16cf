"""Repeating the last bar through periods without data, as LEAN's backtest feed does.

A repeat has the length of the data's own resolution and is made at every step of the finest resolution in use, whenever the exchange is open
during the step. Repeats are made of whatever bar came last, pre-market bars included; bars outside the subscribed hours are dropped only
after that. Times are nanoseconds of the exchange's wall clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from live.algorithm.data import BaseData, Delisting, QuoteBar, TradeBar
from live.algorithm.enums import DelistingType
from live.clock import NANOSECONDS_PER_DAY, Zone
from live.feeds.market_hours import MARKET, MarketHours

ONE_HOUR_NS = 3_600_000_000_000
Bar = TradeBar | QuoteBar


@dataclass(frozen=True, slots=True)
class FillForwardRules:
    """What decides where repeats go.

    Attributes:
        hours: the exchange's calendar.
        data_zone: zone that bar times are aligned in.
        period_ns: length of the subscription's bars.
        step_ns: length of the finest bars of the run.
        extended: whether pre- and post-market count as open.
        strict_daily: whether daily bars run from the open to the close instead of midnight to midnight.
        end_local_ns: end of the subscription.
    """

    hours: MarketHours
    data_zone: Zone
    period_ns: int
    step_ns: int
    extended: bool
    strict_daily: bool
    end_local_ns: int

    def to_utc(self, local_ns: int) -> int:
        """Convert exchange time to UTC."""
        return self.hours.exchange_zone.to_utc_ns(local_ns)

    def round_down(self, local_ns: int, interval_ns: int) -> int:
        """Cut an exchange time to a multiple of an interval on the data's wall clock."""
        if interval_ns == 0:
            return local_ns
        data_ns = self.data_zone.to_local_ns(self.to_utc(local_ns))
        rounded = data_ns - data_ns % interval_ns
        return self.hours.exchange_zone.to_local_ns(self.data_zone.to_utc_ns(rounded))

    def round_down_to_open(self, local_ns: int, interval_ns: int) -> int:
        """Cut an exchange time to the newest multiple of an interval that begins a bar in market hours."""
        start = self.round_down(local_ns, interval_ns)
        if self.hours.is_open_during(start, start + interval_ns, self.extended):
            return start
        return self.round_down(self._last_close_before(start) - 1, interval_ns)

    def _last_close_before(self, local_ns: int) -> int:
        """Return the newest end of a session at or before a moment at which the market is shut."""
        day_ns = local_ns
        while True:
            ends = [
                end
                for _, end, state in self.hours.segments(day_ns)
                if end <= local_ns and (self.extended or state == MARKET)
            ]
            if ends:
                return max(ends)
            day_ns -= NANOSECONDS_PER_DAY


def fill_forward(points: Iterator[BaseData], rules: FillForwardRules) -> Iterator[BaseData]:
    """Yield the data points with repeats between and after them.

    Parameters:
        points: bars, and corporate actions among them, in order of their end.
        rules: the subscription's rules.
    """
    previous: Bar | None = None
    current: BaseData | None = None
    for point in points:
        while previous is not None:
            repeat = repeat_before(previous, point, rules)
            if repeat is None:
                break
            if previous.end_local_ns >= rules.end_local_ns:
                return
            yield repeat
            previous = repeat
        yield point
        current = point
        if isinstance(point, TradeBar | QuoteBar):
            previous = point
    while previous is not None and not is_end_of_listing(current):
        previous = repeat_after_last(previous, current, rules)
        if previous is not None:
            yield previous


def is_end_of_listing(point: BaseData | None) -> bool:
    """Tell whether a data point reports that a symbol was delisted: no data follow, repeats neither."""
    return isinstance(point, Delisting) and point.type is DelistingType.DELISTED


def repeat_after_last(previous: Bar, current: BaseData | None, rules: FillForwardRules) -> Bar | None:
    """Return the next repeat of a bar that no other data follow, None after the end of the subscription.

    Parameters:
        previous: the last bar or repeat.
        current: the last data point that is no repeat.
        rules: the subscription's rules.
    """
    if previous.end_local_ns >= rules.end_local_ns:
        return None
    start, end = _last_interval(rules)
    last = previous.repeated(start, end)
    repeat = repeat_before(previous, last, rules)
    if repeat is None:
        if not rules.hours.is_open_during(start, end, rules.extended) or previous.end_local_ns == end:
            return None
        if current is not None and current.end_local_ns == end:
            return None
        repeat = last
    return repeat


def _last_interval(rules: FillForwardRules) -> tuple[int, int]:
    if not rules.strict_daily:
        start = rules.round_down(rules.end_local_ns, rules.period_ns)
        return start, start + rules.period_ns
    start, end = rules.hours.daily_calendar(rules.end_local_ns)
    while end > rules.end_local_ns:
        start, end = rules.hours.daily_calendar(start - 24 * ONE_HOUR_NS)
    return start, end


def repeat_before(previous: Bar, following: BaseData, rules: FillForwardRules) -> Bar | None:
    """Return the next repeat of a bar that comes before a following data point, None when there is none."""
    previous_utc = rules.to_utc(previous.time_local_ns)
    following_utc = rules.to_utc(following.time_local_ns)
    if rules.to_utc(following.end_local_ns) < previous_utc or not _is_gap(previous_utc, following_utc, rules):
        return None
    span = following.end_local_ns - following.time_local_ns
    if previous.is_fill_forward and (not rules.strict_daily or span <= ONE_HOUR_NS):
        aligned = rules.to_utc(rules.round_down(following.time_local_ns, span))
        if not _is_gap(previous_utc, aligned, rules):
            return None
    is_event = not isinstance(following, TradeBar | QuoteBar)
    period = span if rules.strict_daily or is_event else rules.period_ns
    limit_utc = following_utc + period
    for start, interval in _candidates(previous.end_local_ns, rules):
        if not (rules.strict_daily and interval > ONE_HOUR_NS):
            start = rules.round_down(start, interval)
        end_utc = rules.to_utc(start) + interval
        if end_utc > limit_utc or (end_utc == limit_utc and not is_event):
            return None
        end = rules.hours.exchange_zone.to_local_ns(end_utc)
        if rules.hours.is_open_during(end - interval, end, rules.extended):
            length = _strict_length(start, end, rules) if rules.strict_daily else rules.period_ns
            return previous.repeated(rules.hours.exchange_zone.to_local_ns(end_utc - length), end)
    return None


def _is_gap(previous_utc: int, following_utc: int, rules: FillForwardRules) -> bool:
    return following_utc - previous_utc > min(rules.step_ns, rules.period_ns)


def _candidates(previous_end: int, rules: FillForwardRules) -> list[tuple[int, int]]:
    """Return (start, length) of the periods in which the next repeat may end, earliest end first."""
    hours, extended = rules.hours, rules.extended
    smaller, larger = sorted((rules.step_ns, rules.period_ns))
    found: list[tuple[int, int]] = []
    if smaller == larger and rules.strict_daily:
        start, end = hours.daily_calendar(hours.next_market_open(previous_end, False))
        return [(start, end - start)]
    if hours.is_open_during(previous_end, previous_end + smaller, extended):
        found.append((previous_end, smaller))
    if hours.is_market_always_open and smaller == larger:
        return found
    if smaller == larger:
        found.append((hours.next_market_open(previous_end, extended), smaller))
        return found
    later: list[tuple[int, int]] = []
    if rules.strict_daily:
        start, end = hours.daily_calendar(previous_end)
        if previous_end < end:
            later.append((start, end - start))
    else:
        start = rules.round_down(previous_end, larger)
        if hours.is_open_during(start, start + larger, extended):
            later.append((start, larger))
    if not hours.is_market_always_open:
        later.append((hours.next_market_open(previous_end, extended), smaller))
    if rules.strict_daily:
        start, end = hours.daily_calendar(hours.next_market_open(previous_end, False))
        return sorted([*found, *later, (start, end - start)], key=lambda item: item[0] + item[1])
    return found + sorted(later, key=lambda item: item[0] + item[1])


def _strict_length(start: int, end: int, rules: FillForwardRules) -> int:
    """Return how long the market is open on the day of a strict daily repeat."""
    moment = max(end - rules.hours.regular_market_duration_ns, start)
    return rules.hours.market_duration_ns(moment)
