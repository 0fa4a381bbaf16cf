# cython: annotation_typing=False
"""Decoding of LEAN's CSV rows into records: bytes in, integers out, nothing in between.

A decoder takes blocks of a file that end at any byte. It decodes whole lines, checks every number, and stops at the first line that cannot be
trusted with a code and a line number; the feed turns those into an error that names the file.

Prices become integers scaled by 1e9, exactly or not at all. Sizes become the nearest double.
"""

from __future__ import annotations

from array import array

EQUITY_TRADE_TICK = 0
EQUITY_QUOTE_TICK = 1
FOREX_QUOTE_TICK = 2
CRYPTO_TRADE_TICK = 3
CRYPTO_QUOTE_TICK = 4
TRADE_BAR = 5
QUOTE_BAR = 6

LINE_BYTES_MAX = 512
SESSIONS_MAX = 8
"""Spans of one day in which ticks are kept."""

ERROR_TEXTS = (
    "",
    "a number is missing",
    "a character is no part of a number",
    "a field is missing",
    "there are more fields than the format has",
    "the price is not above zero",
    "the price has more than 9 decimals",
    "the number is too large",
    "the time lies outside the day",
    "the time goes backwards",
    "the line is too long",
    "high, low, open and close contradict each other",
    "the date is none",
    "both sides of the quote are missing",
)
(
    OK,
    MISSING_NUMBER,
    BAD_CHARACTER,
    MISSING_FIELD,
    EXTRA_FIELD,
    PRICE_NOT_POSITIVE,
    PRICE_TOO_FINE,
    NUMBER_TOO_LARGE,
    TIME_OUT_OF_DAY,
    TIME_BACKWARDS,
    LINE_TOO_LONG,
    BAR_CONTRADICTION,
    BAD_DATE,
    NO_QUOTE,
) = range(14)

# C copies of what the inner loops compare with: a module constant of Python costs a look-up each time.
_EQUITY_TRADE = EQUITY_TRADE_TICK
_EQUITY_QUOTE = EQUITY_QUOTE_TICK
_FOREX_QUOTE = FOREX_QUOTE_TICK
_CRYPTO_TRADE = CRYPTO_TRADE_TICK
_FIRST_BAR = TRADE_BAR
_QUOTE_BAR = QUOTE_BAR
_LINE_MAX = LINE_BYTES_MAX
_COMMA = 44
_NEWLINE = 10
_RETURN = 13
_POINT = 46
_MINUS = 45
_PLUS = 43
_SPACE = 32
_COLON = 58
_DAY_MILLISECONDS = 86_400_000
_MILLISECOND_NS = 1_000_000
_MANTISSA_MAX = 900_000_000_000_000_000
_MANTISSA_TENTH = _MANTISSA_MAX // 10
_EXACT_MAX = 1 << 53
_PRICE_MAX = 9_000_000_000_000_000_000
_PRICE_DECIMALS = 9


