"""A look at a run as lines of a terminal, from 60 columns and 12 rows upward.

Every line is made for the width it gets and cut off there; when rows are short, the least important ones are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from rich.text import Text

from live.clock import ns_to_datetime
from live.errors import one_line
from live.hot.catalogue import ControlBit, FeedPhase, RunPhase, Stage, WarmState
from live.hot.page_tables import PositionRow, SlowDecision
from live.paper.run_model import LatencySummary
from live.report import text as words
from live.report.top.history import SILENT_SECONDS, LookHistory
from live.report.top.look import RunLook

_LABEL_WIDTH = 18
_COLUMN_WIDTH = 10
_SLOWEST_SHOWN_MAX = 5
_BARS = " ▁▂▃▄▅▆▇█"
_STATE_STYLES = {
    RunPhase.RUNNING: "bold green",
    RunPhase.READY: "bold green",
    RunPhase.COMPLETED: "bold cyan",
    RunPhase.PAUSED: "bold yellow",
    RunPhase.INTERRUPTED: "bold yellow",
    RunPhase.FAILED: "bold red",
}
_FEED_STYLES = {
    FeedPhase.RUNNING: "green",
    FeedPhase.ENDED: "cyan",
    FeedPhase.PAUSED: "yellow",
    FeedPhase.CONNECTING: "yellow",
    FeedPhase.HALTED: "bold red",
}


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that belong together.

    Attributes:
        lines: the lines.
        least: how many of them are kept, as long as anything of the section is.
        rank: sections of higher rank give up lines first, and vanish first.
    """

    lines: list[Text]
    least: int
    rank: int


def screen_lines(history: LookHistory, width: int, height: int | None, note: str = "") -> list[Text]:
    """Return the lines of a screen.

    Parameters:
        history: looks at the run.
        width: columns.
        height: rows; None for as many as there are lines.
        note: what to say about the display itself, at the right of the first line.
    """
    look = history.look
    sections = [
        Section(_title(look, width, note), 2, 0),
        Section(_data(look), 1, 2),
        Section(_ticks(history, width), 1, 1),
        Section(_latencies(history), 3, 1),
        Section(_slowest(look), 1, 6),
        Section(_account(look), 1, 1),
        Section(_positions(look), 2, 3),
        Section(_orders(look), 2, 2),
        Section([*_feed(look), *_resume(look)], 1, 2),
        Section(_machine(look), 1, 4),
    ]
    sections = [each for each in sections if each.lines]
    lines = _fit(sections, height)
    for line in lines:
        line.no_wrap = True
        line.truncate(width, overflow="ellipsis")
    return lines


def _fit(sections: list[Section], height: int | None) -> list[Text]:
    """Return as many lines as there is room for, with blank lines between sections where room is left."""
    counts = [len(each.lines) for each in sections]
    while height is not None and sum(counts) > height:
        places = range(len(sections))
        spare = [at for at in places if counts[at] > sections[at].least] or [at for at in places if counts[at]]
        counts[max(spare, key=lambda at: sections[at].rank)] -= 1
    shown = [(section, count) for section, count in zip(sections, counts, strict=True) if count]
    blanks = len(shown) - 1
    has_blanks = height is None or sum(counts) + blanks <= height
    lines: list[Text] = []
    for section, count in shown:
        if lines and has_blanks:
            lines.append(Text())
        lines += section.lines[:count]
    return lines


# -- sections


def _title(look: RunLook, width: int, note: str) -> list[Text]:
    style = "bold red" if look.is_dead else _STATE_STYLES.get(look.phase, "bold")
    first = Text.assemble(
        (one_line(look.algorithm) or "run", "bold"), "  ", (look.state.upper(), style), f"  {look.mode}"
    )
    first.append(f"  {_clock(look.elapsed_seconds)}")
    if look.control:
        names = ", ".join(bit.name.lower().replace("_", " ") for bit in ControlBit if bit in look.control and bit.name)
        first.append(f"  asked: {names}", style="yellow")
    if note:
        first.append(" " * max(width - first.cell_len - len(note), 2))
        first.append(note, style="dim")
    second = Text(f"{one_line(look.run)}  pid {look.pid}  lean-live {one_line(look.build)}", style="dim")
    lines = [first, second]
    if look.is_dead:
        lines.append(Text(f"the process is gone and left no end; its last words are {_ago(look)} old", style="red"))
    elif look.reason:
        lines.append(Text(one_line(look.reason), style=style))
    elif not look.is_over and look.silent_seconds > SILENT_SECONDS:
        text = f"no news for {_ago(look)}: a callback takes long, or the process is stopped"
        lines.append(Text(text, style="yellow"))
    return lines


