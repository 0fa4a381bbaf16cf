"""Generated orders on generated markets, through the whole engine: compiled and interpreted give the same, byte by byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.order_sequences import TICKERS, play

import live.hot
from live import INTERPRETED_VARIABLE

ROOT = Path(__file__).resolve().parent.parent.parent
ORDERS = (
    "market",
    "market",
    "limit",
    "limit",
    "stop",
    "stop_limit",
    "touched",
    "trailing",
    "close",
    "submit",
    "submit",
)
CHANGES = (
    "set_holdings", "liquidate", "cancel", "cancel_handle",
    "update_quantity", "update_limit", "update_stop", "update_all", "update_tag",
)  # fmt: skip

moves = st.lists(
    st.tuples(st.integers(0, 4_000), st.integers(-40, 40), st.integers(1, 400), st.integers(0, 3)),
    min_size=15,
    max_size=40,
)
quantities = st.integers(-200, 200) | st.integers(1, 20) | st.sampled_from([0.5, 10.75, -3.25, 1e6])


def command(operations: tuple[str, ...], first_call: int) -> st.SearchStrategy[tuple[Any, ...]]:
    """Return a strategy of what to do at a call of on_data or on_tick."""
    cents = st.integers(-60, 60)
    calls, picks = st.integers(first_call, 24), st.integers(0, 11)
    return st.tuples(calls, st.sampled_from(operations), st.integers(0, 2), quantities, cents, cents, picks)


limits = st.fixed_dictionaries(
    {},
    optional={
        "max_order_quantity": st.sampled_from([5, 100, 200]),
        "max_order_notional": st.sampled_from([2_000, 20_000]),
        "max_position_quantity": st.sampled_from([50, 300]),
        "max_gross_exposure": st.sampled_from([10_000, 60_000]),
        "max_daily_loss": st.sampled_from([10, 500]),
        "max_open_orders": st.integers(1, 4),
        "max_orders_per_second": st.integers(1, 3),
        "max_orders_per_minute": st.integers(1, 10),
        "max_quote_age_seconds": st.sampled_from([0.5, 2.0]),
        "price_collar_bps": st.sampled_from([20, 200]),
        "duplicate_window_seconds": st.sampled_from([1.0, 30.0]),
        "restricted_symbols": st.just(["BBB"]),
    },
)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Draw markets, limits and orders."""
    is_live = draw(st.booleans())
    symbols = [
        {
            "ticker": ticker,
            "price": draw(st.integers(500, 30_000)),
            "resolution": "tick" if is_live or draw(st.booleans()) else "minute",
            "moves": draw(moves),
        }
        for ticker in TICKERS[: draw(st.integers(1, 3))]
    ]
    orders = draw(st.lists(command(ORDERS, 1), min_size=6, max_size=16))
    changes = draw(st.lists(command(CHANGES, 3), min_size=4, max_size=12))
    chosen = draw(limits) if draw(st.integers(0, 2)) == 0 else {}
    return {"is_live": is_live, "symbols": symbols, "limits": chosen, "commands": orders + changes}


class Worker:
    """A process that plays cases with the compiled modules turned off."""

    def __init__(self) -> None:
        path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.order_sequences"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, INTERPRETED_VARIABLE: "1", "PYTHONPATH": path},
            text=True,
        )

    def play(self, case: dict[str, Any]) -> dict[str, Any]:
        """Play a case."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


@pytest.fixture(scope="module")
def interpreted() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


@pytest.mark.skipif(not live.hot.COMPILED, reason="nothing is compiled here: there is no other build to compare with")
@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_both_builds_do_the_same(case: dict[str, Any], interpreted: Worker) -> None:
    theirs = interpreted.play(case)
    assert not theirs["is_compiled"]
    ours = json.dumps(play(case), sort_keys=True)
    assert ours == json.dumps(theirs["outcome"], sort_keys=True)


@settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_generated_orders_keep_the_books(case: dict[str, Any]) -> None:
    """Holdings are the sum of the fills, no order fills beyond its size, and nothing ends in an error of ours."""
    result = play(case)
    assert "error" not in result, result
    filled: dict[int, float] = {}
    held: dict[str, float] = dict.fromkeys((each["ticker"] for each in case["symbols"]), 0.0)
    closed: dict[int, str] = {}
    for event in result["order_events"]:
        order_id, quantity = event["order_id"], float(event["fill_quantity"])
        # A new tag for an order that cannot be afforded tells again that it is invalid, as in LEAN.
        assert order_id not in closed or (event["status"] == closed[order_id] == "Invalid" and quantity == 0)
        filled[order_id] = filled.get(order_id, 0.0) + quantity
        held[event["symbol"]] += quantity
        assert abs(filled[order_id]) <= abs(float(event["quantity"])) + 1e-9
        if event["status"] in ("Filled", "Canceled", "Invalid"):
            closed[order_id] = event["status"]
    assert {each["symbol"]: float(each["quantity"]) for each in result["final"]["holdings"]} == pytest.approx(held)
