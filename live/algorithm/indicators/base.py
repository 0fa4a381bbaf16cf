"""What all indicators share: samples, current value, window, handlers, comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from live.algorithm.data import BaseData
from live.algorithm.indicators.rolling_window import RollingWindow
from live.algorithm.naming import PascalCaseAccess
from live.algorithm.numbers import plain, to_decimal
from live.clock import datetime_to_ns, ns_to_datetime
from live.errors import UsageError

Handler = Callable[[Any, Any], Any]

_NEVER_NS = datetime_to_ns(datetime.min)
_FIVE_PLACES = Decimal("0.00001")
_WINDOW_SIZE = 2


class IndicatorDataPoint(PascalCaseAccess):
    """A value of an indicator at a time: IndicatorDataPoint(time, value) or IndicatorDataPoint(symbol, time, value).

    Points are ordered by value, and equal when time and value are.
    """

    __slots__ = ("symbol", "time_ns", "value")

    def __init__(self, *arguments: Any) -> None:
        if len(arguments) not in (0, 2, 3):
            raise UsageError("IndicatorDataPoint takes (time, value) or (symbol, time, value)")
        self.symbol: Any = arguments[0] if len(arguments) == 3 else None
        self.time_ns: int = local_ns(arguments[-2]) if arguments else _NEVER_NS
        self.value: float = float(arguments[-1]) if arguments else 0.0

    @property
    def time(self) -> datetime:
        """Time of the value; 0001-01-01 when there was none yet."""
        return ns_to_datetime(self.time_ns)

    end_time = time

    @property
    def price(self) -> float:
        """The value."""
        return self.value

    def __float__(self) -> float:
        return self.value

    def __eq__(self, other: object) -> bool:
        if isinstance(other, IndicatorDataPoint):
            return self.value == other.value and self.time_ns == other.time_ns
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self.value, self.time_ns))

    def __lt__(self, other: Any) -> bool:
        return self.value < float(other)

    def __gt__(self, other: Any) -> bool:
        return self.value > float(other)

    def __le__(self, other: Any) -> bool:
        return self.value <= float(other)

    def __ge__(self, other: Any) -> bool:
        return self.value >= float(other)

    def __str__(self) -> str:
        return f"{self.time.isoformat(timespec='seconds')} - {_number(self.value)}"

    __repr__ = __str__


def data_point(symbol: Any, time_ns: int, value: float) -> IndicatorDataPoint:
    """Return a point without the cost of a constructor of several forms."""
    point = IndicatorDataPoint.__new__(IndicatorDataPoint)
    point.symbol = symbol
    point.time_ns = time_ns
    point.value = value
    return point


class Handlers(list[Handler]):
    """Handlers of an event; `+=` adds one and `-=` removes it, as in LEAN."""

    def __iadd__(self, handler: Any) -> Handlers:  # type: ignore[override,misc]
        self.append(handler)
        return self

    def __isub__(self, handler: Any) -> Handlers:
        if handler in self:
            self.remove(handler)
        return self

    def fire(self, sender: Any, value: Any) -> None:
        """Call every handler with the sender and a value."""
        for handler in tuple(self):
            handler(sender, value)


class IndicatorBase(PascalCaseAccess):
    """An indicator. Subclasses implement `compute`.

    Ignored, as in LEAN: input of a symbol that is older than the symbol's newest, and the same object a second time.

    Parameters:
        name: shown in plots and messages.
        warm_up_period: samples until `is_ready`.
    """

    takes_bars = False
    """Whether `update` wants whole bars instead of values."""

    input_types: tuple[type[BaseData], ...] = (BaseData,)
    """Kinds of data that the indicator can be fed with."""

    def __init__(self, name: str, warm_up_period: int = 1) -> None:
        self.name = name
        self.warm_up_period = warm_up_period
        self.samples = 0
        self.updated = Handlers()
        self.consolidators: list[tuple[Any, Any]] = []
        self.window: RollingWindow[IndicatorDataPoint] = RollingWindow(_WINDOW_SIZE)
        self._newest: dict[Any, tuple[int, Any]] = {}
        self._set_current(data_point(None, _NEVER_NS, 0.0))

    @property
    def current(self) -> IndicatorDataPoint:
        """Newest value; zero at 0001-01-01 before the first."""
        return self._current

    @property
    def previous(self) -> IndicatorDataPoint:
        """Value before the newest one."""
        window = self.window
        return window[1] if window.count > 1 else data_point(None, _NEVER_NS, 0.0)

    @property
    def is_ready(self) -> bool:
        """Whether enough samples have been seen."""
        return self.samples >= self.warm_up_period

    def update(self, time: Any = None, value: Any = None, input: Any = None) -> bool:
        """Take one sample: `update(bar)`, `update(data_point)`, or `update(time, value)`.

        Parameters:
            time: a bar, tick or data point; or the datetime of a value, in the exchange's time zone.
            value: the value at that time.
            input: a bar, tick or data point, by LEAN's name.

        Returns:
            Whether the indicator is ready.

        Raises:
            UsageError: the indicator cannot take such input.
        """
        if input is not None:
            time = input
        if value is not None:
            if self.takes_bars:
                raise UsageError(
                    f"{self.name}: {type(self).__name__} does not support update(time, value); "
                    "use update(trade_bar) or update(quote_bar)"
                )
            return self._accept(None, local_ns(time), float(value), None)
        if isinstance(time, BaseData):
            if not self.takes_bars:
                return self._accept(time.symbol, time.end_local_ns, time.value, time)
            if isinstance(time, self.input_types):
                return self._accept(time.symbol, time.end_local_ns, time, time)
        elif isinstance(time, IndicatorDataPoint) and not self.takes_bars:
            return self._accept(time.symbol, time.time_ns, time.value, time)
        wanted = "a bar, a tick, a data point, or time and value"
        if self.takes_bars:
            wanted = " or ".join(f"a {each.__name__}" for each in self.input_types)
        raise UsageError(f"{self.name}: {type(self).__name__} cannot be updated with {time!r}; pass {wanted}")

    def _accept(self, symbol: Any, time_ns: int, value: Any, source: Any) -> bool:
        newest = self._newest.get(symbol)
        if newest is not None and (time_ns < newest[0] or (source is not None and source is newest[1])):
            return self.is_ready
        self._newest[symbol] = (time_ns, source)
        self.samples += 1
        result = self.compute(time_ns, value)
        if result is not None:
            point = data_point(symbol, time_ns, result)
            self._set_current(point)
            if self.updated:
                self.updated.fire(self, point)
        return self.is_ready

    def _set_current(self, point: IndicatorDataPoint) -> None:
        self._current = point
        self.window.add(point)

    def compute(self, time_ns: int, value: Any) -> float | None:
        """Return the indicator's value after one more sample, or None when there is none and the last one stays."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget all samples; handlers stay."""
        self.samples = 0
        self._newest.clear()
        self.window.reset()
        self._set_current(data_point(None, _NEVER_NS, 0.0))

    def to_detailed_string(self) -> str:
        """Return name and value."""
        return f"{self.name} - {self}"

    def __getitem__(self, index: int) -> IndicatorDataPoint:
        return self.window[index]

    def __iter__(self) -> Iterator[IndicatorDataPoint]:
        return iter(self.window)

    def __float__(self) -> float:
        return self._current.value

    def __eq__(self, other: object) -> bool:
        """Compare values with a number; another indicator is only equal when it is the same object."""
        if isinstance(other, int | float | Decimal):
            return self._current.value == float(other)
        return self is other

    __hash__ = object.__hash__

    def __lt__(self, other: Any) -> bool:
        return self._current.value < float(other)

    def __gt__(self, other: Any) -> bool:
        return self._current.value > float(other)

    def __le__(self, other: Any) -> bool:
        return self._current.value <= float(other)

    def __ge__(self, other: Any) -> bool:
        return self._current.value >= float(other)

    def __repr__(self) -> str:
        return self.to_detailed_string()

    def __str__(self) -> str:
        """Return the value with one to five decimals."""
        value = self._current.value
        if value - value != 0.0:
            return str(value)
        text = format(to_decimal(value).quantize(_FIVE_PLACES, ROUND_HALF_UP), "f").rstrip("0")
        return text + "0" if text.endswith(".") else text


