"""The summary table that ends a run."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from live.algorithm.numbers import plain
from live.errors import one_line
from live.paper.run_model import EngineOutcome, LatencySummary, RunResult
from live.report import text as words
from live.report.progress import describe_data, describe_ready
from live.report.summary_file import iso_utc

_POSITIONS_SHOWN_MAX = 20
_FEED_FAULTS = (
    "disconnects",
    "refusals",
    "ticks_duplicate",
    "ticks_missing",
    "gaps",
    "frames_malformed",
    "frames_oversize",
    "silences",
    "clock_steps",
    "pauses",
)
"""What of a feed's counters tells of something that was wrong, besides the ticks that were left out or conflated for it."""


def feed_faults(counters: Mapping[str, int]) -> dict[str, int]:
    """Return what was wrong with a feed, by name: faults that are told of nowhere else."""
    return {name.replace("_", " "): counters[name] for name in _FEED_FAULTS if counters.get(name)}


def print_summary(result: RunResult, console: Console) -> None:
    """Print a run's summary.

    Parameters:
        result: what the run came to.
        console: a console on standard output.
    """
    table = Table(title=Text(result.algorithm), show_header=False, title_justify="left", pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in summary_rows(result):
        # Values hold the user's text: no markup, and nothing that could steer the terminal.
        table.add_row(Text(one_line(name)), Text("\n".join(map(one_line, value.split("\n")))))
    console.print(table, highlight=False)


def summary_rows(result: RunResult) -> list[tuple[str, str]]:
    """Return the rows of the table: a name and a text each."""
    rows = [
        ("data", describe_data(result.data)),
        ("session", f"{iso_utc(result.session_start_ns)} to {iso_utc(result.session_end_ns)}"),
        ("ticks", _ticks(result)),
        ("bars", _bars(result)),
        ("calls", words.counts_by_name(result.calls)),
        ("orders", words.counts_by_name(result.orders)),
        ("order events", f"{words.count(result.order_event_count)}, sha256 {result.order_events_sha256[:16]}"),
        ("denials", words.counts_by_name(result.denials)),
        ("fees", _money(result.fees, result.currency)),
        ("equity", _equity(result)),
        ("positions", _positions(result)),
        ("tick to decision", latency(result.tick_to_decision)),
        ("tick to order", latency(result.tick_to_order)),
        ("Python GC pauses", _collections(result)),
        *_feed(result),
        ("dropped ticks", words.counts_by_name(result.ticks_dropped)),
        ("conflated ticks", words.count(result.ticks_conflated)),
        ("peak memory", words.size(result.resident_memory_peak_bytes)),
        ("hot path", "compiled" if result.is_compiled else "interpreted (slower; see docs/development.md)"),
    ]
    rows += [(f"statistic {name}", value) for name, value in result.statistics.items()]
    if result.engine is not None:
        rows += _engine(result.engine)
    if result.cores:
        rows.append(("cores", ", ".join(map(str, result.cores))))
    if result.log_lines_dropped:
        rows.append(("log lines left out", words.count(result.log_lines_dropped)))
    if result.quit_message is not None:
        rows.append(("quit", result.quit_message or "by the algorithm"))
    if result.results_folder is not None:
        rows.append(("results", str(result.results_folder)))
    if result.report is not None:
        rows.append(("report", str(result.report)))
    return rows


def _engine(engine: EngineOutcome) -> list[tuple[str, str]]:
    """Return the rows of a run in LEAN: which engine, how it ended, and how it compares with the embedded one."""
    rows = [("engine", f"{engine.name}, ended {engine.ending}; its own files are in {engine.files} of the results")]
    compared = engine.comparison
    if compared is not None:
        orders = compared.equal + compared.priced_otherwise + compared.different
        text = f"{words.count(compared.equal)} of {words.count(orders)} orders alike"
        if compared.priced_otherwise:
            text += f", {words.count(compared.priced_otherwise)} filled at another price"
        if compared.different:
            text += f", {words.count(compared.different)} different"
        rows.append(("embedded engine", text + (f"; first {compared.difference}" if compared.difference else "")))
    return rows


def _feed(result: RunResult) -> list[tuple[str, str]]:
    """Return the rows of a run on a feed: where it came from, and what was wrong with it."""
    feed = result.feed
    if feed is None:
        return []
    rows = [
        ("feed", f"{feed.address}, {feed.state}" + (f": {feed.reason}" if feed.reason != feed.state else "")),
        ("feed ticks", words.count(feed.counters["ticks"])),
        ("feed faults", words.counts_by_name(feed_faults(feed.counters))),
    ]
    if feed.rehearsal is not None:
        rows.append(("made ready", describe_ready(feed.rehearsal, result.cores)))
    return rows


def latency(summary: LatencySummary) -> str:
    """Return a distribution in one line."""
    if summary.count == 0:
        return "none measured"
    return (
        f"p50 {words.duration(summary.p50_ns)}, p99 {words.duration(summary.p99_ns)}, "
        f"p99.9 {words.duration(summary.p999_ns)}, max {words.duration(summary.max_ns)} ({words.count(summary.count)})"
    )


def _ticks(result: RunResult) -> str:
    if result.tick_count == 0:
        return "none"
    kinds, rate = words.counts_by_name(result.ticks), words.rate(result.ticks_per_second)
    return f"{words.count(result.tick_count)} ({kinds}) in {result.wall_seconds:.2f} s, {rate}"


def _bars(result: RunResult) -> str:
    """Return the bars, with their rate where no ticks show how fast the run was."""
    count = sum(result.bars.values())
    kinds = words.counts_by_name(result.bars)
    if count == 0 or result.tick_count or result.wall_seconds <= 0:
        return kinds
    return f"{words.count(count)} ({kinds}) in {result.wall_seconds:.2f} s, {words.rate(count / result.wall_seconds)}"


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount:,.2f} {currency}"


def _equity(result: RunResult) -> str:
    change = result.equity - result.starting_equity
    return f"{_money(result.equity, result.currency)} ({change:+,.2f} from {result.starting_equity:,.2f})"


def _positions(result: RunResult) -> str:
    shown = [
        f"{position.symbol} {plain(position.quantity)} at {plain(position.average_price)}, "
        f"now {plain(position.market_price)} ({position.unrealized_profit:+,.2f})"
        for position in result.positions[:_POSITIONS_SHOWN_MAX]
    ]
    if len(result.positions) > _POSITIONS_SHOWN_MAX:
        shown.append(f"and {len(result.positions) - _POSITIONS_SHOWN_MAX} more in summary.json")
    return "\n".join(shown) or "flat"


def _collections(result: RunResult) -> str:
    young, middle, old = result.python_gc.collections
    return f"{latency(result.python_gc.pauses)}; collections {young}/{middle}/{old}"
