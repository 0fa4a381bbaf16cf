"""Whether a symbol of a feed is silent or frozen, and whether a wall clock has stepped: state without a clock of its own.

Time is *feed time*: it goes on only while the feed runs, its market is open and the run shows news now and then, so that
a pause, a closed market or a callback that takes long are neither silence nor learned as gaps. It is counted from look to look by
a monotonic clock, so that a step of the wall clock changes nothing.

The usual gap between ticks is a quantile weighted by time: the gap length within which nine tenths of the feed time were
spent. A burst of a thousand ticks weighs as much as the second that it took, so it does not make the next quiet minute
look like silence. Older gaps count half after HALF_LIFE_SECONDS. A gap counts for no more than the limit of its moment,
so an outage is not learned as usual at once, while a market that has slowed down is learned in steps.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from live.clock import NANOSECONDS_PER_SECOND
from live.config import WatchdogSettings
from live.errors import ConfigError

HALF_LIFE_SECONDS = 600.0
"""Feed time after which a gap between ticks counts half as much for the usual one."""
USUAL_SHARE = 0.9
"""Share of the feed time that is spent in gaps no longer than the usual one."""
GAPS_LEAST = 20
"""Gaps that must have been seen before the usual one is known; until then the largest limit holds."""
FROZEN_TICKS = 10
"""Ticks with the same price that a frozen price takes besides the time: two ticks far apart are no stream."""
_BUCKETS_PER_OCTAVE = 4
_BUCKETS = 48 * _BUCKETS_PER_OCTAVE


class UsualGap:
    """The usual time between ticks, learned from gaps whose older ones fade."""

    def __init__(self) -> None:
        self._weights = [0.0] * _BUCKETS
        self._total = 0.0
        self._growth = 1.0
        self.gaps = 0

    def observe(self, gap_ns: float, span_ns: float, gaps: int) -> None:
        """Take in gaps of one length.

        Parameters:
            gap_ns: the length.
            span_ns: feed time that was spent in them, all together; their weight.
            gaps: how many they are.
        """
        if gap_ns <= 0 or span_ns <= 0:
            self.gaps += gaps
            return
        # Fading all that is there and growing what comes are the same; the second touches one bucket.
        self._growth *= 2.0 ** (span_ns / (HALF_LIFE_SECONDS * NANOSECONDS_PER_SECOND))
        weight = span_ns * self._growth
        self._weights[_bucket_of(gap_ns)] += weight
        self._total += weight
        self.gaps += gaps
        if self._growth > 1e100:
            self._weights = [each / self._growth for each in self._weights]
            self._total = sum(self._weights)
            self._growth = 1.0

    def gap_ns(self) -> float | None:
        """Return the usual gap, at most a quarter of an octave too long; None before it is known."""
        if self.gaps < GAPS_LEAST or self._total <= 0.0:
            return None
        left = USUAL_SHARE * self._total
        for bucket, weight in enumerate(self._weights):
            left -= weight
            if left <= 0.0 and weight > 0.0:
                return _upper_ns(bucket)
        return _upper_ns(max(at for at, weight in enumerate(self._weights) if weight > 0.0))


def _bucket_of(gap_ns: float) -> int:
    return min(max(math.ceil(math.log2(gap_ns) * _BUCKETS_PER_OCTAVE), 0), _BUCKETS - 1)


def _upper_ns(bucket: int) -> float:
    return float(2.0 ** (bucket / _BUCKETS_PER_OCTAVE))


class SymbolState(NamedTuple):
    """What is known of a symbol.

    Attributes:
        is_silent: whether it is older than its limit.
        is_frozen: whether its ticks keep coming with the same price.
        age_ns: feed time since its last tick, or since watching began.
        limit_ns: age from which it is silent.
    """

    is_silent: bool
    is_frozen: bool
    age_ns: int
    limit_ns: int


class SymbolWatch:
    """Watches one symbol from look to look.

    Parameters:
        settings: limits.
    """

    def __init__(self, settings: WatchdogSettings) -> None:
        self._factor = settings.silence_factor
        self._least_ns = int(settings.silence_least_seconds * NANOSECONDS_PER_SECOND)
        self._most_ns = int(settings.silence_most_seconds * NANOSECONDS_PER_SECOND)
        self._frozen_ns = int(settings.frozen_seconds * NANOSECONDS_PER_SECOND)
        self._usual = UsualGap()
        self._ticks: int | None = None
        self._price_changed_ns = 0
        self._quiet_ns = 0
        self._same_price_ns = 0
        self._same_price_ticks = 0
        self._has_tick = False

    def begin(self) -> None:
        """Begin to watch, or begin anew after a time in which no ticks were to be expected.

        What is usual stays known.
        """
        self._quiet_ns = 0
        self._same_price_ns = 0
        self._same_price_ticks = 0

    def look(self, elapsed_ns: int, ticks: int, price_changed_ns: int) -> SymbolState:
        """Take in what the page shows now, and return what that means.

        Parameters:
            elapsed_ns: feed time since the look before, or since `begin`.
            ticks: ticks of the symbol in the whole run.
            price_changed_ns: when its price changed; anything that is another number after each change.
        """
        # Nothing is known of the time before the first look.
        elapsed_ns = 0 if self._ticks is None else max(elapsed_ns, 0)
        came = 0 if self._ticks is None else max(ticks - self._ticks, 0)
        if came:
            self._learn(elapsed_ns, came)
            self._quiet_ns = 0
        else:
            self._quiet_ns += elapsed_ns
        self._has_tick |= ticks > 0
        if price_changed_ns != self._price_changed_ns or self._ticks is None:
            self._same_price_ns = 0
            self._same_price_ticks = 0
        else:
            self._same_price_ns += elapsed_ns
            self._same_price_ticks += came
        self._ticks = ticks
        self._price_changed_ns = price_changed_ns
        return self.state()

    def state(self) -> SymbolState:
        """Return what the last look has shown."""
        limit_ns = self.limit_ns()
        is_silent = self._has_tick and self._quiet_ns > limit_ns
        # The time up to the last tick counts: what comes after it is silence, not a frozen price.
        lasted_ns = self._same_price_ns - self._quiet_ns
        is_frozen = 0 < self._frozen_ns <= lasted_ns and self._same_price_ticks >= FROZEN_TICKS and not is_silent
        return SymbolState(is_silent, is_frozen, self._quiet_ns, limit_ns)

    def limit_ns(self) -> int:
        """Return the age from which the symbol is silent: a multiple of its usual gap, between the two bounds."""
        usual_ns = self._usual.gap_ns()
        if usual_ns is None:
            return self._most_ns
        return int(min(max(self._factor * usual_ns, self._least_ns), self._most_ns))

    def _learn(self, elapsed_ns: int, came: int) -> None:
        """Learn the gaps of ticks that came since the last look: the first ends a quiet time, the others share the look."""
        if not self._has_tick:
            return
        share_ns = elapsed_ns / came
        first_ns = min(self._quiet_ns + share_ns, float(self.limit_ns()))
        self._usual.observe(first_ns, first_ns, 1)
        if came > 1:
            self._usual.observe(share_ns, elapsed_ns - share_ns, came - 1)


class ClockState(NamedTuple):
    """What is known of the wall clock.

    Attributes:
        offset_ns: how far it has run away from the monotonic clock since the first look.
        step_ns: how far it has stepped since the look before; 0 when it has not.
    """

    offset_ns: int
    step_ns: int


class ClockWatch:
    """Watches the wall clock against the monotonic clock.

    A clock that is corrected slowly moves its offset and never counts as a step.

    Parameters:
        step_ns: smallest difference from look to look that counts as a step.
    """

    def __init__(self, step_ns: int) -> None:
        self._step_ns = step_ns
        self._first_ns: int | None = None
        self._newest_ns = 0
        self.steps = 0

    def look(self, wall_ns: int, monotonic_ns: int) -> ClockState:
        """Take in both clocks, read one right after the other."""
        difference_ns = wall_ns - monotonic_ns
        if self._first_ns is None:
            self._first_ns = self._newest_ns = difference_ns
        moved_ns = difference_ns - self._newest_ns
        self._newest_ns = difference_ns
        is_step = abs(moved_ns) >= self._step_ns
        self.steps += is_step
        return ClockState(difference_ns - self._first_ns, moved_ns if is_step else 0)


def check_settings(settings: WatchdogSettings) -> None:
    """Check that the bounds of the limit leave room for one.

    Raises:
        ConfigError: the least is above the most.
    """
    if settings.silence_least_seconds > settings.silence_most_seconds:
        raise ConfigError(
            f"watchdog.silence_least_seconds {settings.silence_least_seconds:g} is above watchdog.silence_most_seconds "
            f"{settings.silence_most_seconds:g} in live.toml; lower the first or raise the second"
        )
