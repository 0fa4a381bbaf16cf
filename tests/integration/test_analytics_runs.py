"""Scheduled analytics beside a real run: the tasks of docs/analytics.md, and a sidecar in a process of its own."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import orjson
from support.commands import ROOT
from support.feed import PATIENCE_SECONDS, publishing
from support.feed_runs import IBM, FeedRuns, Scene, moment_ns, quote, trade
from support.sidecars import SidecarProcess, wait_until
from support.windows import snapshot, window_of

from live.sidecar.analytics.calling import checked_values
from live.sidecar.analytics.registry import collect

PAGE = ROOT / "docs" / "analytics.md"
STRATEGY = """
from AlgorithmImports import *

class Strategy(LiveAlgorithm):
    def initialize(self):
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol

    def on_tick(self, tick):
        if tick.is_trade:
            self.submit(self.ibm, 10)
"""
BEGIN_NS = moment_ns("10:00:00")


def example() -> str:
    """Return the tasks of the documentation."""
    found = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def test_the_tasks_of_the_documentation_work(tmp_path: Path) -> None:
    path = tmp_path / "my_tasks.py"
    path.write_text(example(), encoding="utf-8")
    tasks = collect((), [path])
    assert {name: (task.schedule.text, task.in_process, task.timeout_seconds) for name, task in tasks.items()} == {
        "open_profit": ("every 5s", False, None),
        "equity_range": ("cron */5 9-16 * * mon-fri America/New_York", True, 20.0),
        "farewell": ("at session_end", False, None),
    }
    window = window_of(tmp_path / "run", history=(snapshot(0, 5.0), snapshot(1, 7.0)))
    assert checked_values(tasks["open_profit"].function(window)) == {"IBM": -75.0, "BTCUSD": 0.1875}
    assert checked_values(tasks["equity_range"].function(window)) == {"low": 5.0, "high": 7.0}


TASKS = """
from live.sidecar.analytics import analytics

@analytics(every="100ms", process=True)
def fills(window):
    return {"fills": sum(getattr(event, "fill_quantity", 0) != 0 for event in window.events)}

@analytics(every="100ms")
def breaks(window):
    raise ValueError("on purpose")
"""
TABLES = """
[analytics]
modules = ["tasks.py"]

[watchdog]
silence_most_seconds = 3_600
silence_least_seconds = 3_600
"""


def test_a_run_with_a_sidecar_in_a_process_of_its_own(runs: FeedRuns, data: Path, tmp_path: Path) -> None:
    sidecars: list[SidecarProcess] = []

    async def script(scene: Scene) -> None:
        async with publishing(scene.path, IBM) as (publisher, _):
            publisher.set_clock(BEGIN_NS, 0.0)
            await scene.ready()
            folder = scene.page.parent.parent.parent
            (folder / "tasks.py").write_text(TASKS, encoding="utf-8")
            sidecar = await asyncio.to_thread(SidecarProcess, folder, tables=TABLES)
            sidecars.append(sidecar)

            async def shows(value: float, *line: str) -> None:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while await asyncio.to_thread(sidecar.value, *line) != value:
                        await asyncio.sleep(0.01)

            await shows(0.0, "analytics_value", 'task="fills"')
            ticks = []
            for number in range(1, 6):
                ticks += [quote(BEGIN_NS + 10 * number, 99.9, 100.1), trade(BEGIN_NS + 10 * number + 1, 100.0)]
            await publisher.publish(ticks)
            await scene.took(10)
            await shows(5.0, "analytics_value", 'task="fills"', 'value="fills"')
            await shows(5.0, "analytics_value", 'task="order_to_trade"', 'value="fills"')
            await shows(0.0, "analytics_runs_total", 'task="breaks"', 'outcome="ok"')
            await shows(0.0, "feed_silent", 'symbol="IBM"')
            await publisher.finish()

    try:
        ended = runs.follow(STRATEGY, data, script)
        sidecar = sidecars[0]
        path = ended.folder / "analytics.json"
        wait_until(path.exists, "analytics.json is written")
        found = orjson.loads(path.read_bytes())
        assert found["run"] == ended.folder.name
        assert found["state"] == "completed"
        assert found["order_to_trade"] == {
            "orders": 5.0,
            "changes": 0.0,
            "cancels": 0.0,
            "fills": 5.0,
            "denials": 0.0,
            "ratio": 1.0,
        }
        assert found["fill_quality"]["fills"] == 5.0
        assert found["profit_and_loss"]["equity"] == float(ended.summary["equity"])
        document = orjson.loads(sidecar.get("/analytics")[2])
        tasks = {each["task"]: each for each in document[0]["tasks"]}
        assert tasks["breaks"]["outcomes"]["failed"] > 0
        assert "ValueError: on purpose (tasks.py, line 10)" in tasks["breaks"]["reason"]
        assert orjson.loads(sidecar.get("/watchdog")[2])["runs"][0]["symbols"]["IBM"]["silent"] is False
    finally:
        ends = [each.end() for each in sidecars]
    code, complaint = ends[0]
    assert code == 0, complaint
    assert complaint.count("analytics task breaks") == 1
