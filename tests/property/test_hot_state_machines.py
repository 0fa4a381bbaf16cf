"""State machines of the hot path against plain models: limits over time, seqlock, and orders with fills and updates."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from live.hot.orders import FINAL_STATES, LEGAL_TRANSITIONS, NO_ORDER, OrderField, OrderPool, OrderState
from live.hot.seqlock import SLOT_WORDS, SeqlockReader, SeqlockWriter
from live.hot.throttle import REMEMBERED_ORDERS, DuplicateWindow, TokenBucket
from tests.support.hot_trace import zeroed

profile = settings(deadline=None, max_examples=60)
SECOND_NS = 1_000_000_000


@profile
@given(
    st.integers(0, 7),
    st.sampled_from([SECOND_NS, 60 * SECOND_NS, 7]),
    st.lists(st.tuples(st.integers(-3, 70), st.integers(0, 6), st.booleans()), max_size=60),
)
def test_bucket_refills_evenly_and_never_loses_a_fraction(
    tokens_max: int, period_ns: int, steps: list[tuple[int, int, bool]]
) -> None:
    bucket = TokenBucket(tokens_max, period_ns)
    level, time_ns, now = Fraction(tokens_max), 0, 0
    for tenths, odd_ns, takes in steps:
        now = max(0, now + tenths * period_ns // 10 + odd_ns)
        at = min(Fraction(tokens_max), level + Fraction(max(0, now - time_ns) * tokens_max, period_ns))
        assert bucket.has_token(now) == (tokens_max == 0 or at >= 1)
        if takes:
            bucket.take(now)
            level, time_ns = max(Fraction(0), at - 1), max(time_ns, now)


@profile
@given(st.integers(1, 9), st.lists(st.integers(0, SECOND_NS // 3), min_size=1, max_size=200))
def test_no_second_has_more_than_a_burst_and_a_refill(limit: int, pauses: list[int]) -> None:
    bucket = TokenBucket(limit, SECOND_NS)
    now, sent = 10 * SECOND_NS, []
    for pause_ns in pauses:
        now += pause_ns
        if bucket.has_token(now):
            bucket.take(now)
            sent.append(now)
    for first in sent:
        assert sum(first <= each < first + SECOND_NS for each in sent) <= 2 * limit


orders = st.tuples(st.integers(0, 1), st.sampled_from([-5, 5]), st.integers(0, 1), st.sampled_from([0, 100]))


@profile
@given(st.integers(0, 900), st.lists(st.tuples(orders, st.integers(0, 300)), max_size=3 * REMEMBERED_ORDERS))
def test_duplicates_are_those_of_the_last_orders_within_the_window(
    window_ns: int, steps: list[tuple[tuple[int, int, int, int], int]]
) -> None:
    window = DuplicateWindow(window_ns)
    sent: list[tuple[tuple[int, int, int, int], int]] = []
    now = 0
    for order, pause_ns in steps:
        now += pause_ns
        recent = sent[-REMEMBERED_ORDERS:]
        expected = any(one == order and now - time_ns < window_ns for one, time_ns in recent)
        assert window.contains(*order, now) == expected
        if not expected or pause_ns % 2:
            window.add(*order, now)
            sent.append((order, now))


@profile
@given(
    st.lists(
        st.tuples(st.sampled_from(["begin", "put", "end", "read", "die"]), st.integers(-1, 3), st.integers(0, 40)),
        max_size=80,
    )
)
def test_a_reader_sees_whole_records_only(steps: list[tuple[str, int, int]]) -> None:
    """Records are numbered, and each word of a record is its number: a torn one would show two numbers."""
    words = zeroed(3 * SLOT_WORDS)
    writer, reader = SeqlockWriter(words), SeqlockReader(words)
    whole: dict[int, list[int]] = {}
    inside: int | None = None
    draft: dict[int, list[int]] = {}
    broken: set[int] = set()
    for action, slot, value in steps:
        if action == "begin" and inside is None:
            assert writer.begin(slot) == (0 <= slot < 3)
            if 0 <= slot < 3:
                inside = slot
                draft.setdefault(slot, [0] * SLOT_WORDS)
                broken.discard(slot)
        elif action == "put":
            writer.put(value, value + 1)
            if inside is not None and 0 < value < SLOT_WORDS:
                draft[inside][value] = value + 1
        elif action == "end":
            writer.end()
            if inside is None:
                continue
            whole[inside] = list(draft[inside])
            inside = None
        elif action == "die" and inside is not None:
            # Another writer takes over: what the dead one had begun stays unreadable until it is written anew.
            broken.add(inside)
            inside = None
            writer = SeqlockWriter(words)
        elif action == "read":
            can_read = slot in whole and slot != inside and slot not in broken
            assert reader.read(slot) == can_read
            if can_read:
                assert reader.get(0) % 2 == 0
                assert [reader.get(field) for field in range(1, SLOT_WORDS)] == whole[slot][1:]


class PoolMachine(RuleBasedStateMachine):
    """Orders with quantities: fills, denials and updates keep the books, and stale handles change nothing."""

    handles = Bundle("handles")

    def __init__(self) -> None:
        super().__init__()
        self.pool = OrderPool(4)
        self.orders: dict[int, list[int]] = {}
        """State, quantity and filled quantity of every live order."""
        self.queue: list[int] = []

    @initialize(target=handles)
    def stale_handles(self) -> object:
        return multiple(NO_ORDER, 1 << 40, 7)

    @rule(target=handles, quantity=st.sampled_from([-10, -1, 1, 10]))
    def take(self, quantity: int) -> int:
        handle = self.pool.take(0, quantity, 0, 0, 0, 0, 0)
        assert (handle == NO_ORDER) == (len(self.orders) == 4)
        if handle != NO_ORDER:
            assert handle not in self.orders
            self.orders[handle] = [OrderState.CREATED, quantity, 0]
        return handle

    @rule(handle=handles, state=st.sampled_from([*OrderState]))
    def transition(self, handle: int, state: OrderState) -> None:
        may = handle in self.orders and state in LEGAL_TRANSITIONS[OrderState(self.orders[handle][0])]
        assert self.pool.transition(handle, state) == may
        if may:
            self.orders[handle][0] = state

    @rule(handle=handles, quantity=st.integers(-11, 11))
    def fill(self, handle: int, quantity: int) -> None:
        may = False
        if handle in self.orders:
            state, total, filled = self.orders[handle]
            left = total - filled
            next_state = OrderState.FILLED if quantity == left else OrderState.PARTIALLY_FILLED
            is_inside = quantity != 0 and (quantity > 0) == (total > 0) and abs(quantity) <= abs(left)
            may = is_inside and next_state in LEGAL_TRANSITIONS[OrderState(state)]
            if may:
                self.orders[handle][0], self.orders[handle][2] = next_state, filled + quantity
        assert self.pool.fill(handle, quantity) == may

    @rule(handle=handles, code=st.integers(1, 22))
    def deny(self, handle: int, code: int) -> None:
        may = handle in self.orders and self.orders[handle][0] == OrderState.CREATED
        assert self.pool.deny(handle, code) == may
        if may:
            self.orders[handle][0] = OrderState.DENIED
            assert self.pool.get(handle, OrderField.DENIAL_CODE) == code

    @rule(handle=handles, quantity=st.integers(-12, 12))
    def change(self, handle: int, quantity: int) -> None:
        may = False
        if handle in self.orders:
            state, total, filled = self.orders[handle]
            may = (
                OrderState(state) not in FINAL_STATES
                and quantity != 0
                and (quantity > 0) == (total > 0)
                and abs(quantity) > abs(filled)
            )
            if may:
                self.orders[handle][1] = quantity
        assert self.pool.change(handle, quantity, 5, 6) == may

    @rule(handle=handles)
    def release(self, handle: int) -> None:
        is_final = handle in self.orders and OrderState(self.orders[handle][0]) in FINAL_STATES
        may = is_final and handle not in self.queue
        assert self.pool.release(handle) == may
        if may:
            del self.orders[handle]

    @rule(handle=handles)
    def enqueue(self, handle: int) -> None:
        is_open = handle in self.orders and OrderState(self.orders[handle][0]) not in FINAL_STATES
        may = is_open and handle not in self.queue
        assert self.pool.enqueue(handle) == may
        if may:
            self.queue.append(handle)

    @rule()
    def next_pending(self) -> None:
        assert self.pool.next_pending() == (self.queue.pop(0) if self.queue else NO_ORDER)

    @invariant()
    def agrees(self) -> None:
        assert (self.pool.used, self.pool.pending) == (len(self.orders), len(self.queue))
        for handle, (state, quantity, filled) in self.orders.items():
            assert self.pool.is_live(handle)
            assert self.pool.is_final(handle) == (OrderState(state) in FINAL_STATES)
            fields = (OrderField.STATE, OrderField.QUANTITY_E9, OrderField.FILLED_QUANTITY_E9)
            assert tuple(self.pool.get(handle, field) for field in fields) == (state, quantity, filled)


TestPool = PoolMachine.TestCase
TestPool.settings = settings(deadline=None, max_examples=60, stateful_step_count=40)
