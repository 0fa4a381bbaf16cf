"""Ready before the first tick, and warm between ticks: rehearsal, beats, and garbage collection out of the way."""

from __future__ import annotations

from live.clock import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND, monotonic_ns
from live.config import HostSettings
from live.idle_collector import IdleCollector
from live.paper.engine import PaperEngine
from live.paper.rehearsal import Rehearser
from live.paper.run_model import LatencySummary, Rehearsal
from live.settling import ROUND_BEATS, are_alike

BEATS_PER_ORDER = 4
"""Every so many moments an order is sent, in the rehearsal and in keeping warm."""


class KeepWarm:
    """Makes a run ready, and keeps it so.

    Parameters:
        engine: the run, set up.
        settings: table [host].

    Attributes:
        rehearsal: what making ready came to; None before.
        beats: moments played between ticks, to keep warm.
    """

    def __init__(self, engine: PaperEngine, settings: HostSettings) -> None:
        self._rehearser = Rehearser(engine) if settings.rehearsal_seconds or settings.keep_warm_milliseconds else None
        self._seconds = settings.rehearsal_seconds
        self._beat_ns = int(settings.keep_warm_milliseconds * NANOSECONDS_PER_MILLISECOND)
        self._next_beat_ns = 0
        self._collector = IdleCollector(int(settings.idle_collect_milliseconds * NANOSECONDS_PER_MILLISECOND))
        self.rehearsal: Rehearsal | None = None
        self.beats = 0

    @property
    def ticks(self) -> int:
        """Ticks of the rehearsal and of keeping warm, so far."""
        return 0 if self._rehearser is None else self._rehearser.ticks

    def get_ready(self) -> Rehearsal:
        """Rehearse until the rounds are alike or the time is over, then take the garbage collector out of the way."""
        began_ns = monotonic_ns()
        until_ns = began_ns + int(self._seconds * NANOSECONDS_PER_SECOND)
        rounds: list[tuple[LatencySummary, LatencySummary]] = []
        while monotonic_ns() < until_ns and not _have_settled(rounds):
            rounds.append(self._play_round())
        nothing = (LatencySummary(), LatencySummary())
        first, last = (rounds[0], rounds[-1]) if rounds else (nothing, nothing)
        rehearser = self._rehearser
        frozen = self._collector.begin(monotonic_ns())
        self.rehearsal = Rehearsal(
            self.ticks,
            0 if rehearser is None else rehearser.orders,
            (monotonic_ns() - began_ns) / NANOSECONDS_PER_SECOND,
            _have_settled(rounds),
            first[0],
            last[0],
            first[1],
            last[1],
            frozen,
        )
        return self.rehearsal

    def _play_round(self) -> tuple[LatencySummary, LatencySummary]:
        """Play a round, and return its tick to decision and tick to order."""
        rehearser = self._rehearser
        assert rehearser is not None
        rehearser.forget()
        for number in range(ROUND_BEATS):
            rehearser.beat(number % BEATS_PER_ORDER == 0)
        return LatencySummary.of(rehearser.decisions), LatencySummary.of(rehearser.acceptances)

    def on_idle(self, idle_ns: int) -> None:
        """Use an idle moment: play a beat, when one is due, and collect garbage, when there is time.

        Parameters:
            idle_ns: time since the last tick.
        """
        now_ns = monotonic_ns()
        if 0 < self._beat_ns <= idle_ns and now_ns >= self._next_beat_ns:
            assert self._rehearser is not None
            self._next_beat_ns = now_ns + self._beat_ns
            self._rehearser.beat(self.beats % BEATS_PER_ORDER == 0)
            self.beats += 1
        self._collector.look(now_ns, idle_ns)

    def close(self) -> None:
        """Let the garbage collector work as usual."""
        self._collector.end()


def _have_settled(rounds: list[tuple[LatencySummary, LatencySummary]]) -> bool:
    return are_alike([(decisions.p99_ns, acceptances.p99_ns) for decisions, acceptances in rounds])
