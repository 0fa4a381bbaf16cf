"""Runs of an algorithm file on a data folder, with everything that it did kept in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from live.algorithm.numbers import plain
from live.algorithm.orders import OrderEvent
from live.clock import ns_to_datetime
from live.config import Config, LogSettings
from live.paper.run import DryRun
from live.paper.run_model import DataSource, DryRunRequest, Progress


@dataclass
class MemorySink:
    """Keeps order events, log lines and progress of one run."""

    events: list[dict[str, Any]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    progress: list[tuple[int, int]] = field(default_factory=list)

    def order_event(self, event: OrderEvent) -> None:
        is_fill = event.status.is_fill
        fee = event.order_fee.value
        self.events.append(
            {
                "order_id": event.order_id,
                "event_id": event.id,
                "symbol": event.symbol.value,
                "time_utc": f"{ns_to_datetime(event.time_ns):%Y-%m-%dT%H:%M:%S.%fZ}",
                "status": event.status.name.title().replace("_", ""),
                "direction": event.direction.name.title(),
                "quantity": plain(event.exact_quantity),
                "fill_quantity": plain(event.exact_fill_quantity),
                "fill_price": plain(event.exact_fill_price),
                "limit_price": _text(event.exact_limit_price),
                "stop_price": _text(event.exact_stop_price),
                "fee": plain(fee.exact_amount) if is_fill else None,
                "fee_currency": fee.currency if is_fill else None,
                "message": event.message,
            }
        )

    def begin(self, title: str, data: DataSource) -> None:
        self.progress.clear()

    def update(self, progress: Progress) -> None:
        self.progress.append((progress.processed, progress.total))

    def end(self) -> None:
        pass


def run_file(path: Path, data_folder: Path, results: Path, **options: Any) -> tuple[DryRun, MemorySink]:
    """Run an algorithm file to its end."""
    sink = MemorySink()
    options.setdefault("config", Config(log=LogSettings(max_lines_per_second=1_000_000)))
    request = DryRunRequest(algorithm=path, results_folder=results, data_folder=data_folder, **options)
    run = DryRun(request, sink)
    log = results / "log.txt"
    try:
        run.run(sink, log)
    finally:
        sink.lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return run, sink


def outcome(run: DryRun, sink: MemorySink) -> dict[str, Any]:
    """Return a run in the form of a golden."""
    portfolio = run.engine.portfolio
    holdings = [
        {
            "symbol": symbol.value,
            "quantity": plain(security.holdings.exact_quantity),
            "average_price": _rounded(security.holdings.exact_average_price),
        }
        for symbol, security in run.engine.securities.items()
    ]
    return {
        "order_events": sink.events,
        "final": {
            "cash": {name: _rounded(cash.exact_amount) for name, cash in portfolio.cash_book.items()},
            "holdings": holdings,
            "total_fees": _rounded(portfolio.exact_total_fees),
            "total_portfolio_value": _rounded(portfolio.exact_total_portfolio_value),
        },
        "probes": [line.partition(" PROBE ")[2] for line in sink.lines if " PROBE " in line],
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _rounded(value: Decimal) -> str:
    return plain(round(value, 10))
