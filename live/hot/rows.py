# cython: annotation_typing=False, initializedcheck=False
"""Decoding of LEAN's CSV rows into records: bytes in, integers out, nothing in between.

A decoder takes blocks of a file that end at any byte. It decodes whole lines, checks every field, and stops at the
first line that cannot be trusted, with a code, a line number and a column; the feed turns those into an error that
names the file.

    equity trade tick   milliseconds, price, size [, exchange, sale condition, suspicious]
    equity quote tick   milliseconds, bid, bid size, ask, ask size [, exchange, sale condition, suspicious]
    forex quote tick    milliseconds, bid, ask
    crypto trade tick   milliseconds, price, size [, suspicious]
    crypto quote tick   milliseconds, bid, bid size, ask, ask size [, suspicious]
    trade bar           time, open, high, low, close, volume
    quote bar           time, then open, high, low, close, last size of the bid, then of the ask

The time is in milliseconds after midnight, or for bars of hours and days "YYYYMMDD HH:MM". A trade has a price above
zero. A quote may lack one side (all of it zero, or in bars empty), not both. Time does not go back: LEAN skips such
rows, here they are an error. A bar with the same end as the one before it is skipped, as LEAN does.
"""

from __future__ import annotations

from array import array
from itertools import pairwise

import cython

from live.hot.fields import FieldDecoder
from live.hot.records import BAR_WORDS, LONG_AGO_NS, TICK_WORDS, RecordBuffer
from live.hot.row_errors import (
    BAD_CHARACTER,
    BAD_CONDITION,
    BAD_EXCHANGE,
    BAD_SUSPICIOUS_FLAG,
    BAR_CONTRADICTION,
    EXTRA_FIELD,
    LINE_BYTES_MAX,
    LINE_TOO_LONG,
    NO_QUOTE,
    PRICE_NOT_POSITIVE,
    TIME_BACKWARDS,
)

EQUITY_TRADE_TICK = 0
EQUITY_QUOTE_TICK = 1
FOREX_QUOTE_TICK = 2
CRYPTO_TRADE_TICK = 3
CRYPTO_QUOTE_TICK = 4
TRADE_BAR = 5
QUOTE_BAR = 6

if not cython.compiled:  # when compiled these come from the .pxd, as constants that the compiler can fold
    from live.hot.fields import COMMA, NEWLINE, NINE, RETURN, ZERO

_LINE_MAX = LINE_BYTES_MAX
_CONDITION_MAX = (1 << 32) - 1
_LONG_AGO_NS = LONG_AGO_NS


