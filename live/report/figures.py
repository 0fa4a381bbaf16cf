"""The charts of a report as plotly.js takes them: traces and layout as plain data.

Colors are tokens such as "$blue"; the page's script puts in what the present color scheme has for them. Text of the
user's in a figure is escaped, since plotly.js reads tags in its labels. Moments of the data are milliseconds since 1970
UTC, as plotly.js has them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from live.clock import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND
from live.errors import one_line
from live.paper.run_records import LatencyFile, Points, SymbolCurve
from live.report import text
from live.report.run_files import HistogramFile, OrderEventRow

FILLS_SHOWN_MAX = 2_000
"""Fills, and limit orders, of one symbol that are drawn; of more every second, third and so on is."""
_BINS_PER_DECADE = 24
_DECADES = range(13)
_TICK_VALUES = [10**decade for decade in _DECADES]
_TICK_TEXTS = [
    "1 ns",
    "10 ns",
    "100 ns",
    "1 µs",
    "10 µs",
    "100 µs",
    "1 ms",
    "10 ms",
    "100 ms",
    "1 s",
    "10 s",
    "100 s",
    "1000 s",
]
_FILLED = frozenset({"filled", "partiallyFilled"})

Trace = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart.

    Attributes:
        key: its name in the page.
        summary: in words what it shows, for whoever cannot see it.
        height: pixels.
        traces: plotly.js traces.
        layout: plotly.js layout, beyond what all charts share.
    """

    key: str
    summary: str
    height: int
    traces: list[Trace]
    layout: dict[str, Any]


def label(words: str) -> str:
    """Return the user's text for a label of a figure."""
    return escape(one_line(words), quote=False)


def drawdowns(points: Points) -> Points:
    """Return how far each point lies below the highest one up to there, as a share, zero or less."""
    peak = -math.inf
    found = []
    for time_ns, value in points:
        peak = max(peak, value)
        found.append((time_ns, value / peak - 1 if peak > 0 else 0.0))
    return found


def equity_figure(curves: Sequence[tuple[str, Points]], currency: str) -> Figure:
    """Return equity and, below it, drawdown.

    Parameters:
        curves: name and points of each run, none of them empty.
        currency: the account's currency.
    """
    traces: list[Trace] = []
    parts = []
    for number, (name, points) in enumerate(curves):
        color = series_color(number)
        falls = drawdowns(points)
        shared = {"mode": "lines", "name": label(name), "legendgroup": str(number)}
        # Of equal curves the one below shall still be seen.
        line = {"color": color, "width": 1.6 if number or len(curves) == 1 else 3.2}
        traces.append(_times(points) | shared | {"line": line})
        below = {"line": {"color": color if len(curves) > 1 else "$red", "width": 1.2}, "yaxis": "y2"}
        traces.append(_times(falls) | shared | below | {"showlegend": False, "fill": _fill(len(curves), "tozeroy")})
        deepest = min(value for _, value in falls)
        parts.append(
            f"{_prefix(name, curves)}{points[0][1]:,.2f} to {points[-1][1]:,.2f} {currency}, deepest drawdown {-deepest:.2%}"
        )
    layout = {
        "xaxis": _date_axis() | {"anchor": "y2"},
        "yaxis": {"domain": [0.36, 1], "title": {"text": currency}},
        "yaxis2": {"domain": [0, 0.28], "title": {"text": "drawdown"}, "tickformat": ".2~%", "rangemode": "tozero"},
        "hovermode": "x unified",
        "showlegend": len(curves) > 1,
    }
    return Figure("equity", "Equity over time. " + "; ".join(parts), 400, traces, layout)


def symbol_figure(number: int, curve: SymbolCurve, events: Iterable[OrderEventRow], end_ns: int) -> Figure:
    """Return a symbol's price with the orders on it, and the position below.

    Parameters:
        number: the figure's number.
        curve: price and position.
        events: order events of this symbol.
        end_ns: the session's end, up to which the last position is drawn.
    """
    rows = list(events)
    fills = [row for row in rows if row.status in _FILLED]
    buys = [row for row in fills if row.fill_quantity > 0]
    sells = [row for row in fills if row.fill_quantity < 0]
    limits = [row for row in rows if row.status == "submitted" and row.limit_price is not None]
    traces: list[Trace] = [
        _times(curve.price) | {"mode": "lines", "name": "price", "line": {"color": "$muted", "width": 1.3}},
        _marks(limits, "limit orders", "line-ew-open", "$orange", 7, lambda row: row.limit_price),
        _marks(buys, "bought", "triangle-up", "$green", 8, lambda row: row.fill_price),
        _marks(sells, "sold", "triangle-down", "$red", 8, lambda row: row.fill_price),
    ]
    traces = [trace for trace in traces if trace["x"]]
    held = list(curve.position)
    if held and held[-1][0] < end_ns:
        held.append((end_ns, held[-1][1]))
    if held:
        step = {"mode": "lines", "name": "position", "showlegend": False, "yaxis": "y2", "fill": "tozeroy"}
        traces.append(_times(held) | step | {"line": {"color": "$blue", "width": 1.2, "shape": "hv"}})
    layout = {
        "xaxis": _date_axis() | {"anchor": "y2"},
        "yaxis": {"domain": [0.36, 1], "title": {"text": "price"}},
        "yaxis2": {"domain": [0, 0.28], "title": {"text": "position"}, "rangemode": "tozero"},
        "hovermode": "closest",
    }
    summary = (
        f"Price of {curve.symbol} with {len(buys)} purchases, {len(sells)} sales and {len(limits)} limit orders; "
        f"position from {min((value for _, value in held), default=0):,g} "
        f"to {max((value for _, value in held), default=0):,g}"
    )
    return Figure(f"symbol-{number}", summary, 400, traces, layout)


