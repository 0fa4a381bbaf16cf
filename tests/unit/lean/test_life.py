"""The host's own work: what fails in it is told and tried again, ends no strategy, and hangs no run."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from support.lean_runs import Feed, host_of, run_in_double, wait_until

from live.config import LeanSettings
from live.errors import EnvironmentFault
from live.hot.catalogue import Gauge, PageText, RunPhase, WarmState
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import TelemetryView
from live.lean import attach, housekeeping, slice_watch, surface, threads
from live.lean.attendant import Attendant
from live.lean.failure import read_failure
from live.lean.page import LeanPage

SOURCE = """
from AlgorithmImports import *

class Main(QCAlgorithm):
    def initialize(self):
        self.set_cash(100000)
        self.btc = self.add_crypto("BTCUSD", Resolution.TICK).symbol
        self.eth = self.add_crypto("ETHUSD", Resolution.TICK).symbol
        self.slices = 0

    def on_data(self, data):
        self.slices += 1

    def on_end_of_algorithm(self):
        self.log("end")
"""
OFTEN = LeanSettings(account_milliseconds=10.0)


def page_of(folder: Path) -> TelemetryView:
    return TelemetryView(folder / "run" / PAGE_NAME)


def trade(feed: Feed, price: float, ticker: str = "BTCUSD") -> None:
    before = feed.engine.algorithm.slices
    feed.trade(ticker, price)
    feed.until(lambda: feed.engine.algorithm.slices > before)


class Fails:
    """Raises at the first calls, or at all, and passes the others on."""

    def __init__(self, real: Any, times: float = 1) -> None:
        self._real = real
        self.left = times
        self.calls = 0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise RuntimeError("Collection was modified")
        return self._real(*arguments, **named)


TOLD = "lean-live: the host's own work, not the strategy's: RuntimeError: Collection was modified"


# -- slices


def test_a_slice_that_cannot_be_accounted_for_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drive(feed: Feed) -> None:
        rows = host_of(feed).page.rows
        monkeypatch.setattr(rows, "add", Fails(rows.add))
        for number in range(slice_watch.SLOTS // 4):
            trade(feed, 100.0 + number % 7)

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive)
    assert run.error == ""
    assert run.algorithm.slices == slice_watch.SLOTS // 4
    assert run.texts("error") == [TOLD]
    assert run.summary()["phase"] == "completed"


def test_errors_after_each_decision_end_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drive(feed: Feed) -> None:
        host = host_of(feed)
        monkeypatch.setattr(host.page, "read_dotnet_pauses", Fails(None, float("inf")))
        for number in range(3):
            trade(feed, 100.0 + number)

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive)
    assert run.error == ""
    assert run.algorithm.slices == 3
    assert run.texts("error") == [TOLD]


def test_a_symbol_that_lean_has_removed_before_its_tick_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drive(feed: Feed) -> None:
        host, algorithm = host_of(feed), feed.engine.algorithm
        with host.watch._looking:
            trade(feed, 100.0)
            trade(feed, 100.0, "ETHUSD")
            removed = algorithm.securities._items.pop(algorithm.eth)
        host.watch.look_at_all()
        algorithm.securities._items[algorithm.eth] = removed

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive)
    assert run.texts("error") == []
    assert run.summary()["phase"] == "completed"


class WatchedLock:
    """A lock that tells when it is waited for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.is_waited_for = threading.Event()

    def acquire(self, blocking: bool = True) -> bool:
        if blocking:
            self.is_waited_for.set()
        return self._lock.acquire(blocking)

    def release(self) -> None:
        self._lock.release()


def test_the_loop_waits_for_a_look_when_there_is_no_more_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread is at a look that takes long, and slices come without a pause: none is written over."""
    monkeypatch.setattr(slice_watch, "SLOTS", 8)
    monkeypatch.setattr(slice_watch, "_MASK", 7)
    monkeypatch.setattr(slice_watch, "_MANY", 4)
    waited: list[bool] = []

    def drive(feed: Feed) -> None:
        host = host_of(feed)
        watch, lock = host.watch, WatchedLock()
        # Without the attendant nobody else looks.
        host.attendant.end()
        watch.look_at_all()
        watch._looking = lock
        lock.acquire(blocking=False)
        for _ in range(6):
            trade(feed, 100.0)
        waited.append(lock.is_waited_for.is_set())
        trade(feed, 100.0)
        waited.append(lock.is_waited_for.wait(20.0))
        lock.release()
        trade(feed, 100.0)

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive)
    assert waited == [False, True]
    assert run.summary()["slices"] == 8
    assert run.error == ""


# -- publication and the attendant


def test_one_error_of_a_publication_does_not_end_publishing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drive(feed: Feed) -> None:
        page = page_of(tmp_path)
        fails = Fails(surface.account)
        monkeypatch.setattr(surface, "account", fails)
        wait_until(lambda: fails.calls)
        before = page.gauge(Gauge.PUBLISHED)
        wait_until(lambda: page.gauge(Gauge.PUBLISHED) > before)

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive, lean=OFTEN)
    assert run.texts("error") == [TOLD]
    assert run.summary()["phase"] == "completed"


def test_orders_are_looked_after_while_the_page_cannot_be_written_and_the_other_way_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drive(feed: Feed) -> None:
        host, page = host_of(feed), page_of(tmp_path)
        review = Fails(host.orders.review, 0)
        with monkeypatch.context() as patch:
            patch.setattr(host.orders, "review", review)
            patch.setattr(surface, "account", Fails(surface.account, float("inf")))
            wait_until(lambda: review.calls > 2)
        with monkeypatch.context() as patch:
            patch.setattr(host.orders, "review", Fails(host.orders.review, float("inf")))
            # One may have been under way.
            for _ in range(3):
                before = page.gauge(Gauge.PUBLISHED)
                wait_until(lambda before=before: page.gauge(Gauge.PUBLISHED) > before)

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive, lean=OFTEN)
    assert run.texts("error") == [TOLD]


def test_a_host_whose_work_fails_for_long_has_lean_end_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gracefully: the strategy can still close its positions."""
    monkeypatch.setattr(housekeeping, "_GIVE_UP_NS", 0)

    def drive(feed: Feed) -> None:
        host = host_of(feed)
        monkeypatch.setattr(host.orders, "review", Fails(host.orders.review))
        feed.until(lambda: False)

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive, lean=OFTEN)
    assert run.texts() == ["end"]
    assert run.summary()["phase"] == "failed"
    assert run.summary()["reason"].startswith("the host's own work, not the strategy's, has failed for ")
    assert run.summary()["reason"].endswith("RuntimeError: Collection was modified")


