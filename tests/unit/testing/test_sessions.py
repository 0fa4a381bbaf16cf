"""Sessions of live.testing: what a test gives, what comes of it, and what is refused."""

from __future__ import annotations

import decimal
import sys
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from support.lean_folder import LeanFolder, daily_row

from live.config import Config, RiskSettings
from live.errors import AlgorithmError, DataError, UsageError
from live.testing import PastBars, Session
from live.testing.lean import *

DAY = "2013-10-07"


class Ticks(QCAlgorithm):
    """Buys when told to, and remembers what it saw."""

    def initialize(self) -> None:
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol
        self.seen: list[list[float]] = []
        self.ended = False
        self.schedule.on(self.date_rules.every_day("IBM"), self.time_rules.at(9, 45), self.on_clock)

    def on_clock(self) -> None:
        self.log(f"clock {self.time:%H:%M}")

    def on_data(self, slice: Slice) -> None:
        self.seen.append([tick.price for tick in slice.ticks[self.ibm]])

    def on_end_of_algorithm(self) -> None:
        self.ended = True


class LiveTicks(LiveAlgorithm):
    """Sends a limit order below the first ask."""

    def initialize(self) -> None:
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol
        self.handle = -1
        self.spreads: list[float] = []

    def on_tick(self, tick: Any) -> None:
        self.spreads.append(tick.ask_price - tick.bid_price)
        if self.handle < 0 and tick.ask_price:
            self.handle = self.submit(tick.symbol, 10, tick.ask_price - 0.05)


class PascalBars(QCAlgorithm):
    """Old spelling: a market order at the third bar."""

    def Initialize(self) -> None:
        self.spy = self.AddEquity("SPY", Resolution.Minute).Symbol
        self.count = 0

    def OnData(self, data: Slice) -> None:
        if data.Bars.ContainsKey(self.spy):
            self.count += 1
            if self.count == 3:
                self.MarketOrder(self.spy, 10)


class WarmedUp(QCAlgorithm):
    """Asks for history and warms up a daily average."""

    def initialize(self) -> None:
        self.spy = self.add_equity("SPY", Resolution.DAILY).symbol
        self.average = self.sma(self.spy, 3, Resolution.DAILY)
        self.before = [bar.close for bar in self.history[TradeBar](self.spy, 2, Resolution.DAILY)]
        self.set_warm_up(3, Resolution.DAILY)


class Failing(QCAlgorithm):
    """Raises at its first data."""

    def initialize(self) -> None:
        self.add_equity("IBM", Resolution.TICK)

    def on_data(self, slice: Slice) -> None:
        try:
            {}["missing"]
        except KeyError as error:
            raise ZeroDivisionError("for the test") from error


def test_a_market_order_pays_the_ask_and_the_fee() -> None:
    with Session(Ticks, start=DAY, cash=50_000) as session:
        with session.moment(at="09:30:00"):
            session.trade("IBM", 100.01)
            session.quote("IBM", bid=100.00, ask=100.02)
        session.algorithm.market_order("IBM", 10)
        session.trade("IBM", 100.01, after=timedelta(seconds=1))
        assert session.orders[0].status == OrderStatus.FILLED
        assert session.orders[0].average_fill_price == 100.02
        assert session.position("ibm").quantity == 10
        assert session.cash == 50_000 - 1000.20 - 1
        assert [event.status for event in session.events] == [OrderStatus.SUBMITTED, OrderStatus.FILLED]
        assert [event.fill_price for event in session.fills] == [100.02]
        assert not session.open_orders
        assert "1 orders, 2 order events" in repr(session)
        assert "Symbol: IBM Status: Filled Quantity: 10 FillQuantity: 10 FillPrice: $100.02" in repr(session.fills)
        assert repr(session.position("IBM")) == "SecurityHolding(IBM 10 at 100.02)"
    assert session.algorithm.ended
    assert session.equity == pytest.approx(50_000 - 1.00 - 0.10, abs=1e-6)


class OwnMarketOrder(Ticks):
    """Has a market_order of its own, which LEAN's other calls do not come by."""

    def market_order(self, symbol: Any, quantity: Any) -> Any:
        self.log("own")
        return super().market_order(symbol, quantity)


