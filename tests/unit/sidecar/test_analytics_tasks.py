"""Analytics tasks as they are declared: schedules, names, modules, and what their results may be."""

from __future__ import annotations

import sys
import textwrap
from datetime import datetime, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from live.errors import ConfigError
from live.sidecar.analytics.built_in import BUILT_IN
from live.sidecar.analytics.calling import BadResult, checked_values
from live.sidecar.analytics.registry import analytics, collect, tasks_of
from live.sidecar.analytics.schedules import Schedule, Timer, schedule_of

SECOND_NS = 1_000_000_000


def wall(text: str) -> int:
    """Return a moment of UTC in ns."""
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()) * SECOND_NS


# -- schedules


@pytest.mark.parametrize(
    ("text", "period_ns"),
    [
        ("100ms", 100_000_000),
        ("5s", 5 * SECOND_NS),
        ("1.5 s", 1_500_000_000),
        ("10m", 600 * SECOND_NS),
        ("24h", 86_400 * SECOND_NS),
    ],
)
def test_periods(text: str, period_ns: int) -> None:
    assert schedule_of(text, None, None, "UTC").period_ns == period_ns


@pytest.mark.parametrize("text", ["", "5", "5 seconds", "-5s", "s", "1e3s", "5s5s"])
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(ConfigError, match="is no period; write a number and one of ms, s, m, h"):
        schedule_of(text, None, None, "UTC")


@pytest.mark.parametrize("text", ["99ms", "0s", "25h"])
def test_periods_out_of_range(text: str) -> None:
    with pytest.raises(ConfigError, match="from 100ms to 24h"):
        schedule_of(text, None, None, "UTC")


@pytest.mark.parametrize(
    ("cron", "zone", "message"),
    [
        ("*/5 9-16 * *", "UTC", "does not have five fields"),
        ("61 * * * *", "UTC", "is no schedule"),
        ("a b c d e", "UTC", "is no schedule"),
        ("0 0 31 2 *", "UTC", "never comes"),
        ("* * * * *", "Mars/Phobos", "unknown time zone"),
    ],
)
def test_what_is_no_cron_expression(cron: str, zone: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        schedule_of(None, cron, None, zone)


def test_exactly_one_schedule() -> None:
    for options in ((None, None, None), ("5s", "* * * * *", None), ("5s", None, "session_end")):
        with pytest.raises(ConfigError, match="exactly one schedule"):
            schedule_of(*options, "UTC")
    with pytest.raises(ConfigError, match="no moment of a run"):
        schedule_of(None, None, "noon", "UTC")


def test_a_period_that_was_missed_is_due_once() -> None:
    timer = Timer(schedule_of("5s", None, None, "UTC"), 0, 0)
    due = [second for second in (1, 5, 6, 9, 10, 31, 34, 35) if timer.is_due(second * SECOND_NS, 0)]
    assert due == [5, 10, 31, 35]


def due_at(schedule: Schedule, moments: list[str]) -> list[str]:
    timer = Timer(schedule, 0, wall(moments[0]))
    return [each for each in moments[1:] if timer.is_due(0, wall(each))]


def test_cron_is_that_of_its_time_zone_on_both_sides_of_daylight_saving() -> None:
    schedule = schedule_of(None, "30 9 * * mon-fri", None, "America/New_York")
    # Friday before and Monday after the clocks went forward on 2026-03-08, and the weekend between.
    moments = ["2026-03-06 14:29", "2026-03-06 14:30", "2026-03-07 14:30", "2026-03-08 13:30", "2026-03-09 13:29"]
    assert due_at(schedule, [*moments, "2026-03-09 13:30", "2026-03-09 14:30"]) == [
        "2026-03-06 14:30",
        "2026-03-09 13:30",
    ]


def test_cron_with_a_wall_clock_that_steps() -> None:
    schedule = schedule_of(None, "0 * * * *", None, "UTC")
    # Forward over three hours: due once. Back: the hours come again.
    moments = ["2026-01-01 00:30", "2026-01-01 03:30", "2026-01-01 03:31", "2026-01-01 00:59", "2026-01-01 01:00"]
    assert due_at(schedule, moments) == ["2026-01-01 03:30", "2026-01-01 01:00"]


def test_cron_with_seconds() -> None:
    schedule = schedule_of(None, "* * * * * */10", None, "UTC")
    moments = ["2026-01-01 00:00:05", "2026-01-01 00:00:09", "2026-01-01 00:00:10", "2026-01-01 00:00:20"]
    assert due_at(schedule, moments) == moments[2:]


# -- declaring


def module_of(**members: Any) -> ModuleType:
    module = ModuleType("given")
    vars(module).update(members)
    return module


def test_names_and_timeouts_are_checked() -> None:
    def function(window: Any) -> None: ...

    for name in ("Bad", "has space", "", "9lives", "a" * 65):
        with pytest.raises(ConfigError, match=r"test_analytics_tasks.py:\d+: .*is no name of a task"):
            analytics(every="5s", name=name)(function)
    for seconds in (0, -1, 3_601, float("nan"), True, "5"):
        with pytest.raises(ConfigError, match="out of range"):
            analytics(every="5s", name="fine", timeout_seconds=seconds)(function)
    with pytest.raises(ConfigError, match="is for functions"):
        analytics(every="5s")(print)


def write(path: Path, text: str) -> Path:
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


HEAD = "from live.sidecar.analytics import analytics\n"
ONE = HEAD + '@analytics(every="1s")\ndef mine(window):\n    return {"one": 1}\n'


def test_a_module_of_a_user(tmp_path: Path) -> None:
    found = collect(BUILT_IN, [write(tmp_path / "mine.py", ONE)], ["exposure"])
    assert {"mine", "profit_and_loss", "session_summary"} <= found.keys()
    assert "exposure" not in found
    assert found["mine"].place == f"{tmp_path}/mine.py:2"
    assert found["mine"].schedule.text == "every 1s"


def test_built_in_names() -> None:
    names = [task.name for module in BUILT_IN for task in tasks_of(module)]
    assert len(names) == len(set(names)) == 7


def test_two_tasks_of_one_name_are_both_named(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.py", ONE), write(tmp_path / "b.py", "\n\n" + ONE)
    with pytest.raises(ConfigError, match=r"two .* called 'mine': at .*a.py:2 and at .*b.py:4"):
        collect((), [first, second])
    twice = write(tmp_path / "c.py", ONE + ONE.removeprefix(HEAD))
    with pytest.raises(ConfigError, match=r"c.py:2 and at .*c.py:5"):
        collect((), [twice])
    built_in = write(tmp_path / "d.py", HEAD + '@analytics(every="1s")\ndef exposure(window): ...\n')
    with pytest.raises(ConfigError, match=r"'exposure': at .*account.py:\d+ and at .*d.py:2"):
        collect(BUILT_IN, [built_in])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "import nosuchmodule_here",
            r"cannot be loaded: ModuleNotFoundError: .*nosuchmodule_here.* \(bad.py, line 1\)",
        ),
        ("x = 1\ny = x +\n", r"SyntaxError: .*\(bad.py, line 2\)"),
        ("open('/nosuch/file')", r"cannot be loaded: FileNotFoundError: .*line 1"),
        ("raise SystemExit(3)", r"SystemExit: 3 \(bad.py, line 1\)"),
        (HEAD + "@analytics(every='fast')\ndef f(window): ...", r"bad.py:2: every='fast' is no period"),
        (HEAD + "@analytics()\ndef f(window): ...", r"bad.py:2: .*exactly one schedule"),
    ],
)
def test_modules_that_cannot_be_loaded(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        collect((), [write(tmp_path / "bad.py", text)])


def test_modules_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"names .*none.py, which does not exist"):
        collect((), [tmp_path / "none.py"])
    with pytest.raises(ConfigError, match="no Python file"):
        collect((), [write(tmp_path / "tasks.txt", ONE)])
    with pytest.raises(ConfigError, match=r"analytics.disabled names 'mien', which is no task; there are: .*mine"):
        collect((), [write(tmp_path / "mine.py", ONE)], ["mien"])


