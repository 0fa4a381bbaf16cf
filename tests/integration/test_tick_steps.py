"""Steps of ticks that the pump plays give what whole time steps give."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.runs import outcome, run_file

from live.feeds.sample import write_sample

STRATEGY = """
import random
from AlgorithmImports import *

class Strategy({base}):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 8)
        self.set_cash({cash})
        self.ibm = self.add_equity("IBM", Resolution.TICK, leverage={leverage}).symbol
        self.btc = self.add_crypto("BTCUSD", Resolution.MINUTE).symbol
        self.random = random.Random({seed})
        self.steps = 0
        self.bars = 0
        if {consolidates}:
            self.consolidate(self.ibm, timedelta(minutes=1), self.on_bar)
        self.schedule.on(self.date_rules.every_day(), self.time_rules.every(timedelta(minutes=7)), self.on_clock)

    def on_bar(self, bar):
        self.bars += 1
        self.log(f"PROBE bar {{self.time}} {{bar.end_time}} {{bar.close}} {{bar.volume}}")

    def on_clock(self):
        self.log(f"PROBE clock {{self.time}} {{self.steps}} {{self.securities[self.ibm].price}}")

    def {callback}(self, data):
        self.steps += 1
        if {lacks_tick} or self.random.random() > {eagerness}:
            return
        price = self.securities[self.ibm].price
        quantity = self.random.choice([-{size}, {size}])
        kind = self.random.randrange(6)
        if kind == 0:
            self.market_order(self.ibm, quantity)
        elif kind == 1:
            self.limit_order(self.ibm, quantity, round(price + self.random.uniform(-0.3, 0.3), 2))
        elif kind == 2:
            self.stop_market_order(self.ibm, quantity, round(price + self.random.uniform(-0.3, 0.3), 2))
        elif kind == 3:
            for ticket in self.transactions.get_open_order_tickets():
                ticket.cancel()
        elif kind == 4:
            for ticket in self.transactions.get_open_order_tickets():
                fields = UpdateOrderFields()
                fields.quantity = quantity
                ticket.update(fields)
        else:
            self.liquidate()

    def on_order_event(self, event):
        account = self.portfolio
        self.log(f"PROBE {{self.time}} {{event.status}} {{account.total_portfolio_value}} {{account.margin_remaining}}")

    def on_end_of_algorithm(self):
        self.log(f"PROBE end {{self.steps}} {{self.bars}} {{self.time}}")
"""
WHOLE = "\n    def on_end_of_time_step(self):\n        pass\n"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


CASES = {
    "bars": {"seed": 1, "consolidates": True, "eagerness": 0.01, "size": 100, "cash": 100_000, "leverage": 2},
    "busy": {"seed": 2, "consolidates": False, "eagerness": 0.05, "size": 50, "cash": 100_000, "leverage": 2},
    "resting": {"seed": 3, "consolidates": False, "eagerness": 0.002, "size": 100, "cash": 100_000, "leverage": 2},
    "leveraged": {"seed": 4, "consolidates": True, "eagerness": 0.02, "size": 1_500, "cash": 10_000, "leverage": 50},
    "short of margin": {
        "seed": 5,
        "consolidates": False,
        "eagerness": 0.005,
        "size": 900,
        "cash": 100_000,
        "leverage": 2,
    },
}
BASES = {
    "on_data": {"base": "QCAlgorithm", "callback": "on_data", "lacks_tick": "self.ibm not in data.ticks"},
    "on_tick": {"base": "LiveAlgorithm", "callback": "on_tick", "lacks_tick": "False"},
}


@pytest.mark.parametrize("base", list(BASES))
@pytest.mark.parametrize("case", list(CASES))
def test_the_pump_gives_what_whole_steps_give(case: str, base: str, sample: Path, tmp_path: Path) -> None:
    outcomes = []
    for name, text in (("pumped", STRATEGY), ("whole", STRATEGY + WHOLE)):
        folder = tmp_path / name
        folder.mkdir()
        file = folder / "strategy.py"
        file.write_text(text.format(**CASES[case], **BASES[base]))
        outcomes.append(outcome(*run_file(file, sample, folder)))
    assert len(outcomes[0]["order_events"]) > 20
    assert outcomes[0] == outcomes[1]
