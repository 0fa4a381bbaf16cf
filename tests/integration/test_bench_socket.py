"""The socket rows of `lean-live bench`: every tick counts once, from when it was due, also after a stall."""

from __future__ import annotations

from pathlib import Path

import pytest

from live.bench import socket_run
from live.bench.market import tickers, write_market
from live.bench.socket_run import play_socket
from live.config import HostSettings

ROOT = Path(__file__).resolve().parent.parent.parent
MILLISECOND_NS = 1_000_000
STALL_MS = 50
WARM_UP, TICKS = 20, 80
STALL = f"""
        if self.count == 30:
            end_ns = perf_counter_ns() + {STALL_MS * MILLISECOND_NS}
            while perf_counter_ns() < end_ns:
                pass
"""


@pytest.mark.parametrize("tier", ["live", "slice"])
def test_a_stall_is_seen_by_every_tick_that_it_delays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tier: str
) -> None:
    line = "        price = tick.price\n" if tier == "live" else "        ticks = slice.ticks\n"
    text = (socket_run.STRATEGIES / f"{tier}_paced.py").read_text(encoding="utf-8").replace(line, STALL + line, 1)
    text = text.replace("from AlgorithmImports", "from time import perf_counter_ns\nfrom AlgorithmImports", 1)
    (tmp_path / "stalling.py").write_text(text, encoding="utf-8")
    # For the sending process.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(socket_run, "STRATEGIES", tmp_path)
    data = tmp_path / "data"
    write_market(data, 1, 1, 1_000)
    words = {"ticker": tickers(1)[0], "order_every": "1"}
    host = HostSettings(rehearsal_seconds=0, keep_warm_milliseconds=0)
    run, _ = play_socket("stalling", data, words, host, WARM_UP, TICKS, MILLISECOND_NS)
    # However many came in one read, those of the warm-up are not among them.
    assert run.decisions.count == run.orders.count == TICKS
    for histogram in (run.decisions, run.orders):
        # The n-th tick after the stall was due n ms after its beginning: at least 25 are 25 ms late or more.
        assert histogram.quantile(0.71) >= 25 * MILLISECOND_NS * 0.95
        assert histogram.quantile(1.0) >= STALL_MS * MILLISECOND_NS * 0.95
