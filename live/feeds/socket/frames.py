"""The frames of the socket feed: what they say, and how they are written. docs/feed.md describes them for other programs.

A frame on the wire is a header of 12 bytes and a payload:

    bytes  content
    0-3    the letters "LLF1": the format and its major version
    4-7    length of the payload in bytes, big-endian
    8-11   CRC-32 (that of zlib) of the four bytes of the length and the payload, big-endian
    12-    the payload: one MessagePack array whose first element is the number of the message

Every tick has a sequence number: 1 for the first of a session, one more for each that follows, across all channels.
A frame of ticks names the number of its first tick. Heartbeats and the end name the number that comes next, so that a
loss of the last ticks is noticed too. Fields are only ever appended, with a default; anything else is a new version.
"""

from __future__ import annotations

import struct
import zlib
from typing import Annotated, Union

import msgspec
from msgspec import Meta, Struct

MAGIC = b"LLF1"
FEED_VERSION = 1
"""Version of the messages; a publisher refuses consumers of another."""

HEADER = struct.Struct(">4sII")
LENGTH = struct.Struct(">I")
CHECK = struct.Struct(">I")
HEADER_BYTES = HEADER.size
FRAME_BYTES_MAX = 1 << 20
"""Largest payload that is sent or taken, in bytes."""

TICKS_PER_FRAME = 512
CHANNELS_MAX = 4_096
TEXT_MAX = 512

SIZE_MAX = 1e18
_INT64_MAX = (1 << 63) - 1
Sequence = Annotated[int, Meta(ge=1, le=_INT64_MAX)]
Moment = Annotated[int, Meta(ge=0, le=_INT64_MAX - 1)]
Price = Annotated[int, Meta(ge=0, le=_INT64_MAX)]
Size = Annotated[float, Meta(ge=0, le=SIZE_MAX)]
Text = Annotated[str, Meta(max_length=TEXT_MAX)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]


class Channel(Struct, frozen=True, array_like=True):
    """One symbol's trades or quotes; ticks name it by its place in the list of the hello.

    Attributes:
        security_type: asset class in lower case: "equity", "forex", "crypto".
        market: market in lower case, such as "usa".
        ticker: ticker in upper case.
        is_quote: True for quotes, False for trades.
    """

    security_type: Name
    market: Name
    ticker: Name
    is_quote: bool

    def __str__(self) -> str:
        return f"{self.security_type}/{self.market}/{self.ticker} {'quotes' if self.is_quote else 'trades'}"


class Tick(Struct, array_like=True):
    """One trade or quote.

    Attributes:
        channel: place of its channel in the hello.
        time_ns: UTC nanoseconds since 1970; never before that of an earlier tick of the channel.
        price_e9: price of a trade or bid of a quote, times 1e9; 0 for a quote without a bid.
        size: quantity of a trade, size of a bid.
        ask_e9: ask of a quote, times 1e9, 0 without one; 0 for trades.
        ask_size: size of an ask; 0 for trades.
        flags: bit 0 suspicious; bits 8-15 character code of the exchange; bits 32-63 sale condition.
        line: number of the row in the file that the tick comes from, 0 when it comes from none.
    """

    channel: Annotated[int, Meta(ge=0, lt=CHANNELS_MAX)]
    time_ns: Moment
    price_e9: Price
    size: Size
    ask_e9: Price = 0
    ask_size: Size = 0.0
    flags: Annotated[int, Meta(ge=-_INT64_MAX - 1, le=_INT64_MAX)] = 0
    line: Moment = 0


class Subscribe(Struct, frozen=True, array_like=True, tag=1):
    """The first and only frame of a consumer.

    Attributes:
        version: FEED_VERSION.
        token: the secret of a publisher that asks for one, else "".
        session: the session to resume, "" to take whichever there is.
        next_sequence: the first tick that is wanted; with 1 all that the publisher still has.
    """

    version: Annotated[int, Meta(ge=0, le=_INT64_MAX)]
    token: Text = ""
    session: Text = ""
    next_sequence: Sequence = 1


class Hello(Struct, frozen=True, array_like=True, tag=2):
    """The first frame of a publisher.

    Attributes:
        version: FEED_VERSION.
        session: name of the session; sequence numbers hold within it.
        next_sequence: the first tick that this consumer will get.
        heartbeat_seconds: longest time without a frame.
        channels: all channels of the session.
        time_ns: what the session's clock shows, UTC nanoseconds since 1970; 0 for that of the world.
        speed: how many times faster than the world's the session's clock goes; 0 for one that only ticks move.
    """

    version: Annotated[int, Meta(ge=0, le=_INT64_MAX)]
    session: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]
    next_sequence: Sequence
    heartbeat_seconds: Annotated[float, Meta(gt=0, le=3_600)]
    channels: Annotated[tuple[Channel, ...], Meta(max_length=CHANNELS_MAX)]
    time_ns: Moment = 0
    speed: Annotated[float, Meta(ge=0, le=1e9)] = 1.0


class Ticks(Struct, frozen=True, array_like=True, tag=3):
    """One or more ticks in order.

    Attributes:
        sequence: number of the first of them.
        sent_ns: when the frame was made, on the sending machine's monotonic clock.
        ticks: the ticks.
    """

    sequence: Sequence
    sent_ns: Moment
    ticks: Annotated[list[Tick], Meta(min_length=1, max_length=TICKS_PER_FRAME)]


class Heartbeat(Struct, frozen=True, array_like=True, tag=4):
    """Sent when nothing else was for a while.

    Attributes:
        next_sequence: number that the next tick will have.
        sent_ns: as in Ticks.
        wall_ns: the sending machine's wall clock, UTC nanoseconds since 1970.
    """

    next_sequence: Sequence
    sent_ns: Moment
    wall_ns: Moment


class End(Struct, frozen=True, array_like=True, tag=5):
    """The session is over; nothing follows.

    Attributes:
        next_sequence: number that a further tick would have had.
    """

    next_sequence: Sequence


class Goodbye(Struct, frozen=True, array_like=True, tag=6):
    """The publisher ends the connection, not the session.

    Attributes:
        reason: one of the REASON values below.
        text: what happened and what to do, for people.
        may_return: whether connecting again can help.
    """

    reason: Name
    text: Text
    may_return: bool


REASON_VERSION = "version"
REASON_TOKEN = "token"  # noqa: S105 - the name of a reason
REASON_SLOW = "slow_consumer"
REASON_BAD_FRAME = "bad_frame"
REASON_FULL = "too_many_consumers"
REASON_STOPPED = "stopped"

Message = Union[Subscribe, Hello, Ticks, Heartbeat, End, Goodbye]


class FrameEncoder:
    """Writes frames into one buffer that is used again for each."""

    def __init__(self) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._buffer = bytearray(HEADER_BYTES)

    def encode(self, message: Message) -> bytearray:
        """Return the frame of a message: the encoder's own buffer, valid until the next call."""
        buffer = self._buffer
        self._encoder.encode_into(message, buffer, HEADER_BYTES)
        length = len(buffer) - HEADER_BYTES
        assert length <= FRAME_BYTES_MAX
        HEADER.pack_into(buffer, 0, MAGIC, length, 0)
        with memoryview(buffer) as view:
            CHECK.pack_into(buffer, 8, checksum(length, view[HEADER_BYTES:]))
        return buffer


def checksum(length: int, payload: memoryview | bytes) -> int:
    """Return the check value of a frame."""
    return zlib.crc32(payload, zlib.crc32(LENGTH.pack(length)))
