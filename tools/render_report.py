"""Run an example and keep pictures of its report, and of a comparison of two runs, for the documentation.

Needs Chromium, and the test dependencies. Example: python tools/render_report.py --data-folder data
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from live.paper.run_model import DryRunRequest
from live.report.comparison import Comparison
from live.report.dry_run import run_dry
from live.report.progress import SilentProgress
from live.report.run_files import RunFiles
from live.report.run_page import save_page

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))
from support.browser import find_chromium, opened, started  # noqa: E402 - the tests' way to the browser

PICTURES = ROOT / "docs" / "images"
_WIDTH = 1000
_PHONE_WIDTH = 390


def picture(browser: Browser, page_path: Path, name: str, scheme: str, width: int, height: int, top: str = "") -> None:
    """Keep the part of a page that a window shows.

    Parameters:
        browser: the browser.
        page_path: the page.
        name: the picture's name.
        scheme: "light" or "dark".
        width: of the window, in pixels.
        height: of the window, in pixels.
        top: heading at which the window begins; "" for the page's beginning.
    """
    with opened(browser, page_path, width, height, scheme) as found:
        if top:
            place = found.page.locator("section", has=found.page.get_by_role("heading", name=top, exact=True))
            place.evaluate("place => scrollTo(0, place.getBoundingClientRect().top - 10)")
        found.page.screenshot(path=PICTURES / name)


def main() -> None:
    """Render the pictures."""
    parser = argparse.ArgumentParser(description="Write docs/images/report-*.png from real runs.")
    parser.add_argument("--algorithm", type=Path, default=ROOT / "algorithms" / "ibm_tick_momentum.py")
    parser.add_argument("--data-folder", type=Path, help="LEAN data; without it the generated sample session")
    arguments = parser.parse_args()
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = find_chromium()
    if path is None:
        sys.exit("error: no Chromium was found; install one: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, started(path) as browser:
        results = Path(folder) / "results"
        runs = []
        for quantity in ("100", "200"):
            request = DryRunRequest(
                algorithm=arguments.algorithm,
                data_folder=arguments.data_folder,
                results_folder=results,
                working_folder=Path(folder),
                parameters={"last_day": "7", "quantity": quantity},
            )
            run_dry(request, SilentProgress())
            runs.append(RunFiles(results / "latest"))
        report, comparison = runs[0].folder / "report.html", results / "comparison.html"
        save_page(comparison, Comparison(runs).html())
        picture(browser, report, "report-light.png", "light", _WIDTH, 1_240)
        picture(
            browser, report, "report-dark.png", "dark", _WIDTH, 1_000, "Latency over time, with GC pauses and stalls"
        )
        picture(browser, report, "report-phone.png", "dark", _PHONE_WIDTH, 844)
        picture(browser, comparison, "comparison.png", "light", _WIDTH, 1_100)


if __name__ == "__main__":
    main()
