"""What one run of the engine is told: its folder, its config.json, its environment.

The configuration is that of a live paper run without a network, as it ran on LEAN 2.5: PaperBrokerage fills orders from
prices, FakeDataQueue is the name under which the feeder's silent queue is found, and the transaction handler must be
that of backtests, or orders of the PaperBrokerage never fill.
"""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

import live
from live.algorithm.numbers import plain
from live.errors import EnvironmentFault
from live.lean.engine.image_packages import PACKAGES
from live.lean.engine.lean_home import LeanHome, package_folders
from live.lean.engine.memory_folder import discard_memory_folder, has_memory_folders, make_memory_folder
from live.lean.engine.places import Place, check_covered, inside, needs_network, places_of
from live.lean.entry import ENTRY_FILE
from live.lean.instructions import SETTINGS_VARIABLE, Instructions, write_instructions

ENVIRONMENT = "lean-live-paper"
"""Name of the environment in config.json."""
ALGORITHM_ID = "lean-live"
"""Id of the run: LEAN calls its result files by it."""
CONFIG_FILE = "config.json"
SETTINGS_FILE = "settings.json"
DATABASES = ("market-hours/market-hours-database.json", "symbol-properties/symbol-properties-database.csv")
"""What LEAN needs of a data folder at its start."""
ALGORITHM_FOLDER = "algorithm"
RESULTS_FOLDER = "results"
OUTPUT_FILE = "output.txt"
"""What the engine's process printed."""
STOCK_LOG = "QuantConnect.Logging.CompositeLogHandler"
_DOTNET_NEEDS = ("DOTNET_ROOT", "DOTNET_ROLL_FORWARD", "DOTNET_SYSTEM_")
"""Beginnings of the variables without which .NET may not start on a machine: where it is, which version will do, and what
it has to do without, such as ICU (DOTNET_SYSTEM_GLOBALIZATION_INVARIANT)."""
_QUOTE = "'"
_HANDLERS: dict[str, Any] = {
    "messaging-handler": "QuantConnect.Messaging.Messaging",
    "job-queue-handler": "QuantConnect.Queues.JobQueue",
    "api-handler": "QuantConnect.Api.Api",
    "map-file-provider": "QuantConnect.Data.Auxiliary.LocalDiskMapFileProvider",
    "factor-file-provider": "QuantConnect.Data.Auxiliary.LocalDiskFactorFileProvider",
    "data-provider": "QuantConnect.Lean.Engine.DataFeeds.DefaultDataProvider",
    "data-channel-provider": "DataChannelProvider",
    "object-store": "QuantConnect.Lean.Engine.Storage.LocalObjectStore",
    "data-aggregator": "QuantConnect.Lean.Engine.DataFeeds.AggregationManager",
}
_LIVE_HANDLERS: dict[str, Any] = {
    "live-mode": True,
    "live-mode-brokerage": "PaperBrokerage",
    "data-queue-handler": ["FakeDataQueue"],
    "setup-handler": "QuantConnect.Lean.Engine.Setup.BrokerageSetupHandler",
    "result-handler": "QuantConnect.Lean.Engine.Results.LiveTradingResultHandler",
    "data-feed-handler": "QuantConnect.Lean.Engine.DataFeeds.LiveTradingDataFeed",
    "real-time-handler": "QuantConnect.Lean.Engine.RealTime.LiveTradingRealTimeHandler",
    "history-provider": ["SubscriptionDataReaderHistoryProvider"],
    "transaction-handler": "QuantConnect.Lean.Engine.TransactionHandlers.BacktestingTransactionHandler",
}


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """What one run of the engine is to do.

    Attributes:
        entry: text of the module that LEAN loads.
        data_folder: folder of LEAN data, with the databases of market hours and symbol properties.
        paths: folders that the algorithm imports modules from.
        parameters: values for `get_parameter`.
        cash: cash of the paper account at the start, in its currency.
        currency: currency of the account.
        always_open: whether every exchange counts as open: data outside market hours never reach on_data otherwise, and
            market-on-open and market-on-close orders are refused then.
        instructions: what the host is to do; None runs without the host.
        variables: environment variables of the profile.
        keys: keys of config.json of the profile; they replace those of a stock run.
        results_on_tmpfs: whether LEAN's result files and log are written to memory and copied at the end.
    """

    entry: str
    data_folder: Path
    paths: Sequence[Path] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    cash: Decimal = Decimal(100_000)
    currency: str = "USD"
    always_open: bool = True
    instructions: Instructions | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, Any] = field(default_factory=dict)
    results_on_tmpfs: bool = False


