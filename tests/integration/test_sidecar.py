"""The sidecar beside real runs: found, scraped, killed, restarted, refused, overrun."""

from __future__ import annotations

import os
import signal
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import orjson
import pytest
from support.commands import Ended, algorithm, finish, start, words, write_tiny
from support.feed import publishing
from support.feed_runs import IBM, FeedRuns, Scene, moment_ns, quote, small_folder, trade
from support.sidecars import SidecarProcess, values_of, wait_until, with_grace

import live.sidecar.launch
from live.cli.main import run
from live.errors import ExitCode
from live.sidecar.folder_lock import find_holder

SLOW = algorithm(
    head="import time\nfrom pathlib import Path",
    on_data="""
        time.sleep(0.01)
        while self.calls == 100 and not Path("go").exists():
            time.sleep(0.01)
        self.market_order(self.ibm, 1 if self.calls % 2 else -1)
    """,
)
BEGIN_NS = moment_ns("09:30:00")
SERVE = "[sidecar]\nport = 0\n"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny"))


class Host:
    """A run in a process of its own, which stops half-way until it may go on."""

    def __init__(self, folder: Path, data: Path, text: str = SLOW) -> None:
        path = folder / "main.py"
        path.write_text(text, encoding="utf-8")
        self.results = folder / "results"
        self._sign = folder / "go"
        self.process = start(words(path, data, self.results), folder)

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def go_on(self) -> None:
        self._sign.touch()

    def finish(self) -> Ended:
        self.go_on()
        return finish(self.process, self.results)


def events_are_complete(ended: Ended, values: dict[str, float]) -> None:
    """Check the counters of a run that has ended against its result files."""
    by_status = {
        key.partition('status="')[2].partition('"')[0]: value
        for key, value in values.items()
        if key.startswith("lean_live_orders_total{") and value
    }
    assert ended.code == 0, ended.err
    assert sum(by_status.values()) == len(ended.events)
    assert by_status["filled"] == sum(event["status"] == "filled" for event in ended.events)
    found = {key.partition("{")[0]: value for key, value in values.items()}
    assert found["lean_live_telemetry_lost_total"] == 0
    assert found["lean_live_journal_lag_records"] == 0
    assert found["lean_live_events_total"] > len(ended.events)


def is_over(values: dict[str, float]) -> bool:
    return any(key.startswith("lean_live_run_phase{") and value == 6 for key, value in values.items())


# -- a run and its sidecar


def test_a_run_that_begins_later_is_exported_to_its_end(tiny: Path, tmp_path: Path) -> None:
    with SidecarProcess(tmp_path) as sidecar, Host(tmp_path, tiny) as host:
        early = wait_until(lambda: sidecar.value("calls_total", 'callback="on_data"'), "the run is exported")
        host.go_on()
        wait_until(lambda: (sidecar.value("calls_total", 'callback="on_data"') or 0) > early, "it goes on")
        assert sidecar.value("run_alive") == 1
        assert sidecar.value("sidecar_runs") == 1
        ended = host.finish()
        wait_until(lambda: is_over(sidecar.values()), "the end is exported")
        values = wait_until(lambda: sidecar.value("journal_lag_records") == 0 and sidecar.values(), "the ring is empty")
        events_are_complete(ended, values)
        assert sidecar.value("events_total") == sidecar.value("sidecar_events_total")
        assert sidecar.value("equity", 'currency="USD"') == float(ended.summary["equity"])
        assert sidecar.value("tick_to_decision_seconds_count") == ended.summary["tick_to_decision"]["count"]
        assert f'run="{ended.folder.name}"' in next(key for key in values if key.startswith("lean_live_run_phase{"))
        code, complaint = sidecar.end()
        assert (code, complaint) == (0, "")
    assert find_holder(tmp_path / "results") is None


def test_a_killed_host_is_exported_for_its_grace(tiny: Path, tmp_path: Path) -> None:
    with SidecarProcess(tmp_path, grace_seconds=3.0) as sidecar, Host(tmp_path, tiny) as host:
        wait_until(lambda: (sidecar.value("calls_total", 'callback="on_data"') or 0) > 20, "the run is exported")
        host.kill()
        wait_until(lambda: sidecar.value("run_alive") == 0, "the death is noticed")
        assert (sidecar.value("calls_total", 'callback="on_data"') or 0) > 20
        assert sidecar.value("threads") is None
        assert sidecar.value("run_phase") == 4
        wait_until(lambda: sidecar.value("sidecar_runs") == 0, "the grace is over")
        assert sidecar.value("run_alive") is None
        assert sidecar.get("/healthz")[0] == 200


