"""Plays a million ticks from memory through the pump, and prints what was allocated meanwhile. Run with the malloc counter."""

from __future__ import annotations

import ctypes
import gc
import json
import sys

from live.hot.bands import PriceBands
from live.hot.book import Book
from live.hot.histogram import Histogram
from live.hot.merge import TickMerge
from live.hot.pump import TickPump
from live.hot.records import TICK_WORDS, RecordBuffer, RecordSource
from live.hot.views import TickView

WARM_TICKS = 100_000
TICKS = 1_000_000
STEP_NS = 1_000_000


def make_source(symbol_index: int, count: int) -> RecordSource:
    buffer = RecordBuffer(count, TICK_WORDS)
    words = buffer.words
    for tick in range(count):
        base = tick * TICK_WORDS
        words[base] = (tick + 1) * STEP_NS
        words[base + 1] = tick % 2
        words[base + 2] = (100 + tick % 7) * 10**9
        words[base + 3] = (101 + tick % 7) * 10**9
    buffer.count = count
    return RecordSource(buffer, symbol_index)


class Strategy:
    def __init__(self) -> None:
        self.above = 0

    def on_tick(self, tick: TickView) -> None:
        if tick.price > 103.0:
            self.above = not self.above


def main() -> None:
    counter = ctypes.CDLL(sys.argv[1])
    counter.counter_calls.restype = ctypes.c_long
    half = (WARM_TICKS + TICKS) // 2
    merge = TickMerge([make_source(0, half), make_source(1, half)])
    book = Book(2)
    view = TickView(book)
    for index in range(2):
        view.set_symbol(index, "X", 1.0)
    pump = TickPump(merge, book, view, Strategy().on_tick, Histogram(), PriceBands(2))
    merge.advance()
    warm_until = WARM_TICKS // 2 * STEP_NS
    pump.run(warm_until)
    gc.collect()
    gc.disable()
    blocks, calls, tracked = sys.getallocatedblocks(), counter.counter_calls(), len(gc.get_objects())
    counter.counter_arm(1)
    pump.run(1 << 62)
    counter.counter_arm(0)
    print(
        json.dumps(
            {
                "ticks": pump.trade_ticks + pump.quote_ticks - WARM_TICKS,
                "mallocs": counter.counter_calls() - calls,
                "blocks": sys.getallocatedblocks() - blocks,
                "tracked": len(gc.get_objects()) - tracked,
            }
        )
    )


main()
