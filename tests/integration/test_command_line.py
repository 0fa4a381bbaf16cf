"""The command line as a user meets it: help, usage errors, the starter project, the sample session, result folders."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import orjson
import pytest
from rich.console import Console
from support.commands import algorithm, dry_run, write_tiny

from live.cli.main import VERBS, run
from live.paper.run_model import DataSource, Progress
from live.report.progress import BarProgress, SilentProgress, choose_progress


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "--help"]) == 0
    assert f"Example: lean-live {verb}" in capsys.readouterr().out


def test_the_command_alone_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert all(verb in captured.err for verb in VERBS)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["nosuch"], "No such command 'nosuch'; see 'lean-live --help'"),
        (["dry-run"], "Missing argument 'ALGORITHM'; see 'lean-live dry-run --help'"),
        (["dry-run", "--nosuch"], "No such option"),
        (["dry-run", "nosuch.py"], "there is no file nosuch.py"),
        (["dry-run", __file__, "--config", "nosuch.toml"], "there is no file nosuch.toml"),
        (["dry-run", __file__, "--parameter", "a"], "write --parameter key=value"),
        (["dry-run", __file__, "--parameter", "a=1", "--parameter", "a=2"], "is given twice"),
    ],
)
def test_usage_errors(words: list[str], part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert part in captured.err
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    if words[0] != "nosuch":
        assert run([*words, "--json"]) == 2
        error = orjson.loads(capsys.readouterr().out)["error"]
        assert (error["exit_code"], part in error["message"]) == (2, True)


def test_the_next_steps_of_init_can_be_pasted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "it's a $place"
    assert run(["init", str(folder)]) == 0
    commands = [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert shlex.split(commands[0]) == ["cd", str(folder)]
    monkeypatch.chdir(folder)
    monkeypatch.delenv("LEAN_DATA", raising=False)
    assert run([*shlex.split(commands[1])[1:], "--no-progress"]) == 0
    assert "found as ./data" in capsys.readouterr().out
    assert run(["init", str(folder)]) == 2
    assert "is there already" in capsys.readouterr().err


def test_without_data_the_sample_is_played_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LEAN_DATA", raising=False)
    monkeypatch.setattr("live.paper.run.find_data_folder", lambda *_: None)
    (tmp_path / "main.py").write_text(algorithm(), encoding="utf-8")
    assert run(["dry-run", "main.py", "--no-progress", "--json"]) == 0
    summary = orjson.loads(capsys.readouterr().out)
    assert summary["data"]["is_sample"]
    assert "generated sample session" in summary["data"]["how"]
    folder = Path(summary["results_folder"])
    assert re.fullmatch(r"results/Strategy-\d{8}T\d{6}Z", str(folder))
    assert (tmp_path / "results" / "latest").resolve() == (tmp_path / folder).resolve()


def test_result_folders_of_one_second(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        assert dry_run(algorithm(), data, tmp_path, capsys).code == 0
    ended = dry_run(algorithm("if self.calls == 20: 1 / 0"), data, tmp_path, capsys)
    names = sorted(path.name for path in ended.results.iterdir() if path.name.startswith("Strategy"))
    assert len(names) == 4
    assert sum(name.endswith("-failed") for name in names) == 1
    assert (ended.results / "latest").readlink().name.endswith("-failed")


def test_a_run_on_bars_shows_their_rate(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = dry_run(algorithm(), data, tmp_path, capsys)
    row = next(line for line in ended.out.splitlines() if "bars" in line)
    assert re.search(r"780 \(trade 390, quote 390\) in \d+\.\d\d s, [\d.]+[kM]?/s", row)
    assert ended.summary["bars"] == {"trade": 390, "quote": 390}


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_bar_fits_the_terminal(width: int, tmp_path: Path) -> None:
    path = tmp_path / "screen"
    with path.open("w", encoding="utf-8") as screen:
        console = Console(file=screen, width=width, force_terminal=True, color_system=None)
        bar = BarProgress(console)
        bar.begin("Strategy", DataSource(Path("data"), "found", False))
        bar.update(Progress(processed=50, total=100, ticks=123_456, orders=78, equity=100_000.0))
        bar.end()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "\n", path.read_text(encoding="utf-8")).replace("\r", "\n")
    assert max(len(line) for line in text.splitlines()) <= width
    assert ("p99" in text) == (width == 200)
    assert width == 40 or "50%" in text


def test_no_progress_without_a_standard_error() -> None:
    assert isinstance(choose_progress(None, None), SilentProgress)
