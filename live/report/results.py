"""The folder of one run's result files.

While a run is under way its folder is `<results>/<algorithm>-<UTC stamp>.partial`; order events and the log are written
into it as they come, so that a killed run leaves what it had. When the run is over the folder loses the `.partial` in
one rename, gets `-failed` instead when it failed, and `<results>/latest` points to it. A folder that is there already is
never written to: a second run in the same second gets `-2`.

A reserve of disk space is taken at the start and given back at the end, so that a run that was ended by a full disk still
has room for its summary.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import orjson

from live.algorithm.orders import OrderEvent
from live.clock import utc_now
from live.errors import DataError, EnvironmentFault
from live.paper.append_file import AppendFile
from live.paper.run_model import HistogramDump, RunResult, RunState
from live.paper.run_records import RunRecords
from live.report.order_events import OrderEventDigest, lean_json
from live.report.summary_file import result_to_dict, writable

LATEST_NAME = "latest"
SUMMARY_FILE = "summary.json"
ORDER_EVENTS_FILE = "order-events.json"
HISTOGRAMS_FILE = "histograms.json"
SERIES_FILE = "series.json"
LATENCY_FILE = "latency.json"
SYMBOLS_FILE = "symbols.json"
LOG_FILE = "log.txt"
FAILURE_FILE = "failure.txt"
REPORT_FILE = "report.html"
PARTIAL = ".partial"
"""What the name of a folder ends in until its run is over."""
FAILED = "-failed"
"""What is put behind the name of a folder whose run failed."""
_STAMP = r"\d{8}T\d{6}Z(?:-\d+)?"
_RESERVE_FILE = ".reserve"
_RESERVE_BYTES = 1 << 18
_SAME_SECOND_MAX = 1_000
_NO_LINKS = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENOSYS)


def run_name(folder_name: str) -> str:
    """Return how a run is called: the name of its folder without the ending that says where it is."""
    return folder_name.removesuffix(PARTIAL).removesuffix(FAILED)


@contextmanager
def _writing(path: Path, safe: str) -> Iterator[None]:
    """Turn an error of the file system into a fault that names the file and what is safe all the same."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise EnvironmentFault(
            f"cannot write {path}: {reason}; {safe}; free some space or choose another --results folder"
        ) from error


