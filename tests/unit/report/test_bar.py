"""Progress of runs and feeds on one kind of bar, and in lines."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from live.paper.run_model import DataSource, Progress
from live.report import bar
from live.report.bar import Bar, TickRate
from live.report.feed import BarFeedProgress, LineFeedProgress, SilentFeedProgress, choose_feed_progress
from live.report.progress import BarProgress, LineProgress


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns = 0
        monkeypatch.setattr(bar, "monotonic_ns", lambda: self.now_ns)


def drawn(shown: Bar) -> str:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_bar_is_redrawn_ten_times_a_second_and_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    shown = Bar(Console(file=io.StringIO(), width=120))
    assert not shown.is_due()
    shown.begin("Momentum [2]", "data [here]")
    assert shown.is_due()
    shown.show(1, 4, "7 [ticks]")
    assert "Momentum [2]" in drawn(shown)
    assert "7 [ticks]" in drawn(shown)
    assert "25%" in drawn(shown)
    assert not shown.is_due()
    assert shown.is_due(is_done=True)
    clock.now_ns += 100_000_000
    assert shown.is_due()
    shown.end()


def test_rates_are_of_the_time_between_two_refreshes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    rate = TickRate()
    assert rate.since_last(0) == 0
    clock.now_ns = 2_000_000_000
    assert rate.since_last(4_000) == 2_000
    clock.now_ns += 10_000_000_000
    assert rate.since_last(14_000) == 1_000


def test_nothing_ends_because_progress_cannot_be_written() -> None:
    console = Console(file=FullDisk(), force_terminal=True)
    for feed in (BarFeedProgress(console, 10), LineFeedProgress(FullDisk(), 10)):
        feed.begin("tcp:127.0.0.1:9000")
        feed.update(10, 1, 1)
        feed.end()
    for run in (BarProgress(console), LineProgress(FullDisk())):
        run.begin("Momentum", DataSource(Path("data"), "named", False))
        run.update(Progress(10, 10, ticks=1, equity=1.0))
        run.note("a line")
        run.end()


def test_a_closed_standard_error_shows_nothing() -> None:
    assert isinstance(choose_feed_progress(None, None, 0), SilentFeedProgress)
