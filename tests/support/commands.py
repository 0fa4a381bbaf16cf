"""Runs of the command line on a tiny session, in this process or in one of their own, and what they left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from live.cli.main import run
from live.feeds.sample import write_sample

ROOT = Path(__file__).resolve().parent.parent.parent
DAY = date(2013, 10, 7)
COMMAND = [sys.executable, "-P", "-c", "from live.cli.main import main; main()"]

_TEXT = """from AlgorithmImports import *
{head}

class Strategy(QCAlgorithm):
    calls = 0

    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 7)
        self.ibm = self.add_equity("IBM", Resolution.MINUTE).symbol
{initialize}

    def on_data(self, data):
        self.calls += 1
        if self.calls == 5:
            self.market_order(self.ibm, 10)
{on_data}

    def on_end_of_algorithm(self):
        self.log("PROBE the end")
{on_end}

{body}
"""


def algorithm(
    on_data: str = "pass", initialize: str = "pass", head: str = "", body: str = "", on_end: str = "pass"
) -> str:
    """Return an algorithm that buys on its fifth bar and logs its end, with code put in."""

    def inside(text: str, depth: int) -> str:
        return textwrap.indent(textwrap.dedent(text).strip("\n"), "    " * depth)

    return _TEXT.format(
        head=textwrap.dedent(head),
        initialize=inside(initialize, 2),
        on_data=inside(on_data, 2),
        on_end=inside(on_end, 2),
        body=inside(body, 1),
    )


def line_of(text: str, part: str) -> int:
    """Return the number of the first line that holds a text."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def write_tiny(folder: Path) -> Path:
    """Write one day of the sample session."""
    write_sample(folder, days=[DAY])
    return folder


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, output, and the folder of its results."""

    code: int
    out: str
    err: str
    results: Path

    @property
    def lines(self) -> list[str]:
        """Lines on standard error."""
        return [line for line in self.err.splitlines() if line]

    @property
    def folder(self) -> Path:
        """The only folder of a run."""
        folders = [path for path in self.results.iterdir() if path.name.startswith("Strategy") and path.is_dir()]
        assert len(folders) == 1, folders
        return folders[0]

    @property
    def summary(self) -> dict[str, Any]:
        """Content of summary.json."""
        content: dict[str, Any] = orjson.loads((self.folder / "summary.json").read_bytes())
        return content

    @property
    def events(self) -> list[dict[str, Any]]:
        """Content of order-events.json."""
        content: list[dict[str, Any]] = orjson.loads((self.folder / "order-events.json").read_bytes())
        return content

    @property
    def log(self) -> str:
        """Content of log.txt."""
        return (self.folder / "log.txt").read_text(encoding="utf-8")


def words(path: Path, data: Path, results: Path, *options: str) -> list[str]:
    """Return the words of a dry run."""
    folders = ["--data-folder", str(data), "--results", str(results)]
    return ["dry-run", str(path), *folders, "--no-progress", *options]


def dry_run(text: str, data: Path, folder: Path, capsys: Any, *options: str) -> Ended:
    """Run an algorithm's text by the command's code, in this process."""
    path = folder / "main.py"
    path.write_text(text, encoding="utf-8")
    results = folder / "results"
    code = run(words(path, data, results, *options))
    captured = capsys.readouterr()
    return Ended(code, captured.out, captured.err, results)


def start(arguments: list[str], cwd: Path, command: Sequence[str] = COMMAND, **options: Any) -> subprocess.Popen[str]:
    """Start the command, or another one, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    # Under nohup or in the background of a script a process inherits that it ignores some of these.
    options.setdefault("preexec_fn", heed_signals)
    return subprocess.Popen([*command, *arguments], cwd=cwd, env=environment, text=True, **options)


def heed_signals() -> None:
    """Give the signals that stop a run their usual meaning, in a process that is about to start."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def finish(process: subprocess.Popen[str], results: Path) -> Ended:
    """Wait for a process that was started."""
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    return Ended(process.returncode, out or "", err or "", results)
