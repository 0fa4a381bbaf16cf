"""A window of the newest values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from live.algorithm.naming import PascalCaseAccess
from live.errors import UsageError

Value = TypeVar("Value")


class RollingWindow(PascalCaseAccess, Generic[Value]):
    """Keeps the newest values; index 0 is the newest, -1 the oldest.

    Reading an index that is not filled yet gives None, and an index past the size makes the window longer, as in LEAN.
    `RollingWindow[float](5)` and `RollingWindow(5)` are the same.

    Parameters:
        size: how many values are kept.

    Raises:
        UsageError: the size is negative.
    """

    def __init__(self, size: int) -> None:
        self._values: list[Value] = []
        self._size = _checked(size)
        self._tail = 0
        self.samples = 0
        self._removed: Value | None = None

    @property
    def size(self) -> int:
        """How many values are kept."""
        return self._size

    @size.setter
    def size(self, size: int) -> None:
        kept = list(self)[: _checked(size)]
        self._size = size
        self._values = kept[::-1]
        self._tail = 0

    @property
    def count(self) -> int:
        """How many values are there."""
        return len(self._values)

    @property
    def is_ready(self) -> bool:
        """Whether as many values were added as are kept."""
        return self.samples >= self._size

    @property
    def most_recently_removed(self) -> Value:
        """Value that the newest one pushed out.

        Raises:
            UsageError: nothing was pushed out yet.
        """
        if self.samples <= self._size:
            raise UsageError("no items have been removed from this rolling window yet; look at samples and size first")
        return self._removed  # type: ignore[return-value]

    def add(self, item: Value) -> None:
        """Add the newest value, which pushes the oldest out of a full window.

        Raises:
            UsageError: the window has no size.
        """
        values, size = self._values, self._size
        if len(values) < size:
            # The oldest value is first here: the size setter puts a window in order that had gone round.
            values.append(item)
        elif size:
            tail = self._tail
            self._removed = values[tail]
            values[tail] = item
            self._tail = (tail + 1) % size
        else:
            raise UsageError("this rolling window has size 0 and keeps nothing; give it a size first")
        self.samples += 1

    def reset(self) -> None:
        """Forget all values; the size stays."""
        self._values.clear()
        self._tail = 0
        self.samples = 0
        self._removed = None

    def __getitem__(self, index: int) -> Value:
        count = len(self._values)
        if index < 0:
            index = count + self._checked_negative(index)
        elif index >= self._size:
            self.size = index + 1
        if not 0 <= index < count:
            return None  # type: ignore[return-value]
        return self._values[(count + self._tail - 1 - index) % count]

    def __setitem__(self, index: int, item: Value) -> None:
        if index < 0:
            index = self._size + self._checked_negative(index)
        elif index >= self._size:
            self.size = index + 1
        while index >= len(self._values):
            self.add(None)  # type: ignore[arg-type]
        count = len(self._values)
        self._values[(count + self._tail - 1 - index) % count] = item

    def _checked_negative(self, index: int) -> int:
        if index < -self._size:
            raise UsageError(f"index {index} is outside a rolling window of size {self._size}; use -1 to -{self._size}")
        return index

    def __len__(self) -> int:
        return len(self._values)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Value]:
        """Give the values from the newest to the oldest, as they are at the start of the loop."""
        return iter([*self._values[: self._tail][::-1], *self._values[self._tail :][::-1]])

    def __contains__(self, item: Any) -> bool:
        return item in self._values

    def __repr__(self) -> str:
        return f"RollingWindow({list(self)!r}, size={self._size})"


def _checked(size: int) -> int:
    if size < 0:
        raise UsageError(f"a rolling window cannot have size {size}; use 0 or more")
    return size
