"""Settings of a run: the tables of `live.toml`, their units and bounds, and a strict reader of them.

A file may hold any subset of the tables and keys below; what it leaves out keeps its default. Unknown tables and keys,
values of another type and values out of their range are errors that name the file, the key, the allowed range and the
nearest known name.
"""

from __future__ import annotations

import math
import os
import tomllib
from difflib import SequenceMatcher
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct

from live.errors import ConfigError

CONFIG_FILE_NAME = "live.toml"
_LARGEST = 1e9
"""Largest quantity and amount that fits the hot path's 64-bit fixed-point numbers."""
_SIMILARITY_MIN = 0.5

Limit = Annotated[float, Meta(ge=0, le=_LARGEST)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]


class RiskSettings(Struct, frozen=True, kw_only=True):
    """Table `[risk]`: limits of the risk gate. Zero turns a limit off, and all are off until set.

    Attributes:
        max_order_quantity: largest size of one order, in shares, coins or units of base currency.
        max_order_notional: largest value of one order, in the quote currency.
        max_position_quantity: largest holding of one symbol in either direction, in shares, coins or units.
        max_gross_exposure: largest sum of the absolute values of all holdings, in the account's currency.
        max_daily_loss: fall of equity since the session's start at which orders stop, in the account's currency.
        max_open_orders: most orders that may be open at once.
        max_orders_per_second: most orders in a second.
        max_orders_per_minute: most orders in a minute.
        max_quote_age_seconds: oldest price on which an order may be sent, in seconds.
        price_collar_bps: farthest that an order's price may lie from the last price, in basis points.
        duplicate_window_seconds: span in which an equal order counts as a duplicate, in seconds.
        restricted_symbols: tickers that may not be ordered.
    """

    max_order_quantity: Limit = 0.0
    max_order_notional: Limit = 0.0
    max_position_quantity: Limit = 0.0
    max_gross_exposure: Limit = 0.0
    max_daily_loss: Limit = 0.0
    max_open_orders: Count = 0
    max_orders_per_second: Count = 0
    max_orders_per_minute: Count = 0
    max_quote_age_seconds: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    price_collar_bps: Annotated[float, Meta(ge=0, le=10_000)] = 0.0
    duplicate_window_seconds: Annotated[float, Meta(ge=0, le=3_600)] = 0.0
    restricted_symbols: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...], Meta(max_length=10_000)
    ] = ()


class RunSettings(Struct, frozen=True, kw_only=True):
    """Table `[run]`: the run itself and its result files.

    Attributes:
        watchdog_seconds: time after which a callback that has not returned ends the run; zero waits for ever.
        results_folder: folder of the result folders, relative to the working folder; `--results` goes before it.
        keep_runs: finished runs of the same algorithm that are kept; older ones are deleted after a success. Zero keeps
            all.
        max_order_event_rows: order events written to order-events.json; those beyond it are counted, not written.
    """

    watchdog_seconds: Annotated[float, Meta(ge=0, le=86_400)] = 60.0
    results_folder: Annotated[str, Meta(min_length=1, max_length=4_096)] = "results"
    keep_runs: Annotated[int, Meta(ge=0, le=100_000)] = 0
    max_order_event_rows: Annotated[int, Meta(ge=1, le=10_000_000)] = 1_000_000


class HostSettings(Struct, frozen=True, kw_only=True):
    """Table `[host]`: the machine.

    Attributes:
        cores: numbers of the processor cores that the run may use; empty leaves the choice to the operating system.
    """

    cores: Annotated[tuple[Annotated[int, Meta(ge=0, le=4_095)], ...], Meta(max_length=1_024)] = ()


class LogSettings(Struct, frozen=True, kw_only=True):
    """Table `[log]`: limits of the run's log file; lines beyond them are counted and left out.

    Attributes:
        max_lines_per_second: lines per second of wall time.
        max_bytes: size of the file, in bytes.
    """

    max_lines_per_second: Annotated[int, Meta(ge=1, le=1_000_000)] = 1_000
    max_bytes: Annotated[int, Meta(ge=1_024, le=10_737_418_240)] = 67_108_864


class Config(Struct, frozen=True, kw_only=True):
    """All tables of `live.toml`."""

    risk: RiskSettings = RiskSettings()
    run: RunSettings = RunSettings()
    host: HostSettings = HostSettings()
    log: LogSettings = LogSettings()


def find_config(algorithm: Path) -> Path | None:
    """Return the live.toml beside an algorithm's file, or in its project folder; None when there is none."""
    folder = algorithm if algorithm.is_dir() else algorithm.parent
    path = folder / CONFIG_FILE_NAME
    return path if path.is_file() else None


def load_config(path: Path | None) -> Config:
    """Read a configuration file.

    Parameters:
        path: the file; None gives the defaults.

    Raises:
        ConfigError: the file cannot be read, is no TOML, or holds an unknown key or a value out of its range.
    """
    if path is None:
        return Config()
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigError(
            f"cannot read {path}: {os.strerror(error.errno or 0)}; check the path given to --config"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no UTF-8 text (byte {error.start}); save it as UTF-8") from error
    return parse_config(text, str(path))


def parse_config(text: str, name: str) -> Config:
    """Turn the text of a configuration file into settings.

    Parameters:
        text: TOML.
        name: what to call the file in errors.

    Raises:
        ConfigError: as for `load_config`.
    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ConfigError(f"{name} is no valid TOML: {error}; correct it there") from error
    tables = {}
    types = get_type_hints(Config)
    for table, content in document.items():
        if table not in types:
            raise ConfigError(f"unknown table [{table}] in {name}: {_suggestion(table, list(types))}")
        if not isinstance(content, dict):
            raise ConfigError(f"{table} in {name} is a value; write it as a table: [{table}]")
        tables[table] = _read_table(table, types[table], content, name)
    return Config(**tables)


def _read_table(table: str, kind: type[Struct], content: dict[str, Any], name: str) -> Any:
    types = get_type_hints(kind, include_extras=True)
    values = {}
    for key, value in content.items():
        if key not in types:
            raise ConfigError(f"unknown key {key!r} in [{table}] of {name}: {_suggestion(key, list(types))}")
        values[key] = _read_value(f"{key} in [{table}] of {name}", types[key], value)
    return kind(**values)


def _read_value(where: str, kind: Any, value: Any) -> Any:
    try:
        # TOML has inf and nan, and a comparison with nan never fails a bound.
        if isinstance(value, float) and not math.isfinite(value):
            raise msgspec.ValidationError(f"{value} is not finite")
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where} is {_shortened(value)}; it must be {describe_range(kind)}") from error


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def describe_range(kind: Any) -> str:
    """Return in words which values a key of this type may have: "a number from 0 to 10000"."""
    base, meta = kind.__origin__, kind.__metadata__[0]
    if base is int:
        return f"a whole number from {meta.ge} to {meta.le}"
    if base is float:
        return f"a number from {int(meta.ge)} to {int(meta.le)}"
    if base is str:
        return f"text of {meta.min_length} to {meta.max_length} characters"
    return f"a list of at most {meta.max_length} elements, each {describe_range(get_args(base)[0])}"


def _suggestion(name: str, known: list[str]) -> str:
    """Name the known word that starts most alike, then is most alike; all of them when none is near."""

    def likeness(candidate: str) -> tuple[int, float]:
        pairs = zip(name, candidate, strict=False)
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        return shared, SequenceMatcher(None, name, candidate).ratio()

    best = max(known, key=likeness)
    if likeness(best)[1] >= _SIMILARITY_MIN:
        return f"did you mean {best!r}?"
    return f"known here: {', '.join(known)}"
