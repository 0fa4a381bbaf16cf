"""A slow and obvious decoder of LEAN's rows, to check the fast one against, and what both need to be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal

from live.clock import NANOSECONDS_PER_DAY, datetime_to_ns
from live.hot.records import BAR_WORDS, TICK_WORDS, RecordBuffer
from live.hot.row_errors import LINE_BYTES_MAX
from live.hot.rows import (
    CRYPTO_QUOTE_TICK,
    CRYPTO_TRADE_TICK,
    EQUITY_QUOTE_TICK,
    EQUITY_TRADE_TICK,
    FOREX_QUOTE_TICK,
    QUOTE_BAR,
    TRADE_BAR,
    RowDecoder,
)

Row = tuple[int | float, ...]
Decoded = tuple[list[Row], int]
"""Records, and the line that is wrong, 0 for none."""

ALL_TIME = [(-(1 << 62), 1 << 62)]
NUMBER = re.compile(rb"(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?")
MILLISECONDS = re.compile(rb"\d{1,9}(\.\d*)?")
DATE = re.compile(rb"\d{8} \d\d:\d\d")
EXACT = Context(prec=2_000)
REALS = {TICK_WORDS: {4, 5}, BAR_WORDS: {6, 11}}


class WrongRowError(Exception):
    """The reference refuses a row."""


@dataclass(frozen=True)
class RowFormat:
    """What a decoder is made from."""

    kind: int
    price_decimals: int = 0
    has_dates: bool = False
    period_ns: int = 0

    @property
    def width(self) -> int:
        return BAR_WORDS if self.kind >= TRADE_BAR else TICK_WORDS

    def decoder(self, midnight_ns: int = 0) -> RowDecoder:
        decoder = RowDecoder(self.kind, self.price_decimals, self.has_dates, self.period_ns)
        decoder.begin_file(midnight_ns, -1, 0)
        decoder.set_sessions(ALL_TIME)
        return decoder


FORMATS = {
    "equity trade tick": RowFormat(EQUITY_TRADE_TICK, 4),
    "equity quote tick": RowFormat(EQUITY_QUOTE_TICK, 4),
    "forex quote tick": RowFormat(FOREX_QUOTE_TICK),
    "crypto trade tick": RowFormat(CRYPTO_TRADE_TICK),
    "crypto quote tick": RowFormat(CRYPTO_QUOTE_TICK),
    "equity minute trade bar": RowFormat(TRADE_BAR, 4, False, 60_000_000_000),
    "equity minute quote bar": RowFormat(QUOTE_BAR, 4, False, 60_000_000_000),
    "crypto second trade bar": RowFormat(TRADE_BAR, 0, False, 1_000_000_000),
    "crypto minute quote bar": RowFormat(QUOTE_BAR, 0, False, 60_000_000_000),
    "equity daily trade bar": RowFormat(TRADE_BAR, 4, True, 86_400_000_000_000),
    "forex hour quote bar": RowFormat(QUOTE_BAR, 0, True, 3_600_000_000_000),
}


def records(buffer: RecordBuffer) -> list[Row]:
    """Return the records of a buffer, reals as floats; the spare words are left out."""
    reals = REALS[buffer.width]
    fields = range(TICK_WORDS if buffer.width == TICK_WORDS else 14)
    return [
        tuple(buffer.real(record, field) if field in reals else buffer.word(record, field) for field in fields)
        for record in range(buffer.count)
    ]


def decode(
    format: RowFormat, text: bytes, cuts: Iterable[int] = (), capacity: int = 64, midnight_ns: int = 0
) -> Decoded:
    """Decode a file with the fast decoder, in blocks that end at the cuts and in buffers of a capacity."""
    decoder = format.decoder(midnight_ns)
    buffer = RecordBuffer(capacity, format.width)
    found: list[Row] = []
    at = 0
    for stop in [*sorted(cut for cut in cuts if cut < len(text)), len(text)]:
        while True:
            is_last = stop == len(text)
            at = decoder.decode(text, at, stop, is_last, buffer)
            was_full = buffer.count == capacity
            found += records(buffer)
            buffer.count = 0
            if decoder.error:
                return found, decoder.line
            if not was_full:
                break
    assert at == len(text)
    return found, 0


def decode_slowly(format: RowFormat, text: bytes, midnight_ns: int = 0) -> Decoded:
    """Decode a file line by line with decimals."""
    found: list[Row] = []
    last_ns: int | None = None
    for number, line in enumerate(text.split(b"\n"), 1):
        line = line.removesuffix(b"\r")
        if not line:
            continue
        try:
            row = _row(format, line, midnight_ns, number)
            time_ns = int(row[1] if format.kind >= TRADE_BAR else row[0])
            if last_ns is not None and time_ns < last_ns:
                raise WrongRowError
        except WrongRowError:
            return found, number
        if format.kind < TRADE_BAR or time_ns != last_ns:
            found.append(row)
        last_ns = time_ns
    return found, 0


def _row(format: RowFormat, line: bytes, midnight_ns: int, number: int) -> Row:
    if len(line) > LINE_BYTES_MAX:
        raise WrongRowError
    fields = line.split(b",")
    is_quote = format.kind in (EQUITY_QUOTE_TICK, FOREX_QUOTE_TICK, CRYPTO_QUOTE_TICK, QUOTE_BAR)
    if format.kind >= TRADE_BAR:
        return _bar(format, fields, midnight_ns, number, is_quote)
    time_ns = _time(fields[0], midnight_ns)
    counts = {EQUITY_TRADE_TICK: (3, 6), EQUITY_QUOTE_TICK: (5, 8), FOREX_QUOTE_TICK: (3,)}
    counts |= {CRYPTO_TRADE_TICK: (3, 4), CRYPTO_QUOTE_TICK: (5, 6)}
    if len(fields) not in counts[format.kind]:
        raise WrongRowError
    size = ask_size = 0.0
    ask = 0
    price = _price(fields[1], format)
    if format.kind == FOREX_QUOTE_TICK:
        ask = _price(fields[2], format)
    else:
        size = _size(fields[2])
        if is_quote:
            ask, ask_size = _price(fields[3], format), _size(fields[4])
    if price == 0 and ask == 0:
        raise WrongRowError
    flags = _flags(fields[counts[format.kind][0] :])
    return (time_ns, int(is_quote), price, ask, size, ask_size, flags, number)


def _flags(fields: list[bytes]) -> int:
    if not fields:
        return 0
    flags = 0
    if len(fields) == 3:
        exchange, condition = fields[:2]
        if not re.fullmatch(rb"[0-9A-Za-z]?", exchange) or not re.fullmatch(rb"[0-9A-Fa-f]{0,8}", condition):
            raise WrongRowError
        flags = (ord(exchange) if exchange else 0) << 8
        code = int(condition or b"0", 16)
        flags += (code - (1 << 32) if code >> 31 else code) << 32
    if fields[-1] not in (b"0", b"1"):
        raise WrongRowError
    return flags + int(fields[-1])


def _bar(format: RowFormat, fields: list[bytes], midnight_ns: int, number: int, is_quote: bool) -> Row:
    if len(fields) != (11 if is_quote else 6):
        raise WrongRowError
    if format.has_dates:
        start_ns = _date(fields[0])
    else:
        start_ns = _time(fields[0], midnight_ns)
        if start_ns % 1_000_000:
            raise WrongRowError
    bid = _side(format, fields[1:6], is_quote)
    ask = _side(format, fields[6:11], True) if is_quote else [0, 0, 0, 0, 0.0]
    if bid[0] == 0 and ask[0] == 0:
        raise WrongRowError
    return (start_ns, start_ns + format.period_ns, *bid, *ask, int(is_quote), number)


def _side(format: RowFormat, fields: list[bytes], may_be_empty: bool) -> list[int | float]:
    prices = [0 if may_be_empty and not field else _price(field, format) for field in fields[:4]]
    size = 0.0 if may_be_empty and not fields[4] else _size(fields[4])
    if not any(prices):
        return [0, 0, 0, 0, 0.0]
    high, low = prices[1], prices[2]
    if not all(prices) or min(prices) != low or max(prices) != high:
        raise WrongRowError
    return [*prices, size]


def _time(field: bytes, midnight_ns: int) -> int:
    if not MILLISECONDS.fullmatch(field):
        raise WrongRowError
    ticks = (Decimal(field.decode()) * 10_000).quantize(Decimal(1), ROUND_HALF_EVEN, EXACT)
    if ticks * 100 >= NANOSECONDS_PER_DAY:
        raise WrongRowError
    return midnight_ns + int(ticks) * 100


def _date(field: bytes) -> int:
    if not DATE.fullmatch(field):
        raise WrongRowError
    try:
        moment = datetime.strptime(field.decode(), "%Y%m%d %H:%M")
    except ValueError as error:
        raise WrongRowError from error
    if not 1900 <= moment.year < 2200:
        raise WrongRowError
    return datetime_to_ns(moment)


def _price(field: bytes, format: RowFormat) -> int:
    if not NUMBER.fullmatch(field):
        raise WrongRowError
    value = Decimal(field.decode()).scaleb(9 - format.price_decimals, EXACT)
    if not value:
        return 0
    if value > 9 * 10**18 or value != value.to_integral_value() or len(value.normalize(EXACT).as_tuple().digits) > 18:
        raise WrongRowError
    return int(value)


def _size(field: bytes) -> float:
    if not NUMBER.fullmatch(field):
        raise WrongRowError
    value = float(field)
    if value == float("inf"):
        raise WrongRowError
    return value
