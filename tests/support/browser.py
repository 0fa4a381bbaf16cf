"""Chromium for tests that look at pages: the one that is installed, nothing is downloaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_DRAWN_WITHIN_MS = 60_000


@dataclass
class Opened:
    """A page, and what it complained about or asked for while it was open."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


def find_chromium() -> str | None:
    """Return the path of the installed Chromium."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the installed Chromium without a window; skip the test where there is none."""
    path = find_chromium()
    if path is None:
        pytest.skip(f"no Chromium is installed ({', '.join(_NAMES)})")
    with started(path) as browser:
        yield browser


@contextmanager
def started(path: str) -> Iterator[Browser]:
    """Start a browser without a window."""
    with sync_playwright() as driver:
        # Its sandbox needs rights that a container or root does not have; the pages are our own.
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, path: Path, width: int, height: int, scheme: str, touch: bool = False) -> Iterator[Opened]:
    """Open a file as a person would, and wait until its charts are drawn."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=touch,
        is_mobile=touch,
    )
    found = Opened(context.new_page())
    found.page.on("console", lambda message: found.complaints.append(message.text))
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on("request", lambda request: found.requests.append(request.url))
    found.page.goto(path.as_uri())
    found.page.wait_for_selector("html[data-drawn]", timeout=_DRAWN_WITHIN_MS)
    yield found
    context.close()
