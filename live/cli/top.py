"""The verb `top`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from live.cli.output import common_options, open_console, print_json, run_options
from live.clock import sleep
from live.errors import ExitCode, UsageError
from live.hot.telemetry_view import TelemetryView
from live.report.summary_file import writable
from live.report.top.document import document_of, list_of
from live.report.top.history import LookHistory
from live.report.top.listing import print_runs
from live.report.top.look import look_at
from live.report.top.runs import find_runs, open_run
from live.report.top.screen import screen_lines

_WIDTH = 120
"""Columns of a view that goes to a file or a pipe."""


@click.command("top", epilog="Example: lean-live top --once --json")
@run_options
@click.option("--once", is_flag=True, help="Print one view and end; its rates are of the time between two looks.")
@click.option("--list", "as_list", is_flag=True, help="List the runs of the folder, newest first, and their state.")
@click.option(
    "--every",
    "every_seconds",
    type=click.FloatRange(0.1, 3_600),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Time between two looks.",
)
@common_options
def command(run: Path | None, results: Path, once: bool, as_list: bool, every_seconds: float, as_json: bool) -> None:
    """Watch a run that is going on: rate, latencies, account, positions, orders, feed.

    RUN is the folder of a run, its name in the folder of results, or a folder of results; without it the newest run that
    is going on is shown. The run does not notice that it is watched. End with q or Ctrl-C.
    """
    if as_list:
        folder = results if run is None else run
        runs = find_runs(folder)
        if as_json:
            print_json(writable(list_of(runs)))
        else:
            print_runs(runs, open_console(_WIDTH))
        return
    if as_json and not once:
        raise UsageError("--json prints one document; add --once")
    view = open_run(run, results)
    if not once:
        # Terminals are for Unix; the other forms work without.
        from live.report.top.terminal import watch

        if not watch(view, Console(file=sys.stdout), every_seconds):
            raise click.exceptions.Exit(int(ExitCode.INTERRUPTED))
        return
    history = _two_looks(view, every_seconds)
    if as_json:
        print_json(writable(document_of(history)))
        return
    console = open_console(_WIDTH)
    for line in screen_lines(history, console.width, None):
        console.print(line, highlight=False, soft_wrap=True)


def _two_looks(view: TelemetryView, every_seconds: float) -> LookHistory:
    """Look at a run twice, so that there is something to compare with; at one that is over once."""
    history = LookHistory()
    history.add(look_at(view))
    if not history.look.is_over:
        sleep(every_seconds)
        history.add(look_at(view))
    return history