def local_ns(moment: Any) -> int:
    """Return the nanoseconds of a wall-clock datetime; nanoseconds stay as they are."""
    if isinstance(moment, datetime):
        return datetime_to_ns(moment if moment.tzinfo is None else moment.replace(tzinfo=None))
    if isinstance(moment, int):
        return moment
    raise UsageError(f"{moment!r} is no time of a value; pass a datetime")


def checked_period(name: str, period: Any) -> int:
    """Return a period as an integer.

    Raises:
        UsageError: it is less than 1.
    """
    if int(period) < 1:
        raise UsageError(f"{name}: a period of {period} is too short; use 1 or more")
    return int(period)


class Signature:
    """Parameters of an indicator's constructor, which LEAN offers with and without a name in front.

    Parameters:
        label: start of the default name, such as "SMA" in "SMA(20)".
        required: parameters without a default; the default name shows them.
        optional: parameters with their defaults.
    """

    def __init__(self, label: str, required: tuple[str, ...], **optional: Any) -> None:
        self.label = label
        self.required = required
        self.optional = optional

    def bind(self, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[str, list[Any]]:
        """Return the indicator's name and its parameters' values in order.

        Raises:
            UsageError: a parameter is missing, unknown or given twice.
        """
        name = keywords.pop("name", None)
        if arguments and isinstance(arguments[0], str):
            name, arguments = arguments[0], arguments[1:]
        names = (*self.required, *self.optional)
        given = dict(zip(names, arguments, strict=False))
        if len(arguments) > len(names) or given.keys() & keywords.keys() or keywords.keys() - set(names):
            raise UsageError(f"{self.label} takes an optional name and then: {', '.join(names)}")
        given |= keywords
        missing = [each for each in self.required if each not in given]
        if missing:
            raise UsageError(f"{self.label} needs {' and '.join(missing)}")
        values = [given.get(each, self.optional.get(each)) for each in names]
        if name is None:
            name = f"{self.label}({','.join(_number(given[each]) for each in self.required)})"
        return name, values


def _number(value: Any) -> str:
    return plain(to_decimal(value)) if isinstance(value, float) and value - value == 0.0 else str(value)
