"""A simulated market: the prices of the sample session. Nothing in it was ever traded.

The fair price walks at random with a slowly changing drift. The quote follows it, one to three cents wide; trades hit
either side and tend to repeat it. Activity is highest after the open and before the close.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from random import Random
from typing import NamedTuple, TypeVar

_Option = TypeVar("_Option")

MILLISECONDS_PER_MINUTE = 60_000
PRICE_UNITS_PER_CENT = 100
"""Equity files count prices in 1/10000 dollar."""

OPENING_PRINT = "40"
CLOSING_PRINT = "80"
_REGULAR = "1"
_INTERMARKET = "20000020"
_PRIMARY_EXCHANGE = "N"
_EXCHANGES = _PRIMARY_EXCHANGE + "QPKBZDJYC"
_QUOTE_WEIGHTS = list(accumulate((46, 20, 12, 10, 8, 5, 0, 1, 2, 2)))
_TRADE_WEIGHTS = list(accumulate((26, 17, 12, 10, 6, 6, 16, 3, 2, 2)))
_SIZES = (100, 200, 300, 400, 500, 1_000, 57)
_SIZE_WEIGHTS = list(accumulate((78, 9, 3, 2, 1, 1, 6)))
_TRADE_SHARE = 0.2
_SAME_SIDE_SHARE = 0.68
_STEP_CENTS = 1.0
_DRIFT_KEEP = 0.998
_DRIFT_STEP_CENTS = 0.004
_OVERNIGHT_GAP = 0.003


class TradeTick(NamedTuple):
    """A trade of an equity: milliseconds since midnight, price in 1/10000 dollar, shares, exchange, sale condition."""

    time_ms: int
    price: int
    size: int
    exchange: str
    condition: str


class QuoteTick(NamedTuple):
    """One side of an equity quote: milliseconds since midnight, price in 1/10000 dollar, shares, exchange code."""

    time_ms: int
    is_bid: bool
    price: int
    size: int
    exchange: str


class TradeBar(NamedTuple):
    """A bar of trades in the price units of its ticks."""

    start_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: float


class QuoteBar(NamedTuple):
    """A bar of both sides of the quote, each as (open, high, low, close, last size)."""

    start_ms: int
    bid: tuple[int, int, int, int, float]
    ask: tuple[int, int, int, int, float]


class Session(NamedTuple):
    """A span of one day in milliseconds since midnight, and the ticks per minute in its quietest time."""

    start_ms: int
    end_ms: int
    ticks_per_minute: float
    is_regular: bool


class EquityMarket:
    """One equity, day after day.

    Parameters:
        random: source of chance; the same state gives the same market.
        price_cents: fair price at the first open.
        size_factor: what every size is multiplied by.
    """

    def __init__(self, random: Random, price_cents: float, size_factor: int = 1) -> None:
        self._random = random
        self._fair_cents = price_cents
        self._drift_cents = 0.0
        self._size_factor = size_factor
        self._spread_cents = 2
        self._bid_cents = self._ask_cents = 0
        self._is_buy = True

    def day(self, sessions: Iterable[Session]) -> tuple[list[TradeTick], list[QuoteTick]]:
        """Return the trades and quotes of the next day, in order of time."""
        trades: list[TradeTick] = []
        quotes: list[QuoteTick] = []
        random = self._random.random
        self._fair_cents *= 1 + _OVERNIGHT_GAP * self._deviate()
        for session in sessions:
            is_first = session.is_regular
            for time_ms in _times(self._random, session):
                self._walk()
                if is_first:
                    is_first = False
                    self._quote(time_ms, quotes)
                    trades.append(self._auction(time_ms, OPENING_PRINT))
                elif random() < _TRADE_SHARE and self._bid_cents:
                    trades.append(self._trade(time_ms))
                else:
                    self._quote(time_ms, quotes)
            if session.is_regular:
                trades.append(self._auction(session.end_ms + int(random() * 5_000), CLOSING_PRINT))
        trades.sort(key=lambda tick: tick.time_ms)
        return trades, quotes

    def _deviate(self) -> float:
        """Return a chance number of mean 0 and deviation 1: uniform ones added up, which is quick."""
        random = self._random.random
        return (random() + random() + random() - 1.5) * 2

    def _walk(self) -> None:
        self._drift_cents = self._drift_cents * _DRIFT_KEEP + _DRIFT_STEP_CENTS * self._deviate()
        self._fair_cents = max(self._fair_cents + self._drift_cents + _STEP_CENTS * self._deviate(), 100.0)

    def _quote(self, time_ms: int, quotes: list[QuoteTick]) -> None:
        """Move the sides that the fair price has left behind, the far side first so that the quote is never crossed."""
        random = self._random.random
        if random() < 0.03:
            self._spread_cents = 1 + int(random() * random() * 6) % 3
        bid = round(self._fair_cents - self._spread_cents / 2)
        ask = bid + self._spread_cents
        exchange = _pick(self._random, _EXCHANGES, _QUOTE_WEIGHTS)
        sides = (False, True) if bid > self._bid_cents else (True, False)
        changed = [is_bid for is_bid in sides if (bid != self._bid_cents if is_bid else ask != self._ask_cents)]
        for is_bid in changed or [random() < 0.5]:
            size = (1 + int(random() * random() * 9)) * 100 * self._size_factor
            price = (bid if is_bid else ask) * PRICE_UNITS_PER_CENT
            quotes.append(QuoteTick(time_ms, is_bid, price, size, exchange))
        self._bid_cents, self._ask_cents = bid, ask

    def _trade(self, time_ms: int) -> TradeTick:
        random = self._random.random
        if random() > _SAME_SIDE_SHARE:
            self._is_buy = not self._is_buy
        price = (self._ask_cents if self._is_buy else self._bid_cents) * PRICE_UNITS_PER_CENT
        exchange = _pick(self._random, _EXCHANGES, _TRADE_WEIGHTS)
        condition = _REGULAR if random() < 0.6 else _INTERMARKET
        return TradeTick(
            time_ms, price, _pick(self._random, _SIZES, _SIZE_WEIGHTS) * self._size_factor, exchange, condition
        )

    def _auction(self, time_ms: int, condition: str) -> TradeTick:
        """Return the print of an auction on the primary exchange."""
        size = (400 + int(self._random.random() * 1_200)) * 100
        price = self._bid_cents * PRICE_UNITS_PER_CENT
        return TradeTick(time_ms, price, size * self._size_factor, _PRIMARY_EXCHANGE, condition)


class PairMarket:
    """A pair of currencies that trades around the clock, minute by minute.

    Parameters:
        random: source of chance.
        price: first mid price in the smallest steps of the pair.
        step: deviation of the price within a minute, in the same steps.
        spread: smallest and largest difference of ask and bid.
    """

    _POINTS = 6

    def __init__(self, random: Random, price: int, step: float, spread: tuple[int, int]) -> None:
        self._random = random
        self._mid = float(price)
        self._step = step / self._POINTS**0.5
        self._spread = spread

    def minute(self, start_ms: int, volume: float) -> tuple[TradeBar | None, QuoteBar]:
        """Return the next minute: its trades, None in one minute of thirty, and its quotes.

        Parameters:
            start_ms: milliseconds of the minute since midnight.
            volume: mean volume of a minute.
        """
        random = self._random.random
        narrow, wide = self._spread
        bids: list[int] = []
        asks: list[int] = []
        deals: list[int] = []
        for _ in range(self._POINTS):
            self._mid += self._step * (random() + random() + random() - 1.5) * 2
            spread = narrow + int(random() * (wide - narrow + 1))
            bids.append(round(self._mid - spread / 2))
            asks.append(bids[-1] + spread)
            deals.append(bids[-1] if random() < 0.5 else asks[-1])
        quote = QuoteBar(start_ms, (*_range(bids), volume * random()), (*_range(asks), volume * random()))
        if random() < 1 / 30:
            return None, quote
        return TradeBar(start_ms, *_range(deals), volume * 2 * random() ** 2 + 0.00000001), quote


def _range(prices: list[int]) -> tuple[int, int, int, int]:
    return prices[0], max(prices), min(prices), prices[-1]


def _pick(random: Random, options: Sequence[_Option], weights: list[int]) -> _Option:
    """Return one of the options by its cumulative weight."""
    return options[bisect(weights, random.random() * weights[-1])]


def _times(random: Random, session: Session) -> Iterator[int]:
    """Yield the moments of a session's ticks; regular trading is busier at both ends."""
    minutes = (session.end_ms - session.start_ms) // MILLISECONDS_PER_MINUTE
    for minute in range(minutes):
        place = minute / minutes * 2 - 1
        level = 1 + 2.5 * place**4 + 2 * 0.5 ** (minute / 8) if session.is_regular else 1.0
        count = int(session.ticks_per_minute * level * (0.6 + 0.8 * random.random()) + random.random())
        start = session.start_ms + minute * MILLISECONDS_PER_MINUTE
        yield from sorted(start + int(random.random() * MILLISECONDS_PER_MINUTE) for _ in range(count))


