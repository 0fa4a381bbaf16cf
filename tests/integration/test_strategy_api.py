"""The strategy API in whole runs on the generated session: indicators, consolidators, warm-up, callbacks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.runs import MemorySink, run_file

from live.errors import AlgorithmRuntimeError
from live.feeds.sample import write_sample
from live.paper.run import DryRun

HEAD = """
from AlgorithmImports import *
from collections import deque

class Strategy(QCAlgorithm):
    def note(self, text):
        self.log(f"NOTE {text}")

"""
Runner = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


@pytest.fixture
def run(sample: Path, tmp_path: Path) -> Runner:
    """Return a function that runs methods of an algorithm and gives what it noted."""

    def run_methods(body: str) -> list[str]:
        file = tmp_path / "algo.py"
        file.write_text(HEAD + body, encoding="utf-8")
        done: tuple[DryRun, MemorySink] = run_file(file, sample, tmp_path / "results")
        return [line.partition(" NOTE ")[2] for line in done[1].lines if " NOTE " in line]

    return run_methods


DATES = """
    def initialize(self):
        self.set_start_date(2013, 10, 8)
        self.set_end_date(2013, 10, 8)
"""


# -- indicators


def test_helpers_feed_their_indicators_and_name_them_as_lean_does(run: Runner) -> None:
    notes = run(
        DATES
        + """
        spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.all = [
            self.ema(spy, 10), self.ema(spy, 10, 0.5), self.ema(spy, 10, Resolution.HOUR),
            self.ema(spy, 10, 0.5, Resolution.MINUTE, Field.HIGH), self.v(spy, 5), self.var(spy, 5), self.tr(spy),
            self.vwap(spy, 5), self.vwap(spy), self.max(spy, 5), self.min(spy, 5), self.bb(spy, 5, 2.0),
            self.identity(spy), self.identity(spy, Field.VOLUME, "volume"), self.identity(spy, timedelta(minutes=90)),
        ]
        self.spy = spy

    def on_end_of_algorithm(self):
        for each in self.all:
            self.note(f"{each.name} {each.is_ready}")
"""
    )
    assert notes == [
        "EMA(10,SPY_min) True",
        "EMA(10,SPY_min) True",
        "EMA(10,SPY_hr) False",
        "EMA(10,SPY_min) True",
        "V(5,SPY_min) True",
        "V(5,SPY_min) True",
        "TR(SPY_min) True",
        "VWAP(5,SPY_min) True",
        "VWAP(SPY_min) True",
        "MAX(5,SPY_min) True",
        "MIN(5,SPY_min) True",
        "BB(5,2,SPY_min) True",
        "close(SPY_min) True",
        "volume(SPY_min) True",
        "SPY(close,01:30:00) True",
    ]


def test_max_and_min_take_highs_and_lows_of_trade_bars_and_values_of_ticks(run: Runner) -> None:
    notes = run(
        DATES
        + """
        self.spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.euro = self.add_forex("EURUSD", Resolution.MINUTE).symbol
        self.seen = {self.spy: [], self.euro: []}
        self.both = {each: (self.max(each, 3), self.min(each, 3)) for each in self.seen}

    def on_data(self, data):
        for symbol, seen in self.seen.items():
            bar = data.bars.get(symbol) or data.quote_bars.get(symbol)
            if bar is None:
                continue
            of_bar = (bar.high, bar.low) if symbol == self.spy else (bar.close, bar.close)
            seen.append(of_bar)
            top, bottom = self.both[symbol]
            newest = seen[-3:]
            if (top.current.value, bottom.current.value) != (max(e[0] for e in newest), min(e[1] for e in newest)):
                self.note(f"{symbol} {self.time}")

    def on_end_of_algorithm(self):
        self.note(str([len(seen) > 100 for seen in self.seen.values()]))
