"""on_end_of_day: scheduled events of the engine's own, as LEAN plans them.

A callback that takes a symbol is called for each security ten minutes before its last close of the day, or at midnight
where the market never closes. One that takes nothing is called two minutes before midnight of the algorithm's clock, on
days on which any security trades.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from live.algorithm.schedule import ScheduledEvent
from live.clock import NANOSECONDS_PER_DAY

if TYPE_CHECKING:
    from live.paper.engine import PaperEngine
    from live.paper.securities import Security

_SECONDS = 1_000_000_000
_BEFORE_CLOSE_NS = 600 * _SECONDS
_BEFORE_MIDNIGHT_NS = 120 * _SECONDS


def plan_end_of_day(engine: PaperEngine) -> None:
    """Register the events of on_end_of_day, when the algorithm overrides it. Called when the securities are added."""
    callback = engine.callbacks.find("on_end_of_day")
    if callback is None:
        return
    if len(inspect.signature(callback).parameters) == 0:
        engine.schedule.add(_event("Algorithm.EndOfDay", _before_midnights(engine), callback))
        return
    # LEAN adds the events of securities in the order of their tickers; events of one time fire in that order.
    for security in sorted(engine.securities.values(), key=lambda each: each.symbol.value):
        call = partial(callback, security.symbol)
        engine.schedule.add(_event(f"{security.symbol}.EndOfDay", _closes(engine, security), call))


def _event(name: str, times_ns: Iterator[int], callback: Callable[[], Any]) -> ScheduledEvent:
    return ScheduledEvent(name, times_ns, lambda name, time: callback())


def _closes(engine: PaperEngine, security: Security) -> Iterator[int]:
    """Yield the moments for one security, on the days from the present one that its market opens."""
    hours, now_ns = security.hours, engine.time_ns
    for day_ns in _days(now_ns, engine.end_ns):
        if not hours.is_date_open(day_ns):
            continue
        if hours.is_market_always_open:
            local_ns = day_ns + NANOSECONDS_PER_DAY
        else:
            local_ns = hours.last_close_after(day_ns, security.is_extended_market_hours) - _BEFORE_CLOSE_NS
        time_ns = hours.exchange_zone.to_utc_ns(local_ns)
        if time_ns > now_ns:
            yield time_ns


def _before_midnights(engine: PaperEngine) -> Iterator[int]:
    """Yield the moments for the algorithm as a whole."""
    now_ns = engine.time_ns
    for day_ns in _days(now_ns, engine.end_ns):
        if any(security.hours.is_date_open(day_ns) for security in engine.securities.values()):
            time_ns = engine.zone.to_utc_ns(day_ns + NANOSECONDS_PER_DAY - _BEFORE_MIDNIGHT_NS)
            if time_ns > now_ns:
                yield time_ns


def _days(begin_ns: int, end_ns: int) -> Iterator[int]:
    """Yield the midnights from the day of a moment to that of another; LEAN takes the UTC day as the first."""
    return iter(range(begin_ns - begin_ns % NANOSECONDS_PER_DAY, end_ns + 1, NANOSECONDS_PER_DAY))
