"""Whole runs on the generated session: both tiers agree, two runs agree, limits hold, and faults end as promised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.runs import MemorySink, outcome, run_file

from live.config import Config, LogSettings, RiskSettings, RunSettings
from live.errors import (
    AlgorithmError,
    AlgorithmRuntimeError,
    DataError,
    StaleViewError,
    UnsupportedApiError,
)
from live.feeds.sample import write_sample
from live.hot.catalogue import Counter, Gauge, PageText, RunPhase, Stage
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import TelemetryView
from live.paper.run import DryRun

HEAD = """
from AlgorithmImports import *

class Strategy({base}):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 8)
        self.set_cash(100000)
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol
        self.fast = self.slow = 0.0
        self.count = 0
        self.is_up = False

    def decide(self, price):
        if self.count == 0:
            self.fast = self.slow = price
        self.fast += 0.1 * (price - self.fast)
        self.slow += 0.02 * (price - self.slow)
        self.count += 1
        if self.count % 50 or (self.fast > self.slow) == self.is_up:
            return 0
        self.is_up = not self.is_up
        return 100 if self.is_up else -100

    def on_order_event(self, event):
        value = self.portfolio.total_portfolio_value
        self.log(f"PROBE {{self.time}} {{event.status}} {{self.securities[self.ibm].price}} {{value}}")
"""
LIVE = (
    HEAD.format(base="LiveAlgorithm")
    + """
    def on_tick(self, tick):
        if tick.is_trade:
            quantity = self.decide(tick.price)
            if quantity:
                self.submit(self.ibm, quantity)
"""
)
SLICES = (
    HEAD.format(base="QCAlgorithm")
    + """
    def on_data(self, data):
        quantities = [self.decide(tick.price) for tick in data.ticks.get(self.ibm, [])
                      if tick.tick_type == TickType.TRADE and not tick.suspicious]
        for quantity in quantities:
            if quantity:
                self.market_order(self.ibm, quantity)
"""
)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


def play(text: str, sample: Path, folder: Path, **options: Any) -> tuple[DryRun, MemorySink]:
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / "main.py"
    path.write_text(text, encoding="utf-8")
    return run_file(path, sample, folder, **options)


def settings(watchdog_seconds: float = 60.0, **limits: Any) -> Config:
    return Config(
        risk=RiskSettings(**limits),
        run=RunSettings(watchdog_seconds=watchdog_seconds),
        log=LogSettings(max_lines_per_second=1_000_000),
    )


def test_both_tiers_trade_alike(sample: Path, tmp_path: Path) -> None:
    live = outcome(*play(LIVE, sample, tmp_path / "live"))
    slices = outcome(*play(SLICES, sample, tmp_path / "slices"))
    assert len(live["order_events"]) > 20
    assert live == slices


def test_a_kept_view_is_noticed(sample: Path, tmp_path: Path) -> None:
    text = LIVE.replace("    def on_tick(self, tick):\n", "    check_views = True\n    kept = None\n\n    def on_tick(self, tick):\n"
        "        if self.kept is None:\n            self.kept = tick\n")  # fmt: skip
    text += "\n    def on_end_of_algorithm(self):\n        self.log(str(self.kept.price))\n"
    with pytest.raises(StaleViewError):
        play(text, sample, tmp_path)


def test_two_runs_are_equal(sample: Path, tmp_path: Path) -> None:
    assert outcome(*play(SLICES, sample, tmp_path / "a")) == outcome(*play(SLICES, sample, tmp_path / "b"))


@pytest.mark.parametrize("text", [LIVE, SLICES], ids=["on_tick", "on_data"])
@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"max_order_quantity": 50}, "ORDER_QUANTITY_ABOVE_MAX"),
        ({"max_order_notional": 1_000}, "ORDER_NOTIONAL_ABOVE_MAX"),
        ({"max_position_quantity": 99}, "POSITION_ABOVE_MAX"),
        ({"max_gross_exposure": 1_000}, "EXPOSURE_GROSS_ABOVE_MAX"),
        ({"restricted_symbols": ("ibm",)}, "SYMBOL_RESTRICTED"),
    ],
)
def test_limits_hold(text: str, limits: dict[str, Any], code: str, sample: Path, tmp_path: Path) -> None:
    run, sink = play(text, sample, tmp_path, config=settings(**limits))
    assert not sink.events
    assert run.recorder.denials[code] == run.recorder.denials.total() > 0


def test_an_update_cannot_pass_a_limit(sample: Path, tmp_path: Path) -> None:
    text = (
        SLICES[: SLICES.index("    def on_data")]
        + """
    def on_data(self, data):
        if not self.count and self.securities[self.ibm].price:
            self.count = 1
            ticket = self.limit_order(self.ibm, 10, 1.0)
            fields = UpdateOrderFields()
            fields.quantity = 1000
            ticket.update(fields)