"""
    )
    assert notes == ["[True, True]"]


def test_indicators_warm_themselves_up_when_the_settings_say_so(run: Runner) -> None:
    notes = run(
        DATES
        + """
        self.settings.automatic_indicator_warm_up = True
        spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        daily = self.sma(spy, 10, Resolution.DAILY)
        atr = self.atr(spy, 14)
        closes = list(self.history(spy, 10, Resolution.DAILY)["close"])
        self.note(f"{daily.is_ready} {daily.samples} {round(daily.current.value - sum(closes) / 10, 9)}")
        self.note(f"{atr.is_ready} {atr.current.time}")
        self.enable_automatic_indicator_warm_up = False
        self.note(self.sma(spy, 3).is_ready)
"""
    )
    assert notes == ["True 10 0.0", "True 2013-10-07 16:00:00", "False"]


def test_warm_up_indicator_takes_a_resolution_or_a_period_and_resets_first(run: Runner) -> None:
    notes = run(
        DATES
        + """
        spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        sma = SimpleMovingAverage(5)
        sma.update(datetime(2013, 1, 1), 1.0)
        self.warm_up_indicator(spy, sma, Resolution.DAILY)
        self.note(f"{sma.samples} {sma.is_ready} {sma.current.time}")
        self.warm_up_indicator(spy, sma, timedelta(minutes=30))
        self.note(f"{sma.is_ready} {sma.current.time}")
        self.warm_up_indicator([spy], sma, period=timedelta(minutes=1), selector=lambda bar: bar.high)
        self.note(f"{sma.is_ready} {sma.current.time}")
"""
    )
    assert notes == [
        "5 True 2013-10-07 16:00:00",
        "True 2013-10-07 16:00:00",
        "True 2013-10-07 16:00:00",
    ]


CUSTOM = """
class Mean:
    def __init__(self, period):
        self.name = f"mean {period}"
        self.value = 0
        self.warm_up_period = period
        self.window = deque(maxlen=period)

    @property
    def is_ready(self):
        return len(self.window) == self.window.maxlen

    def update(self, input):
        self.window.append(input.value)
        self.value = sum(self.window) / len(self.window)
        return self.is_ready

class Derived(PythonIndicator):
    def __init__(self, period):
        self.Name = "derived"
        self.value = 0
        self.warm_up_period = period
        self.queue = deque(maxlen=period)

    def Update(self, input):
        self.queue.append(input.close)
        self.value = sum(self.queue) / len(self.queue)
        return len(self.queue) == self.queue.maxlen
"""


def test_indicators_of_the_user_s_own_class_are_fed(run: Runner) -> None:
    notes = run(
        DATES
        + """
        spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.mine, self.derived, self.known = Mean(5), Derived(5), self.sma(spy, 5)
        self.register_indicator(spy, self.mine, Resolution.MINUTE)
        self.register_indicator(spy, self.derived, timedelta(minutes=1))
        self.derived.updated += lambda sender, point: self.count()
        self.total = 0
        self.warm_up_indicator(spy, self.derived, Resolution.DAILY)
        self.note(f"{self.derived.is_ready} {self.total}")

    def count(self):
        self.total += 1

    def on_end_of_algorithm(self):
        value = self.known.current.value
        self.note(f"{round(self.mine.value - value, 9)} {self.mine.is_ready}")
        self.note(f"{round(self.derived.current.value - value, 9)} {self.derived.is_ready} {self.derived.samples}")
        self.note(f"{self.derived.name} {self.derived.current.time} {self.total}")
"""
        + CUSTOM
    )
    assert notes == [
        "True 5",
        "0.0 True",
        "0.0 True 395",
        "derived 2013-10-08 16:00:00 395",
    ]


def test_an_indicator_that_lacks_a_member_is_refused_by_name(run: Runner) -> None:
    with pytest.raises(AlgorithmRuntimeError, match="Nothing is no indicator, it lacks value, is_ready"):
        run(
            DATES
            + """
        spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.register_indicator(spy, Nothing())

class Nothing:
    def update(self, input):
        pass
