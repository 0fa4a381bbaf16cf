"""The report of one run: a page that says in ten seconds whether the session was good, and below that shows why."""

from __future__ import annotations

import os
from pathlib import Path

from live.algorithm.numbers import plain
from live.clock import ns_to_datetime
from live.errors import EnvironmentFault
from live.hot.catalogue import Stage
from live.hot.denials import DenialCode
from live.report import html, text
from live.report.figures import (
    FILLS_SHOWN_MAX,
    Figure,
    distribution_figure,
    equity_figure,
    stages_figure,
    symbol_figure,
    time_figure,
)
from live.report.results import REPORT_FILE
from live.report.run_files import HistogramFile, Rehearsed, RunFiles, parse_iso_ns
from live.report.verdict import Level, Verdict, clock_time, describe_step, explain, judge, offset

SYMBOLS_SHOWN_MAX = 6
"""Securities whose prices are drawn: the ones with most order events."""
FEED_CHANGES_SHOWN_MAX = 200
_KINDS = {Level.GOOD: "", Level.LOOK: " look", Level.FAILED: " failed"}
_QUANTILES = ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (0.9999, "p99.99"))
STAGES = (
    (Stage.TICK_TO_STRATEGY, "tick to strategy's entry"),
    (Stage.DECISION, "in the strategy"),
    (Stage.TICK_TO_DECISION, "tick to decision"),
    (Stage.TICK_TO_HANDOVER, "tick to order handed over"),
    (Stage.ORDER_ACK, "handed over to accepted"),
    (Stage.TICK_TO_ORDER, "tick to order accepted"),
)
"""Stages in the order of a tick's way, and what a report calls them."""


def write_report(run: RunFiles, path: Path | None = None) -> Path:
    """Write the report of a run; return its path.

    Parameters:
        run: the run.
        path: where to; None for report.html in the run's folder.

    Raises:
        EnvironmentFault: the file cannot be written, or plotly is not installed.
    """
    wanted = run.folder / REPORT_FILE if path is None else path
    save_page(wanted, RunPage(run).html())
    return wanted


