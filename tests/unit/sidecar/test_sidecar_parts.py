"""Answers, addresses, locks, the run's process, and pieces that fail."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import live.sidecar.host_process
import live.sidecar.launch
import live.sidecar.service
from live.clock import wall_ns
from live.config import Config, HostSettings, SidecarSettings, parse_config
from live.cores import usable_cores
from live.errors import ConfigError, EnvironmentFault, LeanLiveError
from live.hot.catalogue import CLOCK_STEPS, CONTEXT_SWITCHES, CPU_SECONDS, CPU_STEAL, PAGE_FAULTS, THREADS, Metric
from live.hot.page_layout import process_start_ticks
from live.sidecar.address import listen, url_of
from live.sidecar.answers import Answers
from live.sidecar.attached import AttachedRun
from live.sidecar.exporter import OPEN_METRICS, TEXT
from live.sidecar.folder_lock import FolderLock, Holder, find_holder
from live.sidecar.host_process import process_samples
from live.sidecar.parts import Runs
from live.sidecar.samples import Sample
from live.sidecar.service import Sidecar, SidecarRequest
from live.sidecar.sliding_maximum import SlidingMaximum

PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)

# -- answers


class Renders:
    def __init__(self) -> None:
        self.count = 0
        self.now = 100.0

    def __call__(self, is_open_metrics: bool) -> bytes:
        self.count += 1
        return f"{'open' if is_open_metrics else 'text'} {self.count}".encode()

    def answers(self, keep_seconds: float) -> Answers:
        return Answers(self, lambda: self.now, keep_seconds)


def test_one_answer_serves_all_scrapers_for_a_while() -> None:
    renders = Renders()
    answers = renders.answers(0.2)
    assert {answers.get("", "")[0] for _ in range(100)} == {b"text 1"}
    assert gzip.decompress(answers.get("", "gzip")[0]) == b"text 1"
    assert answers.get(PROMETHEUS, "")[0] == b"open 2"
    renders.now += 0.25
    assert answers.get("", "")[0] == b"text 3"
    assert gzip.decompress(answers.get("", "gzip")[0]) == b"text 3"


def test_answers_that_are_not_kept_are_made_each_time() -> None:
    answers = Renders().answers(0)
    assert [answers.get("", "")[0] for _ in range(3)] == [b"text 1", b"text 2", b"text 3"]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/html, */*;q=0.8", TEXT),
        (PROMETHEUS, OPEN_METRICS),
        ("application/openmetrics-text", OPEN_METRICS),
        ("application/openmetrics-text; version=x", OPEN_METRICS),
        ("application/openmetrics-text;q=0, text/plain", TEXT),
        ("application/openmetrics-text;q=0.5, text/plain;q=0.9", TEXT),
        ("application/openmetrics-text;q=nonsense", TEXT),
        (",;=,;;q=,", TEXT),
    ],
)
def test_the_scraper_chooses_the_format(accept: str, content_type: str) -> None:
    assert Renders().answers(0).get(accept, "")[1]["Content-Type"] == content_type


@pytest.mark.parametrize(("accepted", "is_packed"), [("gzip, deflate", True), ("gzip;q=0", False), ("br", False)])
def test_the_scraper_chooses_the_packing(accepted: str, is_packed: bool) -> None:
    assert ("Content-Encoding" in Renders().answers(0).get("", accepted)[1]) is is_packed


# -- addresses


def test_a_free_port_is_taken_and_told() -> None:
    with listen(SidecarSettings(port=0)) as listener:
        assert url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_taken_port_is_an_error_or_passed_over() -> None:
    with listen(SidecarSettings(port=0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EnvironmentFault, match=f"port {port} of 127.0.0.1 is taken.*port_taken"):
            listen(SidecarSettings(port=port))
        with listen(SidecarSettings(port=port, port_taken="next")) as listener:
            assert port < listener.getsockname()[1] <= port + 20


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1"])
def test_others_cannot_come_without_a_token(address: str) -> None:
    with pytest.raises(ConfigError, match="token_file"):
        listen(SidecarSettings(address=address))


def test_others_may_come_with_a_token(tmp_path: Path) -> None:
    with listen(SidecarSettings(address="0.0.0.0", port=0, token_file=str(tmp_path / "token"))) as listener:
        assert url_of(listener).startswith("http://0.0.0.0:")


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_an_ipv6_address_is_written_in_brackets() -> None:
    try:
        listener = listen(SidecarSettings(address="::1", port=0))
    except EnvironmentFault:
        pytest.skip("this machine has no IPv6 loopback")
    with listener:
        assert url_of(listener).startswith("http://[::1]:")


@pytest.mark.parametrize(
    ("address", "fault", "told"),
    [("no such host", ConfigError, "is unknown here"), ("127.1.2.300", ConfigError, "is unknown here")],
)
def test_an_address_that_does_not_exist(address: str, fault: type[Exception], told: str) -> None:
    with pytest.raises(fault, match=told):
        listen(SidecarSettings(address=address))


# -- locks


def test_a_folder_has_one_sidecar(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    assert find_holder(folder) is None
    lock = FolderLock(folder)
    holder = find_holder(folder)
    assert holder is not None
    assert (holder.pid, holder.address) == (os.getpid(), "")
    lock.write("http://127.0.0.1:9109")
    with pytest.raises(
        EnvironmentFault, match=rf"process {os.getpid()}, serves .* at http://127.0.0.1:9109; use that one"
    ):
        FolderLock(folder)
    lock.release()
    assert find_holder(folder) is None
    FolderLock(folder).release()


def test_a_sidecar_is_told_of_a_run_that_is_about_to_begin(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    os.utime(tmp_path / ".sidecar.lock", (1, 1))
    assert lock.touched_ns == 1_000_000_000
    find_holder(tmp_path)
    assert lock.touched_ns == 1_000_000_000
    find_holder(tmp_path, expects_run=True)
    assert abs(wall_ns() - lock.touched_ns) < 60_000_000_000
    lock.release()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentFault, match="cannot make"):
        FolderLock(tmp_path / "file" / "results")


# -- the run's process


def test_a_process_has_its_figures() -> None:
    start = process_start_ticks(os.getpid())
    assert start is not None
    found = list(process_samples(os.getpid(), start))
    assert {sample.metric for sample in found} == {CPU_SECONDS, CPU_STEAL, CONTEXT_SWITCHES, PAGE_FAULTS, THREADS}
    values = {(sample.metric, sample.labels): sample.value for sample in found}
    assert values[CPU_SECONDS, ("user",)] > 0
    assert values[PAGE_FAULTS, ("minor",)] > 1_000
    assert values[THREADS, ()] >= 1
    assert len(found) == 7 + len(usable_cores())


def test_no_counter_goes_backwards_when_a_process_is_moved_to_fewer_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / str(os.getpid())).symlink_to(f"/proc/{os.getpid()}")
    (tmp_path / "stat").write_text("cpu 0 0 0 0 0 0 0 90 0 0\ncpu0 1 1 1 1 1 1 1 50 0 0\ncpu1 1 1 1 1 1 1 1 40 0 0\n")
    monkeypatch.setattr(live.sidecar.host_process, "_PROC", tmp_path)
    start = process_start_ticks(os.getpid())
    assert start is not None

    def look(*cores: int) -> dict[tuple[str, ...], float]:
        monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(cores))
        return {each.labels: each.value for each in process_samples(os.getpid(), start) if each.metric is CPU_STEAL}

    before, after = look(0, 1), look(1)
    assert sum(before.values()) == 90 / os.sysconf("SC_CLK_TCK")
    assert after
    assert all(value >= before[labels] for labels, value in after.items())


def test_a_process_that_is_gone_or_another_has_none() -> None:
    start = process_start_ticks(os.getpid())
    assert start is not None
    assert list(process_samples(os.getpid(), start + 1)) == []
    assert list(process_samples(os.getpid(), 0)) == []
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    begun = process_start_ticks(process.pid)
    assert begun is not None
    assert list(process_samples(process.pid, begun))
    process.communicate(b"\n")
    assert list(process_samples(process.pid, begun)) == []


# -- pieces


class Piece:
    name = "piece"
    declared: tuple[Metric, ...] = ()

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.begun = 0
        self.runs: Runs | None = None

    async def run(self, runs: Runs) -> None:
        self.runs = runs
        self.begun += 1
        if self.begun <= self.failures:
            raise ZeroDivisionError("a defect")
        os.kill(os.getpid(), 15)
        await asyncio.Event().wait()

    def metrics(self, run: AttachedRun) -> Iterable[Sample]:
        return ()

    def own_metrics(self) -> Iterable[Sample]:
        return (Sample(CLOCK_STEPS, 3),)


def run_sidecar(folder: Path, piece: Piece, monkeypatch: pytest.MonkeyPatch, config: Config | None = None) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(live.sidecar.service, "make_parts", lambda *_: [piece])
    monkeypatch.setattr(live.sidecar.service, "_ANEW_SECONDS", 0.0)
    settings = config or Config(sidecar=SidecarSettings(port=0))

    async def main() -> None:
        sidecar = Sidecar(SidecarRequest(settings, folder, (folder / "results",)), said.append)
        async with asyncio.timeout(60):
            await sidecar.run(said.append)
        said.append(sidecar._exporter.render(False).decode())

    before = usable_cores()
    try:
        asyncio.run(main())
    finally:
        os.sched_setaffinity(0, before)
    return said


def test_a_piece_that_fails_is_begun_anew_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piece = Piece(failures=2)
    said = run_sidecar(tmp_path, piece, monkeypatch)
    assert piece.begun == 3
    assert piece.runs is not None
    assert list(piece.runs.attached) == []
    assert said[0].startswith("http://127.0.0.1:")
    assert said[1:3] == ["piece failed (ZeroDivisionError: a defect); the sidecar goes on"] * 2
    assert 'lean_live_sidecar_part_failures_total{task="piece"} 2.0' in said[-1]
    assert "lean_live_clock_steps_total 3.0" in said[-1]
    assert find_holder(tmp_path / "results") is None


def test_a_sidecar_that_ends_says_so_while_its_pieces_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Last(Piece):
        status = 0
        holder: Holder | None = None

        async def run(self, runs: Runs) -> None:
            found = find_holder(tmp_path / "results")
            assert found is not None
            connection = HTTPConnection(found.address.removeprefix("http://"))
            try:
                await super().run(runs)
            finally:
                await asyncio.to_thread(connection.request, "GET", "/healthz")
                self.status = (await asyncio.to_thread(connection.getresponse)).status
                self.holder = find_holder(tmp_path / "results")
                connection.close()

    piece = Last(failures=0)
    run_sidecar(tmp_path, piece, monkeypatch)
    assert piece.status == 503
    assert piece.holder == Holder(os.getpid(), "")


@contextmanager
def answering(status: int, then: Callable[[], None]) -> Iterator[str]:
    """Serve one status to everyone, and do something before each answer; the address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            then()
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_run_relies_on_no_sidecar_that_is_about_to_end(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    with answering(200, lambda: None) as address:
        lock.write(address)
        assert live.sidecar.launch._running(tmp_path) == Holder(os.getpid(), address)
    with answering(503, lock.release) as address:
        lock.write(address)
        assert live.sidecar.launch._running(tmp_path) is None


def test_a_sidecar_that_neither_serves_nor_ends_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.sidecar.launch, "START_SECONDS", 0.0)
    lock = FolderLock(tmp_path)
    lock.write("http://127.0.0.1:1")
    with pytest.raises(EnvironmentFault, match="has neither answered nor ended"):
        live.sidecar.launch._running(tmp_path)
    lock.release()


