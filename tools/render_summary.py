"""Run an example and keep its summary as a picture for the README.

Example: python tools/render_summary.py --data-folder data
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import re
import tempfile
from pathlib import Path

from rich.console import Console

from live.paper.run_model import DryRunRequest
from live.report.dry_run import run_dry
from live.report.progress import choose_progress
from live.report.summary import print_summary

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "dry-run.svg"
_WIDTH = 100
_FONT_FACE = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def render(algorithm: Path, data_folder: Path | None, picture: Path) -> None:
    """Run an algorithm and write the picture; folders are shown by their last name only."""
    with tempfile.TemporaryDirectory() as results:
        request = DryRunRequest(
            algorithm=algorithm,
            data_folder=data_folder,
            results_folder=Path(results),
            working_folder=Path(results),
        )
        result = run_dry(request, choose_progress(False, io.StringIO()))
    name = result.results_folder.name if result.results_folder is not None else ""
    data = dataclasses.replace(result.data, path=Path("data"))
    folder = Path("results") / name
    shown = dataclasses.replace(result, data=data, results_folder=folder, report=folder / "report.html")
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True)
    print_summary(shown, console)
    write_svg(console, f"lean-live dry-run algorithms/{algorithm.name}", "dry-run", picture)


def write_svg(console: Console, title: str, name: str, picture: Path) -> None:
    """Write what a recording console has printed as a picture.

    Parameters:
        console: the console.
        title: words in the frame of the picture.
        name: of the picture; its parts have names of their own by it when several are in one document.
        picture: file.
    """
    picture.parent.mkdir(parents=True, exist_ok=True)
    svg = console.export_svg(title=title, unique_id=name)
    # The picture names fonts of a web server, which no viewer of a README loads; the system's monospace serves.
    picture.write_text(_FONT_FACE.sub("", svg), encoding="utf-8")


def main() -> None:
    """Render the picture of the README."""
    parser = argparse.ArgumentParser(description="Write docs/images/dry-run.svg from a real run.")
    parser.add_argument("--algorithm", type=Path, default=ROOT / "algorithms" / "ibm_tick_momentum.py")
    parser.add_argument("--data-folder", type=Path, help="LEAN data; without it the generated sample session")
    arguments = parser.parse_args()
    render(arguments.algorithm, arguments.data_folder, PICTURE)


if __name__ == "__main__":
    main()
