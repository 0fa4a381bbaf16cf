"""The wheel that users install: it holds all it needs, compiled modules included, and runs outside of the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import live.hot
from live.deploy.bundle import bundle_files

ROOT = Path(__file__).resolve().parent.parent.parent
SECRETS = ("deploy/alertmanager/secrets/slack-webhook-url", "deploy/token")
"""What a user may have put beside the stack's files."""
RUN = "import sys; from live.cli.main import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the sources and install it into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    for name in ("live", "deploy", "grafana"):
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    for name in SECRETS:
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text("secret", encoding="ascii")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source], check=True, timeout=900
    )
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", folder / "site", wheel], check=True, timeout=300)
    return folder / "site"


def lean_live(site: Path, folder: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    environment.pop("LEAN_DATA", None)
    answer = subprocess.run(
        [sys.executable, "-P", "-c", RUN, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_the_wheel_runs_a_starter_project(installed: Path, tmp_path: Path) -> None:
    lean_live(installed, tmp_path, "init", "workspace")
    text = lean_live(installed, tmp_path / "workspace", "dry-run", "starter/main.py", "--json")
    assert json.loads(text)["order_events"]["count"] > 0


def test_the_wheel_holds_the_benchmark(installed: Path, tmp_path: Path) -> None:
    words = ("bench", "--quick", "allocations", "ticks", "start-first-tick", "--json", "--no-progress")
    rows = json.loads(lean_live(installed, tmp_path, *words))["rows"]
    # 4: this machine has no C compiler for the malloc counter.
    assert {row["failure_code"] for row in rows if row["name"] == "allocations"} <= {0, 4}
    assert all(row["metrics"] for row in rows if row["name"] != "allocations")


@pytest.mark.skipif(not live.hot.COMPILED, reason="nothing is compiled here")
def test_the_wheel_is_compiled(installed: Path) -> None:
    twins = {path.relative_to(ROOT).with_suffix("").as_posix() for path in (ROOT / "live").rglob("*.pxd")}
    compiled = {path.relative_to(installed).as_posix().partition(".")[0] for path in installed.rglob("*.so")}
    helpers = {"live/hot/_cyutility"}
    assert {twin for twin in twins if (ROOT / f"{twin}.py").exists()} | helpers == compiled


def test_the_wheel_holds_the_files_of_the_stack(installed: Path, tmp_path: Path) -> None:
    written = json.loads(lean_live(installed, tmp_path, "stack", "files", "--output", "stack", "--json"))["written"]
    assert written == [path.as_posix() for path in bundle_files()]
    for name in written:
        assert (tmp_path / "stack" / name).read_bytes() == (ROOT / name).read_bytes()


def test_secrets_beside_the_files_of_the_stack_are_in_no_package(installed: Path) -> None:
    subprocess.run(
        [sys.executable, "setup.py", "--quiet", "sdist"], cwd=installed.parent / "source", check=True, timeout=300
    )
    (archive,) = (installed.parent / "source" / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as content:
        packed = [name.partition("/")[2] for name in content.getnames()]
    assert {path.as_posix() for path in bundle_files()} <= set(packed)
    names = [*packed, *(path.relative_to(installed).as_posix() for path in installed.rglob("*"))]
    assert [name for name in names if name.endswith(SECRETS)] == []
