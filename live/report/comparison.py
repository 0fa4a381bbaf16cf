"""Several runs side by side: their figures with ratios to the first, and where their order events part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from live.errors import UsageError
from live.hot.catalogue import Stage
from live.report import html, text
from live.report.engine_comparison import EVENT_TERMS
from live.report.figures import distribution_figure, equity_figure, series_color
from live.report.run_files import OrderEventRow, RunFiles
from live.report.verdict import clock_time, judge

_LABELS = "ABCDEF"
"""What the runs are called in charts and tables, in their order."""
RUNS_MAX = len(_LABELS)
"""Runs that can be told apart in one chart."""
_COMPARED = ("time_ns", *EVENT_TERMS, "order_id", "message")
"""Members of an order event that are compared, in this order."""


class _Measure(NamedTuple):
    """A figure of a run that is compared: its name, how to find it and how to write it."""

    name: str
    unit: str
    find: Callable[[RunFiles], float]
    write: Callable[[float], str]
    has_ratio: bool = True


class Difference(NamedTuple):
    """Where the order events of a run part from those of the first.

    Attributes:
        number: how many order events are equal before it.
        what: in words what differs.
    """

    number: int
    what: str


def _money(value: float) -> str:
    return f"{value:,.2f}"


def _whole(value: float) -> str:
    return text.count(round(value))


def _span(value: float) -> str:
    return text.duration(round(value))


_MEASURES = (
    _Measure(
        "equity, change", "money", lambda run: float(run.summary.equity - run.summary.starting_equity), _money, False
    ),
    _Measure("deepest drawdown", "share", lambda run: run.symbols.drawdown.share, lambda value: f"{value:.2%}", False),
    _Measure("fees", "money", lambda run: float(run.summary.fees), _money),
    _Measure("orders filled", "count", lambda run: run.summary.orders.get("Filled", 0), _whole),
    _Measure("order events", "count", lambda run: run.summary.order_events.count, _whole),
    _Measure("orders refused", "count", lambda run: sum(run.summary.denials.values()), _whole),
    _Measure("ticks", "count", lambda run: sum(run.summary.ticks.values()), _whole),
    _Measure("bars", "count", lambda run: sum(run.summary.bars.values()), _whole),
    _Measure("wall time", "s", lambda run: run.summary.wall_seconds, lambda value: f"{value:,.2f} s"),
    _Measure("tick to decision, p50", "ns", lambda run: run.summary.tick_to_decision.p50_ns, _span),
    _Measure("tick to decision, p99", "ns", lambda run: run.summary.tick_to_decision.p99_ns, _span),
    _Measure("tick to decision, p99.9", "ns", lambda run: run.summary.tick_to_decision.p999_ns, _span),
    _Measure("tick to decision, longest", "ns", lambda run: run.summary.tick_to_decision.max_ns, _span),
    _Measure("orders measured", "count", lambda run: run.summary.tick_to_order.count, _whole),
    _Measure("tick to order, p50", "ns", lambda run: run.summary.tick_to_order.p50_ns, _span),
    _Measure("tick to order, p99", "ns", lambda run: run.summary.tick_to_order.p99_ns, _span),
    _Measure("longest GC pause", "ns", lambda run: run.summary.python_gc.pauses.max_ns, _span),
    _Measure("stalls", "count", lambda run: run.latency.stalls_seen, _whole),
    _Measure(
        "peak memory",
        "bytes",
        lambda run: run.summary.resident_memory_peak_bytes,
        lambda value: text.size(round(value)),
    ),
)


class Comparison:
    """Compares runs with the first of them.

    Parameters:
        runs: two to RUNS_MAX.

    Raises:
        UsageError: fewer or more runs, or accounts in different currencies.
    """

    def __init__(self, runs: Sequence[RunFiles]) -> None:
        if not 2 <= len(runs) <= RUNS_MAX:
            raise UsageError(f"--compare takes 2 to {RUNS_MAX} runs, not {len(runs)}; name their folders")
        currencies = sorted({run.summary.currency for run in runs})
        if len(currencies) > 1:
            raise UsageError(f"the accounts are in {' and '.join(currencies)}; compare runs with the same currency")
        self.runs = tuple(runs)
        self.labels = _LABELS[: len(runs)]
        self.differences = [first_difference(runs[0], run) for run in runs[1:]]

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready data; ratios are to the first run, null where that has none."""
        return {
            "runs": [
                {
                    "label": label,
                    "name": run.name,
                    "folder": str(run.folder),
                    "algorithm": run.summary.algorithm,
                    "state": run.summary.state,
                    "verdict": judge(run).level.name.lower(),
                    "order_events_sha256": run.summary.order_events.sha256,
                }
                for label, run in zip(self.labels, self.runs, strict=True)
            ],
            "figures": [
                {
                    "name": measure.name,
                    "unit": self.runs[0].summary.currency if measure.unit == "money" else measure.unit,
                    "values": [measure.find(run) for run in self.runs],
                    "ratios": self._ratios(measure),
                }
                for measure in _MEASURES
            ],
            "order_events": [
                {
                    "run": label,
                    "same": difference is None,
                    "equal_before": None if difference is None else difference.number,
                    "first_difference": None if difference is None else difference.what,
                }
                for label, difference in zip(self.labels[1:], self.differences, strict=True)
            ],
        }

    def columns(self) -> list[str]:
        """Return the headings of the columns behind the figure's name."""
        return [self.labels[0], *(column for label in self.labels[1:] for column in (label, f"{label}/A"))]

    def rows(self) -> list[list[str]]:
        """Return the figures as texts: name, a value for each run, and its ratio to the first behind each but that."""
        rows = []
        for measure in _MEASURES:
            ratios = self._ratios(measure)
            row = [measure.name]
            for number, run in enumerate(self.runs):
                row.append(measure.write(measure.find(run)))
                if number:
                    ratio = ratios[number]
                    row.append("" if ratio is None else f"{ratio:.2f}x")
            rows.append(row)
        return rows

    def sentences(self) -> list[str]:
        """Return in words how the order events of each run compare with those of the first."""
        return [
            f"{label}: the same {text.count(self.runs[0].summary.order_events.count)} order events as A"
            if difference is None
            else f"{label}: after {text.count(difference.number)} equal order events, {difference.what}"
            for label, difference in zip(self.labels[1:], self.differences, strict=True)
        ]

    def html(self) -> bytes:
        """Return the comparison as a page."""
        figures = []
        parts = [f"<header><h1>{html.shown(f'{len(self.runs)} runs compared')}</h1></header>"]
        items = []
        for number, (label, run) in enumerate(zip(self.labels, self.runs, strict=True)):
            verdict = judge(run)
            color = series_color(number).removeprefix("$")
            items.append(
                f'<li><span class="key" style="background:var(--{color})"></span><strong>{label}: {html.shown(run.name)}.</strong> '
                f"{html.shown(f'{verdict.level.value}. {verdict.headline}. {verdict.worst}')}</li>"
            )
        parts.append(html.section("The runs", f"<ul>{''.join(items)}</ul>"))
        columns = ["figure", *(f">{column}" for column in self.columns())]
        parts.append(html.section("Figures", html.table("Figures, with ratios to A", columns, self.rows())))
        parts.append(html.section("Order events", html.bullets(self.sentences())))
        curves = [(label, run.equity) for label, run in zip(self.labels, self.runs, strict=True) if run.equity]
        if curves:
            figures.append(equity_figure(curves, self.runs[0].summary.currency))
            parts.append(html.section("Equity and drawdown", html.chart(figures[-1])))
        else:
            parts.append(html.section("Equity and drawdown", html.paragraph("No equity was sampled in any run.")))
        key = Stage.TICK_TO_DECISION.name.lower()
        named = [
            (label, run.histograms[key])
            for label, run in zip(self.labels, self.runs, strict=True)
            if key in run.histograms and run.histograms[key].buckets
        ]
        if named:
            figures.append(distribution_figure(named))
            parts.append(html.section("Tick to decision", html.chart(figures[-1])))
        else:
            parts.append(html.section("Tick to decision", html.paragraph("No decision was measured in any run.")))
        return html.page(f"{len(self.runs)} runs compared", "".join(parts), figures)

    def _ratios(self, measure: _Measure) -> list[float | None]:
        values = [measure.find(run) for run in self.runs]
        if not measure.has_ratio or not values[0]:
            return [None] * len(values)
        return [value / values[0] for value in values]


