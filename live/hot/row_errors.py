"""What can be wrong with a row of market data: the codes that a decoder stops with, and the words for them."""

from __future__ import annotations

OK = 0
MISSING_NUMBER = 1
BAD_CHARACTER = 2
MISSING_FIELD = 3
EXTRA_FIELD = 4
PRICE_NOT_POSITIVE = 5
PRICE_TOO_FINE = 6
NUMBER_TOO_LARGE = 7
TIME_OUT_OF_DAY = 8
TIME_BACKWARDS = 9
LINE_TOO_LONG = 10
BAR_CONTRADICTION = 11
BAD_DATE = 12
NO_QUOTE = 13
NEGATIVE_NUMBER = 14
TIME_NOT_WHOLE = 15
BAD_EXCHANGE = 16
BAD_CONDITION = 17
BAD_SUSPICIOUS_FLAG = 18

LINE_BYTES_MAX = 512
"""Longest row that is read, without its line break; LEAN's longest is below 200."""

ERROR_TEXTS = (
    "nothing is wrong",
    "a number is missing",
    "a character does not belong here",
    "a field is missing",
    "there are more fields than the format has",
    "the price is not above zero",
    "the price has more than 9 decimals",
    "the number is too large",
    "the time lies outside the day",
    "the time goes backwards",
    f"the line is longer than {LINE_BYTES_MAX} bytes",
    "open, high, low and close contradict each other",
    "the date is no date of the form YYYYMMDD HH:MM",
    "both sides of the quote are missing",
    "a number is negative",
    "the time of a bar is no whole number of milliseconds",
    "the exchange is not one letter or digit",
    "the sale condition is not a hexadecimal number of up to 8 digits",
    "the suspicious flag is neither 0 nor 1",
)
"""Words for each code, to follow "path (entry) line N: "."""
