"""Moments at which a pump could go wrong: each played by the pump and in whole time steps, with equal results."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support.lean_folder import LeanFolder
from support.runs import outcome, run_file

from live.algorithm.enums import Resolution
from live.feeds.sample import write_sample

WHOLE = "    def on_end_of_time_step(self):\n        pass\n"
HEAD = """
from AlgorithmImports import *

class Strategy({base}):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, {last_day})
        self.set_cash(10_000)
        self.ibm = self.add_equity("IBM", Resolution.TICK, {options}).symbol
        self.count = 0
        self.prepare()

    def prepare(self):
        pass

    def on_order_event(self, event):
        self.log(f"PROBE {{self.time}} {{event.order_id}} {{event.status}} {{event.fill_price}}")

    def on_end_of_algorithm(self):
        self.log(f"PROBE end {{self.time}} {{self.count}} {{self.portfolio.total_portfolio_value}}")

"""


def milliseconds(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    return int((int(hours) * 3_600 + int(minutes) * 60 + float(seconds)) * 1_000)


def trade(clock: str, price: float) -> str:
    return f"{milliseconds(clock)},{int(price * 10_000)},100,P,0,0"


def quote(clock: str, bid: float, ask: float) -> str:
    return f"{milliseconds(clock)},{int(bid * 10_000)},100,{int(ask * 10_000)},100,P,0,0"


def folder(path: Path) -> LeanFolder:
    made = LeanFolder(path)
    made.map_file("ibm", "19980102,ibm,N\n20501231,ibm,N\n")
    return made


def both_ways(path: Path, data: Path, text: str) -> None:
    """Run an algorithm by the pump and in whole steps; the results must be equal."""
    found = []
    for name, whole in (("pumped", ""), ("whole", WHOLE)):
        results = path / name
        results.mkdir()
        file = results / "strategy.py"
        file.write_text(text + whole)
        found.append(outcome(*run_file(file, data, results)))
    assert found[0] == found[1]
    assert len(found[0]["probes"]) > 1


def test_a_price_that_crossed_while_the_market_was_shut_counts_when_it_opens(tmp_path: Path) -> None:
    data = folder(tmp_path / "data")
    day = date(2013, 10, 7)
    early = [trade(f"09:{minute}:30", 100) for minute in range(20, 30)]
    late = [trade("09:29:58", 102), trade("09:30:10", 100), trade("09:31:40", 100), trade("15:00:00", 100)]
    data.day("IBM", day, Resolution.TICK, [*early, trade("09:29:45", 100), *late])
    quotes = [quote("09:19:30", 99.9, 100), quote("09:30:00.5", 99.9, 100), quote("15:00:00", 99.9, 100)]
    data.day("IBM", day, Resolution.TICK, quotes, is_quote=True)
    head = HEAD.format(base="QCAlgorithm", last_day=7, options="extended_market_hours=True")
    order = "self.count += 1\n        if self.count == 2:\n            self.stop_market_order(self.ibm, 10, 101)\n"
    both_ways(tmp_path, tmp_path / "data", head + f"    def on_data(self, data):\n        {order}")


@pytest.mark.parametrize(("base", "callback"), [("QCAlgorithm", "on_data"), ("LiveAlgorithm", "on_tick")])
def test_an_account_that_is_worth_nothing_ends_the_run_at_once(base: str, callback: str, tmp_path: Path) -> None:
    data = folder(tmp_path / "data")
    before = [trade(f"10:00:{second:02d}", 100) for second in range(5)]
    after = [trade("10:00:10", 80), trade("10:00:20", 100), trade("10:00:30", 100), trade("11:00:00", 100)]
    data.day("IBM", date(2013, 10, 7), Resolution.TICK, [*before, *after])
    head = HEAD.format(base=base, last_day=7, options="leverage=10")
    order = "self.count += 1\n        if self.count == 2:\n            self.market_order(self.ibm, 900)\n"
    both_ways(tmp_path, tmp_path / "data", head + f"    def {callback}(self, data):\n        {order}")


@pytest.mark.parametrize("mode", ["RAW", "ADJUSTED"])
def test_sides_of_the_day_before_a_split_are_split_too(mode: str, tmp_path: Path) -> None:
    data = folder(tmp_path / "data")
    data.factor_file("ibm", "19980102,1,0.5,100\n20131007,1,0.5,100\n20501231,1,1,0\n")
    for day, price in ((7, 100.0), (8, 50.0)):
        data.day("IBM", date(2013, 10, day), Resolution.TICK, [trade("10:00:02", price), trade("10:00:10", price)])
    data.day("IBM", date(2013, 10, 7), Resolution.TICK, [quote("10:00:01", 99, 101)], is_quote=True)
    options = f"data_normalization_mode=DataNormalizationMode.{mode}"
    show = """    def on_tick(self, tick):
        view = (tick.bid_price, tick.price, tick.ask_price, tick.bid_size, tick.ask_size)
        held = self.securities[self.ibm]
        known = (held.bid_price, held.price, held.ask_price, held.bid_size, held.ask_size)
        self.log(f"PROBE {self.time} {view} {known}")
        assert view == known