def test_an_error_in_between_does_not_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A publication that succeeds begins the count anew: now and then an error is no reason to end."""
    moments = iter(range(0, 10**18, housekeeping._GIVE_UP_NS // 2 + 1))
    failures = []

    def drive(feed: Feed) -> None:
        host = host_of(feed)
        host.attendant.end()
        keeper, review = host.housekeeping, host.orders.review
        for works in (False, True) * 4:
            host.orders.review = review if works else Fails(None)
            try:
                keeper._publish(next(moments))
            except RuntimeError:
                failures.append(keeper.failure)
        host.orders.review = review

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive)
    assert failures == [""] * 4
    assert run.summary()["phase"] == "completed"


def test_the_attendant_goes_on_after_errors_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    done = threading.Event()
    fails = Fails(done.set, 3)
    monkeypatch.setattr("live.lean.attendant._BACK_OFF_NS", 1)
    attendant = Attendant(lambda error: told.append(str(error)))
    attendant.every(0.001, fails)
    (task,) = attendant._tasks
    attendant.begin()
    assert done.wait(20.0)
    attendant.end()
    assert told == ["Collection was modified"] * 3
    assert task.back_off_ns == 0


def test_the_attendants_back_off_grows_to_a_limit() -> None:
    attendant = Attendant(lambda error: None)
    attendant.every(0.001, Fails(None, float("inf")))
    (task,) = attendant._tasks
    spans = []
    for _ in range(7):
        attendant._call(task)
        spans.append(task.back_off_ns / 10**9)
    assert spans == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_each_look_of_the_attendant_is_made_although_another_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SOURCE.replace(
        "        self.slices = 0",
        "        self.slices = 0\n        self.schedule.on(self.date_rules.every_day(), "
        "self.time_rules.every(timedelta(milliseconds=1)), self.fail)",
    )
    source += "\n    def fail(self):\n        if self.slices: raise ZeroDivisionError('in a scheduled event')\n"

    def drive(feed: Feed) -> None:
        host = host_of(feed)
        monkeypatch.setattr(host, "_look_at_threads", Fails(None, float("inf")))
        trade(feed, 100.0)
        feed.until(lambda: False)
        wait_until((tmp_path / "run" / "host-summary.json").exists)

    run = run_in_double(tmp_path, monkeypatch, source, drive)
    assert run.summary()["reason"] == "in a scheduled event"


def test_the_account_is_published_while_ticks_flow_without_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drive(feed: Feed) -> None:
        host, page = host_of(feed), page_of(tmp_path)
        wait_until(lambda: page.gauge(Gauge.RUN_PHASE) == RunPhase.READY)
        # No attendant and no beat: there is no moment without ticks.
        host.attendant.end()
        before = page.gauge(Gauge.PUBLISHED)

        def is_published() -> bool:
            trade(feed, 100.0)
            return page.gauge(Gauge.PUBLISHED) > before and page.gauge(Gauge.RUN_PHASE) == RunPhase.RUNNING

        wait_until(is_published)

    assert not run_in_double(tmp_path, monkeypatch, SOURCE, drive, lean=OFTEN).error


def test_a_decision_does_not_publish_what_a_moment_without_ticks_still_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[int] = []

    def drive(feed: Feed) -> None:
        host = host_of(feed)
        host.attendant.end()
        keeper = host.housekeeping
        keeper._publish = lambda now_ns, is_last=False: published.append(now_ns)
        for late_ns in (-1, 0, keeper._every_ns - 1, keeper._every_ns):
            host.watch.last_ns = 10**15 + late_ns
            keeper._next_ns = 10**15
            keeper.after_slice()

    run_in_double(tmp_path, monkeypatch, SOURCE, drive)
    assert published[0] == 10**15 + int(LeanSettings().account_milliseconds * 10**6)


def test_readiness_is_shown_by_whoever_publishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has one writer at a time: the thread that finds the session ready leaves it to the one that is at it."""
    seen: list[Any] = []

    def begun(real: Any) -> Any:
        def begin(keeper: Any) -> None:
            real(keeper)
            keeper._working.acquire()

        return begin

    monkeypatch.setattr(housekeeping.Housekeeping, "begin", begun(housekeeping.Housekeeping.begin))

    def drive(feed: Feed) -> None:
        host, page = host_of(feed), page_of(tmp_path)
        wait_until(lambda: host._is_ready)
        seen.append(page.gauge(Gauge.RUN_PHASE))
        host.housekeeping._working.release()
        wait_until(lambda: page.gauge(Gauge.WARM_STATE) == WarmState.READY)
        seen.append(page.gauge(Gauge.RUN_PHASE))

    run_in_double(tmp_path, monkeypatch, SOURCE, drive)
    assert seen == [RunPhase.WARMING_UP, RunPhase.READY]


