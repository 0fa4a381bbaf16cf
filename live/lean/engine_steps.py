"""Whether the engine has been at a whole step since a moment: what was done before it, that step has seen.

LEAN's loop makes a step at every tick, and once a second without any. The algorithm's time is that of the newest step, and
is set before the step's slice is given to the algorithm; so a step is over when the time has changed once more.
"""

from __future__ import annotations

from typing import Any

from live.clock import wall_ns
from live.lean import surface

_ROUNDING_NS = 1_000
"""LEAN's bridge rounds .NET's times, which count 100 ns, to the nearest microsecond: a time may read later than it is."""


class EngineSteps:
    """Tells whether a step has begun and ended since a moment.

    Parameters:
        algorithm: LEAN's.
    """

    def __init__(self, algorithm: Any) -> None:
        self._algorithm = algorithm
        self._since_ns = 0
        self._step_ns = 0
        self.begin()

    def begin(self) -> None:
        """Count from now on."""
        self._since_ns, self._step_ns = wall_ns() + _ROUNDING_NS, 0

    def look(self) -> bool:
        """Tell whether a step has begun and ended since `begin`, as far as the calls of this have noticed."""
        engine_ns = surface.utc_ns(self._algorithm)
        if not self._step_ns:
            if engine_ns > self._since_ns:
                self._step_ns = engine_ns
            return False
        return engine_ns > self._step_ns