def _data(look: RunLook) -> list[Text]:
    line = _labelled("data")
    if look.account is not None:
        line.append(f"{ns_to_datetime(look.account.data_time_ns):%Y-%m-%d %H:%M:%S} UTC  ")
    if look.progress is not None:
        filled = round(look.progress * 20)
        line.append("━" * filled, style="green")
        line.append("─" * (20 - filled), style="dim")
        line.append(f" {look.progress:4.0%}")
    return [line, _labelled("source", one_line(look.source))]


def _ticks(history: LookHistory, width: int) -> list[Text]:
    look = history.look
    rate = _labelled("rate")
    if history.rate is not None:
        rate.append(f"{words.rate(history.rate)} now, ", style="bold")
    rate.append(f"{words.rate(history.whole_rate)} on average  ")
    rate.append(sparkline(history.rates, min(max(width - rate.cell_len, 0), 60)), style="cyan")
    parts = [f"{words.count(look.tick_count)} ({words.counts_by_name(look.ticks)})"]
    if look.bars:
        parts.append(f"bars {words.counts_by_name(look.bars)}")
    counts = _labelled("ticks", "  ".join(parts))
    lost = {**look.dropped, "conflated": look.conflated}
    if any(lost.values()):
        counts.append(f"  left out: {words.counts_by_name(lost)}", style="yellow")
    return [rate, counts]


def _latencies(history: LookHistory) -> list[Text]:
    heads = "".join(f"{head:>{_COLUMN_WIDTH}}" for head in ("p50", "p99", "p99.9", "max"))
    lines = [_labelled("", f"{heads}{'count':>{_COLUMN_WIDTH + 2}}", "dim")]
    names = {Stage.TICK_TO_DECISION: "tick → decision", Stage.TICK_TO_ORDER: "tick → order"}
    for stage, name in names.items():
        lines.append(_latency(name, history.look.stages[stage].summary()))
        recent = history.recent(stage)
        if recent is not None and not history.look.is_over:
            lines.append(_latency(f"  last {history.span_seconds:.0f} s", recent, "cyan"))
    collections = "/".join(map(words.count, history.look.collections))
    pauses = _latency("Python GC pauses", history.look.stages[Stage.GC_PAUSE_PYTHON].summary())
    pauses.append(f"  ({collections} runs)", style="dim")
    # The most important first: lines at the end are left out when rows are short.
    return [*lines, pauses]


def _latency(name: str, summary: LatencySummary, style: str = "") -> Text:
    line = _labelled(name)
    if not summary.count:
        return line.append(f"{'-':>{_COLUMN_WIDTH}}", style="dim")
    for span_ns in (summary.p50_ns, summary.p99_ns, summary.p999_ns, summary.max_ns):
        line.append(f"{words.duration(span_ns):>{_COLUMN_WIDTH}}", style=style)
    return line.append(f"{words.count(summary.count):>{_COLUMN_WIDTH + 2}}", style=style)


def _slowest(look: RunLook) -> list[Text]:
    lines = []
    for at, decision in enumerate(look.slowest[:_SLOWEST_SHOWN_MAX]):
        line = _labelled("slowest" if at == 0 else "")
        line.append(f"{words.duration(decision.latency_ns):>{_COLUMN_WIDTH}}", style="magenta")
        line.append(f"  {ns_to_datetime(decision.time_ns):%H:%M:%S.%f}  {one_line(decision.symbol) or 'several'}")
        line.append(f"  {_circumstances(decision)}", style="dim")
        lines.append(line)
    return lines


def _circumstances(decision: SlowDecision) -> str:
    found = [f"waited {words.duration(decision.waited_ns)}"] if decision.waited_ns else []
    found += [f"GC {words.duration(decision.gc_ns)}"] if decision.gc_ns else []
    counts = (
        (decision.orders, "order"),
        (decision.events, "scheduled event"),
        (decision.page_faults, "page fault"),
        (decision.preemptions, "preemption"),
    )
    return ", ".join(found + [f"{count} {name}{'s' if count > 1 else ''}" for count, name in counts if count])


