"""A run against the objectives, by its telemetry page."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from support.pages import write_page

from live.cli.main import run
from live.hot.catalogue import Counter, Gauge, RunPhase, Stage
from live.hot.denials import DenialCode
from live.hot.telemetry import create_page
from live.hot.telemetry_view import TelemetryView
from live.slo.compliance import Compliance, State, compliance_of
from live.slo.loader import load_slo, parse_slo

MS = 1_000_000
RUN = "Strategy-20261121T120000Z"


def found(view: TelemetryView, text: str = "") -> dict[str, Compliance]:
    slo = parse_slo(text, "slo.toml") if text else load_slo(None)
    return {each.objective: each for each in compliance_of(slo, view, RUN)}


def latency(minimum: int = 1, threshold: float = 1.0) -> str:
    return f"""
        [[objective]]
        name = "decision"
        description = "d"
        indicator = {{ kind = "latency", metric = "tick_to_decision_seconds", threshold_ms = {threshold} }}
        objective = 99
        minimum_events = {minimum}
    """


@pytest.mark.parametrize(("bad", "state"), [(0, State.MET), (2, State.MET), (3, State.MISSED)])
def test_latency_is_counted_exactly_at_its_bound(tmp_path: Path, bad: int, state: State) -> None:
    page = create_page(tmp_path / "telemetry.page", "r", "1", {Stage.TICK_TO_DECISION: (MS,)}, ring_capacity=8)
    for at in range(200):
        page.histograms[Stage.TICK_TO_DECISION].record(MS + 1 if at < bad else MS)
    judged = found(TelemetryView(page.path), latency())["decision"]
    assert judged == Compliance("decision", state, 200, bad)
    assert judged.good_percent == pytest.approx(100 - bad / 2)


def test_latency_of_another_threshold_is_about_right_and_says_so(tmp_path: Path) -> None:
    page = create_page(tmp_path / "telemetry.page", "r", "1", ring_capacity=8)
    for value in (1, 999_000, MS, MS + 1, 1_020_000, 2 * MS, 5_000 * MS):
        page.histograms[Stage.TICK_TO_DECISION].record(value)
    judged = found(TelemetryView(page.path), latency())["decision"]
    assert judged == Compliance("decision", State.MISSED, 7, 3, is_exact=False)


def test_few_events_are_not_judged(tmp_path: Path) -> None:
    page = create_page(tmp_path / "telemetry.page", "r", "1", {Stage.TICK_TO_DECISION: (MS,)}, ring_capacity=8)
    page.histograms[Stage.TICK_TO_DECISION].record(5 * MS)
    judged = found(TelemetryView(page.path), latency(minimum=2))["decision"]
    assert judged == Compliance("decision", State.TOO_FEW, 1, 1)
    page = create_page(tmp_path / "other.page", "r", "1", ring_capacity=8)
    assert found(TelemetryView(page.path), latency())["decision"].good_percent is None


def test_ratio_of_counters(tmp_path: Path) -> None:
    page = create_page(tmp_path / "telemetry.page", "r", "1", ring_capacity=8)
    page.add(Counter.FEED_TICKS, 99_990)
    page.add(Counter.FEED_TICKS_MISSING, 10)
    view = TelemetryView(page.path)
    assert found(view)["ticks-missing"] == Compliance("ticks-missing", State.MET, 100_000, 10)
    page.add(Counter.FEED_TICKS_MISSING, 1)
    assert found(view)["ticks-missing"].state is State.MISSED


def test_ratio_with_labels_and_denials(tmp_path: Path) -> None:
    text = """
        [[objective]]
        name = "orders"
        description = "d"
        objective = 50
        severity = ["ticket"]
        [objective.indicator]
        kind = "ratio"
        bad = [
            { metric = "orders_total", labels = { status = "invalid" } },
            { metric = "order_denials_total", labels = { code = "MARKET_NO_PRICE" } },
        ]
        total = [
            { metric = "orders_total", labels = { status = ["submitted", "invalid"] } },
            { metric = "order_denials_total" },
        ]
    """
    page = create_page(tmp_path / "telemetry.page", "r", "1", ring_capacity=8)
    page.add(Counter.ORDERS_SUBMITTED, 10)
    page.add(Counter.ORDERS_FILLED, 10)
    page.add(Counter.ORDERS_INVALID, 2)
    page.add_denials(DenialCode.MARKET_NO_PRICE, 3)
    page.add_denials(DenialCode.KILL_SWITCH_ENGAGED, 4)
    assert found(TelemetryView(page.path), text)["orders"] == Compliance("orders", State.MET, 19, 5)


def test_events_are_missed_by_one_and_unknown_when_the_page_does_not_tell(tmp_path: Path) -> None:
    page = create_page(tmp_path / "telemetry.page", "r", "1", ring_capacity=8)
    view = TelemetryView(page.path)
    judged = found(view)
    assert judged["dropped-ticks"].state is State.MET
    assert judged["feed-silent"].state is State.UNKNOWN
    assert judged["sidecar-down"].state is State.UNKNOWN
    assert judged["clock-step"].state is State.UNKNOWN
    page.add(Counter.TICKS_DROPPED_SUSPICIOUS, 5)
    assert found(view)["dropped-ticks"].state is State.MET
    page.add(Counter.TICKS_DROPPED_LATE, 1)
    page.add(Counter.FEED_FAULTS_CLOCK_STEP, 1)
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.FAILED)
    judged = found(view)
    assert judged["dropped-ticks"] == Compliance("dropped-ticks", State.MISSED, None, 1)
    assert judged["clock-step"].state is State.MISSED
    assert judged["run-died"].state is State.MISSED


LABELLED = """
[[objective]]
name = "decision"
description = "d"
indicator = {{ kind = "latency", metric = "tick_to_decision_seconds", labels = {{ {labels} }}, threshold_ms = 1 }}
objective = 99