"""
        )


def test_indicators_of_bars_refuse_ticks_at_registration(run: Runner) -> None:
    with pytest.raises(
        AlgorithmRuntimeError, match=r"ATR\(14,IBM_tick\) takes TradeBar or QuoteBar, and the data of IBM come as"
    ):
        run(
            DATES
            + """
        self.atr(self.add_equity("IBM", Resolution.TICK).symbol, 14)
"""
        )


def test_indicator_history_gives_values_by_time_and_by_part(run: Runner) -> None:
    notes = run(
        DATES
        + """
        spy = self.add_equity("SPY", Resolution.DAILY).symbol
        bands = BollingerBands(10, 2)
        history = self.indicator_history(bands, spy, 5, Resolution.DAILY)
        self.note(f"{len(history)} {history.count} {len(history.current)} {len(history['upper_band'])}")
        self.note(f"{history[4].upper_band == bands.upper_band.current.value} {history[4].end_time}")
        self.note(sorted(history.data_frame.columns)[:3])
        spans = self.indicator_history(bands, spy, timedelta(days=7), Resolution.DAILY)
        dates = self.indicator_history(bands, spy, datetime(2013, 10, 1), datetime(2013, 10, 8), Resolution.DAILY)
        slices = self.indicator_history(bands, self.history(20, Resolution.DAILY))
        self.note(f"{len(spans)} {len(dates)} {len(slices)} {[each.value for each in dates] == [e.value for e in spans]}")
"""
    )
    assert notes == [
        "5 5 5 5",
        "True 2013-10-07 16:00:00",
        "['bandwidth', 'current', 'lowerband']",
        "5 5 11 True",
    ]


def test_deregistered_indicators_rest(run: Runner) -> None:
    notes = run(
        DATES
        + """
        self.spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.known = self.sma(self.spy, 5)

    def on_data(self, data):
        if self.known.samples == 10:
            self.deregister_indicator(self.known)

    def on_end_of_algorithm(self):
        self.note(self.known.samples)
"""
    )
    assert notes == ["10"]


# -- consolidators


def test_consolidate_takes_all_of_lean_s_forms(run: Runner) -> None:
    notes = run(
        DATES
        + """
        spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.counts = {}
        def counter(name):
            def count(bar):
                self.counts.setdefault(name, []).append(type(bar).__name__)
            return count
        self.consolidate(spy, Resolution.HOUR, counter("hour"))
        self.consolidate(spy, timedelta(minutes=30), counter("span"))
        self.consolidate(spy, timedelta(minutes=30), TickType.QUOTE, counter("quotes"))
        self.consolidate(spy, Resolution.HOUR, None, counter("none"))
        self.consolidate(symbol=spy, period=timedelta(minutes=30), handler=counter("named"))
        self.consolidate(spy, Calendar.WEEKLY, counter("week"))
        self.consolidate(spy, lambda time: CalendarInfo(time.replace(minute=0), timedelta(hours=1)), counter("own"))
        self.consolidate(TradeBar, spy, 10, None, counter("ten"))
        self.consolidate(RenkoBar, spy, 0.1, None, counter("renko"))
        self.consolidate(RangeBar, spy, 10, None, counter("range"))
        self.idle = self.consolidate(spy, Resolution.HOUR, None)

    def on_end_of_algorithm(self):
        for name, kinds in self.counts.items():
            self.note(f"{name} {kinds[0]} {len(kinds) if name not in ('renko', 'range') else len(kinds) > 3}")
        self.note(self.idle.consolidated)
"""
    )
    assert sorted(notes) == sorted(
        [
            "ten TradeBar 39",
            "span TradeBar 13",
            "quotes QuoteBar 13",
            "named TradeBar 13",
            "hour TradeBar 7",
            "none TradeBar 7",
            "own TradeBar 7",
            "renko RenkoBar True",
            "range RangeBar True",
            "None",
        ]
    )


def test_consolidate_names_its_forms_when_none_fits(run: Runner) -> None:
    with pytest.raises(
        AlgorithmRuntimeError, match=r"consolidate\(.*'often'.* fits none of its forms: \(symbol, period, handler"
    ):
        run(
            DATES
            + """
        self.consolidate(self.add_equity("SPY", Resolution.MINUTE).symbol, "often", lambda bar: None)