def _account(look: RunLook) -> list[Text]:
    account = look.account
    if account is None:
        return [_labelled("equity", "not known yet")]
    change = account.equity - account.starting_equity
    line = _labelled("equity", f"{account.equity:,.2f} {one_line(account.currency)}  ")
    line.append(f"{change:+,.2f}", style=_gain_style(change))
    if account.starting_equity:
        line.append(f" ({change / account.starting_equity:+.2%})", style=_gain_style(change))
    return [line.append(f"  fees {account.fees:,.2f}", style="dim")]


def _positions(look: RunLook) -> list[Text]:
    held = 0 if look.account is None else look.account.positions_held
    if not look.positions:
        return [_labelled("positions", "flat")] if look.account is not None else []
    heads = "".join(f"{head:>14}" for head in ("quantity", "average", "price", "profit"))
    lines = [_labelled(f"{held} held", heads, "dim"), *map(_position, look.positions)]
    if held > len(look.positions):
        lines.append(_labelled("", f"and {held - len(look.positions)} more", "dim"))
    return lines


def _position(row: PositionRow) -> Text:
    line = Text(f"{one_line(row.symbol)[: _LABEL_WIDTH - 1]:<{_LABEL_WIDTH}}")
    for value in (row.quantity, row.average_price, row.market_price):
        line.append(f"{_plain(value):>14}")
    return line.append(f"{row.unrealized_profit:>+14,.2f}", style=_gain_style(row.unrealized_profit))


def _orders(look: RunLook) -> list[Text]:
    counts = {name.replace("_", " "): count for name, count in look.orders.items()}
    still_open = 0 if look.account is None else look.account.orders_open
    orders = _labelled("orders", f"{words.count(still_open)} open; events: {words.counts_by_name(counts)}")
    denials = _labelled("denials", words.counts_by_name(look.denials), "yellow" if look.denials else "")
    return [orders, denials]


def _feed(look: RunLook) -> list[Text]:
    feed = look.feed
    if feed is None:
        return []
    line = _labelled("feed").append(feed.phase.name.lower(), style=_FEED_STYLES.get(feed.phase, ""))
    if feed.age_seconds is not None and not look.is_over:
        line.append(f", last heard of {feed.age_seconds:.1f} s ago")
    faults = {name.replace("_", " "): count for name, count in feed.faults.items()}
    line.append(f"  faults: {words.counts_by_name(faults)}", style="yellow" if faults else "")
    lines = [line]
    if feed.reason and feed.phase is not FeedPhase.RUNNING:
        lines.append(_labelled("", one_line(feed.reason), "yellow"))
    return lines


def _resume(look: RunLook) -> list[Text]:
    """Say how to end a pause that somebody has to end."""
    is_paused = look.feed is not None and look.feed.phase is FeedPhase.PAUSED
    if look.is_over or not (is_paused or ControlBit.PAUSE in look.control):
        return []
    return [_labelled("", f"to let orders pass again: lean-live resume {one_line(look.run)}", "dim")]


def _machine(look: RunLook) -> list[Text]:
    line = _labelled("memory", f"{words.size(look.memory_bytes)}, at most {words.size(look.memory_peak_bytes)}")
    if look.feed is not None or look.warm is not WarmState.STARTING:
        line.append(f"  warm: {look.warm.name.lower()}")
    known = {name: pinned for name, pinned in look.pinned.items() if pinned is not None}
    for name, pinned in known.items():
        line.append(f"  {name} {'pinned' if pinned else 'NOT PINNED'}", style="" if pinned else "bold red")
    if not known:
        line.append("  not pinned to cores", style="dim")
    return [line]


# -- parts


def sparkline(values: Iterable[float], width: int) -> str:
    """Return the newest values as a row of bars, the highest as high as a line."""
    shown = list(values)[-width:] if width > 0 else []
    top = max(shown, default=0.0)
    if top <= 0:
        return ""
    return "".join(_BARS[math.ceil(value / top * (len(_BARS) - 1))] for value in shown)


def _labelled(label: str, value: str = "", style: str = "") -> Text:
    return Text(f"{label:<{_LABEL_WIDTH}}", style="").append(value, style=style)


def _plain(value: float) -> str:
    """Return a number with all digits that matter, in at most 13 characters."""
    text = f"{value:,.8f}".rstrip("0").rstrip(".") if math.isfinite(value) else "?"
    return text if len(text) <= 13 else f"{value:.6g}"


def _gain_style(value: float) -> str:
    return "green" if value > 0 else "red" if value < 0 else ""


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _ago(look: RunLook) -> str:
    seconds = look.silent_seconds
    return f"{seconds:.0f} s" if seconds < 600 else _clock(seconds)
