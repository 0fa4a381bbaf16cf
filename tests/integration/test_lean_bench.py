"""`lean-live bench --engine lean` end to end against the stand-in launcher."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from support import lean_engine
from support.lean_engine import OPTIONS

from live.bench import lean_rows
from live.bench.lean_plan import EngineTimes, GapTimes
from live.bench.lean_rows import PROFILE, STOCK, Variant, rows, variants
from live.bench.lean_runner import EngineBenchmark, _of_gap, run_variant
from live.bench.progress import SilentBench
from live.bench.rows import select
from live.cli.main import run
from live.config import LeanSettings
from live.errors import EngineFailure, ExitCode
from live.feeds.sample_reference import write_reference
from live.hot.catalogue import Counter, Stage
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import TelemetryView


@pytest.fixture(autouse=True)
def _interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in lean_engine.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lean_rows, "_QUICK_TICKS", {1: 100, 10: 10, 50: 4, 200: 2})
    monkeypatch.setattr(lean_rows, "_QUICK_WARM_UP", 20)
    monkeypatch.setattr(lean_rows, "_ORDER_EVERY", {1: 20, 10: 5, 50: 2, 200: 1})


COMPARED = [f"compared-{gap}ms" for gap in (1, 10, 50, 200)]


@pytest.mark.usefixtures("_short")
def test_stock_against_profile(capsys: Any, tmp_path: Path) -> None:
    (tmp_path / "live.toml").write_text("[lean]\nrehearsal_seconds = 0\n", encoding="utf-8")
    words = ["bench", *OPTIONS, "--quick", "--json", "--no-progress", *COMPARED, "profile-run", "stock-1ms"]
    assert run([*words, "--config", str(tmp_path / "live.toml")]) == ExitCode.OK
    report = json.loads(capsys.readouterr().out)
    found = {row["name"]: row for row in report["rows"]}
    assert {row["failure"] for row in found.values()} == {None}
    assert set(found) == {
        "compared-1ms",
        "compared-10ms",
        "compared-50ms",
        "compared-200ms",
        "profile-run",
        "stock-1ms",
    }
    stock = {metric["name"]: metric["value"] for metric in found["stock-1ms"]["metrics"]}
    assert {"decision_p50", "decision_p99", "order_p50", "submitted_p50", "event_p50"} <= stock.keys()
    # A hundred samples say nothing about one in a thousand.
    assert "decision_p999" not in stock
    assert (found["stock-1ms"]["sent"], found["stock-1ms"]["handled"]) == (100, 100)
    run_row = {metric["name"] for metric in found["profile-run"]["metrics"]}
    assert {f"instrumentation_{name}" for name in lean_rows.INSTRUMENTATION} <= run_row
    assert {"dotnet_pause", "python_collections_2"} <= run_row
    ratios = {metric["name"]: metric["unit"] for metric in found["compared-1ms"]["metrics"]}
    assert ratios["decision_p50"] == "times"


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize(("mode", "through_lane"), [("inline", 0), ("lane", 1)])
def test_orders_of_an_attached_run_take_the_gate_and_the_lane(
    tmp_path: Path, mode: Literal["inline", "lane"], through_lane: int
) -> None:
    settings = LeanSettings(mode=mode, rehearsal_seconds=0.0)
    variant = Variant("profile", "", True, settings, gaps_ms=(10,))
    write_reference(tmp_path / "data")
    found = run_variant(lean_engine.home(), tmp_path / "data", variant, tmp_path / "run", True)
    page = TelemetryView(tmp_path / "run" / PAGE_NAME, expect_writer=False)
    # One order in twenty of the warm-up, and one in five of the phase.
    assert page.histogram(Stage.TICK_TO_ORDER).count == 3
    assert page.counter(Counter.ORDERS_UNGATED) == 0
    assert found.lane_submissions == 3 * through_lane
    (gap,) = found.gaps
    assert len(gap.order) == len(gap.submitted) == len(gap.event) == 2


@pytest.mark.usefixtures("_short")
def test_as_it_comes_an_order_is_submitted_when_its_call_returns(tmp_path: Path) -> None:
    variant = Variant(STOCK, "", False, LeanSettings(), gaps_ms=(10,))
    write_reference(tmp_path / "data")
    found = run_variant(lean_engine.home(), tmp_path / "data", variant, tmp_path / "run", True)
    assert found.gaps[0].submitted == found.gaps[0].order != []


@pytest.mark.usefixtures("_short")
def test_an_analytics_load_beside_the_engine_and_in_it(capsys: Any) -> None:
    words = ["bench", *OPTIONS, "--quick", "--json", "--no-progress", "load-sidecar-1ms", "load-stock-1ms"]
    assert run(words) == ExitCode.OK
    report = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["failure"]) for row in report["rows"]] == [
        ("load-stock-1ms", None),
        ("load-sidecar-1ms", None),
    ]


def test_every_setting_of_the_profile_is_left_out_once() -> None:
    names = {each.name for each in variants(LeanSettings(loop_core=1), is_quick=False)}
    assert {"without-no-tiered-compilation", "without-workstation-gc", "without-quiet-log"} <= names
    assert {"without-keep-warm", "without-frozen-gc", "without-pinning", "with-lane"} <= names
    assert "with-inline" in {each.name for each in variants(LeanSettings(mode="lane"), is_quick=False)}
    all_rows = rows(variants(LeanSettings(), is_quick=True))
    assert len({row.name for row in all_rows}) == len(all_rows)


def times(decision_ns: int, submitted: bool = True) -> EngineTimes:
    orders = [decision_ns * 2] * 100
    gap = GapTimes(1.0, 100, 100, 0, [1] * 100, [decision_ns] * 100, orders, orders if submitted else [], orders)
    return EngineTimes([gap], [1, 0, 0, 5_000, 2, 1, 0], {"calm_mean": 2_000.0})


class Runs:
    """Stands in for runs of the engine."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.fails: str | None = None

    def __call__(self, home: Any, data: Path, variant: Any, folder: Path, is_quick: bool) -> EngineTimes:
        self.names.append(variant.name)
        if variant.name == self.fails:
            raise EngineFailure("the engine hung")
        return times(1_000 if variant.name == STOCK else 250, submitted=variant.name == STOCK)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Runs:
    runs = Runs()
    monkeypatch.setattr("live.bench.lean_runner.run_variant", runs)
    return runs


