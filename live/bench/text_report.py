"""The report of a benchmark as people read it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from live.bench.model import Budget, Comparison, Metric, PeerComparison, Report, Row, Unit
from live.report import text


def print_report(report: Report, console: Console) -> None:
    """Print a report.

    Parameters:
        report: what was measured.
        console: a console on standard output.
    """
    for name, value in head_lines(report):
        console.print(f"{name:<8} {value}", highlight=False, markup=False)
    for row in report.rows:
        _print_row(row, console)
    for peer in report.peers:
        _print_peer(peer, console)
    if report.comparison is not None:
        _print_comparison(report.comparison, console)
    if report.is_interrupted:
        console.print("interrupted: rows and rounds that are missing were not measured", highlight=False)


def head_lines(report: Report) -> list[tuple[str, str]]:
    """Return the lines above the table: a name and a text each."""
    head = report.head
    build = "compiled" if head.is_compiled else "interpreted (slower; see docs/development.md)"
    governor = head.governor or "governor not readable"
    return [
        ("machine", f"{head.machine}, {head.cores} cores, {governor}, load {head.load_average:.2f}"),
        ("system", f"{head.kernel}, {head.python}"),
        ("build", f"lean-live {head.version}, {build}"),
        ("data", head.data),
        ("run", f"{head.time}{', --quick' if head.is_quick else ''}"),
    ]


def _print_row(row: Row, console: Console) -> None:
    console.print(f"\n{row.name}: {_conditions(row)}", highlight=False, markup=False)
    if row.failure is not None:
        console.print(f"  not measured: {row.failure}", highlight=False, markup=False)
    figures = Table.grid(padding=(0, 2))
    for justify in ("left", "right", "left", "left"):
        figures.add_column(justify=justify)
    for metric in row.metrics:
        spread = f"{quantity(metric.low, metric.unit)} to {quantity(metric.high, metric.unit)}"
        figures.add_row(
            f"  {metric.name}",
            quantity(metric.value, metric.unit),
            spread if row.rounds > 1 else "",
            "" if metric.budget is None else verdict(metric, metric.budget),
        )
    console.print(figures, highlight=False)


def _conditions(row: Row) -> str:
    pinned = "not pinned" if row.pinned_core is None else f"pinned to core {row.pinned_core}"
    parts = [row.title, row.temperature, f"{row.samples:,} samples"]
    if row.rounds > 1:
        parts.append(f"{row.rounds} rounds")
    if row.warm_up:
        parts.append(f"{row.warm_up:,} ticks of warm-up")
    if row.sent is not None:
        parts.append(f"sent {row.sent:,}, handled {row.handled:,}, late {row.late:,}")
    return ", ".join([*parts, pinned, *row.notes])


def quantity(value: float, unit: Unit) -> str:
    """Return a figure with its unit."""
    if unit == "ns":
        return text.duration(round(value))
    if unit == "s":
        return text.duration(round(value * 1e9))
    if unit == "bytes":
        return text.size(round(value))
    if unit == "times":
        return f"{value:.2f}x"
    if unit == "ticks/s":
        return f"{value:,.0f} ticks/s"
    return f"{value:,.0f} {unit}"


def verdict(metric: Metric, budget: Budget) -> str:
    """Return a budget and whether it is reached, or by how much it is missed."""
    sign = "at most" if metric.better == "lower" else "at least"
    said = f"{sign} {quantity(budget.bound, metric.unit)}"
    if metric.is_reached:
        return f"{said}: reached ({budget.applies_to})"
    if budget.bound == 0 or metric.value == 0:
        return f"{said}: missed ({budget.applies_to})"
    factor = metric.value / budget.bound if metric.better == "lower" else budget.bound / metric.value
    return f"{said}: missed by {factor:.2f}x ({budget.applies_to})"


def _print_peer(peer: PeerComparison, console: Console) -> None:
    pinned = "not pinned" if peer.pinned_core is None else f"pinned to core {peer.pinned_core}"
    title = f"against {peer.peer} {peer.version}: {peer.rounds} pairs of runs in turn, {peer.ticks:,} ticks, {pinned}"
    console.print(f"\n{title}", highlight=False, markup=False)
    if peer.failure is not None:
        console.print(f"  not measured: {peer.failure}", highlight=False, markup=False)
        return
    table = Table(pad_edge=False)
    for name in ("figure", "lean-live", peer.peer, "times better", "pairs from to"):
        table.add_column(name, justify="left" if name == "figure" else "right", no_wrap=True)
    for figure in peer.figures:
        ours, theirs = quantity(figure.ours, figure.unit), quantity(figure.theirs, figure.unit)
        table.add_row(figure.name, ours, theirs, f"{figure.ratio:.2f}", f"{figure.low:.2f} .. {figure.high:.2f}")
    console.print(table, highlight=False)
    for note in peer.notes:
        console.print(f"  {note}", highlight=False, markup=False)


def _print_comparison(comparison: Comparison, console: Console) -> None:
    title = f"against {comparison.baseline}: judged figures may be {comparison.threshold:g} times worse"
    console.print(f"\n{title}", highlight=False, markup=False)
    table = Table(pad_edge=False)
    for name in ("row", "figure", "times worse", "how", "verdict"):
        table.add_column(name, justify="right" if name == "times worse" else "left", no_wrap=True)
    for metric in comparison.metrics:
        ratio = "no ratio" if metric.ratio is None else f"{metric.ratio:.2f}"
        how = "per calibration loop" if metric.is_normalised else "as it is"
        said = "breach" if metric.is_breach else "good" if metric.is_judged else "shown only"
        table.add_row(metric.row, metric.metric, ratio, how, said)
    console.print(table, highlight=False)
    for line in comparison.missing:
        console.print(f"  not compared: {line}", highlight=False, markup=False)
