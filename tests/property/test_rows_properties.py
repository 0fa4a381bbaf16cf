"""The row decoder against a slow and obvious one, on rows that are right, nearly right, and anything else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.row_reference import FORMATS, RowFormat, decode, decode_slowly

from live.hot.rows import (
    CRYPTO_QUOTE_TICK,
    CRYPTO_TRADE_TICK,
    EQUITY_QUOTE_TICK,
    EQUITY_TRADE_TICK,
    FOREX_QUOTE_TICK,
    QUOTE_BAR,
    TRADE_BAR,
)

EVERY_FORMAT = pytest.mark.parametrize("name", FORMATS)
FEW = settings(deadline=None, max_examples=25)
MANY = settings(deadline=None, max_examples=50)


def plain(value: int, decimals: int) -> str:
    """Write an integer with a decimal point so many digits from its end."""
    return f"{Decimal(value).scaleb(-decimals):f}"


def prices(format: RowFormat) -> st.SearchStrategy[str]:
    if format.price_decimals:
        return st.integers(1, 10**8).map(str)
    return st.one_of(
        st.builds(plain, st.integers(1, 9 * 10**9), st.integers(0, 9)),
        st.builds(lambda digits, power: f"{digits}E-0{power}", st.integers(1, 999), st.integers(1, 9)),
    )


def sizes() -> st.SearchStrategy[str]:
    return st.one_of(
        st.integers(0, 10**9).map(str),
        st.builds(plain, st.integers(0, 10**19), st.integers(0, 25)),
        st.floats(0, 1e12).map(repr),
    )


@st.composite
def rows(draw: st.DrawFn, format: RowFormat) -> bytes:
    """Draw a file of rows that are all right."""
    lines: list[str] = []
    count = draw(st.integers(1, 12))
    # A fraction of the last millisecond may round to the next day, which is an error.
    times = sorted(draw(st.lists(st.integers(0, 86_399_998), min_size=count, max_size=count, unique=True)))
    for index, time in enumerate(times):
        lines.append(",".join([when(draw, format, index, time), *values(draw, format)]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return (end.join(lines) + draw(st.sampled_from(["", end, end + end]))).encode()


def when(draw: st.DrawFn, format: RowFormat, index: int, time: int) -> str:
    if format.has_dates:
        return f"20{index + 10}{draw(st.integers(1, 12)):02}{draw(st.integers(1, 28)):02} {time % 24:02}:{time % 60:02}"
    if format.kind >= TRADE_BAR or draw(st.booleans()):
        return str(time)
    return f"{time}{plain(draw(st.integers(0, 99_999)), 5)[1:]}"


def values(draw: st.DrawFn, format: RowFormat) -> list[str]:
    price, size = prices(format), sizes()
    if format.kind >= TRADE_BAR:
        sides = [side(draw, format) for _ in range(2 if format.kind == QUOTE_BAR else 1)]
        if format.kind == QUOTE_BAR and draw(st.booleans()):
            sides[draw(st.integers(0, 1))] = draw(st.sampled_from([["", "", "", "", ""], ["0", "0", "0", "0", "7"]]))
        return [field for each in sides for field in each]
    if format.kind == FOREX_QUOTE_TICK:
        return [draw(price), draw(price)]
    fields = [draw(price), draw(size)]
    if format.kind in (EQUITY_QUOTE_TICK, CRYPTO_QUOTE_TICK):
        fields += [draw(st.one_of(price, st.just("0"))), draw(size)]
    if format.kind in (EQUITY_TRADE_TICK, EQUITY_QUOTE_TICK) and draw(st.booleans()):
        condition = draw(st.one_of(st.just(""), st.integers(0, 2**32 - 1).map(lambda code: f"{code:X}")))
        fields += [draw(st.sampled_from(["Q", "P", "z", "1", ""])), condition, draw(st.sampled_from("01"))]
    elif format.kind in (CRYPTO_TRADE_TICK, CRYPTO_QUOTE_TICK) and draw(st.booleans()):
        fields.append(draw(st.sampled_from("01")))
    return fields


def side(draw: st.DrawFn, format: RowFormat) -> list[str]:
    four = sorted((draw(prices(format)) for _ in range(4)), key=Decimal)
    low, first, second, high = four
    return [first, high, low, second, draw(sizes())]


@EVERY_FORMAT
@FEW
@given(data=st.data())
def test_right_rows_are_all_decoded_exactly(name: str, data: st.DataObject) -> None:
    text = data.draw(rows(FORMATS[name]))
    found, wrong = decode(FORMATS[name], text)
    assert wrong == 0
    assert (found, wrong) == decode_slowly(FORMATS[name], text)


@EVERY_FORMAT
@FEW
@given(data=st.data())
def test_the_blocks_of_a_file_do_not_matter(name: str, data: st.DataObject) -> None:
    text = data.draw(rows(FORMATS[name]))
    cuts = data.draw(st.lists(st.integers(0, len(text))))
    capacity = data.draw(st.integers(1, 5))
    assert decode(FORMATS[name], text, cuts, capacity) == decode(FORMATS[name], text)


@EVERY_FORMAT
def test_a_file_may_be_cut_at_any_byte(name: str) -> None:
    format = FORMATS[name]
    time = "20240229 09:30" if format.has_dates else "34200000"
    middle = {
        EQUITY_TRADE_TICK: "1815200,283,P,20002020,0",
        EQUITY_QUOTE_TICK: "1800100,300,0,0,P,1,0",
        FOREX_QUOTE_TICK: "1.38676,1.38686",
        CRYPTO_TRADE_TICK: "611.78,1.13872,1",
        CRYPTO_QUOTE_TICK: "611.78,1E-08,611.79,2.5,0",
        TRADE_BAR: "10,12,9,11,100",
        QUOTE_BAR: ",,,,,10,12,9,11,100",
    }[format.kind]
    text = f"{time},{middle}\r\n\r\n{time},{middle}".encode()
    expected = decode_slowly(format, text)
    assert expected[0]
    assert all(decode(format, text, [cut]) == expected for cut in range(len(text)))


@EVERY_FORMAT
@MANY
@given(data=st.data())
def test_nearly_right_rows_are_decoded_as_the_reference_does_or_refused(name: str, data: st.DataObject) -> None:
    text = bytearray(data.draw(rows(FORMATS[name])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        new = data.draw(
            st.sampled_from([b"", b"0", b"9", b",", b".", b"-", b"E", b"e-5", b"\n", b"\r", b" ", b"x", b"\x00"])
        )
        text[at : at + data.draw(st.integers(0, 2))] = new
    assert decode(FORMATS[name], bytes(text)) == decode_slowly(FORMATS[name], bytes(text))


@EVERY_FORMAT
@MANY
@given(data=st.data())
def test_any_bytes_are_decoded_as_the_reference_does_or_refused(name: str, data: st.DataObject) -> None:
    alphabet = st.sampled_from(b"0123456789.,,,,eE+-\r\n :AQ")
    text = data.draw(st.one_of(st.binary(max_size=200), st.lists(alphabet, max_size=200).map(bytes)))
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=4))
    assert decode(FORMATS[name], text, cuts) == decode_slowly(FORMATS[name], text)


@MANY
@given(text=st.from_regex(r"\A([0-9]{0,25}\.?[0-9]{0,25})([eE][+-]?[0-9]{1,3})?\Z"))
def test_numbers_of_any_length_are_exact_prices_and_nearest_sizes_or_refused(text: str) -> None:
    for row in (f"0,{text},1", f"0,1,{text}"):
        format = FORMATS["crypto trade tick"]
        assert decode(format, row.encode()) == decode_slowly(format, row.encode())