"""
        )


def test_consolidators_of_the_user_s_own_class_work(run: Runner) -> None:
    notes = run(
        DATES
        + """
        spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.bars = []
        self.mine = Quarters()
        self.mine.data_consolidated += lambda sender, bar: self.bars.append((type(sender).__name__, bar.end_time))
        self.subscription_manager.add_consolidator(spy, self.mine)
        self.sma_of_mine = SimpleMovingAverage(2)
        self.second = Quarters()
        self.register_indicator(spy, self.sma_of_mine, self.second)
        self.spy = spy

    def on_data(self, data):
        if self.time.hour == 12:
            self.subscription_manager.remove_consolidator(self.spy, self.mine)

    def on_end_of_algorithm(self):
        self.note(f"{self.bars[0]} {len(self.bars)}")
        self.note(f"{self.sma_of_mine.samples} {self.mine.scans > 0}")

class Quarters(PythonConsolidator):
    def __init__(self):
        self.input_type = TradeBar
        self.output_type = TradeBar
        self.scans = 0

    def update(self, data):
        if self.working_data is None:
            start = data.time.replace(minute=data.time.minute // 15 * 15)
            self.working_data = TradeBar(start, data.symbol, data.open, data.high, data.low, data.close, data.volume,
                                         timedelta(minutes=15))
        self.working_data.close = data.close
        if data.end_time >= self.working_data.end_time:
            self.on_data_consolidated(self, self.working_data)
            self.consolidated = self.working_data
            self.working_data = None

    def scan(self, time):
        assert isinstance(time, datetime)
        self.scans += 1
"""
    )
    assert notes == [f"('Quarters', {datetime_text('2013, 10, 8, 9, 45')}) 10", "26 True"]


def datetime_text(inner: str) -> str:
    """Return how a datetime is written."""
    return f"datetime.datetime({inner})"


def test_tick_consolidators_by_count_and_in_sequence(run: Runner) -> None:
    notes = run(
        DATES
        + """
        ibm = self.add_equity("IBM", Resolution.TICK).symbol
        self.trades = self.quotes = self.chained = self.ticks = 0
        by_count = TickConsolidator(100)
        by_count.data_consolidated += self.on_trades
        by_quote = TickQuoteBarConsolidator(timedelta(minutes=1))
        by_quote.data_consolidated += self.on_quotes
        chain = SequentialConsolidator(TickConsolidator(timedelta(minutes=1)), TradeBarConsolidator(10))
        chain.data_consolidated += self.on_chain
        for each in (by_count, by_quote, chain):
            self.subscription_manager.add_consolidator(ibm, each)
        self.ibm = ibm

    def on_trades(self, sender, bar):
        self.trades += 1

    def on_quotes(self, sender, bar):
        self.quotes += isinstance(bar, QuoteBar)

    def on_chain(self, sender, bar):
        self.chained += 1

    def on_data(self, data):
        self.ticks += sum(tick.tick_type == TickType.TRADE and not tick.suspicious for tick in data.ticks[self.ibm])

    def on_end_of_algorithm(self):
        self.note(f"{self.trades == self.ticks // 100} {self.quotes} {self.chained}")
"""
    )
    assert notes == ["True 389 38"]


# -- the end of the day


def test_on_end_of_day_is_called_for_each_security_before_its_close(run: Runner) -> None:
    notes = run(
        """
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 8)
        self.add_equity("SPY", Resolution.MINUTE)
        self.add_equity("IBM", Resolution.MINUTE)
        self.add_crypto("BTCUSD", Resolution.MINUTE)

    def on_end_of_day(self, symbol):
        self.note(f"{self.time} {symbol} {self.securities[symbol].price > 0}")

    def on_end_of_algorithm(self):
        self.note(f"{self.time} over")
