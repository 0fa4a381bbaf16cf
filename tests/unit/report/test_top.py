"""lean-live top: from a page to values, JSON, lines of a terminal, and the choice of a run."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from rich.text import Text
from support.pages import DATA_TIME_NS, POSITIONS, publish, write_page

from live.cli.main import run
from live.errors import DataError, UsageError
from live.hot.catalogue import ControlBit, Counter, FeedPhase, Gauge, PageText, RunPhase, Stage
from live.hot.histogram import HISTOGRAM_WORDS, Histogram
from live.hot.page_layout import Section
from live.hot.page_tables import PageTablesWriter
from live.hot.telemetry import TelemetryPage
from live.hot.telemetry_reader import TelemetryReader
from live.hot.telemetry_view import TelemetryView
from live.report.top.distribution import Distribution, distribution_of
from live.report.top.document import document_of
from live.report.top.history import LookHistory
from live.report.top.look import RunLook, look_at
from live.report.top.runs import find_runs, open_run
from live.report.top.screen import screen_lines, sparkline

RUN = "Strategy-20261121T120000Z"


def look(page: TelemetryPage) -> RunLook:
    return look_at(TelemetryView(page.path, expect_writer=False))


def seen(*looks: RunLook) -> LookHistory:
    history = LookHistory()
    for each in looks:
        history.add(each)
    return history


def plain(lines: list[Text]) -> str:
    return "\n".join(line.plain for line in lines)


# -- a look


def test_a_look_has_what_the_page_says(tmp_path: Path) -> None:
    found = look(write_page(tmp_path))
    assert (found.run, found.algorithm, found.state, found.mode) == (RUN, "Strategy", "running", "replay")
    assert (found.ticks, found.tick_count) == ({"trade": 1_000, "quote": 5_000}, 6_000)
    assert found.dropped == {"late": 2}
    assert found.orders == {"filled": 34}
    assert found.denials == {"MARKET_NO_PRICE": 1}
    assert found.account is not None
    assert found.account.data_time_ns == DATA_TIME_NS
    assert list(found.positions) == POSITIONS
    assert found.progress == 0.25
    assert found.pinned == {"strategy": True, "feeder": None}
    assert found.stages[Stage.TICK_TO_DECISION].summary().count == 3
    assert [each.latency_ns for each in found.slowest] == [9_000_000 - at for at in range(10)]
    assert found.feed is None
    assert not found.is_over


def test_a_feed_is_part_of_a_look(tmp_path: Path) -> None:
    found = look(write_page(tmp_path, has_feed=True))
    assert found.mode == "feed"
    assert found.progress is None
    assert found.feed is not None
    assert (found.feed.phase, found.feed.reason) == (FeedPhase.PAUSED, "gap: 7 ticks are missing")
    assert found.feed.faults == {"gap": 1}
    assert found.feed.counts == {"feed_ticks_missing_total": 7}
    assert found.feed.age_seconds is not None
    assert found.feed.age_seconds >= 3.0


def test_a_control_word_is_shown(tmp_path: Path) -> None:
    page = write_page(tmp_path)
    TelemetryReader(page.path).set_control(ControlBit.PAUSE | ControlBit.REDUCE_ONLY)
    assert "asked: pause, reduce only" in plain(screen_lines(seen(look(page)), 100, None))


def test_time_stands_still_when_a_run_is_over(tmp_path: Path) -> None:
    page = write_page(tmp_path)
    begun_seconds = look(page).begun_ns / 1e9
    publish(page, begun_seconds + 2.0)
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.FAILED)
    PageTablesWriter(page.records).write_text(PageText.REASON, "on_data raised ZeroDivisionError")
    found = look(page)
    assert found.elapsed_seconds == pytest.approx(2.0, abs=1e-3)
    assert (found.is_over, found.is_dead, found.state) == (True, False, "failed")
    assert "on_data raised ZeroDivisionError" in plain(screen_lines(seen(found), 80, 24))


def _write_and_die(folder: Path) -> None:
    write_page(folder)


def test_a_run_whose_process_is_gone_is_dead(tmp_path: Path) -> None:
    child = multiprocessing.get_context("spawn").Process(target=_write_and_die, args=(tmp_path,))
    child.start()
    child.join()
    found = look_at(TelemetryView(tmp_path / "telemetry.page", expect_writer=False))
    assert (found.is_dead, found.state, found.is_over) == (True, "dead", True)
    assert "the process is gone" in plain(screen_lines(seen(found), 80, 24))


@pytest.mark.parametrize("gauge", [Gauge.RUN_PHASE, Gauge.FEED_PHASE, Gauge.PUBLISHED, Gauge.SYMBOLS])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300])
def test_garbled_numbers_are_refused(tmp_path: Path, gauge: Gauge, value: float) -> None:
    page = write_page(tmp_path)
    page.set_gauge(gauge, value)
    with pytest.raises(DataError, match="garbled"):
        look(page)


def test_a_garbled_histogram_is_refused(tmp_path: Path) -> None:
    page = write_page(tmp_path)
    at = page.layout.begins[Section.HISTOGRAMS] + 3
    with page.path.open("r+b") as file:
        file.seek((at + Stage.TICK_TO_DECISION * HISTOGRAM_WORDS) * 8)
        file.write(b"\xff" * 8)
    with pytest.raises(DataError, match="garbled"):
        look(page)


# -- over time


def test_quantiles_are_those_of_the_histogram() -> None:
    histogram = Histogram()
    for value in (*range(1, 2_000, 7), 5_000_000, 77):
        histogram.record(value)
    summary = distribution_of(histogram).summary()
    assert summary.p50_ns == histogram.quantile(0.5)
    assert summary.p99_ns == histogram.quantile(0.99)
    assert summary.p999_ns == histogram.quantile(0.999)
    assert (summary.count, summary.max_ns) == (histogram.count, 5_000_000)


def test_what_came_between_two_looks() -> None:
    histogram = Histogram()
    histogram.record(1_000_000)
    before = distribution_of(histogram)
    assert distribution_of(histogram).since(before) == Distribution({}, 0)
    histogram.record(50)
    histogram.record(60)
    since = distribution_of(histogram).since(before).summary()
    assert (since.count, since.p50_ns, since.max_ns) == (2, 50, 60)
    histogram.record(3_000_000)
    assert distribution_of(histogram).since(before).summary().max_ns == 3_000_000


def test_rates_are_those_between_states_of_the_page(tmp_path: Path) -> None:
    page = write_page(tmp_path)
    begun_seconds = look(page).begun_ns / 1e9
    history = LookHistory()
    for at, ticks in ((1.0, 0), (1.0, 0), (2.0, 500), (2.0, 0), (4.0, 3_000)):
        page.add(Counter.TICKS_TRADE, ticks)
        publish(page, begun_seconds + at)
        history.add(look(page))
    assert list(history.rates) == pytest.approx([500.0, 1_500.0], rel=1e-3)
    assert history.rate == pytest.approx(1_500.0, rel=1e-3)
    assert history.whole_rate == pytest.approx(9_500 / 4, rel=1e-3)
    assert history.span_seconds == pytest.approx(3.0, abs=1e-3)


def test_latencies_of_the_last_seconds_forget_what_is_older(tmp_path: Path) -> None:
    page = write_page(tmp_path)
    begun_seconds = look(page).begun_ns / 1e9
    history = LookHistory()
    for at in range(40):
        page.histograms[Stage.TICK_TO_DECISION].record(10_000_000 if at < 20 else 100)
        publish(page, begun_seconds + at)
        history.add(look(page))
    recent = history.recent(Stage.TICK_TO_DECISION)
    assert recent is not None
    assert (recent.count, recent.max_ns) == (10, 100)
    assert history.recent(Stage.TICK_TO_ORDER) is not None


# -- shown


@pytest.mark.parametrize("width", [20, 60, 80, 100, 200])
@pytest.mark.parametrize("height", [1, 2, 12, 24, 50])
@pytest.mark.parametrize(("positions", "has_feed"), [(0, False), (2, True), (40, True)])
def test_lines_fit_the_terminal(tmp_path: Path, width: int, height: int, positions: int, has_feed: bool) -> None:
    history = seen(look(write_page(tmp_path, positions, has_feed)))
    lines = screen_lines(history, width, height, "q quits")
    assert len(lines) <= height
    assert all(line.cell_len <= width for line in lines)
    assert lines[0].plain.startswith("Strategy  RUNNING")


def test_a_terminal_of_80_by_24_shows_all_that_matters(tmp_path: Path) -> None:
    text = plain(screen_lines(seen(look(write_page(tmp_path, 40, has_feed=True))), 80, 24, "q quits"))
    for part in ("tick → decision", "tick → order", "GC pauses", "slowest", "100,076.25 USD", "+76.25", "40 held"):
        assert part in text
    for part in ("S0", "S1", "filled 34", "MARKET_NO_PRICE", "feed", "paused", "gap 1", "strategy pinned", "q quits"):
        assert part in text


def test_names_cannot_steer_the_terminal(tmp_path: Path) -> None:
    page = write_page(tmp_path)
    PageTablesWriter(page.records).write_text(PageText.ALGORITHM, "a\x1b[2Jb\nc")
    assert "\x1b" not in plain(screen_lines(seen(look(page)), 80, 24))


@pytest.mark.parametrize(
    ("values", "width", "expected"),
    [([], 5, ""), ([0.0, 0.0], 5, ""), ([1.0, 8.0], 5, "▁█"), ([0.0, 4.0, 8.0], 2, "▄█"), ([1.0], 0, "")],
)
def test_sparkline(values: list[float], width: int, expected: str) -> None:
    assert sparkline(values, width) == expected


def test_the_document_is_json_and_whole(tmp_path: Path) -> None:
    page = write_page(tmp_path, has_feed=True)
    PageTablesWriter(page.records).write_account(
        look(page).account._replace(equity=float("nan")),  # type: ignore[union-attr]
        [POSITIONS[0]._replace(market_price=float("inf"))],
    )
    document = orjson.loads(orjson.dumps(document_of(seen(look(page)))))
    assert document["version"] == 1
    assert document["state"] == "running"
    assert document["ticks"] == {"trade": 1_000, "quote": 5_000}
    assert document["ticks_per_second"] is None
    assert document["tick_to_decision"]["whole"]["count"] == 3
    assert document["tick_to_decision"]["recent"] is None
    assert document["account"]["equity"] is None
    assert document["positions"][0]["market_price"] is None
    assert document["positions"][0]["symbol"] == "IBM"
    assert document["feed"]["faults"] == {"gap": 1}
    slowest = document["slowest"][0]
    assert (slowest["gc_ns"], slowest["preemptions"], slowest["waited_ns"]) == (1_500, 3, 700)
    assert document["pinned"] == {"strategy": True, "feeder": None}


# -- the choice of a run


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a finished run, one that is going on, a newer finished one and a damaged page."""
    stamps = iter(range(1_000, 9_000, 1_000))
    monkeypatch.setattr("live.hot.telemetry.wall_ns", lambda: next(stamps) * 1_000_000_000)
    folder = tmp_path / "results"
    for name, phase in (
        ("A-1", RunPhase.COMPLETED),
        ("B-2.partial", RunPhase.RUNNING),
        ("C-3-failed", RunPhase.FAILED),
    ):
        page = write_page(folder / name, run=name)
        page.set_gauge(Gauge.RUN_PHASE, phase)
        page.close()
    (folder / "D-4.partial").mkdir()
    (folder / "D-4.partial" / "telemetry.page").write_bytes(b"no page")
    (folder / "latest").symlink_to("C-3-failed", target_is_directory=True)
    (folder / "object-store").mkdir()
    return folder


