"""The reading side of the frame format: bytes in pieces of any size become messages, and nothing else does.

The buffer has a fixed size. A length is compared with the limit before anything is done with it, and a payload with its
check value before it is decoded, so that neither damage nor ill will costs memory or becomes a tick.
"""

from __future__ import annotations

import msgspec

from live.feeds.socket.frames import FRAME_BYTES_MAX, HEADER, HEADER_BYTES, MAGIC, Message, checksum

_READ_BYTES = 1 << 16


class FrameError(Exception):
    """The bytes are no frames, or hold one that cannot be trusted: the connection is of no more use."""


class OversizeFrameError(FrameError):
    """A frame says that it is larger than any may be."""


class MalformedMessageError(Exception):
    """A whole, undamaged frame holds no message of this version; the next frame is not affected."""


class FrameDecoder:
    """Turns received bytes into messages.

    The receiver writes into what `free_space` returns and calls `received`; then `next_message` is called until it
    returns None.

    Parameters:
        frame_bytes_max: largest payload that is taken, in bytes.
    """

    def __init__(self, frame_bytes_max: int = FRAME_BYTES_MAX) -> None:
        assert 0 < frame_bytes_max <= FRAME_BYTES_MAX
        self._frame_bytes_max = frame_bytes_max
        self._buffer = bytearray(frame_bytes_max + HEADER_BYTES + _READ_BYTES)
        self._view = memoryview(self._buffer)
        self._begin = 0
        self._end = 0
        self._decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)

    def free_space(self) -> memoryview:
        """Return the part of the buffer to receive into; it is never empty once all messages have been taken."""
        if len(self._buffer) - self._end < _READ_BYTES:
            waiting = self._end - self._begin
            self._view[:waiting] = bytes(self._view[self._begin : self._end])
            self._begin, self._end = 0, waiting
        return self._view[self._end :]

    def received(self, count: int) -> None:
        """Take note of bytes that were written into the free space."""
        assert 0 <= count <= len(self._buffer) - self._end
        self._end += count

    def next_message(self) -> Message | None:
        """Return the next message, None when its frame is not complete.

        Raises:
            OversizeFrameError: a frame is too large.
            FrameError: what comes is no frame, or it was damaged.
            MalformedMessageError: the content of a frame is wrong; the frame is skipped.
        """
        waiting = self._end - self._begin
        if waiting < HEADER_BYTES:
            self._check_beginning(waiting)
            return None
        magic, length, check = HEADER.unpack_from(self._buffer, self._begin)
        if magic != MAGIC:
            self._check_beginning(len(MAGIC))
        if length > self._frame_bytes_max:
            raise OversizeFrameError(f"a frame of {length} bytes; at most {self._frame_bytes_max} are taken")
        if waiting < HEADER_BYTES + length:
            return None
        begin = self._begin + HEADER_BYTES
        self._begin = begin + length
        payload = self._view[begin : self._begin]
        if checksum(length, payload) != check:
            raise FrameError(f"a frame of {length} bytes whose check value is wrong")
        try:
            return self._decoder.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise MalformedMessageError(str(error)) from error

    def finish(self) -> None:
        """Check that the bytes ended between two frames.

        Raises:
            FrameError: they end within a frame.
        """
        if self._end > self._begin:
            raise FrameError(f"the connection ended {self._end - self._begin} bytes into a frame")

    def reset(self) -> None:
        """Forget all bytes, for a new connection."""
        self._begin = self._end = 0

    def _check_beginning(self, count: int) -> None:
        """Refuse a wrong beginning as early as its bytes show it."""
        found = bytes(self._view[self._begin : self._begin + min(count, len(MAGIC))])
        if not MAGIC.startswith(found):
            raise FrameError(f"bytes that are no frame: {found!r} where {MAGIC!r} was due")