def distribution_figure(named: Sequence[tuple[str, HistogramFile]]) -> Figure:
    """Return how long decisions took, on a logarithmic axis.

    Parameters:
        named: name and histogram of each run, none of them empty.
    """
    traces = []
    parts = []
    for number, (name, histogram) in enumerate(named):
        bins = _binned(histogram)
        color = series_color(number)
        at = {"x": list(bins), "name": label(name)}
        hover = [
            f"{text.duration(round(10**edge))} to {text.duration(round(10 ** (edge + 1 / _BINS_PER_DECADE)))}"
            for edge in bins
        ]
        if len(named) == 1:
            shape: Trace = {"type": "bar", "width": 1 / _BINS_PER_DECADE, "offset": 0, "marker": {"color": color}}
            values: list[float] = list(bins.values())
            template = "%{text}: %{y:,}<extra></extra>"
        else:
            shape = {"type": "scatter", "mode": "lines", "line": {"color": color, "shape": "hv", "width": 1.6}}
            values = [count / histogram.count for count in bins.values()]
            template = "%{text}: %{y:.2%}"
        traces.append(at | shape | {"y": values, "text": hover, "textposition": "none", "hovertemplate": template})
        parts.append(
            f"{_prefix(name, named)}{text.count(histogram.count)} decisions, longest {text.duration(histogram.max)}"
        )
    unit = "decisions" if len(named) == 1 else "share of decisions"
    layout = {
        "xaxis": {
            "tickvals": list(_DECADES),
            "ticktext": _TICK_TEXTS,
            "title": {"text": "tick to decision"},
        },
        "yaxis": {"type": "log", "title": {"text": unit}, "exponentformat": "power", "dtick": 1},
        "showlegend": len(named) > 1,
        "bargap": 0,
    }
    for trace in traces:
        if trace["type"] == "scatter":
            del trace["textposition"]
    return Figure("distribution", "How long decisions took. " + "; ".join(parts), 320, traces, layout)


def time_figure(latency: LatencyFile) -> Figure:
    """Return median and 99th percentile over the run's wall time, with garbage collections and stalls."""
    windows = latency.windows
    moments = [window.offset_ns / NANOSECONDS_PER_SECOND for window in windows]
    traces = [
        _durations(moments, [window.max_ns for window in windows], "longest", "$faint", "dot"),
        _durations(moments, [window.p99_ns for window in windows], "p99", "$orange", "solid"),
        _durations(moments, [window.p50_ns for window in windows], "p50", "$blue", "solid"),
        _spans([(each.offset_ns, each.took_ns) for each in latency.gc_pauses], "GC pause", "diamond", "$purple"),
        _spans([(each.offset_ns, each.took_ns) for each in latency.stalls], "stall", "x-thin-open", "$red"),
    ]
    layout = {
        "xaxis": {"title": {"text": "seconds since the start"}, "rangemode": "tozero"},
        "yaxis": _duration_axis(),
        "hovermode": "closest",
    }
    highest = max(windows, key=lambda window: window.p99_ns)
    summary = (
        f"Latency in {len(windows)} windows of {text.duration(latency.window_ns)}: the highest p99 was "
        f"{text.duration(highest.p99_ns)}, {highest.offset_ns / NANOSECONDS_PER_SECOND:,.2f} s after the start; "
        f"{latency.gc_pauses_seen} garbage collections and {latency.stalls_seen} stalls"
    )
    return Figure("over-time", summary, 360, [trace for trace in traces if trace["x"]], layout)