def first_difference(one: RunFiles, other: RunFiles) -> Difference | None:
    """Return where the order events of two runs part; None when they are the same, by their digests.

    The algorithm's name is no part of it, so two versions of a strategy can be compared.
    """
    if one.summary.order_events == other.summary.order_events:
        return None
    for number, (mine, theirs) in enumerate(zip(one.events, other.events, strict=False)):
        for member in _COMPARED:
            values = getattr(mine, member), getattr(theirs, member)
            if values[0] != values[1]:
                name = "time" if member == "time_ns" else member.replace("_", " ")
                before, after = (clock_time(each) if member == "time_ns" else _value(each) for each in values)
                return Difference(number, f"{_event(theirs)} has {name} {after} instead of {before}")
    shorter = min(len(one.events), len(other.events))
    for events, words in ((other.events, "it has one more"), (one.events, "it ends where A goes on")):
        if len(events) > shorter:
            return Difference(shorter, f"{words}: {_event(events[shorter])}")
    return Difference(shorter, "a difference that lies beyond what was written to order-events.json")


def _event(event: OrderEventRow) -> str:
    return f"event {event.order_event_id} of order {event.order_id} ({event.symbol_value}, {event.status}, {clock_time(event.time_ns)} UTC)"


def _value(value: object) -> str:
    return "none" if value is None or value == "" else f"{value:.15g}" if isinstance(value, float) else str(value)
