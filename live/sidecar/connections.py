"""The connections of the sidecar's clients: how many there may be, which goes first, and what ends one."""

from __future__ import annotations

import asyncio
from collections import Counter
from http import HTTPStatus
from typing import Any, cast

from aiohttp import web

SPARE_CONNECTIONS = 64
"""Connections beyond the requests that are answered at once."""
_LINGER_SECONDS = 1.0
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nCache-Control: no-store\r\n"
    b"Connection: close\r\n\r\n"
)


class Connection(web.RequestHandler):
    """A client's connection.

    Parameters:
        server: aiohttp's server.
        outcomes: takes in requests that cannot be understood, as `malformed`.
        request_seconds: longest time that it may be open without a whole request.

    Attributes:
        idle_since: when it was opened or its last request answered, in seconds of the event loop; None while a request is
            at work.
        is_cut: whether this process has given it up.
    """

    __slots__ = ("_outcomes", "idle_since", "is_cut")

    def __init__(self, server: web.Server, outcomes: Counter[str], request_seconds: float) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=request_seconds,
            lingering_time=_LINGER_SECONDS,
            access_log=None,  # type: ignore[arg-type]  # aiohttp's own way to write no access log
        )
        self._outcomes = outcomes
        self.idle_since: float | None = self._loop.time()
        self.is_cut = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take up the connection; whoever writes to it waits until the system has taken all of it."""
        super().connection_made(transport)
        if self.transport is not None:
            self.transport.set_write_buffer_limits(high=0)

    def cut(self) -> None:
        """End it at once, whatever waits to be sent."""
        self.is_cut = True
        self.idle_since = None
        if self.transport is not None:
            self.transport.abort()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Return the answer to a request that cannot be understood; anybody may send one, so it is only counted."""
        if status != HTTPStatus.BAD_REQUEST:
            return super().handle_error(request, status, exc, message)
        self._outcomes["malformed"] += 1
        answer = web.Response(status=status, text="this request cannot be understood\n")
        answer.force_close()
        return answer


class ConnectionLimit:
    """Makes the connections of a server.

    Parameters:
        server: aiohttp's server.
        most: most connections at a time.
        outcomes: takes in connections that were ended for others, as `idle`, and those turned away, as `busy`.
        request_seconds: as for Connection.
    """

    def __init__(self, server: web.Server, most: int, outcomes: Counter[str], request_seconds: float) -> None:
        self._server = server
        self._most = most
        self._outcomes = outcomes
        self._request_seconds = request_seconds

    def connect(self) -> asyncio.Protocol:
        """Return what serves a newcomer; for want of room the connection on which nothing was asked for longest goes."""
        known: list[Any] = self._server.connections
        there = [each for each in known if isinstance(each, Connection) and not each.is_cut]
        excess = len(there) + 1 - self._most
        if excess > 0:
            idle = sorted(
                ((each.idle_since, at) for at, each in enumerate(there) if each.idle_since is not None),
            )
            for _since, at in idle[:excess]:
                there[at].cut()
                self._outcomes["idle"] += 1
            if len(idle) < excess:
                self._outcomes["busy"] += 1
                return _Refusal()
        return Connection(self._server, self._outcomes, self._request_seconds)


class _Refusal(asyncio.Protocol):
    """Answers the first request of a connection with status 503, and ends it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a request, not for long: a connection closed before it was read is reset, and the answer lost."""
        # uvloop's transports have all that asyncio.Transport has, and do not descend from it.
        self._transport = cast(asyncio.Transport, transport)
        self._timer = asyncio.get_running_loop().call_later(_LINGER_SECONDS, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Answer."""
        if not self._transport.is_closing():
            self._transport.write(_REFUSAL)
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timer."""
        self._timer.cancel()