class RowDecoder:
    """Decodes the rows of one file after another.

    Parameters:
        kind: one of the row formats above.
        price_decimals: digits that the file's prices were scaled by: 4 for equities, 0 otherwise.
        has_dates: whether rows begin with "YYYYMMDD HH:MM" (hours and days) instead of milliseconds.
        period_ns: length of a bar.
    """

    def __init__(self, kind, price_decimals, has_dates, period_ns):
        self.kind = kind
        self.price_decimals = price_decimals
        self.has_dates = has_dates
        self.period_ns = period_ns
        self.powers = memoryview(array("q", [int("1" + "0" * n) for n in range(19)]))
        self.real_powers = memoryview(array("d", [float("1" + "0" * n) for n in range(23)]))
        self.session_starts = memoryview(array("q", [0] * SESSIONS_MAX))
        self.session_ends = memoryview(array("q", [0] * SESSIONS_MAX))
        self.fields = memoryview(array("q", [0] * 16))
        self.sizes = memoryview(array("d", [0.0] * 2))
        self.begin_file(0, -1, 0)
        self.session_count = 0

    def begin_file(self, midnight_ns, shift_at_ms, shift_ns):
        """Begin a file.

        Parameters:
            midnight_ns: the day's midnight: UTC for ticks, the file's own wall clock for bars.
            shift_at_ms: milliseconds after which the zone's offset has changed, -1 for a day without a change.
            shift_ns: what to add to times from then on.
        """
        self.midnight_ns = midnight_ns
        self.shift_at_ms = shift_at_ms
        self.shift_ns = shift_ns
        self.line = 0
        self.error = OK
        self.last_ns = -(1 << 62)

    def set_sessions(self, spans):
        """Keep only ticks inside these spans of UTC nanoseconds, the end excluded."""
        self.session_count = len(spans)
        for index, (start, end) in enumerate(spans):
            self.session_starts[index] = start
            self.session_ends[index] = end

    def decode(self, text, at, stop, is_last, buffer):
        """Decode lines until the text or the buffer ends.

        Parameters:
            text: bytes of the file.
            at: first byte of a line.
            stop: end of the bytes.
            is_last: whether the file ends at `stop`, so that a last line needs no line break.
            buffer: a RecordBuffer; records are appended.

        Returns:
            Index of the first byte that was not consumed. `error` tells whether decoding stopped at a bad line.
        """
        view = text
        while at < stop and buffer.count < buffer.capacity:
            end = at
            while end < stop and view[end] != _NEWLINE:
                end += 1
            if end == stop and not is_last:
                if stop - at > _LINE_MAX:
                    self.line += 1
                    self.error = LINE_TOO_LONG
                return at
            self.line += 1
            length = end - at
            if length > _LINE_MAX:
                self.error = LINE_TOO_LONG
                return at
            if length > 0 and view[end - 1] == _RETURN:
                length -= 1
            if length > 0:
                if self.kind >= _FIRST_BAR:
                    self._bar(view, at, at + length, buffer)
                else:
                    self._tick(view, at, at + length, buffer)
                if self.error:
                    return at
            at = end + 1
        return at if at < stop else stop

    # -- one line

    def _tick(self, view, at, end, buffer):
        at = self._number(view, at, end)
        if self.error:
            return
        time_ns = self._day_time()
        if self.error:
            return
        price = 0
        ask = 0
        flags = 0
        self.sizes[0] = 0.0
        self.sizes[1] = 0.0
        is_trade = self.kind == _EQUITY_TRADE or self.kind == _CRYPTO_TRADE
        at = self._next_field(view, at, end)
        at = self._number(view, at, end)
        if self.error:
            return
        price = self._price(not is_trade)
        if self.kind != _FOREX_QUOTE and not self.error:
            at = self._size(view, self._next_field(view, at, end), end, 0)
        if not is_trade and not self.error:
            at = self._number(view, self._next_field(view, at, end), end)
            if not self.error:
                ask = self._price(True)
            if self.kind != _FOREX_QUOTE and not self.error:
                at = self._size(view, self._next_field(view, at, end), end, 1)
        if self.error:
            return
        if not is_trade and price == 0 and ask == 0:
            self.error = NO_QUOTE
            return
        if at < end:
            flags = self._flags(view, at, end)
            if self.error:
                return
        if time_ns < self.last_ns:
            self.error = TIME_BACKWARDS
            return
        self.last_ns = time_ns
        if self._in_session(time_ns):
            base = buffer.count * buffer.width
            words = buffer.words
            words[base] = time_ns
            words[base + 1] = 0 if is_trade else 1
            words[base + 2] = price
            words[base + 3] = ask
            words[base + 6] = flags
            words[base + 7] = self.line
            reals = buffer.reals
            reals[base + 4] = self.sizes[0]
            reals[base + 5] = self.sizes[1]
            buffer.count += 1

    def _bar(self, view, at, end, buffer):
        if self.has_dates:
            at = self._date(view, at, end)
            start = self.mantissa
        else:
            at = self._number(view, at, end)
            start = 0 if self.error else self._day_time()
        self.sizes[0] = 0.0
        self.sizes[1] = 0.0
        sides = 2 if self.kind == _QUOTE_BAR else 1
        for side in range(sides):
            at = self._side(view, at, end, side)
            if self.error:
                return
        if at < end:
            self.error = EXTRA_FIELD
            return
        fields = self.fields
        if sides == 1 and fields[3] == 0:
            self.error = PRICE_NOT_POSITIVE
            return
        if sides == 2 and fields[3] == 0 and fields[7] == 0:
            self.error = NO_QUOTE
            return
        stop_ns = start + self.period_ns
        if stop_ns == self.last_ns:
            return
        if stop_ns < self.last_ns:
            self.error = TIME_BACKWARDS
            return
        self.last_ns = stop_ns
        base = buffer.count * buffer.width
        words = buffer.words
        words[base] = start
        words[base + 1] = stop_ns
        for side in range(4):
            words[base + 2 + side] = fields[side]
            words[base + 7 + side] = fields[4 + side] if sides == 2 else 0
        words[base + 12] = sides - 1
        words[base + 13] = self.line
        reals = buffer.reals
        reals[base + 6] = self.sizes[0]
        reals[base + 11] = self.sizes[1]
        buffer.count += 1

    def _side(self, view, at, end, side):
        """Decode open, high, low, close and size; a side may be empty or zero in quotes."""
        fields = self.fields
        base = side * 4
        for index in range(4):
            at = self._next_field(view, at, end)
            if self.error:
                return at
            if self.kind == _QUOTE_BAR and (at == end or view[at] == _COMMA):
                fields[base + index] = 0
                continue
            at = self._number(view, at, end)
            if self.error:
                return at
            fields[base + index] = self._price(self.kind == _QUOTE_BAR)
            if self.error:
                return at
        at = self._next_field(view, at, end)
        if self.error:
            return at
        if not (self.kind == _QUOTE_BAR and (at == end or view[at] == _COMMA)):
            at = self._size(view, at, end, side)
        high = fields[base + 1]
        low = fields[base + 2]
        if fields[base] == 0 or high == 0 or low == 0 or fields[base + 3] == 0:
            fields[base] = 0
            fields[base + 1] = 0
            fields[base + 2] = 0
            fields[base + 3] = 0
        elif low > high or fields[base] > high or fields[base] < low or fields[base + 3] > high or fields[base + 3] < low:
            self.error = BAR_CONTRADICTION
        return at

    # -- fields

    def _next_field(self, view, at, end):
        if self.error:
            return at
        if at >= end or view[at] != _COMMA:
            self.error = MISSING_FIELD if at >= end else BAD_CHARACTER
            return at
        return at + 1

    def _number(self, view, at, end):
        """Decode a decimal number into `mantissa` and `decimals`; return the index after it."""
        begin = at
        mantissa = 0
        decimals = 0
        digits = 0
        is_fraction = False
        self.is_long = False
        while at < end:
            byte = view[at]
            if 48 <= byte <= 57:
                digits += 1
                if mantissa > _MANTISSA_TENTH:
                    self.is_long = True
                    if not is_fraction:
                        decimals -= 1
                else:
                    mantissa = mantissa * 10 + (byte - 48)
                    if is_fraction:
                        decimals += 1
            elif byte == _POINT and not is_fraction:
                is_fraction = True
            else:
                break
            at += 1
        if digits == 0:
            self.error = MISSING_NUMBER if at >= end or view[at] == _COMMA else BAD_CHARACTER
            if at < end and view[at] == _MINUS:
                self.error = PRICE_NOT_POSITIVE
            return at
        if at < end and (view[at] == 69 or view[at] == 101):
            at = self._exponent(view, at + 1, end)
            if self.error:
                return at
            decimals -= self.exponent
        if at < end and view[at] != _COMMA:
            self.error = BAD_CHARACTER
        self.mantissa = mantissa
        self.decimals = decimals
        self.number_begin = begin
        self.number_end = at
        return at

    def _exponent(self, view, at, end):
        sign = 1
        if at < end and (view[at] == _MINUS or view[at] == _PLUS):
            if view[at] == _MINUS:
                sign = -1
            at += 1
        value = 0
        digits = 0
        while at < end and 48 <= view[at] <= 57 and digits < 4:
            value = value * 10 + (view[at] - 48)
            digits += 1
            at += 1
        if digits == 0:
            self.error = BAD_CHARACTER
        self.exponent = sign * value
        return at

    def _price(self, may_be_zero):
        """Return the number just decoded as a price scaled by 1e9."""
        mantissa = self.mantissa
        if mantissa == 0 and not self.is_long:
            if not may_be_zero:
                self.error = PRICE_NOT_POSITIVE
            return 0
        if self.is_long:
            self.error = NUMBER_TOO_LARGE if self.decimals <= 0 else PRICE_TOO_FINE
            return 0
        shift = _PRICE_DECIMALS - self.price_decimals - self.decimals
        while shift < 0 and mantissa % 10 == 0:
            mantissa //= 10
            shift += 1
        if shift < 0:
            self.error = PRICE_TOO_FINE
            return 0
        if shift > 18 or mantissa > _PRICE_MAX // self.powers[shift]:
            self.error = NUMBER_TOO_LARGE
            return 0
        return mantissa * self.powers[shift]

    def _size(self, view, at, end, index):
        """Decode a size or volume as the nearest double."""
        if self.error:
            return at
        at = self._number(view, at, end)
        if self.error:
            return at
        if not self.is_long and self.mantissa < _EXACT_MAX and 0 <= self.decimals <= 22:
            self.sizes[index] = self.mantissa / self.real_powers[self.decimals]
        else:
            self.sizes[index] = float(bytes(view[self.number_begin : self.number_end]))
        return at

    def _day_time(self):
        """Return the moment of a row from its milliseconds, whole or with decimals."""
        if self.decimals < 0 or self.decimals > 6 or self.is_long:
            self.error = TIME_OUT_OF_DAY
            return 0
        since_ns = self.mantissa * self.powers[6 - self.decimals] if self.mantissa < 100_000_000_000 else -1
        if since_ns < 0 or since_ns > _DAY_MILLISECONDS * _MILLISECOND_NS:
            self.error = TIME_OUT_OF_DAY
            return 0
        time_ns = self.midnight_ns + since_ns
        if self.shift_at_ms >= 0 and since_ns >= self.shift_at_ms * _MILLISECOND_NS:
            time_ns += self.shift_ns
        return time_ns

    def _date(self, view, at, end):
        """Decode "YYYYMMDD HH:MM" into `mantissa`, in ns of the file's wall clock."""
        if end - at < 14 or view[at + 8] != _SPACE or view[at + 11] != _COLON:
            self.error = BAD_DATE
            return at
        for index in range(14):
            byte = view[at + index]
            if index != 8 and index != 11 and not 48 <= byte <= 57:
                self.error = BAD_DATE
                return at
        year = self._digits(view, at, 4)
        month = self._digits(view, at + 4, 2)
        day = self._digits(view, at + 6, 2)
        hour = self._digits(view, at + 9, 2)
        minute = self._digits(view, at + 12, 2)
        if month < 1 or month > 12 or day < 1 or day > 31 or hour > 23 or minute > 59 or year < 1900:
            self.error = BAD_DATE
            return at
        days = _days_since_1970(year, month, day)
        self.mantissa = ((days * 24 + hour) * 60 + minute) * 60_000 * _MILLISECOND_NS
        return at + 14

    def _digits(self, view, at, count):
        value = 0
        for index in range(count):
            value = value * 10 + (view[at + index] - 48)
        return value

    def _flags(self, view, at, end):
        """Decode what follows the sizes: exchange and sale condition (equities), then the suspicious flag."""
        flags = 0
        if self.kind <= _EQUITY_QUOTE:
            at = self._next_field(view, at, end)
            begin = at
            while at < end and view[at] != _COMMA:
                at += 1
            if at - begin == 1:
                flags |= view[begin] << 8
            at = self._next_field(view, at, end)
            condition = 0
            digits = 0
            while at < end and view[at] != _COMMA and not self.error:
                byte = view[at] | 32
                if 48 <= view[at] <= 57:
                    condition = condition * 16 + (view[at] - 48)
                elif 97 <= byte <= 102:
                    condition = condition * 16 + (byte - 87)
                else:
                    self.error = BAD_CHARACTER
                digits += 1
                if digits > 8:
                    self.error = NUMBER_TOO_LARGE
                at += 1
            if condition >= 1 << 31:
                condition -= 1 << 32
            flags |= condition << 32
        if not self.error:
            at = self._next_field(view, at, end)
        if self.error:
            return 0
        if at + 1 != end or view[at] < 48 or view[at] > 49:
            self.error = EXTRA_FIELD if at + 1 < end else BAD_CHARACTER
            return 0
        return flags | (view[at] - 48)

    def _in_session(self, time_ns):
        for index in range(self.session_count):
            if self.session_starts[index] <= time_ns < self.session_ends[index]:
                return True
        return False


def _days_since_1970(year, month, day):
    """Return the day number of a civil date (Howard Hinnant, "chrono-compatible low-level date algorithms")."""
    year -= 1 if month <= 2 else 0
    era = year // 400
    year_of_era = year - era * 400
    month_shifted = month - 3 if month > 2 else month + 9
    day_of_year = (153 * month_shifted + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146_097 + day_of_era - 719_468
