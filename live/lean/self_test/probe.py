"""The algorithm that looks at the engine from inside. It runs in LEAN only, as a base class of a generated module.

It is no part of any other run. What it finds is written as one JSON object of facts, by name; a step that fails leaves its
error as its fact, so that one surprise does not hide the others.

Older versions of LEAN's AlgorithmImports put System.Exception in the place of Python's, which catches nothing that Python
raises; so Python's is named with its module here.
"""

# ruff: noqa: F403, F405 - names of LEAN are imported as every algorithm does
from __future__ import annotations

import builtins
import functools
import os
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from AlgorithmImports import *

from live.clock import (
    NANOSECONDS_PER_MICROSECOND,
    NANOSECONDS_PER_MILLISECOND,
    NANOSECONDS_PER_SECOND,
    datetime_to_ns,
    monotonic_ns,
    ns_to_datetime,
    sleep,
    wall_ns,
)
from live.errors import error_text
from live.lean import surface, threads
from live.lean.self_test.facts import write_facts
from live.lean.self_test.marks import HEARD, MODE_VARIABLE, MUTED, RAISED
from live.lean.self_test.process_steps import PROCESS_STEPS

_ARRIVAL_SECONDS = 20.0
"""Longest time until ticks arrive: LEAN subscribes in the step at the next whole second, and drops what comes before."""
_PROBE_SECONDS = 0.05
_WAIT_SECONDS = 5.0
_LOOK_SECONDS = 0.005
_FUTURE_MS = 20
_SCHEDULED_SECONDS = 15.0
"""Longest time for a scheduled event: one is due every five seconds, and LEAN is a second late."""
_BURST = 50


def thread_name() -> str:
    """Return the name of this thread as the kernel has it."""
    return Path(f"/proc/self/task/{threading.get_native_id()}/comm").read_text(encoding="utf-8").strip()


FACTS: dict[str, Any] = {"thread_import": thread_name(), "mode": os.environ[MODE_VARIABLE]}


def utc_now() -> datetime:
    """Return the wall clock, naive, UTC."""
    return ns_to_datetime(wall_ns())


