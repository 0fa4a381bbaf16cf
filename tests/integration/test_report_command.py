"""The verb `report`, and the reports that dry runs write by themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.run_folders import EVENTS, run_folder

from live.cli.main import run
from live.config import Config, RunSettings
from live.errors import AlgorithmRuntimeError, ExitCode
from live.paper.run_model import DryRunRequest
from live.report import html
from live.report.dry_run import run_dry
from live.report.progress import SilentProgress
from live.report.run_files import RunFiles

STRATEGY = """
from AlgorithmImports import *

class Strategy(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 7)
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol
        self.calls = 0

    def on_data(self, data):
        self.calls += 1
        if self.calls in (8_000, 12_000):
            self.market_order(self.ibm, 100 if self.calls == 8_000 else -100)
        if self.calls == FAILS_AT:
            raise ValueError("on purpose")
"""


def dry_run(tmp_path: Path, fails_at: int = 0, report: bool = True) -> Path:
    """Run the strategy on the sample session; return the run's folder."""
    algorithm = tmp_path / "main.py"
    algorithm.write_text(STRATEGY.replace("FAILS_AT", str(fails_at)))
    results = tmp_path / "results"
    config = Config(run=RunSettings(report=report))
    run_dry(DryRunRequest(algorithm, results, config=config, working_folder=tmp_path), SilentProgress())
    return results / "latest"


def test_a_dry_run_keeps_its_latency_and_prices_and_writes_a_report(tmp_path: Path) -> None:
    folder = dry_run(tmp_path)
    files = RunFiles(folder)
    decisions = files.histograms["tick_to_decision"]
    assert files.missing == []
    assert sum(window.decisions for window in files.latency.windows) == decisions.count > 10_000
    assert files.latency.worst[0].took_ns == decisions.max
    assert {step.symbol for step in files.latency.worst} <= {"IBM", None}
    assert all(step.kind in ("slice", "step") for step in files.latency.worst)
    assert files.latency.began_ns > 0
    (ibm,) = files.symbols.symbols
    assert [quantity for _, quantity in ibm.position][:3] == [0.0, 100.0, 0.0]
    fills = [event for event in files.events if event.status == "filled"]
    prices = dict(ibm.price)
    assert all(prices[event.time_ns] == event.fill_price for event in fills)
    assert files.histograms["order_ack"].count == files.histograms["tick_to_order"].count == 2
    assert files.histograms["tick_to_strategy"].count == files.histograms["decision"].count >= decisions.count // 16
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_failed_run_has_a_report_too(tmp_path: Path) -> None:
    with pytest.raises(AlgorithmRuntimeError, match="on purpose"):
        dry_run(tmp_path, fails_at=10_000)
    folder = (tmp_path / "results" / "latest").resolve()
    assert folder.name.endswith("-failed")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<strong>Failed.</strong>" in page
    assert "ValueError: on purpose" in page


def test_a_run_that_failed_before_its_first_step_has_a_report(tmp_path: Path) -> None:
    algorithm = tmp_path / "main.py"
    algorithm.write_text(STRATEGY.replace("self.calls = 0", "raise ValueError('early')"))
    with pytest.raises(AlgorithmRuntimeError, match="early"):
        run_dry(DryRunRequest(algorithm, tmp_path / "results", working_folder=tmp_path), SilentProgress())
    assert "No decision was measured." in (tmp_path / "results" / "latest" / "report.html").read_text(encoding="utf-8")


def test_reports_can_be_turned_off(tmp_path: Path) -> None:
    assert not (dry_run(tmp_path, report=False) / "report.html").exists()


def test_a_report_that_cannot_be_written_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(html, "plotly_js", html.plotly_js.__wrapped__)
    algorithm = tmp_path / "main.py"
    algorithm.write_text(STRATEGY.replace("FAILS_AT", "0"))
    request = DryRunRequest(algorithm, tmp_path / "results", working_folder=tmp_path)
    result = run_dry(request, SilentProgress())
    assert any("there is no report.html: reports need the package plotly" in each for each in result.warnings)
    assert (tmp_path / "results" / "latest" / "summary.json").exists()


@pytest.mark.parametrize("fails_at", [0, 9_000])
def test_a_defect_in_a_report_leaves_the_run_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("no\nsteps")

    monkeypatch.setattr("live.report.run_page.equity_figure", fails)
    algorithm = tmp_path / "main.py"
    algorithm.write_text(STRATEGY.replace("FAILS_AT", str(fails_at)))
    request = DryRunRequest(algorithm, tmp_path / "results", working_folder=tmp_path)
    if fails_at:
        with pytest.raises(AlgorithmRuntimeError, match="on purpose") as caught:
            run_dry(request, SilentProgress())
        said = caught.value.__notes__
    else:
        said = list(run_dry(request, SilentProgress()).warnings)
    folder = (tmp_path / "results" / "latest").resolve()
    (complaint,) = (each for each in said if "report" in each and "there is no" in each)
    assert complaint.startswith(
        "there is no report.html: ZeroDivisionError: no steps; make it later: lean-live report "
    )
    assert complaint.endswith(folder.name)
    assert (folder / "summary.json").exists()


def test_the_report_of_the_latest_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = run_folder(tmp_path / "results")
    (tmp_path / "results" / "latest").symlink_to(folder.name)
    assert run(["report"]) == ExitCode.OK
    assert (folder / "report.html").exists()
    assert "Good. Completed in 2.50 s" in capsys.readouterr().out
    assert run(["report", "--json", "--output", "own.html"]) == ExitCode.OK
    (found,) = json.loads(capsys.readouterr().out)["reports"]
    assert (found["verdict"], found["report"]) == ("good", "own.html")
    assert (tmp_path / "own.html").exists()


def test_several_reports_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [run_folder(tmp_path, name=f"Run-{number}") for number in range(2)]
    assert run(["report", *map(str, folders)]) == ExitCode.OK
    assert all((folder / "report.html").exists() for folder in folders)


def test_a_comparison(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = run_folder(tmp_path, name="One[red]")
    other = run_folder(tmp_path, name="Other", events=EVENTS[:2], summary={"order_events": {"count": 2, "sha256": "1"}})
    assert run(["report", str(one), str(other), "--compare"]) == ExitCode.OK
    printed = capsys.readouterr().out
    assert f"A  {one}" in printed
    assert "B: after 2 equal order events, it ends where A goes on: event 3 of order 1" in printed
    assert (tmp_path / "comparison.html").exists()
    assert run(["report", str(one), str(other), "--compare", "--json", "--output", str(tmp_path / "c.html")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["order_events"][0]["equal_before"] == 2
    assert found["report"] == str(tmp_path / "c.html")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["nothing"], ExitCode.USAGE, "there is no run folder nothing; name a folder of the results"),
        (["run", "--compare"], ExitCode.USAGE, "takes 2 to 6 runs, not 1"),
        (["run", "run", "--output", "x.html"], ExitCode.USAGE, "--output takes one run"),
        (["run", "--output", "none/x.html"], ExitCode.USAGE, "there is no folder none; make it first"),
        (["run", "--output", "run"], ExitCode.USAGE, "is a folder; name a file"),
        (["damaged"], ExitCode.BAD_INPUT, "damaged/summary.json is damaged"),
    ],
)
def test_errors_name_the_file_and_the_remedy(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: ExitCode,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    run_folder(tmp_path, name="run")
    (run_folder(tmp_path, name="damaged") / "summary.json").write_bytes(b"{}")
    assert run(["report", *words]) == code
    assert message in capsys.readouterr().err
