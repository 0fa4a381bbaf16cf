"""Reports in a real browser: drawn whole, offline, readable on a desk and on a phone, in light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from support.browser import chromium, opened
from support.run_folders import (
    EVENTS,
    HISTOGRAM,
    LATENCY,
    MINUTE_NS,
    SERIES,
    START_NS,
    STEP,
    SUMMARY,
    SYMBOLS,
    order_event,
    run_folder,
)

from live.paper.run_model import DryRunRequest
from live.report.comparison import Comparison
from live.report.dry_run import run_dry
from live.report.progress import SilentProgress
from live.report.run_files import RunFiles
from live.report.run_page import save_page, write_report

ROOT = Path(__file__).resolve().parent.parent.parent
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&<b>"
SCREENS = [(1280, 900, False), (390, 844, True)]
DRAWN = """() => [...document.querySelectorAll('.chart')].map(place => ({
    key: place.id,
    marks: [...place.querySelectorAll('.scatterlayer path, .barlayer path')].filter(
        each => { const box = each.getBoundingClientRect(); return box.width + box.height > 0; }).length,
    right: place.getBoundingClientRect().right,
}))"""
POINT = """place => {
    const trace = place._fullData.filter(each => each.yaxis === 'y' && each.hoverinfo !== 'skip').pop();
    const isBar = trace.type === 'bar';
    const at = isBar ? trace.y.indexOf(Math.max(...trace.y)) : Math.floor(trace.x.length / 2);
    const { xaxis, yaxis } = place._fullLayout;
    const box = place.getBoundingClientRect();
    return [box.left + xaxis._offset + xaxis.d2p(trace.x[at] + (isBar ? trace.width / 2 : 0)),
        box.top + yaxis._offset + yaxis.d2p(trace.y[at]) + (isBar ? 5 : 0)];
}"""
"""Where a point of a chart's last trace is on the screen."""
CLIPPED = """() => [...document.querySelectorAll('body *')].filter(each => !each.closest('.scroll') && !each.closest('.chart'))
    .filter(each => each.getBoundingClientRect().right > innerWidth + 1).map(each => each.tagName)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def real_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = tmp_path_factory.mktemp("results")
    request = DryRunRequest(
        algorithm=ROOT / "algorithms" / "ibm_tick_momentum.py", results_folder=results, working_folder=results
    )
    run_dry(request, SilentProgress())
    return (results / "latest").resolve()


def check_page(page: Page, charts: int) -> None:
    drawn = page.evaluate(DRAWN)
    assert len(drawn) == charts
    assert all(each["marks"] for each in drawn), drawn
    width = page.evaluate("innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CLIPPED) == []
    assert all(each["right"] <= width for each in drawn)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height", "touch"), SCREENS)
def test_a_real_report_is_drawn_offline_on_every_screen(
    browser: Browser, real_run: Path, scheme: str, width: int, height: int, touch: bool
) -> None:
    path = real_run / "report.html"
    with opened(browser, path, width, height, scheme, touch) as found:
        check_page(found.page, charts=5)
        assert found.requests == [path.as_uri()]
        assert found.complaints == []
        background = found.page.evaluate("getComputedStyle(document.body).backgroundColor")
        shade = sum(int(part) for part in background.removeprefix("rgb(").rstrip(")").split(","))
        assert (shade < 200) == (scheme == "dark")


def test_hovering_shows_numbers(browser: Browser, real_run: Path) -> None:
    with opened(browser, real_run / "report.html", 1280, 900, "light") as found:
        for key in ("equity", "symbol-0", "distribution", "over-time", "stages"):
            place = found.page.locator(f"#chart-{key}")
            place.scroll_into_view_if_needed()
            label = place.locator(".hoverlayer text").first
            x, y = place.evaluate(POINT)
            # plotly.js answers to movements, and the first one only tells it that the mouse is there.
            found.page.mouse.move(x - 3, y)
            found.page.mouse.move(x, y)
            label.wait_for(state="attached", timeout=10_000)
        assert found.complaints == []


def test_charts_follow_a_change_of_the_color_scheme(browser: Browser, real_run: Path) -> None:
    with opened(browser, real_run / "report.html", 1280, 900, "light") as found:
        color = "() => getComputedStyle(document.querySelector('#chart-equity .scatterlayer path.js-line')).stroke"
        before = found.page.evaluate(color)
        found.page.emulate_media(color_scheme="dark")
        found.page.wait_for_function(f"before => ({color})() !== before", arg=before, timeout=10_000)
        check_page(found.page, charts=5)
        assert found.complaints == []


def test_a_page_can_be_read_without_seeing_it(browser: Browser, real_run: Path) -> None:
    with opened(browser, real_run / "report.html", 1280, 900, "light") as found:
        page = found.page
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.evaluate("document.title")
        assert page.locator("h1").count() == 1
        assert page.evaluate("[...document.querySelectorAll('section')].every(each => each.querySelector('h2'))")
        assert page.evaluate("[...document.querySelectorAll('.chart')].every(each => each.ariaLabel.length > 20)")
        assert page.evaluate(
            "[...document.querySelectorAll('table')].every(each => each.caption && each.querySelector('th[scope=row]'))"
        )
        reached = set()
        for _ in range(page.locator(".scroll").count() + 2):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.className"))
        assert "scroll" in reached


def hostile_run(root: Path) -> Path:
    """A run in which everything that a user can name tries to break out of the page."""
    step = STEP | {"symbol": HOSTILE, "kind": HOSTILE}
    summary: dict[str, Any] = {
        "state": "failed",
        "algorithm": HOSTILE,
        "algorithm_path": HOSTILE,
        "data": {"folder": HOSTILE, "how": HOSTILE, "is_sample": False},
        "error": {"type": HOSTILE, "message": HOSTILE, "exit_code": 1, "notes": [HOSTILE]},
        "warnings": [HOSTILE, "\x1b[31mred\x00\u202e"],
        "denials": {HOSTILE: 1, "ORDER_QUANTITY_ZERO": 2},
        "orders": {HOSTILE: 1},
        "currency": HOSTILE,
        "ticks_dropped": {HOSTILE: 3},
        "statistics": {HOSTILE: HOSTILE},
        "quit_message": HOSTILE,
        "positions": [SUMMARY["positions"][0] | {"symbol": HOSTILE}],
        "feed": {
            "address": HOSTILE,
            "state": HOSTILE,
            "reason": HOSTILE,
            "counters": {HOSTILE: 2, "gaps": 1},
            "events": [
                {"wall": "2013-10-07T14:00:01Z", "time": "2013-10-07T14:00:01Z", "state": HOSTILE, "reason": HOSTILE}
            ],
            "events_beyond": 7,
            "rehearsal": None,
        },
    }
    return run_folder(
        root,
        summary=summary,
        latency={"worst": [step]},
        symbols=SYMBOLS | {"symbols": [SYMBOLS["symbols"][0] | {"symbol": HOSTILE, "id": HOSTILE}]},
        events=[order_event(1, "filled", symbol=HOSTILE, symbolValue=HOSTILE, message=HOSTILE)],
    )


@pytest.mark.parametrize(("width", "height", "touch"), SCREENS)
def test_texts_of_the_user_stay_texts(browser: Browser, tmp_path: Path, width: int, height: int, touch: bool) -> None:
    path = write_report(RunFiles(hostile_run(tmp_path)))
    with opened(browser, path, width, height, "light", touch) as found:
        check_page(found.page, charts=5)
        assert found.requests == [path.as_uri()]
        assert found.complaints == []
        assert found.page.locator("img").count() == 0
        assert found.page.locator("main b").count() == 0
        assert HOSTILE in found.page.locator("h1").inner_text()
        assert "ORDER_QUANTITY_ZERO" in found.page.locator("table").all_inner_texts().__str__()


def test_the_policy_stops_a_script_that_is_not_the_pages_own(browser: Browser, tmp_path: Path) -> None:
    path = write_report(RunFiles(run_folder(tmp_path)))
    path.write_bytes(path.read_bytes().replace(b"</main>", b"<script>window.broken = 1</script></main>"))
    with opened(browser, path, 1280, 900, "light") as found:
        assert found.page.evaluate("window.broken") is None
        assert any("Content Security Policy" in each for each in found.complaints)


@pytest.mark.parametrize(("width", "height", "touch"), SCREENS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_comparison_is_drawn_on_every_screen(
    browser: Browser, real_run: Path, tmp_path: Path, scheme: str, width: int, height: int, touch: bool
) -> None:
    other = run_folder(tmp_path, name="Other" * 20)
    third = run_folder(tmp_path, name="Third", events=EVENTS[:2], histograms={"tick_to_decision": HISTOGRAM})
    path = tmp_path / "comparison.html"
    save_page(path, Comparison([RunFiles(each) for each in (real_run, other, third)]).html())
    with opened(browser, path, width, height, scheme, touch) as found:
        check_page(found.page, charts=2)
        assert found.requests == [path.as_uri()]
        assert found.complaints == []
        assert found.page.locator(".scatterlayer .js-line").count() >= 3


def test_long_runs_with_many_fills_are_drawn(browser: Browser, tmp_path: Path) -> None:
    moments = [START_NS + second * 1_000_000_000 for second in range(4_000)]
    events = [order_event(number, "filled", time=moments[number % 4_000] / 1e9) for number in range(9_000)]
    windows = [LATENCY["windows"][0] | {"offset_ns": number * 10_000_000} for number in range(512)]
    spans = [{"offset_ns": number * 7_000_000, "took_ns": 2_000_000, "gc_ns": 0} for number in range(256)]
    folder = run_folder(
        tmp_path,
        events=events,
        latency={"windows": windows, "stalls": spans, "stalls_seen": 1_000},
        series={"Strategy Equity": {"Equity": [[moment, 1e5 + moment % 977] for moment in moments]}},
        symbols={
            "version": 1,
            "drawdown": SYMBOLS["drawdown"],
            "symbols": [SYMBOLS["symbols"][0] | {"price": [[moment, 180 + moment % 7] for moment in moments]}],
        },
    )
    path = write_report(RunFiles(folder))
    with opened(browser, path, 390, 844, "light", touch=True) as found:
        check_page(found.page, charts=5)
        assert "1,000, of which the longest 256 are shown" in found.page.locator("main").inner_text()
        assert "bought (1 of 5)" in found.page.locator("#chart-symbol-0").inner_html()


def test_a_run_that_did_nothing_says_so_in_words(browser: Browser, tmp_path: Path) -> None:
    nothing = {"count": 0, "p50_ns": 0, "p99_ns": 0, "p999_ns": 0, "max_ns": 0}
    folder = run_folder(
        tmp_path,
        summary={
            "state": "failed",
            "error": {"type": "AlgorithmError", "message": "initialize raised", "exit_code": 3, "notes": []},
            "orders": {},
            "ticks": {"trade": 0, "quote": 0},
            "positions": [],
            "tick_to_decision": nothing,
            "tick_to_order": nothing,
            "python_gc": {"pauses": nothing, "collections_by_generation": [0, 0, 0]},
        },
        latency=None,
        symbols=None,
        series={"Strategy Equity": {"Equity": []}},
        events=[],
        histograms={"tick_to_decision": {"unit": "ns", "count": 0, "sum": 0, "max": 0, "buckets": []}},
    )
    path = write_report(RunFiles(folder))
    assert path.stat().st_size < 50_000
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(path.as_uri())
    words = page.locator("main").inner_text()
    for sentence in (
        "Failed.",
        "AlgorithmError: initialize raised",
        "No decision was measured.",
        "No equity was sampled",
        "No price was sampled.",
        "The risk gate refused no order.",
        "No stage was measured.",
        "At the end all positions were flat.",
        "files missing from the folder: latency.json, symbols.json",
    ):
        assert sentence in words
    assert page.locator(".chart").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_the_data_of_a_minute_reach_the_chart(browser: Browser, tmp_path: Path) -> None:
    path = write_report(RunFiles(run_folder(tmp_path)))
    with opened(browser, path, 1280, 900, "light") as found:
        data = found.page.evaluate("document.getElementById('chart-equity').data[0]")
        expected = [value for _, value in SERIES["Strategy Equity"]["Equity"]] + [100_010.0]
        assert data["y"] == expected
        assert data["x"][0] == START_NS / 1e6
        assert data["x"][-1] == (START_NS + 5 * MINUTE_NS) / 1e6
        bought = found.page.evaluate(
            "document.getElementById('chart-symbol-0').data.find(each => each.name === 'bought')"
        )
        assert bought["y"] == [182.1]
