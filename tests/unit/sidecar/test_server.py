"""The sidecar's server against clients that do not behave."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest
import uvloop

import live.sidecar.server
from live.config import SidecarSettings
from live.sidecar.address import listen
from live.sidecar.answers import Answers
from live.sidecar.server import MetricsServer

LARGE = b"x" * (16 << 20)
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"

Play = Callable[[MetricsServer, tuple[str, int]], Awaitable[None]]


def play(scenario: Play, body: bytes = LARGE, max_scrapes: int = 2) -> MetricsServer:
    """Play a scenario beside a server; the clients are on the same event loop."""
    settings = SidecarSettings(port=0, max_scrapes=max_scrapes)

    async def main() -> MetricsServer:
        answers = Answers(lambda _: body, asyncio.get_running_loop().time, 60.0)
        server = MetricsServer(settings, "", answers, list, lambda: False)
        with listen(settings) as listener:
            await server.start(listener)
            try:
                async with asyncio.timeout(60):
                    await scenario(server, listener.getsockname()[:2])
            finally:
                await server.stop()
        return server

    return uvloop.run(main())


async def stuck_client(address: tuple[str, int]) -> socket.socket:
    """Return a connection that has asked for metrics and reads nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, address)
    await loop.sock_sendall(client, REQUEST)
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
    ],
)
def test_garbage_is_refused_and_the_next_client_served(garbage: bytes) -> None:
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

    play(scenario, b"text")