def test_other_calls_do_not_come_by_a_market_order_of_the_algorithm_s_own() -> None:
    with Session(OwnMarketOrder, start=DAY, cash=50_000) as session:
        session.trade("IBM", 100.0)
        algorithm = session.algorithm
        algorithm.order("IBM", 3)
        algorithm.buy("IBM", 2)
        algorithm.sell("IBM", 1)
        algorithm.set_holdings("IBM", 0.5)
        assert session.logs == []
        algorithm.market_order("IBM", 4)
        assert session.logs == ["own"]
        assert [each.quantity for each in session.orders] == [3, 2, -1, 245, 4]


def test_data_of_one_moment_are_one_step() -> None:
    with Session(Ticks, start=DAY) as session:
        with session.moment(at="10:00:00"):
            session.trade("IBM", 100)
            session.trade("IBM", 101)
            assert session.algorithm.seen == []
        session.trade("IBM", 102)
        assert session.algorithm.seen == [[100, 101], [102]]
        assert session.time == datetime(2013, 10, 7, 10, 0, 0, 1_000)


def test_time_brings_scheduled_events() -> None:
    with Session(Ticks, start=DAY) as session:
        session.trade("IBM", 100, at=time(9, 30))
        session.advance(minutes=14, seconds=59)
        assert session.logs == []
        session.advance(seconds=1)
        assert session.logs == ["clock 09:45"]
        assert session.log_lines[0].time == datetime(2013, 10, 7, 9, 45)
        session.advance_to("2013-10-08 12:00")
        assert session.logs == ["clock 09:45", "clock 09:45"]
        session.trade("IBM", 100, at=datetime(2013, 10, 8, 16, 30, tzinfo=timezone.utc))
        assert session.time == datetime(2013, 10, 8, 12, 30)


def test_the_first_tick_without_a_time_comes_at_the_opening() -> None:
    with Session(Ticks, start=DAY) as session:
        session.trade("IBM", 100)
        assert session.time == datetime(2013, 10, 7, 9, 30)
        session.advance_to("16:00")
        session.trade("IBM", 100)
        assert session.time == datetime(2013, 10, 8, 9, 30)


def test_live_algorithm_ticks_and_pool_orders() -> None:
    with Session(LiveTicks, start=DAY) as session:
        session.quote("IBM", bid=100.00, ask=100.10, at="09:31:00")
        assert [ticket.get(OrderField.LIMIT_PRICE) for ticket in session.open_orders] == [100.05]
        session.quote("IBM", bid=99.00, ask=99.10, suspicious=True)
        assert len(session.algorithm.spreads) == 1
        session.trade("IBM", 100.04)
        assert session.position("IBM").quantity == 10
        assert session.security("IBM").ask_price == 100.10
        assert session.time == session.algorithm.time


def test_bars_follow_one_another_and_are_repeated() -> None:
    with Session(PascalBars, start=DAY, cash=10_000) as session:
        session.bar("SPY", 100, at="09:31")
        session.bar("SPY", 101, open=99, volume=5)
        assert session.security("SPY").high == 101
        session.quote_bar("SPY", bid=100.9, ask=(101.1, 101.3, 101.0, 101.2), after=timedelta(minutes=1))
        assert session.algorithm.count == 3, "a repeat of the bar comes beside the quote bar"
        session.advance(minutes=1)
        assert session.position("SPY").quantity == 10
        assert session.position("SPY").average_price == 101.2
        session.finish()
        assert session.algorithm.count > 2 * 390
        with pytest.raises(UsageError, match="the session is over"):
            session.bar("SPY", 1)


def test_bars_go_on_in_the_next_session() -> None:
    with Session(PascalBars, start=DAY) as session:
        session.bar("SPY", 100, at="16:00:00")
        session.bar("SPY", 101)
        assert session.time == datetime(2013, 10, 8, 9, 31)


def test_past_bars_feed_history_and_warm_up() -> None:
    past = [PastBars("SPY", Resolution.DAILY, [98, 99, 100, 101])]
    with Session(WarmedUp, start=DAY, past=past) as session:
        assert session.algorithm.before == [100, 101]
        session.bar("SPY", 102)
        assert session.time == datetime(2013, 10, 7, 16)
        assert not session.algorithm.is_warming_up
        assert session.algorithm.average.current.value == 101
        assert [bar.close for bar in session.algorithm.history[TradeBar]("SPY", 2)] == [101, 102]