[[objective]]
name = "filled"
description = "d"
indicator = {{ kind = "ratio", bad = [{{ metric = "orders_total", labels = {{ status = "invalid", {labels} }} }}], \
total = [{{ metric = "orders_total" }}] }}
objective = 99

[[objective]]
name = "dropped"
description = "d"
severity = ["page"]
indicator = {{ kind = "incident", when = [{{ metric = "ticks_dropped_total", labels = {{ {labels} }}, grows_within = "5m" }}] }}
"""


@pytest.mark.parametrize(
    ("labels", "states", "bad_orders"),
    [
        ('algorithm = "Strategy"', ["missed", "missed", "missed"], 3),
        (f'run = ["another", "{RUN}"]', ["missed", "missed", "missed"], 3),
        ('algorithm = "Other"', ["of other runs", "met", "of other runs"], 0),
        ('run = "another"', ["of other runs", "met", "of other runs"], 0),
        (f'run = "{RUN}", algorithm = "Other"', ["of other runs", "met", "of other runs"], 0),
        ('instance = "127.0.0.1:9109"', ["needs Prometheus"] * 3, None),
    ],
)
def test_objectives_of_other_runs_and_algorithms_are_not_judged_by_this_one(
    tmp_path: Path, labels: str, states: list[str], bad_orders: int | None
) -> None:
    page = write_page(tmp_path / f"{RUN}.partial", run=RUN)
    page.histograms[Stage.TICK_TO_DECISION].record(5 * MS)
    page.add(Counter.ORDERS_INVALID, 3)
    judged = found(TelemetryView(page.path), LABELLED.format(labels=labels))
    assert [each.state.value for each in judged.values()] == states
    assert judged["filled"].bad == bad_orders


# -- the commands


def run_slo(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run(["slo", *words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_check_prints_the_objectives(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run_slo(capsys, "check")
    assert (code, err) == (0, "")
    assert "tick-to-decision" in out
    assert "over 2.786% bad in 1h and 5m" in out
    assert "83.6 min" in out


def test_check_gives_its_document(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run_slo(capsys, "check", "--json")
    assert (code, err) == (0, "")
    document = orjson.loads(out)
    first = document["objectives"][0]
    assert document["run"] is None
    assert first["budget_session_minutes"] == 83.57
    assert first["alerts"][0] == {
        "severity": "page",
        "long_window": "1h",
        "short_window": "5m",
        "burn_factor": 2.7857,
        "error_ratio_above": 0.027857,
        "minimum_events": [200, 17],
        "budget_share": 0.02,
        "budget_share_session_minutes": 1.67,
        "detection_seconds": 100.3,
    }
    down = next(each for each in document["objectives"] if each["name"] == "feed-down")
    assert down["alerts"] == [{"severity": "page", "lasting_seconds": 30.0}]
    assert all("compliance" not in each for each in document["objectives"])


def test_check_refuses_what_can_never_fire(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "slo.toml"
    path.write_text(latency().replace("99", "50"))
    code, out, err = run_slo(capsys, "check", str(path))
    assert code == 3
    assert "can never fire" in out
    assert "can never fire" in err
    code, out, err = run_slo(capsys, "check", str(path), "--json")
    assert (code, err) == (3, "")
    assert "2.7857 * 0.5" in orjson.loads(out)["objectives"][0]["refusals"][0]
    code, _out, err = run_slo(capsys, "build", str(path), "--output", str(tmp_path / "out"))
    assert code == 3
    assert not (tmp_path / "out").exists()


def test_check_compares_with_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "results" / "Strategy-20261121T120000Z.partial"
    write_page(folder)
    code, out, err = run_slo(capsys, "check", "--run", str(folder))
    assert (code, err) == (5, "")
    assert "Run Strategy-20261121T120000Z, since it began:" in out
    code, out, err = run_slo(capsys, "check", "--run", folder.name, "--results", str(folder.parent), "--json")
    assert (code, err) == (5, "")
    document = orjson.loads(out)
    states = {each["name"]: each["compliance"]["state"] for each in document["objectives"]}
    assert states["dropped-ticks"] == "missed"
    assert states["tick-to-decision"] == "too few events"
    assert states["feed-freshness"] == "needs Prometheus"


def test_check_of_a_run_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _out, err = run_slo(capsys, "check", "--run", "nothing", "--results", str(tmp_path / "results"))
    assert code == 2
    assert err.startswith("error: there is no run nothing")


def test_build_writes_says_what_it_wrote_and_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "deploy"
    code, out, err = run_slo(capsys, "build", "--output", str(folder), "--check")
    assert (code, err) == (5, "")
    assert out.count("would change ") == 6
    assert not folder.exists()
    code, out, _err = run_slo(capsys, "build", "--output", str(folder), "--json")
    assert code == 0
    assert len(orjson.loads(out)["changed"]) == 6
    code, out, _err = run_slo(capsys, "build", "--output", str(folder), "--check")
    assert (code, out) == (0, f"all 5 files in {folder} are up to date\n")


def test_build_into_a_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deploy").write_text("a file")
    code, _out, err = run_slo(capsys, "build", "--output", str(tmp_path / "deploy"))
    assert code in (2, 4)
    assert err.startswith("error: ")


def test_slo_toml_of_the_working_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "slo.toml").write_text(latency(minimum=1_000))
    monkeypatch.chdir(tmp_path)
    code, out, _err = run_slo(capsys, "check", "--json")
    assert code == 0
    document = orjson.loads(out)
    assert (document["file"], [each["name"] for each in document["objectives"]]) == ("slo.toml", ["decision"])
