"""What an analytics task is given: a run as it stands, how it came there, and what happened in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from live.hot.catalogue import Stage
from live.hot.events import Event
from live.hot.telemetry_view import StageTotal, TelemetryView
from live.report.top.look import RunLook

SNAPSHOTS_MAX = 512
"""Snapshots that are kept of a run; beyond them every second one is left out, so they reach back to the begin."""


class Snapshot(NamedTuple):
    """A run at an earlier moment.

    Attributes:
        published_ns: when the run brought its page up to date, ns since 1970 UTC.
        equity: total value of the account; None before the first time step.
        gross: sum of the absolute values of the holdings shown on the page, in their quote currencies.
        net: sum of their signed values.
        ticks: ticks so far.
        orders: order events so far.
        stages: durations so far, those stages that have some.
    """

    published_ns: int
    equity: float | None
    gross: float
    net: float
    ticks: int
    orders: int
    stages: Mapping[Stage, StageTotal]


@dataclass(frozen=True, slots=True)
class AnalyticsWindow:
    """What a task sees of a run. It is a copy: nothing that a task does to it reaches the run.

    Attributes:
        run: name of the run.
        algorithm: name of its class.
        folder: the run's folder; it is renamed when the run ends.
        now_ns: wall clock, ns since 1970 UTC.
        look: the run as its telemetry page shows it.
        symbols: those that the run exports by name, see `[telemetry]` in live.toml.
        history: earlier states over the whole time that the sidecar has seen, oldest first; the newest included.
        events: the newest order events, denials and phases, oldest first; at most `[analytics] max_events`.
        events_before: events before these that the sidecar no longer has, or that another one took.
        events_lost: events that the run could not hand over since the ring was full.
    """

    run: str
    algorithm: str
    folder: Path
    now_ns: int
    look: RunLook
    symbols: frozenset[str]
    history: tuple[Snapshot, ...]
    events: tuple[Event, ...]
    events_before: int = 0
    events_lost: int = 0


class RunHistory:
    """States of one run over time, within bounds.

    Attributes:
        look: the newest look; None before the first.
    """

    def __init__(self) -> None:
        self._snapshots: list[Snapshot] = []
        self._newest: Snapshot | None = None
        self._spacing = 1
        self._looks = 0
        self.look: RunLook | None = None

    def add(self, look: RunLook, stages: Mapping[Stage, StageTotal]) -> None:
        """Take in the run as it stands.

        Parameters:
            look: all that its page says.
            stages: durations since the run began.
        """
        is_news = self.look is None or look.published_ns != self.look.published_ns
        self.look = look
        values = [each.quantity * each.market_price for each in look.positions]
        self._newest = Snapshot(
            look.published_ns,
            None if look.account is None else look.account.equity,
            sum(map(abs, values)),
            sum(values),
            look.tick_count,
            sum(look.orders.values()),
            stages,
        )
        if not is_news:
            return
        if self._looks % self._spacing == 0:
            self._snapshots.append(self._newest)
        self._looks += 1
        if len(self._snapshots) >= SNAPSHOTS_MAX:
            del self._snapshots[1::2]
            self._spacing *= 2

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Return the states that are kept, oldest first; the newest is the last."""
        if self._newest is None:
            return ()
        is_kept = self._snapshots[-1].published_ns == self._newest.published_ns
        return (*(self._snapshots[:-1] if is_kept else self._snapshots), self._newest)


def stage_totals(view: TelemetryView) -> dict[Stage, StageTotal]:
    """Return the durations that a page has, without stages that have no sample."""
    totals = {stage: view.stage_total(stage) for stage in Stage}
    return {stage: total for stage, total in totals.items() if total.samples}