"""
    )
    run, _ = play(text, sample, tmp_path, config=settings(max_order_quantity=50))
    assert run.recorder.denials["ORDER_QUANTITY_ABOVE_MAX"] == 1
    assert [order.exact_quantity for order in run.engine.transactions.get_orders()] == [10]


def test_the_page_holds_the_run(sample: Path, tmp_path: Path) -> None:
    run, sink = play(LIVE, sample, tmp_path)
    page = TelemetryView(tmp_path / PAGE_NAME)
    assert page.is_closed
    assert page.counter(Counter.TICKS_TRADE) == run.recorder.trade_ticks > 0
    assert page.counter(Counter.ORDERS_FILLED) == sum(event["status"] == "Filled" for event in sink.events) > 0
    assert page.histogram(Stage.TICK_TO_DECISION).count == run.recorder.tick_calls
    assert run.result().tick_to_order.count == page.counter(Counter.ORDERS_SUBMITTED)
    assert (tmp_path / PAGE_NAME).stat().st_mode & 0o777 == 0o600
    assert page.gauge(Gauge.RUN_PHASE) == RunPhase.COMPLETED
    assert page.text(PageText.ALGORITHM) == "Strategy"
    assert page.counter(Counter.CALLS_ON_TICK) == run.recorder.tick_calls
    slowest = page.worst_ticks()
    assert [each.latency_ns for each in slowest] == [each.took_ns for each in run.recorder.trace.worst()]
    assert [each.waited_ns for each in slowest] == [each.waited_ns for each in run.recorder.trace.worst()]
    assert {each.symbol for each in slowest} == {"IBM"}
    found = page.account()
    assert found is not None
    account, positions, _ = found
    result = run.result()
    assert (account.equity, account.starting_equity) == (float(result.equity), float(result.starting_equity))
    assert account.fees == float(result.fees)
    assert account.data_time_ns == result.session_end_ns
    assert [(each.symbol, each.quantity) for each in positions] == [
        (each.symbol, float(each.quantity)) for each in result.positions
    ]


BROKEN = [
    ("class Strategy(QCAlgorithm:\n", AlgorithmError, "line 1"),
    ("x = 1\n", AlgorithmError, "no algorithm"),
    (SLICES.replace("self.set_cash(100000)", "1 / 0"), AlgorithmRuntimeError, "initialize raised ZeroDivisionError"),
    (
        SLICES.replace("quantities = [", "1 / 0; quantities = ["),
        AlgorithmRuntimeError,
        "on_data raised ZeroDivisionError",
    ),
    (SLICES.replace("value = self", "1 / 0; value = self"), AlgorithmRuntimeError, "main.py line"),
    (LIVE.replace("if tick.is_trade", "1 / 0\n        if tick.is_trade"), AlgorithmRuntimeError, "on_tick raised"),
    (SLICES.replace('"IBM"', '"NOSUCH"'), DataError, "NOSUCH"),
    (SLICES.replace("self.set_end_date(2013, 10, 8)", "self.set_end_date(2013, 10, 1)"), AlgorithmError, "end date"),
    (SLICES.replace("self.set_cash(100000)", "self.add_universe(None)"), UnsupportedApiError, "self.add_universe"),
    (SLICES.replace("self.set_cash(100000)", "getattr(self, 'add_option')('X')"), UnsupportedApiError, "add_option"),
]


@pytest.mark.parametrize(("text", "kind", "part"), BROKEN, ids=[str(number) for number in range(len(BROKEN))])
def test_a_broken_algorithm_ends_with_one_clear_line(
    text: str, kind: type[Exception], part: str, sample: Path, tmp_path: Path
) -> None:
    with pytest.raises(kind) as found:
        play(text, sample, tmp_path)
    assert part in str(found.value)
    # What lies outside the subset is listed whole; everything else is one line.
    assert kind is UnsupportedApiError or "\n" not in str(found.value)


def test_on_end_of_algorithm_is_called_after_a_failure(sample: Path, tmp_path: Path) -> None:
    text = SLICES.replace("quantities = [", "1 / 0; quantities = [")
    text += "\n    def on_end_of_algorithm(self):\n        self.log('PROBE the end')\n"
    with pytest.raises(AlgorithmRuntimeError):
        play(text, sample, tmp_path)
    assert "PROBE the end" in (tmp_path / "log.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", [SLICES, LIVE], ids=["on_data", "on_tick"])
def test_an_endless_loop_is_ended(text: str, sample: Path, tmp_path: Path) -> None:
    looping = text.replace("quantities = [", "\n        while True: pass\n        quantities = [")
    looping = looping.replace("if tick.is_trade:", "while True: pass\n        if tick.is_trade:")
    with pytest.raises(AlgorithmRuntimeError, match="did not come back within 1 seconds"):
        play(looping, sample, tmp_path, config=settings(watchdog_seconds=1.0))


def test_orders_before_the_warm_up_ends_are_refused(sample: Path, tmp_path: Path) -> None:
    text = SLICES.replace("self.is_up = False\n", "self.is_up = False\n        self.set_warm_up(timedelta(hours=1))\n"
        "        self.log('PROBE ' + str(self.market_order(self.ibm, 1).status))\n", 1)  # fmt: skip
    _, sink = play(text, sample, tmp_path)
    assert any("PROBE Invalid" in line or "PROBE INVALID" in line for line in sink.lines)