@pytest.mark.parametrize("resolution", [Resolution.MINUTE, Resolution.HOUR])
def test_past_bars_end_with_the_session_before(resolution: Resolution) -> None:
    class Asks(QCAlgorithm):
        def initialize(self) -> None:
            self.eurusd = self.add_forex("EURUSD", resolution).symbol
            self.bars = list(self.history[QuoteBar](self.eurusd, 3, resolution))

    past = [PastBars("EURUSD", resolution, [1.1, 1.2, 1.3], security_type=SecurityType.FOREX)]
    with Session(Asks, start="2013-10-08", past=past) as session:
        assert [bar.close for bar in session.algorithm.bars] == [1.1, 1.2, 1.3]
        assert session.algorithm.bars[-1].end_time == datetime(2013, 10, 8)


def test_warm_up_data_may_be_given_by_date_and_time() -> None:
    class Warm(Ticks):
        def initialize(self) -> None:
            super().initialize()
            self.set_warm_up(timedelta(days=3))

    with Session(Warm, start=DAY) as session:
        session.trade("IBM", 90, at="2013-10-04 15:00")
        assert session.algorithm.is_warming_up
        session.trade("IBM", 91)
        assert session.time == datetime(2013, 10, 7, 9, 30)
        assert not session.algorithm.is_warming_up
        assert session.algorithm.seen == [[90], [91]]


def test_a_data_folder_gives_history(tmp_path: Path) -> None:
    folder = LeanFolder(tmp_path)
    folder.history("SPY", Resolution.DAILY, [daily_row(date(2013, 10, day), 10_000 * day) for day in (2, 3, 4)])
    with Session(WarmedUp, start=DAY, data_folder=tmp_path) as session:
        assert session.algorithm.before == [3, 4]
        session.bar("SPY", 5)
        assert session.algorithm.average.current.value == 4


def test_exceptions_come_out_as_they_were_raised() -> None:
    with pytest.raises(ZeroDivisionError, match="for the test") as caught, Session(Failing, start=DAY) as session:
        session.trade("IBM", 1)
    assert isinstance(caught.value.__cause__, KeyError)
    line = Failing.on_data.__code__.co_firstlineno + 4
    assert caught.value.__notes__ == [f"raised by the strategy at {__file__} line {line}"]
    with pytest.raises(UsageError, match="an exception ended this session"):
        session.trade("IBM", 1)


def test_sessions_in_one_another_are_undisturbed() -> None:
    class Early(Ticks):
        def initialize(self) -> None:
            super().initialize()
            MarketOnCloseOrder.submission_time_buffer = timedelta(minutes=1)

    context, modules = decimal.getcontext().prec, set(sys.modules)
    with Session(Early, start=DAY) as outer:
        outer.trade("IBM", 100, at="15:50")
        with Session(Ticks, start=DAY) as inner:
            inner.trade("IBM", 50, at="15:50")
            assert not inner.orders
            for session in (outer, inner):
                session.trade("IBM", 60)
        assert outer.algorithm.seen == [[100], [60]]
        assert inner.algorithm.seen == [[50], [60]]
    assert MarketOnCloseOrder.submission_time_buffer == MarketOnCloseOrder.DEFAULT_SUBMISSION_TIME_BUFFER
    assert decimal.getcontext().prec == context
    assert set(sys.modules) == modules


def test_a_strategy_file_with_parameters_and_limits(tmp_path: Path) -> None:
    file = tmp_path / "main.py"
    file.write_text(
        "from AlgorithmImports import *\n"
        "class Buys(QCAlgorithm):\n"
        "    def initialize(self):\n"
        "        self.set_cash(1)\n"
        "        self.add_crypto('BTCUSD', Resolution.MINUTE)\n"
        "    def on_data(self, slice):\n"
        "        from AlgorithmImports import OrderStatus\n"
        "        self.market_order('BTCUSD', self.get_parameter('quantity', 0))\n"
    )
    config = Config(risk=RiskSettings(max_order_quantity=3))
    for quantity, statuses in ((2, [OrderStatus.FILLED]), (4, [])):
        parameters = {"quantity": quantity}
        with Session(file, start=DAY, cash=1_000_000, parameters=parameters, config=config) as session:
            with session.moment(at="00:01"):
                session.bar("BTCUSD", 125.0)
                session.quote_bar("BTCUSD", 124.9, 125.1)
            assert [ticket.status for ticket in session.orders] == statuses
            assert [text for text in session.errors if "ORDER_QUANTITY" in text] == session.errors
            assert len(session.errors) + len(statuses) == 1