def test_a_killed_sidecar_is_replaced_without_a_loss(tiny: Path, tmp_path: Path) -> None:
    with Host(tmp_path, tiny) as host:
        with SidecarProcess(tmp_path) as first:
            wait_until(lambda: (first.value("sidecar_events_total") or 0) > 20, "events are taken")
            code, _complaint = first.end(signal.SIGKILL)
            assert code == -signal.SIGKILL
        with SidecarProcess(tmp_path) as second:
            calls = second.value("calls_total", 'callback="on_data"') or 0
            assert calls > 10
            ended = host.finish()
            wait_until(lambda: is_over(second.values()), "the end is exported")
            values = wait_until(
                lambda: second.value("journal_lag_records") == 0 and second.values(), "the ring is empty"
            )
            events_are_complete(ended, values)
            # The first one took the others: nothing comes twice.
            taken = second.value("sidecar_events_total") or 0
            assert 0 < taken < (second.value("events_total") or 0) - 19


def test_one_that_follows_a_killed_sidecar_has_its_settings(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "live.toml").write_text("[sidecar]\nport = 0\n", encoding="utf-8")
    with SidecarProcess(tmp_path) as sidecar:
        assert sidecar.answer["config"] == str(tmp_path / "sidecar.toml")
        sidecar.end(signal.SIGKILL)
        for number, config in (
            (signal.SIGKILL, tmp_path / "sidecar.toml"),
            (signal.SIGTERM, tmp_path / "sidecar.toml"),
        ):
            sidecar.begin(["sidecar", str(sidecar.results), "--json"], other)
            assert sidecar.answer["config"] == str(config)
            sidecar.end(number)
        # The last one ended in order, so that nothing is to be taken up.
        sidecar.begin(["sidecar", str(sidecar.results), "--json"], other)
        assert sidecar.answer["config"] == str(other / "live.toml")


def test_a_single_run_is_exported_alone(tiny: Path, tmp_path: Path) -> None:
    with Host(tmp_path, tiny) as host:
        page = wait_until(lambda: list((tmp_path / "results").glob("Strategy*/telemetry.page")), "the page is there")[0]
        with SidecarProcess(tmp_path, None, str(page.parent)) as sidecar:
            assert sidecar.answer["watches"] == [str(page)]
            host.finish()
            wait_until(lambda: is_over(sidecar.values()), "the end is exported")


# -- scrapers


def test_formats_lists_and_pages(tiny: Path, tmp_path: Path) -> None:
    with Host(tmp_path, tiny) as host:
        ended = host.finish()
    with SidecarProcess(tmp_path) as sidecar:
        _status, headers, body = sidecar.get(Accept="application/openmetrics-text;version=1.0.0")
        assert headers["Content-Type"].startswith("application/openmetrics-text")
        assert body.endswith(b"# EOF\n")
        assert b" # {" in body
        assert sidecar.get(Accept_Encoding="gzip")[1]["Content-Encoding"] == "gzip"
        listed = orjson.loads(sidecar.get("/runs")[2])
        assert [(each["name"], each["state"]) for each in listed] == [(ended.folder.name, "completed")]
        assert ended.folder.name in sidecar.get("/")[2].decode()
        assert [sidecar.get(path)[0] for path in ("/healthz", "/metrics/", "/nothing")] == [200, 404, 404]


