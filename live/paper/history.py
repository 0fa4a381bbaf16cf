"""History requests: past slices read from disk, filled forward like the run's own data, never past the present moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from live.algorithm.data import BaseData
from live.algorithm.enums import DataNormalizationMode, Resolution, SecurityType
from live.algorithm.slices import Slice
from live.algorithm.symbols import Symbol
from live.feeds.bar_subscription import END_OF_DATA_NS, SubscriptionConfig
from live.paper.frontier import Frontier
from live.paper.seeding import newest_bars
from live.paper.slice_builder import build_slice
from live.paper.subscriptions import kinds_of
from live.paper.warmup import start_of_bars

if TYPE_CHECKING:
    from live.paper.engine import PaperEngine


def history_slices(
    engine: PaperEngine,
    symbols: list[Symbol],
    resolution: Resolution | None,
    bars: int | None,
    start_ns: int | None,
    end_ns: int | None,
    options: dict[str, Any],
) -> Iterator[Slice]:
    """Yield the slices of a request, oldest first.

    Parameters:
        engine: the run.
        symbols: symbols that were added.
        resolution: bars wanted; each symbol's own when None.
        bars: how many bars of open market back, or None for a span of time.
        start_ns: begin of the span, UTC.
        end_ns: end of the span, UTC; the present moment when None or later.
        options: fill_forward, extended_market_hours, data_normalization_mode.
    """
    end = engine.time_ns if end_ns is None else min(end_ns, engine.time_ns)
    configs: list[tuple[SubscriptionConfig, int]] = []
    for symbol in symbols:
        for config in _configs(engine, symbol, resolution, options):
            configs.append((config, _begin_ns(config, bars, start_ns, end)))
    configs.sort(key=lambda item: item[0].sort_key)
    if not configs:
        return
    frontier = engine.subscriptions.open_aside(engine.securities, configs, end)
    yield from _collect(engine, frontier, min(begin for _, begin in configs), end)


def start_of_history(
    engine: PaperEngine, symbols: list[Symbol], resolution: Resolution | None, count: int, end_ns: int
) -> int:
    """Return the moment a number of bars of open market before another one, UTC; the earliest of several symbols."""
    configs = [config for symbol in symbols for config in _configs(engine, symbol, resolution, {})]
    return min((_begin_ns(config, count, None, end_ns) for config in configs), default=end_ns)


def last_known_prices(engine: PaperEngine, symbol: Symbol) -> list[BaseData]:
    """Return the newest bars of a symbol that ended before the present moment."""
    return list(newest_bars(engine, engine.securities[symbol]))


def _collect(engine: PaperEngine, frontier: Frontier, begin_ns: int, end_ns: int) -> Iterator[Slice]:
    while True:
        time_ns = frontier.next_time_ns()
        if time_ns == END_OF_DATA_NS or time_ns > end_ns:
            return
        slice = build_slice(time_ns, engine.zone.to_local_ns(time_ns), frontier.collect(time_ns))
        if time_ns > begin_ns:
            yield slice


def _configs(
    engine: PaperEngine, symbol: Symbol, resolution: Resolution | None, options: dict[str, Any]
) -> Iterator[SubscriptionConfig]:
    security = engine.securities[symbol]
    chosen = security.resolution if resolution is None else resolution
    is_equity = security.type is SecurityType.EQUITY
    mode = options.get("data_normalization_mode", security.data_normalization_mode)
    extended = bool(options.get("extended_market_hours", security.is_extended_market_hours)) and is_equity
    fill_forward = bool(options.get("fill_forward", security.is_fill_data_forward))
    for is_quote in kinds_of(security.type, chosen):
        yield SubscriptionConfig(
            symbol,
            chosen,
            is_quote,
            mode if is_equity else DataNormalizationMode.RAW,
            extended,
            fill_forward and chosen is not Resolution.TICK,
            security.hours,
            daily_precise_end_time=engine.settings.daily_precise_end_time,
        )


def _begin_ns(config: SubscriptionConfig, bars: int | None, start_ns: int | None, end_ns: int) -> int:
    if bars is None:
        return end_ns if start_ns is None else start_ns
    return start_of_bars(config, end_ns, bars)
