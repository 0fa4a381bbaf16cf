"""Run an example and keep the progress bar of one of its moments as a picture for the documents.

Example: python tools/render_progress.py --data-folder data
"""

from __future__ import annotations

import argparse
import io
import tempfile
from pathlib import Path

from render_summary import write_svg
from rich.console import Console

from live.paper.run_model import DataSource, DryRunRequest, Progress
from live.report.dry_run import run_dry
from live.report.progress import WIDE_COLUMNS, BarProgress

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "progress.svg"
_SHOWN_FROM = 0.6


class PicturedProgress(BarProgress):
    """A bar that is printed once, in the middle of the run, to a console that records."""

    def __init__(self, recorded: Console) -> None:
        super().__init__(Console(file=io.StringIO(), width=WIDE_COLUMNS))
        self._recorded = recorded
        self._is_printed = False

    def begin(self, title: str, data: DataSource) -> None:
        """Begin, without the folder of this machine."""
        super().begin(title, DataSource(Path("data"), data.how, data.is_sample))

    def update(self, progress: Progress) -> None:
        """Redraw the bar, and print it when its moment has come."""
        super().update(progress)
        if not self._is_printed and progress.fraction >= _SHOWN_FROM:
            self._is_printed = True
            self._recorded.print(self._bar)


def main() -> None:
    """Render the picture."""
    parser = argparse.ArgumentParser(description="Write docs/images/progress.svg from a real run.")
    parser.add_argument("--algorithm", type=Path, default=ROOT / "algorithms" / "ibm_tick_momentum.py")
    parser.add_argument("--data-folder", type=Path, help="LEAN data; without it the generated sample session")
    arguments = parser.parse_args()
    recorded = Console(record=True, width=WIDE_COLUMNS, file=io.StringIO(), force_terminal=True)
    with tempfile.TemporaryDirectory() as results:
        folder = Path(results)
        request = DryRunRequest(arguments.algorithm, folder, data_folder=arguments.data_folder, working_folder=folder)
        run_dry(request, PicturedProgress(recorded))
    write_svg(recorded, f"lean-live dry-run algorithms/{arguments.algorithm.name}", "progress", PICTURE)


if __name__ == "__main__":
    main()
