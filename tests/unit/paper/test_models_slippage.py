"""Slippage models."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.paper_doubles import Desk, quote_bar, trade_bar, trades

from live.algorithm.enums import Resolution, SecurityType
from live.errors import UsageError
from live.paper.models.slippage import (
    ConstantSlippageModel,
    NullSlippageModel,
    VolumeShareSlippageModel,
    signed_slippage,
)

SENT = "2013-10-07T10:00"


def test_null_slippage_is_zero() -> None:
    desk = Desk()
    spy = desk.add("SPY")
    assert isinstance(spy.slippage_model, NullSlippageModel)
    assert signed_slippage(spy, desk.order(spy, 10, SENT)) == 0


@pytest.mark.parametrize(("quantity", "expected"), [(10, "0.16745"), (-10, "-0.16745")])
def test_constant_slippage_is_a_fraction_of_the_newest_price_against_the_order(quantity: int, expected: str) -> None:
    desk = Desk()
    spy = desk.add("SPY")
    spy.set_slippage_model(ConstantSlippageModel(0.001))
    assert signed_slippage(spy, desk.order(spy, quantity, SENT)) == 0
    trade_bar(spy, SENT, (167, 168, 166, 167.45))
    assert signed_slippage(spy, desk.order(spy, quantity, SENT)) == Decimal(expected)


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [(10, "0.001"), (20, "0.004"), (25, "0.00625"), (100, "0.00625")],  # the share of 1000 is capped at 2.5 %
)
def test_volume_share_grows_with_the_square_up_to_its_limit(quantity: int, expected: str) -> None:
    desk = Desk()
    spy = desk.add("SPY")
    spy.set_slippage_model(VolumeShareSlippageModel())
    trade_bar(spy, SENT, (100, 100, 100, 100))
    assert signed_slippage(spy, desk.order(spy, quantity, SENT)) == Decimal(expected)


def test_volume_share_of_a_quote_bar_uses_the_bid_size_for_purchases() -> None:
    desk = Desk()
    btc = desk.add("BTCUSD", SecurityType.CRYPTO)
    btc.set_slippage_model(VolumeShareSlippageModel(1, 1))
    quote_bar(btc, SENT, (100, 100, 100, 100), (100, 100, 100, 100))
    assert signed_slippage(btc, desk.order(btc, 50, SENT)) == Decimal("1")  # (50 / 500)^2 of 100
    assert signed_slippage(btc, desk.order(btc, -40, SENT)) == Decimal("-1")  # (40 / 400)^2 of 100


def test_without_volume_equities_slip_most_and_pairs_not_at_all() -> None:
    desk = Desk()
    spy, btc = desk.add("SPY"), desk.add("BTCUSD", SecurityType.CRYPTO)
    for security, expected in ((spy, "0.00625"), (btc, "0")):
        security.set_slippage_model(VolumeShareSlippageModel())
        trade_bar(security, SENT, (100, 100, 100, 100)).volume = 0.0
        assert signed_slippage(security, desk.order(security, 10, SENT)) == Decimal(expected)


def test_volume_share_refuses_ticks() -> None:
    desk = Desk()
    ibm = desk.add("IBM", resolution=Resolution.TICK)
    ibm.set_slippage_model(VolumeShareSlippageModel())
    trades(ibm, SENT, (182.0, 100))
    with pytest.raises(UsageError, match="IBM has ticks; use ConstantSlippageModel"):
        signed_slippage(ibm, desk.order(ibm, 10, SENT))


def test_a_users_model_may_return_a_float_under_either_name() -> None:
    class Steep:
        def GetSlippageApproximation(self, asset: object, order: object) -> float:  # noqa: N802
            return 0.1

    desk = Desk()
    spy = desk.add("SPY")
    spy.set_slippage_model(Steep())
    assert signed_slippage(spy, desk.order(spy, -10, SENT)) == Decimal("-0.1")
