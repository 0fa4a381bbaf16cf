"""The folder of one run's result files.

While a run is under way its folder is `<results>/<algorithm>-<UTC stamp>.partial`; order events and the log are written
into it as they come, so that a killed run leaves what it had. When the run is over the folder loses the `.partial` in
one rename and `<results>/latest` points to it. A folder that is there already is never written to: a second run in the
same second gets `-2`.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import orjson

from live.algorithm.orders import OrderEvent
from live.clock import utc_now
from live.errors import EnvironmentFault
from live.paper.run_model import HistogramDump, RunResult
from live.report.order_events import OrderEventDigest, lean_json
from live.report.summary_file import result_to_dict

LATEST_NAME = "latest"
SUMMARY_FILE = "summary.json"
ORDER_EVENTS_FILE = "order-events.json"
HISTOGRAMS_FILE = "histograms.json"
SERIES_FILE = "series.json"
LOG_FILE = "log.txt"
FAILURE_FILE = "failure.txt"
_PARTIAL = ".partial"
_FAILED = "-failed"
_STAMP = r"\d{8}T\d{6}Z(?:-\d+)?"
_BUFFER_BYTES = 1 << 16
_SAME_SECOND_MAX = 1_000
_NO_LINKS = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENOSYS)

Series = Mapping[str, Mapping[str, Sequence[tuple[int, float]]]]
"""Points (time_ns, value) by chart and by name of the series."""


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

    Raises:
        EnvironmentFault: the folder cannot be made.
    """

    def __init__(self, root: Path, algorithm: str, max_order_event_rows: int = 1_000_000, keep_runs: int = 0) -> None:
        self.root = root
        self.algorithm = algorithm
        self.digest = OrderEventDigest()
        self._name = re.sub(r"[^A-Za-z0-9_.]+", "_", algorithm).lstrip(".") or "algorithm"
        self._rows_left = max_order_event_rows
        self._keep_runs = keep_runs
        self._final, self.path = self._claim()
        with _writing(self.path / ORDER_EVENTS_FILE, "nothing was lost, the run has not started"):
            self._events: IO[bytes] | None = (self.path / ORDER_EVENTS_FILE).open("wb", buffering=_BUFFER_BYTES)
            self._events.write(b"[")

    @property
    def log_path(self) -> Path:
        """Where the run's log belongs."""
        return self.path / LOG_FILE

    def order_event(self, event: OrderEvent) -> None:
        """Append an order event.

        Raises:
            EnvironmentFault: the disk is full or gone.
        """
        self.digest.add(event)
        if self._rows_left == 0 or self._events is None:
            return
        self._rows_left -= 1
        separator = b"\n" if self.digest.count == 1 else b",\n"
        with _writing(
            self.path / ORDER_EVENTS_FILE, f"up to {self.digest.count - 1} earlier order events are safe there"
        ):
            self._events.write(separator + lean_json(event, self.algorithm))

    def finish(self, result: RunResult, histograms: Mapping[str, HistogramDump], series: Series) -> RunResult:
        """Write the remaining files and give the folder its final name.

        Returns the result with the count and digest of the order events and the folder filled in.

        Parameters:
            result: what the run came to.
            histograms: by metric name, for example "tick_to_decision".
            series: plotted points, already limited in number.

        Raises:
            EnvironmentFault: a file cannot be written; what is there stays in the partial folder.
        """
        self._close_events()
        complete = dataclasses.replace(
            result,
            order_event_count=self.digest.count,
            order_events_sha256=self.digest.hexdigest(),
            results_folder=self._final,
        )
        self._write(HISTOGRAMS_FILE, {name: _histogram_to_dict(dump) for name, dump in histograms.items()})
        self._write(
            SERIES_FILE,
            {chart: {name: list(points) for name, points in found.items()} for chart, found in series.items()},
        )
        self._write(SUMMARY_FILE, result_to_dict(complete))
        self._rename(self._final)
        self._point_latest()
        self._delete_old_runs()
        return complete

    def fail(self, message: str) -> Path:
        """Keep the files of a run that did not succeed, with the reason, under a name that ends in `-failed`.

        Raises:
            EnvironmentFault: the reason cannot be written.
        """
        self._close_events()
        with _writing(self.path / FAILURE_FILE, f"the order events and the log are safe in {self.path}"):
            (self.path / FAILURE_FILE).write_text(message.rstrip() + "\n", encoding="utf-8", errors="replace")
        self._rename(self._final.with_name(self._final.name + _FAILED))
        return self.path

    def _claim(self) -> tuple[Path, Path]:
        """Make the partial folder under a name that nobody has."""
        stamp = utc_now().strftime("%Y%m%dT%H%M%SZ")
        with _writing(self.root, "nothing was lost, the run has not started"):
            self.root.mkdir(parents=True, exist_ok=True)
            for number in range(1, _SAME_SECOND_MAX):
                final = self.root / f"{self._name}-{stamp}{'' if number == 1 else f'-{number}'}"
                partial = final.with_name(final.name + _PARTIAL)
                try:
                    partial.mkdir()
                except FileExistsError:
                    continue
                # Checked while the partial name is ours, so that no other run can finish under this name meanwhile.
                if not final.exists() and not final.with_name(final.name + _FAILED).exists():
                    return final, partial
                partial.rmdir()
        raise EnvironmentFault(f"cannot find a free name for a run in {self.root}; choose another --results folder")

    def _close_events(self) -> None:
        events, self._events = self._events, None
        if events is None:
            return
        with (
            _writing(self.path / ORDER_EVENTS_FILE, f"most of {self.digest.count} order events are safe there"),
            events,
        ):
            events.write(b"\n]\n" if self.digest.count else b"]\n")
            events.flush()
            os.fsync(events.fileno())

    def _write(self, name: str, content: object) -> None:
        path = self.path / name
        data = orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        with _writing(path, f"the order events and the log are safe in {self.path}"), path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

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
        pattern = re.compile(rf"{re.escape(self._name)}-{_STAMP}")
        runs = [
            path for path in self.root.iterdir() if pattern.fullmatch(path.name) and (path / SUMMARY_FILE).is_file()
        ]
        for path in sorted(runs, key=_age_key)[: -self._keep_runs]:
            with _writing(path, f"all files of this run are safe in {self.path}"):
                shutil.rmtree(path)


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
