"""One bar subscription of the run: decoded rows become bars, repeats fill the gaps, closed hours are dropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from live.algorithm.data import BaseData, QuoteBar, Tick, TradeBar
from live.algorithm.enums import DataNormalizationMode, Resolution
from live.algorithm.symbols import Symbol
from live.clock import Zone
from live.errors import LeanLiveError
from live.feeds.fill_forward import FillForwardRules, fill_forward
from live.feeds.market_hours import MarketHours

END_OF_DATA_NS = (1 << 63) - 1


@dataclass(slots=True)
class SubscriptionConfig:
    """What is subscribed to, and how.

    `order` is the place of the subscription among all of the run: trades before quotes within an asset class, then by ticker, as LEAN sorts them.
    """

    symbol: Symbol
    resolution: Resolution
    is_quote: bool
    normalization: DataNormalizationMode
    extended_market_hours: bool
    fill_forward: bool
    hours: MarketHours
    order: int = 0
    daily_precise_end_time: bool = True

    @property
    def is_strict_daily(self) -> bool:
        """Whether bars run from the open to the close of their day instead of from midnight to midnight."""
        return self.daily_precise_end_time and self.resolution is Resolution.DAILY and self.hours.uses_strict_daily_end

    @property
    def sort_key(self) -> tuple[int, int, str, int]:
        """LEAN's order of subscriptions."""
        return (int(self.symbol.security_type), int(self.is_quote), self.symbol.value, int(self.resolution))

    @property
    def data_class(self) -> type[BaseData]:
        """Class of the data points."""
        if self.resolution is Resolution.TICK:
            return Tick
        return QuoteBar if self.is_quote else TradeBar

    @property
    def data_zone(self) -> Zone:
        """Zone that the files are written in."""
        return self.hours.data_zone


class BarPoints(Protocol):
    """Bars and corporate actions of one subscription in order of the moment they become known."""

    config: SubscriptionConfig

    @property
    def next_time_ns(self) -> int:
        """UTC moment of the next point, END_OF_DATA_NS when there is none at present."""
        ...

    def take(self, time_ns: int) -> list[BaseData]:
        """Return the points up to a moment and go on."""
        ...


class BarSubscription:
    """Data points of one subscription in order of the moment they become known.

    `next_time_ns` is the UTC moment of the next one, END_OF_DATA_NS when there is no more. When the data end in an error,
    that is the moment after the last good point, and the error is raised when it is taken.
    """

    __slots__ = ("_current", "_failure", "_points", "_rules", "config", "next_time_ns")

    def __init__(self, config: SubscriptionConfig, points: Iterator[BaseData], rules: FillForwardRules) -> None:
        self.config = config
        self._rules = rules
        if config.fill_forward:
            points = fill_forward(points, rules)
        self._points = self._wanted(points)
        self._current: BaseData | None = None
        self._failure: LeanLiveError | None = None
        self.next_time_ns = 0
        self._advance()

    def take(self, time_ns: int) -> list[BaseData]:
        """Return what became known up to a moment, and go on.

        Raises:
            DataError, EnvironmentFault: the data end here in a row or file that cannot be trusted.
        """
        points: list[BaseData] = []
        while self.next_time_ns <= time_ns:
            if self._failure is not None:
                raise self._failure
            assert self._current is not None
            points.append(self._current)
            self._advance()
        return points

    def _advance(self) -> None:
        try:
            point = next(self._points, None)
        except LeanLiveError as error:
            self._failure = error
            self.next_time_ns += 1
            return
        if point is None:
            self._current = None
            self.next_time_ns = END_OF_DATA_NS
            return
        self.next_time_ns = self._rules.to_utc(point.end_local_ns)
        self._current = aligned_repeat(point, self._rules) if point.is_fill_forward else point

    def _wanted(self, points: Iterator[BaseData]) -> Iterator[BaseData]:
        """Yield the bars of open hours, and the corporate actions, which only a symbol's trades report."""
        hours, extended, end = self.config.hours, self.config.extended_market_hours, self._rules.end_local_ns
        for point in points:
            if not isinstance(point, TradeBar | QuoteBar):
                if self.config.is_quote:
                    continue
            elif not hours.is_open_during(point.time_local_ns, point.end_local_ns, extended):
                continue
            if point.time_local_ns > end:
                return
            yield point


def aligned_repeat(point: BaseData, rules: FillForwardRules) -> BaseData:
    """Return a repeat made at a finer step with the times of the bar it repeats.

    A copy, because the next repeat is made of the point itself.
    """
    span = point.end_local_ns - point.time_local_ns
    if not isinstance(point, TradeBar | QuoteBar) or span == 0:
        return point
    if rules.strict_daily:
        return point.repeated(*rules.hours.daily_calendar(point.time_local_ns))
    start = rules.round_down_to_open(point.time_local_ns, span)
    return point if start == point.time_local_ns else point.repeated(start, start + span)


def keep_missing_sides(bars: Iterator[BaseData]) -> Iterator[BaseData]:
    """Give a quote bar without bid or ask the side of the bar before it."""
    previous: QuoteBar | None = None
    for bar in bars:
        if isinstance(bar, QuoteBar):
            if previous is not None:
                if bar.bid is None and previous.bid is not None:
                    bar.bid = previous.bid.clone()
                if bar.ask is None and previous.ask is not None:
                    bar.ask = previous.ask.clone()
            previous = bar
        yield bar


class WarmUpThenRun:
    """A bar subscription that gives bars of another resolution until the start of the run.

    As in LEAN, everything is reported as data of the run's own subscription, and nothing twice.

    Parameters:
        warm_up: bars before the start.
        run: bars of the run; it begins a day before the start, so that repeats of its first gap have something to repeat.
        start_ns: start of the run, UTC.
    """

    __slots__ = ("_first_ns", "_run", "_warm_up", "config")

    def __init__(self, warm_up: BarPoints, run: BarPoints, start_ns: int) -> None:
        self.config = run.config
        self._warm_up: BarPoints | None = warm_up
        self._run = run
        self._first_ns = start_ns
        self._plan()

    @property
    def next_time_ns(self) -> int:
        """UTC moment of the next point, END_OF_DATA_NS when there is none at present."""
        return (self._warm_up or self._run).next_time_ns

    def take(self, time_ns: int) -> list[BaseData]:
        """Return what became known up to a moment, and go on.

        Raises:
            DataError, EnvironmentFault: the data end here in a row or file that cannot be trusted.
        """
        if self._warm_up is None:
            points = self._run.take(time_ns)
        else:
            points = self._warm_up.take(time_ns)
            self._first_ns = max(self._first_ns, time_ns + 1)
        self._plan()
        return points

    def _plan(self) -> None:
        if self._warm_up is not None and self._warm_up.next_time_ns == END_OF_DATA_NS:
            self._warm_up = None
            while self._run.next_time_ns < self._first_ns:
                self._run.take(self._run.next_time_ns)
