# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""Conversions between the user's floats and the engine's decimals, as LEAN makes them."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal, localcontext, setcontext
from functools import lru_cache
from typing import Union

Number = Union[int, float, Decimal]

ZERO = Decimal(0)
ONE = Decimal(1)
_SEVEN_DIGITS = Context(prec=7, rounding=ROUND_HALF_EVEN)
_CONTEXT = Context(prec=28, rounding=ROUND_HALF_EVEN)


def use_engine_context() -> None:
    """Set the decimal context of this thread to LEAN's precision: 28 digits, ties to even."""
    setcontext(_CONTEXT.copy())


def to_decimal(value: Number) -> Decimal:
    """Return the decimal that LEAN's engine sees for a number handed over by Python.

    A float keeps 15 significant digits, as .NET's conversion from double to decimal does.

    Raises:
        ValueError: the value is not a finite number.
    """
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        if value - value != 0.0:
            raise ValueError(f"{value!r} is not a finite number")
        return _of_float(value)
    return _of_float(float(value))


@lru_cache(maxsize=4_096)
def _of_float(value: float) -> Decimal:
    """Return a finite float's decimal; the same prices are converted again and again while an order is under way."""
    return Decimal(format(value, ".15g"))


def round_down_to_lot(quantity: Decimal, lot_size: Decimal) -> Decimal:
    """Return the quantity cut toward zero to a whole number of lots."""
    with localcontext(_CONTEXT):
        lots = (quantity / lot_size).to_integral_value(rounding=ROUND_DOWN)
        return lots * lot_size


def smart_rounded(value: Decimal) -> Decimal:
    """Round as LEAN's messages do: above 1,000 to four places, otherwise to seven significant digits, half to even."""
    if value > 1_000:
        return round(value, 4)
    return _SEVEN_DIGITS.plus(value)


def plain(value: Decimal) -> str:
    """Return a decimal without exponent and without trailing zeros; minus zero is "0"."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
