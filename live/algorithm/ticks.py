# cython: annotation_typing=False
"""From records to tick objects, compiled: this is most of the cost of a slice of ticks."""

from __future__ import annotations

from live.algorithm.data import make_quote_tick, make_trade_tick
from live.algorithm.symbols import Symbol
from live.hot.records import RecordBuffer
from live.hot.units import adjusted_size

_SCALE = 1e9


def build_ticks(buffer: RecordBuffer, begin: int, end: int, symbol: Symbol, local_ns: int, scale: float) -> list:  # type: ignore[type-arg]
    """Return the ticks of a range of records of one moment.

    Parameters:
        buffer: the records.
        begin: first record.
        end: after the last record.
        symbol: symbol of all of them.
        local_ns: their moment on the exchange's wall clock.
        scale: factor that adjusts their prices; their sizes are divided by it.
    """
    ticks = []
    words = buffer.words
    reals = buffer.reals
    width = buffer.width
    for record in range(begin, end):
        base = record * width
        first = words[base + 2] / _SCALE * scale
        size = adjusted_size(reals[base + 4], scale)
        if words[base + 1] == 0:
            ticks.append(make_trade_tick(symbol, local_ns, first, size, words[base + 6]))
        else:
            second = words[base + 3] / _SCALE * scale
            ask_size = adjusted_size(reals[base + 5], scale)
            ticks.append(make_quote_tick(symbol, local_ns, first, size, second, ask_size, words[base + 6]))
    return ticks