"""
    )
    assert notes == [
        "2013-10-07 15:50:00 IBM True",
        "2013-10-07 15:50:00 SPY True",
        "2013-10-07 20:00:00 BTCUSD True",
        "2013-10-08 15:50:00 IBM True",
        "2013-10-08 15:50:00 SPY True",
        "2013-10-08 20:00:00 BTCUSD True",
        "2013-10-09 00:00:00 over",
    ]


def test_on_end_of_day_without_a_symbol_is_called_two_minutes_before_midnight(run: Runner) -> None:
    notes = run(
        """
    def Initialize(self):
        self.SetStartDate(2013, 10, 7)
        self.SetEndDate(2013, 10, 9)
        self.SetWarmUp(timedelta(days=1))
        self.AddEquity("SPY", Resolution.MINUTE)

    def OnEndOfDay(self):
        self.note(f"{self.time} {self.is_warming_up}")
"""
    )
    # The event of the last day would come after the last data.
    assert notes == ["2013-10-07 23:58:00 False", "2013-10-08 23:58:00 False"]


# -- time in initialize, and warm-up


def test_the_clock_stands_at_the_start_once_it_is_set(run: Runner) -> None:
    notes = run(
        """
    def initialize(self):
        self.set_start_date(2013, 10, 8)
        self.note(f"{self.time} {self.utc_time:%H:%M} {self.is_warming_up}")
        self.set_time_zone(TimeZones.BERLIN)
        self.note(f"{self.time} {self.utc_time:%d %H:%M}")
        self.set_end_date(datetime(2013, 10, 8, 12))
        self.note(f"{self.start_date} {self.end_date}")
        spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.note(self.history(spy, 1, Resolution.DAILY).index[-1][1])
"""
    )
    assert notes == [
        "2013-10-08 00:00:00 04:00 True",
        "2013-10-08 00:00:00 07 22:00",
        "2013-10-08 00:00:00 2013-10-08 23:59:59.999999",
        "2013-10-07 16:00:00",
    ]


@pytest.mark.parametrize(
    ("call", "first", "count"),
    [
        ("set_warm_up(5)", "2013-10-07 15:55:00", 6),
        ("set_warmup(bar_count=5, resolution=Resolution.MINUTE)", "2013-10-07 15:55:00", 6),
        ("SetWarmUp(timedelta(days=1))", "2013-10-07 09:31:00", 390),
        ("set_warm_up(time_span=timedelta(days=1), resolution=Resolution.MINUTE)", "2013-10-07 09:31:00", 390),
        ("set_warm_up(2, Resolution.DAILY)", "2013-10-04 16:00:00", 2),
    ],
)
# A number of bars includes the bar that ends where they begin.
def test_warm_up_in_all_forms(run: Runner, call: str, first: str, count: int) -> None:
    notes = run(
        DATES
        + f"""
        self.add_equity("SPY", Resolution.MINUTE, fill_forward=False)
        self.{call}
        self.warm = []
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at(15, 58), self.on_schedule)

    def on_schedule(self):
        self.note(f"event {{self.is_warming_up}}")

    def on_data(self, data):
        if self.is_warming_up:
            self.warm.append(self.time)

    def on_warmup_finished(self):
        self.note(f"{{self.warm[0]}} {{len(self.warm)}} {{self.time}} {{self.is_warming_up}}")
"""
    )
    assert f"{first} {count} 2013-10-08 00:00:00 False" in notes
    assert notes[-1] == "event False"
    assert "event True" in notes[:-1]


def test_a_number_of_bars_reaches_back_to_the_coarsest_security(run: Runner) -> None:
    notes = run(
        DATES
        + """
        self.add_equity("SPY", Resolution.DAILY)
        self.add_equity("IBM", Resolution.MINUTE)
        self.set_warm_up(3)

    def on_data(self, data):
        if self.is_warming_up:
            for bar in data.bars.values():
                if not bar.is_fill_forward:
                    self.first = min(getattr(self, "first", bar.end_time), bar.end_time)

    def on_warmup_finished(self):
        self.note(self.first)
