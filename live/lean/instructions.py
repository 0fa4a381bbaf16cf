"""What the process that starts LEAN tells the host inside it: a JSON file, named in the environment."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from live.config import CONFIG_FILE_NAME, FeedSettings, LeanSettings, RiskSettings, TelemetrySettings, WebsocketSettings
from live.errors import ConfigError

SETTINGS_VARIABLE = "LEAN_LIVE_SETTINGS"
"""Name of the environment variable with the path of the file."""


class FeederInstructions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the feeder inside the engine is to do.

    Attributes:
        address: where ticks come from: `unix:PATH`, `tcp:HOST:PORT`, or a websocket's address.
        subscriptions_file: where the algorithm's subscriptions are written once they are known, "" for nowhere; what
            publishes a recorded session waits for it.
        counters_file: where the feeder's counters are written at its end, "" for nowhere.
        feed: table `[feed]`.
        websocket: table `[websocket]`.
        settle_seconds: time between the last tick and the end of the run, for orders under way.
    """

    address: str
    subscriptions_file: str = ""
    counters_file: str = ""
    feed: FeedSettings = FeedSettings()
    websocket: WebsocketSettings = WebsocketSettings()
    settle_seconds: float = 2.0


class Instructions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the host is to do.

    Attributes:
        algorithm: file of the user's algorithm.
        run_folder: folder of the run, where telemetry page and host's summary are made; it exists.
        state_folder: folder of what outlives the runs of the algorithm, such as order numbers; "" for the run's folder.
        class_name: algorithm class to run; "" for the one that LEAN takes.
        source: in words, where the data come from.
        settings_file: file that the tables are from, for messages.
        lean: table `[lean]`.
        risk: table `[risk]`.
        telemetry: table `[telemetry]`.
        feeder: what feeds the engine from outside; None leaves it to the queues of its configuration.
    """

    algorithm: str
    run_folder: str
    state_folder: str = ""
    class_name: str = ""
    source: str = "LEAN"
    settings_file: str = CONFIG_FILE_NAME
    lean: LeanSettings = LeanSettings()
    risk: RiskSettings = RiskSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    feeder: FeederInstructions | None = None


def write_instructions(instructions: Instructions, path: Path) -> None:
    """Write the file, readable by its owner only."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(instructions), indent=2))


def read_instructions() -> Instructions:
    """Read the file that the environment names.

    Raises:
        ConfigError: the environment names none, or it cannot be read or understood.
    """
    name = os.environ.get(SETTINGS_VARIABLE, "")
    if not name:
        raise ConfigError(f"{SETTINGS_VARIABLE} is not set; start LEAN by lean-live, or set it to the file it wrote")
    try:
        content = Path(name).read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {name}, which {SETTINGS_VARIABLE} names: {error.strerror}") from error
    try:
        return msgspec.json.decode(content, type=Instructions)
    except msgspec.DecodeError as error:
        raise ConfigError(
            f"{name} is not what this version of lean-live writes: {error}; start LEAN by lean-live again"
        ) from error
