"""How actions of a run end, whatever is raised in them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from live.errors import (
    AlgorithmRuntimeError,
    CallbackTimeout,
    DataError,
    EnvironmentFault,
    Halt,
    LeanLiveError,
    RunInterrupted,
    one_line,
)
from live.paper.stray_errors import outcome_of, report_stray_errors


def raising(error: BaseException, file: str | None = None) -> Callable[[], None]:
    """Return an action that raises, in a file of the user's when one is named."""
    code = compile("def act():\n    raise error\n", file or "<ours>", "exec")
    names: dict[str, object] = {"error": error}
    exec(code, names)
    action = names["act"]
    assert callable(action)
    return action


def test_a_halt_gives_what_it_carries() -> None:
    carried = CallbackTimeout("too long")
    assert outcome_of(raising(Halt(carried))) is carried


def test_errors_of_the_tree_stay() -> None:
    error = DataError("damaged")
    assert outcome_of(raising(error)) is error
    assert outcome_of(lambda: None) is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (KeyboardInterrupt(), RunInterrupted),
        (SystemExit(3), AlgorithmRuntimeError),
        (GeneratorExit(), AlgorithmRuntimeError),
        (ValueError("x"), AlgorithmRuntimeError),
        (MemoryError(), AlgorithmRuntimeError),
    ],
)
def test_what_the_users_code_raised(error: BaseException, kind: type[LeanLiveError], tmp_path: Path) -> None:
    outcome = outcome_of(raising(error, str(tmp_path / "main.py")))
    assert isinstance(outcome, kind)
    if kind is AlgorithmRuntimeError:
        assert "main.py line 2" in str(outcome)
        assert outcome.__cause__ is error


def test_too_little_memory_of_ours_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.paper.stray_errors.users_place", lambda error: None)
    assert isinstance(outcome_of(raising(MemoryError())), EnvironmentFault)
    defect = ValueError("ours")
    assert outcome_of(raising(defect)) is defect


def test_the_hooks_are_given_back() -> None:
    before = threading.excepthook
    lines: list[str] = []
    with report_stray_errors(lines.append):
        thread = threading.Thread(target=raising(ValueError("x")), name="worker")
        thread.start()
        thread.join()
    assert threading.excepthook is before
    assert len(lines) == 1
    assert lines[0].startswith("thread worker raised ValueError: x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\n  b\r\nc", "a b c"), ("\x1b[2J", "\\x1b[2J"), ("\ud800", "\\ud800"), ("ünï €", "ünï €"), ("\n\n", "")],
)
def test_messages_are_one_printable_line(text: str, expected: str) -> None:
    assert one_line(text) == expected