"""
    )
    assert notes == ["2013-10-03 16:00:00"]


def test_history_of_days_counts_the_day_that_has_closed(run: Runner) -> None:
    notes = run(
        """
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 8)
        self.spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        for hour in (12, 20):
            self.schedule.on(self.date_rules.on(2013, 10, 7), self.time_rules.at(hour, 0), self.look)

    def look(self):
        self.note([f"{end:%d %H}" for _, end in self.history(self.spy, 2, Resolution.DAILY).index])
"""
    )
    assert notes == ["['03 16', '04 16']", "['04 16', '07 16']"]


# -- set-up, data access, history


def test_defaults_of_the_universe_settings_count_as_in_lean(run: Runner) -> None:
    notes = run(
        """
    def initialize(self):
        self.set_start_date(2013, 10, 8)
        self.set_end_date(2013, 10, 8)
        self.universe_settings.resolution = Resolution.DAILY
        self.universe_settings.data_normalization_mode = DataNormalizationMode.RAW
        self.UniverseSettings.ExtendedMarketHours = True
        self.universe_settings.leverage = 7
        spy = self.add_equity("SPY")
        ibm = self.add_security(SecurityType.EQUITY, "IBM")
        for each in (spy, ibm):
            mode = each.data_normalization_mode
            self.note(f"{each.resolution} {mode} {each.is_extended_market_hours} {each.leverage}")
"""
    )
    # Leverage is for securities of universes; extended hours and the normalization are those of one method each.
    assert notes == ["DAILY RAW False 2.0", "DAILY ADJUSTED True 2.0"]


def test_parameters_take_the_type_of_their_default(sample: Path, tmp_path: Path) -> None:
    file = tmp_path / "algo.py"
    file.write_text(
        HEAD
        + DATES
        + """
        self.add_equity("SPY", Resolution.DAILY)
        get = self.get_parameter
        self.note([get("whole", 1), get("part", 1.5), get("text"), get("none"), get("none", 3), get("text", 4)])
""",
        encoding="utf-8",
    )
    parameters = {"whole": "7", "part": "2.5", "text": "abc"}
    _, sink = run_file(file, sample, tmp_path / "results", parameters=parameters)
    notes = [line.partition(" NOTE ")[2] for line in sink.lines if " NOTE " in line]
    # LEAN gives the default where the text is no number.
    assert notes == ["[7, 2.5, 'abc', None, 3, 4]"]
    assert any("parameter text='abc' is no int" in line for line in sink.lines)


def test_history_in_all_forms(run: Runner) -> None:
    notes = run(
        DATES
        + """
        spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        ibm = self.add_equity("IBM", Resolution.MINUTE).symbol
        days, start, end = Resolution.DAILY, datetime(2013, 10, 4), datetime(2013, 10, 8)
        frames = [
            self.history(spy, 3, days), self.history("SPY", timedelta(days=4), days), self.history([spy], start, end, days),
            self.history(self.securities.keys(), 2, days), self.history(symbols=[spy, ibm], periods=2, resolution=days),
            self.history(TradeBar, spy, 3, days), self.history(tickers=spy, start=start, end=end, resolution=days),
        ]
        self.note([len(frame) for frame in frames])
        self.note(frames[0].loc["SPY"].close.tolist() == frames[0].loc[spy].close.tolist())
        self.note([len(list(each)) for each in (
            self.history(2, days), self.history(timedelta(days=4), days), self.history[TradeBar](spy, 3, days),
            self.history[TradeBar]([spy, ibm], 3, days), self.history[QuoteBar](spy, 5),
        )])
        self.note(sorted(self.history(spy, 1).columns)[:3])
        self.note(spy in self.get_last_known_prices([spy, ibm]))
        self.note(self.get_last_known_price(spy).end_time)
