"""The algorithms of the goldens, unmodified, through the generated entry module: LEAN's own order events, state and probes.

Behind LEAN's surface stands the embedded engine, which gives what LEAN gave: so host, gate and order routing are on the way of
every callback and every order, with beats of the keep-warm between the data, and change nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from comparison import differences, load_expected
from support.data import lean_data_folder
from support.lean_on_data import run_on_data

HERE = Path(__file__).parent
SLOW = {
    "btc_second_momentum",
    "fx_tick_limits",
    "mixed_resolution_slices",
    "second_ema_cross",
    "second_order_lifecycle",
    "tick_extended_hours",
    "tick_limit_stop_mix",
    "tick_market_roundtrip",
}
"""Tens of thousands of slices each."""
NESTED = "minute_order_event_chain"
"""Logs how order events lie in one another: in a backtest those of an order that an event sends do, live they follow it."""
GOLDENS = [
    pytest.param(path.stem, marks=[pytest.mark.slow] if path.stem in SLOW else [])
    for path in sorted((HERE / "expected").glob("*.json"))
]


@pytest.mark.parametrize("name", GOLDENS)
def test_golden_in_the_host(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = lean_data_folder()
    if folder is None:
        pytest.skip("no LEAN data folder was found: set LEAN_DATA or put one at ./data")
    algorithm = (HERE / "algorithms" / f"{name}.py").resolve()
    found = run_on_data(tmp_path, monkeypatch, algorithm, folder)
    assert found.failure is None
    expected = load_expected(HERE / "expected" / f"{name}.json")
    if name == NESTED:
        expected["probes"] = [line.replace("depth=2", "depth=1") for line in expected["probes"]]
    assert not differences(expected, found.outcome)
    assert not found.complaints
    # The host knows each order by its own way: none went past it.
    assert found.noted_orders() == list(range(1, found.engine.transactions.orders_count + 1))
    assert found.beats > 0
