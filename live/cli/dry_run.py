"""The verb `dry-run`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from live.cli.engine import chosen_home, engine_options
from live.cli.output import (
    check_exists,
    common_options,
    only_json,
    print_json,
    print_warnings,
    progress_option,
    with_feed_options,
    with_gate_required,
)
from live.config import CONFIG_FILE_NAME, load_config
from live.errors import ExitCode, RunInterrupted, UsageError
from live.paper.run_model import DryRunRequest, ProgressSink, RunResult
from live.report.dry_run import run_dry
from live.report.progress import choose_progress
from live.report.summary import print_summary
from live.report.summary_file import result_to_dict, writable
from live.settings_file import find_beside
from live.slo.loader import SLO_FILE_NAME, load_slo
from live.slo.objectives import latency_bounds_ns

if TYPE_CHECKING:
    from live.lean.engine.lean_home import LeanHome

_DAY = click.DateTime(formats=["%Y-%m-%d", "%Y%m%d"])


@click.command(
    "dry-run",
    epilog="Example: lean-live dry-run algorithms/ibm_tick_momentum.py --data-folder data --parameter window=50",
)
@click.argument("algorithm", type=click.Path(path_type=Path))
@click.option(
    "--data-folder",
    type=click.Path(path_type=Path),
    help="Folder of LEAN data. Without it: LEAN_DATA, ./data, the data-folder of a lean.json upwards, "
    "../shared/lean-data, and at last a sample session that is generated.",
)
@click.option("--class", "class_name", metavar="NAME", help="Class to run, when the file has several algorithms.")
@click.option(
    "--parameter", "parameters", metavar="KEY=VALUE", multiple=True, help="Value for get_parameter; repeatable."
)
@click.option("--config", type=click.Path(path_type=Path), help="Settings. Without it: live.toml beside the algorithm.")
@click.option("--results", type=click.Path(path_type=Path), help="Folder for the results. Without it: that of [run].")
@click.option(
    "--feed",
    metavar="ADDRESS",
    help="Take ticks from a feed, in real time: unix:PATH or tcp:HOST:PORT of a publisher, or ws://... and wss://... with "
    "[websocket] in live.toml.",
)
@click.option(
    "--on-gap", type=click.Choice(["continue", "pause", "halt"]), help="What to do when ticks of the feed are missing."
)
@click.option("--spin", is_flag=True, help="On a feed, look for ticks without a pause: faster, for a whole core.")
@click.option(
    "--serve",
    is_flag=True,
    help="Export the run's telemetry for Prometheus by a process beside it: the sidecar of the results' folder.",
)
@engine_options
@click.option(
    "--speed", metavar="N", help="With --engine lean: times faster than the session was, or max. Without it: 1."
)
@click.option(
    "--require-gate",
    is_flag=True,
    help="With --engine lean: refuse an algorithm whose orders can reach LEAN without passing the risk gate.",
)
@click.option("--from", "first", type=_DAY, help="With --engine lean: first day. Without it: the algorithm's.")
@click.option("--to", "last", type=_DAY, help="With --engine lean: last day. Without it: the algorithm's.")
@progress_option
@common_options
def command(
    algorithm: Path,
    data_folder: Path | None,
    class_name: str | None,
    parameters: tuple[str, ...],
    config: Path | None,
    results: Path | None,
    feed: str | None,
    on_gap: str | None,
    spin: bool,
    serve: bool,
    engine: str,
    lean_home: Path | None,
    image: str | None,
    dotnet: Path | None,
    libpython: Path | None,
    speed: str | None,
    require_gate: bool,
    first: datetime | None,
    last: datetime | None,
    progress: bool | None,
    as_json: bool,
) -> None:
    """Play a session to an algorithm on paper, without Docker, .NET or an account.

    ALGORITHM is a LEAN Python file, or a project folder with a main.py. The run takes the dates that the algorithm sets,
    and data of the folder named or found; its orders are filled as LEAN's backtests fill them. What it did is printed,
    and kept in a folder of its own.

    With --feed the ticks come over a socket while they happen. The run begins with the feed's present moment and ends
    with its session; the dates that the algorithm sets do not count.

    Thresholds of the latency objectives in slo.toml beside the algorithm, or in the packaged one, are counted exactly.

    With --engine lean the session is played to LEAN itself, live, on paper and offline, at the speed that it had; then its
    order events are compared with those of the embedded engine. docs/lean-engine.md says what differs.

    With --serve a sidecar exports the run's telemetry over HTTP, at the address that is printed before the run begins. It
    ends by itself some minutes after the last run of the folder.
    """
    check_exists(algorithm)
    home = chosen_home(engine, lean_home, image, dotnet, libpython)
    if feed is not None and (speed is not None or first is not None or last is not None):
        raise UsageError(
            "--speed, --from and --to are about a recorded session, and --feed has its own time; take them out"
        )
    if home is None and (speed is not None or first is not None or last is not None):
        raise UsageError("--speed, --from and --to are about a session replayed to LEAN; add --engine lean")
    if home is None and require_gate:
        raise UsageError("--require-gate is about ways into LEAN past the risk gate; add --engine lean")
    if config is not None and not config.exists():
        raise UsageError(f"there is no file {config}; check the path given to --config")
    if feed is None and (spin or on_gap is not None):
        raise UsageError("--spin and --on-gap are about a feed; name one with --feed")
    config = config if config is not None else find_beside(algorithm, CONFIG_FILE_NAME)
    settings = load_config(config)
    settings = with_gate_required(with_feed_options(settings, on_gap, spin), require_gate)
    request = DryRunRequest(
        algorithm=algorithm,
        class_name=class_name,
        data_folder=data_folder,
        parameters=parse_parameters(parameters),
        config=settings,
        results_folder=results if results is not None else Path(settings.run.results_folder),
        feed=feed,
        bounds_ns=latency_bounds_ns(load_slo(find_beside(algorithm, SLO_FILE_NAME)).objectives),
    )
    if serve:
        _serve(request.results_folder, config, as_json)
    stopped = ""
    try:
        with only_json() if as_json else nullcontext():
            # A feed goes on whether somebody reads or not.
            shown = choose_progress(progress, sys.stderr, waits=feed is None)
            result = (
                run_dry(request, shown) if home is None else _in_lean(request, home, config, speed, first, last, shown)
            )
    except RunInterrupted as stop:
        # Many feeds have no other end, so what the run came to is shown as at any end.
        if (feed is None and home is None) or stop.result is None:
            raise
        result, stopped = stop.result, str(stop)
    if as_json:
        print_json(writable(result_to_dict(result)))
    else:
        print_warnings(result.warnings)
        print_summary(result, Console(file=sys.stdout))
    if stopped:
        click.echo(stopped, err=True)
        raise click.exceptions.Exit(int(ExitCode.INTERRUPTED))


def _in_lean(
    request: DryRunRequest,
    home: LeanHome,
    config: Path | None,
    speed: str | None,
    first: datetime | None,
    last: datetime | None,
    progress: ProgressSink,
) -> RunResult:
    """Run in LEAN."""
    # Only this option needs it.
    from live.cli.feed import check_days, parse_speed
    from live.report.lean_request import LeanRunRequest
    from live.report.lean_run import run_in_lean

    days = [None if each is None else each.date() for each in (first, last)]
    check_days(*days)
    factor = parse_speed(speed or "1")
    name = CONFIG_FILE_NAME if config is None else str(config)
    return run_in_lean(LeanRunRequest(request, home, name, days[0], days[1], factor), progress)


def _serve(results: Path, config: Path | None, as_json: bool) -> None:
    """See that the folder has a sidecar, and say where it listens."""
    # Only this option needs it.
    from live.sidecar.launch import serve

    served = serve(results, config)
    known = f" (by process {served.pid}, which was there already)" if served.was_running else ""
    click.echo(f"metrics: {served.address}/metrics{known}", err=as_json)
    sys.stdout.flush()


def parse_parameters(words: tuple[str, ...]) -> dict[str, str]:
    """Return the values of `--parameter key=value`.

    Raises:
        UsageError: a word has no key or no sign of equality, or a key occurs twice.
    """
    values: dict[str, str] = {}
    for word in words:
        key, separator, value = word.partition("=")
        if not key or not separator:
            raise UsageError(f"--parameter {word!r} has no key and value; write --parameter key=value")
        if key in values:
            raise UsageError(f"--parameter {key!r} is given twice; give it once")
        values[key] = value
    return values
