"""lean-live top beside real runs, and on a real terminal."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.commands import algorithm, finish, start, words, write_tiny
from support.pages import publish, write_page
from support.terminals import Terminal

from live.cli.main import run
from live.clock import monotonic_ns
from live.hot.catalogue import Counter, Gauge, RunPhase

ENTER_SCREEN, LEAVE_SCREEN, SHOW_CURSOR = "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h"
_PATIENCE_SECONDS = 60.0
SLOW = algorithm(head="import time", on_data="time.sleep(0.02)")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny"))


def documents(results: Path, capsys: Any, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Ask for documents until one is as wanted, and return it."""
    until_ns = monotonic_ns() + int(_PATIENCE_SECONDS * 1e9)
    found: dict[str, Any] = {}
    while monotonic_ns() < until_ns:
        code = run(["top", str(results), "--once", "--json", "--every", "0.3"])
        found = orjson.loads(capsys.readouterr().out)
        if code == 0 and wanted(found):
            return found
    raise AssertionError(f"no such document came: {found}")


def test_a_run_is_watched_from_its_start_to_its_death(tiny: Path, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "main.py").write_text(SLOW, encoding="utf-8")
    results = tmp_path / "results"
    process = start(words(tmp_path / "main.py", tiny, results), tmp_path)
    try:
        early = documents(results, capsys, lambda each: each["calls"].get("on_data", 0) > 6)
        assert (early["state"], early["algorithm"], early["mode"]) == ("running", "Strategy", "replay")
        assert early["pid"] == process.pid
        assert early["positions"][0]["symbol"] == "IBM"
        assert early["positions"][0]["quantity"] == 10.0
        assert early["order_events"] == {"submitted": 1, "filled": 1}
        assert early["account"]["fees"] == 1.0
        assert early["memory_bytes"] > 10_000_000
        calls = early["calls"]["on_data"]
        later = documents(results, capsys, lambda each: each["calls"]["on_data"] > calls)
        assert later["data_time"] > early["data_time"]
        assert 0.0 < later["progress"] <= 1.0
        assert later["tick_to_decision"]["whole"]["p50_ns"] > 19_000_000
        folder = next(path for path in results.iterdir() if path.name.endswith(".partial"))
        assert run(["top", str(results), "--list", "--json"]) == 0
        assert [each["state"] for each in orjson.loads(capsys.readouterr().out)] == ["running"]
        os.kill(process.pid, signal.SIGKILL)
        # Not waited for yet: a process that has ended and is still in the table is dead all the same.
        dead = documents(folder, capsys, lambda each: each["state"] == "dead")
        assert dead["calls"]["on_data"] >= later["calls"]["on_data"]
        assert run(["top", str(results), "--once"]) == 3
        assert "no run is going on" in capsys.readouterr().err
    finally:
        process.kill()
        process.communicate()


def test_a_finished_run_keeps_its_figures(tiny: Path, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "main.py").write_text(algorithm(), encoding="utf-8")
    results = tmp_path / "results"
    ended = finish(start(words(tmp_path / "main.py", tiny, results), tmp_path), results)
    assert ended.code == 0
    assert run(["top", str(ended.folder), "--once", "--json"]) == 0
    document = orjson.loads(capsys.readouterr().out)
    summary = ended.summary
    assert (document["state"], document["run"]) == ("completed", ended.folder.name)
    assert document["calls"]["on_data"] == summary["calls"]["on_data"]
    assert document["account"]["equity"] == float(summary["equity"])
    assert document["tick_to_decision"]["whole"] == summary["tick_to_decision"]
    assert document["progress"] == 1.0


def test_a_failed_run_says_why(tiny: Path, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "main.py").write_text(algorithm(on_data="1 / (self.calls - 9)"), encoding="utf-8")
    results = tmp_path / "results"
    ended = finish(start(words(tmp_path / "main.py", tiny, results), tmp_path), results)
    assert ended.code == 1
    assert run(["top", str(ended.folder), "--once", "--json"]) == 0
    document = orjson.loads(capsys.readouterr().out)
    assert document["state"] == "failed"
    assert "ZeroDivisionError" in document["reason"]


FOLLOWER = """from AlgorithmImports import *


class Strategy(LiveAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 7)
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol
        self.is_in = False

    def on_tick(self, tick):
        if tick.is_trade and not self.is_in:
            self.is_in = True
            self.submit(self.ibm, 10)
"""


