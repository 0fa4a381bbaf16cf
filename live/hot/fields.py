# cython: annotation_typing=False, initializedcheck=False
"""Decoding of the fields of a row: times, dates, prices and sizes, from bytes to numbers.

Prices become integers scaled by 1e9, exactly or not at all; sizes become the nearest double. Both may have an
exponent ("1E-08"). A price may be up to 9e9, and have up to 18 digits without outer zeros. Times are milliseconds
after midnight; those of ticks may have decimals and are rounded half to even to 100 ns, the unit of LEAN's clock.

Each function gets the bytes of a line, where its field begins and where the line ends. It leaves the value in an
attribute and returns the index after the field, or -1 after noting in `error` and `error_at` what is wrong and where.
"""

from __future__ import annotations

from array import array

import cython

from live.hot.row_errors import (
    BAD_CHARACTER,
    BAD_DATE,
    MISSING_FIELD,
    MISSING_NUMBER,
    NEGATIVE_NUMBER,
    NUMBER_TOO_LARGE,
    OK,
    PRICE_TOO_FINE,
    TIME_NOT_WHOLE,
    TIME_OUT_OF_DAY,
)

if not cython.compiled:  # when compiled these are constants of the .pxd, which the compiler can fold
    NEWLINE, RETURN, PLUS, COMMA, MINUS, POINT, ZERO, NINE = b"\n\r+,-.09"

# C copies of what functions compare with: a constant of Python costs a look-up each time.
_MILLISECOND_NS = 1_000_000
_DAY_NS = 86_400_000 * _MILLISECOND_NS
_DIGITS_MAX = 18
_TIME_DIGITS_MAX = 9
_EXACT_INTEGER_MAX = 1 << 53
_EXACT_POWER_MAX = 22
_PRICE_MAX = 9_000_000_000_000_000_000
_INFINITY = float("inf")