@pytest.mark.parametrize(
    "code", ["print('no answer')", 'print(\'{"error": {"message": "no", "exit_code": 2}}\'); input()']
)
def test_a_sidecar_that_does_not_come_up_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(live.sidecar.launch, "COMMAND", code)
    spawn, pids = live.sidecar.launch._spawn, []

    def noted(words: list[str], folder: Path) -> tuple[int, int]:
        pid, answers = spawn(words, folder)
        pids.append(pid)
        return pid, answers

    monkeypatch.setattr(live.sidecar.launch, "_spawn", noted)
    with pytest.raises(LeanLiveError, match="sidecar"):
        live.sidecar.launch.serve(tmp_path, None)
    with pytest.raises(ChildProcessError):
        os.waitpid(pids[0], os.WNOHANG)


@pytest.mark.skipif(len(usable_cores()) < 2, reason="one core")
def test_the_sidecar_stays_on_the_cores_that_runs_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(sidecar=SidecarSettings(port=0), host=HostSettings(cores=usable_cores()[1:]))
    said = run_sidecar(tmp_path, Piece(failures=0), monkeypatch, config)
    # The affinity is that of the whole test by now; the gauge says what it reads back.
    assert "lean_live_sidecar_cpu_affinity_ok 1.0" in said[-1]