def test_a_module_imports_files_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    write(tmp_path / "beside_the_tasks.py", "PERIOD = '3s'\n")
    text = ONE.replace("@", "from beside_the_tasks import PERIOD\n@").replace('"1s"', "PERIOD")
    assert collect((), [write(tmp_path / "mine.py", text)])["mine"].schedule.text == "every 3s"


# -- results


def test_numbers() -> None:
    found = checked_values({"a": 1, "B.r:k/5-x": Decimal("1.5"), "_": Fraction(1, 4), "flag": True})
    assert found == {"a": 1.0, "B.r:k/5-x": 1.5, "_": 0.25, "flag": 1.0}
    assert checked_values(None) == {}


class Nasty:
    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (5, "it returned something of type int; return a mapping"),
        ([("a", 1)], "it returned something of type list"),
        ({"a": "1"}, "its value 'a' is '1'; return a number"),
        ({"a": None}, "is None; return a number"),
        ({"a": 1j}, "is something of type complex; return a number"),
        ({"a": Nasty()}, "is something of type Nasty; return a number"),
        ({"a": float("nan")}, "is nan, which is not finite"),
        ({"a": 10**400}, "is something of type int, which is not finite"),
        ({"a": Decimal("Infinity")}, "not finite"),
        ({"a": Decimal("sNaN")}, "not finite"),
        ({1: 1}, "a value called something of type int"),
        ({"": 1}, "a value called ''"),
        ({"-a": 1}, "a value called '-a'"),
        ({"a\nb": 1}, "a value called"),
        ({"a" * 65: 1}, "a value called"),
        ({f"v{number}": 1 for number in range(65)}, "more than 64 values"),
    ],
)
def test_rubbish(found: Any, message: str) -> None:
    with pytest.raises(BadResult, match=message):
        checked_values(found)