def test_a_run_on_a_feed_shows_the_feed(tiny: Path, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "main.py").write_text(FOLLOWER, encoding="utf-8")
    results = tmp_path / "results"
    publish_words = ["feed", "replay", "--data-folder", str(tiny), "--symbols", "IBM", "--listen", "unix:feed"]
    publisher = start([*publish_words, "--regular-hours", "--speed", "4000", "--no-progress"], tmp_path)
    run_words = words(tmp_path / "main.py", tiny, results, "--feed", "unix:feed")
    process = start(run_words, tmp_path)
    try:
        found = documents(results, capsys, lambda each: each["ticks"].get("trade", 0) > 0 and each["positions"] != [])
        assert (found["mode"], found["source"], found["state"]) == ("feed", "feed unix:feed", "running")
        assert found["feed"]["state"] == "running"
        assert found["feed"]["age_seconds"] < 30.0
        assert found["feed"]["counts"]["feed_connections_total"] == 1
        assert found["feed"]["faults"] == {}
        assert found["progress"] is None
        assert found["warm"] == "ready"
        ended = finish(process, results)
        assert ended.code == 0, ended.err
        assert run(["top", str(ended.folder), "--once", "--json"]) == 0
        last = orjson.loads(capsys.readouterr().out)
        assert (last["state"], last["feed"]["state"]) == ("completed", "ended")
        assert last["ticks"] == ended.summary["ticks"]
        assert last["feed"]["counts"]["feed_ticks_total"] >= sum(last["ticks"].values())
    finally:
        for each in (process, publisher):
            each.kill()
            each.communicate()


# -- on a terminal


def is_restored(terminal: Terminal) -> bool:
    text = terminal.output
    return (
        terminal.modes() == terminal.modes_before
        and text.rfind(LEAVE_SCREEN) > text.rfind(ENTER_SCREEN) >= 0
        and text.rfind(SHOW_CURSOR) > text.rfind("\x1b[?25l")
    )


@pytest.mark.parametrize(("keys", "code"), [(b"q", 0), (b"\x1b[Aq", 0), (b"\x1b", 0), (b"\x03", 130)])
def test_keys_end_the_view(tmp_path: Path, keys: bytes, code: int) -> None:
    write_page(tmp_path)
    with Terminal(["top", str(tmp_path), "--every", "0.1"], tmp_path) as terminal:
        terminal.read_until(ENTER_SCREEN)
        terminal.read_until("q quits")
        terminal.read_until("pinned")
        terminal.type(keys)
        assert terminal.end() == code
        assert is_restored(terminal)
        assert "Traceback" not in terminal.output
        assert "error" not in terminal.output


def test_a_signal_ends_the_view(tmp_path: Path) -> None:
    write_page(tmp_path)
    with Terminal(["top", str(tmp_path)], tmp_path) as terminal:
        terminal.read_until("q quits")
        terminal.process.terminate()
        assert terminal.end() == 130
        assert is_restored(terminal)


def test_the_view_follows_the_window_and_the_run(tmp_path: Path) -> None:
    page = write_page(tmp_path, positions=20)
    # A look every hour: only a change of the window's size draws anew.
    with Terminal(["top", str(tmp_path), "--every", "3600"], tmp_path, columns=80, rows=24) as terminal:
        first = terminal.read_until("pinned")
        assert "S19" not in first
        page.add(Counter.TICKS_TRADE, 1_234_567)
        page.set_gauge(Gauge.RUN_PHASE, RunPhase.COMPLETED)
        publish(page)
        terminal.resize(120, 60)
        second = terminal.read_until("pinned")
        assert "S19" in second
        assert "1,240,567" in second
        assert "COMPLETED" in second
        assert "MARKET_NO_PRICE" in second
        terminal.resize(30, 5)
        terminal.read_until("Strategy")
        terminal.type(b"q")
        assert terminal.end() == 0
        assert is_restored(terminal)


def test_a_page_that_is_cut_off_ends_the_view_with_its_name(tmp_path: Path) -> None:
    page = write_page(tmp_path)
    with Terminal(["top", str(tmp_path), "--every", "0.1"], tmp_path, columns=200) as terminal:
        terminal.read_until("q quits")
        os.truncate(page.path, 4_096)
        assert terminal.end() == 3
        assert is_restored(terminal)
        assert "was cut off to 4096 bytes" in terminal.output


@pytest.mark.parametrize(("variables", "has_colour"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_left_out_when_asked(tmp_path: Path, variables: dict[str, str], has_colour: bool) -> None:
    write_page(tmp_path)
    with Terminal(["top", str(tmp_path)], tmp_path, **variables) as terminal:
        terminal.read_until("pinned")
        terminal.type(b"q")
        assert terminal.end() == 0
        assert ("\x1b[32m" in terminal.output or "\x1b[1;32m" in terminal.output) is has_colour


def test_a_dumb_terminal_is_left_alone(tmp_path: Path) -> None:
    write_page(tmp_path)
    with Terminal(["top", str(tmp_path)], tmp_path, columns=200, TERM="dumb") as terminal:
        assert terminal.end() == 2
        assert "lean-live top --once" in terminal.output
        assert "\x1b" not in terminal.output
