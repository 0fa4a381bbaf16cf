"""Numbers of orders that outlive the process.

LEAN numbers orders from 1 in each process, and an order that a broker still has comes back under another number. Ours go on
where the last run stopped, in a file of lines that outlives the runs of an algorithm; an order that comes back is known by
its broker's number. Lines are appended by `write`, off the way of orders; when the file has grown long a run begins by
leaving out the oldest, in a new file that takes the place of the old one. One run at a time has the file.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from live.errors import DataError, EnvironmentFault
from live.file_lock import try_lock

FILE_NAME = "order-ids.jsonl"
LOCK_NAME = "order-ids.lock"
_LINES_MAX = 100_000
"""Lines from which on the older half is left out: an order that a broker brings back after so many is none of ours."""


class OrderLine(Struct, frozen=True, omit_defaults=True):
    """A line of the file: an order when it was sent, or a broker's number for one.

    Attributes:
        order: our number.
        engine: LEAN's number in the process that sent it; 0 in a line about the broker.
        symbol: its ticker.
        quantity: signed.
        type: number of LEAN's OrderType.
        time_ns: when it was sent, UTC.
        broker: the broker's numbers.
    """

    order: int
    engine: int = 0
    symbol: str = ""
    quantity: float = 0.0
    type: int = 0
    time_ns: int = 0
    broker: tuple[str, ...] = ()


class OrderIds:
    """Our numbers of LEAN's orders.

    Parameters:
        folder: where the file is, made when missing; the file is made with the first line.

    Raises:
        DataError: the file holds something else.
        EnvironmentFault: another run has the folder, or something there cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._own: dict[int, int] = {}
        self._by_broker: dict[str, int] = {}
        self._known_broker: set[int] = set()
        self._waiting: deque[OrderLine] = deque()
        self._next = 1
        self._lock = _locked(folder)
        try:
            self._read()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leave the folder to another run; nothing is written any more."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def note(self, engine_id: int, symbol: str, quantity: float, order_type: int, time_ns: int) -> int:
        """Give an order a number; return it.

        Parameters:
            engine_id: LEAN's number.
            symbol: its ticker.
            quantity: signed.
            order_type: number of LEAN's OrderType.
            time_ns: when it was sent, UTC.
        """
        own = self._own[engine_id] = self._next
        self._next += 1
        self._waiting.append(OrderLine(own, engine_id, symbol, quantity, order_type, time_ns))
        return own

    def own_id(self, engine_id: int) -> int:
        """Return our number of an order of this process; 0 when it has none."""
        return self._own.get(engine_id, 0)

    def restore(self, engine_id: int, broker_ids: Iterable[str]) -> int:
        """Return our number of an order that a broker has brought back, 0 when it is not one of ours."""
        for broker_id in broker_ids:
            own = self._by_broker.get(broker_id)
            if own is not None:
                self._own[engine_id] = own
                return own
        return 0

    def note_broker(self, engine_id: int, broker_ids: Iterable[str]) -> None:
        """Take note of how a broker calls an order, once."""
        numbers = tuple(broker_ids)
        if numbers and engine_id in self._own and engine_id not in self._known_broker:
            self._known_broker.add(engine_id)
            self._waiting.append(OrderLine(self._own[engine_id], broker=numbers))

    def write(self) -> None:
        """Append what has gathered to the file.

        Raises:
            EnvironmentFault: it cannot be written; what was to be written is kept for the next time.
        """
        if not self._waiting or self._lock < 0:
            return
        lines = list(self._waiting)
        text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                written = os.write(descriptor, text)
                if written < len(text):
                    os.truncate(descriptor, os.fstat(descriptor).st_size - written)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            finally:
                os.close(descriptor)
        except OSError as error:
            raise EnvironmentFault(f"cannot write {self._path}: {error.strerror}; make room there") from error
        for _ in lines:
            self._waiting.popleft()

    def _read(self) -> None:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise EnvironmentFault(f"cannot read {self._path}: {error.strerror}; check its mode") from error
        *lines, unfinished = content.split(b"\n")
        if len(lines) > _LINES_MAX:
            lines = lines[-_LINES_MAX // 2 :]
            self._replace(lines)
        elif unfinished:
            # The process died while it wrote: its last line is cut off here as well, or the next one would join it.
            os.truncate(self._path, len(content) - len(unfinished))
        for number, text in enumerate(lines, 1):
            try:
                line = msgspec.json.decode(text, type=OrderLine)
            except msgspec.DecodeError as error:
                raise DataError(
                    f"line {number} of {self._path} is no line of order numbers ({error}); move the file away to begin anew"
                ) from error
            self._next = max(self._next, line.order + 1)
            self._by_broker.update(dict.fromkeys(line.broker, line.order))

    def _replace(self, lines: list[bytes]) -> None:
        part = self._path.with_suffix(".part")
        try:
            part.write_bytes(b"".join(line + b"\n" for line in lines))
            part.chmod(0o600)
            part.replace(self._path)
        except OSError as error:
            raise EnvironmentFault(f"cannot write {part}: {error.strerror}; make room there") from error


def _locked(folder: Path) -> int:
    """Return the descriptor of a file in a folder that is locked for this process until it is closed, or the process ends.

    Raises:
        EnvironmentFault: another process has it, or it cannot be made.
    """
    lock = try_lock(folder / LOCK_NAME)
    if lock is None:
        raise EnvironmentFault(
            f"another run of this algorithm is under way and has the order numbers in {folder}; end it, or give this run a "
            "state folder of its own"
        )
    return lock