class RunFolder:
    """Result files of one run.

    Parameters:
        root: folder of all runs, made when missing.
        algorithm: name of the class that runs; also the algorithm id in the order events.
        max_order_event_rows: order events that are written; those beyond it are counted and part of the digest.
        keep_runs: finished runs of this algorithm that are kept after a success; zero keeps all.

    Attributes:
        name: how the folders of this algorithm's runs begin.

    Raises:
        EnvironmentFault: the folder cannot be made.
    """

    def __init__(self, root: Path, algorithm: str, max_order_event_rows: int = 1_000_000, keep_runs: int = 0) -> None:
        self.algorithm = algorithm
        self.digest = OrderEventDigest()
        self.name = re.sub(r"[^A-Za-z0-9_.]+", "_", algorithm).lstrip(".") or "algorithm"
        self._rows_left = max_order_event_rows
        self._keep_runs = keep_runs
        self._shown_root = root
        self.root = root.absolute()
        self._final, self.path = self._claim()
        with _writing(self.path, "nothing was lost, the run has not started"), self._discarding():
            _take_space(self.path / _RESERVE_FILE)
            self._events: AppendFile | None = AppendFile(self.path / ORDER_EVENTS_FILE, b"[", b"\n]\n")

    @property
    def log_path(self) -> Path:
        """Where the run's log belongs."""
        return self.path / LOG_FILE

    def order_event(self, event: OrderEvent) -> None:
        """Append an order event.

        Raises:
            EnvironmentFault: the disk is full or gone.
        """
        if self._rows_left > 0:
            self._append_event(lean_json(event, self.algorithm))
        self.digest.add(event)

    def engine_event(self, text: bytes) -> None:
        """Append an order event as LEAN wrote it.

        Raises:
            DataError: the text is no order event.
            EnvironmentFault: the disk is full or gone.
        """
        if self._rows_left > 0:
            self._append_event(text)
        try:
            self.digest.add_json(text)
        except (KeyError, ValueError, TypeError, ArithmeticError) as error:
            raise DataError(f"LEAN wrote an order event that this version does not know: {text[:200]!r}") from error

    def take_log(self, log: Path) -> None:
        """Take over an engine's log of the algorithm's lines as the run's; an empty one when the engine wrote none.

        Raises:
            EnvironmentFault: the disk is full or gone.
        """
        with _writing(self.log_path, "the engine's own is safe"):
            if log.is_file():
                shutil.copyfile(log, self.log_path)
            else:
                self.log_path.touch()

    def _append_event(self, text: bytes) -> None:
        if self._events is not None:
            separator = b",\n" if self.digest.count else b"\n"
            with _writing(self.path / ORDER_EVENTS_FILE, "the order events that fitted are safe there"):
                self._events.append(separator + text)
            self._rows_left -= 1

    @property
    def shown_path(self) -> Path:
        """The folder, relative to the working folder of the start where the user named it so."""
        return self._shown_root / self.path.name

    @property
    def is_finished(self) -> bool:
        """Whether the folder has its final name."""
        return not self.path.name.endswith(PARTIAL)

    @contextmanager
    def _discarding(self) -> Iterator[None]:
        """Leave no folder behind when the run cannot begin."""
        try:
            yield
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Delete the folder of a run that never began."""
        shutil.rmtree(self.path, ignore_errors=True)

    def finish(self, result: RunResult, records: RunRecords, trace: str = "") -> RunResult:
        """Write the remaining files and give the folder its final name.

        Every file is tried, whatever becomes of the others. A run that did not fail keeps its partial name when one of
        them could not be written; the caller may finish it once more, as a run that failed.

        Returns the result with the count and digest of the order events and the folder filled in.

        Parameters:
            result: what the run came to.
            records: what was recorded of the run, already limited in size.
            trace: for a run that failed, the traceback of its error.

        Raises:
            EnvironmentFault: something could not be written; what could be written is there.
        """
        (self.path / _RESERVE_FILE).unlink(missing_ok=True)
        is_failed = result.state is RunState.FAILED
        final = self._final.with_name(self._final.name + FAILED) if is_failed else self._final
        complete = dataclasses.replace(
            result,
            order_event_count=self.digest.count,
            order_events_sha256=self.digest.hexdigest(),
            results_folder=self._shown_root / final.name,
        )
        curves = {
            chart: {name: list(points) for name, points in found.items()} for chart, found in records.series.items()
        }
        buckets = {name: _histogram_to_dict(dump) for name, dump in records.histograms.items()}
        steps: list[Callable[[], None]] = [
            lambda: self._write_json(SUMMARY_FILE, result_to_dict(complete)),
            self._close_events,
            lambda: self._write_json(HISTOGRAMS_FILE, buckets),
            lambda: self._write_json(SERIES_FILE, curves),
            lambda: self._write_json(LATENCY_FILE, msgspec.to_builtins(records.latency)),
            lambda: self._write_json(SYMBOLS_FILE, msgspec.to_builtins(records.symbols)),
        ]
        if result.error is not None and is_failed:
            text = f"{result.error.message}\n\n{trace}".rstrip() + "\n"
            steps.append(lambda: self._write(FAILURE_FILE, text.encode("utf-8", "backslashreplace")))
        faults = [fault for step in steps if (fault := _fault_of(step)) is not None]
        if faults and not is_failed:
            raise faults[0]
        self._rename(final)
        self._point_latest()
        if faults:
            raise faults[0]
        if not is_failed:
            self._delete_old_runs()
        return complete

    def _claim(self) -> tuple[Path, Path]:
        """Make the partial folder under a name that nobody has."""
        stamp = utc_now().strftime("%Y%m%dT%H%M%SZ")
        with _writing(self.root, "nothing was lost, the run has not started"):
            self.root.mkdir(parents=True, exist_ok=True)
            for number in range(1, _SAME_SECOND_MAX):
                final = self.root / f"{self.name}-{stamp}{'' if number == 1 else f'-{number}'}"
                partial = final.with_name(final.name + PARTIAL)
                try:
                    partial.mkdir()
                except FileExistsError:
                    continue
                # Checked while the partial name is ours, so that no other run can finish under this name meanwhile.
                if not final.exists() and not final.with_name(final.name + FAILED).exists():
                    return final, partial
                partial.rmdir()
        raise EnvironmentFault(f"cannot find a free name for a run in {self.root}; choose another --results folder")

    def _close_events(self) -> None:
        events, self._events = self._events, None
        if events is not None:
            with _writing(self.path / ORDER_EVENTS_FILE, "the order events that fitted are safe there"):
                events.close()

    def _write_json(self, name: str, content: object) -> None:
        self._write(name, orjson.dumps(writable(content), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))

    def _write(self, name: str, data: bytes) -> None:
        """Write a file, all or nothing."""
        path, draft = self.path / name, self.path / f".{name}.part"
        with _writing(path, "the files that fitted are safe there"):
            try:
                with draft.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(path)
            except OSError:
                draft.unlink(missing_ok=True)
                raise

    def _rename(self, final: Path) -> None:
        with _writing(final, f"all files are safe in {self.path}"):
            self.path.rename(final)
        self.path = final

    def _point_latest(self) -> None:
        """Let `latest` point to this run. File systems without links have no `latest`; nothing else depends on it."""
        link = self.root / LATEST_NAME
        temporary = self.root / f".{LATEST_NAME}-{self.path.name}"
        try:
            temporary.symlink_to(self.path.name, target_is_directory=True)
            temporary.replace(link)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            if error.errno in _NO_LINKS:
                return
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise EnvironmentFault(
                f"cannot point {link} to this run: {reason}; all files are safe in {self.path}"
            ) from error

    def _delete_old_runs(self) -> None:
        if self._keep_runs == 0:
            return
        pattern = re.compile(rf"{re.escape(self.name)}-{_STAMP}")
        runs = [
            path for path in self.root.iterdir() if pattern.fullmatch(path.name) and (path / SUMMARY_FILE).is_file()
        ]
        for path in sorted(runs, key=_age_key)[: -self._keep_runs]:
            with _writing(path, f"all files of this run are safe in {self.path}"):
                shutil.rmtree(path)


def _fault_of(step: Callable[[], None]) -> EnvironmentFault | None:
    try:
        step()
    except EnvironmentFault as fault:
        return fault
    return None


def _take_space(path: Path) -> None:
    """Fill a file with zeros, so that its blocks are ours until it is deleted."""
    with path.open("wb") as file:
        file.write(bytes(_RESERVE_BYTES))


def _age_key(path: Path) -> tuple[str, int]:
    stamp, _, number = path.name.rpartition("Z")
    return stamp, int(number[1:] or "1")


def _histogram_to_dict(dump: HistogramDump) -> dict[str, object]:
    return {
        "unit": "ns",
        "count": dump.count,
        "sum": dump.sum_ns,
        "max": dump.max_ns,
        "buckets": [{"le": bound, "count": count} for bound, count in dump.buckets],
    }