def trade_bars(trades: Iterable[TradeTick], period_ms: int) -> list[TradeBar]:
    """Return the bars of trades in order of time; periods without a trade have none."""
    bars: list[TradeBar] = []
    for tick in trades:
        start = tick.time_ms - tick.time_ms % period_ms
        if not bars or bars[-1].start_ms != start:
            bars.append(TradeBar(start, tick.price, tick.price, tick.price, tick.price, tick.size))
            continue
        last = bars[-1]
        high, low = max(last.high, tick.price), min(last.low, tick.price)
        bars[-1] = TradeBar(start, last.open, high, low, tick.price, last.volume + tick.size)
    return bars


def quote_bars(quotes: Iterable[QuoteTick], period_ms: int) -> list[QuoteBar]:
    """Return the bars of quotes in order of time; a side that did not move in a period repeats its last price."""
    bars: list[QuoteBar] = []
    sides: dict[bool, tuple[int, int, int, int, float]] = {}
    start = -1
    for tick in quotes:
        begin = tick.time_ms - tick.time_ms % period_ms
        if begin != start:
            if len(sides) == 2:
                bars.append(QuoteBar(start, sides[True], sides[False]))
            start = begin
            sides = {is_bid: (side[3], side[3], side[3], side[3], side[4]) for is_bid, side in sides.items()}
        first = sides.get(tick.is_bid, (tick.price,) * 4 + (0.0,))
        high, low = max(first[1], tick.price), min(first[2], tick.price)
        sides[tick.is_bid] = (first[0], high, low, tick.price, tick.size)
    if len(sides) == 2:
        bars.append(QuoteBar(start, sides[True], sides[False]))
    return bars
