"""The algorithms of the goldens, unmodified, through the generated entry module: LEAN's own order events, state and probes.

Behind LEAN's names stands the embedded engine, which gives what LEAN gave: so host, gate and order routing are on the way of
every callback and every order, and change nothing.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from comparison import differences, load_expected
from support.data import lean_data_folder
from support.runs import outcome, run_file

from live.algorithm.enums import OrderStatus, OrderType, TickType
from live.config import LeanSettings
from live.lean import surface
from live.lean.entry import write_entry
from live.lean.host import Host
from live.lean.instructions import SETTINGS_VARIABLE, Instructions, write_instructions

HERE = Path(__file__).parent
SLOW = {"btc_second_momentum", "mixed_resolution_slices", "second_ema_cross", "second_order_lifecycle"}
"""Tens of thousands of slices each."""
GOLDENS = [
    pytest.param(path.stem, marks=[pytest.mark.slow] if path.stem in SLOW else [])
    for path in sorted((HERE / "expected").glob("*.json"))
]


class NoPauses:
    """The collector of a .NET that is not there."""

    def collections(self, generation: int) -> int:
        return 0

    def pause_ns(self) -> int:
        return 0


def refused(algorithm: Any, security: Any, number: int, quantity: Any, tag: str, code_name: str, text: str) -> Any:
    return SimpleNamespace(status=OrderStatus.INVALID, order_type=OrderType(number), tag=tag, order_id=-10)


@pytest.mark.parametrize("name", GOLDENS)
def test_golden_in_the_host(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = lean_data_folder()
    if folder is None:
        pytest.skip("no LEAN data folder was found: set LEAN_DATA or put one at ./data")
    # What of .NET the embedded engine has no like of.
    monkeypatch.setattr(surface, "DotnetPauses", NoPauses)
    kinds = SimpleNamespace(trade=TickType.TRADE, quote=TickType.QUOTE)
    monkeypatch.setattr("live.lean.slice_watch.dotnet_types", lambda: kinds)
    # LEAN's own result handler looks at the portfolio on a thread of its own; the embedded engine knows one thread only.
    monkeypatch.setattr(Host, "_look_after", lambda host: None)
    monkeypatch.setattr(surface, "invalid_ticket", refused)
    entry, run_folder, results = tmp_path / "entry", tmp_path / "run", tmp_path / "results"
    for each in (entry, run_folder, results):
        each.mkdir()
    algorithm = (HERE / "algorithms" / f"{name}.py").resolve()
    settings = tmp_path / "settings.json"
    # Without the keep-warm: it feeds LEAN's aggregator, which a backtest does not have.
    lean = LeanSettings(dummy_symbol="")
    write_instructions(Instructions(algorithm=str(algorithm), run_folder=str(run_folder), lean=lean), settings)
    monkeypatch.setenv(SETTINGS_VARIABLE, str(settings))
    run, sink = run_file(write_entry(entry), folder, results)
    expected = load_expected(HERE / "expected" / f"{name}.json")
    assert not differences(expected, outcome(run, sink))