class FieldDecoder:
    """Decodes single fields.

    Parameters:
        price_decimals: digits that the file's prices were scaled by: 4 for equities, 0 otherwise.
        has_fractions: whether times may have decimals of a millisecond.
    """

    def __init__(self, price_decimals: int, has_fractions: bool) -> None:
        self.has_fractions = has_fractions
        self.price_shift = 9 - price_decimals
        self.powers = memoryview(array("q", _powers_of_ten(_DIGITS_MAX)))
        self.price_limits = memoryview(array("q", [_PRICE_MAX // power for power in _powers_of_ten(_DIGITS_MAX)]))
        self.real_powers = memoryview(array("d", _powers_of_ten(_EXACT_POWER_MAX)))
        self.price = 0
        self.begin_day(0, -1, 0)

    def begin_day(self, midnight_ns: int, shift_at_ms: int, shift_ns: int) -> None:
        """Set what milliseconds are counted from, and forget an error.

        Around a change of the zone's offset readings mean what LEAN makes of them: one that occurs twice the later
        instant, one that is skipped the instant of the change.

        Parameters:
            midnight_ns: the day's midnight.
            shift_at_ms: milliseconds after midnight at which the offset changes, -1 for a day without a change.
            shift_ns: what the change adds to the times of readings: above zero when clocks are set back.
        """
        self.midnight_ns = midnight_ns
        self.change_ns = midnight_ns + (_DAY_NS if shift_at_ms < 0 else shift_at_ms * _MILLISECOND_NS)
        self.shift_from_ns = self.change_ns - midnight_ns - max(0, shift_ns)
        self.shift_ns = shift_ns
        self.error = OK
        self.error_at = 0

    def _milliseconds(self, view: bytes, at: int, end: int) -> int:
        """Decode the time of a row into `time_ns`."""
        begin = at
        milliseconds = 0
        while at < end and ZERO <= view[at] <= NINE and at - begin < _TIME_DIGITS_MAX:
            milliseconds = milliseconds * 10 + (view[at] - ZERO)
            at += 1
        if at == begin:
            return self._refuse_number(view, at, end)
        since_ns = milliseconds * _MILLISECOND_NS
        if at < end and view[at] == POINT:
            at = self._fraction_of_millisecond(view, at + 1, end)
            since_ns += self.fraction_ns
            if self.fraction_ns and not self.has_fractions:
                return self._refuse(TIME_NOT_WHOLE, begin)
        if since_ns >= _DAY_NS:
            return self._refuse(TIME_OUT_OF_DAY, begin)
        self.time_ns = self.midnight_ns + since_ns
        if since_ns >= self.shift_from_ns:
            self.time_ns = max(self.time_ns + self.shift_ns, self.change_ns)
        return at

    def _fraction_of_millisecond(self, view: bytes, at: int, end: int) -> int:
        """Decode the decimals of a time into `fraction_ns`: half to even to 100 ns.

        Whole milliseconds are an even number of these, so that the decimals alone tell which neighbour is even.
        """
        ticks = 0
        digits = 0
        rest = 0
        while at < end and ZERO <= view[at] <= NINE:
            if digits < 4:
                ticks = ticks * 10 + (view[at] - ZERO)
            elif digits == 4:
                rest = (view[at] - ZERO) * 2
            elif view[at] != ZERO:
                rest |= 1
            digits += 1
            at += 1
        if digits < 4:
            ticks *= self.powers[4 - digits]
        if rest > 10 or (rest == 10 and ticks & 1):
            ticks += 1
        self.fraction_ns = ticks * 100
        return at

    def _date(self, view: bytes, at: int, end: int) -> int:
        """Decode "YYYYMMDD HH:MM" into `time_ns`, on the file's wall clock."""
        if end - at < 14 or view[at + 8] != 32 or view[at + 11] != 58:
            return self._refuse(BAD_DATE, at)
        for index in range(14):
            if index != 8 and index != 11 and not ZERO <= view[at + index] <= NINE:
                return self._refuse(BAD_DATE, at + index)
        year = _two_digits(view, at) * 100 + _two_digits(view, at + 2)
        month = _two_digits(view, at + 4)
        day = _two_digits(view, at + 6)
        hour = _two_digits(view, at + 9)
        minute = _two_digits(view, at + 12)
        if not (1900 <= year < 2200 and 1 <= month <= 12 and hour <= 23 and minute <= 59):
            return self._refuse(BAD_DATE, at)
        days = _days_since_1970(year, month, 1)
        next_month = _days_since_1970(year + month // 12, month % 12 + 1, 1)
        if not 1 <= day <= next_month - days:
            return self._refuse(BAD_DATE, at)
        self.time_ns = (((days + day - 1) * 24 + hour) * 60 + minute) * 60_000 * _MILLISECOND_NS
        return at + 14

    def _price(self, view: bytes, at: int, end: int, may_be_empty: bool) -> int:
        """Decode a comma and a price into `price`, scaled by 1e9."""
        at = self._comma(view, at, end)
        if at < 0:
            return -1
        if may_be_empty and (at == end or view[at] == COMMA):
            self.price = 0
            return at
        begin = at
        at = self._number(view, at, end)
        if at < 0:
            return -1
        mantissa = self.mantissa
        shift = self.price_shift - self.decimals
        if self.is_long or mantissa == 0 or shift < 0 or shift > _DIGITS_MAX:
            if mantissa == 0:
                self.price = 0
                return at
            while shift < 0 and mantissa % 10 == 0 and not self.is_long:
                mantissa //= 10
                shift += 1
            if shift < 0:
                return self._refuse(PRICE_TOO_FINE, begin)
            if self.is_long or shift > _DIGITS_MAX:
                return self._refuse(NUMBER_TOO_LARGE, begin)
        if mantissa > self.price_limits[shift]:
            return self._refuse(NUMBER_TOO_LARGE, begin)
        self.price = mantissa * self.powers[shift]
        return at

    def _size(self, view: bytes, at: int, end: int) -> int:
        """Decode a comma and a size or volume into `size`, the nearest double.

        Up to 2**53 both the mantissa and the power of ten are exact, so that one division rounds once (Clinger, "How
        to read floating point numbers accurately", 1990); other numbers are left to Python.
        """
        begin = self._comma(view, at, end)
        if begin < 0:
            return -1
        at = self._number(view, begin, end)
        if at < 0:
            return -1
        if self.is_long or self.mantissa > _EXACT_INTEGER_MAX or not 0 <= self.decimals <= _EXACT_POWER_MAX:
            self.size = float(bytes(view[begin:at]))
            if self.size == _INFINITY:
                return self._refuse(NUMBER_TOO_LARGE, begin)
        elif self.decimals == 0:
            self.size = float(self.mantissa)
        else:
            self.size = self.mantissa / self.real_powers[self.decimals]
        return at

    def _number(self, view: bytes, at: int, end: int) -> int:
        """Decode digits, a point and an exponent into `mantissa` times ten to the power of minus `decimals`."""
        begin = at
        mantissa = 0
        while at < end and ZERO <= view[at] <= NINE:
            mantissa = mantissa * 10 + (view[at] - ZERO)
            at += 1
        digits = at - begin
        decimals = 0
        if at < end and view[at] == POINT:
            at += 1
            while at < end and ZERO <= view[at] <= NINE:
                mantissa = mantissa * 10 + (view[at] - ZERO)
                at += 1
            decimals = at - begin - digits - 1
            digits += decimals
        if digits == 0:
            return self._refuse_number(view, at, end)
        if digits > _DIGITS_MAX:
            self._long_number(view, begin, at)
        else:
            self.is_long = False
            self.mantissa = mantissa
            self.decimals = decimals
        if at < end and (view[at] | 32) == 101:
            return self._exponent(view, at + 1, end)
        return at

    def _long_number(self, view: bytes, at: int, end: int) -> None:
        """Decode a number of many digits again, without outer zeros; `is_long` when the rest is too much to hold."""
        mantissa = 0
        digits = 0
        zeros = 0
        decimals = 0
        is_fraction = False
        for index in range(at, end):
            if view[index] == POINT:
                is_fraction = True
                continue
            if is_fraction:
                decimals += 1
            if view[index] == ZERO:
                zeros += 1
                continue
            digits = digits + zeros + 1 if digits else 1
            if digits <= _DIGITS_MAX:
                mantissa = mantissa * self.powers[zeros if mantissa else 0] * 10 + (view[index] - ZERO)
            zeros = 0
        self.is_long = digits > _DIGITS_MAX
        self.mantissa = mantissa
        self.decimals = decimals - zeros if digits else 0

    def _exponent(self, view: bytes, at: int, end: int) -> int:
        is_negative = at < end and view[at] == MINUS
        if at < end and (view[at] == MINUS or view[at] == PLUS):
            at += 1
        begin = at
        value = 0
        while at < end and ZERO <= view[at] <= NINE and at - begin < 4:
            value = value * 10 + (view[at] - ZERO)
            at += 1
        if at == begin:
            return self._refuse(BAD_CHARACTER if at < end else MISSING_NUMBER, at)
        self.decimals += value if is_negative else -value
        return at

    def _comma(self, view: bytes, at: int, end: int) -> int:
        if at < end and view[at] == COMMA:
            return at + 1
        return self._refuse(MISSING_FIELD if at >= end else BAD_CHARACTER, at)

    def _refuse_number(self, view: bytes, at: int, end: int) -> int:
        """Stop where a number should begin."""
        if at >= end or view[at] == COMMA:
            return self._refuse(MISSING_NUMBER, at)
        return self._refuse(NEGATIVE_NUMBER if view[at] == MINUS else BAD_CHARACTER, at)

    def _refuse(self, code: int, at: int) -> int:
        self.error = code
        self.error_at = at
        return -1


def _powers_of_ten(highest: int) -> list[int]:
    return [10**exponent for exponent in range(highest + 1)]


def _two_digits(view: bytes, at: int) -> int:
    return (view[at] - ZERO) * 10 + (view[at + 1] - ZERO)


def _days_since_1970(year: int, month: int, day: int) -> int:
    """Return the day number of a civil date (Howard Hinnant, "chrono-compatible low-level date algorithms")."""
    year -= 1 if month <= 2 else 0
    era = year // 400
    year_of_era = year - era * 400
    month_from_march = month - 3 if month > 2 else month + 9
    day_of_year = (153 * month_from_march + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146_097 + day_of_era - 719_468