def measure(*names: str) -> dict[str, Any]:
    every = variants(LeanSettings(), is_quick=False)
    chosen = select(rows(every), names)
    report = EngineBenchmark(lean_engine.home(), Path(), every, chosen, False, SilentBench()).run()
    return {row.name: row for row in report.rows}


def test_stock_and_profile_run_in_turn(engine: Runs) -> None:
    found = measure("compared-1ms")
    assert engine.names == [STOCK, PROFILE] * 3
    row = found["compared-1ms"]
    assert row.rounds == 3
    ratio = next(metric for metric in row.metrics if metric.name == "decision_p50")
    assert (ratio.value, ratio.low, ratio.high, ratio.better) == (4.0, 4.0, 4.0, "higher")
    # Submissions that could not be matched with orders give no figure.
    assert not any(metric.name.startswith("submitted") for metric in row.metrics)


def test_a_variant_that_fails_leaves_the_others(engine: Runs) -> None:
    engine.fails = PROFILE
    found = measure("stock-1ms", "profile-1ms", "compared-1ms")
    assert found["stock-1ms"].metrics
    assert found["profile-1ms"].failure == "the engine hung"
    assert found["compared-1ms"].failure == "the engine hung"
    assert engine.names == [STOCK, PROFILE, STOCK, STOCK]


