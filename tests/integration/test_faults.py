"""Faults of the user's code: one clear line, the right exit code, results up to that moment, on_end_of_algorithm called."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from support.commands import Ended, algorithm, dry_run, line_of, write_tiny

THEN = "if self.calls == 20: "
FEE = """
class Broken(FeeModel):
    def get_order_fee(self, parameters):
        sys.exit(7)
"""
RAISES = {
    "on_data": (algorithm(THEN + "1 / 0"), "on_data raised ZeroDivisionError: division by zero", "1 / 0", 2),
    "initialize": (algorithm(initialize="1 / 0"), "initialize raised ZeroDivisionError", "1 / 0", 0),
    "on_order_event": (
        algorithm(body="def on_order_event(self, event):\n    1 / 0"),
        "on_order_event raised ZeroDivisionError",
        "1 / 0",
        1,
    ),
    "scheduled": (
        algorithm(
            initialize="self.schedule.on(self.date_rules.every_day(), self.time_rules.at(10, 0), self.later)",
            body="def later(self):\n    1 / 0",
        ),
        "scheduled event 'EveryDay: 10' at 2013-10-07 14:00:00 UTC raised ZeroDivisionError",
        "1 / 0",
        2,
    ),
    "consolidator": (
        algorithm(
            initialize="self.consolidate(self.ibm, timedelta(minutes=30), self.later)",
            body="def later(self, bar):\n    1 / 0",
        ),
        "consolidator raised ZeroDivisionError",
        "1 / 0",
        2,
    ),
    "indicator": (
        algorithm(
            initialize="self.average = self.ema(self.ibm, 20)\nself.average.updated += self.later",
            body="def later(self, sender, point):\n    if self.calls > 19: 1 / 0",
        ),
        "raised ZeroDivisionError",
        "1 / 0",
        2,
    ),
    "initializer": (
        algorithm(initialize="self.set_security_initializer(lambda security: 1 / 0)\nself.add_equity('SPY')"),
        "initializer raised ZeroDivisionError",
        "1 / 0",
        0,
    ),
    "recursion": (
        algorithm(THEN + "self.deeper()", body="def deeper(self):\n    return self.deeper()"),
        "on_data raised RecursionError",
        "return self.deeper",
        2,
    ),
    "memory": (algorithm(THEN + "'x' * (1 << 60)"), "on_data ran out of memory", "1 << 60", 2),
    "sys.exit": (algorithm(THEN + "sys.exit(0)", head="import sys"), "on_data called sys.exit(0)", "sys.exit(0)", 2),
    "sys.exit in a scheduled event": (
        algorithm(
            head="import sys",
            initialize="self.schedule.on(self.date_rules.every_day(), self.time_rules.at(10, 0), self.later)",
            body="def later(self):\n    sys.exit()",
        ),
        "called sys.exit()",
        "sys.exit()",
        2,
    ),
    "sys.exit in a model": (
        algorithm(head="import sys\n" + FEE, initialize="self.securities[self.ibm].set_fee_model(Broken())"),
        "called sys.exit(7)",
        "sys.exit(7)",
        0,
    ),
    "GeneratorExit": (algorithm(THEN + "raise GeneratorExit"), "on_data raised GeneratorExit", "raise Gen", 2),
    "own BaseException": (
        algorithm(THEN + "raise Odd('x')", head="class Odd(BaseException): pass"),
        "on_data raised Odd: x",
        "raise Odd",
        2,
    ),
    "late import": (
        algorithm(THEN + "import not_there_at_all"),
        "on_data imports 'not_there_at_all', which is not there",
        "import not_there",
        2,
    ),
    "wrong argument": (
        algorithm(THEN + "self.market_order('ZZZ', 1)"),
        "'ZZZ' was not added to the algorithm; add it in initialize",
        "'ZZZ'",
        2,
    ),
    "library": (
        algorithm(THEN + "json.loads('{')", head="import json"),
        "on_data raised JSONDecodeError",
        "json.loads",
        2,
    ),
    "signature": (
        algorithm(body="def on_order_event(self):\n    pass"),
        "on_order_event raised TypeError",
        "def on_order_event",
        1,
    ),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("data"))


def check_failed(ended: Ended, text: str, part: str, code: int = 1) -> None:
    """Check what every failure of a run has in common."""
    assert ended.code == code
    assert ended.lines[0].startswith("error: ")
    assert part in ended.lines[0]
    assert ended.lines[-1] == f"results until then: {ended.folder}"
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert ended.folder.name.endswith("-failed")
    summary = ended.summary
    assert summary["state"] == "failed"
    assert f"error: {summary['error']['message']}" == ended.lines[0]
    assert summary["error"]["exit_code"] == code
    assert summary["order_events"]["count"] == len(ended.events)
    for name in ("histograms.json", "series.json", "failure.txt"):
        assert (ended.folder / name).stat().st_size > 0
    assert summary["results_folder"] == str(ended.folder)
    assert not list(ended.folder.glob(".*"))


@pytest.mark.parametrize(("text", "part", "place", "events"), RAISES.values(), ids=RAISES.keys())
def test_what_the_users_code_raises(
    text: str, part: str, place: str, events: int, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = dry_run(text, data, tmp_path, capsys)
    check_failed(ended, text, part)
    assert len(ended.lines) == 2
    assert f"({tmp_path / 'main.py'} line {line_of(text, place)})" in ended.lines[0]
    assert "PROBE the end" in ended.log
    assert len(ended.events) == events


def test_on_end_of_algorithm_raises(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = algorithm(on_end="1 / 0")
    ended = dry_run(text, data, tmp_path, capsys)
    check_failed(ended, text, "on_end_of_algorithm raised ZeroDivisionError")
    assert len(ended.events) == 2


def test_the_first_of_two_errors_is_the_error(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = algorithm(THEN + "[][1]", on_end="1 / 0")
    ended = dry_run(text, data, tmp_path, capsys)
    check_failed(ended, text, "on_data raised IndexError")
    assert ended.lines[1].startswith("then: on_end_of_algorithm raised ZeroDivisionError")
    assert ended.summary["error"]["notes"][0] == ended.lines[1]


def test_errors_that_initialize_leads_to_are_in_the_log_only(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = dry_run(algorithm(initialize="1 / 0\nself.average = 0", on_end="self.average"), data, tmp_path, capsys)
    check_failed(ended, "", "initialize raised ZeroDivisionError")
    assert len(ended.lines) == 2
    assert "ERROR on_end_of_algorithm raised AttributeError" in ended.log


def test_a_traceback_is_shown_only_when_asked_for(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = dry_run(algorithm(THEN + "1 / 0"), data, tmp_path, capsys, "--traceback")
    assert "Traceback (most recent call last)" in ended.err
    assert "ZeroDivisionError" in ended.err
    assert "Traceback (most recent call last)" in (ended.folder / "failure.txt").read_text(encoding="utf-8")


def test_json_of_a_failure(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = algorithm(THEN + "print('noise'); 1 / 0")
    ended = dry_run(text, data, tmp_path, capsys, "--json")
    error = orjson.loads(ended.out)["error"]
    assert (ended.code, error["exit_code"], error["type"]) == (1, 1, "AlgorithmRuntimeError")
    assert "on_data raised ZeroDivisionError" in error["message"]
    assert str(ended.folder) in error["notes"][-1]
    assert ended.err == "noise\n"


def test_json_of_a_success(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = dry_run(algorithm("if self.calls < 3: print('noise')"), data, tmp_path, capsys, "--json")
    assert ended.code == 0
    assert orjson.loads(ended.out) == ended.summary
    assert (ended.summary["state"], ended.summary["error"], ended.err) == ("completed", None, "noise\nnoise\n")


def test_a_message_cannot_steer_the_terminal(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = algorithm(THEN + r"raise ValueError('one\ntwo\rthree \x1b[31mred \ud800')")
    ended = dry_run(text, data, tmp_path, capsys)
    check_failed(ended, text, r"ValueError: one two three \x1b[31mred \ud800")
    assert len(ended.lines) == 2


def test_text_that_utf_8_cannot_hold(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = algorithm(
        r"""
        if self.calls == 20:
            self.log("h\u00e9llo \ud800")
            self.set_runtime_statistic("name\ud800", "[bold]value\ud800\x1b[2J")
            self.plot("chart\ud800", "series\ud800", float("nan"))
            self.market_order(self.ibm, 1, tag="tag\ud800")
            self.quit("enough\ud800")
        """
    )
    ended = dry_run(text, data, tmp_path, capsys)
    assert ended.code == 0, ended.err
    assert "h\u00e9llo \\ud800" in ended.log
    assert ended.summary["statistics"] == {"name\\ud800": "[bold]value\\ud800\x1b[2J"}
    assert "\x1b" not in ended.out
    assert "[bold]value" in ended.out
    assert len(ended.events) == 4


def test_a_warning_is_seen(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = algorithm()
    text = first + first.replace("class Strategy", "class Second").replace("from AlgorithmImports import *", "")
    ended = dry_run(text, data, tmp_path, capsys)
    warning = (
        "main.py defines several algorithms: Strategy runs, the last one by name, as in LEAN; --class chooses Second"
    )
    assert (ended.code, ended.lines) == (0, [f"warning: {warning}"])
    assert ended.summary["warnings"] == [warning]
    assert warning in ended.log


def test_errors_of_threads_and_finalizers_are_warnings(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = algorithm(
        """
        if self.calls == 20:
            worker = threading.Thread(target=self.work, name="worker")
            worker.start()
            worker.join()
            Fragile()
        """,
        head="import threading\nclass Fragile:\n    def __del__(self): [][1]",
        body="def work(self):\n    1 / 0",
    )
    ended = dry_run(text, data, tmp_path, capsys)
    assert ended.code == 0
    assert [line.partition(" raised ")[0] for line in ended.lines] == [
        "warning: thread worker",
        "warning: Fragile.__del__",
    ]
    assert f"line {line_of(text, '1 / 0')}" in ended.lines[0]
    assert all(line.removeprefix("warning: ") in ended.log for line in ended.lines)


def test_a_strategy_may_change_the_working_folder(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    text = algorithm(
        f"if self.calls == 20: os.chdir({str(tmp_path / 'elsewhere')!r}); self.object_store.save('key', 'x')",
        head="import os",
    )
    (tmp_path / "main.py").write_text(text, encoding="utf-8")
    ended = dry_run(text, data, tmp_path, capsys)
    assert ended.code == 0, ended.err
    assert (tmp_path / "results" / "object-store" / "key").read_text(encoding="utf-8") == "x"
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(
    ("on_data", "place"),
    [
        ("while True: pass", "while True"),
        ("while True:\n        try: self.x = 1\n        except Exception: pass", "self.x = 1"),
        (
            "while True:\n        try:\n            while True: self.x = 1\n        except: pass",
            "while True: self.x",
        ),
        ("time.sleep(1e6)", "time.sleep"),
    ],
    ids=["plain", "except Exception", "except", "sleep"],
)
def test_an_endless_loop(
    on_data: str, place: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "live.toml").write_text("[run]\nwatchdog_seconds = 0.5\n", encoding="utf-8")
    text = algorithm(f"if self.calls == 20:\n    {on_data}", head="import time")
    ended = dry_run(text, data, tmp_path, capsys)
    check_failed(ended, text, "did not come back within 0.5 seconds")
    # A signal is seen at the end of a loop's turn, or in it.
    lines = range(line_of(text, "if self.calls == 20"), line_of(text, place) + 1)
    assert any(f"main.py line {number})" in ended.lines[0] for number in lines)
    assert "watchdog_seconds in [run]" in ended.lines[0]
    assert "PROBE the end" in ended.log
    assert len(ended.events) == 2


@pytest.mark.parametrize("where", ["initialize", "on_end", "head"])
def test_an_endless_loop_elsewhere(where: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "live.toml").write_text("[run]\nwatchdog_seconds = 0.5\n", encoding="utf-8")
    ended = dry_run(algorithm(**{where: "while True: pass"}), data, tmp_path, capsys)
    assert ended.code == 1
    assert "did not come back within 0.5 seconds" in ended.lines[0]
    assert "main.py line" in ended.lines[0]


def test_orders_before_the_warm_up_ends(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = algorithm(
        initialize="self.set_warm_up(timedelta(minutes=10))\nself.log(f'PROBE {self.market_order(self.ibm, 1).status}')"
    )
    ended = dry_run(text, data, tmp_path, capsys)
    assert ended.code == 0
    assert not any(event["quantity"] == 1 for event in ended.events)
    assert ended.lines[0].startswith("warning: This operation is not allowed in initialize or during warm up")
    assert len(ended.lines) == 1


def test_many_errors_in_the_log_are_counted(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = dry_run(algorithm("self.error(f'bad {self.calls // 2}')"), data, tmp_path, capsys)
    assert ended.lines[:2] == ["warning: bad 0", "warning: bad 1"]
    assert ended.lines[20:] == ["warning: and 351 more lines with errors in log.txt"]


def test_days_without_data_are_named(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = algorithm(initialize="self.set_end_date(2013, 10, 10)")
    ended = dry_run(text, data, tmp_path, capsys)
    missing = data / "equity/usa/minute/ibm/20131008_trade.zip"
    warning = f"IBM has no minute data of 2013-10-08 and 2 later trading days: {missing} is missing; put the file there"
    assert ended.code == 0
    assert len(ended.lines) == 1
    assert ended.lines[0].startswith(f"warning: {warning}")
    assert warning in ended.log
    assert ended.summary["warnings"] == [ended.lines[0].removeprefix("warning: ")]


LOADING = {
    "syntax": ("class A(QCAlgorithm:\n", "main.py line 1: "),
    "no class": ("x = 1\n", "main.py defines no algorithm; write a class"),
    "empty": ("", "main.py is empty; write a class"),
    "raises": ("1 / 0\n", "main.py line 1: ZeroDivisionError"),
    "exits": ("raise SystemExit(3)\n", "main.py line 1: SystemExit: 3"),
    "missing module": (
        "import not_there_at_all\n",
        "main.py line 1: module 'not_there_at_all' is not there; put not_there_at_all.py beside main.py, "
        "install it (pip install not_there_at_all)",
    ),
    "null": ("x = 1\n\0\n", "main.py line 2: the file holds a null byte"),
    "relative import": ("from . import helper\n", "main.py line 1: a relative import"),
    "no dates": ("from AlgorithmImports import *\nclass Strategy(QCAlgorithm): pass\n", "set_start_date"),
    "coroutine": (
        algorithm(body="async def on_order_event(self, event):\n    pass"),
        "on_order_event is a coroutine or a generator",
    ),
    "generator": (algorithm("yield"), "on_data is a coroutine or a generator"),
    "constructor": (
        "from AlgorithmImports import *\nclass Strategy(QCAlgorithm):\n    def __init__(self, x): pass\n",
        "__init__ raised TypeError",
    ),
}


@pytest.mark.parametrize(("text", "part"), LOADING.values(), ids=LOADING.keys())
def test_files_that_are_no_algorithm(
    text: str, part: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = dry_run(text, data, tmp_path, capsys)
    assert ended.code == (1 if "__init__" in part else 3)
    assert part in ended.lines[0]
    assert str(tmp_path / "main.py") in ended.lines[0]
    assert "Traceback" not in ended.err


def test_a_helper_whose_name_is_taken(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "json.py").write_text("VALUE = 1\n", encoding="utf-8")
    warning = "warning: json.py: `import json` gives another module, which is loaded already; rename the file"
    ended = dry_run(algorithm(head="import json"), data, tmp_path, capsys)
    assert (ended.code, ended.lines) == (0, [warning])
    ended = dry_run(algorithm(head="from json import VALUE"), data, tmp_path, capsys)
    assert ended.code == 3
    assert "cannot import name 'VALUE'" in ended.lines[0]
    assert ended.lines[1] == warning


def test_leans_own_imports_beside_the_algorithm(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "AlgorithmImports.py").write_text("from clr import AddReference\n", encoding="utf-8")
    assert dry_run(algorithm(), data, tmp_path, capsys).code == 0


def test_a_file_that_is_not_utf_8(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from live.cli.main import run

    path = tmp_path / "main.py"
    path.write_bytes(b"x = 1\n# caf\xe9\n")
    assert run(["dry-run", str(path), "--data-folder", str(data)]) == 3
    assert capsys.readouterr().err == f"error: {path} line 2: the file is not UTF-8 text; save it as UTF-8\n"


@pytest.mark.parametrize(
    ("name", "code", "part"),
    [("missing.py", 2, "there is no file"), ("book.ipynb", 3, "is no Python file"), ("folder", 3, "without a main.py")],
)
def test_paths_that_are_no_algorithm(
    name: str, code: int, part: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from live.cli.main import run

    (tmp_path / "folder").mkdir()
    (tmp_path / "book.ipynb").write_text("{}", encoding="utf-8")
    for verb in ("dry-run", "check"):
        assert run([verb, str(tmp_path / name)]) == code
        error = capsys.readouterr().err
        assert part in error
        assert name in error


def test_a_project_folder(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from live.cli.main import run

    project = tmp_path / "project"
    project.mkdir()
    (project / "main.py").write_text(algorithm(), encoding="utf-8")
    (project / "live.toml").write_text("[risk]\nmax_order_quantity = 5\n", encoding="utf-8")
    code = run(["dry-run", str(project), "--data-folder", str(data), "--results", str(tmp_path / "results"), "--json"])
    assert code == 0
    assert orjson.loads(capsys.readouterr().out)["denials"] == {"ORDER_QUANTITY_ABOVE_MAX": 1}


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("[risk]\nmax_order_quantty = 5\n", "unknown key 'max_order_quantty' in [risk]"),
        ("[rsk]\n", "unknown table [rsk]"),
        ("[risk]\nmax_order_quantity = -1\n", "must be a number from 0 to"),
        ("[risk]\nmax_open_orders = 1e99\n", "must be a whole number"),
        ("[run]\nwatchdog_seconds = nan\n", "watchdog_seconds in [run]"),
        ("[risk\n", "no valid TOML"),
    ],
)
def test_bad_settings(content: str, part: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "live.toml").write_text(content, encoding="utf-8")
    ended = dry_run(algorithm(), data, tmp_path, capsys)
    assert ended.code == 3
    assert part in ended.lines[0]
    assert "live.toml" in ended.lines[0]
    assert len(ended.lines) == 1
    assert not ended.results.exists()