def save_page(path: Path, content: bytes) -> None:
    """Write a page, all or nothing. It can be made again at any time, so nobody waits until it is on the disk.

    Raises:
        EnvironmentFault: the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        reason = os.strerror(error.errno or 0)
        raise EnvironmentFault(
            f"cannot write {path}: {reason}; free some space or name another file with --output"
        ) from error


class RunPage:
    """Composes the page of a run, section by section.

    Parameters:
        run: the run.
    """

    def __init__(self, run: RunFiles) -> None:
        self._run = run
        self._summary = run.summary
        self._figures: list[Figure] = []
        self.verdict: Verdict = judge(run)

    def html(self) -> bytes:
        """Return the page."""
        body = "".join(
            (
                self._head(),
                self._tiles(),
                self._equity(),
                self._trading(),
                self._latency(),
                self._over_time(),
                self._stages(),
                self._worst(),
                self._refusals(),
                self._feed(),
                self._end(),
                self._facts(),
            )
        )
        return html.page(f"{self._summary.algorithm}: {self.verdict.level.value}", body, self._figures)

    def _chart(self, figure: Figure) -> str:
        self._figures.append(figure)
        return html.chart(figure)

    def _head(self) -> str:
        summary, verdict = self._summary, self.verdict
        reasons = html.bullets(verdict.reasons) if verdict.reasons else ""
        return (
            f"<header><h1>{html.shown(summary.algorithm)}</h1>"
            + html.paragraph(
                f"Dry run of {_moment(summary.session.start)} to {_moment(summary.session.end)} UTC", "note"
            )
            + f'</header><div class="verdict{_KINDS[verdict.level]}" role="status">'
            + f"<p><strong>{html.shown(verdict.level.value)}.</strong> {html.shown(verdict.headline)}.</p>"
            + f"{reasons}<p><strong>Worst moment.</strong> {html.shown(verdict.worst)}</p></div>"
        )

    def _tiles(self) -> str:
        summary, decision, order = self._summary, self._summary.tick_to_decision, self._summary.tick_to_order
        change = summary.equity - summary.starting_equity
        fall = self._run.symbols.drawdown
        pauses = summary.python_gc.pauses
        found = [
            ("equity", f"{change:+,.2f} {summary.currency}", f"now {summary.equity:,.2f}"),
            ("deepest drawdown", f"{fall.share:.2%}", f"{fall.amount:,.2f} {summary.currency}" if fall.amount else ""),
            (
                "orders filled",
                text.count(summary.orders.get("Filled", 0)),
                f"of {text.count(sum(summary.orders.values()))}",
            ),
            ("fees", f"{summary.fees:,.2f}", summary.currency),
            (
                "tick to decision, p50",
                *_duration(decision.count, decision.p50_ns, f"{text.count(decision.count)} times"),
            ),
            ("tick to decision, p99", *_duration(decision.count, decision.p99_ns, _longest(decision.max_ns))),
            ("tick to order, p99", *_duration(order.count, order.p99_ns, _longest(order.max_ns))),
            ("longest GC pause", *_duration(pauses.count, pauses.max_ns, f"{text.count(pauses.count)} pauses")),
        ]
        return html.tiles(found)

    def _equity(self) -> str:
        points = self._run.equity
        if not points:
            return html.section("Equity", html.paragraph("No equity was sampled: the run ended before its first step."))
        figure = equity_figure([("equity", points)], self._summary.currency)
        return html.section("Equity and drawdown", self._chart(figure))

    def _trading(self) -> str:
        run, summary = self._run, self._summary
        if not run.symbols.symbols:
            return html.section("Orders and positions", html.paragraph("No price was sampled."), self._positions())
        counts = {curve.id: 0 for curve in run.symbols.symbols}
        for event in run.events:
            counts[event.symbol] = counts.get(event.symbol, 0) + 1
        chosen = sorted(run.symbols.symbols, key=lambda curve: -counts[curve.id])[:SYMBOLS_SHOWN_MAX]
        parts = []
        end_ns = parse_iso_ns(summary.session.end)
        for number, curve in enumerate(chosen):
            parts.append(html.heading(curve.symbol))
            if not curve.price:
                parts.append(html.paragraph("No price came."))
                continue
            events = [event for event in run.events if event.symbol == curve.id]
            parts.append(self._chart(symbol_figure(number, curve, events, end_ns)))
            if not events:
                parts.append(html.paragraph("No orders."))
        left = len(counts) - len(chosen)
        if left > 0:
            parts.append(html.paragraph(f"{left} more securities are in symbols.json and order-events.json.", "note"))
        if summary.order_events.count > len(run.events):
            parts.append(
                html.paragraph(
                    f"{text.count(len(run.events))} of {text.count(summary.order_events.count)} order events were written.",
                    "note",
                )
            )
        parts.append(
            html.paragraph(
                "Prices are samples, one a minute of data at most, and the prices of fills; of more than "
                f"{FILLS_SHOWN_MAX:,} fills of a security a share is drawn.",
                "note",
            )
        )
        return html.section("Orders on the price, and positions", *parts, self._positions())

    def _positions(self) -> str:
        rows = [
            (
                held.symbol,
                plain(held.quantity),
                plain(held.average_price),
                plain(held.market_price),
                f"{held.unrealized_profit:+,.2f}",
            )
            for held in self._summary.positions
        ]
        if not rows:
            return html.paragraph("At the end all positions were flat.")
        columns = ("symbol", ">quantity", ">average price", ">market price", f">profit, {self._summary.currency}")
        return html.table("Positions at the end", columns, rows)

    def _latency(self) -> str:
        histogram = self._run.histograms.get(Stage.TICK_TO_DECISION.name.lower())
        title = "Tick to decision"
        if histogram is None or not histogram.buckets:
            return html.section(title, html.paragraph("No decision was measured."))
        rows = [(name, text.duration(quantile(histogram, share))) for share, name in _QUANTILES]
        rows.append(("longest", text.duration(histogram.max)))
        figure = distribution_figure([("decisions", histogram)])
        what = "From the receipt of a tick or time step to the return of the algorithm's callback."
        table = html.table("So many decisions took no longer than", ("share", ">duration"), rows)
        return html.section(title, html.paragraph(what, "note"), self._chart(figure), table)

    def _over_time(self) -> str:
        latency = self._run.latency
        title = "Latency over time, with GC pauses and stalls"
        if not latency.windows:
            return html.section(title, html.paragraph("No decision was measured."))
        seen = (
            f"GC pauses: {_shown_of(len(latency.gc_pauses), latency.gc_pauses_seen)}. Stalls, times of at least "
            f"{text.duration(latency.stall_ns)} between two decisions in which the loop had other work: "
            f"{_shown_of(len(latency.stalls), latency.stalls_seen)}."
        )
        return html.section(title, self._chart(time_figure(latency)), html.paragraph(seen, "note"))

    def _stages(self) -> str:
        rows, figures = [], []
        for stage, name in STAGES:
            histogram = self._run.histograms.get(stage.name.lower())
            if histogram is None or not histogram.buckets:
                continue
            p50_ns, p99_ns = quantile(histogram, 0.5), quantile(histogram, 0.99)
            figures.append((name, p50_ns, p99_ns))
            durations = (text.duration(value) for value in (p50_ns, p99_ns, histogram.max))
            rows.append((name, text.count(histogram.count), *durations))
        title = "Stages from tick to order"
        if not rows:
            return html.section(title, html.paragraph("No stage was measured."))
        note = (
            f"Entry and return of the strategy are measured at every whole step, and at one of "
            f"{self._run.latency.sampled_every} of the others."
        )
        columns = ("stage", ">measured", ">p50", ">p99", ">longest")
        table = html.table("Stages", columns, rows)
        return html.section(title, self._chart(stages_figure(figures)), table, html.paragraph(note, "note"))

    def _worst(self) -> str:
        title = "Slowest decisions"
        rows = [
            (
                text.duration(step.took_ns),
                describe_step(step),
                clock_time(step.time_ns),
                offset(step.offset_ns),
                explain(step),
            )
            for step in self._run.latency.worst
        ]
        if not rows:
            return html.section(title, html.paragraph("No decision was measured."))
        note = (
            "The kernel's counts are taken at the slowest decisions and when a window of the chart above begins, so they "
            "may belong to the time just before."
        )
        columns = ("took", "what", "data time, UTC", ">after the start", "what happened in it")
        table = html.table(f"The {len(rows)} slowest, and what happened", columns, rows, wide=(4,))
        return html.section(title, table, html.paragraph(note, "note"))

    def _refusals(self) -> str:
        title = "Refused orders"
        denials = self._summary.denials
        if not denials:
            return html.section(title, html.paragraph("The risk gate refused no order."))
        rows = []
        for name, count in sorted(denials.items(), key=lambda item: (-item[1], item[0])):
            code = DenialCode.__members__.get(name)
            meaning, remedy = (code.meaning, code.remedy) if code is not None else ("", "")
            rows.append((name, text.count(count), meaning, remedy))
        columns = ("code", ">orders", "meaning", "remedy")
        return html.section(title, html.table("Refusals by code", columns, rows, wide=(2, 3)))

    def _feed(self) -> str:
        """Return the feed's panel; a run from disk has no feed and no panel."""
        feed = self._summary.feed
        if feed is None:
            return ""
        parts = [html.paragraph(f"{feed.address}: {feed.state}" + (f", {feed.reason}" if feed.reason else ""))]
        counts = [(name.replace("_", " "), text.count(count)) for name, count in feed.counters.items() if count]
        if counts:
            parts.append(html.table("What the feed counted", ("what", ">count"), counts))
        else:
            parts.append(html.paragraph("The feed counted nothing."))
        began_ns = self._run.latency.began_ns
        rows = [
            (
                clock_time(parse_iso_ns(change.wall)),
                offset(parse_iso_ns(change.wall) - began_ns) if began_ns else "",
                "" if change.time is None else clock_time(parse_iso_ns(change.time)),
                change.state,
                change.reason,
            )
            for change in feed.events[:FEED_CHANGES_SHOWN_MAX]
        ]
        if rows:
            columns = ("wall clock, UTC", ">after the start", "session's time, UTC", "state", "reason")
            parts.append(html.table("Changes of its state", columns, rows, wide=(4,)))
        else:
            parts.append(html.paragraph("Its state did not change."))
        left = len(feed.events) - len(rows) + feed.events_beyond
        if left:
            parts.append(html.paragraph(f"{text.count(left)} later changes are not shown.", "note"))
        parts.append(html.paragraph(_rehearsal(feed.rehearsal)))
        return html.section("Feed", *parts)

    def _end(self) -> str:
        summary = self._summary
        parts = [html.paragraph(_ENDS.get(summary.state, summary.state))]
        if summary.quit_message is not None:
            parts.append(html.paragraph(f"The algorithm called quit: {summary.quit_message or 'without a message'}"))
        if summary.error is not None:
            parts.append(html.paragraph(f"{summary.error.type}: {summary.error.message}"))
            if summary.error.notes:
                parts.append(html.bullets(summary.error.notes))
        parts.append(html.heading("Warnings"))
        parts.append(html.bullets(summary.warnings) if summary.warnings else html.paragraph("None."))
        return html.section("How the run ended", *parts)

    def _facts(self) -> str:
        summary = self._summary
        began_ns = self._run.latency.began_ns
        young, middle, old = (*summary.python_gc.collections_by_generation, 0, 0, 0)[:3]
        rows = [
            ("algorithm", summary.algorithm_path),
            ("data", f"{summary.data.folder} ({summary.data.how})"),
            ("started", f"{clock_time(began_ns)} UTC" if began_ns else "never"),
            ("wall time", f"{summary.wall_seconds:,.2f} s"),
            ("ticks", f"{text.counts_by_name(summary.ticks)}; {text.rate(summary.ticks_per_second)}"),
            ("bars", text.counts_by_name(summary.bars)),
            ("calls", text.counts_by_name(summary.calls)),
            ("orders", text.counts_by_name(summary.orders)),
            ("order events", f"{text.count(summary.order_events.count)}, sha256 {summary.order_events.sha256}"),
            ("dropped ticks", text.counts_by_name(summary.ticks_dropped)),
            ("conflated ticks", text.count(summary.ticks_conflated)),
            ("garbage collections", f"{young} young, {middle} middle, {old} old"),
            ("peak memory", text.size(summary.resident_memory_peak_bytes)),
            ("hot path", "compiled" if summary.compiled else "interpreted"),
        ]
        rows += [(f"statistic {name}", value) for name, value in summary.statistics.items()]
        rows.append(("folder", str(self._run.folder)))
        return html.section("Facts", html.table("The run", ("what", "value"), rows, wide=(1,)))


