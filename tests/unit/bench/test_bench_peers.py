"""Comparisons with other runtimes: turns, ratios, and a peer that is not there. The peers themselves are not needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from live.bench import peers
from live.bench.child import run_job
from live.bench.market import write_market
from live.bench.model import ChildResult
from live.bench.pacing import Schedule
from live.bench.peers import OURS, PEERS, measure_peer, note_of, pairs, require_peer
from live.bench.peers.stream import Decision, PeerRun, make_stream
from live.bench.processes import MeasurementError, measure
from live.errors import EnvironmentFault
from live.feeds.data_folder import DataFolder


def values(scale: float) -> dict[str, float]:
    return dict.fromkeys(("decision_p50", "decision_p99", "order_p50", "order_p99", "ticks_per_second"), scale)


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def answer(job: str, told: Mapping[str, Any], folder: Path, core: int | None) -> ChildResult:
        found.append((told["runtime"], told["mode"]))
        return ChildResult(values(10.0 if told["runtime"] == OURS else 20.0 + len(found)))

    monkeypatch.setattr(pairs, "measure", answer)
    monkeypatch.setattr(pairs, "require_peer", lambda name: "1.0")
    return found


def test_runs_take_turns_and_ratios_are_those_of_pairs(turns: list[tuple[str, str]]) -> None:
    found = pairs.compare_with_peer("vnpy", lambda told: told, Path(), 1, True)
    assert [runtime for runtime, _ in turns] == [OURS, OURS, "vnpy", "vnpy"] * 2
    assert {mode for _, mode in turns} == {"paced", "replay"}
    latency = next(each for each in found.figures if each.name == "order_p50")
    assert (latency.ours, latency.theirs, latency.low, latency.high) == (10.0, 26.0, 2.4, 2.8)
    assert latency.ratio == pytest.approx(2.6)
    rate = next(each for each in found.figures if each.name == "ticks_per_second")
    assert rate.high == pytest.approx(10 / 24)
    assert note_of("vnpy") in found.notes


def test_a_runtime_that_fails_is_named_and_the_report_goes_on(
    turns: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*words: Any) -> ChildResult:
        raise MeasurementError("it broke", 1)

    monkeypatch.setattr(pairs, "measure", fail)
    found = pairs.compare_with_peer("vnpy", lambda told: told, Path(), 1, True)
    assert (found.failure, found.failure_code, found.figures) == ("it broke", 1, [])


def test_a_peer_that_is_not_installed_comes_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise peers.PackageNotFoundError(name)

    monkeypatch.setattr(peers, "version", missing)
    with pytest.raises(EnvironmentFault, match=r"backtrader is not installed.*: python -m pip install backtrader"):
        require_peer("backtrader")


@pytest.mark.parametrize("name", PEERS)
def test_adapters_import_without_their_runtime(name: str) -> None:
    assert note_of(name)


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("mode", ["paced", "replay"])
def test_an_installed_peer_plays_every_tick_and_order(tmp_path: Path, name: str, mode: str) -> None:
    pytest.importorskip(name)
    told = {"runtime": name, "mode": mode, "ticks": 100, "warm_up": 50, "gap_ms": 1, "order_every": 10}
    found = measure("peer", told, tmp_path, None)
    if mode == "replay":
        assert found.values["ticks_per_second"] > 0
    else:
        assert (found.sent, found.handled) == (100, 100)
        assert found.values["order_p50"] > 0
        assert found.values["decision_p50"] > 0


def test_a_runtime_that_does_not_take_the_orders_compares_nothing() -> None:
    run, schedule = PeerRun(), Schedule(5, 20, 1)
    for _ in range(20):
        run.decisions.record(1)
    run.orders.record(1)
    with pytest.raises(EnvironmentFault, match="handled 20 ticks and took 1 orders, not 20 and 2"):
        run.result(10, schedule)
    run.orders.record(1)
    assert run.result(10, schedule).values["order_p50"] == 1


def test_the_decision_orders_every_nth_tick_and_stays_between_flat_and_one() -> None:
    decision = Decision(4)
    quantities = [decision.on_price(100.0 + tick % 3) for tick in range(40)]
    assert [tick for tick, quantity in enumerate(quantities) if quantity] == list(range(3, 40, 4))
    assert {sum(quantities[: end + 1]) for end in range(40)} == {0, 1}


def test_the_stream_is_the_generated_market(tmp_path: Path) -> None:
    write_market(tmp_path, 1, 300, 1_000)
    stream = make_stream(300)
    assert stream.prices[:11] == [100.0] * 10 + [100.01]
    assert stream.times_ns[1] - stream.times_ns[0] == 1_000_000
    assert DataFolder(tmp_path).path.is_dir()


@pytest.mark.parametrize("mode", ["paced", "replay"])
def test_our_side_of_a_comparison_is_measured(tmp_path: Path, mode: str) -> None:
    write_market(tmp_path / "data", 1, 150, 1_000)
    told = {"runtime": OURS, "mode": mode, "ticks": 100, "warm_up": 50, "gap_ms": 1, "order_every": 10}
    found = measure_peer(told | {"data": str(tmp_path / "data")})
    if mode == "paced":
        assert (found.sent, found.handled) == (100, 100)
        assert found.values["order_p50"] > 0
    else:
        assert found.values["ticks_per_second"] > 0


def test_a_job_is_calibrated() -> None:
    found = run_job("command", {"words": ["-c", "pass"], "times": 1}, None)
    assert found.calibration_ns > 0
    assert found.pinned_core is None
