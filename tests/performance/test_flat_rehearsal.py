"""Keeping warm all day takes no more memory than keeping warm for a minute."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest
from support.feed_runs import DAY, moment_ns, small_folder
from support.runs import MemorySink

from live.algorithm.enums import Resolution
from live.algorithm.live_algorithm import LiveAlgorithm
from live.algorithm.qc_algorithm import QCAlgorithm
from live.config import RiskSettings
from live.feeds.data_folder import DataFolder
from live.hot.catalogue import Stage
from live.hot.histogram import Histogram
from live.paper.curves import Curves
from live.paper.engine import PaperEngine
from live.paper.object_store import ObjectStore
from live.paper.recorder import Recorder
from live.paper.rehearsal import Rehearser
from live.paper.risk_desk import RiskDesk
from live.paper.subscriptions import Subscriptions

BEATS_PER_ORDER = 4


class NoLog:
    def write(self, local_ns: int, level: str, text: str) -> None:
        raise AssertionError(text)


class Ticks(LiveAlgorithm):
    pass


def engine_of(folder: Path, kind: type[QCAlgorithm], sink: MemorySink) -> PaperEngine:
    """Return a run that is set up, with a subscription to IBM."""
    data = small_folder(folder / "data")
    data.day("ibm", DAY, Resolution.TICK, ["34200000,1000000,100,P,0,0"])
    histograms = {stage: Histogram() for stage in Stage}
    recorder = Recorder(sink, NoLog(), histograms.__getitem__)
    risk = RiskDesk(RiskSettings(), lambda: 0)
    engine = PaperEngine(Subscriptions(DataFolder(data.path)), recorder, ObjectStore(folder / "store"), {}, risk)
    engine.follow(moment_ns("10:00:00"))
    engine.attach(kind)
    engine.algorithm.add_equity("IBM", Resolution.TICK)
    return engine


@pytest.mark.parametrize("kind", [QCAlgorithm, Ticks])
def test_beats_leave_nothing_behind(tmp_path: Path, kind: type[QCAlgorithm], monkeypatch: pytest.MonkeyPatch) -> None:
    # The curves of the rehearsed account fill up to a limit, which takes long.
    monkeypatch.setattr(Curves, "fill", lambda *_: None)
    sink = MemorySink()
    engine = engine_of(tmp_path, kind, sink)
    rehearser = Rehearser(engine)

    def blocks_after(orders: int) -> int:
        for number in range(orders * BEATS_PER_ORDER):
            rehearser.beat(number % BEATS_PER_ORDER == 0)
        gc.collect()
        return sys.getallocatedblocks()

    blocks_after(200)
    before = blocks_after(200)
    assert blocks_after(1_000) - before < 500
    assert rehearser.orders == 1_400
    assert not sink.events
    assert engine.recorder.steps == engine.transactions.orders_count == 0
