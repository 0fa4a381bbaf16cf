"""When a rehearsal has done its work: its rounds have become alike."""

from __future__ import annotations

from collections.abc import Sequence

ROUND_BEATS = 200
"""Moments of a round."""
_ROUNDS_MIN = 5
_ALIKE_ROUNDS = 3
_ALIKE_RATIO = 1.25
"""How far the p99 of rounds may be apart that count as alike."""


def are_alike(rounds: Sequence[Sequence[int]]) -> bool:
    """Tell whether the last rounds have about the same p99 of each span that was measured.

    Parameters:
        rounds: of each round the p99 of each span, ns.
    """
    if len(rounds) < _ROUNDS_MIN:
        return False
    spans = zip(*rounds[-_ALIKE_ROUNDS:], strict=True)
    return all(max(of_span) <= min(of_span) * _ALIKE_RATIO for of_span in spans)
