"""A long generated sequence of operations on every module of the hot path, and a digest of all the answers.

Run as a program it prints the digest and whether the modules are compiled, so that both kinds can be compared.
"""

from __future__ import annotations

import hashlib
import random
from array import array

from live.hot.book import Book
from live.hot.histogram import Histogram
from live.hot.orders import OrderField, OrderPool, OrderState
from live.hot.ring import RingReader, RingWriter, ring_words
from live.hot.risk import SESSION_ALWAYS_NS, RiskGate, RiskLimits
from live.hot.seqlock import SeqlockReader, SeqlockWriter
from live.hot.views import TickView


def zeroed(words: int) -> memoryview[int]:
    """Return own memory of that many words."""
    return memoryview(array("q", bytes(words * 8)))


def book_and_gate(rng: random.Random, steps: int) -> list[object]:
    """Ticks and orders; indices, prices and quantities beyond all bounds included."""
    answers: list[object] = []
    book = Book(4)
    view = TickView(book)
    gate = RiskGate(book)
    limits = RiskLimits()
    limits.max_order_quantity_e9 = 80 * 10**9
    limits.max_order_notional_e4 = 9_000 * 10**4
    limits.max_position_quantity_e9 = 150 * 10**9
    limits.max_gross_exposure_e4 = 30_000 * 10**4
    limits.max_daily_loss_e4 = 500 * 10**4
    limits.max_open_orders = 6
    limits.max_orders_per_second = 3
    limits.max_orders_per_minute = 50
    limits.max_quote_age_ns = 2 * 10**9
    limits.price_collar_ppm = 20_000
    limits.duplicate_window_ns = 10**9
    gate.load_limits(limits)
    for symbol in range(3):
        gate.register_symbol(symbol, *SESSION_ALWAYS_NS, rng.choice([1.0, 0.5, 1.37]))
    gate.begin_day(10**9)
    now = 10**18
    for _ in range(steps):
        now += rng.randrange(400_000_000)
        symbol = rng.randrange(-1, 6)
        prices = [
            rng.choice([0, -5, rng.randrange(98 * 10**9, 102 * 10**9), 9 * 10**18]) if rng.random() < 0.2 else 10**11
        ]
        prices.append(prices[0] + rng.randrange(10**8))
        sizes = [rng.choice([0.0, 100.0, 0.3]) for _ in range(2)]
        answers.append(book.update_tick(symbol, rng.randrange(3), now, *prices, *sizes, now))
        if rng.random() < 0.1:
            answers.append(gate.set_equity(10**9 - rng.randrange(6 * 10**6)))
        quantity = rng.choice([0, 10**9, 2 * 10**18, -(10**18), rng.randrange(-90, 90) * 10**9])
        price = rng.choice([0, 0, 10**11, rng.randrange(90, 110) * 10**9])
        gate.control = rng.choice([0] * 12 + [1, 2, 4])
        order = (symbol, quantity, rng.choice([0, 1, 4]), price, now)
        code = gate.check(*order, rng.random() < 0.1)
        answers += [code, gate.is_reducing(symbol, quantity), gate.open_orders, gate.gross_exposure_e4]
        if code == 0 or rng.random() < 0.02:
            gate.on_accepted(*order)
            filled = int(quantity * rng.choice([0.0, 0.5, 1.0]))
            gate.on_fill(symbol, filled)
            if rng.random() < 0.8:
                gate.on_closed(symbol, quantity - filled)
        answers += [gate.position_e9(symbol), book.reference_e9(symbol), book.bid_e9(symbol), book.ask_size(symbol)]
        if view.show(symbol):
            answers += [view.price, view.bid_price, view.ask_price, view.quantity, view.is_trade, view.sequence]
    return answers


def pool(rng: random.Random, steps: int) -> list[object]:
    """Orders through their lives, with stale and invented handles."""
    answers: list[object] = []
    orders = OrderPool(5)
    handles = [-1, 7, 1 << 40]
    for step in range(steps):
        handle = rng.choice(handles[-12:])
        match rng.randrange(8):
            case 0:
                handles.append(orders.take(step % 3, rng.choice([5, -5]) * 10**9, 1, 10**11, 0, step, step))
                answers.append(handles[-1])
            case 1:
                answers.append(orders.release(handle))
            case 2 | 3:
                answers.append(orders.transition(handle, rng.choice([*OrderState, -1, 12, 99])))
            case 4:
                answers.append(orders.fill(handle, rng.randrange(-6, 6) * 10**9))
            case 5:
                answers.append(orders.enqueue(handle))
            case 6:
                answers.append(orders.next_pending())
            case _:
                answers.append(orders.deny(handle, 3) or orders.change(handle, rng.choice([9, -9]) * 10**9, 1, 2))
        answers += [orders.get(handle, field) for field in OrderField]
        answers += [orders.used, orders.pending, orders.is_live(handle), orders.is_final(handle)]
    return answers


def shared_memory(rng: random.Random, steps: int) -> list[object]:
    """Histogram, ring and seqlock."""
    answers: list[object] = []
    histogram = Histogram((1_000, 50_000, 1_000_000))
    words, position = zeroed(ring_words(8)), zeroed(1)
    writer, reader = RingWriter(words, position, 8), RingReader(words, position, 8)
    slots = zeroed(32)
    record, copy = SeqlockWriter(slots), SeqlockReader(slots)
    for step in range(steps):
        histogram.record(rng.choice([-3, rng.randrange(200), rng.randrange(1 << rng.randrange(1, 62))]))
        answers.append(writer.publish(step, rng.randrange(-9, 9), 1, 2, 3, 4))
        if rng.random() < 0.3:
            answers.append(reader.drain(rng.randrange(6)))
        answers += [record.begin(step % 3), copy.read(step % 2)]
        record.put(rng.randrange(-2, 20), step)
        record.end()
        answers += [copy.read(step % 2), *(copy.get(field) for field in range(-1, 17))]
    answers += [list(histogram.buckets()), histogram.counts_up_to_bounds(), histogram.sum_ns, histogram.max_ns]
    answers += [histogram.quantile(share / 20) for share in range(21)] + [writer.lost, reader.consumed]
    return answers


def digest(seed: int, steps: int) -> str:
    """Return a digest of all answers."""
    rng = random.Random(seed)
    answers = [book_and_gate(rng, steps), pool(rng, steps), shared_memory(rng, steps)]
    return hashlib.sha256(repr(answers).encode()).hexdigest()


if __name__ == "__main__":
    import live.hot.book

    print(live.hot.book.__file__.endswith(".py"), digest(20131007, 3_000))
