"""The `lean-live` command: its verbs, and how every error becomes one line and an exit code."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import Any

import click

from live import __version__
from live.cli.output import print_json
from live.errors import ExitCode, LeanLiveError, one_line

VERBS = {
    "bench": ("live.cli.bench", "Measure rates, latencies, allocations, start times and memory on this machine."),
    "check": ("live.cli.check", "Find what an algorithm uses that the embedded engine does not have."),
    "dashboards": ("live.cli.dashboards", "Generate the Grafana dashboards anew."),
    "doctor": ("live.cli.doctor", "Look at this machine, and test a LEAN engine for what is taken for granted of it."),
    "dry-run": ("live.cli.dry_run", "Play a session to an algorithm on paper, without Docker, .NET or an account."),
    "feed": ("live.cli.feed", "Publish a session as a live feed, or watch one."),
    "init": ("live.cli.init", "Write a starter project with a sample session."),
    "report": ("live.cli.report", "Make the report of a run anew, or compare runs."),
    "resume": ("live.cli.resume", "End a pause of a run's feed, so that orders pass again."),
    "sidecar": ("live.cli.sidecar", "Export the telemetry of runs for Prometheus, from a process beside them."),
    "slo": ("live.cli.slo", "Check service-level objectives, and write the rules and routes that follow from them."),
    "stack": ("live.cli.stack", "Run Prometheus, Alertmanager and Grafana on this machine."),
    "top": ("live.cli.top", "Watch a run that is going on: rate, latencies, account, orders, feed."),
    "version": ("live.cli.version", "Say which version this is, and whether the hot path is compiled."),
}
"""Module and one-line help by verb. A verb's module holds its command under the name `command` and is imported when it
is used."""


class VerbGroup(click.Group):
    """A group that imports a verb's module only when that verb is used, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs, sorted."""
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb's command, None when there is no such verb."""
        if cmd_name not in VERBS:
            return None
        command = importlib.import_module(VERBS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, VERBS[name][1]) for name in self.list_commands(ctx)])


@click.group(
    cls=VerbGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: lean-live dry-run algorithms/ibm_tick_momentum.py --data-folder data",
)
@click.version_option(__version__, prog_name="lean-live")
@click.pass_context
def cli(context: click.Context) -> None:
    """Run QuantConnect LEAN Python algorithms with low latency."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(int(ExitCode.USAGE))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with a code of `live.errors.ExitCode`.

    Parameters:
        arguments: words after the command's name; None takes those of the process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal without our characters shows question marks rather than ending the command.
            stream.reconfigure(errors="replace")
    code = run(words)
    for number in (signal.SIGINT, signal.SIGTERM):
        # The outcome is settled; only the interpreter's end is left.
        signal.signal(number, signal.SIG_IGN)
    if not _flush_output() and code == ExitCode.OK:
        code = int(ExitCode.ENVIRONMENT)
    left = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        click.echo(f"warning: the algorithm left threads at work ({', '.join(left)}); they end here", err=True)
        # Python would wait for them for ever.
        os._exit(code)
    sys.exit(code)


def run(words: list[str]) -> int:
    """Run the command line and return the exit code."""
    options = words[: words.index("--")] if "--" in words else words
    try:
        code = cli.main(args=words, prog_name="lean-live", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (BrokenPipeError, SystemExit):
        # Whoever read our output has gone, as `head` does: click ends the process then. No verb calls sys.exit.
        return int(ExitCode.OK)
    except (click.Abort, KeyboardInterrupt):
        return _report("interrupted", "Interrupted", ExitCode.INTERRUPTED, options)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"; see '{context.command_path} --help'" if context is not None else ""
        return _report(error.format_message().rstrip(".") + hint, "UsageError", ExitCode.USAGE, options)
    except LeanLiveError as error:
        notes = getattr(error, "__notes__", [])
        return _report(str(error), type(error).__name__, error.exit_code, options, notes, error.result)
    except OSError as error:
        what = f"use {error.filename}" if error.filename else "write the output"
        text = f"cannot {what}: {error.strerror or error}; free some space, or name another file"
        return _report(text, type(error).__name__, ExitCode.ENVIRONMENT, options)
    except Exception as error:
        text = f"internal error, {type(error).__name__}: {error}; run again with --traceback and report it"
        return _report(text, type(error).__name__, ExitCode.RUN_FAILED, options, getattr(error, "__notes__", []))
    return code if isinstance(code, int) else int(ExitCode.OK)


def _flush_output() -> bool:
    """Flush standard output and error. A stream that cannot be written is turned to nowhere, or Python would complain."""
    is_whole = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError) as error:
            is_whole = is_whole and isinstance(error, BrokenPipeError)
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return is_whole


def _report(
    message: str, kind: str, code: ExitCode, options: list[str], notes: Sequence[str] = (), result: Any = None
) -> int:
    """Report an error where the user asked for it, and return its exit code.

    Parameters:
        message: what happened.
        kind: name of the error's class.
        code: exit code.
        options: words of the command line.
        notes: what is there all the same, such as the results up to the error.
        result: what the run came to, where there was one.
    """
    line = one_line(message)
    lines = [one_line(note) for note in notes]
    # The strategy may have closed a stream.
    with suppress(OSError, ValueError):
        if "--traceback" in options:
            click.echo(traceback.format_exc(), err=True, nl=False)
        content = _content(result)
        content["error"] = {"type": kind, "message": line, "exit_code": int(code), "notes": lines}
        # When standard output is full or gone, standard error may not be.
        if "--json" not in options or not _can_print(content):
            click.echo("\n".join([f"error: {line}", *lines]), err=True)
    return int(code)


def _content(result: Any) -> dict[str, Any]:
    """Return what JSON has beside an error: all members of the summary where a run had begun."""
    if result is None:
        return {}
    # Only errors of runs need it.
    from live.report.summary_file import result_to_dict, writable

    found: dict[str, Any] = writable(result_to_dict(result))
    return found


def _can_print(content: object) -> bool:
    try:
        print_json(content)
    except (OSError, ValueError):
        return False
    return True