def test_runs_that_take_all_cores_leave_the_sidecar_unpinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(sidecar=SidecarSettings(port=0), host=HostSettings(cores=usable_cores()))
    said = run_sidecar(tmp_path, Piece(failures=0), monkeypatch, config)
    assert "leave none for the sidecar" in said[0]
    assert "lean_live_sidecar_cpu_affinity_ok " not in said[-1]


def test_cores_that_do_not_exist_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(sidecar=SidecarSettings(port=0, cores=(4_000,)))
    with pytest.raises(EnvironmentFault, match=r"\[sidecar\] of live.toml"):
        run_sidecar(tmp_path, Piece(failures=0), monkeypatch, config)


# -- settings


def test_a_run_that_has_ended_is_exported_long_enough_to_be_scraped() -> None:
    with pytest.raises(ConfigError, match="grace_seconds"):
        parse_config("[sidecar]\ngrace_seconds = 59\n", "live.toml")


# -- the event loop's delay


def test_every_scraper_sees_the_largest_delay_of_the_last_while() -> None:
    delays = SlidingMaximum(30)
    assert delays.at(0) == 0
    for now_ns, value in ((0, 5), (1, 9), (2, 3), (10, 4)):
        delays.add(now_ns, value)
    assert [delays.at(now_ns) for now_ns in (10, 30, 30, 31, 39, 40)] == [9, 9, 9, 4, 4, 0]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9)), min_size=1), st.integers(1, 40))
