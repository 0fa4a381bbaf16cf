"""LEAN's log: the first error, without the engine's own words around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from live.lean.engine.engine_log import (
    engine_version,
    entries,
    first_error,
    has_ended,
    remedy_of,
    shortened,
    with_place,
)

LOG = """\
20260821 14:03:02.123 TRACE:: Engine.Main(): LEAN ALGORITHMIC TRADING ENGINE v2.5.0.0.17155 Mode: RELEASE (64bit) Host: h
20260821 14:03:03.500 ERROR:: Loader.TryCreatePythonAlgorithm(): Unable to import python module /x/main.py. \
AlgorithmPythonWrapper(): No module named 'foo'
  at <module>
    import foo
 in main.py: line 2
20260821 14:03:04.000 TRACE:: LiveTradingResultHandler.SendFinalResult(): Ended
"""


def test_messages_of_several_lines_stay_together() -> None:
    found = entries(LOG)
    assert [entry.level for entry in found] == ["TRACE", "ERROR", "TRACE"]
    assert found[1].text.endswith("in main.py: line 2")


def test_the_first_error_without_lean_s_words() -> None:
    assert first_error(LOG, "") == "No module named 'foo' at <module> import foo in main.py: line 2"


def test_the_end_of_a_run_that_was_asked_to_end_is_no_error() -> None:
    ends = (
        "20260821 14:03:03.000 ERROR:: AlgorithmManager.Run(): Algorithm state changed to Stopped at 08/21/2026 14:03:03\n"
        "20260821 14:03:03.000 ERROR:: AlgorithmManager.Run(): CancellationRequestion at 08/21/2026 14:03:03\n"
    )
    assert first_error(ends, "") is None
    assert first_error(ends + "20260821 14:03:04.000 ERROR:: the disk is full\n", "") == "the disk is full"


def test_an_engine_that_cannot_start_says_so_on_its_output() -> None:
    output = "Unhandled exception. System.DllNotFoundException: Could not load libpython3.11.so.\n   at X()\n"
    assert first_error("", output) == "System.DllNotFoundException: Could not load libpython3.11.so."
    assert first_error("", "nothing") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Runtime Error: boom Stack Trace: boom", "boom"),
        ("Algorithm.Initialize() Error: a\nb", "a b"),
        ("plain", "plain"),
        ("no such key\n   at QuantConnect.Data.Slice.get_Item(Symbol symbol)\n   at X.Y()", "no such key"),
        (
            "boom\n  at on_data\n    raise ValueError('boom')\n in main.py: line 9",
            "boom at on_data raise ValueError('boom') in main.py: line 9",
        ),
    ],
)
def test_shortened(text: str, expected: str) -> None:
    assert shortened(text) == expected


def test_long_messages_are_cut() -> None:
    assert len(shortened("x" * 5_000)) == 600


def test_pandas_that_is_missing_is_told_with_its_remedy() -> None:
    # LEAN tells no more of it than that the class that imports it could not be set up.
    text = "The type initializer for 'QuantConnect.Python.PandasConverter' threw an exception."
    assert "python3.11 -m pip install pandas" in remedy_of(text)
    assert remedy_of("No module named 'foo'") == ""


def test_end_and_version() -> None:
    assert has_ended(LOG)
    assert not has_ended("20260821 14:03:04.000 TRACE:: something")
    assert engine_version(LOG) == "2.5.0.0.17155"
    assert engine_version("") is None


STACK = (
    "Runtime Error: In Scheduled Event 'X', ValueError : boom at noon\n"
    "  at tick\n    self.fall()\n in main.py: line 12\n"
    "  at fall\n    raise ValueError('look at me')\n in main.py: line 17\n"
    "  at loads\n    return decode()\n in decoder.py: line 3\n"
)


def test_lean_s_stack_becomes_the_innermost_place_in_the_algorithm_s_folder(tmp_path: Path) -> None:
    (tmp_path / "main.py").touch()
    said = f"In Scheduled Event 'X', ValueError : boom at noon ({tmp_path / 'main.py'} line 17)"
    assert with_place(STACK, tmp_path) == said
    assert with_place(f"{STACK} Stack Trace: {STACK}", tmp_path) == said


def test_a_stack_in_one_line_and_one_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "main.py").touch()
    line = "ValueError : boom at on_data self.fall() in main.py: line 12 at fall raise it in main.py: line 17"
    assert with_place(line, tmp_path) == f"ValueError : boom ({tmp_path / 'main.py'} line 17)"
    assert with_place("boom\n  at f\n    x\n in other.py: line 2\n", tmp_path) == "boom (other.py line 2)"
    assert with_place("Runtime Error: no stack", tmp_path) == "no stack"