_ENDS = {
    "completed": "The run went to its end.",
    "interrupted": "Somebody stopped the run; everything here is what it did until then.",
    "failed": "The run failed; everything here is what it did until then. failure.txt has the traceback.",
}


def _rehearsal(done: Rehearsed | None) -> str:
    """Return in words how a run on a feed was made ready."""
    if done is None:
        return "The run was not rehearsed."
    end = "until it was settled" if done.has_settled else "until the time for it ran out"
    return (
        f"Before the first tick the way was rehearsed {end}: {text.count(done.ticks)} synthetic ticks and "
        f"{text.count(done.orders)} orders in {done.seconds:.2f} s; tick to decision p99 "
        f"{text.duration(done.decision_first.p99_ns)} at first, {text.duration(done.decision_last.p99_ns)} at last."
    )


def quantile(histogram: HistogramFile, share: float) -> int:
    """Return a duration that a share of the samples did not exceed, in nanoseconds, at most 1/64 too high."""
    rank = max(1, -int(-(share * histogram.count) // 1))
    for bucket in histogram.buckets:
        rank -= bucket.count
        if rank <= 0:
            return min(bucket.le, histogram.max)
    return histogram.max


def _moment(iso: str) -> str:
    return ns_to_datetime(parse_iso_ns(iso)).isoformat(" ", "seconds")


def _duration(count: int, span_ns: int, remark: str) -> tuple[str, str]:
    return (text.duration(span_ns), remark) if count else ("none", "")


def _longest(span_ns: int) -> str:
    return f"longest {text.duration(span_ns)}"


def _shown_of(kept: int, seen: int) -> str:
    return (
        text.count(seen) if kept == seen else f"{text.count(seen)}, of which the longest {text.count(kept)} are shown"
    )