def test_nothing_is_published_once_the_page_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []

    def drive(feed: Feed) -> None:
        host = host_of(feed)
        host.end(RunPhase.COMPLETED, "")
        page = page_of(tmp_path)
        seen.append(page.gauge(Gauge.PUBLISHED))
        host.housekeeping._next_ns = 0
        host.housekeeping.rest()
        seen.append(page.gauge(Gauge.PUBLISHED))

    run_in_double(tmp_path, monkeypatch, SOURCE, drive)
    assert seen[0] == seen[1]


def test_holdings_that_a_broker_changed_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No order event tells of them: they are looked for again and again, not only in the first publication."""

    def drive(feed: Feed) -> None:
        host, page = host_of(feed), page_of(tmp_path)
        wait_until(lambda: host.page._next_scan_ns > 0)
        holdings = feed.engine.algorithm.securities["BTCUSD"].holdings
        holdings._quantity, holdings._average_price = 3.0, 90.0
        # Ten seconds later.
        host.page._next_scan_ns = 1

        def positions() -> list[tuple[str, float]]:
            look = page.account()
            return [] if look is None else [(row.symbol, row.quantity) for row in look.positions]

        wait_until(lambda: positions() == [("BTCUSD", 3.0)])

    assert not run_in_double(tmp_path, monkeypatch, SOURCE, drive, lean=OFTEN).error


# -- where nothing more can be told


def test_a_line_that_cannot_be_written_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, text: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    threads.say("lean-live: this is lost")


def test_an_error_that_cannot_be_told_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    source = SOURCE.replace("self.slices += 1", "self.slices += 1; self.market_order(self.btc, 1)")

    def drive(feed: Feed) -> None:
        algorithm = feed.engine.algorithm
        monkeypatch.setattr(surface, "order_record", Fails(None, float("inf")))
        monkeypatch.setattr(algorithm, "error", Fails(None, float("inf")))
        trade(feed, 100.0)
        feed.until(lambda: feed.calls("on_order_event") == 2)
        trade(feed, 101.0)

    run = run_in_double(tmp_path, monkeypatch, source, drive)
    assert run.error == ""
    assert run.summary()["phase"] == "completed"
    assert TOLD in capfd.readouterr().err


# -- begin and end


def test_parts_end_with_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    class Part:
        def __init__(self, name: str) -> None:
            self._name = name

        def begin(self, algorithm: Any) -> None:
            """Begin."""

        def end(self) -> None:
            ended.append(self._name)

    real = attach._make_host

    def with_parts(*arguments: Any) -> Any:
        host = real(*arguments)
        host.parts += [Part("first"), Part("second")]
        return host

    monkeypatch.setattr(attach, "_make_host", with_parts)
    run_in_double(tmp_path, monkeypatch, SOURCE, lambda feed: None)
    assert ended == ["second", "first"]


def test_a_host_that_cannot_be_made_says_so_on_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_ids(*arguments: Any) -> None:
        raise EnvironmentFault("cannot read order-ids.jsonl: it is a folder")

    monkeypatch.setattr(attach, "LeanOrders", no_ids)
    run = run_in_double(tmp_path, monkeypatch, SOURCE, lambda feed: None)
    assert "cannot read order-ids.jsonl" in run.error
    page = page_of(tmp_path)
    assert page.is_closed
    assert page.gauge(Gauge.RUN_PHASE) == RunPhase.FAILED
    assert page.text(PageText.REASON) == "cannot read order-ids.jsonl: it is a folder"
    left = read_failure(run.folder)
    assert left is not None
    assert left.message == page.text(PageText.REASON)


def test_a_page_that_cannot_be_made_is_told_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*arguments: Any) -> LeanPage:
        raise EnvironmentFault("no room for the page")

    monkeypatch.setattr(attach, "LeanPage", no_room)
    run = run_in_double(tmp_path, monkeypatch, SOURCE, lambda feed: None)
    left = read_failure(run.folder)
    assert left is not None
    assert left.message == "no room for the page"
