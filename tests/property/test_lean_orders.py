"""The order path inside LEAN against simple models: the lane against inline, the gate's books, the order of events."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.lean_orders import OrderBench, order_bench

from live.config import LeanSettings, RiskSettings
from live.hot.book import Book
from live.hot.orders import OrderPool
from live.hot.records import KIND_TRADE
from live.hot.risk import SESSION_ALWAYS_NS, RiskGate, RiskLimits
from live.lean.orders.ids import OrderIds
from live.lean.orders.tracking import OrderTracker

SYMBOLS = st.sampled_from(["btc", "eth", "ibm"])
QUANTITIES = st.integers(-6, 6)
STEPS = st.one_of(
    st.tuples(st.just("market"), SYMBOLS, QUANTITIES),
    st.tuples(st.just("limit"), SYMBOLS, QUANTITIES),
    st.tuples(st.just("hold"), SYMBOLS, st.sampled_from([0.0, 0.1, -0.1])),
    st.tuples(st.just("liquidate"), SYMBOLS, st.just(0)),
    st.tuples(st.just("submit"), SYMBOLS, QUANTITIES.filter(bool)),
    st.tuples(st.just("work"), SYMBOLS, st.just(0)),
    st.tuples(st.just("price"), SYMBOLS, st.integers(50, 200)),
    st.tuples(st.just("control"), SYMBOLS, st.sampled_from([0, 0, 1, 2, 4])),
)
LIMITS = RiskSettings(max_order_quantity=400, max_position_quantity=600, max_gross_exposure=150_000, max_open_orders=6)


def play(bench: OrderBench, steps: list[tuple[str, str, Any]]) -> list[Any]:
    """Play steps; return what was decided at each, and what reached LEAN."""
    said: list[Any] = []
    algorithm = bench.algorithm
    control = 0
    bench.orders.sender.gate._control = lambda: control
    for name, which, value in steps:
        symbol = getattr(bench, which)
        ticket: Any = None
        if name == "market":
            ticket = algorithm.market_order(symbol, value)
        elif name == "limit":
            ticket = algorithm.limit_order(symbol, value, 75.0)
        elif name == "hold":
            said.append([each.quantity for each in algorithm.set_holdings(symbol, value)])
        elif name == "liquidate":
            said.append([each.quantity for each in algorithm.liquidate(symbol)])
        elif name == "submit":
            said.append(min(bench.orders.submit(symbol, value, 0.0, 0.0), 0))
        elif name == "work":
            bench.work()
        elif name == "price":
            bench.tick(symbol, float(value))
        else:
            control = value
        if ticket is not None:
            said.append((ticket.order_id, ticket.quantity))
    bench.work()
    return [said, bench.sent(), bench.events]


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_the_lane_decides_and_sends_what_inline_does(steps: list[tuple[str, str, Any]]) -> None:
    found = []
    for mode in ("inline", "lane"):
        with (
            tempfile.TemporaryDirectory() as folder,
            order_bench(Path(folder), LeanSettings(mode=mode), LIMITS) as bench,
        ):
            found.append(play(bench, steps))
    assert found[0] == found[1]


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_the_gates_books_are_leans(steps: list[tuple[str, str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder, order_bench(Path(folder), risk=LIMITS) as bench:
        play(bench, steps)
        bench.orders.review()
        sender = bench.orders.sender
        open_tickets = bench.algorithm.transactions.get_open_order_tickets()
        assert sender.gate.risk.open_orders == sender.pool.used == len(open_tickets)
        assert sender.tracker.ungated == 0
        for symbol in (bench.btc, bench.eth, bench.ibm):
            held = bench.algorithm.portfolio[symbol].quantity
            assert sender.gate.risk.position_e9(bench.orders.row(symbol)) == round(held * 1e9)
        for ticket in open_tickets:
            ticket.cancel()
        bench.work()
        assert sender.gate.risk.open_orders == sender.pool.used == 0


class Tracked:
    """A tracker with a pool and a gate of one symbol."""

    def __init__(self) -> None:
        self.pool = OrderPool(8)
        self.risk = RiskGate(Book(1))
        self.risk.register_symbol(0, *SESSION_ALWAYS_NS, 1.0)
        self.risk.load_limits(RiskLimits())
        self.tracker = OrderTracker(self.pool, self.risk, 0, lambda index: None)

    def send(self, quantity_e9: int) -> int:
        self.risk.on_accepted(0, quantity_e9, 0, 0, 0)
        handle = self.pool.take(0, quantity_e9, 0, 0, 0, 0, 0)
        self.tracker.sent(handle, 0)
        return handle


EVENTS = [(1, 0), (2, 3), (2, 2), (3, 5)]
"""Submitted, two partial fills, and the last one: 10 in all."""


@given(st.integers(0, len(EVENTS)), st.booleans(), st.booleans())
def test_it_does_not_matter_when_the_number_becomes_known(before: int, cancels: bool, reviews: bool) -> None:
    events = [*EVENTS[:2], (8, 0), (5, 0)] if cancels else EVENTS
    made = Tracked()
    made.tracker.begin_call()
    handle = made.send(10)
    for status, filled in events[:before]:
        made.tracker.on_event(1, status, filled)
        if reviews:
            assert made.tracker.review(1, lambda order_id: order_id) == []
    made.tracker.claim(1, handle)
    made.tracker.end_call()
    if reviews:
        assert made.tracker.review(1, lambda order_id: order_id) == []
    for status, filled in events[before:]:
        made.tracker.on_event(1, status, filled)
    assert made.risk.position_e9(0) == (3 if cancels else 10)
    assert made.risk.open_orders == made.pool.used == 0


@given(st.lists(st.sampled_from(["gated", "past", "absent", "review"]), max_size=40))
def test_exactly_the_orders_past_the_gate_are_found(steps: list[str]) -> None:
    made, last, past, absent, found = Tracked(), 0, set(), set(), []
    made.pool = made.tracker._pool = OrderPool(64)
    for step in (*steps, "review"):
        if step == "review":
            # LEAN has stored by now what it had given a number for.
            past |= absent
            absent.clear()
            found += made.tracker.review(last, lambda order_id: order_id)
            continue
        last += 1
        if step == "gated":
            made.tracker.begin_call()
            handle = made.send(1)
            made.tracker.claim(last, handle)
            made.tracker.end_call()
        elif step == "past":
            past.add(last)
            made.tracker.on_event(last, 1, 0)
        else:
            absent.add(last)
            found += made.tracker.review(last, lambda order_id: None if order_id in absent else order_id)
    assert found == sorted(past)
    assert made.tracker.ungated == len(past)


NUMBERS = st.lists(st.one_of(st.integers(1, 5), st.sampled_from(["write", "restart", "broker"])), max_size=30)


@given(NUMBERS)
def test_numbers_never_come_twice(steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        ids, given_out, engine_id = OrderIds(path), [], 0
        for step in steps:
            if step == "write":
                ids.write()
            elif step == "restart":
                ids.write()
                ids.close()
                ids, engine_id = OrderIds(path), 0
            elif step == "broker" and engine_id:
                ids.note_broker(engine_id, [f"B{ids.own_id(engine_id)}"])
                own = ids.own_id(engine_id)
                ids.write()
                ids.close()
                again = OrderIds(path)
                assert again.restore(77, ["other", f"B{own}"]) == own
                ids, engine_id = again, 0
            elif isinstance(step, int):
                engine_id += 1
                given_out.append(ids.note(engine_id, "IBM", float(step), 0, 0))
        ids.close()
        assert given_out == list(range(1, len(given_out) + 1))


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 3), st.integers(0, 2)), max_size=40))
def test_admit_is_check_and_acceptance_in_one(orders: list[tuple[int, int, int]]) -> None:
    gates = []
    for _ in range(2):
        gate = RiskGate(Book(1))
        gate.register_symbol(0, *SESSION_ALWAYS_NS, 1.0)
        gate.book.update_tick(0, KIND_TRADE, 0, 100 * 10**9, 0, 1.0, 0.0, 0)
        limits = RiskLimits()
        limits.max_open_orders, limits.max_position_quantity_e9, limits.max_orders_per_second = 6, 9 * 10**9, 4
        gate.load_limits(limits)
        gates.append(gate)
    one, two, now_ns = gates[0], gates[1], 0
    for quantity, kind, seconds in orders:
        now_ns += seconds * 10**9
        code = two.check(0, quantity * 10**9, kind, 0, now_ns)
        if not code:
            two.on_accepted(0, quantity * 10**9, kind, 0, now_ns)
        assert one.admit(0, quantity * 10**9, kind, 0, now_ns) == code
        assert (one.open_orders, one.gross_exposure_e4) == (two.open_orders, two.gross_exposure_e4)


@given(st.integers(0, 3))
def test_events_while_an_order_past_the_gate_is_taken_up_are_not_lost(before: int) -> None:
    made = Tracked()

    def adopt(order_id: int) -> int:
        for status, filled in EVENTS[:before]:
            made.tracker.on_event(order_id, status, filled)
        made.tracker.claim(order_id, made.send(10))
        for status, filled in EVENTS[before:]:
            made.tracker.on_event(order_id, status, filled)
        return order_id

    assert made.tracker.review(1, adopt) == [1]
    assert made.tracker.review(1, adopt) == []
    assert made.risk.position_e9(0) == 10
    assert made.risk.open_orders == made.pool.used == 0


@given(
    st.lists(st.tuples(st.integers(-5, 5).filter(bool), st.integers(1, 3)), min_size=1, max_size=6),
    st.integers(-12, 12),
    st.integers(0, 2),
)
def test_a_change_that_is_refused_leaves_no_trace(orders: list[tuple[int, int]], wanted: int, seconds: int) -> None:
    gates = []
    for _ in range(2):
        gate = RiskGate(Book(1))
        gate.register_symbol(0, *SESSION_ALWAYS_NS, 1.0)
        gate.book.update_tick(0, KIND_TRADE, 0, 100 * 10**9, 0, 1.0, 0.0, 0)
        limits = RiskLimits()
        limits.max_open_orders, limits.max_position_quantity_e9, limits.max_orders_per_second = 4, 9 * 10**9, 4
        limits.duplicate_window_ns = 10**8
        gate.load_limits(limits)
        for quantity, kind in orders:
            gate.admit(0, quantity * 10**9, kind, 0, 0)
        gates.append(gate)
    one, two = gates
    if not one.open_orders:
        return
    unfilled_e9, now_ns = orders[0][0] * 10**9, seconds * 10**9
    code = one.amend(0, unfilled_e9, wanted * 10**9, 1, 0, now_ns)
    if not code:
        two.on_closed(0, unfilled_e9)
        assert two.admit(0, wanted * 10**9, 1, 0, now_ns) == 0
    assert (one.open_orders, one.gross_exposure_e4) == (two.open_orders, two.gross_exposure_e4)
    for size in range(-20, 21):
        for kind in (1, 2):
            assert one.check(0, size * 10**9, kind, 0, now_ns) == two.check(0, size * 10**9, kind, 0, now_ns)