"""
    both_ways(tmp_path, tmp_path / "data", HEAD.format(base="LiveAlgorithm", last_day=8, options=options) + show)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sample")
    write_sample(made)
    return made


def test_submit_outside_on_tick_is_sent_at_once(sample: Path, tmp_path: Path) -> None:
    text = HEAD.format(base="LiveAlgorithm", last_day=7, options="") + """    def prepare(self):
        self.btc = self.add_crypto("BTCUSD", Resolution.MINUTE).symbol
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at(12, 0, 0), self.on_clock)

    def on_clock(self):
        self.log(f"PROBE clock {self.time} {self.submit(self.ibm, 10)} {self.submit(self.btc, 0.01)}")

    def on_tick(self, tick):
        self.count += 1
        if self.count == 2000:
            self.limit_order(self.ibm, 10, tick.price - 5)
        if self.count == 2001:
            self.transactions.cancel_open_orders()

    def on_order_event(self, event):
        self.log(f"PROBE {self.time} {event.order_id} {event.symbol} {event.status}")
        if event.order_id == 1 and event.status == OrderStatus.CANCELED:
            self.submit(self.ibm, -10)

"""  # fmt: skip
    both_ways(tmp_path, sample, text)
    events = outcome(*run_file(tmp_path / "pumped" / "strategy.py", sample, tmp_path / "pumped"))["order_events"]
    times = {event["order_id"]: event["time_utc"] for event in reversed(events)}
    assert times[2] == next(event["time_utc"] for event in events if event["status"] == "Canceled")
    assert times[3] == times[4] == "2013-10-07T16:00:00.000000Z"


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ("self.submit(self.ibm, 2e10)", "ORDER_QUANTITY_ABOVE_MAX"),
        ("self.submit(self.ibm, float('nan'))", "ORDER_QUANTITY_ABOVE_MAX"),
        ("self.submit(self.ibm, -10, limit_price=float('inf'))", "PRICE_OUTSIDE_COLLAR"),
        ("self.limit_order(self.ibm, -10, 1e10)", None),
    ],
)
def test_numbers_beyond_all_bounds_are_refused_by_a_code(
    order: str, code: str | None, sample: Path, tmp_path: Path
) -> None:
    text = HEAD.format(base="LiveAlgorithm", last_day=7, options="") + f"""    def on_tick(self, tick):
        self.count += 1
        if self.count == 100:
            {order}
"""  # fmt: skip
    file = tmp_path / "strategy.py"
    file.write_text(text)
    run, sink = run_file(file, sample, tmp_path)
    assert set(run.recorder.denials) == ({code} if code else set())
    assert len(sink.events) == (0 if code else 1)


def test_a_model_that_is_set_while_an_order_rests_counts_from_the_next_step(sample: Path, tmp_path: Path) -> None:
    text = HEAD.format(base="QCAlgorithm", last_day=7, options="") + """    def on_data(self, data):
        self.count += 1
        if self.count == 100:
            self.limit_order(self.ibm, 10, self.securities[self.ibm].price - 20)
        if self.count == 130:
            self.securities[self.ibm].set_fill_model(AtOnce())


class AtOnce(EquityFillModel):
    def limit_fill(self, asset, order):
        event = OrderEvent(order, asset.utc_time, OrderFee.ZERO)
        event.status = OrderStatus.FILLED
        event.fill_quantity = order.quantity
        event.fill_price = 1
        return event

"""  # fmt: skip
    file = tmp_path / "strategy.py"
    for name, whole in (("pumped", ""), ("whole", WHOLE)):
        (tmp_path / name).mkdir()
        file.write_text(text.replace("\n\nclass AtOnce", f"\n{whole}\n\nclass AtOnce"))
        found = outcome(*run_file(file, sample, tmp_path / name))
        assert [event["status"] for event in found["order_events"]] == ["Submitted", "Filled"]
        assert "PROBE" not in found["probes"][1]
        if name == "pumped":
            first = found
    assert first == found
