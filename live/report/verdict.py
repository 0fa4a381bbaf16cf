"""Was the session good, and what was its worst moment? Said in words, from a run's files."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from live.clock import NANOSECONDS_PER_SECOND, ns_to_datetime
from live.paper.run_records import SlowStep, Stall
from live.report import text
from live.report.run_files import RunFiles
from live.report.summary import feed_faults

_NOTABLE_SHARE = 0.05
"""Share of a slow step from which waiting and the garbage collector are named as reasons."""
_ORDINARY_DROPS = ("suspicious", "outside session")
"""Reasons for leaving out ticks that say nothing about the run: the exchange marked them."""
_WHAT = {"tick": "a tick", "slice": "a step of ticks", "step": "a whole step"}


class Level(Enum):
    """How good a session was; the value is what a person reads."""

    GOOD = "Good"
    LOOK = "Needs a look"
    FAILED = "Failed"


class Verdict(NamedTuple):
    """What a person should know first.

    Attributes:
        level: good or not.
        headline: how the run ended and what it came to.
        reasons: why it is not good, one line each.
        worst: the worst moment and why.
    """

    level: Level
    headline: str
    reasons: tuple[str, ...]
    worst: str


def judge(run: RunFiles) -> Verdict:
    """Return the verdict on a run."""
    reasons = tuple(_reasons(run))
    if run.summary.state == "failed":
        level = Level.FAILED
    else:
        level = Level.LOOK if reasons else Level.GOOD
    return Verdict(level, _headline(run), reasons, worst_moment(run))


def worst_moment(run: RunFiles) -> str:
    """Return the slowest decision of a run or its longest stall, whichever took longer, and why as far as is known."""
    worst = run.latency.worst[0] if run.latency.worst else None
    stall = max(run.latency.stalls, key=lambda each: each.took_ns, default=None)
    if worst is None:
        return "No decision was measured."
    if stall is not None and stall.took_ns > worst.took_ns:
        return f"{_stall(stall)} The slowest decision took {text.duration(worst.took_ns)}: {explain(worst)}."
    usual = run.summary.tick_to_decision.p50_ns
    times = f", {worst.took_ns / usual:,.0f} times the median of {text.duration(usual)}" if usual else ""
    return (
        f"{describe_step(worst)} at {clock_time(worst.time_ns)} UTC took {text.duration(worst.took_ns)}{times}: "
        f"{explain(worst)}."
    )


def describe_step(step: SlowStep) -> str:
    """Return in words what a slow step was: "A tick of IBM"."""
    what = _WHAT.get(step.kind, step.kind)
    return f"{what[:1].upper()}{what[1:]}" + (f" of {step.symbol}" if step.symbol is not None else "")


def explain(step: SlowStep) -> str:
    """Return what happened in a slow step, as far as it was watched."""
    found = []
    if step.waited_ns >= step.took_ns * _NOTABLE_SHARE:
        found.append(f"it waited {text.duration(step.waited_ns)} for decisions on data that had come before")
    if step.gc_ns >= step.took_ns * _NOTABLE_SHARE:
        found.append(f"the garbage collector took {text.duration(step.gc_ns)} of it")
    if step.preemptions:
        found.append(f"the kernel gave the core to another process {_times(step.preemptions)}{_over(step)}")
    if step.orders:
        found.append(f"{step.orders} order{'s were' if step.orders > 1 else ' was'} accepted in it")
    if step.scheduled_events:
        found.append("scheduled events were due in it")
    if step.page_faults:
        found.append(f"memory was touched for the first time {_times(step.page_faults)}{_over(step)}")
    if not found:
        return "nothing that is watched happened in it, so the time is the strategy's own or the machine's"
    return ", ".join(found)


def clock_time(time_ns: int) -> str:
    """Return a moment as date and time to the millisecond."""
    return ns_to_datetime(time_ns).isoformat(" ", "milliseconds")


def offset(offset_ns: int) -> str:
    """Return a moment of wall time since the run's start: "12.345 s"."""
    return f"{offset_ns / NANOSECONDS_PER_SECOND:,.3f} s"


def _stall(stall: Stall) -> str:
    why = f", {text.duration(stall.gc_ns)} of it the garbage collector's" if stall.gc_ns else ""
    return (
        f"{offset(stall.offset_ns)} after the start no decision was made for {text.duration(stall.took_ns)}, "
        f"while the loop had other work, such as reading data, or did not get the core{why}."
    )


def _headline(run: RunFiles) -> str:
    summary = run.summary
    ended = {"completed": "Completed", "interrupted": "Interrupted", "failed": "Failed"}.get(
        summary.state, summary.state
    )
    change = summary.equity - summary.starting_equity
    share = f" ({change / summary.starting_equity:+.2%})" if summary.starting_equity else ""
    orders = text.counts_by_name(summary.orders)
    handled = [
        f"{text.count(number)} {name}"
        for number, name in ((sum(summary.ticks.values()), "ticks"), (sum(summary.bars.values()), "bars"))
        if number
    ]
    played = " and ".join(handled) or "no data"
    return (
        f"{ended} in {summary.wall_seconds:,.2f} s: {played}; orders: {orders}; "
        f"equity {change:+,.2f} {summary.currency}{share}"
    )


def _reasons(run: RunFiles) -> list[str]:
    """Return what a person should look at."""
    summary = run.summary
    found = []
    if summary.error is not None:
        found.append(f"{summary.error.type}: {summary.error.message}")
    if summary.denials:
        found.append(f"the risk gate refused orders: {text.counts_by_name(summary.denials)}")
    refused = summary.orders.get("Invalid", 0)
    if refused:
        found.append(f"orders were invalid: {text.count(refused)}")
    dropped = {name: count for name, count in summary.ticks_dropped.items() if name not in _ORDINARY_DROPS}
    if dropped:
        found.append(f"ticks dropped: {text.counts_by_name(dropped)}")
    if summary.ticks_conflated:
        found.append(f"ticks conflated: {text.count(summary.ticks_conflated)}")
    if summary.feed is not None:
        faults = feed_faults(summary.feed.counters)
        if faults:
            found.append(f"faults of the feed: {text.counts_by_name(faults)}")
    if summary.warnings:
        found.append(f"{len(summary.warnings)} warning{'s' if len(summary.warnings) > 1 else ''}")
    if summary.log_lines_dropped:
        found.append(f"{text.count(summary.log_lines_dropped)} lines of the log were left out")
    if run.missing:
        found.append(f"files missing from the folder: {', '.join(run.missing)}")
    return found


def _over(step: SlowStep) -> str:
    """Return the time over which the kernel's counts were taken, when much of it lies before the step."""
    if step.counted_over_ns <= 2 * step.took_ns:
        return ""
    return f" in the {text.duration(step.counted_over_ns)} up to its end"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
