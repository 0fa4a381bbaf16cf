"""The stand-in launcher: the double of LEAN as a process, found and started as LEAN itself is."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from live.feeds.sample_reference import write_reference
from live.lean.engine.engine_config import EngineFiles, EngineRequest, prepare
from live.lean.engine.lean_home import LeanHome, find_lean
from live.lean.engine.process import EngineLimits, EngineOutcome, EngineProcess
from support.lean_double import DOUBLE

LAUNCHER = DOUBLE / "launcher"
ENVIRONMENT = {"LEAN_DOUBLE_PYTHON": sys.executable}
"""What the environment of a process must have so that the stand-in runs with the tests' interpreter."""
OPTIONS = ["--engine", "lean", "--lean-home", str(LAUNCHER), "--dotnet", str(LAUNCHER)]
"""What a verb is told to use it."""

HEAD = """from AlgorithmImports import *
from live.lean import surface
import threading, time

AGGREGATOR = surface.silence_data_queue()


class Main(QCAlgorithm):
    def initialize(self):
        self.set_cash(100000)
        self.traded = self.add_crypto("BTCUSD", Resolution.TICK, Market.COINBASE).symbol
        self.count = 0

    def on_securities_changed(self, changes):
        # Not before: LEAN drops the ticks of symbols that it has not subscribed to.
        threading.Thread(target=self.feed, daemon=True).start()

    def feed(self):
        for _ in range(TICKS):
            AGGREGATOR.Update(surface.trade_tick(self.traded, 6000.0, 1.0, datetime.utcnow()))
            time.sleep(0.01)
        if ENDS:
            self.quit()

    def on_data(self, slice):
        self.count += 1
"""


def algorithm(body: str = "        pass\n", ticks: int = 10, ends: bool = True) -> str:
    """Return an entry module that feeds itself.

    Parameters:
        body: lines of on_data.
        ticks: how many ticks it gets.
        ends: whether it quits after them.
    """
    return HEAD.replace("TICKS", str(ticks)).replace("ENDS", str(ends)) + body


def home(folder: Path = LAUNCHER) -> LeanHome:
    """Return the stand-in as an engine."""
    return find_lean(folder, dotnet=folder)


def copy_of_launcher(folder: Path) -> Path:
    """Return a copy of the launcher's folder, for tests that damage it."""
    return Path(shutil.copytree(LAUNCHER, folder / "launcher"))


def prepared(folder: Path, entry: str, **variables: str) -> EngineFiles:
    """Return everything for a run of an entry module.

    Parameters:
        folder: the test's own.
        entry: the module.
        variables: of the environment.
    """
    write_reference(folder / "data")
    request = EngineRequest(entry, folder / "data", variables={**ENVIRONMENT, **variables})
    return prepare(home(), request, folder / "run")


def run(
    files: EngineFiles,
    limits: EngineLimits | None = None,
    page: Path | None = None,
    is_stop_wanted: Callable[[], bool] = lambda: False,
) -> EngineOutcome:
    """Run the engine to its end."""
    process = EngineProcess(home(), files, limits or EngineLimits(), page)
    try:
        process.start()
        return process.watch(is_stop_wanted)
    finally:
        process.close()
