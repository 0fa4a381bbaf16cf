"""What the host would refuse inside LEAN, looked at by the command before anything runs.

Inside, such an error comes minutes later and as one of the algorithm's module. The host looks again, by the same functions:
an engine may be started by others.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec

from live.config import Config, LeanSettings
from live.errors import EnvironmentFault
from live.feeds.socket.address import FeedAddress, parse_address
from live.feeds.socket.connect import check_feed, is_websocket
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry import create_page
from live.lean.orders.source_check import require_gated, ways_past_gate
from live.lean.pinning import plan_of
from live.lean.warm.keep_warm import dummy_parts


def check_settings(settings: LeanSettings, settings_file: str) -> None:
    """Look at table [lean].

    Parameters:
        settings: the table.
        settings_file: where it is from, for messages.

    Raises:
        ConfigError: the dummy symbol is none.
        EnvironmentFault: this machine cannot pin threads as the table asks for.
    """
    dummy_parts(settings.dummy_symbol, settings_file)
    plan_of(settings, settings_file)


def check_algorithm(file: Path, settings: LeanSettings, settings_file: str) -> None:
    """Look at what the settings ask of the algorithm's source.

    Parameters:
        file: the algorithm's.
        settings: table [lean].
        settings_file: where it is from, for messages.

    Raises:
        AlgorithmError: `require_gate` is set and orders can go past the gate, or a file cannot be read or compiled.
    """
    if settings.require_gate:
        require_gated(ways_past_gate(file), settings_file)


def feed_for_engine(name: str, config: Config) -> tuple[str, Config]:
    """Return the address of a feed and the settings with which the engine finds it from its own working folder.

    Parameters:
        name: what the user gave to `--feed`.
        config: with tables [feed] and [websocket].

    Raises:
        UsageError: it is no address.
        ConfigError: the settings do not fit it.
        EnvironmentFault: the token file cannot be read.
    """
    if config.feed.token_file:
        token_file = str(Path(config.feed.token_file).absolute())
        config = msgspec.structs.replace(config, feed=msgspec.structs.replace(config.feed, token_file=token_file))
    if not is_websocket(name):
        address = parse_address(name, "--feed")
        if address.path is not None:
            name = str(FeedAddress(address.path.absolute()))
    check_feed(name, "--feed", config)
    return name, config


def check_room(results: Path) -> None:
    """See that a telemetry page can be made in the folder of results: the host makes it inside LEAN.

    Parameters:
        results: folder of all runs, made when missing.

    Raises:
        EnvironmentFault: it cannot.
    """
    try:
        results.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".lean-live-room-", dir=results) as name:
            create_page(Path(name) / PAGE_NAME, "room", "").close()
    except (OSError, EnvironmentFault) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(error)
        raise EnvironmentFault(
            f"the telemetry page of a run cannot be made in {results}: {reason}; LEAN was not started; "
            "free some space or choose another --results folder"
        ) from error
