"""A benchmark from its rows to its report: data first, then round after round of measuring processes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from live.bench.machine import describe, measuring_core
from live.bench.market import write_market
from live.bench.model import SCHEMA, ChildResult, Metric, MetricSpec, PeerComparison, Report, Row, RowSpec
from live.bench.peers.pairs import compare_with_peer
from live.bench.processes import MeasurementError, measure, other_cores
from live.bench.statistics import summarise
from live.errors import Halt
from live.feeds.data_folder import find_data_folder
from live.feeds.sample import write_sample
from live.paper.run_model import DataSource
from live.paper.stop_signals import StopSignals

_GROWTH = "_growth"


class BenchProgress(Protocol):
    """Shows how far a benchmark is."""

    def begin(self, steps: int) -> None:
        """Take the number of steps."""

    def step(self, what: str) -> None:
        """Say that a step begins."""

    def end(self) -> None:
        """Say that nothing more comes."""


class Market:
    """The data of the measurements, written when a row needs them first.

    Parameters:
        folder: where generated data go.
        named: the data folder that the user named, None to look for one.
    """

    def __init__(self, folder: Path, named: Path | None) -> None:
        self._folder = folder
        self.session = self._find(named)

    def _find(self, named: Path | None) -> DataSource:
        found = find_data_folder(named, Path.cwd())
        if found is not None:
            return DataSource(found.path, found.how, False)
        return DataSource(self._folder / "sample", "the generated sample session: no LEAN data folder was found", True)

    def told(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return a job's parameters with the path of its data in place of their kind."""
        kind = parameters.get("data")
        if kind is None:
            return parameters
        if kind == "session":
            if self.session.is_sample:
                write_sample(self.session.path)
            return {**parameters, "data": str(self.session.path)}
        ticks = parameters["ticks"] + parameters.get("warm_up", 0)
        symbols, gap_ms = parameters["symbols"], parameters["gap_ms"]
        path = self._folder / f"{symbols}-symbols-{ticks}-ticks-{gap_ms}-ms"
        if not path.exists():
            write_market(path, symbols, ticks, gap_ms * 1_000)
        return {**parameters, "data": str(path)}


class Benchmark:
    """One benchmark.

    Parameters:
        rows: what to measure.
        peers: runtimes to compare with, by name.
        is_quick: whether it is a short run.
        data_folder: the data folder that the user named, None to look for one.
        progress: shows how far it is.
    """

    def __init__(
        self,
        rows: Sequence[RowSpec],
        peers: Sequence[str],
        is_quick: bool,
        data_folder: Path | None,
        progress: BenchProgress,
    ) -> None:
        self._rows = rows
        self._peers = peers
        self._is_quick = is_quick
        self._data_folder = data_folder
        self._progress = progress
        self._measured: dict[str, list[ChildResult]] = {row.name: [] for row in rows}
        self._failures: dict[str, MeasurementError] = {}
        self._compared: list[PeerComparison] = []

    def run(self) -> Report:
        """Measure everything and return the report; after Ctrl-C or SIGTERM with what was measured until then.

        Raises:
            DataError: the data folder that was named is none.
            EnvironmentFault: data cannot be generated.
            RunInterrupted: somebody stopped it before the first measurement.
        """
        with stoppable() as (signals, folder):
            market = Market(folder, self._data_folder)
            head = describe(market.session, self._is_quick)
            is_interrupted = False
            try:
                self._run_all(market, folder)
            except Halt:
                is_interrupted = True
                signals.defer()
        rows = [row_of(spec, self._measured[spec.name], self._failures.get(spec.name)) for spec in self._rows]
        add_growth(self._rows, rows)
        done = [row for row in rows if row.metrics or row.failure is not None]
        return Report(SCHEMA, head, done, self._compared, None, is_interrupted)

    def _run_all(self, market: Market, folder: Path) -> None:
        core = measuring_core()
        self._progress.begin(sum(row.rounds for row in self._rows) + len(self._peers))
        try:
            with other_cores(core):
                self._run_rounds(market, folder, core)
                for peer in self._peers:
                    self._progress.step(f"lean-live against {peer}")
                    self._compared.append(compare_with_peer(peer, market.told, folder, core, self._is_quick))
        finally:
            self._progress.end()

    def _run_rounds(self, market: Market, folder: Path, core: int | None) -> None:
        """Measure all rows once, then those with more rounds again: a slow hour of the machine touches every row."""
        for number in range(max((row.rounds for row in self._rows), default=0)):
            for row in self._rows:
                if number >= row.rounds:
                    continue
                self._progress.step(f"{row.name}, round {number + 1} of {row.rounds}")
                if row.name not in self._failures:
                    self._measure(row, market.told, folder, core)

    def _measure(
        self, row: RowSpec, told: Callable[[dict[str, Any]], dict[str, Any]], folder: Path, core: int | None
    ) -> None:
        try:
            self._measured[row.name].append(measure(row.job, told(dict(row.parameters)), folder, core))
        except MeasurementError as error:
            self._failures[row.name] = error


