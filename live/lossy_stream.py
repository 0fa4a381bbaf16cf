"""Text for a reader that may have stopped reading: what does not fit is left out, and the writer never waits.

A terminal that is held, a pipe whose reader hangs and a full socket make a plain write wait. Making their descriptor
non-blocking would make it so for every process that shares it; asking whether there is room before each small write does
not.
"""

from __future__ import annotations

import io
import os
import select
from typing import TextIO, cast

_PIECE_BYTES = 1_024
"""No more than what fits, without waiting, wherever the system says that there is room: it counts a pipe's by pages."""


def has_room(descriptor: int) -> bool:
    """Tell whether a small write to a descriptor would not wait; where the system cannot say, that it would not."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    # Also when the reader is gone: then the write fails at once.
    return bool(poll.poll(0))


def lossy(stream: TextIO) -> TextIO:
    """Return a stream to the same place that never waits; the stream itself when the system does not know its place.

    Parameters:
        stream: a text stream that is open for writing. It stays open when the returned one is closed.
    """
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return stream
    return io.TextIOWrapper(
        # A wrapper of text needs a file that writes, and no more.
        cast(io.BufferedWriter, _LossyFile(descriptor)),
        encoding=stream.encoding,
        errors="backslashreplace",
        newline="",
        write_through=True,
    )


class _LossyFile(io.RawIOBase):
    """Writes what there is room for. A text that was begun is finished before another; without room it is left out whole.

    Parameters:
        descriptor: an open file's; it is not closed.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._begun = b""
        self._texts_dropped = 0

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Take a text; whether it was written or left out, all of it is done with.

        Raises:
            OSError: the reader is gone, or the disk is full.
        """
        self._write_begun()
        if self._begun or not has_room(self._descriptor):
            self._texts_dropped += 1
            return len(data)
        self._begun = self._notice() + bytes(data)
        self._write_begun()
        return len(data)

    def _notice(self) -> bytes:
        dropped, self._texts_dropped = self._texts_dropped, 0
        # On a terminal it would tear what is drawn there.
        if not dropped or self.isatty():
            return b""
        return f"(nobody read in time, left out here: {dropped})\n".encode()

    def _write_begun(self) -> None:
        try:
            while self._begun and has_room(self._descriptor):
                count = os.write(self._descriptor, self._begun[:_PIECE_BYTES])
                self._begun = self._begun[count:]
        except BlockingIOError:
            # Whoever shares the descriptor made it non-blocking, and took the room.
            return
        except OSError:
            self._begun = b""
            raise
