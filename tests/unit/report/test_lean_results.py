"""What a run in LEAN came to: the account, and the comparison with the embedded engine order by order."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from live.hot.page_tables import AccountRecord, PageTablesWriter, PositionRow
from live.hot.telemetry import create_page
from live.hot.telemetry_view import TelemetryView
from live.lean.engine.status import EngineHolding, EngineStatus
from live.paper.run_model import DataSource, EngineOutcome, RunResult
from live.report.engine_comparison import compare_events
from live.report.lean_results import EngineLeavings, result_of
from live.report.run_files import OrderEventRow
from live.report.summary import _engine

STARTED_WITH = Decimal(100_000)


def result(tmp_path: Path, status: EngineStatus | None, page: TelemetryView | None) -> RunResult:
    left = EngineLeavings(status, [], page, None, 0, 10**9, STARTED_WITH, "USD", "a test")
    engine = EngineOutcome("LEAN", Path("lean"), "by itself", None)
    return result_of(left, "Main", tmp_path / "main.py", DataSource(tmp_path, "a test", False), None, engine, ())


def page_with(folder: Path, equity: float) -> TelemetryView:
    page = create_page(folder / "telemetry.page", "run", "build")
    row = PositionRow("BTCUSD", 2.0, 100.5, 99.0, -3.0)
    PageTablesWriter(page.records).write_account(AccountRecord(1, 0, 0, equity, 100_000.0, 1.0, "USD"), [row])
    page.close()
    return TelemetryView(folder / "telemetry.page", expect_writer=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$101,234.50", "101234.50"),
        ("$-1,234.50", "-1234.50"),
        ("-$1,234.50", "-1234.50"),
        ("€0.00", "0.00"),
        ("CHF12", "12"),
    ],
)
def test_the_account_as_lean_writes_it(tmp_path: Path, text: str, expected: str) -> None:
    status = EngineStatus(runtime_statistics={"Equity": text}, holdings={"BTCUSD XJ": EngineHolding(q=Decimal(3))})
    found = result(tmp_path, status, page_with(tmp_path, 5.0))
    assert found.equity == Decimal(expected)
    assert [(each.symbol, each.quantity) for each in found.positions] == [("BTCUSD", 3)]


def test_without_leans_file_the_account_is_what_the_host_has_shown_last(tmp_path: Path) -> None:
    found = result(tmp_path, None, page_with(tmp_path, 99_997.5))
    assert found.equity == Decimal("99997.5")
    assert [(each.symbol, each.quantity, each.unrealized_profit) for each in found.positions] == [
        ("BTCUSD", Decimal("2.0"), Decimal("-3.0"))
    ]


def test_before_the_host_has_shown_an_account_it_is_that_of_the_start(tmp_path: Path) -> None:
    create_page(tmp_path / "telemetry.page", "run", "build").close()
    page = TelemetryView(tmp_path / "telemetry.page", expect_writer=False)
    for shown in (None, page):
        found = result(tmp_path, None, shown)
        assert (found.equity, found.positions) == (STARTED_WITH, ())


# -- the comparison


def orders(count: int) -> list[OrderEventRow]:
    """Return market orders, each submitted and filled."""
    found = []
    for order_id in range(1, count + 1):
        sent = OrderEventRow(order_id, 1, "IBM", "IBM", 0.0, "submitted", "buy", 1.0, 0.0, 0.0)
        filled = replace(
            sent, order_event_id=2, status="filled", fill_price=100.0, fill_quantity=1.0, order_fee_amount=1.0
        )
        found += [sent, filled]
    return found


def changed(events: Sequence[OrderEventRow], order_id: int, **members: Any) -> list[OrderEventRow]:
    """Return events with other members of an order's fill."""
    return [
        replace(each, **members) if each.order_id == order_id and each.status == "filled" else each for each in events
    ]


def test_a_fill_at_another_price_hides_nothing_behind_it() -> None:
    there = orders(2_000)
    here = changed(there, 2, fill_price=100.5, order_fee_amount=1.005)
    here = changed(here, 1_500, fill_quantity=2.0, fill_price=7.0)
    found = compare_events(here, there, Path("other"))
    assert (found.here, found.there) == (4_000, 4_000)
    assert (found.equal, found.priced_otherwise, found.different) == (1_998, 1, 1)
    assert found.difference.startswith("event 2 of order 1500 (IBM, filled) has fill quantity 2.0 in LEAN, 1.0 in")
    ((_name, _text), (name, text)) = _engine(EngineOutcome("LEAN", Path("lean"), "by itself", found))
    assert name == "embedded engine"
    assert text.startswith(
        "1,998 of 2,000 orders alike, 1 filled at another price, 1 different; first event 2 of order"
    )


def test_runs_that_differ_in_prices_alone_name_the_first() -> None:
    there = orders(3)
    found = compare_events(changed(there, 2, fill_price=99.0), there, Path("other"))
    assert (found.equal, found.priced_otherwise, found.different) == (2, 1, 0)
    assert found.difference == (
        "event 2 of order 2 (IBM, filled) has fill price 99.0 in LEAN, 100.0 in the embedded engine"
    )


def test_runs_that_are_alike() -> None:
    found = compare_events(orders(3)[::-1], orders(3), Path("other"))
    assert (found.equal, found.priced_otherwise, found.different, found.difference) == (3, 0, 0, "")


@pytest.mark.parametrize("is_here", [True, False])
def test_orders_and_events_that_one_run_lacks(is_here: bool) -> None:
    more, fewer = orders(3), orders(2)[:-1]
    found = compare_events(*((more, fewer) if is_here else (fewer, more)), Path("other"))
    assert (found.equal, found.priced_otherwise, found.different) == (1, 0, 2)
    whose = "LEAN" if is_here else "the embedded engine"
    assert found.difference == f"{whose} has one more: event 2 of order 2 (IBM, filled)"
