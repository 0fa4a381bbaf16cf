"""The file format of the market-hours database, and every way in which it can be damaged."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from live.algorithm.enums import SecurityType
from live.clock import date_to_ns
from live.errors import DataError
from live.feeds.market_hours import MARKET_HOURS_FILE, MarketHours, MarketHoursDatabase

HOUR_NS = 3_600_000_000_000
MONDAY = date(2013, 10, 7)


def segment(start: str, end: str, state: str = "market") -> dict[str, str]:
    return {"start": start, "end": end, "state": state}


def entry(**changes: Any) -> dict[str, Any]:
    zones = {"dataTimeZone": "America/New_York", "exchangeTimeZone": "America/New_York"}
    return zones | {"monday": [segment("09:30:00", "16:00:00")]} | changes


def write_database(folder: Path, content: str) -> Path:
    path = folder / MARKET_HOURS_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return folder


def load(folder: Path, ticker: str = "IBM", **entries: dict[str, Any]) -> MarketHours:
    named = {key.replace("_", "-").replace("ALL", "[*]"): value for key, value in entries.items()}
    write_database(folder, json.dumps({"entries": named}))
    return MarketHoursDatabase(folder).hours(SecurityType.EQUITY, "usa", ticker)


def spans(hours: MarketHours, day: date) -> list[tuple[float, float, str]]:
    midnight = date_to_ns(day)
    return [((s - midnight) / HOUR_NS, (e - midnight) / HOUR_NS, state) for s, e, state in hours.segments(midnight)]


def test_entry_with_only_one_day_is_closed_on_the_others(tmp_path: Path) -> None:
    hours = load(tmp_path, Equity_usa_ALL=entry())
    assert spans(hours, MONDAY) == [(9.5, 16, "market")]
    assert spans(hours, date(2013, 10, 8)) == []
    assert hours.bank_holidays == frozenset()


@pytest.mark.parametrize("end", ["1.00:00:00", "1:00:00:00", "24:00:00"])
def test_end_of_the_day_in_every_spelling(tmp_path: Path, end: str) -> None:
    hours = load(tmp_path, Equity_usa_ALL=entry(monday=[segment("00:00:00", end)]))
    assert spans(hours, MONDAY) == [(0, 24, "market")]


def test_closed_segments_are_left_out(tmp_path: Path) -> None:
    closed = [segment("00:00:00", "09:30:00", "closed"), segment("09:30:00", "16:00:00")]
    assert spans(load(tmp_path, Equity_usa_ALL=entry(monday=closed)), MONDAY) == [(9.5, 16, "market")]


def test_own_entry_is_completed_by_the_market_s_and_goes_first(tmp_path: Path) -> None:
    market = entry(
        holidays=["10/14/2013"],
        earlyCloses={"10/7/2013": "13:00:00", "10/21/2013": "13:00:00"},
        lateOpens={"10/28/2013": "11:00:00"},
        bankHolidays=["10/15/2013"],
    )
    own = entry(holidays=["11/4/2013"], earlyCloses={"10/7/2013": "14:00:00"}, bankHolidays=["10/16/2013"])
    hours = load(tmp_path, Equity_usa_ALL=market, Equity_usa_IBM=own)
    assert hours.holidays == {date(2013, 10, 14), date(2013, 11, 4)}
    assert hours.bank_holidays == {date(2013, 10, 15), date(2013, 10, 16)}
    assert spans(hours, MONDAY) == [(9.5, 14, "market")]
    assert spans(hours, date(2013, 10, 21)) == [(9.5, 13, "market")]
    assert spans(hours, date(2013, 10, 28)) == [(11, 16, "market")]


def test_own_entry_without_a_market_entry(tmp_path: Path) -> None:
    assert spans(load(tmp_path, Equity_usa_IBM=entry(), ticker="ibm"), MONDAY) == [(9.5, 16, "market")]


def test_other_tickers_of_a_market_without_a_common_entry_are_unknown(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no hours of SPY \(equity, usa\); check the ticker"):
        load(tmp_path, ticker="SPY", Equity_usa_IBM=entry())


def test_missing_file_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"market-hours-database\.json does not exist; point --data-folder"):
        MarketHoursDatabase(tmp_path)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"entries": []}', "\ud83d".encode("utf-16", "surrogatepass").decode("latin-1")]
)
def test_file_that_is_no_database(tmp_path: Path, content: str) -> None:
    write_database(tmp_path, content)
    with pytest.raises(DataError, match=r"is no market hours database .* get a fresh copy of the data folder"):
        MarketHoursDatabase(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataTimeZone": "Mars/Base"}, "unknown time zone 'Mars/Base'"),
        ({"exchangeTimeZone": None}, "Expected `str`"),
        ({"monday": [segment("9:30", "16:00:00")]}, "'9:30' is no time of day in the form HH:MM:SS"),
        ({"monday": [segment("09:30:00", "16:70:00")]}, "'16:70:00' is no time of day between"),
        ({"monday": [segment("09:30:00", "25:00:00")]}, "'25:00:00' is no time of day between"),
        ({"monday": [segment("16:00:00", "09:30:00")]}, "the segment 16:00:00 to 09:30:00 overlaps another"),
        (
            {"monday": [segment("09:00:00", "12:00:00"), segment("11:00:00", "13:00:00")]},
            "11:00:00 to 13:00:00 overlaps",
        ),
        ({"monday": [segment("09:00:00", "12:00:00", "open")]}, "Invalid enum value 'open'"),
        ({"monday": [{"start": "09:00:00"}]}, "missing required field `end`"),
        ({"holidays": ["2013-10-14"]}, "'2013-10-14' is no day in the form month/day/year"),
        ({"holidays": ["2/30/2013"]}, "'2/30/2013' is no day"),
        ({"earlyCloses": {"10/7/2013": "noon"}}, "'noon' is no time of day"),
        ({"lateOpens": {"someday": "11:00:00"}}, "'someday' is no day"),
    ],
)
def test_damaged_entry_names_file_entry_and_fault(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        load(tmp_path, Equity_usa_ALL=entry(**change))
    text = str(caught.value)
    assert message in text
    assert text.startswith(f"{tmp_path / MARKET_HOURS_FILE} entry Equity-usa-[*]: ")
    assert text.endswith("; get a fresh copy of the data folder")


def test_damaged_entry_does_not_matter_until_it_is_asked_for(tmp_path: Path) -> None:
    hours = load(tmp_path, Equity_usa_ALL=entry(), Equity_india_ALL={"dataTimeZone": 5})
    assert spans(hours, MONDAY) == [(9.5, 16, "market")]
