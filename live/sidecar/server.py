"""The sidecar's HTTP server: metrics, a list of the runs, a small page, and a sign of life.

Whoever reads slowly or not at all costs one buffered answer and loses the connection; beyond a number of connections
those on which nothing is asked make room.
"""

from __future__ import annotations

import asyncio
import hmac
import html
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import orjson
from aiohttp import web

from live.config import SidecarSettings
from live.report.summary_file import writable
from live.sidecar.address import HEALTH_PATH
from live.sidecar.answers import Answers
from live.sidecar.connections import SPARE_CONNECTIONS, Connection, ConnectionLimit

SCRAPE_OUTCOMES = ("ok", "denied", "busy", "slow", "idle", "malformed")
ANSWER_SECONDS = 10.0
"""Longest time that a client may take to receive an answer."""
REQUEST_SECONDS = 30.0
"""Longest time that a connection may be open without a whole request."""
_SHUTDOWN_SECONDS = 1.0
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>lean-live sidecar</title></head>
<body><h1>lean-live sidecar</h1>
<p><a href="/metrics">metrics</a>, <a href="/runs">runs as JSON</a>{links}, <a href="/healthz">sign of life</a></p>
<table><tr><th align="left">run</th><th align="left">state</th></tr>
{rows}
</table></body></html>
"""

Handler = Callable[[web.Request], Any]


class MetricsServer:
    """Serves what a sidecar knows.

    Parameters:
        settings: table `[sidecar]`.
        token: secret that clients must send as a bearer token, "" for none.
        answers: the metrics.
        list_runs: called for the runs as JSON-ready data.
        is_ending: tells whether the sidecar is about to end, which the sign of life says.
        documents: further JSON-ready data by path, each called for when it is asked for.
        failed: told of an error of our own while a request was answered.

    Attributes:
        scrapes: requests by outcome, of SCRAPE_OUTCOMES: those for metrics that were answered, denied or refused, and
            whatever ended a connection.
    """

    def __init__(
        self,
        settings: SidecarSettings,
        token: str,
        answers: Answers,
        list_runs: Callable[[], list[dict[str, Any]]],
        is_ending: Callable[[], bool],
        failed: Callable[[Exception], None],
        documents: Mapping[str, Callable[[], Any]] = MappingProxyType({}),
    ) -> None:
        self._most = settings.max_scrapes
        self._token = token.encode()
        self._answers = answers
        self._list_runs = list_runs
        self._is_ending = is_ending
        self._failed = failed
        self._documents = documents
        self._under_way = 0
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None
        self.scrapes: Counter[str] = Counter()

    async def start(self, listener: socket.socket) -> None:
        """Begin to serve on a listening socket."""
        application = web.Application(middlewares=[self._attend])
        application.router.add_get("/metrics", self._metrics)
        for name, document in {"runs": self._list_runs, **self._documents}.items():
            application.router.add_get(f"/{name}", self._authorized(_json_of(document)))
        application.router.add_get("/", self._authorized(self._index))
        application.router.add_get(HEALTH_PATH, self._healthz)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        self._runner = runner
        assert runner.server is not None
        limit = ConnectionLimit(runner.server, self._most + SPARE_CONNECTIONS, self.scrapes, REQUEST_SECONDS)
        self._server = await asyncio.get_running_loop().create_server(limit.connect, sock=listener)

    async def stop(self) -> None:
        """End all connections."""
        if self._server is not None:
            self._server.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # -- what is served

    @web.middleware
    async def _attend(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request; an error of our own is told, and no reason to write what a client sent into a log."""
        connection = request.protocol
        assert isinstance(connection, Connection)
        connection.idle_since = None
        try:
            try:
                response: web.StreamResponse = await handler(request)
            except web.HTTPException as refusal:
                headers = {
                    **_HEADERS,
                    **{name: refusal.headers[name] for name in ("Allow",) if name in refusal.headers},
                }
                response = web.Response(status=refusal.status, text=refusal.text, headers=headers)
            except Exception as error:
                self._failed(error)
                response = web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR, headers=_HEADERS)
            if not response.prepared:
                await self._send(request, response)
            return response
        finally:
            if not connection.is_cut:
                connection.idle_since = asyncio.get_running_loop().time()

    async def _send(self, request: web.Request, response: web.StreamResponse) -> bool:
        """Hand an answer over, and return whether the client has taken it; one that does not in time loses its connection."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await response.prepare(request)
                await response.write_eof()
        except TimeoutError:
            self.scrapes["slow"] += 1
            connection = request.protocol
            assert isinstance(connection, Connection)
            connection.cut()
            return False
        except ConnectionError:
            return False
        # None when the client has gone meanwhile.
        return request.transport is not None

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        if not self._is_allowed(request):
            self.scrapes["denied"] += 1
            return _denial()
        if self._under_way >= self._most:
            self.scrapes["busy"] += 1
            return _refuse(f"{self._most} requests are being answered; try again")
        self._under_way += 1
        try:
            body, headers = self._answers.get(
                request.headers.get("Accept", ""), request.headers.get("Accept-Encoding", "")
            )
            response = web.Response(body=body, headers={**_HEADERS, **headers})
            if await self._send(request, response):
                self.scrapes["ok"] += 1
            return response
        finally:
            self._under_way -= 1

    async def _healthz(self, _request: web.Request) -> web.Response:
        return _refuse("ending") if self._is_ending() else web.Response(text="ok\n", headers=_HEADERS)

    async def _index(self, _request: web.Request) -> web.Response:
        rows = "\n".join(
            f"<tr><td>{html.escape(str(each['name']))}</td><td>{html.escape(str(each['state']))}</td></tr>"
            for each in self._list_runs()
        )
        links = "".join(f', <a href="/{name}">{name} as JSON</a>' for name in self._documents)
        return web.Response(text=_PAGE.format(rows=rows, links=links), content_type="text/html", headers=_HEADERS)

    def _authorized(self, handler: Handler) -> Handler:
        async def checked(request: web.Request) -> web.StreamResponse:
            found: web.StreamResponse = await handler(request) if self._is_allowed(request) else _denial()
            return found

        return checked

    def _is_allowed(self, request: web.Request) -> bool:
        """Tell whether a client knows the secret; how long that takes does not depend on how much it knows."""
        if not self._token:
            return True
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        known = hmac.compare_digest(secret.strip().encode("utf-8", "replace"), self._token)
        return known and scheme.lower() == "bearer"


def _json_of(document: Callable[[], Any]) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        body = orjson.dumps(writable(document()), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        return web.Response(body=body, content_type="application/json", headers=_HEADERS)

    return answer


def _denial() -> web.Response:
    text = "send the token: Authorization: Bearer TOKEN\n"
    return web.Response(
        status=HTTPStatus.UNAUTHORIZED, text=text, headers={**_HEADERS, "WWW-Authenticate": 'Bearer realm="lean-live"'}
    )


def _refuse(text: str) -> web.Response:
    return web.Response(
        status=HTTPStatus.SERVICE_UNAVAILABLE, text=f"{text}\n", headers={**_HEADERS, "Retry-After": "1"}
    )
