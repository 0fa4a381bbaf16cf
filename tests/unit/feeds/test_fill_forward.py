"""Repeats of bars: where the market is open, at which step, with which times, and over what they do not go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support.lean_folder import LeanFolder, hours_entry

from live.algorithm.data import BaseData, Dividend, TradeBar
from live.algorithm.enums import DataNormalizationMode, Resolution, SecurityType
from live.algorithm.symbols import Symbol
from live.clock import datetime_to_ns, ns_to_datetime
from live.feeds.bar_subscription import END_OF_DATA_NS, BarSubscription, SubscriptionConfig
from live.feeds.fill_forward import FillForwardRules
from live.feeds.market_hours import MarketHours, MarketHoursDatabase

SYMBOL = Symbol.create("AB", SecurityType.EQUITY, "usa")
LUNCH = (("09:30:00", "12:00:00", "market"), ("13:00:00", "16:00:00", "market"))
ALL_DAY = (("00:00:00", "1.00:00:00", "market"),)
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTE, HOUR, DAILY, SECOND = Resolution.MINUTE, Resolution.HOUR, Resolution.DAILY, Resolution.SECOND


def hours_of(folder: Path, entry: dict[str, object] | None = None) -> MarketHours:
    lean = LeanFolder(folder, **({"Equity-usa-[*]": entry} if entry else {}))
    return MarketHoursDatabase(lean.path).hours(SecurityType.EQUITY, "usa", "AB")


def at(text: str) -> datetime:
    """Return a moment of June 2020 unless a month is given: "05 09:30" or "2020-11-01 00:00"."""
    return datetime.fromisoformat(text if len(text) > 10 else f"2020-06-{text}")


def bar(start: str, resolution: Resolution, price: float = 1.0, end: str | None = None) -> TradeBar:
    period = timedelta(microseconds=resolution.period_ns // 1_000) if end is None else at(end) - at(start)
    return TradeBar(at(start), SYMBOL, price, price, price, price, 100.0, period)


def filled(
    hours: MarketHours,
    points: Sequence[BaseData],
    resolution: Resolution,
    end: str,
    step: Resolution | None = None,
    extended: bool = False,
) -> list[str]:
    """Return the moments at which repeats are delivered, and their times."""
    config = SubscriptionConfig(SYMBOL, resolution, False, DataNormalizationMode.RAW, extended, True, hours)
    rules = FillForwardRules(
        hours,
        hours.data_zone,
        resolution.period_ns,
        (step or resolution).period_ns,
        extended,
        config.is_strict_daily,
        datetime_to_ns(at(end)),
    )
    subscription = BarSubscription(config, iter(points), rules)
    found: list[str] = []
    while (time_ns := subscription.next_time_ns) != END_OF_DATA_NS:
        moment = ns_to_datetime(hours.exchange_zone.to_local_ns(time_ns))
        for point in subscription.take(time_ns):
            if point.is_fill_forward:
                assert isinstance(point, TradeBar)
                assert point.volume == 0.0
                span = f"{ns_to_datetime(point.time_local_ns):%d %H:%M}-{ns_to_datetime(point.end_local_ns):%H:%M}"
                found.append(f"{moment:%d %H:%M:%S} {span} {point.close:g}")
    return found


def test_a_gap_is_filled_with_the_bar_before_it(tmp_path: Path) -> None:
    points = [bar("08 09:30", MINUTE, 1), bar("08 09:33", MINUTE, 2)]
    assert filled(hours_of(tmp_path), points, MINUTE, "08 09:34") == [
        "08 09:32:00 08 09:31-09:32 1",
        "08 09:33:00 08 09:32-09:33 1",
    ]


def test_the_end_of_the_data_is_filled_to_the_end_of_the_subscription(tmp_path: Path) -> None:
    found = filled(hours_of(tmp_path), [bar("08 15:56", MINUTE)], MINUTE, "09 09:32")
    assert found == [
        *[
            f"08 {15 + minute // 60}:{minute % 60:02}:00 08 15:{minute - 1}-{15 + minute // 60}:{minute % 60:02} 1"
            for minute in (58, 59, 60)
        ],
        "09 09:31:00 09 09:30-09:31 1",
        "09 09:32:00 09 09:31-09:32 1",
    ]


@pytest.mark.parametrize(
    ("special", "last"),
    [({"holidays": ["6/9/2020"]}, "10 09:31"), ({"earlyCloses": {"6/8/2020": "13:00:00"}}, "09 09:31")],
    ids=["holiday", "half day"],
)
def test_closed_hours_are_not_filled(tmp_path: Path, special: dict[str, object], last: str) -> None:
    start = "08 12:57" if "earlyCloses" in special else "08 15:57"
    hours = hours_of(tmp_path, hours_entry(**special))
    found = filled(hours, [bar(start, MINUTE), bar(last, MINUTE, 2)], MINUTE, last)
    close = 13 if "earlyCloses" in special else 16
    assert [line[:8] for line in found] == [f"08 {close - 1}:59", f"08 {close}:00", f"{last[:2]} 09:31"]


def test_lunch_is_not_filled(tmp_path: Path) -> None:
    hours = hours_of(tmp_path, hours_entry(LUNCH))
    found = filled(hours, [bar("08 11:57", MINUTE), bar("08 13:02", MINUTE, 2)], MINUTE, "08 13:03")
    assert [line[:8] for line in found] == ["08 11:59", "08 12:00", "08 13:01", "08 13:02"]


def test_extended_hours_are_filled_when_they_are_subscribed_to(tmp_path: Path) -> None:
    points = [bar("08 19:57", MINUTE), bar("09 04:01", MINUTE, 2)]
    hours = hours_of(tmp_path)
    assert [line[:8] for line in filled(hours, points, MINUTE, "09 04:02", extended=True)] == [
        "08 19:59",
        "08 20:00",
        "09 04:01",
    ]
    assert filled(hours, points, MINUTE, "09 04:02") == []


def test_the_first_bar_of_regular_hours_may_repeat_one_before_them(tmp_path: Path) -> None:
    points = [bar("08 09:00", MINUTE, 1), bar("08 09:32", MINUTE, 2)]
    assert filled(hours_of(tmp_path), points, MINUTE, "08 09:33") == [
        "08 09:31:00 08 09:30-09:31 1",
        "08 09:32:00 08 09:31-09:32 1",
    ]


def test_a_market_that_never_closes_is_filled_over_the_weekend(tmp_path: Path) -> None:
    hours = hours_of(tmp_path, hours_entry(ALL_DAY, WEEK, "UTC", "UTC"))
    found = filled(hours, [bar("06 23:00", HOUR), bar("08 01:00", HOUR, 2)], HOUR, "08 02:00")
    assert len(found) == 25
    assert found[0] == "07 01:00:00 07 00:00-01:00 1"


def test_finer_steps_repeat_the_bar_with_its_own_times(tmp_path: Path) -> None:
    points = [bar("08 10:00", HOUR, 1), bar("08 11:00", HOUR, 2)]
    found = filled(hours_of(tmp_path), points, HOUR, "08 12:00", step=MINUTE)
    assert len(found) == 59
    assert found[0] == "08 11:01:00 08 10:00-11:00 1"
    assert found[-1] == "08 11:59:00 08 10:00-11:00 1"


def test_coarser_steps_change_nothing(tmp_path: Path) -> None:
    points = [bar("08 10:00", MINUTE, 1), bar("08 10:03", MINUTE, 2)]
    hours = hours_of(tmp_path)
    assert filled(hours, points, MINUTE, "08 10:04", step=DAILY) == filled(hours, points, MINUTE, "08 10:04")


def test_days_are_filled_from_open_to_close(tmp_path: Path) -> None:
    hours = hours_of(tmp_path, hours_entry(earlyCloses={"6/9/2020": "13:00:00"}, holidays=["6/10/2020"]))
    points = [bar("08 09:30", DAILY, 1, end="08 16:00"), bar("11 09:30", DAILY, 2, end="11 16:00")]
    assert filled(hours, points, DAILY, "11 23:59") == ["09 13:00:00 09 09:30-13:00 1"]


def test_a_weekend_day_is_no_day(tmp_path: Path) -> None:
    points = [bar("05 09:30", DAILY, 1, end="05 16:00"), bar("09 09:30", DAILY, 2, end="09 16:00")]
    assert filled(hours_of(tmp_path), points, DAILY, "09 23:59") == ["08 16:00:00 08 09:30-16:00 1"]


def test_an_hour_that_occurs_twice_is_filled_once(tmp_path: Path) -> None:
    # LEAN takes a reading that occurs twice for the later of both moments.
    hours = hours_of(tmp_path, hours_entry(ALL_DAY, WEEK))
    points = [bar("2020-10-31 23:00", HOUR), bar("2020-11-01 03:00", HOUR, 2)]
    found = filled(hours, points, HOUR, "2020-11-01 04:00")
    assert [line[:8] for line in found] == ["01 01:00", "01 02:00", "01 03:00"]


def test_an_hour_that_is_skipped_is_not_filled(tmp_path: Path) -> None:
    hours = hours_of(tmp_path, hours_entry(ALL_DAY, WEEK))
    points = [bar("2020-03-07 23:00", HOUR), bar("2020-03-08 04:00", HOUR, 2)]
    found = filled(hours, points, HOUR, "2020-03-08 05:00")
    assert [line[:8] for line in found] == ["08 01:00", "08 03:00", "08 04:00"]


def test_corporate_actions_are_neither_repeated_nor_lost(tmp_path: Path) -> None:
    dividend = Dividend(SYMBOL, datetime_to_ns(at("09 00:00")), 1.0, 10.0)
    points = [bar("08 15:58", MINUTE), dividend, bar("09 09:31", MINUTE, 2)]
    assert [line[:8] for line in filled(hours_of(tmp_path), points, MINUTE, "09 09:32")] == ["08 16:00", "09 09:31"]


def test_seconds_are_filled_between_bars(tmp_path: Path) -> None:
    points = [bar("08 09:30", SECOND), bar("08 09:31", SECOND, 2)]
    assert len(filled(hours_of(tmp_path), points, SECOND, "08 09:31")) == 59
