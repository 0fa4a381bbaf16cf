"""Plays generated order sequences through the whole engine.

Run as a program it reads one case a line from standard input, in JSON, and answers each with one line: whether the hot
path is compiled, and everything that the run did. So the same cases can be played by a compiled and an interpreted
build, each started once.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import live.hot
from live.algorithm.enums import Resolution
from live.config import Config, LogSettings, RiskSettings
from live.errors import LeanLiveError
from support.lean_folder import LeanFolder
from support.runs import outcome, run_file

DAY = date(2020, 6, 8)
TICKERS = ("AAA", "BBB", "CCC")
OPEN_MS = 34_200_000
CLOSE_MS = 57_600_000
CENT = 100
"""Of the units in which LEAN's equity files hold prices."""

STRATEGY = """
from AlgorithmImports import *
import json

class Strategy({base}):
    def initialize(self):
        self.set_start_date(2020, 6, 8)
        self.set_end_date(2020, 6, 8)
        self.set_cash(50_000)
        case = json.loads({case!r})
        resolutions = dict(tick=Resolution.TICK, minute=Resolution.MINUTE)
        self.all = [self.add_equity(each["ticker"], resolutions[each["resolution"]]).symbol for each in case["symbols"]]
        self.commands = dict()
        for at, *command in case["commands"]:
            self.commands.setdefault(at, []).append(command)
        self.calls = 0
        self.tickets = []
        self.handles = []

    def step(self):
        self.calls += 1
        for command in self.commands.get(self.calls, ()):
            try:
                answer = self.act(*command)
            except (ValueError, TypeError, ZeroDivisionError) as error:
                answer = type(error).__name__ + " " + str(error)
            self.log("PROBE " + str(self.calls) + " " + str(answer))

    def act(self, operation, place, quantity, offset, second, pick):
        symbol = self.all[place % len(self.all)]
        price = self.securities[symbol].price
        first, other = round(price + offset / 100, 2), round(price + second / 100, 2)
        if operation == "market":
            return self.keep(self.market_order(symbol, quantity))
        if operation == "limit":
            return self.keep(self.limit_order(symbol, quantity, first))
        if operation == "stop":
            return self.keep(self.stop_market_order(symbol, quantity, first))
        if operation == "stop_limit":
            return self.keep(self.stop_limit_order(symbol, quantity, first, other))
        if operation == "touched":
            return self.keep(self.limit_if_touched_order(symbol, quantity, first, other))
        if operation == "trailing":
            return self.keep(self.trailing_stop_order(symbol, quantity, abs(offset) / 100, False))
        if operation == "close":
            return self.keep(self.market_on_close_order(symbol, quantity))
        if operation == "liquidate":
            return [self.keep(each) for each in self.liquidate(symbol if pick % 2 else None)]
        if operation == "set_holdings":
            return self.set_holdings(symbol, offset / 100, bool(pick % 2))
        if operation == "submit":
            if not hasattr(self, "submit"):
                return None
            self.handles.append(self.submit(symbol, quantity, first if pick % 2 else 0.0, other if pick % 4 > 1 else 0.0))
            return self.handles[-1]
        if operation == "cancel_handle":
            return self.handles and self.cancel(self.handles[pick % len(self.handles)])
        if not self.tickets:
            return None
        ticket = self.tickets[pick % len(self.tickets)]
        if operation == "cancel":
            return ticket.cancel("cancel")
        fields = UpdateOrderFields()
        if operation in ("update_quantity", "update_all"):
            fields.quantity = quantity
        if operation in ("update_limit", "update_all"):
            fields.limit_price = first
        if operation in ("update_stop", "update_all"):
            fields.stop_price = other
        if operation == "update_tag":
            fields.tag = "tag"
        return ticket.update(fields)

    def keep(self, ticket):
        self.tickets.append(ticket)
        return ticket.order_id, str(ticket.status)

    def {callback}(self, data):
        self.step()

    def on_order_event(self, event):
        holding = self.portfolio[event.symbol]
        self.log("PROBE " + str(event) + " " + str(holding.quantity) + " " + str(self.portfolio.cash))
        if event.status == OrderStatus.FILLED and event.order_id % 3 == 0 and len(self.tickets) < 60:
            self.keep(self.limit_order(event.symbol, -event.fill_quantity, round(event.fill_price * 1.001, 2)))
"""


def play(case: dict[str, Any]) -> dict[str, Any]:
    """Play one case and return what it did."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lean = LeanFolder(folder / "data")
        for each in case["symbols"]:
            write_market(lean, each)
        base, callback = ("LiveAlgorithm", "on_tick") if case["is_live"] else ("QCAlgorithm", "on_data")
        path = folder / "main.py"
        text = STRATEGY.format(base=base, callback=callback, case=json.dumps(case))
        path.write_text(text, encoding="utf-8")
        config = Config(risk=RiskSettings(**case["limits"]), log=LogSettings(max_lines_per_second=1_000_000))
        try:
            run, sink = run_file(path, lean.path, folder / "results", config=config)
        except LeanLiveError as error:
            log = (folder / "results" / "log.txt").read_text(encoding="utf-8")
            return {"error": f"{type(error).__name__}: {error}".replace(name, ""), "log": log}
        counts = run.result()
        return outcome(run, sink) | {
            "denials": dict(run.recorder.denials),
            "calls": dict(counts.calls),
            "ticks": dict(counts.ticks),
            "bars": dict(counts.bars),
            "lines": sink.lines,
        }


def write_market(folder: LeanFolder, market: dict[str, Any]) -> None:
    """Write the trades and quotes of one security: moves in cents, each some milliseconds after the one before."""
    time_ms, price = OPEN_MS, market["price"]
    trades: list[str] = []
    quotes: list[str] = []
    is_tick = market["resolution"] == "tick"
    for gap_ms, move, size, spread in market["moves"]:
        time_ms = min(time_ms + (gap_ms if is_tick else max(gap_ms // 500, 1) * 60_000), CLOSE_MS - 60_000)
        price = max(price + move, 100)
        last, bid, ask = price * CENT, (price - spread) * CENT, (price + spread) * CENT
        if not is_tick:
            top, bottom = (price + abs(move)) * CENT, (price - min(abs(move), 99)) * CENT
            if not trades or not trades[-1].startswith(f"{time_ms},"):
                trades.append(f"{time_ms},{last},{top},{bottom},{last},{size}")
        elif spread == 0:
            trades.append(f"{time_ms},{last},{size},P,0,0")
        else:
            sides = f"{bid},{size},0,0" if move % 2 else f"0,0,{ask},{size}"
            quotes.append(f"{time_ms},{sides},P,1,0")
    resolution = Resolution.TICK if is_tick else Resolution.MINUTE
    folder.day(market["ticker"], DAY, resolution, trades or [f"{OPEN_MS},{market['price'] * CENT},1,P,0,0"])
    if is_tick and quotes:
        folder.day(market["ticker"], DAY, resolution, quotes, is_quote=True)


def answers(lines: Iterator[str]) -> Iterator[str]:
    """Play cases, one a line, and yield the answers."""
    for line in lines:
        yield json.dumps({"is_compiled": live.hot.COMPILED, "outcome": play(json.loads(line))}, sort_keys=True)


if __name__ == "__main__":
    for answer in answers(iter(sys.stdin.readline, "")):
        print(answer, flush=True)