def test_the_largest_of_a_span_is_that_of_all_its_values(steps: list[tuple[int, int]], span_ns: int) -> None:
    delays = SlidingMaximum(span_ns)
    now_ns, values = 0, []
    for gap_ns, value in steps:
        now_ns += gap_ns
        delays.add(now_ns, value)
        values.append((now_ns, value))
        in_span = [each for at_ns, each in values if at_ns > now_ns - span_ns]
        assert delays.at(now_ns) == max(in_span)


def test_looking_at_the_delay_does_not_take_it_from_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = [10**12]
    monkeypatch.setattr(live.sidecar.service, "machine_monotonic_ns", lambda: now_ns[0])
    delays_ns = [2 * 10**9]

    async def late(_seconds: float) -> None:
        if not delays_ns:
            raise asyncio.CancelledError
        now_ns[0] += delays_ns.pop()

    async def main() -> list[str]:
        sidecar = Sidecar(SidecarRequest(Config(), tmp_path, (tmp_path,)), print)
        with monkeypatch.context() as patch, suppress(asyncio.CancelledError):
            patch.setattr(asyncio, "sleep", late)
            await sidecar._keep_draining()
        return [sidecar._exporter.render(False).decode() for _ in range(2)]

    for text in asyncio.run(main()):
        assert "lean_live_sidecar_loop_lag_seconds 1.95\n" in text
