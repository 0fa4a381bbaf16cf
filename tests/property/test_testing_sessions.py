"""The same ticks and bars through files and a dry run, and through live.testing, give the same order events."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.runs import MemorySink, run_file
from support.zips import write_zip

from live.algorithm.enums import Resolution, SecurityType
from live.algorithm.numbers import plain
from live.feeds.data_folder import DataFolder
from live.feeds.sample_reference import write_reference
from live.testing import Session

STRATEGY = """
import random
from AlgorithmImports import *

class Strategy({base}):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 8)
        self.set_cash({cash})
        self.symbols = [self.add_equity("SPY", Resolution.MINUTE, fill_forward={fill_forward}).symbol]
        if {has_ticks}:
            self.symbols.append(self.add_equity("IBM", Resolution.TICK).symbol)
            self.symbols.append(self.add_forex("EURUSD", Resolution.TICK).symbol)
        if {has_hours}:
            self.add_crypto("BTCUSD", Resolution.HOUR)
        self.random = random.Random({seed})
        if {consolidates}:
            self.consolidate(self.symbols[-1], timedelta(minutes=3), self.on_bar)
        self.schedule.on(self.date_rules.every_day(), self.time_rules.every(timedelta(minutes=7)), self.on_clock)

    def on_bar(self, bar):
        self.log(f"PROBE bar {{self.time}} {{bar.end_time}} {{bar.close}}")

    def on_clock(self):
        self.decide(self.symbols[0])

    def {callback}(self, data):
        self.decide(self.random.choice(self.symbols))

    def decide(self, symbol):
        price = self.securities[symbol].price
        if price == 0 or self.random.random() > 0.3:
            return
        quantity = self.random.choice([-100, 50, 100]) * (1000 if price < 10 else 1)
        kind = self.random.randrange(7)
        offset = price * self.random.uniform(-0.001, 0.001)
        if kind == 0:
            self.market_order(symbol, quantity)
        elif kind == 1:
            self.limit_order(symbol, quantity, round(price + offset, 4))
        elif kind == 2:
            self.stop_market_order(symbol, quantity, round(price + offset, 4))
        elif kind == 3 and {is_live}:
            self.submit(symbol, quantity, round(price + offset, 4))
        elif kind == 4:
            for ticket in self.transactions.get_open_order_tickets():
                ticket.cancel()
        elif kind == 5:
            bars = list(self.history[TradeBar](self.symbols[0], 5, Resolution.MINUTE))
            self.log(f"PROBE history {{self.time}} {{[(str(bar.end_time), bar.close) for bar in bars]}}")
        else:
            self.liquidate()

    def on_order_event(self, order_event):
        if order_event.status == OrderStatus.CANCELED and self.random.random() < 0.5:
            self.limit_order(order_event.symbol, order_event.quantity, round(self.securities[order_event.symbol].price, 4))
