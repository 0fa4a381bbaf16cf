"""Counts of memory taken on the tick path: in the C library, in Python's own allocator, and by the garbage collector.

The counter of the C library is a small library of ours (malloc_counter.c), built here with the system's compiler and
loaded in front of the C library with LD_PRELOAD, so the counting needs a process that was started with it.
"""

from __future__ import annotations

import ctypes
import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from live.bench.market import price_cents
from live.errors import EnvironmentFault
from live.hot.bands import PriceBands
from live.hot.book import Book
from live.hot.histogram import Histogram
from live.hot.merge import TickMerge
from live.hot.pump import TickPump
from live.hot.records import KIND_QUOTE, KIND_TRADE, TICK_WORDS, RecordBuffer, RecordSource
from live.hot.trace import LatencyTrace
from live.hot.views import TickView

LIBRARY_VARIABLE = "LEAN_LIVE_MALLOC_COUNTER"
"""Environment variable with the counter's path, set beside LD_PRELOAD for a process that counts."""
_COMPILERS = ("cc", "gcc", "clang")
_BUILD_SECONDS_MAX = 60
_SYMBOLS = 2
_STEP_NS = 1_000_000
_E9_PER_CENT = 10_000_000
"""A cent in the records' unit of 1e-9 dollars."""
_END = 1 << 62


@dataclass
class Allocations:
    """What was allocated in a span.

    Attributes:
        mallocs: calls of malloc, calloc, realloc and the aligned ones; None when no counter is loaded.
        blocks: more blocks in use in Python's allocator at the end than at the beginning.
        tracked: more objects tracked by the garbage collector at the end than at the beginning.
    """

    mallocs: int | None = None
    blocks: int = 0
    tracked: int = 0


def build_counter(folder: Path) -> Path:
    """Build the malloc counter and return its path.

    Parameters:
        folder: where to put it.

    Raises:
        EnvironmentFault: not Linux, no C compiler, or it does not build.
    """
    if sys.platform != "linux":
        raise EnvironmentFault("calls of malloc are counted on Linux only; use it there, or leave this row out")
    compiler = next((found for name in _COMPILERS if (found := shutil.which(name))), None)
    if compiler is None:
        raise EnvironmentFault("there is no C compiler to build the malloc counter with; install gcc or clang")
    library = folder / "malloc_counter.so"
    with as_file(files("live.bench") / "malloc_counter.c") as source:
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
        answer = subprocess.run(  # noqa: S603 - a compiler found on the path and words of our own
            command, capture_output=True, text=True, timeout=_BUILD_SECONDS_MAX, check=False
        )
    if answer.returncode != 0:
        reason = (answer.stderr.strip().splitlines() or ["no reason given"])[0]
        raise EnvironmentFault(f"{compiler} cannot build the malloc counter: {reason}; mend the compiler")
    return library


def counting_environment(library: Path) -> dict[str, str]:
    """Return the environment of a process that counts."""
    before = os.environ.get("LD_PRELOAD", "")
    preload = f"{library} {before}".strip()
    return {**os.environ, "LD_PRELOAD": preload, LIBRARY_VARIABLE: str(library)}


@contextmanager
def counted() -> Iterator[Allocations]:
    """Count what is allocated inside the block; read the result after it.

    The garbage collector is off inside, so that it frees nothing that was counted.
    """
    path = os.environ.get(LIBRARY_VARIABLE)
    counter = ctypes.CDLL(path) if path else None
    found = Allocations()
    gc.collect()
    gc.disable()
    blocks, calls, tracked = 0, 0, len(gc.get_objects())
    if counter is not None:
        counter.counter_calls.restype = ctypes.c_long
        calls = counter.counter_calls()
    arm: Callable[[int], object] = counter.counter_arm if counter is not None else _ignore
    blocks = sys.getallocatedblocks()
    arm(1)
    try:
        yield found
    finally:
        arm(0)
        found.blocks = sys.getallocatedblocks() - blocks
        if counter is not None:
            found.mallocs = counter.counter_calls() - calls
        found.tracked = len(gc.get_objects()) - tracked
        gc.enable()


def _ignore(value: int) -> None:
    """Stand in for a counter that is not loaded."""


class _Strategy:
    """Decides on every tick, and keeps small integers and a flag only: what it allocates is not the runtime's."""

    def __init__(self) -> None:
        self.is_above = False

    def on_tick(self, tick: TickView) -> None:
        self.is_above = tick.price > 100.2


def play(warm_up: int, ticks: int) -> Allocations:
    """Play ticks from memory through merge, book, view and callback, and count what is allocated after the warm-up.

    Parameters:
        warm_up: ticks before counting.
        ticks: ticks that are counted; half of them trades, half quotes, of two symbols in turn.
    """
    merge = TickMerge([_source(index, (warm_up + ticks) // _SYMBOLS) for index in range(_SYMBOLS)])
    book = Book(_SYMBOLS)
    view = TickView(book)
    for index in range(_SYMBOLS):
        view.set_symbol(index, f"B{index}", 1.0)
    trace = LatencyTrace(Histogram(), Histogram(), Histogram())
    pump = TickPump(merge, book, view, _Strategy().on_tick, trace, PriceBands(_SYMBOLS))
    merge.advance()
    pump.run((warm_up // _SYMBOLS + 1) * _STEP_NS)
    with counted() as found:
        pump.run(_END)
    return found


def _source(symbol_index: int, count: int) -> RecordSource:
    """Return a symbol's ticks, both symbols at the same moments."""
    buffer = RecordBuffer(count, TICK_WORDS)
    words = buffer.words
    for tick in range(count):
        base = tick * TICK_WORDS
        price = price_cents(tick)
        words[base] = (tick + 1) * _STEP_NS
        words[base + 1] = KIND_QUOTE if tick % 2 else KIND_TRADE
        words[base + 2] = price * _E9_PER_CENT
        words[base + 3] = (price + 1) * _E9_PER_CENT
    buffer.count = count
    return RecordSource(buffer, symbol_index)
