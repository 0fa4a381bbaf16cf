"""What the sidecar exports of hand-made pages."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from support.pages import change_header, write_page
from support.sidecars import Rendering, values_of

from live.errors import UsageError
from live.hot.catalogue import (
    FEED_AGE,
    METRIC_PREFIX,
    WATCHDOG_METRICS,
    Counter,
    FeedPhase,
    Gauge,
    Metric,
    MetricKind,
    PageText,
    RunPhase,
    Stage,
)
from live.hot.page_layout import HeaderWord
from live.hot.page_tables import AccountRecord, PageTablesWriter, PositionRow
from live.hot.telemetry import TelemetryPage
from live.sidecar.attached import AttachedRun
from live.sidecar.exporter import check_names, exported_metrics
from live.sidecar.parts import Runs
from live.sidecar.samples import Sample

RUN = "Strategy-20261121T120000Z"
EXPECTED = Path(__file__).parent / "expected" / "exposition.txt"
_OF_THE_MOMENT = re.compile(
    r"^(lean_live_(?:cpu_s|context_switches|page_faults|threads|page_age|published|feed_age|feed_price_age|feed_received_t)"
    r"[a-z_]*(?:\{.*\})?) .*$",
    re.MULTILINE,
)


def attach(folder: Path, positions: int = 2, has_feed: bool = False) -> tuple[TelemetryPage, AttachedRun]:
    page = write_page(folder / f"{RUN}.partial", positions, has_feed)
    return page, AttachedRun(page.path, 100)


def one(text: str, name: str, *labels: str) -> float:
    found = [
        value
        for key, value in values_of(text).items()
        if key.partition("{")[0] == f"lean_live_{name}" and all(label in key for label in labels)
    ]
    assert len(found) == 1, found
    return found[0]


class Piece:
    """A piece of the sidecar with metrics of its own."""

    name = "piece"

    def __init__(self, declared: tuple[Metric, ...], samples: Iterable[Sample] = (), error: Exception | None = None):
        self.declared = declared
        self._samples = list(samples)
        self._error = error

    async def run(self, runs: Runs) -> None:
        raise NotImplementedError

    def metrics(self, run: AttachedRun) -> Iterable[Sample]:
        yield from self._samples
        if self._error is not None:
            raise self._error

    def own_metrics(self) -> Iterable[Sample]:
        return ()


def test_the_exposition_of_a_fixed_page_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Steal is told by core, and every machine has this one.
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0})
    page, run = attach(tmp_path, has_feed=True)
    page.name_feed(0, "IBM")
    page.stamp_feed(0, 1_795_262_400_000_000_000, 6_000, 1_795_262_399_000_000_000)
    text = _OF_THE_MOMENT.sub(r"\1 <of the moment>", Rendering([run]).text())
    # Set after a change that is meant; then look at the difference.
    if os.environ.get("LEAN_LIVE_WRITE_EXPECTED"):
        EXPECTED.write_text(text, encoding="utf-8")
    assert text == EXPECTED.read_text(encoding="utf-8")


def test_everything_that_a_page_holds_is_exported(tmp_path: Path) -> None:
    _page, run = attach(tmp_path)
    names = {key.partition("{")[0] for key in values_of(Rendering([run]).text())}
    wanted = {member.metric.full_name for member in Counter} | {f"{member.metric.full_name}_count" for member in Stage}
    assert wanted <= names
    # Those of an instant that has not come, and of cores that are not configured, are left out.
    assert {member.metric.full_name for member in Gauge} - names == {"lean_live_feed_received_timestamp_seconds"}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_has_nothing_to_say(tmp_path: Path) -> None:
    _page, run = attach(tmp_path, has_feed=True)
    text = Rendering([run]).text()
    outcome = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")


def test_durations_of_the_page_become_seconds(tmp_path: Path) -> None:
    page, run = attach(tmp_path)
    page.add(Counter.HISTORY_NANOSECONDS, 1_500_000_000)
    text = Rendering([run]).text()
    assert one(text, "history_seconds_total") == 1.5
    assert one(text, "tick_to_decision_seconds_sum") == pytest.approx(0.000503)
    assert one(text, "tick_to_decision_seconds_bucket", 'le="2.047e-06"') == 2
    assert one(text, "tick_to_decision_seconds_bucket", 'le="+Inf"') == 3


def test_the_feed_of_a_run_that_has_ended_has_ended(tmp_path: Path) -> None:
    page, run = attach(tmp_path, has_feed=True)
    for phase in (FeedPhase.RUNNING, FeedPhase.HALTED, FeedPhase.NONE):
        page.set_gauge(Gauge.FEED_PHASE, phase)
        page.set_gauge(Gauge.RUN_PHASE, RunPhase.RUNNING)
        assert one(Rendering([run]).text(), "feed_phase") == phase
        page.set_gauge(Gauge.RUN_PHASE, RunPhase.COMPLETED)
        ended = FeedPhase.ENDED if phase is FeedPhase.RUNNING else phase
        assert one(Rendering([run]).text(), "feed_phase") == ended


def test_a_value_that_is_not_known_is_left_out(tmp_path: Path) -> None:
    _page, run = attach(tmp_path)
    text = Rendering([run]).text()
    assert not any(math.isnan(value) for value in values_of(text).values())
    assert one(text, "cpu_affinity_ok", 'thread="strategy"') == 1
    assert 'thread="feeder"' not in text


def test_two_runs_are_one_family_with_two_labels(tmp_path: Path) -> None:
    _page, first = attach(tmp_path)
    other = write_page(tmp_path / "Other-20261121T120000Z-failed", run="Other-20261121T120000Z")
    text = Rendering([first, AttachedRun(other.path, 10)]).text()
    assert text.count("# TYPE lean_live_steps_total counter") == 1
    assert one(text, "steps_total", f'run="{RUN}"') == one(text, "steps_total", 'run="Other-20261121T120000Z"')


def test_symbols_without_a_name_are_one(tmp_path: Path) -> None:
    page, run = attach(tmp_path)
    page.name_feed(0, "IBM")
    text = Rendering([run]).text()
    assert one(text, "position_quantity") == -100.0
    assert one(text, "position_unrealized_profit", 'symbol="IBM"') == -75.0
    assert one(text, "position_unrealized_profit", 'symbol="other"') == 0.1875
    assert "BTCUSD" not in text
    assert one(text, "feed_symbol_ticks_total", 'symbol="IBM"') == 0


def test_positions_of_many_symbols_are_two_lines_at_most(tmp_path: Path) -> None:
    _page, run = attach(tmp_path, positions=32)
    text = Rendering([run]).text()
    assert one(text, "position_unrealized_profit") == 32 * -75.0
    assert "position_quantity{" not in text


@pytest.mark.parametrize("quantities", [(math.inf, -math.inf), (1.7e308, 1.7e308)])
def test_quantities_of_one_ticker_may_be_any_numbers(tmp_path: Path, quantities: tuple[float, float]) -> None:
    page, run = attach(tmp_path)
    page.name_feed(0, "IBM")
    account = AccountRecord(2, 0, 0, 1.0, 1.0, 0.0, "USD")
    PageTablesWriter(page.records).write_account(
        account, [PositionRow("IBM", each, 1.0, 1.0, 0.0) for each in quantities]
    )
    text = Rendering([run]).text()
    assert one(text, "positions") == 2
    assert one(text, "equity") == 1.0


def test_a_label_may_hold_anything(tmp_path: Path) -> None:
    folder = tmp_path / 'a "name"\n\\ of \udcff.partial'
    page = write_page(folder, run="odd")
    PageTablesWriter(page.records).write_text(PageText.ALGORITHM, 'Odd"\\')
    text = Rendering([AttachedRun(page.path, 10)]).text()
    assert 'algorithm="Odd\\"\\\\"' in text
    assert 'run="a \\"name\\"\\n\\\\ of \\\\udcff"' in text


def test_exemplars_are_in_their_buckets(tmp_path: Path) -> None:
    page, run = attach(tmp_path)
    for rank in range(10):
        page.histograms[Stage.TICK_TO_DECISION].record(9_000_000 - rank)
    text = Rendering([run]).text(is_open_metrics=True)
    assert text.endswith("# EOF\n")
    found = []
    for family in text_string_to_metric_families(text):
        low = 0.0
        for sample in family.samples:
            if sample.exemplar is not None:
                assert low < sample.exemplar.value <= float(sample.labels["le"])
                found.append(dict(sample.exemplar.labels))
            low = float(sample.labels.get("le", 0))
    assert found == [{"symbol": "IBM", "data_time": "2013-10-07T13:30:00.000000Z"}]
    assert " # " not in Rendering([run]).text()


def test_a_dead_run_is_told_from_one_that_has_ended(tmp_path: Path) -> None:
    page, run = attach(tmp_path)
    assert one(Rendering([run]).text(), "run_alive") == 1
    change_header(page, HeaderWord.WRITER_START, lambda start: start + 1)
    dead = Rendering([run]).text()
    assert one(dead, "run_alive") == 0
    assert "lean_live_threads" not in dead
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.COMPLETED)
    ended = Rendering([run]).text()
    assert "lean_live_run_alive{" not in ended
    assert "lean_live_page_age_seconds{" not in ended


def test_a_garbled_page_costs_its_own_run_only(tmp_path: Path) -> None:
    garbled, first = attach(tmp_path)
    other = write_page(tmp_path / "Other-20261121T120000Z")
    garbled.set_gauge(Gauge.RUN_PHASE, 1e300)
    rendering = Rendering([first, AttachedRun(other.path, 10)])
    text = rendering.text()
    assert f'run="{RUN}"' not in text
    assert one(text, "steps_total", 'run="Other-20261121T120000Z"') == 0
    assert len(rendering.faults) == 1
    assert "garbled" in rendering.faults[0]


def test_a_page_that_was_cut_off_is_not_read(tmp_path: Path) -> None:
    page, run = attach(tmp_path)
    os.truncate(page.path, 4_096)
    rendering = Rendering([run])
    assert "lean_live_steps_total{" not in rendering.text()
    assert "was cut off" in rendering.faults[0]


def test_a_piece_that_raises_costs_its_own_samples_only(tmp_path: Path) -> None:
    _page, run = attach(tmp_path)
    bad = Piece(WATCHDOG_METRICS, [Sample(FEED_AGE, 1, ("IBM",))], ZeroDivisionError("of a user's"))
    good = Piece(WATCHDOG_METRICS, [Sample(WATCHDOG_METRICS[1], 1, ("IBM",))])
    rendering = Rendering([run], [bad, good])
    text = rendering.text()
    assert one(text, "feed_silent", 'symbol="IBM"') == 1
    assert one(text, "steps_total") == 0
    assert rendering.failures == ["of a user's"]


def test_equal_labels_come_once(tmp_path: Path) -> None:
    _page, run = attach(tmp_path)
    silent = WATCHDOG_METRICS[1]
    text = Rendering([run], [Piece((silent,), [Sample(silent, 1, ("A",)), Sample(silent, 0, ("A",))])]).text()
    assert one(text, "feed_silent") == 1


# -- names


@pytest.mark.parametrize(
    ("clash", "told"),
    [
        (Metric("symbols", (), "Other symbols."), "two metrics are called lean_live_symbols"),
        (Metric("symbols", (), Gauge.SYMBOLS.metric.help, MetricKind.COUNTER), "two metrics are called"),
        (Metric("symbols", (), Gauge.SYMBOLS.metric.help, label_names=("of",)), "with labels"),
        (Metric("events", (), "A gauge with a counter's name."), "two metrics are called lean_live_events"),
        (Metric("gc_pause_seconds_count", (), "Pauses."), "lean_live_gc_pause_seconds_count has a name"),
    ],
)
def test_a_clash_of_names_is_an_error_at_the_start(clash: Metric, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Rendering([], [Piece((clash,))]).text()


def test_the_catalogue_has_no_clash() -> None:
    metrics = list(exported_metrics([]))
    check_names(metrics)
    assert all(metric.full_name.startswith(METRIC_PREFIX) for metric in metrics)
