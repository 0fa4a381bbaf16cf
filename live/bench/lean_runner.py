"""The benchmark of LEAN itself: its variants in turn, round after round, each run an engine of its own."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from live.bench import strategies
from live.bench.lean_attached import ATTACHED_ENTRY
from live.bench.lean_plan import PLAN_VARIABLE, TIMES_VARIABLE, EngineTimes, GapTimes, read_times
from live.bench.lean_rows import QUANTITIES, Variant
from live.bench.machine import describe
from live.bench.model import SCHEMA, ChildResult, Report, Row, RowSpec
from live.bench.processes import MeasurementError
from live.bench.runner import BenchProgress, row_of, stoppable
from live.errors import EngineFailure, Halt, LeanLiveError
from live.hot.catalogue import Counter
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import TelemetryView
from live.lean.engine.engine_config import EngineFiles, EngineRequest, prepare
from live.lean.engine.lean_home import LeanHome
from live.lean.engine.process import EngineLimits, EngineProcess
from live.lean.engine.verdict import failure_of
from live.lean.instructions import Instructions
from live.lean.profile import config_keys, environment_variables
from live.paper.run_model import DataSource

_STRATEGY = Path(next(iter(strategies.__path__))) / "lean_paced.py"
_STOCK_ENTRY = """from AlgorithmImports import *
from live.lean import surface

surface.silence_data_queue()

import live.bench.strategies.lean_paced


class Main(live.bench.strategies.lean_paced.LeanPaced):
    pass
"""
_SHARES = (("p50", 0.5), ("p99", 0.99), ("p999", 0.999), ("max", 1.0))
_SAMPLES_LEAST = {"p50": 1, "p99": 100, "p999": 1_000, "max": 1}
"""Fewer samples say nothing about a quantile, which is left out then."""
_COLLECTIONS = (
    *(f"dotnet_collections_{generation}" for generation in range(3)),
    "dotnet_pause",
    *(f"python_collections_{generation}" for generation in range(3)),
)
_START_SECONDS = 180.0


class EngineBenchmark:
    """One benchmark of LEAN.

    Parameters:
        home: the engine.
        data_folder: folder with its reference data.
        variants: all variants; those are run that a row needs.
        rows: what is measured.
        is_quick: whether it is a short run.
        progress: shows how far it is.
    """

    def __init__(
        self,
        home: LeanHome,
        data_folder: Path,
        variants: Sequence[Variant],
        rows: Sequence[RowSpec],
        is_quick: bool,
        progress: BenchProgress,
    ) -> None:
        self._home = home
        self._data_folder = data_folder
        self._rows = rows
        self._is_quick = is_quick
        self._progress = progress
        wanted = {str(row.parameters.get(key)) for row in rows for key in ("variant", "above", "below")}
        self._variants = [each for each in variants if each.name in wanted]
        self._found: dict[str, list[EngineTimes]] = {each.name: [] for each in variants}
        self._failures: dict[str, MeasurementError] = {}

    def run(self) -> Report:
        """Measure everything and return the report; after Ctrl-C or SIGTERM with what was measured until then.

        Raises:
            RunInterrupted: somebody stopped it before the first measurement.
        """
        head = describe(DataSource(self._home.folder, f"LEAN {self._home.version}", False), self._is_quick)
        is_interrupted = False
        with stoppable() as (signals, folder):
            try:
                self._run_rounds(folder)
            except Halt:
                if not any(self._found.values()):
                    raise
                is_interrupted = True
                signals.defer()
        done = [row for row in map(self._row, self._rows) if row.metrics or row.failure is not None]
        return Report(SCHEMA, head, done, [], None, is_interrupted)

    def _run_rounds(self, folder: Path) -> None:
        """Run every variant once, then those with more rounds again: a slow hour of the machine touches all alike."""
        self._progress.begin(sum(each.rounds for each in self._variants))
        try:
            for number in range(max((each.rounds for each in self._variants), default=0)):
                for variant in self._variants:
                    if number < variant.rounds and variant.name not in self._failures:
                        self._progress.step(f"{variant.name}, round {number + 1} of {variant.rounds}")
                        self._measure(variant, folder / f"{variant.name}-{number + 1}")
        finally:
            self._progress.end()

    def _measure(self, variant: Variant, folder: Path) -> None:
        try:
            self._found[variant.name].append(
                run_variant(self._home, self._data_folder, variant, folder, self._is_quick)
            )
        except LeanLiveError as error:
            self._failures[variant.name] = MeasurementError(str(error), int(error.exit_code))

    def _row(self, spec: RowSpec) -> Row:
        gap = spec.parameters.get("gap_ms")
        assert gap is None or isinstance(gap, int)
        if spec.job == "compare":
            assert gap is not None
            above, below = str(spec.parameters["above"]), str(spec.parameters["below"])
            failure = self._failures.get(above) or self._failures.get(below)
            return row_of(spec, self._ratios(gap, above, below), failure)
        name = str(spec.parameters["variant"])
        found = self._found[name]
        results = [_of_run(each) for each in found] if gap is None else [_of_gap(each, gap) for each in found]
        return row_of(spec, results, self._failures.get(name))

    def _ratios(self, gap_ms: int, above: str, below: str) -> list[ChildResult]:
        """Return for each pair of rounds one variant's figures by those of another."""
        found = []
        for upper, lower in zip(self._found[above], self._found[below], strict=False):
            over, under = _of_gap(upper, gap_ms), _of_gap(lower, gap_ms)
            both = {name for name in under.values if under.values[name] > 0 and name in over.values}
            values = {name: over.values[name] / under.values[name] for name in both}
            found.append(ChildResult(values, samples=over.samples + under.samples))
        return found


