"""Hot-path modules against slow, obvious models."""

from __future__ import annotations

from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from live.hot.book import Book
from live.hot.denials import ALLOWED, DenialCode
from live.hot.histogram import Histogram
from live.hot.orders import LEGAL_TRANSITIONS, NO_ORDER, OrderField, OrderPool, OrderState
from live.hot.ring import RingReader, RingWriter, ring_words
from live.hot.risk import SESSION_ALWAYS_NS, RiskGate, RiskLimits
from tests.support.hot_trace import zeroed

profile = settings(deadline=None, max_examples=60)
durations = st.lists(st.integers(0, (1 << 42) - 1) | st.integers(0, 300), min_size=1, max_size=80)
states = st.sampled_from([state for state in OrderState if state is not OrderState.FREE])


@profile
@given(durations, st.floats(0, 1))
def test_quantile_is_at_most_a_sixty_fourth_above_the_sorted_sample(values: list[int], share: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    rank = max(1, -int(-(share * len(values)) // 1))
    exact = sorted(values)[rank - 1]
    assert exact <= histogram.quantile(share) <= exact + exact // 64
    assert (histogram.count, histogram.sum_ns, histogram.max_ns) == (len(values), sum(values), max(values))


@profile
@given(durations, st.sets(st.integers(1, 1 << 42), max_size=16))
def test_counts_at_the_bounds_are_exact(values: list[int], bounds: set[int]) -> None:
    histogram = Histogram(sorted(bounds))
    for value in (*values, *bounds):
        histogram.record(value)
    expected = tuple(sum(value <= bound for value in (*values, *bounds)) for bound in sorted(bounds))
    assert histogram.counts_up_to_bounds() == expected


@profile
@given(st.lists(st.integers(-3, 3), max_size=80))
def test_ring_is_a_bounded_queue_that_counts_what_it_loses(steps: list[int]) -> None:
    words, position = zeroed(ring_words(4)), zeroed(1)
    writer, reader = RingWriter(words, position, 4), RingReader(words, position, 4)
    model: deque[int] = deque()
    lost = 0
    for number, step in enumerate(steps):
        if step >= 0:
            has_room = len(model) < 4
            assert writer.publish(number, step, 0, 0, 0, 0) == has_room
            if has_room:
                model.append(number)
            lost += not has_room
        else:
            taken = [record[0] for record in reader.drain(-step)]
            assert taken == [model.popleft() for _ in range(min(-step, len(model)))]
        assert (reader.available(), writer.lost, reader.lost) == (len(model), lost, lost)


@profile
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), states), max_size=80))
def test_pool_follows_the_table_of_states_and_knows_stale_handles(steps: list[tuple[int, int, OrderState]]) -> None:
    pool = OrderPool(3)
    live: dict[int, OrderState] = {}
    known: list[int] = [NO_ORDER]
    queue: deque[int] = deque()
    for action, pick, state in steps:
        handle = known[pick % len(known)]
        if action == 0:
            handle = pool.take(1, 10**9, 0, 0, 0, 0, 0)
            assert (handle == NO_ORDER) == (len(live) == 3)
            assert handle not in live
            if handle != NO_ORDER:
                live[handle] = OrderState.CREATED
                known.append(handle)
        elif action == 1:
            is_legal = handle in live and state in LEGAL_TRANSITIONS[live[handle]]
            assert pool.transition(handle, state) == is_legal
            if is_legal:
                live[handle] = state
        elif action == 2:
            may = handle in live and not LEGAL_TRANSITIONS[live[handle]] and handle not in queue
            assert pool.release(handle) == may
            if may:
                del live[handle]
        elif pick % 2:
            may = handle in live and bool(LEGAL_TRANSITIONS[live[handle]]) and handle not in queue
            assert pool.enqueue(handle) == may
            if may:
                queue.append(handle)
        else:
            assert pool.next_pending() == (queue.popleft() if queue else NO_ORDER)
        assert all(pool.get(one, OrderField.STATE) == live.get(one, OrderState.FREE) for one in known)
        assert (pool.used, pool.pending) == (len(live), len(queue))


@profile
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 700), st.booleans()), max_size=60))
def test_gate_agrees_with_a_plain_model(orders: list[tuple[int, int, bool]]) -> None:
    """One symbol at price 100: position, exposure, open orders, duplicates and rate."""
    book = Book(1)
    gate = RiskGate(book)
    limits = RiskLimits()
    limits.max_order_quantity_e9 = 8 * 10**9
    limits.max_position_quantity_e9 = 15 * 10**9
    limits.max_gross_exposure_e4 = 1_400 * 10**4
    limits.max_open_orders = 3
    limits.max_orders_per_second = 2
    limits.duplicate_window_ns = 300_000_000
    gate.load_limits(limits)
    gate.register_symbol(0, *SESSION_ALWAYS_NS, 1.0)
    position, now, tokens, taken_at = 0, 10**18, 2.0, 10**18
    working: list[int] = []
    sent: list[tuple[int, int]] = []
    for quantity, pause_ms, fills in orders:
        now += pause_ms * 1_000_000
        book.update_tick(0, 0, now, 100 * 10**9, 0, 1.0, 0.0, now)
        side = [order for order in working if (order > 0) == (quantity > 0)]
        after = position + sum(side) + quantity
        worst = max(after, position) if quantity > 0 else max(-after, -position)
        reducing = after >= 0 if quantity < 0 else after <= 0
        heavier = max(position + sum(q for q in working if q > 0), -position - sum(q for q in working if q < 0))
        level = min(2.0, tokens + (now - taken_at) / 5e8)
        if quantity == 0:
            expected: int = DenialCode.ORDER_QUANTITY_ZERO
        elif not reducing and abs(quantity) > 8:
            expected = DenialCode.ORDER_QUANTITY_ABOVE_MAX
        elif not reducing and worst > 15:
            expected = DenialCode.POSITION_ABOVE_MAX
        elif not reducing and max(worst, heavier) * 100 > 1_400:
            expected = DenialCode.EXPOSURE_GROSS_ABOVE_MAX
        elif not reducing and len(working) >= 3:
            expected = DenialCode.OPEN_ORDERS_ABOVE_MAX
        elif any(one == quantity and now - time < 300_000_000 for one, time in sent):
            expected = DenialCode.ORDER_DUPLICATE
        elif level < 1 - 1e-9:
            expected = DenialCode.RATE_SECOND_EXCEEDED
        else:
            expected = ALLOWED
        assert gate.check(0, quantity * 10**9, 0, 0, now) == expected
        if expected == ALLOWED:
            gate.on_accepted(0, quantity * 10**9, 0, 0, now)
            tokens, taken_at = level - 1, now
            sent.append((quantity, now))
            working.append(quantity)
            if fills:
                for order in working:
                    gate.on_fill(0, order * 10**9)
                    gate.on_closed(0, 0)
                    position += order
                working.clear()
        assert (gate.position_e9(0), gate.open_orders) == (position * 10**9, len(working))
