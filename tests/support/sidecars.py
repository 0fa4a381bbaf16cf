"""Sidecars of tests: their pieces around hand-made pages, and whole processes."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from live import installation
from live.clock import monotonic_ns, sleep
from live.errors import DataError
from live.sidecar.attached import AttachedRun
from live.sidecar.exporter import Exporter
from live.sidecar.parts import Part
from live.sidecar.samples import Sample
from support.commands import COMMAND, start

PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.02


@dataclass
class FixedRuns:
    """Runs that are attached, without a finder."""

    attached: Sequence[AttachedRun] = ()


@dataclass
class Rendering:
    """An exporter of some runs, and what it complained of."""

    runs: Sequence[AttachedRun]
    parts: Sequence[Part] = ()
    own: Iterable[Sample] = ()
    faults: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def text(self, is_open_metrics: bool = False) -> str:
        def faulted(_run: AttachedRun, error: DataError) -> None:
            self.faults.append(str(error))

        def failed(_part: Part, error: Exception) -> None:
            self.failures.append(str(error))

        exporter = Exporter(FixedRuns(self.runs), self.parts, lambda: self.own, faulted, failed)
        return exporter.render(is_open_metrics).decode()


def values_of(text: str) -> dict[str, float]:
    """Return the values of an exposition by name and labels, as they are written."""
    lines = (line.partition(" # ")[0] for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _space, value in (line.rpartition(" ") for line in lines)}


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    """Return the first true value of a condition, asked again and again; fail when there is none for a long time."""
    until_ns = monotonic_ns() + int(PATIENCE_SECONDS * 1e9)
    while monotonic_ns() < until_ns:
        found = condition()
        if found:
            return found
        sleep(_LOOK_SECONDS)
    raise AssertionError(f"not so in time: {what}")


def with_grace(seconds: float) -> str:
    """Return code for `python -c` that runs the command, with sidecars that keep runs for less time than may be configured."""
    return (
        "import live.sidecar.service as service; finder = service.RunFinder; "
        f"service.RunFinder = lambda folders, pages, _grace, *rest: finder(folders, pages, {seconds}, *rest); {installation.COMMAND}"
    )


class SidecarProcess:
    """The command `sidecar` in a process of its own, listening on a free port.

    Parameters:
        folder: working folder, in which live.toml is written and which holds the folder of results.
        settings: keys of `[sidecar]` in TOML.
        words: further words of the command line.
        tables: further tables of its settings, in TOML.
        grace_seconds: shorter than the settings allow; None to keep to them.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any] | None = None,
        *words: str,
        tables: str = "",
        grace_seconds: float | None = None,
    ) -> None:
        self.results = folder / "results"
        self.results.mkdir(exist_ok=True)
        config = folder / "sidecar.toml"
        table = {"port": 0, "grace_seconds": 60.0, "answer_milliseconds": 0, **(settings or {})}
        lines = [f"{key} = {orjson.dumps(value).decode()}" for key, value in table.items()]
        config.write_text("\n".join(["[sidecar]", *lines]) + "\n" + tables, encoding="utf-8")
        targets = words if words and not words[0].startswith("-") else (str(self.results), *words)
        arguments = ["sidecar", *targets, "--config", str(config), "--json"]
        command = COMMAND if grace_seconds is None else [*COMMAND[:-1], with_grace(grace_seconds)]
        self.begin(arguments, folder, command)

    def begin(self, arguments: list[str], folder: Path, command: list[str] = COMMAND) -> None:
        """Start a process, and wait for what it says when it listens."""
        self.process: subprocess.Popen[str] = start(arguments, folder, command)
        assert self.process.stdout is not None
        text = ""
        for line in self.process.stdout:
            text += line
            if line.rstrip() == "}":
                break
        self.answer: dict[str, Any] = orjson.loads(text or "{}")

    def __enter__(self) -> SidecarProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGKILL)

    @property
    def port(self) -> int:
        return int(self.answer["address"].rpartition(":")[2])

    def get(self, path: str = "/metrics", **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def values(self) -> dict[str, float]:
        """Return the present values of all metrics."""
        return values_of(self.get()[2].decode())

    def value(self, name: str, *labels: str) -> float | None:
        """Return the value of the only metric of a name, without prefix, whose labels hold some words."""
        found = [
            value
            for key, value in self.values().items()
            if key.partition("{")[0] == f"lean_live_{name}" and all(label in key for label in labels)
        ]
        assert len(found) <= 1, found
        return found[0] if found else None

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """End the process with a signal; return its exit code and what it said on standard error."""
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        _out, complaint = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, complaint