def test_the_strategy_may_quit() -> None:
    class Quits(Ticks):
        def on_data(self, slice: Slice) -> None:
            self.quit("enough")

    with Session(Quits, start=DAY) as session:
        session.trade("IBM", 1)
        assert session.quit_message == "enough"
        with pytest.raises(UsageError, match="ended by quit"):
            session.trade("IBM", 1)
    assert session.algorithm.ended


REFUSED: list[tuple[Any, str]] = [
    (lambda s: s.trade("MSFT", 1), "did not add MSFT; it added IBM"),
    (lambda s: s.bar("IBM", 1), "no subscription to trade bars: .* use session.trade or session.quote"),
    (lambda s: s.trade("IBM", 1, at="09:30"), "09:30:00 America/New_York is over, it is .* 10:00:00"),
    (lambda s: s.trade("IBM", 1, at="10:00"), "is over"),
    (lambda s: s.trade("IBM", 1, at="20:00"), "is not traded at 2013-10-07 20:00:00"),
    (lambda s: s.trade("IBM", 1, at="2015-10-07 10:00"), "lies after the last day"),
    (lambda s: s.trade("IBM", 1, at="noon"), "'noon' is no moment"),
    (lambda s: s.trade("IBM", 1, at="11:00", after=timedelta(1)), "at or after, not both"),
    (lambda s: s.trade("IBM", 0), "0 is no price"),
    (lambda s: s.trade("IBM", 1, size=-1), "-1 is no size"),
    (lambda s: s.trade("IBM", 1, exchange="NYSE"), "no single letter"),
    (lambda s: s.quote("IBM"), "needs a bid, an ask or both"),
    (lambda s: s.advance(), "is over"),
    (lambda s: s.advance(minutes=-1), "is over"),
    (lambda s: s.__enter__(), "used before"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_cannot_be_is_refused_and_the_session_goes_on(call: Any, message: str) -> None:
    with Session(Ticks, start=DAY) as session:
        session.trade("IBM", 100, at="10:00")
        with pytest.raises(UsageError, match=message):
            call(session)
        session.trade("IBM", 101)
        assert session.algorithm.seen == [[100], [101]]


BAD_BARS: list[tuple[Any, str]] = [
    (lambda s: s.trade("SPY", 1), "use session.bar or session.quote_bar"),
    (lambda s: s.bar("SPY", 1, at="10:00:30"), "no minute bar of SPY ends at"),
    (lambda s: s.bar("SPY", 1, at="22:00"), "not traded in the bar"),
    (lambda s: s.bar("SPY", 1, high=0.5), "contradict one another"),
    (lambda s: s.bar("SPY", 1, resolution=Resolution.HOUR), "no subscription to hour trade bars"),
    (lambda s: s.quote_bar("SPY", (1, 2)), "no side of a quote bar"),
    (lambda s: s.quote_bar("SPY"), "needs a bid, an ask or both"),
]


@pytest.mark.parametrize(("call", "message"), BAD_BARS)
def test_wrong_bars_are_refused(call: Any, message: str) -> None:
    with Session(PascalBars, start=DAY) as session, pytest.raises(UsageError, match=message):
        call(session)


def test_misuse_is_told() -> None:
    session = Session(Ticks, start=DAY)
    assert repr(session) == "<Session of Ticks, not entered>"
    for call in (lambda: session.trade("IBM", 1), lambda: session.orders, lambda: session.advance(minutes=1)):
        with pytest.raises(UsageError, match="write `with Session"):
            call()
    with pytest.raises(UsageError, match="is no algorithm"):
        Session(int)  # type: ignore[type-var]
    with pytest.raises(UsageError, match="is no day"):
        Session(Ticks, start="October")
    with pytest.raises(UsageError, match="past bars need start"):
        Session(Ticks, past=[PastBars("IBM", Resolution.DAILY, [1])])
    with pytest.raises(UsageError, match="sets no dates"), Session(Ticks):
        pass
    with pytest.raises(AlgorithmError, match="no_such"):
        Session("no_such.py")
    with pytest.raises(DataError), Session(Ticks, start=DAY, data_folder="/nowhere"):
        pass
    with session, session.moment(), pytest.raises(UsageError, match="cannot lie in one another"), session.moment():
        pass


def test_inside_a_moment_time_stands_still() -> None:
    with Session(Ticks, start=DAY) as session, session.moment(at="10:00"):
        session.trade("IBM", 1)
        with pytest.raises(UsageError, match="time stands still"):
            session.advance(seconds=1)
        with pytest.raises(UsageError, match="leave out at and after"):
            session.trade("IBM", 1, at="10:01")
