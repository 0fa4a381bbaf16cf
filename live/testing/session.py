"""A session: one strategy in the engine of a dry run, fed by a test, which also moves its clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

from live.algorithm.blame import where
from live.algorithm.enums import Resolution
from live.algorithm.loader import LoadedAlgorithm, load_algorithm
from live.algorithm.numbers import Number
from live.algorithm.qc_algorithm import QCAlgorithm
from live.algorithm.symbols import Symbol
from live.clock import timedelta_to_ns
from live.config import Config
from live.errors import AlgorithmRuntimeError, UsageError
from live.feeds.bar_subscription import END_OF_DATA_NS
from live.feeds.data_folder import DataFolder
from live.feeds.sample_reference import write_reference
from live.paper.callbacks import guarded
from live.paper.frontier import Frontier
from live.paper.loop import RunLoop
from live.paper.opening import loop_for, open_frontier
from live.paper.seeding import seed_conversion_rates
from live.testing.engine import EngineState, SessionEngine, reference_folder
from live.testing.giving import Gift, Giver, Price
from live.testing.moments import Moment, moment_text, parse_day, parse_moment
from live.testing.past import PastBars
from live.testing.view import SessionView

_NEVER = 1 << 62


class Session(SessionView):
    """Runs a strategy on the data that a test gives it. Use it in a `with` statement.

    Entering runs `initialize`; leaving runs `on_end_of_algorithm`, unless an error is on its way. Data are played at
    once: when `trade`, `quote`, `bar` or `quote_bar` returns, the strategy has seen them and its orders were handled.
    Data of one moment are one time step when they are given inside `with session.moment(...)`. A time that was played is
    over: data must be later.

    Exceptions of the strategy come out as they were raised, with a note that names file and line.

    Prices are those of the exchange. They reach the strategy as given unless `data_folder` has price factors of an
    equity; splits and dividends are not played.

    Parameters:
        strategy: a file, a project folder with a main.py, or a class derived from QCAlgorithm.
        start: first day, instead of what the strategy sets.
        end: last day, instead of what the strategy sets; a year after `start` when it sets none that fits.
        cash: starting cash in the account's currency, instead of what the strategy sets.
        parameters: values for get_parameter.
        data_folder: a LEAN data folder for market hours, symbol properties, history and warm-up. Without it there are
            US equities with the holidays of 2012 to 2014, the major forex pairs of OANDA and some pairs of Coinbase.
        past: bars from before the start, for history and warm-up; they need `start` and no `data_folder`.
        class_name: the class to run, when the file has several algorithms.
        config: limits of the risk gate, as live.toml has them.

    Raises:
        UsageError: the arguments contradict one another.
        AlgorithmError: the file cannot be loaded.
        DataError: the folder is no LEAN data folder.
    """

    def __init__(
        self,
        strategy: str | Path | type[QCAlgorithm],
        *,
        start: str | date | None = None,
        end: str | date | None = None,
        cash: Number | None = None,
        parameters: Mapping[str, Any] | None = None,
        data_folder: str | Path | None = None,
        past: PastBars | Sequence[PastBars] = (),
        class_name: str | None = None,
        config: Config | None = None,
    ) -> None:
        super().__init__()
        self._loaded: LoadedAlgorithm | None = None
        if isinstance(strategy, type):
            if not issubclass(strategy, QCAlgorithm):
                raise UsageError(f"{strategy.__name__} is no algorithm; derive it from QCAlgorithm or LiveAlgorithm")
            self._class = strategy
        else:
            self._loaded = load_algorithm(Path(strategy), class_name)
            self._class = self._loaded.cls
        self._start = None if start is None else parse_day("start", start)
        self._end = None if end is None else parse_day("end", end)
        if past and (data_folder is not None or self._start is None):
            raise UsageError("past bars need start=..., and no data_folder, which would hold other bars")
        self._cash = cash
        self._parameters = {name: str(value) for name, value in (parameters or {}).items()}
        self._data_folder = None if data_folder is None else Path(data_folder).absolute()
        self._past = (past,) if isinstance(past, PastBars) else past
        self._config = config or Config()
        self._state = EngineState()
        self._files: TemporaryDirectory[str] | None = None
        self._engine: SessionEngine
        self._loop: RunLoop
        self._frontier: Frontier
        self._giver: Giver
        self._begin_ns = 0
        self._phase = "new"
        self._has_begun = False
        self._group: _Group | None = None

    # -- beginning and end

    def __enter__(self) -> Session:
        if self._phase != "new":
            raise UsageError("this session was used before; make a new Session for each `with`")
        self._files = TemporaryDirectory(prefix="lean-live-session-", ignore_cleanup_errors=True)
        try:
            self._guarded(self._open)
        except BaseException:
            self._close()
            raise
        self._phase = "open"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self._phase == "open":
                self._end_algorithm()
        finally:
            self._close()

    def _open(self) -> None:
        """Make engine and strategy, run initialize, open the subscriptions."""
        assert self._files is not None
        files = Path(self._files.name)
        self._engine = engine = SessionEngine(
            self._folder(files),
            files / "object-store",
            self._parameters,
            self._config,
            self._records,
            self._start,
            self._end,
        )
        guarded("__init__", engine.attach, self._class, blamed=self._class)
        engine.callbacks.call("initialize")
        engine.finish_initialize()
        engine.replace_cash(self._cash)
        engine.subscriptions.start_ns = engine.start_utc_ns
        frontier = open_frontier(engine)
        seed_conversion_rates(engine)
        # Data before the start are those of files, or, without any, what the test gives by date and time.
        has_files = self._data_folder is not None or bool(self._past)
        self._begin_ns = frontier.begin_ns
        self._now_ns = engine.start_utc_ns if has_files else frontier.begin_ns
        self._frontier = frontier
        self._giver = Giver(engine)
        self._loop = loop_for(engine, frontier)(engine, frontier, _no_report, _NEVER)

    def _folder(self, files: Path) -> Path:
        if self._data_folder is not None:
            return self._data_folder
        if not self._past:
            return reference_folder()
        assert self._start is not None
        write_reference(files)
        for bars in self._past:
            bars.write(DataFolder(files), self._start)
        return files

    def _end_algorithm(self) -> None:
        self._phase = "ended"
        self._guarded(self._engine.callbacks.call, "on_end_of_algorithm")

    def _close(self) -> None:
        if self._phase != "failed":
            self._phase = "closed"
        if self._files is not None:
            self._files.cleanup()

    def finish(self) -> None:
        """Play what the last data lead to until the end date, such as repeated bars, and call `on_end_of_algorithm`.

        Raises:
            UsageError: the session is not open.
        """
        self._require_open()
        self._guarded(self._play_to_end)
        self._end_algorithm()

    def _play_to_end(self) -> None:
        self._begin()
        self._loop.run_until(END_OF_DATA_NS - 1)
        self._now_ns = max(self._now_ns, self._engine.time_ns)

    # -- data

    def trade(
        self,
        symbol: str | Symbol,
        price: Price,
        size: float = 100.0,
        *,
        at: Moment | None = None,
        after: timedelta | None = None,
        suspicious: bool = False,
        exchange: str = "",
    ) -> None:
        """Give a trade to a tick subscription.

        Parameters:
            symbol: ticker, or the symbol's object.
            price: of the trade.
            size: quantity traded.
            at: when, see `live.testing.moments`: "09:30:00" of the present day, or with a date.
            after: when, counted from the moment before. Without `at` and `after` it is a millisecond, or the next
                opening if the market is closed then.
            suspicious: whether the exchange marked it as doubtful.
            exchange: the exchange's letter, "N" for example.

        Raises:
            UsageError: no such subscription, the market is closed, or the time is over.
        """
        self._give(at, after, self._giving().trade, symbol, price, size, suspicious, exchange)

    def quote(
        self,
        symbol: str | Symbol,
        bid: Price | None = None,
        ask: Price | None = None,
        *,
        bid_size: float = 100.0,
        ask_size: float = 100.0,
        at: Moment | None = None,
        after: timedelta | None = None,
        suspicious: bool = False,
        exchange: str = "",
    ) -> None:
        """Give a quote to a tick subscription: a bid, an ask or both. Other parameters and errors as for `trade`."""
        self._give(at, after, self._giving().quote, symbol, bid, ask, bid_size, ask_size, suspicious, exchange)

    def bar(
        self,
        symbol: str | Symbol,
        close: Price,
        *,
        open: Price | None = None,
        high: Price | None = None,
        low: Price | None = None,
        volume: float = 1_000.0,
        at: Moment | None = None,
        after: timedelta | None = None,
        resolution: Resolution | None = None,
    ) -> None:
        """Give a trade bar to a bar subscription.

        Parameters:
            symbol: ticker, or the symbol's object.
            close: last price; also the first when `open` is left out.
            open: first price.
            high: highest price; that of open and close when left out.
            low: lowest price; that of open and close when left out.
            volume: quantity traded.
            at: the bar's end, which is when it becomes known.
            after: the bar's end, counted from the moment before. Without `at` and `after` it is the next bar of open
                market.
            resolution: which subscription, when there are several.

        Raises:
            UsageError: no such subscription, no bar ends then, the market is closed, or the time is over.
        """
        self._give(at, after, self._giving().bar, symbol, (open, high, low, close), volume, resolution)

    def quote_bar(
        self,
        symbol: str | Symbol,
        bid: Price | Sequence[Price] | None = None,
        ask: Price | Sequence[Price] | None = None,
        *,
        bid_size: float = 1_000.0,
        ask_size: float = 1_000.0,
        at: Moment | None = None,
        after: timedelta | None = None,
        resolution: Resolution | None = None,
    ) -> None:
        """Give a quote bar to a bar subscription.

        Parameters:
            bid: one price for the whole bar, or (open, high, low, close); None for no bid.
            ask: likewise.
            bid_size: last size.
            ask_size: last size.

        Other parameters and errors as for `bar`.
        """
        self._give(at, after, self._giving().quote_bar, symbol, bid, ask, bid_size, ask_size, resolution)

    @contextmanager
    def moment(self, at: Moment | None = None, after: timedelta | None = None) -> Iterator[None]:
        """Give several data of one moment as one time step: what is given inside is played when the block ends.

        Parameters:
            at: the moment; that of the first data inside when `at` and `after` are left out.
            after: the moment, counted from the one before.

        Raises:
            UsageError: blocks lie in one another, or the time is over.
        """
        self._require_open()
        if self._group is not None:
            raise UsageError("moments cannot lie in one another; end the outer `with session.moment()` first")
        self._group = group = _Group(self._time_of(at, after))
        try:
            yield
        finally:
            self._group = None
        if group.gifts:
            assert group.time_ns is not None
            self._guarded(self._play, group.time_ns, group.gifts)

    def _giving(self) -> Giver:
        self._require_open()
        return self._giver

    def _give(self, at: Moment | None, after: timedelta | None, make: Callable[..., Gift], *values: Any) -> None:
        group = self._group
        if group is not None and group.time_ns is not None and (at is not None or after is not None):
            raise UsageError("the moment is that of `with session.moment(...)`; leave out at and after inside of it")
        time_ns = self._time_of(at, after) if group is None or group.time_ns is None else group.time_ns
        gift = make(self._from_ns, time_ns, *values)
        self._require_later(gift.time_ns)
        if group is None:
            self._guarded(self._play, gift.time_ns, [gift])
            return
        group.time_ns = gift.time_ns
        group.gifts.append(gift)

    def _time_of(self, at: Moment | None, after: timedelta | None) -> int | None:
        if at is not None and after is not None:
            raise UsageError("give at or after, not both")
        if at is not None:
            return parse_moment(at, self._engine.zone, self._from_ns)
        return None if after is None else self._from_ns + timedelta_to_ns(after)

    @property
    def _from_ns(self) -> int:
        """Moment that days and spans are counted from: during a warm-up the start of the run."""
        return max(self._now_ns, self._engine.start_utc_ns)

    def _require_later(self, time_ns: int) -> None:
        engine = self._engine
        if time_ns < self._now_ns or (self._has_begun and time_ns == self._now_ns):
            hint = "a time without a date means the present day; data of one moment go into `with session.moment(...)`"
            raise UsageError(
                f"{moment_text(time_ns, engine.zone)} is over, it is {moment_text(self._now_ns, engine.zone)} already; "
                f"give a later time ({hint})"
            )
        if time_ns > engine.end_utc_ns:
            raise UsageError(
                f"{moment_text(time_ns, engine.zone)} lies after the last day of the session; "
                "choose a later one by Session(end=...)"
            )

    def _play(self, time_ns: int, gifts: list[Gift]) -> None:
        """Play everything up to a moment, with data of that moment."""
        if time_ns > self._begin_ns:
            self._begin()
        for gift in gifts:
            gift.give()
        self._frontier.reschedule()
        self._loop.wake(self._engine.subscriptions.fresh_ticks())
        self._begin()
        self._loop.run_until(time_ns)
        self._settle(time_ns)

    def _begin(self) -> None:
        """Make the first step, once."""
        if not self._has_begun:
            self._has_begun = True
            self._loop.begin()

    # -- time

    def advance(
        self,
        span: timedelta | None = None,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        milliseconds: float = 0,
    ) -> None:
        """Let time go by: scheduled events, consolidators and repeated bars that are due until then, that moment included.

        Parameters:
            span: how much, or by its parts.
            days: of 24 hours.
            hours: of 60 minutes.
            minutes: of 60 seconds.
            seconds: of 1,000 milliseconds.
            milliseconds: a thousandth of a second each.

        Raises:
            UsageError: the session is not open, or the span is not above zero.
        """
        parts = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds)
        self._require_open()
        self._advance(self._from_ns + timedelta_to_ns((span or timedelta()) + parts))

    def advance_to(self, at: Moment) -> None:
        """Let time go by until a moment, which is written as `at` of `trade`.

        Raises:
            UsageError: the session is not open, or the moment is over.
        """
        self._require_open()
        self._advance(parse_moment(at, self._engine.zone, self._from_ns))

    def _advance(self, time_ns: int) -> None:
        if self._group is not None:
            raise UsageError("time stands still inside `with session.moment(...)`; advance after it")
        self._require_later(time_ns)
        self._guarded(self._pass_time, time_ns)

    def _pass_time(self, time_ns: int) -> None:
        self._begin()
        if self._loop.run_until(time_ns):
            self._loop.pass_time(time_ns)
        self._settle(time_ns)

    def _settle(self, time_ns: int) -> None:
        """Take a moment as the present one, and let securities know its ticks, for those who look at them."""
        self._now_ns = time_ns
        self._engine.clock.time_ns()

    # -- guarding

    def __repr__(self) -> str:
        if self._phase == "new":
            return f"<Session of {self._class.__name__}, not entered>"
        return (
            f"<Session of {self._class.__name__} at {self.time}: {len(self.orders)} orders, "
            f"{len(self._records.events)} order events, equity {self.equity:.2f}>"
        )

    def _opened(self) -> SessionEngine:
        """Return the engine; after the session it may still be asked."""
        if not hasattr(self, "_giver"):
            raise UsageError("the session has not begun; write `with Session(...) as session:`")
        return self._engine

    def _require_open(self) -> None:
        engine = self._opened()
        if self._phase == "failed":
            raise UsageError("an exception ended this session; make a new one")
        if self._phase != "open":
            raise UsageError("the session is over; give data and time inside of its `with` block, before finish()")
        if engine.quit_message is not None:
            raise UsageError(f"the run was ended by quit ({engine.quit_message!r}); nothing can follow")

    def _guarded(self, work: Callable[..., Any], *values: Any) -> None:
        """Let the engine work; what the strategy raises comes out as it was raised, with a note of where."""
        scope = nullcontext() if self._loaded is None else self._loaded.on_path()
        try:
            with scope, self._state.active():
                work(*values)
            return
        except AlgorithmRuntimeError as error:
            self._phase = "failed"
            failure = error
        except BaseException:
            self._phase = "failed"
            raise
        # Outside of the handler, so that the strategy's exception is not shown as raised while handling ours.
        raised = failure.__cause__
        if not isinstance(raised, Exception):
            raise failure
        raised.add_note(f"raised by the strategy at {where(raised)}")
        raise raised


class _Group:
    """Data of one moment that wait for the end of a block; the time is None until the first of them decides it."""

    def __init__(self, time_ns: int | None) -> None:
        self.time_ns = time_ns
        self.gifts: list[Gift] = []


def _no_report() -> None:
    """Show no progress."""