def test_the_newest_run_that_goes_on_is_chosen(results: Path) -> None:
    for named in (None, results):
        assert open_run(named, results).path.parent.name == "B-2.partial"


@pytest.mark.parametrize("named", ["B-2.partial", "B-2", "B-2-failed"])
def test_a_run_is_found_under_the_names_of_its_life(results: Path, named: str) -> None:
    assert open_run(Path(named), results).path.parent.name == "B-2.partial"
    assert open_run(results / named, Path("elsewhere")).path.parent.name == "B-2.partial"
    assert open_run(results / "B-2.partial" / "telemetry.page", results).path.name == "telemetry.page"


def test_runs_are_listed_newest_first(results: Path) -> None:
    runs = find_runs(results)
    states = [(each.folder.name, None if each.look is None else each.look.state) for each in runs]
    assert states == [("C-3-failed", "failed"), ("B-2.partial", "running"), ("A-1", "completed"), ("D-4.partial", None)]
    assert "no telemetry page" in runs[-1].fault


def test_without_a_run_the_message_names_the_remedy(results: Path) -> None:
    (results / "B-2.partial" / "telemetry.page").unlink()
    with pytest.raises(DataError, match=r"no run is going on in .*dry-run, or look at the last .*C-3-failed"):
        open_run(None, results)
    with pytest.raises(DataError, match="cannot read the folder of results"):
        open_run(None, results / "nowhere")
    with pytest.raises(UsageError, match="there is no run nothing"):
        open_run(Path("nothing"), results)


