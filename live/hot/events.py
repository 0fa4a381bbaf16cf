"""What the records of the event ring say: one layout for the writing and the reading side.

Words of every record: 0 kind | 1 time_ns, the run's clock, UTC. Of an order event: 2 order id | 3 status, as LEAN numbers
them | 4-7 symbol | 8 filled quantity | 9 fill price | 10 fee | 11 bid | 12 ask | 13 quantity of the order | 14 type of the
order, as LEAN numbers them. Of a denial: 2 code | 4-7 symbol | 8 quantity. Of a phase: 2 phase. Prices are in the
security's quote currency, fees in the currency that their model names; quantities, prices and fees are 64-bit reals,
texts UTF-8 with zeros after them.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from live.errors import DataError
from live.hot.catalogue import RunPhase
from live.hot.denials import DenialCode
from live.hot.page_layout import read_text, text_words
from live.hot.ring import RingWriter, ring_words

SYMBOL_WORDS = 4
_SYMBOL = slice(4, 4 + SYMBOL_WORDS)
_UNREAD = 64
_CODES = {int(code): code for code in DenialCode}


class EventKind(IntEnum):
    """Kinds of records. Numbers never change."""

    ORDER = 1
    DENIAL = 2
    PHASE = 3


class OrderRecord(NamedTuple):
    """An order event.

    Attributes:
        time_ns: moment of the event, UTC.
        order_id: whose.
        status: state of the order, as LEAN numbers them.
        symbol: its ticker.
        fill_quantity: signed, 0 for what is no fill.
        fill_price: 0 for what is no fill.
        fee: of this fill.
        bid: of the symbol at that moment; its price where there are no quotes.
        ask: as bid.
        quantity: signed, of the whole order.
        order_type: as LEAN numbers them.
    """

    time_ns: int
    order_id: int
    status: int
    symbol: str
    fill_quantity: float
    fill_price: float
    fee: float
    bid: float
    ask: float
    quantity: float
    order_type: int


class DenialRecord(NamedTuple):
    """An order that the risk gate refused; its signed quantity is 0 where it is not known."""

    time_ns: int
    code: DenialCode
    symbol: str
    quantity: float


class PhaseRecord(NamedTuple):
    """A run that went on to another phase; the moment is of this machine's clock."""

    time_ns: int
    phase: RunPhase


Event = OrderRecord | DenialRecord | PhaseRecord


class EventWriter:
    """Writes events to a ring; takes no new memory for symbols that it has seen before.

    Parameters:
        ring: where to.
    """

    def __init__(self, ring: RingWriter) -> None:
        self._ring = ring
        self._symbols: dict[str, tuple[int, ...]] = {}

    @classmethod
    def unread(cls) -> EventWriter:
        """Return a writer whose events nobody reads, for engines without a page; what it writes to is never full."""
        words = memoryview(array("q", bytes(8 * ring_words(_UNREAD))))
        # The position that a reader would write is the count of what was published: everything counts as read at once.
        return cls(RingWriter(words, words[:1], _UNREAD))

    def order(self, event: OrderRecord) -> None:
        """Write an order event; without room it is counted as lost."""
        ring = self._ring
        if not ring.claim():
            return
        ring.put(0, EventKind.ORDER)
        ring.put(1, event.time_ns)
        ring.put(2, event.order_id)
        ring.put(3, event.status)
        self._put_symbol(event.symbol)
        for field, value in enumerate(event[4:10], 8):
            ring.put_real(field, value)
        ring.put(14, event.order_type)
        ring.commit()

    def denial(self, event: DenialRecord) -> None:
        """Write a denial; without room it is counted as lost."""
        ring = self._ring
        if not ring.claim():
            return
        ring.put(0, EventKind.DENIAL)
        ring.put(1, event.time_ns)
        ring.put(2, event.code)
        self._put_symbol(event.symbol)
        ring.put_real(8, event.quantity)
        ring.commit()

    def phase(self, event: PhaseRecord) -> None:
        """Write a phase; without room it is counted as lost."""
        self._ring.publish(EventKind.PHASE, event.time_ns, event.phase, 0, 0, 0)

    def _put_symbol(self, symbol: str) -> None:
        words = self._symbols.get(symbol)
        if words is None:
            words = self._symbols[symbol] = text_words(symbol, SYMBOL_WORDS)
        for field, word in enumerate(words, 4):
            self._ring.put(field, word)


def decode_event(words: Sequence[int]) -> Event:
    """Return what a record of the ring says.

    Parameters:
        words: its EVENT_WORDS words.

    Raises:
        DataError: no run can have written it.
    """
    try:
        kind = EventKind(words[0])
        if kind is EventKind.PHASE:
            return PhaseRecord(words[1], RunPhase(words[2]))
        symbol = read_text(memoryview(array("q", words[_SYMBOL])))
        if kind is EventKind.DENIAL:
            return DenialRecord(words[1], _CODES[words[2]], symbol, _reals(words[8:9])[0])
    except (ValueError, KeyError) as error:
        raise DataError(f"a record of the event ring is garbled ({error}); start the run again") from error
    fill_quantity, fill_price, fee, bid, ask, quantity = _reals(words[8:14])
    return OrderRecord(
        words[1], words[2], words[3], symbol, fill_quantity, fill_price, fee, bid, ask, quantity, words[14]
    )


def _reals(words: Sequence[int]) -> tuple[float, ...]:
    return struct.unpack(f"{len(words)}d", struct.pack(f"{len(words)}q", *words))