def stages_figure(stages: Sequence[tuple[str, int, int]]) -> Figure:
    """Return median and 99th percentile of each stage between a tick and its order.

    Parameters:
        stages: name, p50 and p99 in nanoseconds, in the order of a tick's way.
    """
    names = [name for name, _, _ in stages]
    between: list[int | None] = []
    rows: list[str] = []
    for name, p50_ns, p99_ns in stages:
        between += [p50_ns, p99_ns, None]
        rows += [name, name, name]
    line = {"mode": "lines", "line": {"color": "$faint", "width": 3}, "hoverinfo": "skip", "showlegend": False}
    traces: list[Trace] = [{"type": "scatter", "x": between, "y": rows} | line]
    for title, place, color in (("p50", 1, "$blue"), ("p99", 2, "$orange")):
        values = [stage[place] for stage in stages]
        hover = [text.duration(int(value)) for value in values]
        mark = {"mode": "markers", "name": title, "marker": {"color": color, "size": 11}}
        template = "%{y}, " + title + ": %{text}<extra></extra>"
        traces.append({"type": "scatter", "x": values, "y": names, "text": hover, "hovertemplate": template} | mark)
    layout = {
        "xaxis": _duration_axis(),
        "yaxis": {"autorange": "reversed", "type": "category"},
        "hovermode": "closest",
    }
    summary = "Stages: " + "; ".join(
        f"{name} p50 {text.duration(p50)}, p99 {text.duration(p99)}" for name, p50, p99 in stages
    )
    return Figure("stages", summary, 110 + 38 * len(stages), traces, layout)


def series_color(number: int) -> str:
    """Return the color of the n-th run of a comparison."""
    return ("$blue", "$orange", "$green", "$purple", "$red", "$muted")[number % 6]


def _prefix(name: str, compared: Sequence[object]) -> str:
    """Return what a run's part of a summary begins with: its name, when there are several."""
    return f"{name}: " if len(compared) > 1 else ""


def _fill(curves: int, fill: str) -> str:
    return fill if curves == 1 else "none"


def _times(points: Points) -> Trace:
    moments = [time_ns / NANOSECONDS_PER_MILLISECOND for time_ns, _ in points]
    return {"type": "scatter", "x": moments, "y": [value for _, value in points]}


def _date_axis() -> dict[str, Any]:
    return {"type": "date", "title": {"text": "UTC"}}


def _duration_axis() -> dict[str, Any]:
    return {"type": "log", "tickvals": _TICK_VALUES, "ticktext": _TICK_TEXTS}


def _marks(rows: list[OrderEventRow], name: str, symbol: str, color: str, size: int, price: Any) -> Trace:
    """Return the markers of some order events, thinned out when there are very many."""
    shown = rows[:: math.ceil(len(rows) / FILLS_SHOWN_MAX)] if rows else []
    title = name if len(shown) == len(rows) else f"{name} (1 of {math.ceil(len(rows) / FILLS_SHOWN_MAX)})"
    hover = [f"order {row.order_id}: {row.fill_quantity or row.quantity:+,g} at {price(row):,g}" for row in shown]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": title,
        "x": [row.time_ns / NANOSECONDS_PER_MILLISECOND for row in shown],
        "y": [price(row) for row in shown],
        "text": hover,
        "hovertemplate": "%{text}<br>%{x|%H:%M:%S.%L}<extra></extra>",
        "marker": {"symbol": symbol, "size": size, "color": color, "line": {"color": "$surface", "width": 0.8}}
        if not symbol.endswith("-open")
        else {"symbol": symbol, "size": size, "color": color, "line": {"width": 1.4}},
    }


def _durations(moments: list[float], values: list[int], name: str, color: str, dash: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(moments) < 3 else "lines",
        "name": name,
        "x": moments,
        "y": values,
        "text": [text.duration(value) for value in values],
        "hovertemplate": "%{x:.2f} s: " + name + " %{text}<extra></extra>",
        "line": {"color": color, "width": 1.5, "dash": dash},
    }


def _spans(spans: list[tuple[int, int]], name: str, symbol: str, color: str) -> Trace:
    thin = symbol.endswith("-open")
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [offset_ns / NANOSECONDS_PER_SECOND for offset_ns, _ in spans],
        "y": [took_ns for _, took_ns in spans],
        "text": [text.duration(took_ns) for _, took_ns in spans],
        "hovertemplate": "%{x:.3f} s: " + name + " of %{text}<extra></extra>",
        "marker": {"symbol": symbol, "size": 8, "color": color, "line": {"width": 2 if thin else 0}},
    }


def _binned(histogram: HistogramFile) -> dict[float, int]:
    """Return samples by the logarithm of a bin's lower edge, rising without gaps."""
    counts: dict[int, int] = {}
    for bucket in histogram.buckets:
        index = math.floor(math.log10(max(bucket.le, 1)) * _BINS_PER_DECADE)
        counts[index] = counts.get(index, 0) + bucket.count
    return {index / _BINS_PER_DECADE: counts.get(index, 0) for index in range(min(counts), max(counts) + 1)}
