"""The sidecar's server against clients that do not behave."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

import pytest
import uvloop

import live.sidecar.server
from live.config import SidecarSettings
from live.sidecar.address import listen
from live.sidecar.answers import Answers
from live.sidecar.connections import SPARE_CONNECTIONS
from live.sidecar.server import MetricsServer

LARGE = b"x" * (16 << 20)
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"

Play = Callable[[MetricsServer, tuple[str, int]], Awaitable[None]]


def play(scenario: Play, body: bytes = LARGE, max_scrapes: int = 2) -> MetricsServer:
    """Play a scenario beside a server; the clients are on the same event loop."""
    settings = SidecarSettings(port=0, max_scrapes=max_scrapes)
    failures: list[Exception] = []

    async def main() -> MetricsServer:
        answers = Answers(lambda _: body, asyncio.get_running_loop().time, 60.0)
        server = MetricsServer(settings, "", answers, list, lambda: False, failures.append)
        with listen(settings) as listener:
            await server.start(listener)
            try:
                async with asyncio.timeout(60):
                    await scenario(server, listener.getsockname()[:2])
            finally:
                await server.stop()
        return server

    server = uvloop.run(main())
    assert failures == []
    return server


async def stuck_client(address: tuple[str, int], request: bytes = REQUEST) -> socket.socket:
    """Return a connection that has asked for metrics and reads nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, address)
    await loop.sock_sendall(client, request)
    return client


async def head_of_answer(address: tuple[str, int]) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(REQUEST)
    try:
        return await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


def test_a_client_that_does_not_read_loses_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.sidecar.server, "ANSWER_SECONDS", 0.2)

    async def scenario(server: MetricsServer, address: tuple[str, int]) -> None:
        client = await stuck_client(address)
        with client:
            await until(lambda: server.scrapes["slow"] == 1)
        assert server.scrapes["ok"] == 0

    play(scenario)


def test_clients_beyond_the_limit_are_told_to_come_again() -> None:
    async def scenario(server: MetricsServer, address: tuple[str, int]) -> None:
        stuck = [await stuck_client(address) for _ in range(2)]
        for client in stuck:
            # The first byte of an answer: it is under way.
            await asyncio.get_running_loop().sock_recv(client, 1)
        head = await head_of_answer(address)
        assert head.startswith(b"HTTP/1.1 503")
        assert b"Retry-After: 1" in head
        assert server.scrapes == {"busy": 1}
        for client in stuck:
            client.close()
        async with asyncio.timeout(60):
            while not (await head_of_answer(address)).startswith(b"HTTP/1.1 200"):
                pass

    play(scenario)


@pytest.mark.parametrize("begun", [b"", b"GET /metrics HTTP/1.1\r\nHost: loc"])
def test_a_client_that_does_not_end_its_request_loses_its_connection(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.sidecar.server, "REQUEST_SECONDS", 0.2)

    async def scenario(_server: MetricsServer, address: tuple[str, int]) -> None:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(begun)
        assert await reader.read() == b""
        writer.close()

    play(scenario)


def test_a_connection_serves_one_answer_after_the_other() -> None:
    async def scenario(server: MetricsServer, address: tuple[str, int]) -> None:
        reader, writer = await asyncio.open_connection(*address)
        for _ in range(3):
            writer.write(REQUEST)
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(4) == b"text"
        writer.write(REQUEST.replace(b"GET", b"HEAD"))
        assert b"Content-Length: 4" in await reader.readuntil(b"\r\n\r\n")
        writer.write(REQUEST.replace(b"GET", b"POST"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 405")
        writer.close()
        assert server.scrapes["ok"] == 4

    play(scenario, b"text")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /metrics\r\n\r\n",
        b"X" * 20_000,
        b"GET / HTTP/1.1\r\nA" * 50,
        b"GET / HTTP/1.1\r\nA: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_garbage_is_refused_and_the_next_client_served(garbage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(server: MetricsServer, address: tuple[str, int]) -> None:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(garbage)
        writer.write_eof()
        await reader.read()
        writer.close()
        reader, writer = await asyncio.open_connection(*address)
        writer.write(REQUEST)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        writer.close()

    with caplog.at_level(logging.INFO):
        server = play(scenario, b"text")
    assert server.scrapes["ok"] == 1
    assert server.scrapes["malformed"] == (not garbage.startswith(b"GET /metrics"))
    # Anybody can send garbage: it must not fill a disk.
    assert not caplog.records


def test_connections_on_which_nothing_is_asked_make_room() -> None:
    async def scenario(server: MetricsServer, address: tuple[str, int]) -> None:
        first, first_writer = await asyncio.open_connection(*address)
        held = [await asyncio.open_connection(*address) for _ in range(SPARE_CONNECTIONS + 2)]
        assert await first.read() == b""
        reader, writer = await asyncio.open_connection(*address)
        writer.write(REQUEST)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        for each in (first_writer, writer, *(writer for _reader, writer in held)):
            each.close()

    assert play(scenario, b"text").scrapes == {"ok": 1, "idle": 2}


def test_a_connection_that_waits_for_its_answer_makes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.sidecar.server, "SPARE_CONNECTIONS", 0)

    async def scenario(server: MetricsServer, address: tuple[str, int]) -> None:
        stuck = [await stuck_client(address) for _ in range(2)]
        for client in stuck:
            # Where the first byte of the answer has come, the rest is under way.
            assert await asyncio.get_running_loop().sock_recv(client, 1) == b"H"
        reader, writer = await asyncio.open_connection(*address)
        writer.write(REQUEST)
        assert (await reader.read()).startswith(b"HTTP/1.1 503")
        writer.close()
        for client in stuck:
            client.close()

    assert play(scenario).scrapes == {"busy": 1}


def test_ordinary_answers_that_nobody_reads_cost_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.sidecar.server, "ANSWER_SECONDS", 0.2)

    async def scenario(server: MetricsServer, address: tuple[str, int]) -> None:
        # More than the system buffers for a connection, in answers that are small each.
        with await stuck_client(address, REQUEST * 200):
            await until(lambda: server.scrapes["slow"] == 1)

    assert play(scenario, b"x" * 60_000).scrapes["ok"] < 200


@pytest.mark.parametrize(("path", "status"), [("/nothing", b"404"), ("/fails", b"500")])
def test_an_error_is_an_answer(path: str, status: bytes) -> None:
    told: list[Exception] = []

    def fail() -> None:
        raise ZeroDivisionError("of a part")

    async def main() -> bytes:
        settings = SidecarSettings(port=0)
        answers = Answers(lambda _: b"", asyncio.get_running_loop().time, 60.0)
        server = MetricsServer(settings, "", answers, list, lambda: False, told.append, {"fails": fail})
        with listen(settings) as listener:
            await server.start(listener)
            reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            writer.write(REQUEST.replace(b"/metrics", path.encode()))
            head = await reader.readuntil(b"\r\n\r\n")
            writer.close()
            await server.stop()
            return head

    assert uvloop.run(main()).startswith(b"HTTP/1.1 " + status)
    assert [str(error) for error in told] == (["of a part"] if path == "/fails" else [])
