"""Bar subscriptions that are fed by hand while the run is under way, with the repeats that LEAN makes in between."""

from __future__ import annotations

from collections import deque

from live.algorithm.data import BaseData, QuoteBar, TradeBar
from live.feeds.bar_subscription import (
    END_OF_DATA_NS,
    SubscriptionConfig,
    aligned_repeat,
    keep_missing_sides,
)
from live.feeds.fill_forward import FillForwardRules, repeat_after_last, repeat_before

GivenBar = TradeBar | QuoteBar


class GivenBars:
    """Bars of one subscription in order of the moment they become known.

    `next_time_ns` is the UTC moment of the next bar or repeat if no other bar is put in before it, END_OF_DATA_NS when
    there is none.

    Parameters:
        config: the subscription.
        rules: where repeats go.
    """

    def __init__(self, config: SubscriptionConfig, rules: FillForwardRules) -> None:
        self.config = config
        self.next_time_ns = END_OF_DATA_NS
        self._rules = rules
        self._waiting: deque[GivenBar] = deque()
        self._newest: GivenBar | None = None
        self._previous: GivenBar | None = None
        self._current: GivenBar | None = None
        self._planned: tuple[GivenBar, int] | None = None

    def put(self, bar: GivenBar) -> None:
        """Take a bar that ends after all that were put in or taken before."""
        if self.config.fill_forward and self.config.is_quote and self._newest is not None:
            for _ in keep_missing_sides(iter((self._newest, bar))):
                pass
        self._newest = bar
        self._waiting.append(bar)
        self._plan()

    def take(self, time_ns: int) -> list[BaseData]:
        """Return what became known up to a moment, and go on."""
        points: list[BaseData] = []
        while self.next_time_ns <= time_ns:
            assert self._planned is not None
            bar, used = self._planned
            for _ in range(used):
                self._current = self._waiting.popleft()
            self._previous = bar
            points.append(aligned_repeat(bar, self._rules) if bar.is_fill_forward else bar)
            self._plan()
        return points

    def next_bar(self, local_ns: int) -> tuple[int, int]:
        """Return start and end, in exchange time, of the first bar of open market that ends after a moment."""
        rules = self._rules
        hours, period_ns = rules.hours, rules.period_ns
        if rules.strict_daily:
            start, end = hours.daily_calendar(local_ns)
            if end <= local_ns:
                start, end = hours.daily_calendar(hours.next_market_open(local_ns, False))
            return start, end
        start = rules.round_down(local_ns, period_ns)
        if not hours.is_open_during(start, start + period_ns, rules.extended):
            start = rules.round_down(hours.next_market_open(local_ns, rules.extended), period_ns)
        return start, start + period_ns

    def bar_that_ends(self, local_ns: int) -> tuple[int, int] | None:
        """Return start and end of the bar that ends at a moment of exchange time, None when none does."""
        rules = self._rules
        if rules.strict_daily:
            span = rules.hours.daily_calendar(local_ns - 1)
            return span if span[1] == local_ns else None
        start = local_ns - rules.period_ns
        return (start, local_ns) if rules.round_down(start, rules.period_ns) == start else None

    def _plan(self) -> None:
        """Find the next bar that is delivered: of those of closed hours only repeats are made."""
        rules = self._rules
        previous, current = self._previous, self._current
        used = 0
        while True:
            following = self._waiting[used] if used < len(self._waiting) else None
            bar = self._repeat(previous, current, following)
            if bar is None:
                if following is None:
                    break
                bar = current = following
                used += 1
            if bar.time_local_ns > rules.end_local_ns:
                break
            if rules.hours.is_open_during(bar.time_local_ns, bar.end_local_ns, rules.extended):
                self._planned = (bar, used)
                self.next_time_ns = rules.to_utc(bar.end_local_ns)
                return
            previous = bar
        self._planned = None
        self.next_time_ns = END_OF_DATA_NS

    def _repeat(
        self, previous: GivenBar | None, current: GivenBar | None, following: GivenBar | None
    ) -> GivenBar | None:
        if previous is None or not self.config.fill_forward:
            return None
        if following is None:
            return repeat_after_last(previous, current, self._rules)
        if previous.end_local_ns >= self._rules.end_local_ns:
            return None
        return repeat_before(previous, following, self._rules)
