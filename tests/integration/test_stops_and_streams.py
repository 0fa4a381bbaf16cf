"""The command in a process of its own: signals, full disks, and standard streams that are full or gone."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from pathlib import Path

import orjson
import pytest
from support.commands import Ended, algorithm, finish, start, words, write_tiny

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("data"))


class Run:
    """A run in a process, whose strategy says on a pipe where it is."""

    def __init__(self, data: Path, folder: Path, *options: str, **places: str) -> None:
        self.reader, writer = os.pipe()
        say = f"os.write({writer}, b'here\\n')"
        text = algorithm(head="import os, time", **{place: code.replace("SAY", say) for place, code in places.items()})
        (folder / "main.py").write_text(text, encoding="utf-8")
        self.results = folder / "results"
        self.process = start(words(folder / "main.py", data, self.results, *options), folder, pass_fds=(writer,))
        os.close(writer)

    def wait(self) -> None:
        """Wait until the strategy is at its place."""
        assert os.read(self.reader, 5) == b"here\n"

    def end(self) -> Ended:
        """Wait for the end."""
        ended = finish(self.process, self.results)
        os.close(self.reader)
        return ended


def check_interrupted(ended: Ended, name: str, orders: int = 2) -> None:
    assert ended.code == 130, ended.err
    error = next(line for line in ended.lines if line.startswith("error: "))
    assert f"stopped by {name}" in error
    assert "Traceback" not in ended.err
    assert ended.lines[-1] == f"results until then: {ended.folder}"
    assert (ended.summary["state"], ended.summary["error"]["exit_code"]) == ("interrupted", 130)
    assert len(ended.events) == orders == ended.summary["order_events"]["count"]
    assert "PROBE the end" in ended.log
    assert not ended.folder.name.endswith(("-failed", ".partial"))


STEP = "if self.calls == 20: SAY\nif self.calls >= 20: time.sleep(0.02)"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_while_the_session_plays(name: str, data: Path, tmp_path: Path) -> None:
    run = Run(data, tmp_path, on_data=STEP)
    run.wait()
    run.process.send_signal(getattr(signal, name))
    ended = run.end()
    check_interrupted(ended, "Ctrl-C" if name == "SIGINT" else name)
    assert 20 <= ended.summary["calls"]["on_data"] < 390
    assert "after this time step" in ended.lines[0]


LOOP = "if self.calls == 20:\n    SAY\n    while True: pass"
SWALLOWING = "if self.calls == 20:\n    SAY\n    while True:\n        try:\n            while True: pass\n        except Exception: pass"


@pytest.mark.parametrize("on_data", [LOOP, SWALLOWING], ids=["plain", "except Exception"])
def test_the_second_signal_stops_an_endless_loop_at_once(on_data: str, data: Path, tmp_path: Path) -> None:
    run = Run(data, tmp_path, on_data=on_data)
    run.wait()
    run.process.send_signal(signal.SIGINT)
    assert run.process.stderr is not None
    while "stopping because of Ctrl-C" not in run.process.stderr.readline():
        pass
    run.process.send_signal(signal.SIGINT)
    ended = run.end()
    check_interrupted(ended, "Ctrl-C")


def test_one_signal_ends_an_endless_loop_after_a_while(data: Path, tmp_path: Path) -> None:
    run = Run(data, tmp_path, on_data=LOOP)
    run.wait()
    run.process.send_signal(signal.SIGTERM)
    ended = run.end()
    check_interrupted(ended, "SIGTERM")
    assert "main.py line" in ended.summary["error"]["message"]


@pytest.mark.parametrize(("place", "orders"), [("initialize", 0), ("on_end", 2)])
def test_a_signal_outside_of_the_session(place: str, orders: int, data: Path, tmp_path: Path) -> None:
    code = "if 1:\n    SAY\n    time.sleep(1000)"
    run = Run(data, tmp_path, **{place: code})
    run.wait()
    run.process.send_signal(signal.SIGINT)
    check_interrupted(run.end(), "Ctrl-C", orders)


def test_a_signal_while_the_file_is_loaded(data: Path, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    (tmp_path / "main.py").write_text(f"import os, time\nos.write({writer}, b'here')\ntime.sleep(1000)\n")
    process = start(words(tmp_path / "main.py", data, tmp_path / "results"), tmp_path, pass_fds=(writer,))
    os.close(writer)
    assert os.read(reader, 4) == b"here"
    os.close(reader)
    process.send_signal(signal.SIGINT)
    ended = finish(process, tmp_path / "results")
    assert (ended.code, len(ended.lines)) == (130, 1)
    assert not ended.results.exists()


def test_an_interrupted_run_in_json(data: Path, tmp_path: Path) -> None:
    run = Run(data, tmp_path, "--json", on_data=STEP)
    run.wait()
    run.process.send_signal(signal.SIGINT)
    ended = run.end()
    error = orjson.loads(ended.out)["error"]
    assert (ended.code, error["exit_code"], error["type"]) == (130, 130, "RunInterrupted")
    assert ended.summary["state"] == "interrupted"


def test_nothing_but_json_on_standard_output(data: Path, tmp_path: Path) -> None:
    text = algorithm(
        "if self.calls == 20:\n    print('noise'); os.write(1, b'raw\\n'); subprocess.run(['echo', 'child'], check=True)",
        head="import os, subprocess",
    )
    (tmp_path / "main.py").write_text(text, encoding="utf-8")
    process = start(words(tmp_path / "main.py", data, tmp_path / "results", "--json"), tmp_path)
    ended = finish(process, tmp_path / "results")
    assert ended.code == 0
    assert orjson.loads(ended.out) == ended.summary
    assert sorted(ended.lines) == ["child", "noise", "raw"]


def test_signals_wait_while_results_are_written(data: Path, tmp_path: Path) -> None:
    run = Run(data, tmp_path, on_data=STEP)
    run.wait()
    for _ in range(50):
        run.process.send_signal(signal.SIGINT)
        if run.process.poll() is not None:
            break
    ended = run.end()
    assert ended.code == 130
    assert ended.summary["state"] == "interrupted"
    assert len(ended.events) == 2


def test_a_killed_run_leaves_whole_order_events(data: Path, tmp_path: Path) -> None:
    run = Run(data, tmp_path, on_data=STEP)
    run.wait()
    run.process.kill()
    ended = run.end()
    assert ended.folder.name.endswith(".partial")
    assert len(ended.events) == 2


def test_threads_that_never_end_do_not_keep_the_process(data: Path, tmp_path: Path) -> None:
    text = algorithm(
        "if self.calls == 20: threading.Thread(target=threading.Event().wait, name='sleeper').start()",
        head="import threading",
    )
    (tmp_path / "main.py").write_text(text, encoding="utf-8")
    ended = finish(start(words(tmp_path / "main.py", data, tmp_path / "results"), tmp_path), tmp_path / "results")
    assert ended.code == 0
    assert ended.lines == ["warning: the algorithm left threads at work (sleeper); they end here"]
    assert ended.summary["state"] == "completed"
    assert "equity" in ended.out


def test_code_that_is_stuck_in_c_is_ended_by_the_interpreter(data: Path, tmp_path: Path) -> None:
    (tmp_path / "live.toml").write_text("[run]\nwatchdog_seconds = 0.2\n", encoding="utf-8")
    text = algorithm("if self.calls == 20: sum(itertools.repeat(1))", head="import itertools")
    (tmp_path / "main.py").write_text(text, encoding="utf-8")
    ended = finish(start(words(tmp_path / "main.py", data, tmp_path / "results"), tmp_path), tmp_path / "results")
    assert ended.code == 1
    assert "main.py" in ended.err
    assert "in on_data" in ended.err
    assert len(ended.events) == 2


def limited(byte_count: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (byte_count, byte_count))


def test_a_file_that_cannot_grow(data: Path, tmp_path: Path) -> None:
    """A limit on the size of files fails as a full disk does, in the middle of the run."""
    text = algorithm("self.log('x' * 4_000)\nif self.calls > 20: self.market_order(self.ibm, 1)")
    (tmp_path / "main.py").write_text(text, encoding="utf-8")
    process = start(
        words(tmp_path / "main.py", data, tmp_path / "results"), tmp_path, preexec_fn=lambda: limited(900_000)
    )
    ended = finish(process, tmp_path / "results")
    assert ended.code == 4
    assert ended.lines[0].startswith("error: cannot write the log ")
    assert "File too large; free some space" in ended.lines[0]
    assert ended.lines[-1] == f"results until then: {ended.folder}"
    assert (ended.summary["state"], ended.summary["error"]["type"]) == ("failed", "EnvironmentFault")
    assert len(ended.events) == ended.summary["order_events"]["count"] > 100
    assert "x" * 4_000 in ended.log


@pytest.mark.parametrize("size_kib", [900, 1_040, 1_070, 1_100])
def test_a_disk_that_fills_up(size_kib: int, data: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("a small file system can be mounted by root only")
    try:
        text = algorithm("self.market_order(self.ibm, 1 if self.calls % 2 else -1)\nself.log('x' * 200)")
        (tmp_path / "main.py").write_text(text, encoding="utf-8")
        ended = finish(start(words(tmp_path / "main.py", data, disk / "results"), tmp_path), disk / "results")
        assert ended.code == 4
        assert "No space left on device" in ended.lines[0]
        assert "Traceback" not in ended.err
        if size_kib == 900:
            assert not list((disk / "results").iterdir())
            return
        assert ended.summary["state"] == "failed"
        assert len(ended.events) > 10
        assert "PROBE the end" in ended.log or "then: cannot write the log" in ended.err
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("kind", ["file", "below a file"])
def test_results_that_cannot_be_made(kind: str, data: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    (tmp_path / "main.py").write_text(algorithm(), encoding="utf-8")
    results = tmp_path / "taken" if kind == "file" else tmp_path / "taken" / "results"
    ended = finish(start(words(tmp_path / "main.py", data, results), tmp_path), results)
    assert (ended.code, len(ended.lines)) == (4, 1)
    assert str(results) in ended.lines[0]
    assert "choose another --results folder" in ended.lines[0]


def test_an_object_store_that_cannot_be_written(data: Path, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "object-store").write_text("", encoding="utf-8")
    (tmp_path / "main.py").write_text(
        algorithm("if self.calls == 20: self.object_store.save('key', 'x')"), encoding="utf-8"
    )
    ended = finish(start(words(tmp_path / "main.py", data, tmp_path / "results"), tmp_path), tmp_path / "results")
    assert ended.code == 4
    assert "cannot write object store key 'key'" in ended.lines[0]
    assert len(ended.events) == 2


@needs_full
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_standard_output_is_full(options: tuple[str, ...], data: Path, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(algorithm(), encoding="utf-8")
    with FULL.open("w") as full:
        process = start(words(tmp_path / "main.py", data, tmp_path / "results", *options), tmp_path, stdout=full)
    ended = finish(process, tmp_path / "results")
    assert (ended.code, len(ended.lines)) == (4, 1)
    assert "cannot write the output: No space left on device" in ended.lines[0]
    assert ended.summary["state"] == "completed"


@needs_full
def test_nobody_reads_the_progress(data: Path, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(algorithm(), encoding="utf-8")
    arguments = [each for each in words(tmp_path / "main.py", data, tmp_path / "results") if each != "--no-progress"]
    with FULL.open("w") as full:
        ended = finish(start(arguments, tmp_path, stderr=full), tmp_path / "results")
    assert ended.code == 0
    assert "equity" in ended.out


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_whoever_read_the_output_has_gone(options: tuple[str, ...], data: Path, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(algorithm(), encoding="utf-8")
    reader, writer = os.pipe()
    os.close(reader)
    process = start(words(tmp_path / "main.py", data, tmp_path / "results", *options), tmp_path, stdout=writer)
    os.close(writer)
    ended = finish(process, tmp_path / "results")
    assert (ended.code, ended.err) == (0, "")
    assert ended.summary["state"] == "completed"


def test_closed_streams(data: Path, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(algorithm(), encoding="utf-8")
    for descriptor in (1, 2):
        results = tmp_path / f"results-{descriptor}"
        process = start(
            words(tmp_path / "main.py", data, results),
            tmp_path,
            preexec_fn=lambda number=descriptor: os.close(number),
        )
        assert finish(process, results).code == 0


def test_an_ascii_terminal(data: Path, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(algorithm(), encoding="utf-8")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "COLUMNS": "40", "NO_COLOR": "1"}
    ended = finish(
        start(words(tmp_path / "main.py", data, tmp_path / "results"), tmp_path, env=plain), tmp_path / "results"
    )
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.isascii()
    assert max(map(len, ended.out.splitlines())) <= 40
    assert "\x1b" not in ended.out
