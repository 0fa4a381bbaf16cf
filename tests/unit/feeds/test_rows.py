"""The row decoder: what rows mean, and what is wrong with the others."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.row_reference import FORMATS, decode, records

import live.hot
from live.hot import row_errors
from live.hot.records import RecordBuffer
from live.hot.row_errors import ERROR_TEXTS, LINE_BYTES_MAX

DAY_NS = 86_400_000_000_000
HOUR_NS = 3_600_000_000_000


def one(name: str, text: str) -> tuple[int | float, ...]:
    found, wrong = decode(FORMATS[name], text.encode())
    assert wrong == 0
    assert len(found) == 1
    return found[0]


def refusal(name: str, text: str) -> tuple[int, int, int]:
    """Return (error, line, column) of a file that is refused."""
    decoder = FORMATS[name].decoder()
    data = text.encode()
    decoder.decode(data, 0, len(data), True, RecordBuffer(16, FORMATS[name].width))
    return decoder.error, decoder.line, decoder.column


def test_an_equity_trade_tick_has_its_venue_and_condition() -> None:
    expected = (34_200_000_000_000, 0, 181_520_000_000, 0, 283.0, 0.0, 0x20002020 << 32 | ord("P") << 8, 1)
    assert one("equity trade tick", "34200000,1815200,283,P,20002020,0") == expected


def test_a_suspicious_tick_has_its_flag_set() -> None:
    assert one("equity trade tick", "0,1,1,,,1")[6] == 1
    assert one("crypto trade tick", "0,1,1,1")[6] == 1


def test_a_condition_with_the_top_bit_keeps_all_its_bits() -> None:
    assert one("equity trade tick", "0,1,1,Q,80000001,0")[6] & (1 << 64) - 1 == 0x8000_0001 << 32 | ord("Q") << 8


def test_a_one_sided_equity_quote_has_no_price_on_the_other_side() -> None:
    expected = (0, 1, 0, 183_630_000_000, 0.0, 100.0, 1 << 32 | ord("Q") << 8, 1)
    assert one("equity quote tick", "0,0,0,1836300,100,Q,1,0") == expected


def test_forex_and_crypto_ticks_have_plain_prices() -> None:
    forex = (292_000_000, 1, 1_386_760_000, 1_386_860_000, 0.0, 0.0)
    assert one("forex quote tick", "292,1.38676,1.38686\r\n")[:6] == forex
    crypto = (7_424_900_000_000, 7_424_910_000_000, 1e-8, 2.5)
    assert one("crypto quote tick", "0,7424.9,1E-08,7424.91,2.5")[2:6] == crypto


def test_a_bar_without_one_side_has_zeros_there() -> None:
    bid_only = one("equity minute quote bar", "60000,10000,12000,9000,11000,7,,,,,")
    assert bid_only[:2] == (60_000_000_000, 120_000_000_000)
    assert bid_only[2:7] == (1_000_000_000, 1_200_000_000, 900_000_000, 1_100_000_000, 7.0)
    assert bid_only[7:13] == (0, 0, 0, 0, 0.0, 1)
    assert one("equity minute quote bar", "60000,0,0,0,0,5,10000,12000,9000,11000,7")[2:7] == (0, 0, 0, 0, 0.0)


def test_dated_bars_have_their_own_day() -> None:
    assert one("equity daily trade bar", "19700103 00:00,1,1,1,1,5")[:2] == (2 * DAY_NS, 3 * DAY_NS)
    assert one("forex hour quote bar", "20000229 23:59,1,1,1,1,0,1,1,1,1,0")[0] == 951_868_740_000_000_000


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        ("14400054.5", 14_400_054_500_000),
        ("1.00004", 1_000_000),
        ("1.00005", 1_000_000),
        ("1.000050001", 1_000_100),
        ("1.00015", 1_000_200),
        ("1.99996", 2_000_000),
        ("1.", 1_000_000),
    ],
)
def test_decimals_of_a_tick_time_are_rounded_half_to_even_to_100_ns(text: str, time_ns: int) -> None:
    assert one("crypto trade tick", f"{text},1,1")[0] == time_ns


def test_blank_lines_count_but_hold_nothing() -> None:
    found, wrong = decode(FORMATS["forex quote tick"], b"\n\r\n5,1,2\n\n6,1,2")
    assert (wrong, [row[7] for row in found]) == (0, [3, 5])


def test_ticks_of_one_time_are_all_kept_and_bars_of_one_time_but_once() -> None:
    assert len(decode(FORMATS["forex quote tick"], b"5,1,2\n5,1,2\n")[0]) == 2
    bars = decode(FORMATS["equity minute trade bar"], b"0,1,1,1,1,5\n0,2,2,2,2,5\n60000,1,1,1,1,5\n")
    assert [row[13] for row in bars[0]] == [1, 3]


@pytest.mark.parametrize(
    ("name", "text", "error", "column"),
    [
        ("forex quote tick", ",1,2", row_errors.MISSING_NUMBER, 1),
        ("forex quote tick", "0,,2", row_errors.MISSING_NUMBER, 3),
        ("forex quote tick", "0,1.2.3,2", row_errors.BAD_CHARACTER, 6),
        ("forex quote tick", "0,NaN,2", row_errors.BAD_CHARACTER, 3),
        ("forex quote tick", "0,Infinity,2", row_errors.BAD_CHARACTER, 3),
        ("forex quote tick", "0, 1,2", row_errors.BAD_CHARACTER, 3),
        ("forex quote tick", "\x00\x01", row_errors.BAD_CHARACTER, 1),
        ("forex quote tick", "0,1", row_errors.MISSING_FIELD, 4),
        ("forex quote tick", "0,1,2,3", row_errors.EXTRA_FIELD, 6),
        ("crypto trade tick", "0,1,2,1,9", row_errors.EXTRA_FIELD, 8),
        ("equity minute trade bar", "0,1,1,1,1,1,1", row_errors.EXTRA_FIELD, 12),
        ("crypto trade tick", "0,0,1", row_errors.PRICE_NOT_POSITIVE, 6),
        ("crypto trade tick", "0,-1,1", row_errors.NEGATIVE_NUMBER, 3),
        ("crypto trade tick", "0,1,-1", row_errors.NEGATIVE_NUMBER, 5),
        ("forex quote tick", "0,-1,1", row_errors.NEGATIVE_NUMBER, 3),
        ("forex quote tick", "-1,1,1", row_errors.NEGATIVE_NUMBER, 1),
        ("crypto trade tick", "0,0.1234567891,1", row_errors.PRICE_TOO_FINE, 3),
        ("equity trade tick", "0,1.000001,1", row_errors.PRICE_TOO_FINE, 3),
        ("crypto trade tick", "0,9000000000.1,1", row_errors.NUMBER_TOO_LARGE, 3),
        ("crypto trade tick", "0,1E+10,1", row_errors.NUMBER_TOO_LARGE, 3),
        ("crypto trade tick", "0,1,1E999", row_errors.NUMBER_TOO_LARGE, 5),
        ("forex quote tick", "86400000,1,2", row_errors.TIME_OUT_OF_DAY, 1),
        ("forex quote tick", "86399999.99996,1,2", row_errors.TIME_OUT_OF_DAY, 1),
        ("forex quote tick", "9,1,2\n8,1,2", row_errors.TIME_BACKWARDS, 1),
        ("equity minute trade bar", "60000,1,1,1,1,1\n0,1,1,1,1,1", row_errors.TIME_BACKWARDS, 1),
        ("forex quote tick", "1" * (LINE_BYTES_MAX + 1), row_errors.LINE_TOO_LONG, LINE_BYTES_MAX + 1),
        ("equity minute trade bar", "0,2,1,1,1,1", row_errors.BAR_CONTRADICTION, 3),
        ("equity minute trade bar", "0,1,1,2,1,1", row_errors.BAR_CONTRADICTION, 3),
        ("equity minute trade bar", "0,1,3,1,0,1", row_errors.BAR_CONTRADICTION, 3),
        ("equity minute quote bar", "0,1,1,,1,1,1,1,1,1,1", row_errors.BAR_CONTRADICTION, 3),
        ("equity minute trade bar", "0,0,0,0,0,1", row_errors.PRICE_NOT_POSITIVE, 12),
        ("equity minute trade bar", "0.5,1,1,1,1,1", row_errors.TIME_NOT_WHOLE, 1),
        ("equity daily trade bar", "20230229 00:00,1,1,1,1,1", row_errors.BAD_DATE, 1),
        ("equity daily trade bar", "20231301 00:00,1,1,1,1,1", row_errors.BAD_DATE, 1),
        ("equity daily trade bar", "20230101 24:00,1,1,1,1,1", row_errors.BAD_DATE, 1),
        ("equity daily trade bar", "2023-01-01", row_errors.BAD_DATE, 1),
        ("forex quote tick", "0,0,0", row_errors.NO_QUOTE, 6),
        ("equity minute quote bar", "0,,,,,,,,,,", row_errors.NO_QUOTE, 12),
        ("equity trade tick", "0,1,1,ARCA,0,0", row_errors.BAD_EXCHANGE, 7),
        ("equity trade tick", "0,1,1,Q,@F,0", row_errors.BAD_CONDITION, 9),
        ("equity trade tick", "0,1,1,Q,123456789,0", row_errors.BAD_CONDITION, 9),
        ("equity trade tick", "0,1,1,Q,0,2", row_errors.BAD_SUSPICIOUS_FLAG, 11),
        ("equity trade tick", "0,1,1,Q,0,", row_errors.BAD_SUSPICIOUS_FLAG, 11),
    ],
)
def test_a_wrong_row_stops_with_its_reason_line_and_column(name: str, text: str, error: int, column: int) -> None:
    assert refusal(name, text) == (error, text.count("\n") + 1, column)


def test_rows_before_a_wrong_one_are_decoded() -> None:
    found, wrong = decode(FORMATS["forex quote tick"], b"1,1,2\n2,1,2\nbroken\n3,1,2\n")
    assert (len(found), wrong) == (2, 3)


def test_every_code_has_its_words() -> None:
    codes = [value for name, value in vars(row_errors).items() if name.isupper() and isinstance(value, int)]
    assert sorted(set(codes) - {LINE_BYTES_MAX}) == list(range(len(ERROR_TEXTS)))


def test_a_line_that_never_ends_is_refused_before_the_file_ends() -> None:
    decoder = FORMATS["forex quote tick"].decoder()
    text = b"1" * (LINE_BYTES_MAX + 2)
    decoder.decode(text, 0, len(text), False, RecordBuffer(4, 8))
    assert decoder.error == row_errors.LINE_TOO_LONG


def test_only_ticks_inside_the_sessions_are_kept_but_all_are_checked() -> None:
    decoder = FORMATS["forex quote tick"].decoder()
    decoder.set_sessions([(2_000_000, 3_000_000), (5_000_000, 7_000_000)])
    text = b"".join(b"%d,1,2\n" % time for time in range(9)) + b"1,1,2\n"
    buffer = RecordBuffer(16, 8)
    decoder.decode(text, 0, len(text), True, buffer)
    assert [row[0] // 1_000_000 for row in records(buffer)] == [2, 5, 6]
    assert (decoder.error, decoder.line) == (row_errors.TIME_BACKWARDS, 10)


@pytest.mark.parametrize(
    ("shift_ns", "expected_hours"),
    [(HOUR_NS, [0, 2, 3, 4]), (-HOUR_NS, [0, 1, 2, 2])],
    ids=["clock set back", "clock set ahead"],
)
def test_readings_after_a_change_of_offset_are_shifted(shift_ns: int, expected_hours: list[int]) -> None:
    decoder = FORMATS["forex quote tick"].decoder()
    decoder.begin_file(0, 2 * 3_600_000, shift_ns)
    text = b"".join(b"%d,1,2\n" % (hour * 3_600_000) for hour in range(4))
    buffer = RecordBuffer(16, 8)
    decoder.decode(text, 0, len(text), True, buffer)
    assert [row[0] // HOUR_NS for row in records(buffer)] == expected_hours


def test_a_full_buffer_stops_decoding_until_there_is_room() -> None:
    text = b"".join(b"%d,1,2\n" % time for time in range(10))
    assert decode(FORMATS["forex quote tick"], text, capacity=3) == decode(FORMATS["forex quote tick"], text)


CORPUS = """
import hashlib, random
from support.row_reference import FORMATS, decode
from live.hot import rows
random.seed(7)
digest = hashlib.sha256()
for name, format in FORMATS.items():
    for _ in range(60):
        fields = 6 if "trade bar" in name else 11 if "quote bar" in name else random.choice([3, 4, 5, 6, 8])
        lines = []
        for number in range(random.randint(1, 6)):
            start = f"2024010{number + 1} 00:00" if format.has_dates else str(number * 60_000)
            values = [random.choice(["1", "1", "1.5", "1E-3", "", "0", "x", "123456789012345678901", "-1"])
                      if random.random() < 0.2 else "2" for _ in range(fields - 1)]
            lines.append(",".join([start, *values]))
        digest.update(repr(decode(format, "\\n".join(lines).encode(), capacity=2)).encode())
print(rows.__file__.endswith(".py"), digest.hexdigest())
"""


@pytest.mark.skipif(not live.hot.COMPILED, reason="the compiled modules are not built, so there is nothing to compare")
def test_interpreted_and_compiled_decoders_give_the_same() -> None:
    def run(interpreted: str) -> list[str]:
        environment = {**os.environ, "LEAN_LIVE_INTERPRETED": interpreted, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", CORPUS], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    (is_python, expected), (is_python_too, found) = run("1"), run("0")
    assert (is_python, is_python_too) == ("True", "False")
    assert found == expected
