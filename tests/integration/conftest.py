"""Fixtures of the tests of runs on a feed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.feed_runs import FeedRuns, small_folder


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with reference data and without prices; nobody writes to it."""
    return small_folder(tmp_path_factory.mktemp("data")).path


@pytest.fixture
def runs(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> FeedRuns:
    """Return what runs algorithms on feeds."""
    return FeedRuns(tmp_path, capsys, monkeypatch)
