"""`lean-live bench` from the outside: the shape of its report, its gate, its interruption. No time is judged."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from live.bench.model import Report
from live.bench.rows import rows

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = "from live.cli.main import main; main()"


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start the command in a folder without data, with a folder of its own for temporary files."""
    (folder / "temporary").mkdir(exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "temporary")}
    environment.pop("LEAN_DATA", None)
    return subprocess.Popen(
        [sys.executable, "-P", "-c", RUN, "bench", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def bench(folder: Path, *words: str) -> tuple[int, str, str]:
    process = started(folder, *words)
    answer, complaint = process.communicate(timeout=600)
    return process.returncode, answer, complaint


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("bench")
    code, answer, complaint = bench(folder, "--quick", "--json", "--output", "report.json")
    assert code == 0, complaint
    assert not list((folder / "temporary").iterdir())
    return folder, json.loads(answer)


def test_a_quick_run_measures_every_row(quick: tuple[Path, dict[str, Any]]) -> None:
    _, content = quick
    report = msgspec.convert(content, Report)
    assert (report.schema, report.is_interrupted, report.comparison, report.peers) == (1, False, None, [])
    assert (report.head.is_sample, report.head.is_quick) == (True, True)
    specs = {spec.name: spec for spec in rows(is_quick=True)}
    assert [row.name for row in report.rows] == list(specs)
    for row in report.rows:
        if row.failure is not None:
            # This machine may have no C compiler; nothing else may be missing.
            assert (row.name, row.failure_code) == ("allocations", 4)
            continue
        assert [each.name for each in row.metrics] == [each.name for each in specs[row.name].metrics]
        assert row.samples > 0
        for metric in row.metrics:
            assert metric.low <= metric.value <= metric.high
            assert (metric.normalised is not None) is (metric.unit in ("ns", "s", "ticks/s"))
        if row.sent is not None:
            runs = 2 * row.parameters["pairs"] if "pairs" in row.parameters else 1
            assert row.handled == row.sent == row.samples == runs * row.parameters["ticks"]
            assert row.late is not None
            assert 0 <= row.late <= row.sent


def test_the_stored_report_is_the_printed_one(quick: tuple[Path, dict[str, Any]]) -> None:
    folder, content = quick
    assert json.loads((folder / "report.json").read_text(encoding="utf-8")) == content


def test_a_gate_ends_with_5_when_something_became_worse(quick: tuple[Path, dict[str, Any]]) -> None:
    folder, content = quick
    words = ("--quick", "symbols-1", "--threshold", "1000", "--json", "--compare")
    code, answer, complaint = bench(folder, *words, "report.json")
    assert code == 0, complaint
    assert not any(metric["is_breach"] for metric in json.loads(answer)["comparison"]["metrics"])
    row = next(row for row in content["rows"] if row["name"] == "symbols-1")
    row["metrics"][0]["normalised"] /= 1e6
    (folder / "faster.json").write_text(json.dumps(content), encoding="utf-8")
    code, answer, complaint = bench(folder, *words, "faster.json")
    assert code == 5, complaint
    breached = [metric["metric"] for metric in json.loads(answer)["comparison"]["metrics"] if metric["is_breach"]]
    assert breached == ["tick_ns"]


def test_the_report_for_people_names_conditions_and_budgets(tmp_path: Path) -> None:
    code, answer, _ = bench(tmp_path, "--quick", "start-help", "allocations", "--no-progress")
    assert code == 0
    for word in ("machine ", "build ", "data ", "start-help: ", "at most 200 ms: ", "2 samples", "pinned"):
        assert word in answer


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_with_what_was_measured(tmp_path: Path, number: signal.Signals) -> None:
    process = started(tmp_path, "start-python", "cold-live-200ms", "--json")
    assert process.stderr is not None
    # The rows are measured in the order of the table: the cold one, some 20 s long, comes first.
    assert process.stderr.readline().startswith("1/")
    process.send_signal(number)
    answer, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    report = msgspec.convert(json.loads(answer), Report)
    assert report.is_interrupted
    assert report.rows == []
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("nothing",), 2, "names no row; there are: replay-live"),
        (("--output", "no/folder.json"), 2, "there is no folder no"),
        (("--compare", "none.json"), 3, "cannot read baseline none.json"),
        (("--threshold", "0.5"), 2, "--threshold"),
        (("--data-folder", "none"), 3, "none is not a folder"),
    ],
)
def test_wrong_use_is_one_line(tmp_path: Path, words: tuple[str, ...], code: int, message: str) -> None:
    found, answer, complaint = bench(tmp_path, *words)
    assert (found, answer) == (code, "")
    assert message in complaint
    assert complaint.count("\n") == 1
