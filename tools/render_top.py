"""Play a feed to an example, watch the run with lean-live top, and keep a view as a picture for the documents.

Example: python tools/render_top.py --data-folder data
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from render_summary import write_svg
from rich.console import Console

from live.clock import sleep
from live.errors import DataError
from live.report.top.history import LookHistory
from live.report.top.look import look_at
from live.report.top.runs import open_run
from live.report.top.screen import screen_lines

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "top.svg"
_COMMAND = [sys.executable, "-P", "-c", "from live.cli.main import main; main()"]
_WIDTH, _ROWS = 100, 36
_LOOKS_MIN, _LOOKS_MAX, _EVERY_SECONDS = 40, 240, 0.5
_PARAMETERS = ("slow=100", "threshold_bps=0.5")
"""So that the example trades within the seconds that are watched."""


def render(algorithm: Path, data_folder: Path, picture: Path) -> None:
    """Run an algorithm on a feed of its data and write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        publish = ["feed", "replay", "--data-folder", str(data_folder), "--symbols", "IBM", "--listen", "unix:feed"]
        publisher = _start([*publish, "--regular-hours", "--speed", "30"], folder)
        words = [word for each in _PARAMETERS for word in ("--parameter", each)]
        folders = ["--feed", "unix:feed", "--data-folder", str(data_folder)]
        run = _start(["dry-run", str(algorithm), *folders, *words], folder)
        try:
            history = _watch(Path(folder) / "results")
        finally:
            for each in (run, publisher):
                each.terminate()
                each.wait()
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True)
    for line in screen_lines(history, _WIDTH, _ROWS, "q quits"):
        console.print(line, highlight=False)
    write_svg(console, "lean-live top", "top", picture)


def _start(words: list[str], folder: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [*_COMMAND, *words], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _watch(results: Path) -> LookHistory:
    """Look at the newest run again and again once it is there, until it holds something."""
    history = LookHistory()
    view = None
    while view is None:
        try:
            view = open_run(None, results)
        except DataError:
            sleep(_EVERY_SECONDS)
    for number in range(_LOOKS_MAX):
        sleep(_EVERY_SECONDS)
        history.add(look_at(view))
        if number >= _LOOKS_MIN and history.look.positions:
            break
    return history


def main() -> None:
    """Render the picture."""
    parser = argparse.ArgumentParser(description="Write docs/images/top.svg from a real run.")
    parser.add_argument("--algorithm", type=Path, default=ROOT / "algorithms" / "ibm_tick_momentum.py")
    parser.add_argument("--data-folder", type=Path, required=True, help="LEAN data with ticks of IBM")
    arguments = parser.parse_args()
    render(arguments.algorithm.absolute(), arguments.data_folder.absolute(), PICTURE)


if __name__ == "__main__":
    main()
