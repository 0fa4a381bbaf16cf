"""Consolidators: alignment, what finishes a bar, what goes into it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from live.algorithm.consolidators import (
    BaseDataConsolidator,
    Calendar,
    CalendarInfo,
    DataConsolidator,
    IdentityDataConsolidator,
    QuoteBarConsolidator,
    SequentialConsolidator,
    TickConsolidator,
    TickQuoteBarConsolidator,
    TradeBarConsolidator,
)
from live.algorithm.data import Bar, QuoteBar, Tick, TradeBar, make_quote_tick, make_trade_tick
from live.algorithm.enums import Resolution, SecurityType
from live.algorithm.symbols import Symbol
from live.clock import datetime_to_ns
from live.errors import UsageError

DAY = datetime(2013, 10, 7)
OPEN = DAY.replace(hour=9, minute=30)
IBM = Symbol.create("IBM", SecurityType.EQUITY, "usa")
SPY = Symbol.create("SPY", SecurityType.EQUITY, "usa")


def bar(start: datetime, price: float = 100.0, volume: float = 1.0, minutes: float = 1.0) -> TradeBar:
    return TradeBar(start, IBM, price, price + 1, price - 1, price, volume, timedelta(minutes=minutes))


def minutes(count: int, start: datetime = OPEN) -> list[TradeBar]:
    return [bar(start + timedelta(minutes=number), 100.0 + number) for number in range(count)]


def trade(moment: datetime, price: float, quantity: float = 1.0) -> Tick:
    return make_trade_tick(IBM, datetime_to_ns(moment), price, quantity, 0)


def quote(moment: datetime, bid: float, ask: float, bid_size: float = 0.0, ask_size: float = 0.0) -> Tick:
    return make_quote_tick(IBM, datetime_to_ns(moment), bid, bid_size, ask, ask_size, 0)


def collected(consolidator: DataConsolidator) -> list[Any]:
    bars: list[Any] = []
    consolidator.data_consolidated += lambda sender, each: bars.append(each)
    return bars


def spans(bars: list[Any]) -> list[str]:
    return [f"{each.time:%d %H:%M}-{each.end_time:%d %H:%M}" for each in bars]


def test_seven_minutes_lie_on_an_absolute_scale() -> None:
    consolidator = TradeBarConsolidator(timedelta(minutes=7))
    bars = collected(consolidator)
    for each in minutes(20):
        consolidator.update(each)
    assert spans(bars) == ["07 09:27-07 09:34", "07 09:34-07 09:41", "07 09:41-07 09:48"]
    assert bars[0].volume == 4
    assert (bars[1].open, bars[1].high, bars[1].low, bars[1].close) == (104, 111, 103, 110)
    assert not bars[0].is_fill_forward


@pytest.mark.parametrize(
    ("period_minutes", "expected"),
    [(15, "07 09:45-07 10:00"), (30, "07 09:30-07 10:00"), (60, "07 09:00-07 10:00"), (240, "07 08:00-07 12:00")],
)
def test_round_periods_lie_on_the_clock(period_minutes: int, expected: str) -> None:
    consolidator = TradeBarConsolidator(timedelta(minutes=period_minutes))
    consolidator.update(bar(DAY.replace(hour=9, minute=50)))
    assert spans([consolidator.working_data]) == [expected]


def test_a_day_is_emitted_at_midnight_by_the_clock() -> None:
    consolidator = TradeBarConsolidator(timedelta(days=1))
    bars = collected(consolidator)
    for each in minutes(390):
        consolidator.update(each)
        consolidator.scan(each.end_local_ns)
    consolidator.scan(datetime_to_ns(DAY + timedelta(days=1)) - 1)
    assert bars == []
    consolidator.scan(datetime_to_ns(DAY + timedelta(days=1)))
    assert spans(bars) == ["07 00:00-08 00:00"]
    assert bars[0].volume == 390


def test_a_bar_open_at_the_close_is_emitted_at_its_own_end() -> None:
    consolidator = TradeBarConsolidator(timedelta(minutes=7))
    bars = collected(consolidator)
    consolidator.update(bar(DAY.replace(hour=15, minute=59), volume=5))
    consolidator.scan(datetime_to_ns(DAY.replace(hour=16, minute=5)))
    assert bars == []
    consolidator.scan(datetime_to_ns(DAY.replace(hour=16, minute=6)))
    assert spans(bars) == ["07 15:59-07 16:06"]
    assert bars[0].volume == 5


def test_a_scan_at_the_end_emits_at_once_and_only_once() -> None:
    consolidator = TradeBarConsolidator(timedelta(minutes=5))
    bars, emitted_at = collected(consolidator), []
    for each in minutes(11):
        before = len(bars)
        consolidator.update(each)
        consolidator.scan(each.end_local_ns)
        if len(bars) > before:
            emitted_at.append(f"{each.end_time:%H:%M}")
    assert emitted_at == ["09:35", "09:40"]
    assert [each.volume for each in bars] == [5, 5]


def test_a_period_without_data_gives_no_bar() -> None:
    consolidator = TradeBarConsolidator(timedelta(minutes=5))
    bars = collected(consolidator)
    for start in (OPEN, OPEN + timedelta(minutes=21)):
        consolidator.update(bar(start))
        consolidator.scan(datetime_to_ns(start + timedelta(minutes=10)))
    assert spans(bars) == ["07 09:30-07 09:35", "07 09:50-07 09:55"]


def test_data_from_before_the_newest_finished_bar_are_left_out() -> None:
    consolidator = TradeBarConsolidator(timedelta(minutes=5))
    bars = collected(consolidator)
    consolidator.update(bar(OPEN))
    consolidator.scan(datetime_to_ns(OPEN + timedelta(minutes=5)))
    consolidator.update(bar(OPEN + timedelta(minutes=2), volume=50))
    assert consolidator.working_data is None
    assert bars[0].volume == 1


def test_periods_of_more_than_a_day_begin_with_their_first_data() -> None:
    consolidator = TradeBarConsolidator(timedelta(days=2))
    bars = collected(consolidator)
    for day in range(3):
        consolidator.update(bar(OPEN + timedelta(days=day)))
    assert spans(bars) == ["07 09:30-09 09:30"]
    assert bars[0].volume == 2


def test_a_start_time_moves_the_grid() -> None:
    consolidator = TradeBarConsolidator(timedelta(hours=4), timedelta(hours=9, minutes=30))
    consolidator.update(bar(OPEN + timedelta(minutes=5)))
    assert spans([consolidator.working_data]) == ["07 09:30-07 13:30"]


def test_an_hour_of_the_day_ends_bars_of_weeks_from_the_start_of_the_month() -> None:
    consolidator = TradeBarConsolidator(timedelta(days=7), timedelta(hours=9))
    consolidator.update(bar(OPEN + timedelta(days=2)))
    assert spans([consolidator.working_data]) == ["08 09:00-15 09:00"]


def test_a_bar_that_reaches_past_the_period_keeps_its_own_start() -> None:
    consolidator = TradeBarConsolidator(timedelta(minutes=2))
    consolidator.update(bar(OPEN.replace(minute=31), minutes=2))
    assert spans([consolidator.working_data]) == ["07 09:31-07 09:33"]


def test_an_hour_that_begins_before_the_open_belongs_to_the_day_it_ends_in() -> None:
    def session(moment: datetime) -> CalendarInfo:
        start = moment.replace(hour=9, minute=30, second=0, microsecond=0)
        start -= timedelta(days=1) if moment < start else timedelta(0)
        return CalendarInfo(start, timedelta(hours=6, minutes=30))

    consolidator = TradeBarConsolidator(session)
    consolidator.update(bar(DAY.replace(hour=9), minutes=60))
    assert spans([consolidator.working_data]) == ["07 09:30-07 16:00"]


def test_a_count_finishes_with_its_last_bar() -> None:
    consolidator = TradeBarConsolidator(3)
    bars = collected(consolidator)
    for each in minutes(7):
        consolidator.update(each)
        consolidator.scan(each.end_local_ns)
    assert spans(bars) == ["07 09:30-07 09:33", "07 09:33-07 09:36"]
    assert bars[1].volume == 3
    assert spans([consolidator.working_data]) == ["07 09:36-07 09:37"]


def test_a_count_of_ticks_ends_at_the_last_tick() -> None:
    consolidator = TickConsolidator(2)
    bars = collected(consolidator)
    for second, price in enumerate([10.0, 12.0, 11.0]):
        consolidator.update(trade(OPEN + timedelta(seconds=second), price))
    assert [(each.open, each.close, each.end_time.second) for each in bars] == [(10, 12, 1)]


def test_count_and_period_whichever_comes_first() -> None:
    consolidator = TradeBarConsolidator(3, timedelta(minutes=10))
    bars = collected(consolidator)
    for offset in (0, 1, 2, 3, 14):
        consolidator.update(bar(OPEN + timedelta(minutes=offset)))
    assert [each.volume for each in bars] == [3, 2]
    assert spans(bars) == ["07 09:30-07 09:40", "07 09:33-07 09:43"]


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        (Calendar.WEEKLY, ("2013-10-07", "2013-10-14")),
        (Calendar.MONTHLY, ("2013-10-01", "2013-11-01")),
        (Calendar.QUARTERLY, ("2013-10-01", "2014-01-01")),
        (Calendar.YEARLY, ("2013-01-01", "2014-01-01")),
    ],
)
def test_calendars(calendar: Callable[[datetime], CalendarInfo], expected: tuple[str, str]) -> None:
    info = calendar(datetime(2013, 10, 13, 15))
    assert (f"{info.start:%Y-%m-%d}", f"{info.end:%Y-%m-%d}") == expected


def test_months_have_their_own_lengths() -> None:
    consolidator = TradeBarConsolidator(Calendar.monthly)
    bars = collected(consolidator)
    for month in (1, 2, 3):
        consolidator.update(bar(datetime(2014, month, 14, 12)))
    consolidator.scan(datetime_to_ns(datetime(2014, 4, 1)))
    assert [(each.end_time - each.time).days for each in bars] == [31, 28, 31]
    assert [each.time.month for each in bars] == [1, 2, 3]


def test_a_calendar_that_starts_later_is_refused() -> None:
    with pytest.raises(UsageError, match="start after the moment"):
        TradeBarConsolidator(lambda moment: CalendarInfo(moment + timedelta(hours=1), timedelta(days=1)))


@pytest.mark.parametrize("rule", [Resolution.DAILY, "7", 0, -3, True, None, 1.5])
def test_other_rules_are_refused(rule: object) -> None:
    with pytest.raises(UsageError, match=r"TradeBarConsolidator needs a timedelta.*from_resolution"):
        TradeBarConsolidator(rule)


def test_resolutions_have_a_maker_of_their_own() -> None:
    for make in (TradeBarConsolidator.from_resolution, TradeBarConsolidator.FromResolution):
        consolidator = make(Resolution.HOUR)
        consolidator.update(bar(OPEN))
        assert spans([consolidator.working_data]) == ["07 09:00-07 10:00"]


def test_data_longer_than_the_period_are_refused() -> None:
    with pytest.raises(UsageError, match=r"bars of 0:01:00 cannot be made of data of 0:05:00"):
        TradeBarConsolidator(timedelta(minutes=1)).update(bar(OPEN, minutes=5))


def test_data_of_a_second_symbol_are_refused() -> None:
    consolidator = TradeBarConsolidator(timedelta(minutes=5))
    consolidator.update(bar(OPEN))
    with pytest.raises(UsageError, match="data of IBM and got SPY"):
        consolidator.update(TradeBar(OPEN, SPY, 1, 1, 1, 1))


def test_trade_ticks_make_trade_bars_and_quotes_are_left_out() -> None:
    consolidator = TickConsolidator(timedelta(minutes=1))
    bars = collected(consolidator)
    for second, price in ((1, 10.0), (5, 12.0), (30, 9.0), (59, 11.0)):
        consolidator.update(trade(OPEN + timedelta(seconds=second), price, 100))
        consolidator.update(quote(OPEN + timedelta(seconds=second), 1.0, 99.0))
    consolidator.update(trade(OPEN + timedelta(seconds=60), 20.0))
    assert spans(bars) == ["07 09:30-07 09:31"]
    done = bars[0]
    assert (done.open, done.high, done.low, done.close, done.volume) == (10, 12, 9, 11, 400)
    assert consolidator.accepts_quotes(False)
    assert not consolidator.accepts_quotes(True)


def test_quote_ticks_make_quote_bars_side_by_side() -> None:
    consolidator = TickQuoteBarConsolidator(timedelta(minutes=1))
    bars = collected(consolidator)
    consolidator.update(quote(OPEN, 10, 0, 5, 0))
    consolidator.update(trade(OPEN, 99.0))
    consolidator.update(quote(OPEN + timedelta(seconds=1), 0, 12, 0, 7))
    consolidator.update(quote(OPEN + timedelta(seconds=2), 11, 11.5, 6, 0))
    consolidator.scan(datetime_to_ns(OPEN + timedelta(minutes=1)))
    done = bars[0]
    assert (done.bid.open, done.bid.high, done.bid.low, done.bid.close, done.last_bid_size) == (10, 11, 10, 11, 6)
    assert (done.ask.open, done.ask.high, done.ask.low, done.ask.close, done.last_ask_size) == (12, 12, 11.5, 11.5, 7)
    assert done.close == 11.25
    assert done.value == 11.5


def test_the_next_quote_bar_opens_at_the_close_of_the_one_before() -> None:
    consolidator = TickQuoteBarConsolidator(timedelta(minutes=1))
    bars = collected(consolidator)
    consolidator.update(quote(OPEN, 10, 12, 5, 7))
    consolidator.update(quote(OPEN + timedelta(seconds=70), 20, 0))
    consolidator.scan(datetime_to_ns(OPEN + timedelta(minutes=2)))
    assert (bars[1].bid.open, bars[1].bid.low, bars[1].bid.close, bars[1].last_bid_size) == (10, 10, 20, 5)
    assert (bars[1].ask.open, bars[1].ask.close, bars[1].last_ask_size) == (12, 12, 7)


def test_quote_bars_keep_sides_that_are_absent_and_sizes_of_the_last() -> None:
    def quotes(offset: int, bid: Bar | None, ask: Bar | None, size: float) -> QuoteBar:
        return QuoteBar(OPEN + timedelta(minutes=offset), IBM, bid, size, ask, size)

    consolidator = QuoteBarConsolidator(timedelta(minutes=5))
    bars = collected(consolidator)
    consolidator.update(quotes(0, Bar(10, 11, 9, 10), None, 1))
    assert consolidator.working_bar is not None
    assert consolidator.working_bar.ask is None
    consolidator.update(quotes(1, Bar(8, 12, 8, 9), Bar(13, 14, 12, 13), 2))
    consolidator.update(quotes(2, None, Bar(20, 21, 11, 15), 3))
    consolidator.update(quotes(5, Bar(1, 1, 1, 1), Bar(2, 2, 2, 2), 4))
    done = bars[0]
    assert (done.bid.open, done.bid.high, done.bid.low, done.bid.close, done.last_bid_size) == (10, 12, 8, 9, 2)
    assert (done.ask.open, done.ask.high, done.ask.low, done.ask.close, done.last_ask_size) == (13, 21, 11, 15, 3)
    assert done.close == 12
    working = consolidator.working_bar
    assert working is not None
    assert (working.bid.open, working.bid.low, working.ask.open) == (9, 1, 15)


def test_a_quote_bar_is_not_tied_to_its_input() -> None:
    side = Bar(10, 11, 9, 10)
    consolidator = QuoteBarConsolidator(timedelta(minutes=5))
    consolidator.update(QuoteBar(OPEN, IBM, side, 1, None, 0))
    consolidator.update(QuoteBar(OPEN + timedelta(minutes=1), IBM, Bar(20, 20, 20, 20), 1, None, 0))
    assert side.high == 11


def test_values_of_any_data_make_trade_bars() -> None:
    consolidator = BaseDataConsolidator(timedelta(minutes=1))
    bars = collected(consolidator)
    for second, (bid, ask) in enumerate([(10, 12), (8, 10), (20, 24)]):
        consolidator.update(quote(OPEN + timedelta(seconds=second), bid, ask))
    consolidator.scan(datetime_to_ns(OPEN + timedelta(minutes=1)))
    done = bars[0]
    assert (done.open, done.high, done.low, done.close, done.volume) == (11, 22, 9, 22, 0)


def test_repeated_bars_count_but_the_result_is_no_repeat() -> None:
    consolidator = TradeBarConsolidator(timedelta(minutes=2))
    bars = collected(consolidator)
    first = bar(OPEN, volume=7)
    consolidator.update(first)
    consolidator.update(first.repeated(first.end_local_ns, first.end_local_ns + 60_000_000_000))
    consolidator.scan(first.end_local_ns + 60_000_000_000)
    assert bars[0].volume == 7
    assert not bars[0].is_fill_forward


def test_handlers_see_the_bar_before_and_the_finished_one() -> None:
    consolidator = TradeBarConsolidator(1)
    seen: list[tuple[Any, Any]] = []
    consolidator.DataConsolidated += lambda sender, each: seen.append((sender.consolidated, sender[0]))
    first, second = minutes(2)
    consolidator.update(first)
    consolidator.update(second)
    assert seen[0][0] is None
    assert seen[1][0].time == first.time
    assert seen[1][1].time == second.time
    assert consolidator.consolidated is consolidator.current
    assert consolidator.previous.time == first.time


def test_identity_passes_each_end_once_but_every_tick() -> None:
    consolidator = IdentityDataConsolidator(TradeBar)
    bars = collected(consolidator)
    first, second = minutes(2)
    for each in (first, first, second):
        consolidator.update(each)
        consolidator.scan(each.end_local_ns)
    assert bars == [first, second]
    assert consolidator.working_data is second
    ticks = IdentityDataConsolidator(Tick)
    passed = collected(ticks)
    for _ in range(2):
        ticks.update(trade(OPEN, 1.0))
    assert len(passed) == 2


def test_one_consolidator_after_another() -> None:
    first, second = TradeBarConsolidator(timedelta(minutes=2)), TradeBarConsolidator(3)
    chain = SequentialConsolidator(first, second)
    bars = collected(chain)
    for each in minutes(14):
        chain.update(each)
        chain.scan(each.end_local_ns)
    assert spans(bars) == ["07 09:30-07 09:36", "07 09:36-07 09:42"]
    assert spans([chain.working_data]) == ["07 09:42-07 09:44"]
    assert (chain.input_type, chain.output_type) == (TradeBar, TradeBar)
    assert chain.consolidated is second.consolidated
    chain.reset()
    assert chain.working_data is None
    chain.dispose()
    assert not first.data_consolidated


def test_a_chain_must_fit() -> None:
    with pytest.raises(UsageError, match="QuoteBarConsolidator takes QuoteBar but TickConsolidator makes TradeBar"):
        SequentialConsolidator(TickConsolidator(1), QuoteBarConsolidator(1))


def test_reset_forgets_the_working_bar_and_the_symbol() -> None:
    consolidator = TradeBarConsolidator(2)
    bars = collected(consolidator)
    consolidator.update(bar(OPEN))
    consolidator.reset()
    consolidator.update(TradeBar(OPEN - timedelta(days=1), SPY, 1, 1, 1, 1))
    assert bars == []
    consolidator.update(TradeBar(OPEN, SPY, 1, 1, 1, 1))
    assert [each.symbol for each in bars] == [SPY]


def test_dispose_takes_the_handlers_off() -> None:
    consolidator = TradeBarConsolidator(1)
    bars = collected(consolidator)
    consolidator.dispose()
    consolidator.update(bar(OPEN))
    assert bars == []
