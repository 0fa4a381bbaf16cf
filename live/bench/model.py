"""The values of a benchmark: what a row is, what a child process measured, and the report that is stored and compared.

All of them are structs that msgspec writes and reads as JSON, so that a stored report is checked when it is read again.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

SCHEMA = 1
"""Number of the report's format; a reader refuses others."""

Parameter = int | float | str | list[str]
Better = Literal["lower", "higher"]
Unit = Literal["ticks/s", "ns", "s", "bytes", "calls", "blocks", "objects", "times"]


class Budget(Struct, frozen=True):
    """A figure to reach.

    Attributes:
        bound: in the metric's unit; the metric is to be at most this when lower is better, at least this otherwise.
        applies_to: in words, the conditions that the bound was set for.
    """

    bound: float
    applies_to: str


class MetricSpec(Struct, frozen=True):
    """One figure of a row.

    Attributes:
        name: what it is called in the report, stable between versions.
        unit: its unit.
        better: which direction is good.
        is_scaled: it is a matter of processor speed, and is divided by the calibration loop for comparisons.
        is_judged: a comparison with a baseline judges it; others are shown only.
        budget: the figure to reach, None when there is none.
    """

    name: str
    unit: Unit
    better: Better = "lower"
    is_scaled: bool = False
    is_judged: bool = False
    budget: Budget | None = None


class RowSpec(Struct, frozen=True):
    """One measurement.

    Attributes:
        name: what it is chosen by.
        title: what is measured, in a few words.
        job: name of the function in live.bench.child that measures it.
        temperature: whether the code ran just before ("warm"), after a pause ("cold"), or in a new process ("start").
        metrics: its figures.
        parameters: what the job is told.
        rounds: how often it is measured, each in a process of its own.
        compared_with: the row of the smallest size; a metric NAME_growth is how many times its NAME this row's is.
    """

    name: str
    title: str
    job: str
    temperature: Literal["warm", "cold", "start"]
    metrics: tuple[MetricSpec, ...]
    parameters: dict[str, Parameter] = {}
    rounds: int = 1
    compared_with: str | None = None


class ChildResult(Struct):
    """What one child process measured.

    Attributes:
        values: figures by the name of their metric; one that could not be taken is missing.
        samples: how many single measurements are behind them.
        warm_up: ticks played before the first sample.
        sent: ticks that were to be handled, and `handled` those that were; `late` those that were due while the one
            before was still being handled. None where nothing is paced.
        calibration_ns: duration of the calibration loop in this process, the shortest one seen.
        pinned_core: core the process was kept on, None when it was not.
        notes: what a reader has to know about these figures.
    """

    values: dict[str, float] = {}
    samples: int = 0
    warm_up: int = 0
    sent: int | None = None
    handled: int | None = None
    late: int | None = None
    calibration_ns: float = 0.0
    pinned_core: int | None = None
    notes: list[str] = []


class Metric(Struct):
    """One figure of the report.

    Attributes:
        name, unit, better, is_judged, budget: as in MetricSpec.
        value: median of the rounds.
        low, high: smallest and largest of the rounds.
        normalised: the best round in units of the calibration loop: time divided by the loop's time, rate multiplied by
            it; None for figures that processor speed does not change.
    """

    name: str
    unit: Unit
    better: Better
    value: float
    low: float
    high: float
    normalised: float | None = None
    is_judged: bool = False
    budget: Budget | None = None

    @property
    def is_reached(self) -> bool | None:
        """Whether the budget is reached; None without one."""
        if self.budget is None:
            return None
        return self.value <= self.budget.bound if self.better == "lower" else self.value >= self.budget.bound


class Row(Struct):
    """One row of the report.

    Attributes:
        name, title, temperature, parameters: as in RowSpec.
        metrics: its figures; empty when it failed.
        rounds: how often it was measured.
        samples, warm_up, sent, handled, late, pinned_core: as in ChildResult; sums over the rounds where they count.
        notes: what a reader has to know.
        failure: why there are no figures, None when there are.
        failure_code: exit code of the process that failed, by live.errors.ExitCode; 4 says that this machine cannot
            measure it.
    """

    name: str
    title: str
    temperature: str
    parameters: dict[str, Parameter]
    metrics: list[Metric] = []
    rounds: int = 0
    samples: int = 0
    warm_up: int = 0
    sent: int | None = None
    handled: int | None = None
    late: int | None = None
    pinned_core: int | None = None
    notes: list[str] = []
    failure: str | None = None
    failure_code: int = 0


class Head(Struct):
    """Where and on what the figures were taken.

    Attributes:
        machine: model of the processor.
        cores: cores this process may use.
        governor: frequency governor of the processor; None when it cannot be read.
        kernel: operating system and its release.
        load_average: runnable processes over the last minute when the benchmark began: other work disturbs it.
        python: implementation and version.
        is_compiled: whether the hot path is compiled.
        version: version of the package, with the commit when it runs from a checkout.
        data: where the session's data came from.
        is_sample: whether they are the generated sample.
        time: when the benchmark began, UTC.
        is_quick: whether it was a short run.
    """

    machine: str
    cores: int
    governor: str | None
    kernel: str
    load_average: float
    python: str
    is_compiled: bool
    version: str
    data: str
    is_sample: bool
    time: str
    is_quick: bool


class PeerFigure(Struct):
    """One figure of two runtimes side by side.

    Attributes:
        name, unit, better: as in MetricSpec.
        ours, theirs: medians of the rounds.
        ratio: how many times better ours is: median over the pairs of rounds.
        low, high: smallest and largest ratio of a pair.
    """

    name: str
    unit: Unit
    better: Better
    ours: float
    theirs: float
    ratio: float
    low: float
    high: float


class PeerComparison(Struct):
    """The same stream and decision through another runtime.

    Attributes:
        peer: its name, and `version` that of the installed package.
        rounds: pairs of runs, alternating.
        ticks: ticks of each paced run.
        figures: what was measured.
        pinned_core: as in ChildResult.
        notes: what the comparison does not say.
        failure, failure_code: as in Row.
    """

    peer: str
    version: str
    rounds: int
    ticks: int
    figures: list[PeerFigure] = []
    pinned_core: int | None = None
    notes: list[str] = []
    failure: str | None = None
    failure_code: int = 0


class ComparedMetric(Struct):
    """One figure against a baseline.

    Attributes:
        row, metric: which one.
        ratio: how many times worse than the baseline it is, below 1 when better; None when only one of the two is zero.
        is_normalised: both were divided by their calibration loop.
        is_breach: it is judged, and worse by more than the threshold.
    """

    row: str
    metric: str
    ratio: float | None
    is_normalised: bool
    is_judged: bool
    is_breach: bool


class Comparison(Struct):
    """A report against a baseline.

    Attributes:
        baseline: the file.
        threshold: largest ratio that is no breach.
        metrics: figures that both have.
        missing: rows or figures of only one of the two, and rows measured in another way.
    """

    baseline: str
    threshold: float
    metrics: list[ComparedMetric]
    missing: list[str]

    @property
    def is_breached(self) -> bool:
        """Whether any figure is a breach."""
        return any(metric.is_breach for metric in self.metrics)


class Report(Struct):
    """Everything that one benchmark found.

    Attributes:
        schema: number of the format.
        head: machine, build and data.
        rows: the measurements, in order.
        peers: comparisons with other runtimes.
        comparison: comparison with a baseline, None when none was asked for.
        is_interrupted: it was ended before all rows were measured.
    """

    schema: int
    head: Head
    rows: list[Row]
    peers: list[PeerComparison] = []
    comparison: Comparison | None = None
    is_interrupted: bool = False