def test_submissions_are_judged_where_orders_go_through_the_lane(engine: Runs) -> None:
    found = measure("compared-50ms", "compared-lane-50ms", "compared-load-50ms")
    assert engine.names == [STOCK, PROFILE, "load-sidecar", "with-lane"] * 3
    assert set(found) == set()
    specs = {row.name: row for row in rows(variants(LeanSettings(), is_quick=False))}
    budgets = {
        name: {metric.name: metric.budget.bound for metric in specs[name].metrics if metric.budget is not None}
        for name in ("compared-50ms", "compared-lane-50ms", "compared-load-50ms")
    }
    assert budgets["compared-50ms"] == {}
    assert budgets["compared-lane-50ms"] == {"submitted_p50": 3.5, "submitted_p99": 2.5}
    assert budgets["compared-load-50ms"] == {"decision_p99": 1.3}
    laned = {row.name: row for row in rows(variants(LeanSettings(mode="lane"), is_quick=False))}
    assert "compared-lane-50ms" not in laned
    judged = {metric.name for metric in laned["compared-50ms"].metrics if metric.budget is not None}
    assert judged == {"submitted_p50", "submitted_p99"}


def test_analytics_beside_the_engine_are_compared_with_none(engine: Runs) -> None:
    row = measure("compared-load-1ms")["compared-load-1ms"]
    assert engine.names == [PROFILE, "load-sidecar"] * 3
    ratio = next(metric for metric in row.metrics if metric.name == "decision_p99")
    assert (ratio.value, ratio.better, ratio.is_reached) == (1.0, "lower", True)


def test_a_quantile_is_the_nearest_rank_and_not_the_largest() -> None:
    samples = list(range(1, 101))
    gap = GapTimes(1.0, 100, 100, 0, samples, samples, samples, samples, samples)
    values = _of_gap(EngineTimes([gap], [0] * 7), 1).values
    assert (values["decision_p50"], values["decision_p99"], values["decision_max"]) == (50, 99, 100)


def test_orders_that_cannot_be_matched_are_told(engine: Runs) -> None:
    assert "could not be matched" in measure("profile-1ms")["profile-1ms"].notes[0]


@pytest.mark.parametrize("words", [["--config", "x.toml"], [*OPTIONS, "--peer", "vnpy"], [*OPTIONS, "replay"]])
def test_options_that_contradict_one_another(capsys: Any, words: list[str]) -> None:
    assert run(["bench", "--json", *words]) == ExitCode.USAGE
    capsys.readouterr()


@pytest.mark.parametrize("verb", [["bench", "--quick", "compared-1ms"], ["doctor"]])
def test_a_data_folder_without_lean_s_databases_starts_no_engine(capsys: Any, tmp_path: Path, verb: list[str]) -> None:
    code = run([*verb, *OPTIONS, "--json", "--data-folder", str(tmp_path)])
    assert code == ExitCode.ENVIRONMENT
    assert "market-hours/market-hours-database.json" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_settings_that_the_host_refuses_start_no_engine(capsys: Any, tmp_path: Path) -> None:
    settings = tmp_path / "mine.toml"
    settings.write_text('[lean]\ndummy_symbol = "XX"\n', encoding="utf-8")
    assert run(["bench", *OPTIONS, "--quick", "--json", "--config", str(settings)]) == ExitCode.BAD_INPUT
    message = json.loads(capsys.readouterr().out)["error"]["message"]
    assert message.startswith(f"dummy_symbol in [lean] of {settings} is 'XX'")


def test_an_engine_that_fails_is_told_without_files_that_are_gone(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.bench.lean_runner._STOCK_ENTRY", "raise ValueError('broken')\n")
    assert run(["bench", *OPTIONS, "--quick", "--json", "--no-progress", "stock-1ms"]) == ExitCode.RUN_FAILED
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert "ValueError: broken" in row["failure"]
    assert "; see " not in row["failure"]
