"""Algorithms as users write them, unmodified, with the host attached and without: the same orders, events and log lines.

LEAN's surface is the double's, and the embedded engine computes behind it, on the time of the data. What the host may change
of an algorithm is nothing; what LEAN has around it (threads, look-up of callbacks, two spellings) is there in both runs.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.lean_engine import ENVIRONMENT, OPTIONS
from support.lean_on_data import LeanOutcome, run_on_data

from live.cli.main import run as main
from live.config import LeanSettings
from live.errors import ExitCode
from live.feeds.sample import write_sample

ROOT = Path(__file__).resolve().parent.parent.parent
USERS = ROOT / "tests" / "support" / "user_algorithms"
EXAMPLES = ROOT / "algorithms"
PARAMETERS = {
    "btc_breakout_bracket": {"first_day": "2013-10-08"},
    "eurusd_ema_cross": {"first_day": "2013-10-07", "days": "4"},
    "ibm_tick_momentum": {"last_day": "7"},
}
ON_TICK = "ibm_quoting"
"""A LiveAlgorithm, which LEAN does not know without the host."""
PAST_GATE = {"base_classes"}
"""Its own order call sends by super(), which the host cannot judge: told, and counted."""
LEANS_THREADS = {
    "initialize": {".NET TP Worker"},
    "on_data": {"Isolator Thread"},
    "on_warmup_finished": {"Isolator Thread"},
    "on_securities_changed": {"Isolator Thread"},
    "on_end_of_algorithm": {"Isolator Thread"},
}
FILES = [
    *sorted(USERS.glob("*.py")),
    USERS / "package" / "main.py",
    *(each for each in sorted(EXAMPLES.glob("*.py")) if each.stem != ON_TICK),
]
BY_EVENTS = {"main", "orders_from_events", "pascal_case", "kept_objects", "history_first", "every_order_call"}


def name_of(path: Path) -> str:
    """Return a project's name, or that of a file that is one."""
    return path.parent.name if path.stem == "main" else path.stem


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_sample(folder)
    return folder


def both(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Path, lean: LeanSettings
) -> tuple[LeanOutcome, LeanOutcome]:
    options = {"lean": lean, "parameters": PARAMETERS.get(path.stem, {})}
    without = run_on_data(tmp_path / "a", monkeypatch, path, data, is_attached=False, **options)
    return without, run_on_data(tmp_path / "b", monkeypatch, path, data, **options)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_an_algorithm_decides_the_same_with_the_host(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    without, attached = both(path, tmp_path, monkeypatch, data, LeanSettings(synchronous_orders="keep"))
    assert without.failure is None
    assert attached.failure is None
    assert attached.requests == without.requests
    assert attached.requests
    assert attached.outcome == without.outcome
    assert attached.errors == without.errors or path.stem in PAST_GATE
    assert attached.beats > 0
    for name, threads in LEANS_THREADS.items():
        assert attached.threads.get(name, threads) == threads
    if path.stem not in PAST_GATE:
        assert not attached.complaints
        assert attached.noted_orders() == list(range(1, attached.engine.transactions.orders_count + 1))


@pytest.mark.parametrize("path", [each for each in FILES if each.stem in BY_EVENTS], ids=name_of)
def test_an_algorithm_that_does_not_look_right_after_the_call_needs_no_waiting(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    # By default orders are sent without waiting: right after the call nothing is filled, and nothing can be updated.
    without, attached = both(path, tmp_path, monkeypatch, data, LeanSettings())
    assert attached.failure is None
    assert attached.requests == without.requests
    assert not attached.complaints
    assert attached.engine.instance.transactions.orders_count == len(attached.noted_orders())


@pytest.mark.parametrize(
    "path", [USERS / "ticks_and_quotes.py", EXAMPLES / "ibm_tick_momentum.py"], ids=lambda path: path.stem
)
def test_a_dry_run_in_lean_gives_the_order_events_of_the_embedded_run(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    for name, value in {**ENVIRONMENT, "LEAN_DOUBLE_CLOCK": "data"}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "live.toml").write_text(
        '[lean]\nrehearsal_seconds = 0\nsynchronous_orders = "keep"\n', encoding="utf-8"
    )
    given = ["--data-folder", str(data), "--results", str(tmp_path / "results"), "--no-progress", "--json"]
    parameters = [word for pair in PARAMETERS.get(path.stem, {}).items() for word in ("--parameter", "=".join(pair))]
    # The engine's time is the data's, and it takes nothing of the feed, which goes on for a whole session at this speed.
    words = [
        "dry-run",
        str(path),
        *OPTIONS,
        *given,
        *parameters,
        "--config",
        str(tmp_path / "live.toml"),
        "--speed",
        "1",
    ]
    assert main(words) == ExitCode.OK
    found = json.loads(capsys.readouterr().out)
    compared = found["engine"]["comparison"]
    assert compared["difference"] == ""
    assert compared["here"] == compared["there"] > compared["equal"] > 10
    assert not found["denials"]


def test_a_live_algorithm_in_lean_sends_its_orders_through_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    found = run_on_data(tmp_path, monkeypatch, EXAMPLES / f"{ON_TICK}.py", data)
    assert found.failure is None
    assert not found.complaints
    assert len(found.requests) > 100
    assert found.noted_orders() == list(range(1, found.engine.transactions.orders_count + 1))