def run_variant(home: LeanHome, data_folder: Path, variant: Variant, folder: Path, is_quick: bool) -> EngineTimes:
    """Run one variant once and return what it found.

    Parameters:
        home: the engine.
        data_folder: folder with its reference data.
        variant: what to run.
        folder: the run's folder, made here.
        is_quick: fewer ticks.

    Raises:
        LeanLiveError: the engine did not come to a good end.
    """
    folder.mkdir(parents=True)
    plan, times = folder / "plan.json", folder / "times.json"
    told = variant.plan(is_quick)
    plan.write_bytes(msgspec.json.encode(told))
    variables = {PLAN_VARIABLE: str(plan), TIMES_VARIABLE: str(times)}
    if variant.is_attached:
        settings, without = variant.settings, variant.without
        instructions = Instructions(algorithm=str(_STRATEGY), run_folder=str(folder), source="benchmark", lean=settings)
        request = EngineRequest(
            ATTACHED_ENTRY,
            data_folder,
            instructions=instructions,
            variables={**variables, **environment_variables(settings, without)},
            keys=config_keys(settings, without),
            results_on_tmpfs=settings.results_in_memory,
        )
    else:
        request = EngineRequest(_STOCK_ENTRY, data_folder, variables=variables)
    seconds = sum(phase.gap_ms * phase.ticks for phase in told.phases) / 1_000 + told.warm_up / 1_000
    limits = EngineLimits(run_seconds=_START_SECONDS + 2 * seconds)
    files = prepare(home, request, folder)
    try:
        with _load_beside(variant.load == "sidecar"):
            _run(home, files, limits, folder / PAGE_NAME if variant.is_attached else None)
    finally:
        shutil.rmtree(files.results, ignore_errors=True)
    found = read_times(times)
    if variant.is_attached:
        _check_orders(variant, found, folder / PAGE_NAME)
    return found


def _check_orders(variant: Variant, found: EngineTimes, page: Path) -> None:
    """See that the orders took the way that the variant says.

    Raises:
        EngineFailure: they did not, so that the figures are those of something else.
    """
    ungated = TelemetryView(page, expect_writer=False).counter(Counter.ORDERS_UNGATED)
    if ungated:
        raise EngineFailure(
            f"{ungated} orders of the benchmark went past the risk gate in this LEAN, so its figures would not be those of "
            "lean-live; run lean-live doctor --engine lean"
        )
    has_orders = any(gap.order for gap in found.gaps)
    if has_orders and (found.lane_submissions > 0) != (variant.settings.mode == "lane"):
        raise EngineFailure(
            f'mode is "{variant.settings.mode}", and {found.lane_submissions} orders of the benchmark came from another '
            "thread than that of LEAN's loop; run lean-live doctor --engine lean"
        )


def _run(home: LeanHome, files: EngineFiles, limits: EngineLimits, page: Path | None) -> None:
    process = EngineProcess(home, files, limits, page)
    try:
        process.start()
        outcome = process.watch(lambda: False)
    finally:
        process.close()
    # The files are taken away with the run.
    failure = failure_of(outcome, files, None, has_files=False)
    if failure is not None:
        raise failure


@contextmanager
def _load_beside(is_wanted: bool) -> Iterator[None]:
    """Let a process beside the engine work as analytics in the sidecar do."""
    if not is_wanted:
        yield
        return
    process = subprocess.Popen([sys.executable, "-m", "live.bench.lean_load"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _of_gap(times: EngineTimes, gap_ms: int) -> ChildResult:
    """Return the figures of one gap."""
    found = next((each for each in times.gaps if each.gap_ms == gap_ms), None)
    if found is None:
        return ChildResult()
    values: dict[str, float] = {}
    for what in QUANTITIES:
        samples = sorted(getattr(found, what))
        for name, share in _SHARES:
            if len(samples) >= _SAMPLES_LEAST[name]:
                # The nearest rank: of a hundred samples the 99th is the p99, and not the largest.
                values[f"{what}_{name}"] = float(samples[math.ceil(len(samples) * share) - 1])
    return ChildResult(
        values,
        samples=len(found.decision),
        sent=found.sent,
        handled=found.handled,
        late=found.late,
        notes=_notes(found),
    )


def _notes(found: GapTimes) -> list[str]:
    if found.order and not found.submitted:
        return ["orders and their submissions could not be matched: some were denied, or sent otherwise"]
    return []


def _of_run(times: EngineTimes) -> ChildResult:
    """Return the figures of a run as a whole."""
    values = {name: float(value) for name, value in zip(_COLLECTIONS, times.collections, strict=True)}
    values.update({f"instrumentation_{name}": value for name, value in times.instrumentation.items()})
    return ChildResult(values, samples=sum(len(each.decision) for each in times.gaps))
