"""A window of the newest values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from live.algorithm.naming import PascalCaseAccess

Value = TypeVar("Value")


class RollingWindow(PascalCaseAccess, Generic[Value]):
    """Keeps the newest values; index 0 is the newest.

    Parameters:
        size: how many values are kept.
    """

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError("a rolling window needs a size of at least 1")
        self._values: list[Value] = []
        self._size = size
        self._tail = 0
        self.samples = 0
        self._removed: Value | None = None
        self._has_removed = False

    @property
    def size(self) -> int:
        """How many values are kept."""
        return self._size

    @size.setter
    def size(self, size: int) -> None:
        kept = list(self)[:size]
        self._size = size
        self._values = kept[::-1]
        self._tail = 0

    @property
    def count(self) -> int:
        """How many values are there."""
        return len(self._values)

    @property
    def is_ready(self) -> bool:
        """Whether the window is full."""
        return self.samples >= self._size

    @property
    def most_recently_removed(self) -> Value:
        """Value that the newest one pushed out.

        Raises:
            ValueError: nothing was pushed out yet.
        """
        if not self._has_removed:
            raise ValueError("nothing has left this rolling window yet; ask is_ready first")
        return self._removed  # type: ignore[return-value]

    def add(self, item: Value) -> None:
        """Add the newest value, which pushes the oldest out of a full window."""
        self.samples += 1
        if len(self._values) < self._size:
            self._values.append(item)
            return
        self._removed, self._has_removed = self._values[self._tail], True
        self._values[self._tail] = item
        self._tail = (self._tail + 1) % self._size

    def reset(self) -> None:
        """Forget everything."""
        self._values.clear()
        self._tail = 0
        self.samples = 0
        self._removed, self._has_removed = None, False

    def __getitem__(self, index: int) -> Value:
        count = len(self._values)
        if not 0 <= index < count:
            raise IndexError(f"index {index} is not in a rolling window of {count} values; index 0 is the newest")
        return self._values[(count + self._tail - 1 - index) % count]

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Value]:
        return (self[index] for index in range(len(self._values)))

    def __contains__(self, item: Any) -> bool:
        return item in self._values