"""
    )
    assert notes == [
        "[3, 2, 2, 4, 4, 3, 2]",
        "True",
        "[2, 2, 3, 3, 5]",
        "['askclose', 'askhigh', 'asklow']",
        "True",
        "2013-10-07 16:00:00",
    ]


def test_a_number_of_ticks_cannot_be_asked_for(run: Runner) -> None:
    with pytest.raises(AlgorithmRuntimeError, match="history of a number of ticks of IBM does not exist"):
        run(
            DATES
            + """
        self.history(self.add_equity("IBM", Resolution.TICK).symbol, 10)
"""
        )


def test_data_are_reached_in_all_of_lean_s_ways(run: Runner) -> None:
    notes = run(
        DATES
        + """
        self.spy = self.add_equity("SPY", Resolution.MINUTE)
        self.count = 0

    def on_data(self, data: Slice):
        symbol = self.spy.symbol
        if self.count or not data.contains_key("SPY"):
            return
        self.count = 1
        bar = data[symbol]
        same = [data["SPY"], data.bars[symbol], data.Bars["SPY"], data.get(symbol), data.get(TradeBar)[symbol],
                data.bars.get("SPY"), [pair.value for pair in data.bars if pair.key == symbol][0]]
        self.note(all(each is bar for each in same))
        self.note([symbol in data, "XYZ" in data, data.bars.contains_key(symbol), data.get("XYZ"), data.count])
        self.note([self.securities[symbol] is self.securities["SPY"], self.securities["SPY"].close == bar.close,
                   [pair.key for pair in self.securities] == [symbol], self.current_slice is data])
        hours = self.spy.exchange.hours
        self.note([hours.is_open(self.time, False), hours.get_next_market_close(self.time, False).hour,
                   self.spy.exchange.closing_soon, hours.is_date_open(self.time)])
"""
    )
    assert notes == ["True", "[True, False, True, None, 1]", "[True, True, True, True]", "[True, 16, False, True]"]


def test_collections_have_both_spellings_and_securities_keep_what_they_are_given(run: Runner) -> None:
    notes = run(
        DATES
        + """
        self.Settings.SeedInitialPrices = True
        self.universe_settings.asynchronous = True
        spy = self.AddEquity("SPY", Resolution.Minute)
        spy["average"] = self.sma("SPY", 3)
        self.note([spy.average is spy["average"], spy.price > 0])
        self.note([self.Securities.Keys == list(self.securities.keys()), len(self.Securities.Values),
                   self.Portfolio.Keys == self.portfolio.keys(), self.active_securities is self.securities])

    def OnData(self, data):
        if not hasattr(self, "seen"):
            self.seen = True
            self.note([data.Keys == data.keys(), data.Bars.Keys == list(data.bars.keys()), len(data.Bars.Values)])
"""
    )
    assert notes == ["[True, True]", "[True, 1, True, True]", "[True, True, 1]"]


def test_plots_take_values_indicators_bars_and_prices(sample: Path, tmp_path: Path) -> None:
    file = tmp_path / "algo.py"
    file.write_text(
        HEAD
        + DATES
        + """
        self.spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.fast, self.slow = self.sma(self.spy, 3), self.sma(self.spy, 5)
        self.plot_indicator("updates", True, self.fast)
        self.done = False

    def on_data(self, data):
        if self.done or not self.slow.is_ready:
            return
        self.done = True
        self.plot("plain", 1.5)
        self.plot("chart", "value", 2)
        self.plot("chart", "indicator", self.fast)
        self.plot("chart", "bar", data.bars[self.spy])
        self.plot("chart", "candle", 1, 4, 0, 3)
        self.plot("averages", self.fast, self.slow)
        self.plot("one", self.fast)
