"""Numbers as people read them: durations, sizes, counts and money."""

from __future__ import annotations

from collections.abc import Mapping

_STEPS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"))
_BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def duration(span_ns: int) -> str:
    """Return a duration with three significant digits and its unit: 1234 gives "1.23 µs"."""
    for index, (size_ns, unit) in enumerate(_STEPS):
        # Rounding may carry into the next larger unit: 999.6 µs is "1.00 ms", not "1000 µs".
        if span_ns >= size_ns - size_ns // 2_000 or (index == len(_STEPS) - 1 and span_ns >= size_ns):
            value = span_ns / size_ns
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
            return f"{value:.{digits}f} {unit}"
    return f"{span_ns} ns"


def count(number: int) -> str:
    """Return a count with thousands separated by commas."""
    return f"{number:,}"


def size(byte_count: int) -> str:
    """Return a size in binary units: 1536 gives "1.5 KiB"."""
    value = float(byte_count)
    for unit in _BINARY_UNITS[:-1]:
        if value < 1023.95:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} {_BINARY_UNITS[-1]}"


def rate(per_second: float) -> str:
    """Return a rate in short form: 1234567 gives "1.2M/s"."""
    if per_second >= 999_500:
        return f"{per_second / 1e6:.1f}M/s"
    if per_second >= 999.5:
        return f"{per_second / 1e3:.0f}k/s"
    return f"{per_second:.0f}/s"


def counts_by_name(counts: Mapping[str, int]) -> str:
    """Return several counts in one line: "trade 24,106, quote 107,998", "none" when there is none."""
    return ", ".join(f"{name} {count(number)}" for name, number in counts.items() if number) or "none"
