"""What a dry run in LEAN was asked to do, and what is done before LEAN is started: checks, and the embedded run.

The algorithm is loaded by the embedded engine's rules, on a feed too, so that a file that cannot be one, and the choice
between several classes, are told of at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from live.algorithm.loader import LoadedAlgorithm
from live.algorithm.source_files import find_algorithm_file
from live.config import CONFIG_FILE_NAME
from live.errors import AlgorithmRuntimeError, Halt, RunInterrupted, UnsupportedApiError
from live.lean.engine.engine_config import check_data
from live.lean.engine.lean_home import LeanHome
from live.lean.engine.preflight import check_algorithm, check_room, check_settings, feed_for_engine
from live.lean.engine.process import EngineLimits
from live.paper.run import DryRun, find_data
from live.paper.run_model import DryRunRequest, RunResult
from live.paper.stop_signals import StopSignals
from live.report.dry_run import play
from live.report.progress import SilentProgress


@dataclass(frozen=True, slots=True)
class LeanRunRequest:
    """What a dry run in LEAN was asked to do.

    Attributes:
        run: algorithm, data, parameters, settings, results, and the feed if one was named.
        home: the engine.
        settings_file: file that the settings are from, for messages.
        first: first day of a recorded session; None takes the days of the embedded run.
        last: last day.
        speed: how many times faster than it was; None is as fast as the engine takes it.
        limits: how long the engine may take.
    """

    run: DryRunRequest
    home: LeanHome
    settings_file: str = CONFIG_FILE_NAME
    first: date | None = None
    last: date | None = None
    speed: float | None = 1.0
    limits: EngineLimits = field(default_factory=EngineLimits)


def checked(request: LeanRunRequest) -> LeanRunRequest:
    """Refuse what the engine or the host inside it would refuse; return the request as the engine is to have it.

    Raises:
        UsageError: the feed's address is none.
        ConfigError: the dummy symbol in [lean] is none, or the settings of the feed are incomplete.
        EnvironmentFault: this machine cannot pin threads as [lean] asks for, there is no room for results, or LEAN's
            databases are not in the data folder.
        AlgorithmError: there is no such file, or its orders can go past the gate and must not.
    """
    run = request.run
    check_settings(run.config.lean, request.settings_file)
    check_algorithm(find_algorithm_file(run.algorithm), run.config.lean, request.settings_file)
    if run.feed is not None:
        feed, config = feed_for_engine(run.feed, run.config)
        run = replace(run, feed=feed, config=config)
    check_data(find_data(run).path)
    check_room(run.results_folder)
    return replace(request, run=run)


def play_embedded(run: DryRunRequest) -> tuple[LoadedAlgorithm | None, RunResult | None, str]:
    """Load the algorithm and, unless it follows a feed, play the session in the embedded engine.

    Returns:
        The algorithm as it was loaded, None when the embedded engine cannot; its result, None when there is none; and why.

    Raises:
        AlgorithmError: the file holds no algorithm, or not the one that was named.
        LeanLiveError: there are no such data, or no room for results.
        RunInterrupted: somebody stopped it.
    """
    loaded = None
    with StopSignals() as signals:
        try:
            dry = DryRun(replace(run, raw_prices=True), SilentProgress(), signals)
            loaded = dry.loaded
            return loaded, None if run.feed is not None else play(dry, signals), ""
        except (UnsupportedApiError, AlgorithmRuntimeError) as error:
            # LEAN may know what the embedded engine does not.
            return loaded, None, "" if run.feed is not None else f"not compared with the embedded engine: {error}"
        except RunInterrupted as stop:
            # The result is that of the embedded engine.
            stop.result = None
            stop.add_note("it was still playing the session in the embedded engine; LEAN was not started")
            raise
        except Halt as halt:
            raise halt.error from None