""",
        encoding="utf-8",
    )
    run, _ = run_file(file, sample, tmp_path / "results")
    charts = {chart: {name: len(points) for name, points in lines.items()} for chart, lines in run.series().items()}
    assert charts["chart"] == {"value": 1, "indicator": 1, "bar": 1, "candle": 1}
    assert charts["averages"] == {"SMA(3,SPY_min)": 1, "SMA(5,SPY_min)": 1}
    assert charts["one"] == {"SMA(3,SPY_min)": 1}
    assert charts["Strategy Equity"]["plain"] == 1
    assert charts["updates"]["SMA(3,SPY_min)"] > 100


EXAMPLES = {
    "bracket": """
    def Initialize(self):
        self.SetStartDate(2013, 10, 7)
        self.SetEndDate(2013, 10, 9)
        self.SetCash(100000)
        self.symbol_ = self.AddEquity("SPY", Resolution.Minute).Symbol
        self.SetBenchmark("SPY")
        self.macd = self.MACD(self.symbol_, 12, 26, 9, MovingAverageType.Exponential, Resolution.Minute)
        self.Schedule.On(self.DateRules.EveryDay("SPY"), self.TimeRules.AfterMarketOpen("SPY", 30), self.Rebalance)
        self.window = RollingWindow[TradeBar](5)
        self.tickets = []

    def OnData(self, data):
        if not data.Bars.ContainsKey(self.symbol_):
            return
        self.window.Add(data.Bars[self.symbol_])
        if self.window.IsReady and self.macd.IsReady and not self.Portfolio[self.symbol_].Invested:
            if self.macd.Current.Value > self.macd.Signal.Current.Value and self.window[0].Close > self.window[4].Close:
                self.SetHoldings(self.symbol_, 0.5)
                price = self.Securities[self.symbol_].Price
                self.tickets.append(self.StopMarketOrder(self.symbol_, -10, price * 0.99))

    def Rebalance(self):
        if self.Portfolio.Invested:
            self.Liquidate(self.symbol_)

    def OnOrderEvent(self, orderEvent):
        if orderEvent.Status == OrderStatus.Filled:
            self.Debug(f"{self.Time} {orderEvent.Symbol} {orderEvent.FillQuantity}")

    def OnEndOfDay(self, symbol):
        self.note(f"{symbol} {self.Time}")
""",
    "pairs": """
    def initialize(self) -> None:
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 9)
        self.set_cash(50_000)
        self.set_security_initializer(lambda security: security.set_fee_model(ConstantFeeModel(0)))
        self.data: Dict[Symbol, SymbolData] = {}
        for ticker in ("SPY", "IBM"):
            symbol = self.add_equity(ticker, Resolution.MINUTE).symbol
            self.data[symbol] = SymbolData(self, symbol)
        self.set_warm_up(timedelta(days=3))

    def on_data(self, data: Slice) -> None:
        if self.is_warming_up or not all(each.is_ready for each in self.data.values()):
            return
        best = max(self.data.values(), key=lambda each: each.momentum.current.value)
        if not self.portfolio[best.symbol].invested:
            self.set_holdings([PortfolioTarget(each.symbol, 0.4 if each is best else -0.4)
                               for each in self.data.values()])

    def on_end_of_day(self, symbol: Symbol) -> None:
        self.note(f"{symbol} {self.time}")

class SymbolData:
    def __init__(self, algorithm: QCAlgorithm, symbol: Symbol) -> None:
        self.symbol = symbol
        self.momentum = algorithm.mom(symbol, 10, Resolution.MINUTE)
        self.momentum.updated += self.on_updated
        self.history = deque(maxlen=3)
        algorithm.consolidate(symbol, timedelta(minutes=5), lambda bar: self.history.append(bar.close))

    def on_updated(self, sender: object, point: IndicatorDataPoint) -> None:
        self.latest = point.value

    @property
    def is_ready(self) -> bool:
        return self.momentum.is_ready and len(self.history) == 3
""",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_algorithms_in_the_style_of_lean_s_examples_run(run: Runner, name: str) -> None:
    notes = run(EXAMPLES[name])
    days = [f"2013-10-{day:02d} 15:50:00" for day in (7, 8, 9)]
    assert sorted({note.partition(" ")[2] for note in notes} & set(days)) == days