def test_a_hundred_scrapers_and_a_stuck_one_change_nothing(tiny: Path, tmp_path: Path) -> None:
    with SidecarProcess(tmp_path, {"answer_milliseconds": 50}) as sidecar, Host(tmp_path, tiny) as host:
        wait_until(lambda: sidecar.value("run_alive"), "the run is exported")
        stuck = [socket.create_connection(("127.0.0.1", sidecar.port)) for _ in range(20)]
        try:
            for at, each in enumerate(stuck):
                # Some ask and never read, some never end their question.
                each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
                each.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + (b"\r\n" if at % 2 else b"X: "))
            with ThreadPoolExecutor(100) as scrapers:

                def scrape(_number: int) -> int:
                    status, _headers, body = sidecar.get()
                    assert any(key.startswith("lean_live_steps_total{") for key in values_of(body.decode()))
                    return status

                assert set(scrapers.map(scrape, range(500))) == {200}
            ended = host.finish()
        finally:
            for each in stuck:
                each.close()
        wait_until(lambda: is_over(sidecar.values()), "the end is exported")
        values = wait_until(lambda: sidecar.value("journal_lag_records") == 0 and sidecar.values(), "the ring is empty")
        events_are_complete(ended, values)
        assert sidecar.value("events_total") == sidecar.value("sidecar_events_total")
        assert (sidecar.value("sidecar_scrapes_total", 'outcome="ok"') or 0) >= 500


def test_connections_on_which_nothing_is_asked_shut_nobody_out(tmp_path: Path) -> None:
    with SidecarProcess(tmp_path, {"max_scrapes": 1}) as sidecar:
        held = [socket.create_connection(("127.0.0.1", sidecar.port)) for _ in range(65)]
        try:
            assert sidecar.get("/healthz")[0] == 200
            assert (sidecar.value("sidecar_scrapes_total", 'outcome="idle"') or 0) >= 1
        finally:
            for each in held:
                each.close()


