"""The thread that publishes a recorded session: whatever ends it is known to the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from live.errors import EngineFailure
from live.feeds.socket.address import FeedAddress
from live.lean.engine import replay
from live.lean.engine.replay import OfferedSubscriptions, SessionPublisher, SessionRequest


def publisher(folder: Path) -> SessionPublisher:
    file = folder / "subscriptions.json"
    file.write_bytes(msgspec.json.encode(OfferedSubscriptions(["equity/usa/IBM"], False)))
    return SessionPublisher(SessionRequest(folder), file, FeedAddress(folder / "feed"))


def test_an_error_that_is_none_of_ours_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> None:
        raise ValueError("bad zip member")

    monkeypatch.setattr(replay, "ReplaySession", broken)
    found = publisher(tmp_path)
    found.start()
    found._thread.join(20.0)
    assert isinstance(found.failure, EngineFailure)
    assert "the session cannot be published: internal error, ValueError: bad zip member" in str(found.failure)


def test_a_file_of_subscriptions_that_is_none_ends_the_run(tmp_path: Path) -> None:
    found = publisher(tmp_path)
    (tmp_path / "subscriptions.json").write_bytes(b"{}")
    found.start()
    found._thread.join(20.0)
    assert isinstance(found.failure, EngineFailure)
    assert "symbols" in str(found.failure)
