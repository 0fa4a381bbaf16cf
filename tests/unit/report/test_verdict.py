"""What a report says first: whether the session was good, and what its worst moment was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.run_folders import STEP, run_folder

from live.report.run_files import RunFiles
from live.report.verdict import Level, judge

FEED = {"address": "unix:x", "state": "ended", "reason": "", "counters": {}, "events": [], "events_beyond": 0}


def verdict(tmp_path: Path, **files: Any) -> Any:
    return judge(RunFiles(run_folder(tmp_path, **files)))


def test_a_good_session(tmp_path: Path) -> None:
    found = verdict(tmp_path)
    assert (found.level, found.reasons) == (Level.GOOD, ())
    assert found.headline == ("Completed in 2.50 s: 1,000 ticks; orders: Filled 1; equity +10.00 USD (+0.01%)")
    assert found.worst == (
        "A tick of IBM at 2013-10-07 14:00:00.500 UTC took 50.0 µs, 50 times the median of 1.00 µs: nothing that is "
        "watched happened in it, so the time is the strategy's own or the machine's."
    )


@pytest.mark.parametrize(
    ("summary", "words"),
    [
        ({"denials": {"ORDER_QUANTITY_ZERO": 2}}, "the risk gate refused orders: ORDER_QUANTITY_ZERO 2"),
        ({"orders": {"Filled": 1, "Invalid": 3}}, "orders were invalid: 3"),
        ({"ticks_dropped": {"overload": 4, "suspicious": 9}}, "ticks dropped: overload 4"),
        ({"feed": FEED | {"counters": {"gaps": 2, "frames": 90}}}, "faults of the feed: gaps 2"),
        ({"ticks_dropped": {"late": 3}, "feed": FEED | {"counters": {"ticks_late": 3}}}, "ticks dropped: late 3"),
        ({"ticks_conflated": 7, "feed": FEED | {"counters": {"ticks_conflated": 7}}}, "ticks conflated: 7"),
        ({"warnings": ["careful"]}, "1 warning"),
        ({"warnings": ["careful", "again"]}, "2 warnings"),
        ({"log_lines_dropped": 5}, "5 lines of the log were left out"),
        (
            {
                "state": "interrupted",
                "error": {"type": "RunInterrupted", "message": "SIGINT came", "exit_code": 130, "notes": []},
            },
            "RunInterrupted: SIGINT came",
        ),
    ],
)
def test_what_needs_a_look(tmp_path: Path, summary: dict[str, Any], words: str) -> None:
    found = verdict(tmp_path, summary=summary)
    assert (found.level, found.reasons) == (Level.LOOK, (words,))


def test_ticks_that_the_exchange_marked_are_ordinary(tmp_path: Path) -> None:
    assert verdict(tmp_path, summary={"ticks_dropped": {"suspicious": 9}}).level is Level.GOOD


def test_a_failed_run(tmp_path: Path) -> None:
    error = {"type": "AlgorithmRuntimeError", "message": "on_data raised", "exit_code": 1, "notes": []}
    found = verdict(tmp_path, summary={"state": "failed", "error": error})
    assert found.level is Level.FAILED
    assert found.headline.startswith("Failed in 2.50 s")
    assert found.reasons == ("AlgorithmRuntimeError: on_data raised",)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"gc_ns": 40_000}, "the garbage collector took 40.0 µs of it"),
        ({"preemptions": 1}, "the kernel gave the core to another process once"),
        (
            {"preemptions": 2, "counted_over_ns": 900_000},
            "the kernel gave the core to another process 2 times in the 900 µs up to its end",
        ),
        ({"waited_ns": 45_000}, "it waited 45.0 µs for decisions on data that had come before"),
        ({"orders": 1}, "1 order was accepted in it"),
        ({"orders": 2, "scheduled_events": True}, "2 orders were accepted in it, scheduled events were due in it"),
        ({"page_faults": 3}, "memory was touched for the first time 3 times"),
        (
            {"gc_ns": 1_000},
            "nothing that is watched happened in it, so the time is the strategy's own or the machine's",
        ),
    ],
)
def test_why_the_worst_step_was_slow(tmp_path: Path, step: dict[str, Any], words: str) -> None:
    found = verdict(tmp_path, latency={"worst": [STEP | step]})
    assert found.worst.endswith(f"of 1.00 µs: {words}.")


def test_a_longer_stall_is_the_worst_moment(tmp_path: Path) -> None:
    stalls = [
        {"offset_ns": 1_500_000_000, "took_ns": 9_000_000, "gc_ns": 8_000_000},
        {"offset_ns": 1_600_000_000, "took_ns": 1_000_000, "gc_ns": 0},
    ]
    found = verdict(tmp_path, latency={"stalls": stalls, "stalls_seen": 2})
    assert found.worst.startswith(
        "1.500 s after the start no decision was made for 9.00 ms, while the loop had other work, such as reading data, "
        "or did not get the core, 8.00 ms of it the garbage collector's. The slowest decision took 50.0 µs: "
    )


def test_without_a_decision_there_is_no_worst_moment(tmp_path: Path) -> None:
    assert verdict(tmp_path, latency={"worst": []}).worst == "No decision was measured."