class RowDecoder(FieldDecoder):
    """Decodes the rows of one file after another; `error`, `line` and `column` tell why and where it stopped.

    Parameters:
        kind: one of the row formats above.
        price_decimals: digits that the file's prices were scaled by: 4 for equities, 0 otherwise.
        has_dates: whether rows begin with "YYYYMMDD HH:MM" (hours and days) instead of milliseconds.
        period_ns: length of a bar, 0 for ticks.
    """

    def __init__(self, kind: int, price_decimals: int, has_dates: bool, period_ns: int) -> None:
        self.is_bar = kind >= TRADE_BAR
        super().__init__(price_decimals, not self.is_bar)
        self.is_quote = kind in (EQUITY_QUOTE_TICK, FOREX_QUOTE_TICK, CRYPTO_QUOTE_TICK, QUOTE_BAR)
        self.has_sizes = kind != FOREX_QUOTE_TICK
        self.has_venue = kind in (EQUITY_TRADE_TICK, EQUITY_QUOTE_TICK)
        self.has_dates = has_dates
        self.period_ns = period_ns
        self.width = BAR_WORDS if self.is_bar else TICK_WORDS
        self.set_sessions([])
        self.begin_file(0, -1, 0)

    def begin_file(self, midnight_ns: int, shift_at_ms: int, shift_ns: int) -> None:
        """Begin a file.

        Parameters:
            midnight_ns: the day's midnight: UTC for ticks, the file's own wall clock for bars; ignored by dated rows.
            shift_at_ms: milliseconds after midnight at which the zone's offset changes, -1 for a day without a change.
            shift_ns: what the change adds to the times of readings: above zero when clocks are set back.
        """
        self.begin_day(midnight_ns, shift_at_ms, shift_ns)
        self.line = 0
        self.column = 0
        self.last_ns = _LONG_AGO_NS
        self.session = 0

    def set_sessions(self, spans: list[tuple[int, int]]) -> None:
        """Keep only ticks inside these spans; a new decoder keeps none. Bars are all kept.

        Parameters:
            spans: (start, end) of each in UTC nanoseconds, the end excluded, in order and apart.
        """
        assert all(start <= end for start, end in spans)
        assert all(first[1] <= second[0] for first, second in pairwise(spans))
        self.session = 0
        self.session_count = len(spans)
        self.session_starts = memoryview(array("q", [start for start, _ in spans] or [0]))
        self.session_ends = memoryview(array("q", [end for _, end in spans] or [0]))

    def decode(self, text: bytes, at: int, stop: int, is_last: bool, buffer: RecordBuffer) -> int:
        """Decode lines until the text or the buffer ends, or a line is wrong.

        Parameters:
            text: bytes of the file.
            at: first byte of a line.
            stop: end of the bytes.
            is_last: whether the file ends at `stop`, so that the last line needs no line break.
            buffer: records are appended.

        Returns:
            Index of the first byte that was not consumed: `stop`, a line that `stop` cuts off, or the line that is
            wrong.
        """
        assert at >= 0
        assert stop <= len(text)
        assert buffer.width == self.width
        view = text
        while at < stop and buffer.count < buffer.capacity:
            end = at
            while end < stop and view[end] != NEWLINE:
                end += 1
            if end == stop and not is_last and stop - at <= _LINE_MAX + 1:
                return at
            self.line += 1
            next_line = end + 1 if end < stop else stop
            if end > at and view[end - 1] == RETURN:
                end -= 1
            if end > at:
                if end - at > _LINE_MAX:
                    self._refuse(LINE_TOO_LONG, at + _LINE_MAX)
                elif self.is_bar:
                    self._bar(view, at, end, buffer)
                else:
                    self._tick(view, at, end, buffer)
                if self.error:
                    self.column = self.error_at - at + 1
                    return at
            at = next_line
        return at

    # One row. Like fields, these return the index after what they read, or -1 once the row is wrong.

    def _tick(self, view: bytes, at: int, end: int, buffer: RecordBuffer) -> int:
        begin = at
        at = self._milliseconds(view, at, end)
        if at < 0:
            return -1
        base = buffer.count * self.width
        at = self._price(view, at, end, False)
        if at < 0:
            return -1
        buffer.words[base + 2] = self.price
        if self.has_sizes:
            at = self._size(view, at, end)
            if at < 0:
                return -1
            buffer.reals[base + 4] = self.size
        else:
            buffer.reals[base + 4] = 0.0
        if self.is_quote:
            at = self._ask(view, at, end, buffer, base)
            if at < 0:
                return -1
        elif self.price == 0:
            return self._refuse(PRICE_NOT_POSITIVE, at)
        else:
            buffer.words[base + 3] = 0
            buffer.reals[base + 5] = 0.0
        self.flags = 0
        if at < end:
            at = self._flags(view, at, end)
            if at < 0:
                return -1
        if self.time_ns < self.last_ns:
            return self._refuse(TIME_BACKWARDS, begin)
        self.last_ns = self.time_ns
        while self.session < self.session_count and self.time_ns >= self.session_ends[self.session]:
            self.session += 1
        if self.session < self.session_count and self.time_ns >= self.session_starts[self.session]:
            buffer.words[base] = self.time_ns
            buffer.words[base + 1] = self.is_quote
            buffer.words[base + 6] = self.flags
            buffer.words[base + 7] = self.line
            buffer.count += 1
        return at

    def _ask(self, view: bytes, at: int, end: int, buffer: RecordBuffer, base: int) -> int:
        bid = self.price
        at = self._price(view, at, end, False)
        if at < 0:
            return -1
        if bid == 0 and self.price == 0:
            return self._refuse(NO_QUOTE, at)
        buffer.words[base + 3] = self.price
        if self.has_sizes:
            at = self._size(view, at, end)
            if at < 0:
                return -1
            buffer.reals[base + 5] = self.size
        else:
            buffer.reals[base + 5] = 0.0
        return at

    def _bar(self, view: bytes, at: int, end: int, buffer: RecordBuffer) -> int:
        begin = at
        at = self._date(view, at, end) if self.has_dates else self._milliseconds(view, at, end)
        if at < 0:
            return -1
        base = buffer.count * self.width
        at = self._side(view, at, end, buffer, base + 2)
        if at < 0:
            return -1
        if self.is_quote:
            at = self._side(view, at, end, buffer, base + 7)
            if at < 0:
                return -1
            if buffer.words[base + 2] == 0 and buffer.words[base + 7] == 0:
                return self._refuse(NO_QUOTE, at)
        else:
            if buffer.words[base + 2] == 0:
                return self._refuse(PRICE_NOT_POSITIVE, at)
            for field in range(7, 11):
                buffer.words[base + field] = 0
            buffer.reals[base + 11] = 0.0
        if at < end:
            return self._refuse(EXTRA_FIELD if view[at] == COMMA else BAD_CHARACTER, at)
        end_ns = self.time_ns + self.period_ns
        if end_ns < self.last_ns:
            return self._refuse(TIME_BACKWARDS, begin)
        if end_ns > self.last_ns:
            self.last_ns = end_ns
            buffer.words[base] = self.time_ns
            buffer.words[base + 1] = end_ns
            buffer.words[base + 12] = self.is_quote
            buffer.words[base + 13] = self.line
            buffer.count += 1
        return at

    def _side(self, view: bytes, at: int, end: int, buffer: RecordBuffer, base: int) -> int:
        """Decode open, high, low, close and size into the words from `base` on; an absent side is all zeros."""
        begin = at + 1
        for field in range(4):
            at = self._price(view, at, end, self.is_quote)
            if at < 0:
                return -1
            buffer.words[base + field] = self.price
        if self.is_quote and at + 1 <= end and view[at] == COMMA and (at + 1 == end or view[at + 1] == COMMA):
            at += 1
            self.size = 0.0
        else:
            at = self._size(view, at, end)
            if at < 0:
                return -1
        opened = buffer.words[base]
        high = buffer.words[base + 1]
        low = buffer.words[base + 2]
        close = buffer.words[base + 3]
        if high == 0 and opened == 0 and low == 0 and close == 0:
            buffer.reals[base + 4] = 0.0
            return at
        if low == 0 or opened > high or opened < low or close > high or close < low:
            return self._refuse(BAR_CONTRADICTION, begin)
        buffer.reals[base + 4] = self.size
        return at

    def _flags(self, view: bytes, at: int, end: int) -> int:
        """Decode into `flags` what may follow the sizes: exchange and sale condition of equities, suspicious or not."""
        at = self._comma(view, at, end) if self.has_sizes else self._refuse(EXTRA_FIELD, at)
        if at < 0:
            return -1
        if self.has_venue:
            if at < end and view[at] != COMMA:
                if not _is_letter_or_digit(view[at]) or (at + 1 < end and view[at + 1] != COMMA):
                    return self._refuse(BAD_EXCHANGE, at)
                self.flags = view[at] * 256
                at += 1
            at = self._condition(view, at, end)
            if at < 0:
                return -1
            at = self._comma(view, at, end)
            if at < 0:
                return -1
        if at == end or (view[at] != ZERO and view[at] != ZERO + 1):
            return self._refuse(BAD_SUSPICIOUS_FLAG, at)
        self.flags |= view[at] - ZERO
        at += 1
        if at < end:
            return self._refuse(EXTRA_FIELD if view[at] == COMMA else BAD_CHARACTER, at)
        return at

    def _condition(self, view: bytes, at: int, end: int) -> int:
        """Decode a comma and a sale condition, up to 8 hexadecimal digits, into the upper half of `flags`."""
        begin = self._comma(view, at, end)
        if begin < 0:
            return -1
        at = begin
        condition = 0
        while at < end and view[at] != COMMA:
            lower = view[at] | 32
            if ZERO <= view[at] <= NINE:
                condition = condition * 16 + (view[at] - ZERO)
            elif 97 <= lower <= 102:
                condition = condition * 16 + (lower - 87)
            else:
                return self._refuse(BAD_CONDITION, at)
            at += 1
            if at - begin > 8:
                return self._refuse(BAD_CONDITION, begin)
        if condition > _CONDITION_MAX // 2:
            condition -= _CONDITION_MAX + 1
        self.flags += condition * (_CONDITION_MAX + 1)
        return at


def _is_letter_or_digit(byte: int) -> bool:
    return ZERO <= byte <= NINE or 97 <= (byte | 32) <= 122
