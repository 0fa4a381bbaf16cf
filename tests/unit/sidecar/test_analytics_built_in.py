"""The built-in analytics on windows made by hand."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.windows import SECOND_NS, order_event, snapshot, window_of

from live.algorithm.enums import OrderStatus
from live.errors import EnvironmentFault
from live.hot.catalogue import RunPhase
from live.hot.denials import DenialCode
from live.hot.events import DenialRecord, PhaseRecord
from live.hot.page_tables import PositionRow
from live.report.summary_file import iso_utc
from live.sidecar.analytics.built_in.account import exposure, profit_and_loss
from live.sidecar.analytics.built_in.latency import latency_attribution
from live.sidecar.analytics.built_in.orders import (
    SYMBOLS_MAX,
    fill_quality,
    nearest_rank,
    order_to_trade,
    symbol_activity,
    value_name,
)
from live.sidecar.analytics.built_in.session import FILE_NAME, session_summary
from live.sidecar.analytics.calling import checked_values
from live.sidecar.analytics.window import SNAPSHOTS_MAX, RunHistory

SUBMITTED, FILLED, PARTIALLY = OrderStatus.SUBMITTED, OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED


# -- account


def test_profit_and_loss(tmp_path: Path) -> None:
    history = tuple(snapshot(at, equity) for at, equity in ((0, None), (1, 100_500.0), (2, 99_900.0), (3, 100_076.25)))
    found = profit_and_loss(window_of(tmp_path, history=history))
    assert found == {
        "equity": 100_076.25,
        "change": 76.25,
        "change_ratio": 0.0007625,
        "fees": 34.5,
        "drawdown": 423.75,
        "drawdown_max": 600.0,
    }


def test_a_fall_from_the_beginning_is_a_drawdown(tmp_path: Path) -> None:
    window = window_of(tmp_path)
    account = window.look.account
    assert account is not None
    look = replace(window.look, account=account._replace(equity=99_000.0))
    found = profit_and_loss(replace(window, look=look, history=(snapshot(1, 99_500.0), snapshot(2, 99_000.0))))
    assert found is not None
    assert (found["drawdown"], found["drawdown_max"]) == (1_000.0, 1_000.0)


def test_exposure(tmp_path: Path) -> None:
    rows = (PositionRow("A", -100.0, 0.0, 50.0, 0.0), PositionRow("B", 10.0, 0.0, 300.0, 0.0))
    found = exposure(window_of(tmp_path, positions=rows))
    assert found == {
        "gross": 8_000.0,
        "net": -2_000.0,
        "largest_share": 0.625,
        "left_out": 0.0,
        "gross_to_equity": 8_000 / 100_076.25,
    }
    flat = exposure(window_of(tmp_path, positions=()))
    assert flat is not None
    assert (flat["gross"], flat["largest_share"], flat["left_out"]) == (0.0, 0.0, 2.0)


def test_there_is_no_account_yet(tmp_path: Path) -> None:
    window = window_of(tmp_path, account=None)
    assert profit_and_loss(window) is None
    assert exposure(window) is None


# -- orders


def test_slippage_is_signed_by_the_side(tmp_path: Path) -> None:
    events = [
        # Bought at 100.10 when the mid was 100: 10 bps paid. At the fill the mid was 100.05.
        order_event(1, SUBMITTED, 99.9, 100.1),
        order_event(1, FILLED, 100.0, 100.1, fill=100.0, price=100.1),
        # Sold at 100.05 when the mid was 100: 5 bps gained.
        order_event(2, SUBMITTED, 99.0, 101.0),
        order_event(2, FILLED, 100.0, 100.1, fill=-100.0, price=100.05),
    ]
    found = fill_quality(window_of(tmp_path, events))
    assert found is not None
    weights = (100.1 * 100, 100.05 * 100)
    assert found["slippage_mean_bps"] == pytest.approx((10 * weights[0] - 5 * weights[1]) / sum(weights))
    assert found["slippage_p95_bps"] == pytest.approx(10.0)
    assert found["effective_spread_mean_bps"] == pytest.approx(
        (2 * 0.05 / 100.05 * 10_000 * weights[0] + 0.0 * weights[1]) / sum(weights)
    )
    assert (found["fills"], found["fills_without_quote"]) == (2.0, 0.0)


def test_the_first_submission_counts_for_all_fills_of_an_order(tmp_path: Path) -> None:
    events = [
        order_event(1, SUBMITTED, 99.0, 101.0),
        order_event(1, PARTIALLY, 100.0, 102.0, fill=10.0, price=101.0),
        order_event(1, OrderStatus.UPDATE_SUBMITTED, 101.0, 103.0),
        order_event(1, SUBMITTED, 101.0, 103.0),
        order_event(1, FILLED, 102.0, 104.0, fill=10.0, price=103.0),
    ]
    found = fill_quality(window_of(tmp_path, events))
    assert found is not None
    assert found["slippage_p95_bps"] == pytest.approx(300.0)
    assert found["slippage_mean_bps"] == pytest.approx((100.0 * 1_010 + 300.0 * 1_030) / 2_040)


def test_fills_whose_quote_is_not_known(tmp_path: Path) -> None:
    events = [
        order_event(1, FILLED, fill=5.0, price=10.0),
        order_event(2, SUBMITTED, bid=10.0),
        order_event(2, FILLED, fill=5.0, price=10.0),
    ]
    assert fill_quality(window_of(tmp_path, events)) == {"fills": 2.0, "fills_without_quote": 2.0}
    assert fill_quality(window_of(tmp_path, [order_event(1, SUBMITTED, 1.0, 2.0)])) is None


def test_nearest_rank() -> None:
    assert nearest_rank([3.0], 0.95) == 3.0
    assert nearest_rank([float(each) for each in range(100, 0, -1)], 0.95) == 95.0
    assert nearest_rank([1.0, 2.0], 0.0) == 1.0


def test_order_to_trade(tmp_path: Path) -> None:
    orders = {
        "submitted": 10,
        "update_submitted": 5,
        "cancel_pending": 3,
        "canceled": 3,
        "filled": 4,
        "partially_filled": 2,
    }
    found = order_to_trade(window_of(tmp_path, orders=orders, denials={"KILL": 7}))
    assert found == {"orders": 10.0, "changes": 5.0, "cancels": 3.0, "fills": 6.0, "denials": 7.0, "ratio": 3.0}
    assert "ratio" not in order_to_trade(window_of(tmp_path, orders={"submitted": 1}))


def test_symbol_activity_names_the_busiest(tmp_path: Path) -> None:
    denial = DenialRecord(0, next(iter(DenialCode)), "BRK.B", 1.0)
    events: list[Any] = (
        [order_event(1, SUBMITTED, symbol="IBM")] * 3 + [denial] * 2 + [PhaseRecord(0, RunPhase.RUNNING)]
    )
    events += [order_event(1, SUBMITTED, symbol=f"S{number:02}") for number in range(30)]
    named = ["IBM", "BRK.B", *(f"S{number:02}" for number in range(30))]
    found = symbol_activity(window_of(tmp_path, events, symbols=named))
    assert found is not None
    assert list(found.items())[:3] == [("IBM", 3.0), ("BRK.B", 2.0), ("S00", 1.0)]
    assert len(found) == SYMBOLS_MAX + 1
    assert sum(found.values()) == 35.0
    assert symbol_activity(window_of(tmp_path)) is None


def test_symbol_activity_names_no_symbol_that_the_run_does_not_export(tmp_path: Path) -> None:
    events = [order_event(1, SUBMITTED, symbol=symbol) for symbol in ("IBM", "AAPL", "SPY", "AAPL", "other")]
    assert symbol_activity(window_of(tmp_path, events, symbols=["IBM"])) == {"IBM": 1.0, "other": 4.0}
    assert symbol_activity(window_of(tmp_path, events)) == {"other": 5.0}


@pytest.mark.parametrize(("symbol", "name"), [("BRK.B", "BRK.B"), ("^SPX", "_SPX"), (".X", "_X"), ("é" * 32, "_" * 32)])
def test_symbols_become_names_of_values(symbol: str, name: str) -> None:
    assert value_name(symbol) == name
    checked_values({value_name(symbol): 1})


# -- latency


def test_latency_attribution_of_the_last_minute(tmp_path: Path) -> None:
    history = (
        snapshot(0, tick_to_strategy=(100, 100_000_000), decision=(100, 900_000_000)),
        snapshot(10, tick_to_strategy=(110, 200_000_000), decision=(110, 900_000_000)),
        snapshot(40, tick_to_strategy=(110, 200_000_000), decision=(110, 900_000_000)),
        snapshot(
            70,
            tick_to_strategy=(120, 200_030_000),
            decision=(120, 900_010_000),
            tick_to_handover=(2, 6_000),
            order_ack=(2, 2_000),
            gc_pause_python=(1, 600_000_000),
        ),
    )
    found = latency_attribution(window_of(tmp_path, history=history))
    assert found == pytest.approx(
        {
            "decision_entry_seconds": 3e-6,
            "decision_strategy_seconds": 1e-6,
            "decision_entry_share": 0.75,
            "decision_strategy_share": 0.25,
            "order_handover_seconds": 3e-6,
            "order_acceptance_seconds": 1e-6,
            "order_handover_share": 0.75,
            "order_acceptance_share": 0.25,
            "gc_ratio": 0.01,
        }
    )


def test_latency_attribution_without_samples_or_time(tmp_path: Path) -> None:
    assert latency_attribution(window_of(tmp_path, history=(snapshot(0), snapshot(5)))) == {"gc_ratio": 0.0}
    assert latency_attribution(window_of(tmp_path, history=(snapshot(0),))) is None
    assert latency_attribution(window_of(tmp_path, history=(snapshot(0), snapshot(0)))) is None


# -- history


def test_history_is_bounded_and_reaches_back_to_the_begin(tmp_path: Path) -> None:
    look = window_of(tmp_path).look
    history = RunHistory()
    for number in range(10 * SNAPSHOTS_MAX):
        for _twice in range(2):
            history.add(replace(look, published_ns=number * SECOND_NS), {})
        found = history.snapshots()
        moments = [each.published_ns // SECOND_NS for each in found]
        assert len(found) <= SNAPSHOTS_MAX
        assert (moments[0], moments[-1]) == (0, number)
        assert moments == sorted(set(moments))
    steps = {after - before for before, after in pairwise(moments[:-1])}
    assert len(steps) == 1


# -- the summary of a session


def window_at(tmp_path: Path, now: str) -> Any:
    """Return a window that names the folder of a run under way, and rename it."""
    partial = tmp_path / "Strategy-20261121T120000Z.partial"
    window = window_of(partial, [order_event(1, SUBMITTED, 1.0, 2.0)], phase=RunPhase.COMPLETED)
    partial.rename(tmp_path / now)
    return window


@pytest.mark.parametrize("ending", ["", "-failed", ".partial"])
def test_the_summary_is_beside_the_results_whatever_the_folder_is_called(tmp_path: Path, ending: str) -> None:
    name = f"Strategy-20261121T120000Z{ending}"
    values = session_summary(window_at(tmp_path, name))
    assert sorted(path.name for path in (tmp_path / name).iterdir()) == [FILE_NAME, "telemetry.page"]
    content = (tmp_path / name / FILE_NAME).read_bytes()
    assert values == {"written_bytes": float(len(content)), "events": 1.0, "failed": float(ending == "-failed")}
    document = orjson.loads(content)
    assert document["run"] == "Strategy-20261121T120000Z"
    assert document["state"] == "completed"
    assert document["profit_and_loss"]["equity"] == 100_076.25
    assert document["latency"]["tick_to_decision"]["count"] == 3
    assert document["events"] == {"kept": 1, "before": 0, "lost": 0}
    assert document["covers"]["fill_quality"]["whole_run"]
    assert document["covers"]["order_to_trade"] == {"whole_run": True}


def test_the_summary_says_of_how_many_events_it_is(tmp_path: Path) -> None:
    window = replace(window_at(tmp_path, "Strategy-20261121T120000Z"), events_before=23_730, events_lost=5)
    session_summary(window)
    covers = orjson.loads((tmp_path / "Strategy-20261121T120000Z" / FILE_NAME).read_bytes())["covers"]
    assert covers["symbol_activity"] == covers["fill_quality"]
    assert covers["fill_quality"] == {
        "whole_run": False,
        "events": 1,
        "of_events": 23_736,
        "since": iso_utc(window.events[0].time_ns),
    }


def test_the_folder_is_gone(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="is gone; it was moved or deleted"):
        session_summary(window_at(tmp_path, "elsewhere"))


@pytest.mark.parametrize("call", ["fsync", "open", "rename"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    name = "Strategy-20261121T120000Z"
    window = window_at(tmp_path, name)
    (tmp_path / name / FILE_NAME).write_text("old", encoding="utf-8")
    monkeypatch.setattr(os, call, _full(getattr(os, call)))
    with pytest.raises(EnvironmentFault, match=rf"cannot write .*{name}/{FILE_NAME}: No space left on device; free"):
        session_summary(window)
    monkeypatch.undo()
    assert (tmp_path / name / FILE_NAME).read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in (tmp_path / name).iterdir()) == [FILE_NAME, "telemetry.page"]


def _full(real: Callable[..., Any]) -> Callable[..., Any]:
    def call(*words: Any, **named: Any) -> Any:
        if real.__name__ == "open" and not words[1] & os.O_WRONLY:
            return real(*words, **named)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return call


def test_a_folder_that_is_renamed_between_two_looks_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partial, ended = tmp_path / "Strategy-20261121T120000Z.partial", tmp_path / "Strategy-20261121T120000Z"
    window = window_at(tmp_path, partial.name)
    opened = os.open

    def ends_meanwhile(path: Path, *arguments: Any, **named: Any) -> int:
        if path == partial:
            partial.rename(ended)
        return opened(path, *arguments, **named)

    monkeypatch.setattr(os, "open", ends_meanwhile)
    session_summary(window)
    assert (ended / FILE_NAME).is_file()
