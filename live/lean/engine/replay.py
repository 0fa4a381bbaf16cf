"""A recorded session for an engine that runs now: published as a feed, beside the engine's process.

What the algorithm subscribes to is known once it has been initialized inside the engine; the feeder there writes it to a
file, and the session is opened then. The feeder takes everything that is published, however slow the engine is.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec
from msgspec import Struct

from live.clock import sleep
from live.errors import EngineFailure, LeanLiveError, error_text
from live.feeds.data_folder import DataFolder
from live.feeds.socket.address import FeedAddress
from live.feeds.socket.loops import run_loop
from live.feeds.socket.publisher import Publisher
from live.feeds.socket.replay import Replay, ReplaySession

_LOOK_SECONDS = 0.05
_HEARTBEAT_SECONDS = 0.5
_WINDOW_TICKS = 1 << 16


class OfferedSubscriptions(Struct):
    """What the feeder inside the engine wrote: symbols as in equity/usa/IBM, and whether bars are made of their ticks."""

    symbols: list[str]
    has_bars: bool


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """Which session is replayed.

    Attributes:
        data_folder: where it is recorded.
        first: first day of exchange time; None begins with the first that there are ticks of.
        last: last day; None likewise.
        speed: how many times faster than it was; None is as fast as the engine takes it.
        extended: whether ticks before and after the regular session belong to it.
    """

    data_folder: Path
    first: date | None = None
    last: date | None = None
    speed: float | None = None
    extended: bool = False


class SessionPublisher:
    """Publishes a session on a thread of this process.

    Parameters:
        request: which session.
        subscriptions: the file that says what the algorithm subscribes to.
        address: where to listen.

    Attributes:
        offered: what the algorithm subscribes to; None before it is known.
        player: plays the session; None before it begins.
        session: the session; None likewise.
        failure: what ended it before its time.
    """

    def __init__(self, request: SessionRequest, subscriptions: Path, address: FeedAddress) -> None:
        self._request = request
        self._subscriptions = subscriptions
        self._address = address
        self._is_stopping = threading.Event()
        self._stop: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._work, name="session publisher", daemon=True)
        self.offered: OfferedSubscriptions | None = None
        self.player: Replay | None = None
        self.session: ReplaySession | None = None
        self.failure: LeanLiveError | None = None

    @property
    def fraction(self) -> float:
        """Share of the session that has been published, 0 to 1."""
        session = self.session
        return session.bytes_read / session.bytes_total if session is not None and session.bytes_total else 0.0

    def start(self) -> None:
        """Begin to wait for the subscriptions."""
        self._thread.start()

    def stop(self) -> None:
        """End, wherever it is, and wait for the end."""
        self._is_stopping.set()
        self._stop()
        self._thread.join()

    def _work(self) -> None:
        try:
            while not self._subscriptions.is_file():
                if self._is_stopping.is_set():
                    return
                sleep(_LOOK_SECONDS)
            self.offered = msgspec.json.decode(self._subscriptions.read_bytes(), type=OfferedSubscriptions)
            request = self._request
            self.session = ReplaySession(
                DataFolder(request.data_folder), self.offered.symbols, request.first, request.last, request.extended
            )
            run_loop(self._publish(self.session))
        except LeanLiveError as error:
            self.failure = error
        except asyncio.CancelledError:
            # Somebody asked for it.
            return
        except Exception as error:
            # Without it the engine, which its own heartbeat keeps alive, would wait for a session that never comes.
            self.failure = EngineFailure(f"the session cannot be published: internal error, {error_text(error)}")
        finally:
            if self.session is not None:
                self.session.close()

    async def _publish(self, session: ReplaySession) -> None:
        publisher = Publisher(session.channels, _HEARTBEAT_SECONDS, _WINDOW_TICKS, True, "")
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        self._stop = lambda: None if loop.is_closed() else _cancel(loop, task)
        if self._is_stopping.is_set():
            return
        self.player = Replay(session, publisher, self._request.speed, lambda: None)
        await publisher.listen(self._address)
        try:
            await publisher.wait_for_consumers(1)
            await self.player.play()
            await publisher.finish()
        except BaseException as error:
            await publisher.stop(str(error) if isinstance(error, LeanLiveError) else "the replay was stopped")
            raise


def _cancel(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    loop.call_soon_threadsafe(task.cancel)
