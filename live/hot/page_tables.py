"""What the telemetry page holds of the account, its positions, and in words: records that are read whole.

Both sides are here. They are for cold moments: the writer runs a few times a second, never between tick and order.

Words of the account's record: 1 generation | 2 holdings that are not flat | 3 rows of the position table | 4 moment of
the newest data, ns since 1970 UTC | 5 open orders | 6 equity | 7 equity at the start | 8 fees | 9-10 currency. Of a row:
1 generation | 2-5 symbol | 6 quantity | 7 average price | 8 market price | 9 unrealized profit. Amounts are 64-bit
reals, texts UTF-8 with zeros after them. The rows are written first and the account last, all with the same generation,
so a reader that finds one generation everywhere has seen one moment. A text fills the words 1-15 of its record; the rest of a longer one is left out.

Of a slow decision: 1 latency in ns, below 0 when the slot holds none | 2 index of the symbol, below 0 for several
symbols | 3 number of the tick | 4 moment of the data, ns since 1970 UTC | 5 receipt, ns of the writer's monotonic clock |
6-9 symbol | 10 time of the garbage collector in it, ns | 11 orders | 12 scheduled events | 13 page faults | 14 times that
the kernel took the core away | 15 time at its beginning in which earlier decisions were made, ns.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

from live.hot.catalogue import PageText
from live.hot.page_layout import (
    ACCOUNT_SLOT,
    POSITION_SLOT,
    POSITIONS_MAX,
    SLOWEST_SLOT,
    TEXT_SLOT,
    WORST_TICKS,
    read_text,
    text_words,
)
from live.hot.seqlock import SLOT_WORDS, SeqlockReader, SeqlockWriter

SYMBOL_WORDS = 4
CURRENCY_WORDS = 2
_READ_ATTEMPTS = 100
_NO_DECISION = -1
"""Latency in a slot that holds no decision any more."""


class PositionRow(NamedTuple):
    """A holding; prices in the security's quote currency, the profit in the account's."""

    symbol: str
    quantity: float
    average_price: float
    market_price: float
    unrealized_profit: float


class AccountRecord(NamedTuple):
    """The account at one moment.

    Attributes:
        positions_held: holdings that are not flat; the table may hold fewer.
        data_time_ns: moment of the newest data, UTC.
        orders_open: orders that may still fill.
        equity: total value.
        starting_equity: total value when the run began.
        fees: sum of all fees.
        currency: of the amounts, at most 16 bytes.
    """

    positions_held: int
    data_time_ns: int
    orders_open: int
    equity: float
    starting_equity: float
    fees: float
    currency: str


class SlowDecision(NamedTuple):
    """One of the slowest decisions.

    Attributes:
        latency_ns: from the receipt of its data to the strategy's return.
        symbol_index: whose data; below 0 for several symbols.
        sequence: number of the tick; 0 when it has none.
        time_ns: moment of the data, UTC.
        receive_ns: when the data were received, on the writer's monotonic clock.
        symbol: name of the symbol, "" for several.
        gc_ns: time of the garbage collector in it.
        orders: orders accepted in it.
        events: scheduled events that were due in it.
        page_faults: page faults of the thread.
        preemptions: times that the kernel took the core away.
        waited_ns: time at its beginning in which earlier decisions were made.
    """

    latency_ns: int
    symbol_index: int
    sequence: int
    time_ns: int
    receive_ns: int
    symbol: str = ""
    gc_ns: int = 0
    orders: int = 0
    events: int = 0
    page_faults: int = 0
    preemptions: int = 0
    waited_ns: int = 0


class AccountLook(NamedTuple):
    """What a reader saw of account and positions.

    Attributes:
        account: the account.
        positions: its rows; the largest holdings when there are more than the table has room for.
        is_of_one_moment: False when the writer died among them, or never paused: each record is whole all the same.
    """

    account: AccountRecord
    positions: list[PositionRow]
    is_of_one_moment: bool


class PageTablesWriter:
    """Writes account, positions and texts; takes no new memory for symbols that it has seen before.

    Parameters:
        records: the page's slots.
    """

    def __init__(self, records: SeqlockWriter) -> None:
        self._records = records
        self._generation = 0
        self._slowest = 0
        self._real = array("d", (0.0,))
        self._bits = memoryview(self._real).cast("B").cast("q")
        self._texts: dict[PageText, str] = {}
        self._words: dict[tuple[str, int], tuple[int, ...]] = {}

    def write_text(self, which: PageText, text: str) -> None:
        """Store a text, unless it stands there already."""
        if self._texts.get(which) == text:
            return
        self._texts[which] = text
        self._records.begin(TEXT_SLOT + which)
        for at, word in enumerate(text_words(text, SLOT_WORDS - 1), 1):
            self._records.put(at, word)
        self._records.end()

    def write_slowest(self, decisions: Sequence[SlowDecision]) -> None:
        """Store the slowest decisions, of which at most WORST_TICKS are kept, in the place of all those before."""
        records = self._records
        kept = decisions[:WORST_TICKS]
        for at in range(len(kept), self._slowest):
            records.begin(SLOWEST_SLOT + at)
            records.put(1, _NO_DECISION)
            records.end()
        self._slowest = len(kept)
        for at, decision in enumerate(kept):
            records.begin(SLOWEST_SLOT + at)
            for field, value in enumerate(decision[:5], 1):
                records.put(field, value)
            self._put_label(6, decision.symbol, SYMBOL_WORDS)
            for field, value in enumerate(decision[6:], 6 + SYMBOL_WORDS):
                records.put(field, value)
            records.end()

    def write_account(self, account: AccountRecord, positions: Sequence[PositionRow]) -> None:
        """Store the account and its positions, of which at most POSITIONS_MAX are kept."""
        self._generation += 1
        rows = min(len(positions), POSITIONS_MAX)
        records = self._records
        for at in range(rows):
            row = positions[at]
            records.begin(POSITION_SLOT + at)
            records.put(1, self._generation)
            self._put_label(2, row.symbol, SYMBOL_WORDS)
            for field, value in enumerate(row[1:], 2 + SYMBOL_WORDS):
                self._put_real(field, value)
            records.end()
        records.begin(ACCOUNT_SLOT)
        records.put(1, self._generation)
        records.put(2, account.positions_held)
        records.put(3, rows)
        records.put(4, account.data_time_ns)
        records.put(5, account.orders_open)
        self._put_real(6, account.equity)
        self._put_real(7, account.starting_equity)
        self._put_real(8, account.fees)
        self._put_label(9, account.currency, CURRENCY_WORDS)
        records.end()

    def _put_real(self, field: int, value: float) -> None:
        self._real[0] = value
        self._records.put(field, self._bits[0])

    def _put_label(self, field: int, label: str, words: int) -> None:
        found = self._words.get((label, words))
        if found is None:
            found = self._words[label, words] = text_words(label, words)
        for at, word in enumerate(found, field):
            self._records.put(at, word)


class PageTablesReader:
    """Reads what a PageTablesWriter wrote.

    Parameters:
        records: the page's slots.
    """

    def __init__(self, records: SeqlockReader) -> None:
        self._records = records

    def text(self, which: PageText) -> str:
        """Return a text, "" when there is none or its writer died while writing it."""
        if not self._records.read(TEXT_SLOT + which):
            return ""
        return _text_of(self._words(1, SLOT_WORDS - 1))

    def slowest(self) -> list[SlowDecision]:
        """Return the slowest decisions, slowest first."""
        found = []
        for slot in range(SLOWEST_SLOT, SLOWEST_SLOT + WORST_TICKS):
            if self._records.read(slot) and self._records.get(1) > _NO_DECISION:
                latency_ns, symbol_index, sequence, time_ns, receive_ns = self._words(1, 5)
                symbol = _text_of(self._words(6, SYMBOL_WORDS))
                rest = self._words(6 + SYMBOL_WORDS, len(SlowDecision._fields) - 6)
                found.append(SlowDecision(latency_ns, symbol_index, sequence, time_ns, receive_ns, symbol, *rest))
        return sorted(found, reverse=True)

    def account(self) -> AccountLook | None:
        """Return account and positions; None when there are none yet."""
        for _attempt in range(_READ_ATTEMPTS):
            if not self._records.read(ACCOUNT_SLOT):
                return None
            generation, rows = self._records.get(1), self._records.get(3)
            account = self._account()
            found = [self._row(at) for at in range(min(max(rows, 0), POSITIONS_MAX))]
            is_of_one_moment = all(each is not None and each[0] == generation for each in found)
            if is_of_one_moment:
                break
        return AccountLook(account, [each[1] for each in found if each is not None], is_of_one_moment)

    def _account(self) -> AccountRecord:
        get = self._records.get
        equity, starting_equity, fees = self._reals(6, 3)
        currency = _text_of(self._words(9, CURRENCY_WORDS))
        return AccountRecord(get(2), get(4), get(5), equity, starting_equity, fees, currency)

    def _row(self, at: int) -> tuple[int, PositionRow] | None:
        if not self._records.read(POSITION_SLOT + at):
            return None
        symbol = _text_of(self._words(2, SYMBOL_WORDS))
        return self._records.get(1), PositionRow(symbol, *self._reals(2 + SYMBOL_WORDS, 4))

    def _words(self, field: int, count: int) -> array[int]:
        return array("q", (self._records.get(at) for at in range(field, field + count)))

    def _reals(self, field: int, count: int) -> array[float]:
        return array("d", self._words(field, count).tobytes())


def _text_of(words: array[int]) -> str:
    return read_text(memoryview(words))
