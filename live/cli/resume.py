"""The verb `resume`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from live.cli.output import common_options, print_json, run_options
from live.clock import monotonic_ns, sleep
from live.errors import DataError, FeedFailure, UsageError, one_line
from live.hot.catalogue import ControlBit, Counter, FeedPhase, RunPhase
from live.hot.telemetry_reader import TelemetryReader
from live.hot.telemetry_view import TelemetryView
from live.report.top.look import FeedLook, RunLook, look_at
from live.report.top.runs import open_run

DOCUMENT_VERSION = 1
"""Raised when a member changes its meaning or goes away; new members do not raise it."""
ANSWER_SECONDS = 5.0
"""Longest time in which a run that makes progress answers: it looks several times a second."""
_LOOK_SECONDS = 0.02
_NOT_READY = (RunPhase.STARTING, RunPhase.WARMING_UP, RunPhase.REHEARSING)


@click.command("resume", epilog="Example: lean-live resume results/Momentum-20261105T093000Z.partial")
@run_options
@common_options
def command(run: Path | None, results: Path, as_json: bool) -> None:
    """End a pause of a run, so that orders pass again: that of its feed, and one asked for from outside.

    RUN is the folder of a run, its name in the folder of results, or a folder of results; without it the newest run that
    is going on is meant. Pauses for silence and for a lost connection end when messages come again, and only then. What
    the sidecar's watchdog has paused is taken back, and nothing else that holds orders.
    """
    view = open_run(run, results)
    before = look_at(view)
    feed = _feed_of(before)
    look = before
    if feed is not None and feed.phase is FeedPhase.PAUSED:
        _ask(view, look)
        look = look_at(view)
        assert look.feed is not None
        if look.feed.phase is FeedPhase.PAUSED and not look.is_over:
            raise FeedFailure(
                f"the feed of {look.run} is paused all the same: {look.feed.reason}; a pause for silence or a lost connection "
                "ends when messages come again"
            )
    if ControlBit.PAUSE in before.control:
        TelemetryReader(view.path, expect_writer=False).change_control(remove=ControlBit.PAUSE)
        look = look_at(view)
    document = _document(look, before)
    if as_json:
        print_json(document)
        return
    for line in _lines(document):
        click.echo(one_line(line))


def _feed_of(look: RunLook) -> FeedLook | None:
    """Return the feed of a run that can be resumed; None for a run on recorded data that was paused from outside.

    Raises:
        UsageError: the run has no feed and is not paused.
        DataError: it is over, or not yet where it can pause.
        FeedFailure: the feed cannot go on by being asked to.
    """
    if look.is_dead:
        raise DataError(
            f"run {look.run} is dead: its process {look.pid} is gone, or runs where it cannot be seen; start the run again"
        )
    if look.is_over:
        raise DataError(f"run {look.run} is over ({look.state}), so that nothing can be resumed; start it again")
    if look.phase in _NOT_READY:
        raise DataError(f"run {look.run} takes no ticks yet ({look.state}); ask again when it is ready")
    feed = look.feed
    if feed is None:
        if ControlBit.PAUSE in look.control:
            return None
        raise UsageError(f"run {look.run} has no feed that could pause: it plays {look.source}; name another run")
    if feed.phase in (FeedPhase.HALTED, FeedPhase.ENDED):
        raise FeedFailure(f"the feed of {look.run} is {feed.phase.name.lower()} for good: {feed.reason}")
    if feed.phase is FeedPhase.CONNECTING:
        raise FeedFailure(
            f"the feed of {look.run} is not connected, not paused; it goes on when the other side answers"
        )
    return feed


def _ask(view: TelemetryView, look: RunLook) -> None:
    """Ask a run to end its feed's pause, and wait until it has.

    Raises:
        DataError: the page cannot be written to.
        FeedFailure: the run does not answer.
    """
    before = view.counter(Counter.FEED_RESUMES)
    TelemetryReader(view.path, expect_writer=False).request_resume()
    until_ns = monotonic_ns() + int(ANSWER_SECONDS * 1e9)
    while view.counter(Counter.FEED_RESUMES) == before and not look_at(view).is_over:
        if monotonic_ns() > until_ns:
            raise FeedFailure(
                f"run {look.run} has not answered for {ANSWER_SECONDS:g} seconds: a callback takes long, or the process is "
                "stopped; it resumes when it goes on, see lean-live top"
            )
        sleep(_LOOK_SECONDS)


def _document(look: RunLook, before: RunLook) -> dict[str, Any]:
    """Return what became of the run as JSON-ready data.

    Parameters:
        look: the run now.
        before: the run before anything was asked.
    """
    feed, feed_before = look.feed, before.feed
    was_paused = feed_before is not None and feed_before.phase is FeedPhase.PAUSED
    return {
        "version": DOCUMENT_VERSION,
        "run": look.run,
        "page": str(look.page),
        "state": None if feed is None else feed.phase.name.lower(),
        "reason": None if feed is None else feed.reason,
        "was_paused": was_paused,
        "paused_for": feed_before.reason if was_paused and feed_before is not None else None,
        "was_held": ControlBit.PAUSE in before.control,
        "control": [bit.name for bit in ControlBit if bit in look.control],
    }


def _lines(document: dict[str, Any]) -> list[str]:
    run = document["run"]
    lines = []
    if document["was_paused"]:
        lines.append(f"feed of {run}: {document['state']}; it was paused: {document['paused_for']}")
    elif document["state"] is not None and document["was_held"]:
        lines.append(f"feed of {run}: {document['state']}; only the control word held its orders")
    elif document["state"] is not None:
        lines.append(f"feed of {run}: {document['state']}; it was not paused")
    if document["was_held"]:
        lines.append(f"PAUSE of the control word of {run} was taken back")
    if document["control"]:
        lines.append(f"orders are still held: the run's control word asks for {', '.join(document['control'])}")
    return lines
