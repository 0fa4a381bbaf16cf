"""What is sampled of account and securities over a run's time."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from live.paper.curves import SAMPLED_SYMBOLS_MAX, TRADED_SYMBOLS_MAX, Curves
from live.report.figures import drawdowns


def security(index: int, price: float = 10.0) -> Any:
    """What is read of a security."""
    symbol = SimpleNamespace(index=index, value=f"S{index}", id=f"S{index} ID")
    return SimpleNamespace(symbol=symbol, price=price, holdings=SimpleNamespace(exact_quantity=Decimal(0)))


def test_the_deepest_fall_below_a_peak_is_kept() -> None:
    curves = Curves()
    values = [100.0, 120.0, 108.0, 130.0, 104.0, 129.0, 131.0]
    for number, value in enumerate(values):
        curves.sample(number, value, ())
    assert curves.drawdown.share == pytest.approx(0.2)
    assert (curves.drawdown.amount, curves.drawdown.time_ns) == (26.0, 4)
    falls = drawdowns(curves.equity.points())
    assert min(falls, key=lambda point: point[1]) == (4, pytest.approx(-0.2))
    assert [value for _, value in falls[:2]] == [0.0, 0.0]


def test_positions_are_kept_when_they_change_and_prices_at_every_sample() -> None:
    curves, traded = Curves(), security(1)
    curves.sample(1, 100.0, [traded])
    traded.holdings.exact_quantity = Decimal(5)
    curves.fill(traded, 2, 11.0)
    curves.sample(3, 100.0, [traded])
    (found,) = curves.symbols()
    assert found.price == [(1, 10.0), (2, 11.0), (3, 10.0)]
    assert found.position == [(1, 0.0), (2, 5.0)]


def test_a_security_without_a_price_has_none() -> None:
    curves = Curves()
    curves.sample(1, 100.0, [security(1, price=0.0)])
    (found,) = curves.symbols()
    assert found.price == []


def test_securities_that_trade_are_followed_beyond_the_first() -> None:
    curves = Curves()
    everything = [security(index) for index in range(200)]
    curves.sample(1, 100.0, everything)
    assert len(list(curves.symbols())) == SAMPLED_SYMBOLS_MAX
    for each in everything[100:]:
        curves.fill(each, 2, 10.0)
    found = list(curves.symbols())
    assert len(found) == TRADED_SYMBOLS_MAX
    assert found[SAMPLED_SYMBOLS_MAX].symbol == "S100"
    assert found[SAMPLED_SYMBOLS_MAX].price == [(2, 10.0)]
