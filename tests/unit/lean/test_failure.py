"""What the host writes down of the error that ended it: its kind, its place in the user's files, its traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from live.errors import AlgorithmError, AlgorithmRuntimeError, ConfigError, EnvironmentFault, LeanLiveError
from live.lean.failure import (
    FAILURE_FILE,
    HostFailure,
    failure_at_import,
    failure_in,
    read_failure,
    stuck_in,
    write_failure,
)

CODE = """
def raise_it(error):
    helper(error)

def helper(error):
    raise error

def call(function):
    function()

def wait():
    import sys
    return sys._getframe()
"""


def user_code(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return the algorithm's file, and what its code defines."""
    file = folder / "main.py"
    names: dict[str, Any] = {}
    exec(compile(CODE, str(file), "exec"), names)
    return file, names


def raised(function: Callable[..., Any], *arguments: Any) -> BaseException:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - of any kind
        function(*arguments)
    return caught.value


def test_an_error_of_the_user_s_code_has_its_innermost_place(tmp_path: Path) -> None:
    file, names = user_code(tmp_path)
    failure = failure_in("on_data", raised(names["raise_it"], ValueError("boom")), file)
    assert failure.kind == "AlgorithmRuntimeError"
    assert failure.message == f"on_data raised ValueError: boom ({file} line 6); correct it there"
    assert "in raise_it" in failure.traceback
    assert type(failure.error) is AlgorithmRuntimeError


def test_what_lies_elsewhere_is_not_the_user_s(tmp_path: Path) -> None:
    file, names = user_code(tmp_path)
    failure = failure_in("on_data", raised(names["call"], lambda: 1 / 0), file)
    assert f"({file} line 9)" in failure.message
    failure = failure_in("on_data", raised(lambda: 1 / 0), file)
    assert "(outside of the algorithm's files)" in failure.message


def test_arguments_that_do_not_fit_are_told_with_the_method_s_own_line(tmp_path: Path) -> None:
    file, names = user_code(tmp_path)
    failure = failure_in("on_data", raised(names["wait"], 1), file, names["wait"])
    assert f"({file} line 11)" in failure.message


@pytest.mark.parametrize("error", [EnvironmentFault("no such core"), ConfigError("no such symbol")])
def test_an_error_of_the_host_keeps_its_kind_and_words(tmp_path: Path, error: LeanLiveError) -> None:
    file, names = user_code(tmp_path)

    def host() -> None:
        raise error

    failure = failure_in("on_warmup_finished", raised(host), file)
    assert type(failure.error) is type(error)
    assert failure.message == str(error)
    # Through the user's code it is theirs.
    failure = failure_in("on_data", raised(names["raise_it"], error), file)
    assert type(failure.error) is AlgorithmRuntimeError
    assert f"({file} line 6)" in failure.message


def test_an_error_of_the_import(tmp_path: Path) -> None:
    file, names = user_code(tmp_path)
    failure = failure_at_import(raised(names["raise_it"], KeyError("x")), file)
    assert type(failure.error) is AlgorithmError
    assert failure.message.startswith(f"{file} line 6: KeyError: 'x'; ")
    assert failure_at_import(ConfigError("bad"), file).kind == "ConfigError"


def test_where_a_callback_is(tmp_path: Path) -> None:
    file, names = user_code(tmp_path)
    stuck = stuck_in("on_tick", names["wait"](), __file__, 10.0, file)
    assert stuck.message == f"on_tick has not returned for 10 seconds ({file} line 13)"
    assert "outside" in stuck_in("on_tick", sys._getframe(), "", 10.0, file).message
    assert stuck_in("on_tick", None, "", 10.0, file).traceback == ""


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_failure(tmp_path) is None
    failure = failure_in("on_data", ValueError("\udc80 \n ü"), tmp_path / "main.py")
    write_failure(failure, tmp_path)
    assert read_failure(tmp_path) == failure
    assert "\n" not in failure.message


def test_a_disk_that_is_full_does_not_hide_the_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / f"{FAILURE_FILE.removesuffix('.json')}.part").mkdir()
    write_failure(HostFailure("ConfigError", "the real one"), tmp_path)
    assert "it would say: the real one" in capfd.readouterr().err


def test_a_kind_of_a_later_version_is_still_an_error() -> None:
    assert type(HostFailure("NoSuchError", "x").error).__name__ == "EngineFailure"
    assert type(HostFailure("ExitCode", "x").error).__name__ == "EngineFailure"