class Probe(QCAlgorithm):  # type: ignore[name-defined, misc]
    """Looks at the engine."""

    def __init__(self) -> None:
        super().__init__()
        FACTS["thread_init"] = thread_name()
        FACTS["called_other_spelling"] = False
        self.arrivals: dict[float, int] = {}
        self.sent: dict[float, int] = {}
        self.next_price = 1_000.0
        self.largest_slice = 0
        self.on_data_calls = 0
        self.foreign = 0
        self.intercepted = 0
        self.action: Callable[[Any], None] | None = None
        self.action_error = ""
        self.did_act = threading.Event()
        self.is_filled = threading.Event()

    def initialize(self) -> None:
        """Subscribe to two symbols that are traded at any time."""
        FACTS["thread_initialize"] = thread_name()
        FACTS["class_that_ran"] = type(self).__name__
        self.set_cash(100_000)
        self.set_benchmark(lambda time: 0)
        self.symbol = self.add_crypto("BTCUSD", Resolution.TICK, Market.COINBASE).symbol  # type: ignore[name-defined]
        self.other = self.add_crypto("ETHUSD", Resolution.TICK, Market.COINBASE).symbol  # type: ignore[name-defined]
        try:
            every = self.time_rules.every(timedelta(seconds=5))
            self.schedule.on(self.date_rules.every_day(), every, self.on_scheduled)
        except builtins.Exception as error:
            # The other facts are worth having all the same.
            FACTS["error_schedule"] = error_text(error)

    def on_scheduled(self) -> None:
        """Note the thread of scheduled events."""
        FACTS["thread_scheduled"] = thread_name()

    def on_warmup_finished(self) -> None:
        """Start the driver."""
        FACTS["thread_on_warmup_finished"] = thread_name()
        print(MUTED, flush=True)
        threads.say(HEARD)
        write_facts(FACTS)
        threading.Thread(target=self.drive, daemon=True).start()

    def on_data(self, slice: Any) -> None:
        """Note what comes, and do what the driver asks for."""
        now_ns = wall_ns()
        FACTS["thread_on_data"] = thread_name()
        self.on_data_calls += 1
        ticks = slice.ticks
        prices = [
            round(float(tick.value), 2)
            for symbol in (self.symbol, self.other)
            if ticks.contains_key(symbol)
            for tick in ticks[symbol]
        ]
        # Before the arrivals, for which the driver waits.
        self.largest_slice = max(self.largest_slice, len(prices))
        engine_ns = datetime_to_ns(self.utc_time)
        for price in prices:
            self.foreign += price not in self.sent
            if self.sent.get(price, 0) > engine_ns:
                FACTS["slice_time_is_at_or_after_stamp"] = False
            self.arrivals.setdefault(price, now_ns)
        FACTS.setdefault("slice_time_is_at_or_after_stamp", True)
        if FACTS["mode"] == "raise":
            raise ValueError(RAISED)
        action = self.action
        if action is not None:
            self.action = None
            try:
                action(slice)
            except builtins.Exception as error:
                self.action_error = error_text(error)
            self.did_act.set()

    def market_order(self, *arguments: Any, **named: Any) -> Any:
        """Note that an order passed the overridden method."""
        self.intercepted += 1
        return super().market_order(*arguments, **named)

    def on_order_event(self, order_event: Any) -> None:
        """Note the thread of order events."""
        FACTS["thread_on_order_event"] = thread_name()
        FACTS["order_event_status"] = str(order_event.status)
        FACTS.setdefault("first_order_id", int(order_event.order_id))
        if str(order_event.status).lower() == "filled":
            self.is_filled.set()

    def on_end_of_algorithm(self) -> None:
        """Note that the engine called it."""
        FACTS["thread_on_end_of_algorithm"] = thread_name()
        write_facts(FACTS)

    def OnEndOfAlgorithm(self) -> None:  # noqa: N802 - the other spelling, as users have it
        """Note that the engine called it, although there is one in snake_case."""
        FACTS["called_other_spelling"] = True
        write_facts(FACTS)

    # -- on the driver's thread

    def drive(self) -> None:
        """Go through the steps, then end the run."""
        self.aggregator = surface.data_aggregator()
        if FACTS["mode"] == "raise":
            # What becomes of the run is seen from outside; on_data raises at the first tick that arrives.
            FACTS["is_waiting"] = True
            write_facts(FACTS)
        try:
            self.arrive()
        except TimeoutError as error:
            FACTS["error_arrival"] = str(error)
            if FACTS["mode"] == "raise":
                FACTS["is_waiting"] = False
                write_facts(FACTS)
                self.quit("no tick came that could raise")
                return
        if FACTS["mode"] == "facts":
            self.look_at_all()
            self.quit("the self-test is done")
        FACTS["is_waiting"] = True
        write_facts(FACTS)

    def arrive(self) -> None:
        """Send ticks until those of both symbols reach on_data; in mode `raise` until the process is gone.

        Raises:
            TimeoutError: that takes longer than it may.
        """
        end_ns = monotonic_ns() + int(_ARRIVAL_SECONDS * NANOSECONDS_PER_SECOND)
        sent: dict[Any, list[float]] = {self.symbol: [], self.other: []}
        while monotonic_ns() < end_ns:
            for symbol, prices in sent.items():
                prices.append(self.send(symbol))
            sleep(_PROBE_SECONDS)
            arrived = [any(price in self.arrivals for price in prices) for prices in sent.values()]
            if all(arrived) and FACTS["mode"] != "raise":
                return
        raise TimeoutError(f"ticks of both symbols did not reach on_data in {_ARRIVAL_SECONDS:.0f} s")

    def look_at_all(self) -> None:
        """Go through the steps."""
        for step in (
            self.look_at_injection,
            self.look_at_silence,
            self.look_at_bursts,
            self.look_at_future_ticks,
            self.look_at_slices,
            self.look_at_orders,
            self.look_at_set_holdings,
            self.look_at_order_warming,
            self.look_at_subscriptions,
            self.look_at_schedule,
        ):
            self.attempt(step.__name__, step)
        for look in PROCESS_STEPS:
            self.attempt(look.__name__, functools.partial(look, FACTS))

    def attempt(self, name: str, step: Callable[[], None]) -> None:
        """Go through one step; an error in it is a fact."""
        try:
            step()
        except builtins.Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1].lineno
            FACTS[f"error_{name}"] = f"{error_text(error)} (line {where})"
        write_facts(FACTS)

    def make(self, symbol: Any = None, ahead_ms: int = 0) -> tuple[float, Any]:
        """Return a tick's price, by which it is known again, and the tick, stamped now."""
        price = self.next_price = round(self.next_price + 0.01, 2)
        stamp = utc_now() + timedelta(milliseconds=ahead_ms)
        stamp_ns = datetime_to_ns(stamp)
        # LEAN's bridge cuts times to milliseconds, so a tick ahead of the clock is due that much before.
        self.sent[price] = (
            stamp_ns // NANOSECONDS_PER_MILLISECOND * NANOSECONDS_PER_MILLISECOND if ahead_ms else stamp_ns
        )
        tick = surface.trade_tick(self.symbol if symbol is None else symbol, price, 1.0, stamp)
        FACTS["stamp_cut_us"] = (stamp_ns - datetime_to_ns(tick.time)) // NANOSECONDS_PER_MICROSECOND
        return price, tick

    def send(self, symbol: Any = None, ahead_ms: int = 0) -> float:
        """Send one tick and return its price."""
        price, tick = self.make(symbol, ahead_ms)
        self.aggregator.Update(tick)
        return price

    def until(self, condition: Callable[[], Any], seconds: float = _WAIT_SECONDS) -> None:
        """Wait until a condition holds, or the time is over."""
        end_ns = monotonic_ns() + int(seconds * NANOSECONDS_PER_SECOND)
        while not condition() and monotonic_ns() < end_ns:
            sleep(_LOOK_SECONDS)

    def wait_for(self, prices: list[float]) -> int:
        """Wait until ticks have arrived; return how many have."""
        self.until(lambda: all(price in self.arrivals for price in prices))
        return sum(price in self.arrivals for price in prices)

    def act(self, action: Callable[[Any], None]) -> None:
        """Have something done within on_data.

        Raises:
            RuntimeError: it failed, or on_data did not come.
        """
        self.action_error = ""
        self.did_act.clear()
        self.action = action
        self.send()
        if not self.did_act.wait(_WAIT_SECONDS * 2):
            raise RuntimeError("on_data did not come")
        if self.action_error:
            raise RuntimeError(self.action_error)

    def look_at_injection(self) -> None:
        """Send single ticks through the aggregator."""
        prices = []
        for _ in range(5):
            prices.append(self.send())
            sleep(0.05)
        FACTS["injected"], FACTS["injected_arrived"] = len(prices), self.wait_for(prices)

    def look_at_silence(self) -> None:
        """Send nothing for more than two of the engine's empty steps."""
        before = self.on_data_calls
        sleep(2.5)
        FACTS["on_data_calls_without_data"] = self.on_data_calls - before
        FACTS["foreign_ticks"] = self.foreign

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Keep on_data busy, so that ticks that are sent meanwhile wait together.

        Raises:
            RuntimeError: on_data did not come.
        """
        is_busy, may_go = threading.Event(), threading.Event()

        def work(slice: Any) -> None:
            is_busy.set()
            may_go.wait(_WAIT_SECONDS)

        self.action = work
        self.send()
        try:
            if not is_busy.wait(_WAIT_SECONDS):
                raise RuntimeError("on_data did not come")
            yield
        finally:
            may_go.set()

    def look_at_bursts(self) -> None:
        """Send many ticks that wait together."""
        burst = [self.make() for _ in range(_BURST)]
        with self.busy():
            self.largest_slice = 0
            for _, tick in burst:
                self.aggregator.Update(tick)
        FACTS["burst_arrived"] = self.wait_for([price for price, _ in burst])
        FACTS["burst_largest_slice"] = self.largest_slice

    def look_at_future_ticks(self) -> None:
        """Send ticks that are stamped a little ahead of the clock."""
        held_ms = []
        for _ in range(4):
            sent_ns = wall_ns()
            price = self.send(ahead_ms=_FUTURE_MS)
            if self.wait_for([price]):
                held_ms.append((self.arrivals[price] - sent_ns) / NANOSECONDS_PER_MILLISECOND)
            sleep(0.2)
        FACTS["future_arrived"], FACTS["future_least_ms"] = len(held_ms), min(held_ms)
        FACTS["future_most_ms"] = max(held_ms)

    def look_at_slices(self) -> None:
        """Take one symbol out of a slice that has two."""

        def take_out(slice: Any) -> None:
            has_both = slice.ticks.contains_key(self.symbol) and slice.ticks.contains_key(self.other)
            rest = surface.without_symbol(slice, self.other)
            FACTS["slice_rest_has_symbol"] = bool(rest is not None and rest.ticks.contains_key(self.symbol))
            FACTS["slice_rest_has_other"] = bool(rest is not None and rest.ticks.contains_key(self.other))
            FACTS["slice_had_both"] = bool(has_both)

        self.action_error = ""
        with self.busy():
            self.action = take_out
            self.send(self.other)
            self.send()
        self.until(lambda: "slice_had_both" in FACTS or self.action_error)
        if self.action_error:
            raise RuntimeError(self.action_error)

    def look_at_orders(self) -> None:
        """Send an order without waiting, within on_data."""

        def order(slice: Any) -> None:
            began_ns = monotonic_ns()
            ticket = self.market_order(self.symbol, 0.5, True)
            FACTS["order_call_ns"] = monotonic_ns() - began_ns
            FACTS["order_ticket_id"] = int(ticket.order_id)

        self.is_filled.clear()
        self.act(order)
        FACTS["order_filled"] = self.wait_for_fill()

    def wait_for_fill(self) -> bool:
        """Wait for a fill, with ticks, since a fill may need a price; return whether it came."""
        end_ns = monotonic_ns() + int(_WAIT_SECONDS * NANOSECONDS_PER_SECOND)
        while not self.is_filled.wait(_PROBE_SECONDS) and monotonic_ns() < end_ns:
            self.send()
        return self.is_filled.is_set()

    def look_at_set_holdings(self) -> None:
        """Call set_holdings, which may or may not pass the overridden market_order."""

        def hold(slice: Any) -> None:
            before, orders = self.intercepted, self.transactions.orders_count
            self.set_holdings(self.symbol, 0.1)
            FACTS["set_holdings_orders"] = int(self.transactions.orders_count - orders)
            FACTS["set_holdings_intercepted"] = self.intercepted - before

        self.is_filled.clear()
        self.act(hold)
        # The next steps look at what is held, which this order must not change meanwhile.
        self.wait_for_fill()
        FACTS["spellings_are_two"] = all(
            any(name in vars(cls) for cls in type(self).__mro__) for name in ("set_holdings", "SetHoldings")
        )

    def look_at_order_warming(self) -> None:
        """Make the calls that warm the way of orders, and see that they leave no order."""

        def warm(slice: Any) -> None:
            from QuantConnect.Orders import OrderType, SubmitOrderRequest

            before = self.transactions.orders_count
            kind = self.securities[self.symbol].type
            SubmitOrderRequest(OrderType.MARKET, kind, self.symbol, 0.001, 0, 0, self.utc_time, "")
            self.portfolio.get_buying_power(self.symbol)
            self.portfolio.log_margin_information(None)
            FACTS["warming_orders"] = int(self.transactions.orders_count - before)
            errors = surface.error_count(self)
            self.market_order(self.symbol, 0, True)
            FACTS["zero_order_errors"] = surface.error_count(self) - errors
            if FACTS["zero_order_errors"] == 1:
                surface.drop_newest_error(self)
            FACTS["zero_order_errors_left"] = surface.error_count(self) - errors

        self.is_filled.clear()
        self.act(warm)
        FACTS["zero_order_fills"] = int(self.is_filled.wait(0.5))

    def look_at_subscriptions(self) -> None:
        """List what the algorithm subscribed to, as the feeder does."""
        found = surface.subscriptions(self)
        FACTS["subscriptions"] = sorted({f"{each.security_type}/{each.market}/{each.ticker}" for each in found})
        FACTS["subscription_zones"] = sorted({each.zone for each in found})

    def look_at_schedule(self) -> None:
        """Wait for a scheduled event."""
        self.until(lambda: "thread_scheduled" in FACTS, _SCHEDULED_SECONDS)
