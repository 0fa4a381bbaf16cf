"""Waiting times between attempts to connect: doubling up to a limit, half of each at random.

The random half keeps consumers that lost the same publisher from coming back all at once.
"""

from __future__ import annotations

from random import Random


class Backoff:
    """Gives the next waiting time.

    Parameters:
        first_seconds: the first one, before the random half is taken off.
        limit_seconds: the longest.
        random: source of the random half.
    """

    def __init__(self, first_seconds: float, limit_seconds: float, random: Random | None = None) -> None:
        self._first_seconds = first_seconds
        self._limit_seconds = max(first_seconds, limit_seconds)
        self._random = random if random is not None else Random()  # noqa: S311 - nothing secret
        self._next_seconds = first_seconds
        self.attempts = 0
        """Waiting times given since the last success."""

    def next_seconds(self) -> float:
        """Return how long to wait before the next attempt: between a half and the whole of the present span."""
        span = self._next_seconds
        self._next_seconds = min(span * 2, self._limit_seconds)
        self.attempts += 1
        return span * (0.5 + self._random.random() / 2)

    def succeeded(self) -> None:
        """Begin anew with the first waiting time."""
        self._next_seconds = self._first_seconds
        self.attempts = 0