@dataclass(frozen=True, slots=True)
class EngineFiles:
    """Where everything of one run of the engine is.

    Attributes:
        folder: the run's folder; the engine's working folder.
        results: LEAN's result files and log while it runs.
        entry: the module that LEAN loads.
        environment: environment variables of the process; for one in a container those beside the image's.
        places: what an engine in a container has of this machine.
        needs_network: whether its ticks come over a network.
    """

    folder: Path
    results: Path
    entry: Path
    environment: Mapping[str, str]
    places: Sequence[Place] = ()
    needs_network: bool = False

    @property
    def log(self) -> Path:
        """LEAN's log (its name is fixed in LEAN)."""
        return self.results / "log.txt"

    @property
    def algorithm_log(self) -> Path:
        """What the algorithm logged, as LEAN keeps it: lines without time and level, written every two minutes and at the
        end (LEAN: SaveLogs of the live result handler)."""
        return self.results / f"{ALGORITHM_ID}-log.txt"

    @property
    def output(self) -> Path:
        """What the process printed."""
        return self.folder / OUTPUT_FILE

    @property
    def status(self) -> Path:
        """LEAN's status file; it has an end time once the run is over."""
        return self.results / f"{ALGORITHM_ID}.json"


def prepare(home: LeanHome, request: EngineRequest, folder: Path) -> EngineFiles:
    """Write everything that a run of the engine needs into a folder.

    Parameters:
        home: the engine.
        request: what it is to do.
        folder: a folder for this run alone, made when missing.

    Raises:
        EnvironmentFault: something cannot be written, the data folder lacks LEAN's databases, LEAN cannot import from a
            folder, or an image would lose one of its own to one of this machine.
    """
    check_data(request.data_folder)
    folder = folder.absolute()
    _check_paths(folder, *request.paths)
    if home.image is not None:
        check_covered(_places(request, folder, folder), home.image.own)
    entry = folder / ALGORITHM_FOLDER / ENTRY_FILE
    results: Path | None = None
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        (folder / "storage").mkdir(exist_ok=True)
        results = _results_folder(folder, request.results_on_tmpfs)
        entry.write_text(request.entry, encoding="utf-8")
        content = config(home, request, entry, results, folder / "storage")
        (folder / CONFIG_FILE).write_bytes(_pretty(content))
        if request.instructions is not None:
            told = request.instructions if home.image is None else inside(request.instructions)
            write_instructions(told, folder / SETTINGS_FILE)
    except BaseException as error:
        if results is not None:
            discard_memory_folder(results)
        if not isinstance(error, OSError):
            raise
        raise EnvironmentFault(
            f"cannot write {error.filename or folder}: {error.strerror}; make room there, or choose another folder"
        ) from error
    places = () if home.image is None else _places(request, folder, results)
    network = needs_network(request.instructions)
    return EngineFiles(folder, results, entry, environment(home, request, folder), places, network)


def engine_command(home: LeanHome, files: EngineFiles) -> list[str]:
    """Return the command that starts the engine; its configuration is named, so that it counts wherever LEAN looks for one."""
    return [str(home.dotnet), str(home.launcher), "--config", str(files.folder / CONFIG_FILE)]


