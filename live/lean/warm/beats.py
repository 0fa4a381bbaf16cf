"""Synthetic ticks of the dummy symbol: fed where a broker's feed enters, and noticed when they come back in a slice.

LEAN drops a tick without a word when its symbol is not subscribed to or its market is closed. A beat that was dropped must
not be waited for. It is lost when the engine has been at a whole step since it was fed: that would have brought it. Should
it come after all, it is kept from the strategy like the others.
"""

from __future__ import annotations

from typing import Any

from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns, ns_to_datetime, wall_ns, zone
from live.lean import surface
from live.lean.engine_steps import EngineSteps
from live.lean.slice_watch import BEAT_QUANTITY, SliceWatch

_PRICE = 100.0
_OUTSTANDING_MAX = 64
"""Beats that may be under way; more would only queue up in an engine that is busy or does not take them."""
_PATIENCE_NS = NANOSECONDS_PER_SECOND
"""Time without a beat back from which on it is asked whether those under way are lost."""


class Beats:
    """Feeds ticks of the dummy symbol.

    Parameters:
        watch: the way of slices, which keeps the beats from the strategy.
        algorithm: LEAN's.
        security: LEAN's security of the dummy.

    Attributes:
        sent: beats so far.
        sent_ns: when the last was fed, on the monotonic clock; before the first, when feeding began.
    """

    def __init__(self, watch: SliceWatch, algorithm: Any, security: Any) -> None:
        self._watch = watch
        self._steps = EngineSteps(algorithm)
        self._symbol = security.symbol
        self._zone = zone(surface.zone_name(security))
        self._aggregator = surface.data_aggregator()
        self.sent = 0
        self.sent_ns = monotonic_ns()

    @property
    def outstanding(self) -> int:
        """Beats that have not come back."""
        return self._watch.beats_sent - self._watch.beats_seen

    @property
    def is_silent(self) -> bool:
        """Whether the last beat has not come back for so long that it may be lost."""
        return self.outstanding > 0 and monotonic_ns() - self.sent_ns > _PATIENCE_NS

    def may_send(self, most: int = _OUTSTANDING_MAX) -> bool:
        """Tell whether another beat makes sense: fewer than `most` are under way, those that are lost not counted."""
        if self.is_silent and self._steps.look():
            self._watch.beats_sent = self._watch.beats_seen
        return self.outstanding < most

    def send(self) -> None:
        """Feed a tick. Its stamp is the wall clock's, read before: a tick ahead of the engine's clock would be held."""
        local_ns = self._zone.to_local_ns(wall_ns())
        tick = surface.trade_tick(self._symbol, _PRICE, BEAT_QUANTITY, ns_to_datetime(local_ns))
        self._watch.beats_sent += 1
        self.sent += 1
        self.sent_ns = monotonic_ns()
        self._aggregator.Update(tick)
        self._steps.begin()