"""
UTC = timezone.utc
MIDNIGHT = datetime(2013, 10, 7, 4, tzinfo=UTC)
"""Midnight in New York."""


@dataclass
class Market:
    """Rows of files by path, and the calls that give a session the same, by moment."""

    folder: DataFolder
    rows: dict[Path, tuple[str, list[tuple[int, str]]]] = field(default_factory=dict)
    calls: dict[datetime, list[tuple[tuple[int, int, str, int], Callable[[Session], None]]]] = field(
        default_factory=dict
    )

    def add(
        self,
        key: tuple[SecurityType, str, str, Resolution, bool],
        start: datetime,
        known: datetime,
        row: str,
        give: Callable[[Session], None],
    ) -> None:
        kind, market, ticker, resolution, is_quote = key
        zone = timedelta(hours=-4) if kind is SecurityType.EQUITY else timedelta()
        local = start + zone
        at = (local - local.replace(hour=0, minute=0, second=0, microsecond=0)) // timedelta(milliseconds=1)
        day = None if resolution is Resolution.HOUR else local.date()
        if day is None:
            path = self.folder.history_file(kind, market, resolution, ticker, is_quote)
            stamp = f"{local:%Y%m%d %H:%M}"
        else:
            path = self.folder.day_file(kind, market, resolution, ticker, day, is_quote)
            stamp = str(at)
        name = self.folder.entry_name(kind, resolution, ticker, day, is_quote)
        _, rows = self.rows.setdefault(path, (name, []))
        rows.append((int(start.timestamp() * 1000), f"{stamp},{row}"))
        self.calls.setdefault(known, []).append(((int(kind), is_quote, ticker, len(rows)), give))

    def write(self) -> None:
        write_reference(self.folder.path)
        for path, (name, rows) in self.rows.items():
            rows.sort(key=lambda row: row[0])
            write_zip(path, "\n".join(row for _, row in rows).encode(), name)

    def play(self, session: Session) -> None:
        for at in sorted(self.calls):
            with session.moment(at=at):
                for _, give in self.calls[at]:
                    give(session)
        session.finish()


def make_market(folder: Path, seed: int, has_ticks: bool, has_hours: bool) -> Market:
    market, numbers = Market(DataFolder(folder)), random.Random(seed)
    for day in (0, 1):
        opening = MIDNIGHT + timedelta(days=day, hours=9, minutes=30)
        add_minutes(market, numbers, opening)
        if has_ticks:
            add_ibm(market, numbers, opening)
            add_euro(market, numbers, opening - timedelta(minutes=numbers.randrange(400)))
    if has_hours:
        add_hours(market, numbers)
    return market


def prices_of(numbers: random.Random, units: int, count: int) -> list[int]:
    """Return open, high, low and close, or `count` prices near one another."""
    near = [units + numbers.randrange(-40, 41) for _ in range(count)]
    return [near[0], max(near), min(near), near[-1]]


def add_minutes(market: Market, numbers: random.Random, opening: datetime) -> None:
    equity = (SecurityType.EQUITY, "usa", "SPY", Resolution.MINUTE)
    for minute in range(-20, 60):
        start = opening + timedelta(minutes=minute)
        end = start + timedelta(minutes=1)
        if numbers.random() < 0.4:
            bar = prices_of(numbers, 17_000, 3)
            volume = numbers.randrange(1, 900)
            o, h, low, c = (price / 100 for price in bar)
            row = ",".join(str(price * 100) for price in bar) + f",{volume}"
            market.add(
                (*equity, False), start, end, row,
                lambda s, c=c, o=o, h=h, low=low, v=volume: s.bar("SPY", c, open=o, high=h, low=low, volume=v),
            )  # fmt: skip
        if numbers.random() < 0.4:
            sides: list[Any] = [prices_of(numbers, 16_998, 3), prices_of(numbers, 17_002, 3)]
            if numbers.random() < 0.3:
                sides[numbers.randrange(2)] = None
            row = ",".join(
                "0,0,0,0,0" if side is None else ",".join(str(price * 100) for price in side) + ",7" for side in sides
            )
            bid, ask = (None if side is None else tuple(price / 100 for price in side) for side in sides)
            market.add(
                (*equity, True), start, end, row,
                lambda s, b=bid, a=ask: s.quote_bar("SPY", b, a, bid_size=7 if b else 0, ask_size=7 if a else 0),
            )  # fmt: skip


def add_ibm(market: Market, numbers: random.Random, opening: datetime) -> None:
    equity = (SecurityType.EQUITY, "usa", "IBM", Resolution.TICK)
    at = opening
    for _ in range(60):
        at += timedelta(milliseconds=numbers.choice([0, 0, 1, 700, 20_000, 90_000]))
        price, size, doubtful = 18_000 + numbers.randrange(-30, 31), numbers.randrange(1, 500), numbers.random() < 0.05
        if numbers.random() < 0.4:
            market.add(
                (*equity, False), at, at, f"{price * 100},{size},N,0,{int(doubtful)}",
                lambda s, p=price / 100, n=size, d=doubtful: s.trade("IBM", p, n, suspicious=d, exchange="N"),
            )  # fmt: skip
        else:
            is_bid = numbers.random() < 0.5
            sides = f"{price * 100},{size},0,0" if is_bid else f"0,0,{price * 100},{size}"
            name = "bid" if is_bid else "ask"
            values = {name: price / 100, f"{name}_size": size, "suspicious": doubtful}
            market.add(
                (*equity, True), at, at, f"{sides},N,0,{int(doubtful)}",
                lambda s, v=values: s.quote("IBM", **v, exchange="N"),
            )  # fmt: skip


def add_euro(market: Market, numbers: random.Random, at: datetime) -> None:
    for _ in range(40):
        at += timedelta(milliseconds=numbers.choice([0, 1, 5_000, 70_000]))
        bid = 135_000 + numbers.randrange(-30, 31)
        ask = bid + numbers.randrange(1, 20)
        market.add(
            (SecurityType.FOREX, "oanda", "EURUSD", Resolution.TICK, True), at, at,
            f"{bid / 100_000:.5f},{ask / 100_000:.5f}",
            lambda s, b=bid / 100_000, a=ask / 100_000: s.quote("EURUSD", b, a, bid_size=0, ask_size=0),
        )  # fmt: skip


def add_hours(market: Market, numbers: random.Random) -> None:
    crypto = (SecurityType.CRYPTO, "coinbase", "BTCUSD", Resolution.HOUR)
    for hour in range(48):
        start = datetime(2013, 10, 7, tzinfo=UTC) + timedelta(hours=hour)
        if start < MIDNIGHT or numbers.random() < 0.5:
            continue
        o, h, low, c = (price / 100 for price in prices_of(numbers, 12_500, 3))
        market.add(
            (*crypto, False), start, start + timedelta(hours=1), f"{o},{h},{low},{c},2.5",
            lambda s, c=c, o=o, h=h, low=low: s.bar("BTCUSD", c, open=o, high=h, low=low, volume=2.5),
        )  # fmt: skip


def results_of(algorithm: Any) -> dict[str, str]:
    portfolio = algorithm.portfolio
    found = {f"cash {name}": plain(cash.exact_amount) for name, cash in portfolio.cash_book.items()}
    for symbol, security in algorithm.securities.items():
        found[symbol.value] = f"{plain(security.holdings.exact_quantity)} at {plain(security.exact_price)}"
    return found


def probes_of(lines: list[str]) -> list[str]:
    return [line.partition("PROBE ")[2] for line in lines if "PROBE " in line]


@pytest.fixture(scope="module")
def folders() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


numbers_of_runs = iter(range(1_000_000))


@settings(max_examples=25, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    seed=st.integers(0, 1_000_000),
    is_live=st.booleans(),
    has_ticks=st.booleans(),
    has_hours=st.booleans(),
    consolidates=st.booleans(),
    fill_forward=st.booleans(),
    cash=st.sampled_from([3_000, 100_000]),
)
def test_files_and_session_trade_alike(
    folders: Path,
    seed: int,
    is_live: bool,
    has_ticks: bool,
    has_hours: bool,
    consolidates: bool,
    fill_forward: bool,
    cash: int,
) -> None:
    folder = folders / str(next(numbers_of_runs))
    market = make_market(folder / "data", seed, has_ticks, has_hours)
    market.write()
    strategy = folder / "main.py"
    takes_ticks = is_live and has_ticks
    strategy.write_text(
        STRATEGY.format(
            base="LiveAlgorithm" if is_live else "QCAlgorithm",
            callback="on_tick" if takes_ticks else "on_data",
            is_live=is_live,
            seed=seed,
            has_ticks=has_ticks,
            has_hours=has_hours,
            consolidates=consolidates,
            fill_forward=fill_forward,
            cash=cash,
        )
    )
    run, expected = run_file(strategy, folder / "data", folder / "results")
    found = MemorySink()
    with Session(strategy) as session:
        market.play(session)
        for event in session.events:
            found.order_event(event)
        assert found.events == expected.events
        assert probes_of(session.logs) == probes_of(expected.lines)
        assert results_of(session.algorithm) == results_of(run.engine.algorithm)
        assert session.algorithm.time == run.engine.algorithm.time
