"""Every golden of the real LEAN engine: order events, final state and probes."""

from __future__ import annotations

from pathlib import Path

import pytest
from comparison import differences, load_expected
from support.data import lean_data_folder
from support.runs import outcome, run_file

HERE = Path(__file__).parent
GOLDENS = sorted(path.stem for path in (HERE / "expected").glob("*.json"))


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(name: str, tmp_path: Path) -> None:
    folder = lean_data_folder()
    if folder is None:
        pytest.skip("no LEAN data folder was found: set LEAN_DATA or put one at ./data")
    expected = load_expected(HERE / "expected" / f"{name}.json")
    run, sink = run_file(HERE / "algorithms" / f"{name}.py", folder, tmp_path)
    assert not differences(expected, outcome(run, sink))
    assert sink.progress[-1][0] == sink.progress[-1][1] > 0


def test_there_are_goldens() -> None:
    assert len(GOLDENS) >= 26
