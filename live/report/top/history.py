"""Looks at a run over time: what changed in the last seconds, and how the tick rate went."""

from __future__ import annotations

from collections import deque

from live.clock import NANOSECONDS_PER_SECOND
from live.hot.catalogue import Stage
from live.paper.run_model import LatencySummary
from live.report.top.look import RunLook

RECENT_SECONDS = 10.0
"""Span of the latencies that are shown beside those of the whole run."""
RATES_MAX = 240
"""Tick rates that are kept."""
SILENT_SECONDS = 2.0
"""Time without news on the page after which nothing seems to go on in the run."""
_LOOKS_MAX = 1_024


class LookHistory:
    """The newest looks at one run.

    Rates and latencies are those between two states of the page, so it does not matter how regularly one looks.

    Attributes:
        rates: ticks per second from one look to the next, oldest first.
    """

    def __init__(self) -> None:
        self._looks: deque[RunLook] = deque(maxlen=_LOOKS_MAX)
        self.rates: deque[float] = deque(maxlen=RATES_MAX)

    def add(self, look: RunLook) -> None:
        """Take in another look."""
        if self._looks and look.published_ns == self._looks[-1].published_ns:
            if look.silent_seconds > SILENT_SECONDS and not look.is_over:
                self.rates.append(0.0)
            self._looks[-1] = look
            return
        if self._looks:
            self.rates.append(_rate(self._looks[-1], look))
        self._looks.append(look)
        horizon_ns = look.published_ns - int(RECENT_SECONDS * NANOSECONDS_PER_SECOND)
        while len(self._looks) > 2 and self._looks[1].published_ns <= horizon_ns:
            self._looks.popleft()

    @property
    def look(self) -> RunLook:
        """The newest look."""
        return self._looks[-1]

    @property
    def span_seconds(self) -> float:
        """Time between the oldest look that is compared with and the newest."""
        return (self._looks[-1].published_ns - self._looks[0].published_ns) / NANOSECONDS_PER_SECOND

    @property
    def rate(self) -> float | None:
        """Ticks per second at present; None when there is nothing to compare with or the run is over."""
        return self.rates[-1] if self.rates and not self.look.is_over else None

    @property
    def whole_rate(self) -> float:
        """Ticks per second since the run began."""
        look = self.look
        seconds = (look.published_ns - look.begun_ns) / NANOSECONDS_PER_SECOND
        return look.tick_count / seconds if seconds > 0 else 0.0

    def recent(self, stage: Stage) -> LatencySummary | None:
        """Return the latencies of the last seconds; None when there is nothing to compare with."""
        if self.span_seconds <= 0:
            return None
        return self._looks[-1].stages[stage].since(self._looks[0].stages[stage]).summary()


def _rate(before: RunLook, after: RunLook) -> float:
    seconds = (after.published_ns - before.published_ns) / NANOSECONDS_PER_SECOND
    return max(after.tick_count - before.tick_count, 0) / seconds if seconds > 0 else 0.0