@contextmanager
def stoppable() -> Iterator[tuple[StopSignals, Path]]:
    """Handle signals while a benchmark runs, and give a folder for what is temporary.

    Ctrl-C and SIGTERM raise Halt within. Whoever takes that, to report what was measured until then, defers further
    signals: they shall not break off the deletion of the folder.

    Raises:
        RunInterrupted: nobody took it.
    """
    try:
        with (
            StopSignals() as signals,
            tempfile.TemporaryDirectory(prefix="lean-live-bench-", ignore_cleanup_errors=True) as name,
        ):
            yield signals, Path(name)
    except Halt as halt:
        raise halt.error from None


def row_of(spec: RowSpec, rounds: Sequence[ChildResult], failure: MeasurementError | None) -> Row:
    """Return a row of the report from what its processes measured."""
    row = Row(spec.name, spec.title, spec.temperature, dict(spec.parameters))
    if failure is not None:
        row.failure, row.failure_code = str(failure), failure.code
    if not rounds or failure is not None:
        return row
    metrics = (summarise(each, rounds) for each in spec.metrics if not each.name.endswith(_GROWTH))
    row.metrics = [metric for metric in metrics if metric is not None]
    row.rounds = len(rounds)
    row.samples = sum(each.samples for each in rounds)
    row.warm_up = rounds[0].warm_up
    row.pinned_core = rounds[0].pinned_core
    if rounds[0].sent is not None:
        row.sent = sum(each.sent or 0 for each in rounds)
        row.handled = sum(each.handled or 0 for each in rounds)
        row.late = sum(each.late or 0 for each in rounds)
    row.notes = list(dict.fromkeys(note for each in rounds for note in each.notes))
    return row


def add_growth(specs: Sequence[RowSpec], rows: Sequence[Row]) -> None:
    """Add the figures that compare a row with the smallest size, where both were measured."""
    by_name = {row.name: row for row in rows}
    for spec in specs:
        row, smallest = by_name[spec.name], by_name.get(spec.compared_with or "")
        if smallest is None:
            continue
        for wanted in spec.metrics:
            base = wanted.name.removesuffix(_GROWTH)
            ours, theirs = _find(row, base), _find(smallest, base)
            if wanted.name.endswith(_GROWTH) and ours is not None and theirs is not None:
                row.metrics.append(_growth(wanted, ours, theirs))


def _growth(spec: MetricSpec, largest: Metric, smallest: Metric) -> Metric:
    return Metric(
        spec.name,
        spec.unit,
        spec.better,
        largest.value / smallest.value,
        largest.low / smallest.high,
        largest.high / smallest.low,
        None,
        spec.is_judged,
        spec.budget,
    )


def _find(row: Row, name: str) -> Metric | None:
    return next((metric for metric in row.metrics if metric.name == name), None)
