"""What order calls are given: the numbers, flags and texts that LEAN takes, and what is said of everything else.

LEAN's bridge to .NET refuses an argument by listing the types of all of them, and .NET some numbers only after that. Here call
and argument are named before anything is done. Read in the bridge's source: a quantity may be anything that has a `__float__`,
a price anything whose text is a number, and both become decimals of .NET. Text that holds a number is refused all the same:
that LEAN takes it is an accident of how it reads prices.
"""

from __future__ import annotations

from typing import Any

LARGEST_DECIMAL = 79_228_162_514_264_337_593_543_950_335
"""The largest decimal of .NET."""
_SHOWN_LENGTH = 60
_TEXT = (str, bytes, bytearray)


def quantity_of(call: str, argument: str, value: Any) -> int | float:
    """Return the number that a quantity, or a fraction of the portfolio, was given as.

    Parameters:
        call: name of the order call, for people.
        argument: name of the argument, likewise.
        value: what it was given.

    Raises:
        TypeError: it is no number.
        ValueError: it is infinite, NaN, or more than a decimal of .NET can hold.
    """
    return _finite(call, argument, number_of(call, argument, value))


def price_of(call: str, argument: str, value: Any) -> int | float:
    """Return the number that a price, or a distance of prices, was given as; parameters and errors as for `quantity_of`."""
    kind = type(value)
    if kind is not int and kind is not float and not isinstance(value, _TEXT):
        try:
            value = float(str(value))
        except ValueError:
            raise _no_number(call, argument, value) from None
    return _finite(call, argument, number_of(call, argument, value))


def number_of(call: str, argument: str, value: Any) -> int | float:
    """Return the number that an argument was given as, infinite and NaN too; parameters as for `quantity_of`.

    Raises:
        TypeError: it is no number.
    """
    kind = type(value)
    if kind is int or kind is float:
        number: int | float = value
        return number
    try:
        if isinstance(value, _TEXT):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise _no_number(call, argument, value) from None


def check_flag(call: str, argument: str, value: Any) -> None:
    """See that an argument is True or False; another truth value, numpy's for example, is none to LEAN.

    Raises:
        TypeError: it is something else.
    """
    if value is not True and value is not False:
        raise TypeError(
            f"{call}: {argument} is {_shown(value)}, and must be True or False; look at the order of the arguments"
        )


def check_options(call: str, asynchronous: Any, tag: Any) -> None:
    """See that what follows the numbers of an order call is of the types that LEAN takes.

    Raises:
        TypeError: it is not.
    """
    check_flag(call, "asynchronous", asynchronous)
    if tag is not None and not isinstance(tag, str):
        raise TypeError(f"{call}: the tag is {_shown(tag)}, and must be text; look at the order of the arguments")


def _finite(call: str, argument: str, number: int | float) -> int | float:
    if -LARGEST_DECIMAL <= number <= LARGEST_DECIMAL:
        return number
    raise ValueError(f"{call}: the {argument} is {number}; give a finite number, and look at what it was computed from")


def _no_number(call: str, argument: str, value: Any) -> TypeError:
    return TypeError(f"{call}: the {argument} is {_shown(value)}, which is no number; look at where it comes from")


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}..."
