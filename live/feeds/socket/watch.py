"""Receiving a feed without a run: ticks are taken from their queues, counted and forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from live.config import FeedSettings, WebsocketSettings
from live.errors import UsageError
from live.feeds.socket.address import FeedAddress
from live.feeds.socket.client import SocketFeed
from live.feeds.socket.frames import Channel
from live.feeds.socket.health import FeedHealth, FeedState
from live.feeds.socket.inbox import FeedInbox
from live.feeds.socket.receiver import FeedReceiver
from live.feeds.socket.websocket import WebsocketFeed
from live.feeds.socket.websocket_mapping import MessageMapping
from live.hot.merge import TickMerge
from live.hot.records import END_OF_DATA_NS

_LOOK_SECONDS = 0.2


class FeedWatch:
    """A feed whose ticks are only counted.

    Parameters:
        inbox: the queues.
        health: the feed's state.

    Attributes:
        receiver: the feed.
        ticks: ticks that came out of the queues.
        events: changes of state, with their reasons, at most EVENTS_MAX.
        on_look: called several times a second.
    """

    EVENTS_MAX = 1_000

    def __init__(self, settings: FeedSettings, channels: list[Channel] | None) -> None:
        self.health = FeedHealth(settings, self._on_change)
        self.inbox = FeedInbox(
            None if channels is None else [(each, index) for index, each in enumerate(channels)],
            settings.queue_ticks,
            settings.full_queue,
            self.health.counters,
        )
        self.receiver: FeedReceiver | None = None
        self.ticks = 0
        self.events: list[str] = []
        self.on_look: Callable[[], None] = lambda: None
        self._merge: TickMerge | None = None

    async def run(self) -> None:
        """Receive until the session ends or the feed halts."""
        assert self.receiver is not None
        looks = asyncio.get_running_loop().create_task(self._look())
        try:
            await self.receiver.run()
        finally:
            looks.cancel()
            await asyncio.gather(looks, return_exceptions=True)
        self.take()

    def take(self) -> None:
        """Take all ticks that are waiting."""
        if self._merge is None or len(self._merge.sources) != len(self.inbox.sources):
            self._merge = TickMerge([*self.inbox.sources])
        merge = self._merge
        self.inbox.wake(merge)
        while merge.advance() != END_OF_DATA_NS:
            self.ticks += sum(merge.ends[place] - merge.begins[place] for place in range(merge.due_count))

    @property
    def may_trade(self) -> bool:
        """Whether the feed is well."""
        return self.health.may_trade

    @property
    def halt_reason(self) -> str:
        """Why the feed halted, "" when it did not."""
        return self.health.reason if self.health.state is FeedState.HALTED else ""

    def result(self, state: str) -> dict[str, Any]:
        """Return what came and what was wrong."""
        own = self.health.state
        return {
            "state": own.value if self.health.is_over else state,
            "reason": self.health.reason,
            "channels": [str(each.channel) for each in self.inbox.sources],
            "events": list(self.events),
            **self.health.counters.as_dict(),
        }

    def _on_change(self, health: FeedHealth) -> None:
        if len(self.events) < self.EVENTS_MAX:
            self.events.append(f"{health.state.value}: {health.reason}")

    async def _look(self) -> None:
        while True:
            self.on_look()
            await asyncio.sleep(_LOOK_SECONDS)


def watch_socket(address: FeedAddress, settings: FeedSettings, symbols: tuple[str, ...], token: str) -> FeedWatch:
    """Return a watch of a publisher.

    Parameters:
        address: where it listens.
        settings: table [feed].
        symbols: asset class/market/ticker each, trades and quotes of all classes but forex; empty for all channels.
        token: the publisher's secret.

    Raises:
        UsageError: a symbol has another form.
    """
    watch = FeedWatch(settings, channels_of(symbols) if symbols else None)
    watch.receiver = SocketFeed(address, settings, watch.inbox, watch.health, watch.take, token)
    return watch


def watch_websocket(settings: FeedSettings, websocket: WebsocketSettings) -> FeedWatch:
    """Return a watch of a JSON websocket.

    Raises:
        ConfigError: the table [websocket] is incomplete or wrong.
    """
    mapping = MessageMapping(websocket)
    watch = FeedWatch(settings, list(mapping.channels))
    watch.receiver = WebsocketFeed(websocket.url, mapping, settings, watch.inbox, watch.health, watch.take)
    return watch


def channels_of(symbols: tuple[str, ...]) -> list[Channel]:
    """Return the channels of symbols: trades and quotes, of forex quotes only.

    Raises:
        UsageError: a symbol has another form than asset class/market/ticker.
    """
    found = []
    for word in symbols:
        parts = word.split("/")
        if len(parts) != 3 or not all(parts):
            raise UsageError(f"--symbols: {word!r} is no symbol; write it as in equity/usa/IBM")
        kind, market, ticker = parts[0].lower(), parts[1].lower(), parts[2].upper()
        found += [Channel(kind, market, ticker, is_quote) for is_quote in (False, True) if is_quote or kind != "forex"]
    return found
