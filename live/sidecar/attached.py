"""A run that the sidecar has attached to: its telemetry page, and the newest events of its ring."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from itertools import islice
from pathlib import Path

from live.clock import NANOSECONDS_PER_SECOND, wall_ns
from live.errors import DataError
from live.hot.catalogue import ControlBit, Gauge, PageText, RunPhase
from live.hot.events import Event, decode_event
from live.hot.telemetry_reader import TelemetryReader
from live.hot.telemetry_view import PageFault
from live.report.results import run_name
from live.report.top.look import RunLook, look_at

UNSEEN_NS = 5 * NANOSECONDS_PER_SECOND
"""Time after which a process that was never seen, and has not brought its page up to date, is taken for dead."""


class EventLog:
    """The newest events of a run, numbered from 1 in the order in which this sidecar took them.

    Parameters:
        max_events: how many are kept.
    """

    def __init__(self, max_events: int) -> None:
        self._events: deque[Event] = deque(maxlen=max_events)
        self.total = 0

    def add(self, event: Event) -> None:
        """Take in the next event."""
        self._events.append(event)
        self.total += 1

    def since(self, number: int) -> list[Event]:
        """Return the events after the one with this number, oldest first; those no longer kept are left out.

        With `total` remembered from call to call, a caller gets every event once.
        """
        wanted = min(self.total - number, len(self._events))
        return list(islice(self._events, len(self._events) - wanted, None)) if wanted > 0 else []

    def newest(self) -> list[Event]:
        """Return all that are kept, oldest first."""
        return list(self._events)


class AttachedRun:
    """A run whose page is open.

    The sidecar is the one reader of the page's event ring. It writes nothing but the reader's section of the page.

    Parameters:
        page: the page's file, in the run's folder.
        max_events: newest events that are kept.

    Attributes:
        folder: the run's folder; it loses its ending `.partial` when the run is over.
        reader: the page.
        events: newest events of the ring.
        taken_before: records that other sidecars had taken from the ring.
        records_taken: records that this sidecar has taken from the ring.
        faults: reasons for which its page was not believed, so that each is said once.

    Raises:
        DataError: the page cannot be trusted, or its reader's section not be written.
    """

    def __init__(self, page: Path, max_events: int) -> None:
        self.folder = page.parent
        self.reader = TelemetryReader(page, expect_writer=False)
        self.events = EventLog(max_events)
        self.taken_before = self.reader.ring.consumed
        self.records_taken = 0
        self.faults: set[str] = set()
        self._algorithm = ""
        self._was_seen = False

    @property
    def name(self) -> str:
        """The run: its folder's name without the ending that says where it is."""
        return run_label(self.folder)

    @property
    def algorithm(self) -> str:
        """Name of the algorithm's class, "" before it is known.

        Raises:
            PageFault: the page was cut off.
        """
        if not self._algorithm:
            self.reader.check_size()
            self._algorithm = self.reader.text(PageText.ALGORITHM)
        return self._algorithm

    @property
    def published_ns(self) -> int:
        """When the page was last brought up to date, or made, ns since 1970 UTC."""
        seconds = self.reader.gauge(Gauge.PUBLISHED)
        is_possible = math.isfinite(seconds) and 0 < seconds < 1 << 33
        return int(seconds * NANOSECONDS_PER_SECOND) if is_possible else self.reader.created_ns

    @property
    def phase(self) -> RunPhase:
        """Where the run is, or was when its process died.

        Raises:
            PageFault: the page was cut off, or holds a number that is no phase.
        """
        self.reader.check_size()
        value = self.reader.gauge(Gauge.RUN_PHASE)
        try:
            return RunPhase(int(value))
        except (ValueError, OverflowError) as error:
            raise PageFault(
                f"telemetry page {self.reader.path} is garbled (phase {value:g}); start the run again", "garbled"
            ) from error

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come: the run has ended, or its process is gone.

        Raises:
            PageFault: as for `phase`.
        """
        # Before the phase: a run that ends between the two has ended and did not die.
        is_alive = self.is_alive()
        return self.phase.is_over or not is_alive

    def is_alive(self) -> bool:
        """Tell whether the run's process lives.

        One in another process namespace, such as a container's, cannot be seen; it lives as long as it brings its page up
        to date.

        Raises:
            PageFault: the page was cut off.
        """
        self.reader.check_size()
        is_seen = self.reader.is_writer_alive()
        self._was_seen = self._was_seen or is_seen
        return is_seen or (not self._was_seen and wall_ns() - self.published_ns < UNSEEN_NS)

    def look(self) -> RunLook:
        """Return what the page says now.

        Raises:
            PageFault: the page was cut off, or holds numbers that no run can have written.
        """
        look = look_at(self.reader)
        return replace(look, is_dead=look.is_dead and not self.is_alive())

    def ask(self, bits: ControlBit) -> None:
        """Add bits to the control word; nothing here takes them back.

        Raises:
            PageFault: the page was cut off, is gone, or somebody keeps it locked.
        """
        self.reader.check_size()
        # Whoever keeps the page locked must not hold up the sidecar's event loop.
        self.reader.change_control(add=bits, attempts=1)

    def drain(self, limit: int) -> None:
        """Take records from the ring and keep what they say.

        Parameters:
            limit: most records that are taken.

        Raises:
            PageFault: the page was cut off, or some of the records are garbled; those are taken and left out.
        """
        self.reader.check_size()
        garbled: DataError | None = None
        for words in self.reader.ring.drain(limit):
            self.records_taken += 1
            try:
                self.events.add(decode_event(words))
            except DataError as error:
                garbled = error
        if garbled is not None:
            raise PageFault(f"{self.folder}: {garbled}", "garbled")


def run_label(folder: Path) -> str:
    """Return the name of a run as it is exported: always valid UTF-8."""
    return run_name(folder.name).encode("utf-8", "backslashreplace").decode()