# -- the command


def test_one_document(results: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.cli.top.sleep", lambda seconds: None)
    assert run(["top", "--results", str(results), "--once", "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out)["algorithm"] == "Strategy"
    assert run(["top", "--results", str(results), "--once"]) == 0
    assert "tick → decision" in capsys.readouterr().out
    assert run(["top", "--results", str(results), "--list", "--json"]) == 0
    listed = orjson.loads(capsys.readouterr().out)
    assert [each["state"] for each in listed] == ["failed", "running", "completed", "unreadable"]
    assert run(["top", "--results", str(results), "--list"]) == 0
    assert "unreadable" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (["--json"], 2, "add --once"),
        ([], 2, "no terminal; print one view with lean-live top --once"),
        (["--every", "0"], 2, "--every"),
        (["D-4.partial", "--once"], 3, "is no telemetry page"),
        (["nowhere", "--once"], 2, "there is no run nowhere"),
    ],
)
def test_what_cannot_be_shown(results: Path, capsys: Any, words: list[str], code: int, part: str) -> None:
    assert run(["top", "--results", str(results), *words]) == code
    captured = capsys.readouterr()
    assert part in captured.out + captured.err


def test_a_dumb_terminal_is_told_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from live.report.top.terminal import check_terminal

    monkeypatch.setenv("TERM", "dumb")
    console: Any = SimpleNamespace(is_terminal=True, is_dumb_terminal=True)
    with pytest.raises(UsageError, match=r"TERM='dumb' has no full screen; print one view with lean-live top --once"):
        check_terminal(console)


@pytest.mark.parametrize("size", [0, 100, 600, 5_000])
def test_damaged_pages_are_named(results: Path, capsys: Any, size: int) -> None:
    path = results / "A-1" / "telemetry.page"
    path.write_bytes(path.read_bytes()[:size])
    assert run(["top", str(results / "A-1"), "--once"]) == 3
    assert "telemetry.page" in capsys.readouterr().err
