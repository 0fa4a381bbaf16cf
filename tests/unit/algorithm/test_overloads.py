"""Parameter lists told apart by the types of the arguments."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from live.algorithm.enums import Resolution, TickType
from live.algorithm.overloads import (
    Parameter,
    anything,
    bind,
    flag,
    function,
    number,
    overloaded,
    resolution,
    span,
    tick_type,
    whole,
)
from live.errors import UsageError

SYMBOL = Parameter("symbol", anything)
FORMS = (
    (SYMBOL, Parameter("period", whole), Parameter("resolution", resolution, None)),
    (SYMBOL, Parameter("period", span), Parameter("kind", tick_type, None), Parameter("quiet", flag, False)),
    (Parameter("value", number, also=("amount",)),),
)


@pytest.mark.parametrize(
    ("args", "named", "values"),
    [
        (("SPY", 5), {}, {"symbol": "SPY", "period": 5, "resolution": None}),
        (
            ("SPY", 5, Resolution.DAILY),
            {},
            {"symbol": "SPY", "period": 5, "resolution": Resolution.DAILY},
        ),
        (("SPY",), {"period": 5}, {"symbol": "SPY", "period": 5, "resolution": None}),
        (("SPY", 5, None), {}, {"symbol": "SPY", "period": 5, "resolution": None}),
        (
            ("SPY", timedelta(1), TickType.QUOTE),
            {"quiet": True},
            {"symbol": "SPY", "period": timedelta(1), "kind": TickType.QUOTE, "quiet": True},
        ),
        ((1.5,), {}, {"value": 1.5}),
        ((), {"amount": 2}, {"value": 2}),
    ],
)
def test_the_first_list_that_fits_is_meant(
    args: tuple[Any, ...], named: dict[str, Any], values: dict[str, Any]
) -> None:
    assert bind("f", FORMS, args, named) == values


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ((), {}),
        (("SPY", "often"), {}),
        (("SPY", 5, Resolution.DAILY, 1), {}),
        (("SPY", 5), {"symbol": "SPY"}),
        (("SPY", 5), {"color": "red"}),
        (("SPY", True), {}),
        (("SPY", Resolution.DAILY), {}),
        ((True,), {}),
        ((1.0,), {"amount": 2}),
    ],
)
def test_what_fits_no_list_is_refused_with_all_of_them(args: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"^f\(.*\) fits none of its forms: \(symbol, period, resolution=None\) or "):
        bind("f", FORMS, args, named)


def test_classes_are_no_functions() -> None:
    assert function(lambda: None)
    assert function(print)
    assert not function(int)


class Thing:
    """Has a method of two forms."""

    @overloaded((Parameter("count", whole),), (Parameter("length", span), Parameter("quiet", flag, False)))
    def take(self, count: int | None = None, length: timedelta | None = None, quiet: bool = True) -> tuple[Any, ...]:
        """Return what was meant."""
        return count, length, quiet


def test_a_method_takes_its_values_by_name_whatever_the_form() -> None:
    thing = Thing()
    assert thing.take(3) == (3, None, True)
    assert thing.take(timedelta(1)) == (None, timedelta(1), False)
    assert thing.take(length=timedelta(1), quiet=True) == (None, timedelta(1), True)
    with pytest.raises(UsageError, match=r"take\('x'\) fits none"):
        thing.take("x")
