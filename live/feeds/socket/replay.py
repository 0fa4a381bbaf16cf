"""A session of a data folder, published as if it happened now.

The schedule is absolute: a tick is due at the beginning plus its distance from the first tick, divided by the speed. A
publisher that comes late catches up and shifts nothing, so that a slow consumer shows its slowness instead of slowing
the market down.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from live.algorithm.enums import DataNormalizationMode, Resolution, SecurityType
from live.algorithm.symbols import SecurityIdentifier, Symbol
from live.clock import NANOSECONDS_PER_SECOND, date_to_ns, machine_monotonic_ns
from live.errors import DataError, UsageError
from live.feeds.bar_subscription import SubscriptionConfig
from live.feeds.data_folder import DataFolder
from live.feeds.listing import Listing, resolve_listing
from live.feeds.map_files import ListingFiles
from live.feeds.market_hours import MarketHoursDatabase
from live.feeds.socket.frames import TICKS_PER_FRAME, Channel, Tick
from live.feeds.socket.publisher import Publisher
from live.feeds.streams import RowStream, TickStream, tick_decoder
from live.feeds.subscription_files import day_files, tick_sessions
from live.hot.merge import TickMerge
from live.hot.records import END_OF_DATA_NS, TICK_WORDS, RecordBuffer

_CLASSES = (SecurityType.EQUITY, SecurityType.FOREX, SecurityType.CRYPTO)
_DAY_FILE = re.compile(r"(\d{8})_(?:trade|quote)\.zip")
_ONE_DAY = timedelta(days=1)


class ReplaySession:
    """The ticks of some symbols over some days, raw as in their files.

    Parameters:
        folder: the data folder.
        words: symbols: `IBM`, or asset class, market and ticker as in `equity/usa/IBM`.
        first: first day of exchange time; None begins with the first day that there are ticks of.
        last: last day; None ends with the last day that there are ticks of.
        extended: whether ticks before and after the regular session belong to it.

    Attributes:
        channels: what is published: per symbol trades, quotes or both.
        streams: one per channel.

    Raises:
        UsageError: a symbol is unclear, or named twice.
        DataError: there are no ticks of a symbol, or none in these days, or a file is damaged.
    """

    def __init__(
        self, folder: DataFolder, words: Sequence[str], first: date | None, last: date | None, extended: bool
    ) -> None:
        self._folder = folder
        self._hours = MarketHoursDatabase(folder.path)
        self._extended = extended
        symbols = [parse_symbol(folder, word) for word in words]
        if len(set(symbols)) < len(symbols):
            raise UsageError(f"--symbols {','.join(words)!r} names a symbol twice; name each once")
        days = sorted(day for symbol in symbols for day in self._days(*symbol))
        if not days:
            raise DataError(f"{folder.path} has no tick files of {', '.join(words)}; name other symbols")
        found = [
            each
            for index, symbol in enumerate(symbols)
            for each in self._open(*symbol, index, first or days[0], last or days[-1])
        ]
        # LEAN's order of subscriptions, so that ticks of one moment come as they do from the folder.
        found.sort(key=lambda each: each[0].sort_key)
        self.streams = [stream for _, stream in found]
        self.channels = [
            Channel(
                config.symbol.security_type.name.lower(), config.symbol.id.market, config.symbol.value, config.is_quote
            )
            for config, _ in found
        ]
        if not sum(each.rows.bytes_total for each in self.streams):
            span = f"from {first or days[0]} to {last or days[-1]}"
            raise DataError(
                f"there are no ticks of {', '.join(words)} {span}; there are from {days[0]} to {days[-1]}: choose days "
                "with --from and --to"
            )

    @property
    def bytes_total(self) -> int:
        """Bytes of data of the session."""
        return sum(each.rows.bytes_total for each in self.streams)

    @property
    def bytes_read(self) -> int:
        """Bytes decoded so far."""
        return sum(each.rows.bytes_read for each in self.streams)

    def close(self) -> None:
        """Close the files that are open."""
        for each in self.streams:
            each.rows.close()

    def _days(self, security_type: SecurityType, market: str, ticker: str) -> list[date]:
        folder = self._folder.folder(security_type, market, Resolution.TICK) / ticker.lower()
        names = (_DAY_FILE.fullmatch(each.name) for each in folder.iterdir())
        return [date.fromisoformat(name.group(1)) for name in names if name is not None]

    def _open(
        self, security_type: SecurityType, market: str, ticker: str, index: int, first: date, last: date
    ) -> list[tuple[SubscriptionConfig, TickStream]]:
        is_equity = security_type is SecurityType.EQUITY
        files = ListingFiles(self._folder.market_folder(security_type, market)) if is_equity else None
        text, maps, factors = resolve_listing(files, security_type, ticker, market)
        listing = Listing(Symbol(ticker, SecurityIdentifier(text, security_type, market), index), maps, factors)
        hours = self._hours.hours(security_type, market, ticker)
        begin, end = date_to_ns(first), date_to_ns(last + _ONE_DAY) - 1
        begin_ns = hours.exchange_zone.to_utc_ns(max(begin, listing.begin_local_ns))
        end_ns = hours.exchange_zone.to_utc_ns(end)
        found: list[tuple[SubscriptionConfig, TickStream]] = []
        for is_quote in (True,) if security_type is SecurityType.FOREX else (False, True):
            config = SubscriptionConfig(
                listing.symbol,
                Resolution.TICK,
                is_quote,
                DataNormalizationMode.RAW,
                self._extended and is_equity,
                False,
                hours,
            )

            def sessions(midnight_data_ns: int, config: SubscriptionConfig = config) -> list[tuple[int, int]]:
                return tick_sessions(config, midnight_data_ns, begin_ns, end_ns)

            rows = RowStream(
                day_files(self._folder, config, listing, begin, end),
                tick_decoder(security_type, is_quote),
                config.data_zone,
                sessions,
            )
            found.append((config, TickStream(rows, index)))
        return found


def parse_symbol(folder: DataFolder, word: str) -> tuple[SecurityType, str, str]:
    """Return asset class, market and ticker that a word means.

    Raises:
        UsageError: it has another form, or more than one symbol is called so.
        DataError: there are no ticks of it.
    """
    parts = word.strip().split("/")
    if len(parts) == 3:
        kind = next((each for each in _CLASSES if each.name == parts[0].upper()), None)
        if kind is not None and parts[1] and parts[2]:
            folder.require_ticker(kind, parts[1].lower(), Resolution.TICK, parts[2])
            return kind, parts[1].lower(), parts[2].upper()
    ticker = parts[0].upper()
    if len(parts) != 1 or not ticker:
        raise UsageError(f"--symbols: {word!r} is no symbol; write a ticker, or as in equity/usa/IBM")
    places = [(kind, market) for kind in _CLASSES for market in folder.markets(kind)]
    found = [place for place in places if ticker.lower() in folder.tickers(*place, Resolution.TICK)]
    if not found:
        known = sorted({each.upper() for place in places for each in folder.tickers(*place, Resolution.TICK)})
        raise DataError(f"{folder.path} has no ticks of {ticker}; there are: {', '.join(known[:20]) or 'none'}")
    if len(found) > 1:
        names = ", ".join(f"{kind.name.lower()}/{market}/{ticker}" for kind, market in found)
        raise UsageError(f"--symbols: {ticker} may be any of {names}; write which")
    return *found[0], ticker


class Replay:
    """Plays a session through a publisher.

    Parameters:
        session: what to play.
        publisher: where to.
        speed: how many times faster than it was; None is as fast as the consumers take it.
        report: called after each frame.

    Attributes:
        ticks: ticks published.
        time_ns: time of the last of them; before that of the first to come.
        late_ns_max: longest delay behind the schedule.
    """

    def __init__(
        self, session: ReplaySession, publisher: Publisher, speed: float | None, report: Callable[[], None]
    ) -> None:
        self._session = session
        self._publisher = publisher
        self._speed = speed
        self._report = report
        self._merge = TickMerge([*session.streams])
        self.ticks = 0
        self.time_ns = self._merge.advance()
        self.late_ns_max = 0
        self._first_ns = self.time_ns
        self._begin_ns = 0
        self._set_clock()

    async def play(self) -> None:
        """Publish everything, each tick when it is due.

        Raises:
            DataError, EnvironmentFault: a file is damaged; all ticks before it were published.
        """
        merge = self._merge
        self._begin_ns = machine_monotonic_ns()
        self._note_due()
        batch: list[Tick] = []
        while merge.time_ns != END_OF_DATA_NS:
            if self._speed is not None:
                late_ns = machine_monotonic_ns() - self._due_ns(merge.time_ns, self._speed)
                if late_ns < 0:
                    if batch:
                        batch = await self._flush(batch)
                    else:
                        await asyncio.sleep(-late_ns / NANOSECONDS_PER_SECOND)
                    continue
                self.late_ns_max = max(self.late_ns_max, late_ns)
            count = sum(merge.ends[place] - merge.begins[place] for place in range(merge.due_count))
            if len(batch) + count > TICKS_PER_FRAME:
                # A moment stays in one frame, so that a consumer sees it as one.
                batch = await self._flush(batch)
            for place in range(merge.due_count):
                buffer, number = merge.source(place).buffer, merge.due[place]
                for record in range(merge.begins[place], merge.ends[place]):
                    batch.append(tick_of(buffer, record, number))
                    if len(batch) == TICKS_PER_FRAME:
                        batch = await self._flush(batch)
            self.time_ns = merge.time_ns
            try:
                merge.advance()
            except Exception:
                await self._flush(batch)
                raise
        await self._flush(batch)

    async def _flush(self, batch: list[Tick]) -> list[Tick]:
        """Publish what is due and return an empty batch."""
        if batch:
            await self._publisher.publish(batch)
            self.ticks += len(batch)
            self._note_due()
            self._set_clock()
            self._report()
            # A session that is always behind would never let the event loop send.
            await asyncio.sleep(0)
        return []

    def _due_ns(self, time_ns: int, speed: float) -> int:
        """Return when a tick is due, on the monotonic clock."""
        return self._begin_ns + int((time_ns - self._first_ns) / speed)

    def _note_due(self) -> None:
        """Tell the publisher when the first tick that it has not had is due; at the end the session's clock stands still."""
        if self._speed is not None:
            next_ns = self._merge.time_ns
            time_ns = self.time_ns if next_ns == END_OF_DATA_NS else next_ns
            self._publisher.unsent_due_ns = self._due_ns(time_ns, self._speed)

    def _set_clock(self) -> None:
        self._publisher.set_clock(self.time_ns, 0.0 if self._speed is None else self._speed)


def tick_of(buffer: RecordBuffer, record: int, channel: int) -> Tick:
    """Return a record as a tick of a frame."""
    at = record * TICK_WORDS
    words, reals = buffer.words, buffer.reals
    return Tick(
        channel,
        words[at],
        words[at + 2],
        reals[at + 4],
        words[at + 3],
        reals[at + 5],
        words[at + 6],
        words[at + 7],
    )
