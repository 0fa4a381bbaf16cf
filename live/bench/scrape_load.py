"""What a sidecar under scrapes costs a paced run: latencies without one and with one, in turn.

Sidecar and scrapers are processes of their own, away from the run's core, as a user would have them. Each scraper asks
once a second, more often than a Prometheus is set to, and they share the second out. Scrapers that never pause would
measure the machine: they fill every core that the run leaves, and the system's own tasks then move to the run's core,
with or without a sidecar.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

from live.bench.pacing import Schedule
from live.bench.session import PacedRun, play_paced
from live.clock import NANOSECONDS_PER_SECOND, machine_monotonic_ns, sleep
from live.errors import EnvironmentFault
from live.sidecar.launch import serve

_CONFIG = "[sidecar]\nport = 0\n"
_PERIOD_SECONDS = 1.0
_REQUEST = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: application/openmetrics-text\r\n\r\n"
_LENGTH = b"content-length:"
_RUNS = "lean_live_sidecar_runs"
_SCRAPES = 'lean_live_sidecar_scrapes_total{outcome="ok"}'
_LOST = "lean_live_telemetry_lost_total"
_END_SECONDS = 10.0
_LOOK_SECONDS = 0.01


@dataclass
class ScrapedRuns:
    """Runs without a sidecar and with one, which alternate. All of them write a telemetry page.

    Attributes:
        plain: those without.
        scraped: those with a sidecar that is scraped.
        scrapes: answers that the sidecars gave.
        events_lost: events of the scraped runs that found no room in the ring.
    """

    plain: list[PacedRun] = field(default_factory=list)
    scraped: list[PacedRun] = field(default_factory=list)
    scrapes: int = 0
    events_lost: int = 0


def play_in_turn(
    strategy: str, data: Path, parameters: Mapping[str, str], schedules: Iterator[Schedule], pairs: int, scrapers: int
) -> ScrapedRuns:
    """Play a strategy of live/bench/strategies without and with a sidecar, again and again.

    Parameters:
        strategy: its name.
        data: a data folder.
        parameters: of the strategy.
        schedules: a new one for each run.
        pairs: how often each is played.
        scrapers: connections that ask for all metrics, each once a second.

    Raises:
        EnvironmentFault: the sidecar cannot be started, or was not scraped.
    """
    found = ScrapedRuns()
    for _ in range(pairs):
        with _run_folder() as folder:
            found.plain.append(play_paced(strategy, data, parameters, next(schedules), folder))
        with _run_folder() as folder, _scraped(folder.parent, scrapers) as address:
            found.scraped.append(play_paced(strategy, data, parameters, next(schedules), folder))
            values = _values_at(address)
        if not values[_RUNS] or not values[_SCRAPES]:
            raise EnvironmentFault(
                "the sidecar did not export the run while it was scraped; measure on a machine with less work"
            )
        found.scrapes += values[_SCRAPES]
        found.events_lost += values[_LOST]
    return found


@contextmanager
def _run_folder() -> Iterator[Path]:
    """Give the folder of a run in results of its own, which are deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="lean-live-bench-") as name:
        folder = Path(name) / "Paced.partial"
        folder.mkdir()
        yield folder


@contextmanager
def _scraped(results: Path, scrapers: int) -> Iterator[str]:
    """Have a sidecar of a folder, and scrapers; give its address."""
    config = results / "live.toml"
    config.write_text(_CONFIG, encoding="ascii")
    with _elsewhere():
        served = serve(results, config)
        words = [sys.executable, "-P", "-m", "live.bench.scrape_load", served.address, str(scrapers)]
        load = subprocess.Popen(words, stdin=subprocess.DEVNULL)  # noqa: S603 - this interpreter with words of our own
    try:
        while not _values_at(served.address)[_SCRAPES]:
            if load.poll() is not None:
                raise EnvironmentFault("the scraping process ended at once; its message stands above")
            sleep(_LOOK_SECONDS)
        yield served.address
    finally:
        load.kill()
        load.wait()
        _end(served.pid)


@contextmanager
def _elsewhere() -> Iterator[None]:
    """Start processes meanwhile that stay off the core of this one, where there are others."""
    if not hasattr(os, "sched_getaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    others = set(range(os.cpu_count() or 1)) - before
    os.sched_setaffinity(0, others or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _end(pid: int) -> None:
    """End a sidecar that this process has started, and wait until it has."""
    os.kill(pid, signal.SIGTERM)
    until_ns = machine_monotonic_ns() + int(_END_SECONDS * NANOSECONDS_PER_SECOND)
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if machine_monotonic_ns() > until_ns:
            os.kill(pid, signal.SIGKILL)
        sleep(_LOOK_SECONDS)


def _values_at(address: str) -> Counter[str]:
    """Return the values of a sidecar's metrics; those of several series of one name are summed."""
    with urlopen(f"{address}/metrics") as answer:  # noqa: S310 - the sidecar that we have started
        lines = answer.read().decode().splitlines()
    found: Counter[str] = Counter()
    for series, _space, value in (line.rpartition(" ") for line in lines if not line.startswith("#")):
        name = series if series == _SCRAPES else series.partition("{")[0]
        found[name] += int(float(value))
    return found


async def scrape_for_ever(address: str, scrapers: int) -> None:
    """Ask a sidecar for all metrics over some connections, each once a second in its turn, until cancelled."""
    parts = urlsplit(address)
    loop = asyncio.get_running_loop()
    began_seconds = loop.time()

    async def scrape(number: int) -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        due_seconds = began_seconds + _PERIOD_SECONDS * number / scrapers
        while True:
            await asyncio.sleep(due_seconds - loop.time())
            due_seconds += _PERIOD_SECONDS
            writer.write(_REQUEST)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().splitlines() if line.startswith(_LENGTH))
            await reader.readexactly(int(length.removeprefix(_LENGTH)))

    await asyncio.gather(*(scrape(number) for number in range(scrapers)))


if __name__ == "__main__":
    asyncio.run(scrape_for_ever(sys.argv[1], int(sys.argv[2])))