def test_a_token_is_asked_for(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a secret of some length\n", encoding="utf-8")
    token.chmod(0o600)
    with SidecarProcess(tmp_path, {"token_file": str(token)}) as sidecar:
        assert sidecar.get("/healthz")[0] == 200
        for secret in (
            "",
            "Bearer",
            "Bearer a secret",
            "Basic a secret of some length",
            "Bearer a secret of some lengtH",
        ):
            for path in ("/metrics", "/runs", "/"):
                status, headers, body = sidecar.get(path, Authorization=secret)
                assert status == 401
                assert headers["WWW-Authenticate"].startswith("Bearer")
                assert b"lean_live" not in body
        status, _headers, body = sidecar.get(Authorization="Bearer a secret of some length")
        assert status == 200
        assert values_of(body.decode())['lean_live_sidecar_scrapes_total{outcome="denied"}'] == 5


# -- what cannot be started


def refusal(folder: Path, capsys: Any, settings: str, *options: str) -> tuple[int, str]:
    config = folder / "refused.toml"
    config.write_text(settings, encoding="utf-8")
    code = run(["sidecar", str(folder), "--config", str(config), "--json", *options])
    return code, orjson.loads(capsys.readouterr().out)["error"]["message"]


def test_a_second_sidecar_is_told_of_the_first(tmp_path: Path, capsys: Any) -> None:
    with SidecarProcess(tmp_path) as sidecar:
        config = tmp_path / "live.toml"
        config.write_text("[sidecar]\nport = 0\n", encoding="utf-8")
        code = run(["sidecar", str(sidecar.results), "--config", str(config)])
        complaint = capsys.readouterr().err
        assert code == ExitCode.ENVIRONMENT
        assert f"process {sidecar.process.pid}," in complaint
        assert sidecar.answer["address"] in complaint


def test_a_taken_port_is_told(tmp_path: Path, capsys: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, told = refusal(tmp_path, capsys, "", "--port", str(port))
    assert code == ExitCode.ENVIRONMENT
    assert f"port {port} of 127.0.0.1 is taken" in told


def test_a_token_that_others_can_read_is_refused(tmp_path: Path, capsys: Any) -> None:
    token = tmp_path / "token"
    token.write_text("a secret of some length\n", encoding="utf-8")
    token.chmod(0o644)
    code, told = refusal(tmp_path, capsys, f'[sidecar]\nport = 0\ntoken_file = "{token}"\n')
    assert code == ExitCode.ENVIRONMENT
    assert "chmod 600" in told
    assert stat.S_IMODE(token.stat().st_mode) == 0o644


def test_an_open_address_without_a_token_is_refused(tmp_path: Path, capsys: Any) -> None:
    code, told = refusal(tmp_path, capsys, '[sidecar]\naddress = "0.0.0.0"\nport = 0\n')
    assert code == ExitCode.BAD_INPUT
    assert "token_file" in told


@pytest.mark.parametrize("name", ["nothing", "nothing.partial"])
def test_a_target_that_is_not_there(tmp_path: Path, capsys: Any, name: str) -> None:
    assert run(["sidecar", str(tmp_path / name), "--json"]) == ExitCode.USAGE
    assert "there is no" in orjson.loads(capsys.readouterr().out)["error"]["message"]


# -- dry-run --serve


def holder_of(results: Path) -> Any:
    return find_holder(results) or pytest.fail("there is no sidecar")


def is_gone(pid: int) -> bool:
    """Tell whether a process that this one may have started has ended."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False


def test_serving_a_replay(tiny: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.sidecar.launch, "COMMAND", with_grace(1.0))
    (tmp_path / "main.py").write_text(algorithm(), encoding="utf-8")
    (tmp_path / "live.toml").write_text(SERVE, encoding="utf-8")
    results = tmp_path / "results"
    assert run(words(tmp_path / "main.py", tiny, results, "--serve")) == 0
    told = capsys.readouterr().out.splitlines()[0]
    holder = holder_of(results)
    assert told == f"metrics: {holder.address}/metrics"
    assert run(words(tmp_path / "main.py", tiny, results, "--serve", "--json")) == 0
    captured = capsys.readouterr()
    assert orjson.loads(captured.out)["state"] == "completed"
    assert f"metrics: {holder.address}/metrics (by process {holder.pid}, which was there already)" in captured.err
    wait_until(lambda: is_gone(holder.pid), "the sidecar ends by itself")
    assert find_holder(results) is None
    assert (results / "sidecar.log").read_text(encoding="utf-8") == ""


def test_a_sidecar_that_cannot_start_fails_the_run_before_it_begins(tiny: Path, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "main.py").write_text(algorithm(), encoding="utf-8")
    results = tmp_path / "results"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "live.toml").write_text(f"[sidecar]\nport = {port}\n", encoding="utf-8")
        assert run(words(tmp_path / "main.py", tiny, results, "--serve")) == ExitCode.ENVIRONMENT
    assert f"the sidecar cannot start: port {port} of 127.0.0.1 is taken" in capsys.readouterr().err
    assert not list(results.glob("Strategy*"))


FEED = """from AlgorithmImports import *

class Strategy(QCAlgorithm):
    def initialize(self):
        self.add_equity("IBM", Resolution.TICK)

    def on_data(self, data):
        if not self.portfolio.invested:
            self.market_order("IBM", 10)
"""


def test_serving_a_feed(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, float] = {}

    async def script(scene: Scene) -> None:
        async with publishing(scene.path, IBM) as (publisher, _):
            publisher.set_clock(BEGIN_NS, 0.0)
            await scene.ready()
            ticks = [quote(BEGIN_NS + 1, 99.9, 100.1), trade(BEGIN_NS + 2, 100.0), trade(BEGIN_NS + 3, 100.1)]
            await publisher.publish(ticks)
            await scene.took(3)
            address = holder_of(scene.page.parent.parent).address

            def scraped() -> bool:
                with urlopen(f"{address}/metrics") as answer:
                    seen.update(values_of(answer.read().decode()))
                return any(key.startswith("lean_live_feed_symbol_ticks_total{") and seen[key] == 3 for key in seen)

            await scene.until(scraped)
            await publisher.finish()

    runs = FeedRuns(tmp_path, capsys, monkeypatch)
    monkeypatch.setattr(live.sidecar.launch, "COMMAND", with_grace(0.5))
    settings = {"sidecar": {"port": 0}}
    ended = runs.follow(FEED, small_folder(tmp_path / "data").path, script, "--serve", settings=settings)
    assert ended.out.startswith("metrics: http://127.0.0.1:")
    found = {key.partition("{")[0]: value for key, value in seen.items()}
    assert found["lean_live_feed_phase"] == 2
    assert found["lean_live_feed_age_seconds"] >= 0
    assert found["lean_live_run_alive"] == 1
    holder = find_holder(ended.results)
    if holder is not None:
        wait_until(lambda: is_gone(holder.pid), "the sidecar ends by itself")
