"""The receiving side of a JSON websocket of trades and quotes, on picows.

A websocket has no sessions to resume: what is missed while there is no connection stays missing. Where the market
numbers its trades one by one, the last trade that it repeats after a subscription shows how many were missed.
"""

from __future__ import annotations

from collections.abc import Callable

from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from live.clock import wall_ns
from live.config import FeedSettings
from live.feeds.socket.backoff import Backoff
from live.feeds.socket.health import FeedHealth
from live.feeds.socket.inbox import FeedInbox
from live.feeds.socket.receiver import CONNECT_SECONDS, FeedReceiver, marks
from live.feeds.socket.sequence import SequenceTracker
from live.feeds.socket.websocket_mapping import (
    MESSAGE_BYTES_MAX,
    Mapped,
    MessageError,
    MessageKind,
    MessageMapping,
)


class _Listener(WSListener):
    """Hands what comes to the feed that made the connection."""

    def __init__(self, feed: WebsocketFeed) -> None:
        super().__init__()
        self._feed = feed
        self.transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self._feed.frame_received(self, frame)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._feed.connection_lost(self)


class WebsocketFeed(FeedReceiver):
    """Receives a websocket. Parameters as for FeedReceiver, and:

    Parameters:
        url: address, `ws://` or `wss://`.
        mapping: where messages have what.
    """

    def __init__(
        self,
        url: str,
        mapping: MessageMapping,
        settings: FeedSettings,
        inbox: FeedInbox,
        health: FeedHealth,
        on_ticks: Callable[[], None],
        backoff: Backoff | None = None,
    ) -> None:
        super().__init__(settings, inbox, health, on_ticks, backoff)
        self._url = url
        self._mapping = mapping
        self._listener: _Listener | None = None
        self._parts = bytearray()
        self._trackers = [SequenceTracker(is_consecutive=not each.is_quote) for each in mapping.channels]
        inbox.route(mapping.channels)

    async def _connect(self) -> None:
        self._parts.clear()
        listener = self._listener = _Listener(self)
        try:
            await ws_connect(
                lambda: listener,
                self._url,
                websocket_handshake_timeout=CONNECT_SECONDS,
                max_frame_size=MESSAGE_BYTES_MAX,
            )
        except WSError as error:
            raise ConnectionError(f"{self._url} is no websocket: {error}") from error
        assert listener.transport is not None
        if listener is not self._listener:
            listener.transport.disconnect(graceful=False)
            raise ConnectionAbortedError("stopped while connecting")
        self.counters.connections += 1
        for request in self._mapping.requests:
            listener.transport.send(WSMsgType.TEXT, request)

    def _drop(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None and listener.transport is not None:
            listener.transport.disconnect(graceful=False)

    def _set_reading(self, is_reading: bool) -> None:
        if self._listener is None or self._listener.transport is None:
            return
        transport = self._listener.transport.underlying_transport
        if is_reading:
            transport.resume_reading()
        else:
            transport.pause_reading()

    def _go_on(self) -> None:
        """Nothing was kept back: picows hands over all that it has."""

    def connection_lost(self, listener: _Listener) -> None:
        """Take note of a connection's end."""
        if listener is self._listener:
            self.close("closed by the other side")

    def frame_received(self, listener: _Listener, frame: WSFrame) -> None:
        """Take a frame; parts of a message are put together first."""
        if listener is not self._listener:
            return
        self.received()
        self.counters.frame_bytes += frame.payload_size
        if frame.msg_type not in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            return
        if len(self._parts) + frame.payload_size > MESSAGE_BYTES_MAX:
            self.counters.frames_oversize += 1
            self.close(f"a message of more than {MESSAGE_BYTES_MAX} bytes")
            return
        if not frame.fin or self._parts:
            self._parts += frame.get_payload_as_bytes()
            if not frame.fin:
                return
            content = bytes(self._parts)
            self._parts.clear()
        else:
            content = frame.get_payload_as_bytes()
        self.guarded(lambda: self._message_received(content))

    def _message_received(self, content: bytes) -> None:
        self.counters.frames += 1
        try:
            mapped = self._mapping.decode(content, wall_ns())
        except MessageError as error:
            self.malformed(str(error))
        else:
            self._take(mapped)
        if self._is_over:
            self.close(self.health.reason)
        self._hand_over()
        self.wait_for_room()

    def _take(self, mapped: Mapped) -> None:
        if mapped.kind is MessageKind.ERROR:
            self.counters.refusals += 1
            self.health.halt(f"the market refuses: {mapped.text}; correct [websocket]")
            return
        if not self.health.may_trade:
            self.health.connected()
        self.progress()
        if mapped.tick is None:
            self.on_heartbeat(self.received_ns, wall_ns())
        else:
            self.ticks_sent_ns = self.received_ns
        if mapped.channel < 0:
            self.counters.ticks_ignored += mapped.kind in (MessageKind.TRADE, MessageKind.QUOTE)
            return
        if self._is_new(mapped) and mapped.tick is not None:
            self.inbox.allow_until(self.latest_of(self.received_ns))
            self.overflowed(self.inbox.put((mapped.tick,)))

    def _is_new(self, mapped: Mapped) -> bool:
        """Follow the number of a message; return whether its tick is to be used."""
        if mapped.sequence == 0:
            return True
        tracker = self._trackers[mapped.channel]
        before = marks(tracker)
        if mapped.kind is MessageKind.LAST_TRADE:
            tracker.announce(mapped.sequence + 1)
            skipped = 0
        else:
            skipped = tracker.take(mapped.sequence, 1)
        if marks(tracker) != before:
            self.count_sequence(tracker, before, f"of {self._mapping.channels[mapped.channel]}")
        return skipped == 0