def config(home: LeanHome, request: EngineRequest, entry: Path, results: Path, storage: Path) -> dict[str, Any]:
    """Return the content of config.json."""
    live_keys = {key: value for key, value in request.keys.items() if key in _LIVE_HANDLERS}
    keys = {key: value for key, value in request.keys.items() if key not in _LIVE_HANDLERS}
    return {
        "environment": ENVIRONMENT,
        # Otherwise the launcher waits for a key at its end.
        "close-automatically": True,
        "algorithm-language": "Python",
        "algorithm-type-name": "Main",
        "algorithm-location": str(entry),
        "algorithm-id": ALGORITHM_ID,
        "parameters": dict(request.parameters),
        "data-folder": f"{request.data_folder.absolute()}/",
        "results-destination-folder": str(results),
        "object-store-root": str(storage),
        "composer-dll-directory": str(home.folder),
        "log-handler": STOCK_LOG,
        **_HANDLERS,
        "job-user-id": "0",
        "api-access-token": "",
        "job-organization-id": "",
        "live-cash-balance": _text([{"amount": _number(request.cash), "currency": request.currency}]),
        "live-holdings": "[]",
        "python-additional-paths": [str(path.absolute()) for path in request.paths],
        "force-exchange-always-open": request.always_open,
        **keys,
        "environments": {ENVIRONMENT: {**_LIVE_HANDLERS, **live_keys}},
    }


def environment(home: LeanHome, request: EngineRequest, folder: Path) -> dict[str, str]:
    """Return the environment of the engine's process.

    The engine finds AlgorithmImports and this program's packages by PYTHONPATH. Variables of .NET only have an effect from
    the environment, before the start. An image has all others itself.
    """
    variables = _inherited() if home.image is None else {}
    variables["PYTHONNET_PYDLL"] = str(home.libpython)
    variables["PYTHONPATH"] = os.pathsep.join(python_path(home))
    variables["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1"
    if home.python_home is not None:
        variables["PYTHONHOME"] = str(home.python_home)
    if request.instructions is not None:
        variables[SETTINGS_VARIABLE] = str(folder / SETTINGS_FILE)
    variables.update(request.variables)
    return variables


def _inherited() -> dict[str, str]:
    """Return this environment without settings of this shell that would make a stock run something else."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "DOTNET_", "COMPlus_")) or name.startswith(_DOTNET_NEEDS)
    }


def python_path(home: LeanHome) -> list[str]:
    """Return the folders that the embedded Python looks in: AlgorithmImports, this package, its dependencies, LEAN's own.

    An embedded CPython takes the first python3 of PATH for its own. In an active virtual environment it would look for packages
    there only, and not find those that LEAN needs (pandas) where a stock LEAN finds them: beside the library.
    """
    if home.image is not None:
        return [str(home.folder), str(PACKAGES), *map(str, home.image.packages)]
    package = Path(live.__file__).resolve().parent.parent
    folders = [home.folder, package]
    folders += [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")]
    folders += package_folders(home.libpython)
    return list(dict.fromkeys(map(str, folders)))


def _places(request: EngineRequest, folder: Path, results: Path) -> tuple[Place, ...]:
    return places_of(folder, results, request.data_folder, request.paths, request.instructions)


def missing_databases(folder: Path) -> list[str]:
    """Return which of the databases that LEAN opens at its start a data folder does not have."""
    return [name for name in DATABASES if not (folder / name).is_file()]


def check_data(folder: Path) -> None:
    """See that LEAN can start on a data folder.

    Raises:
        EnvironmentFault: a database is missing.
    """
    missing = missing_databases(folder)
    if missing:
        raise EnvironmentFault(
            f"the data folder {folder} has no {' and no '.join(missing)}, which LEAN needs; copy them from the Data folder "
            "of LEAN, or name another by --data-folder"
        )


def _check_paths(*folders: Path) -> None:
    """Refuse folders that LEAN cannot give to Python: it writes them between quotes into a line of code."""
    for folder in folders:
        if _QUOTE in str(folder):
            raise EnvironmentFault(
                f"LEAN cannot import modules from {folder}: the path has a single quote; use a folder without one"
            )


def _results_folder(folder: Path, on_tmpfs: bool) -> Path:
    if on_tmpfs and has_memory_folders():
        return make_memory_folder()
    results = folder / RESULTS_FOLDER
    results.mkdir(exist_ok=True)
    return results


def _pretty(content: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def _text(content: Any) -> str:
    return msgspec.json.encode(content).decode()


def _number(value: Decimal) -> msgspec.Raw:
    """Return a decimal as a JSON number with all its digits."""
    return msgspec.Raw(plain(value).encode())
