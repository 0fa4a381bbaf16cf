"""The publisher that docs/feed.md shows is understood."""

from __future__ import annotations

import asyncio
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import msgspec
from support.feed import PATIENCE_SECONDS, Consumer

from live.feeds.socket.address import FeedAddress
from live.feeds.socket.frames import Channel
from live.feeds.socket.health import FeedState
from live.feeds.socket.loops import run_loop

PAGE = Path(__file__).resolve().parents[2] / "docs" / "feed.md"


def documented_frames() -> list[bytes]:
    """Return what the program of the page sends."""
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    sent: list[bytes] = []

    class Listener:
        def accept(self) -> tuple[Any, None]:
            return self, None

        def recv(self, count: int) -> bytes:
            return b""

        def sendall(self, content: bytes) -> None:
            sent.append(content)

    body = program[program.index("def frame") :].replace('socket.create_server(("127.0.0.1", 7070))', "Listener()")
    names: dict[str, Any] = {"Listener": Listener, "struct": struct, "zlib": zlib, "msgspec": msgspec}
    exec(f"import time, uuid\n{body}", names)
    return sent


def test_the_documented_publisher_is_understood(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4_096)
        for each in documented_frames():
            writer.write(each)
        await writer.drain()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_unix_server(serve, str(tmp_path / "feed"))
        consumer = Consumer(FeedAddress(tmp_path / "feed"), channels=[Channel("crypto", "coinbase", "BTCUSD", False)])
        consumer.start()
        await consumer.ended()
        assert consumer.health.state is FeedState.ENDED
        assert consumer.numbers == [60_000, 60_001]
        assert consumer.counters.frames == 3
        server.close()

    run_loop(asyncio.wait_for(main(), 2 * PATIENCE_SECONDS))
