"""What a container gets of the packages here is what the engine imports, no more and no less."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import live
from live.errors import EnvironmentFault
from live.lean.engine import image_packages
from live.lean.engine.image_packages import DISTRIBUTIONS, PACKAGES, package_places

ROOT = Path(live.__file__).resolve().parent.parent
STARTS = (
    "live.lean.attach",
    "live.lean.self_test.probe",
    "live.bench.lean_attached",
    "live.bench.strategies.lean_paced",
)
"""Modules that entry modules name."""
OF_LEAN = {"AlgorithmImports", "QuantConnect", "System", "clr"}


def imported(starts: tuple[str, ...]) -> set[str]:
    """Return the names of packages that modules of ours import, and those that these import."""
    waiting, seen, found = list(starts), set(starts), set()
    while waiting:
        path = ROOT.joinpath(*waiting.pop().split("."))
        source = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
        if not source.is_file():
            continue
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [str(node.module), *(f"{node.module}.{each.name}" for each in node.names)]
            found |= {name.partition(".")[0] for name in names}
            ours = {name for name in names if name.startswith("live.")} - seen
            waiting += ours
            seen |= ours
    return found


def test_everything_that_the_engine_imports_is_given_to_it() -> None:
    needed = imported(STARTS) - set(sys.stdlib_module_names) - OF_LEAN - {"live"}
    assert needed >= {"msgspec", "picows", "cython"}
    sources = packages_distributions()
    assert {sources[name][0].lower() for name in needed} | {"tzdata"} == set(DISTRIBUTIONS)
    names = {each.inside.name.partition(".")[0] for each in package_places()}
    assert names >= needed | {"live", "Cython"}
    assert not names & {"numpy", "pandas", "pytest"}
    assert all(
        each.path.exists() and each.inside.parent == PACKAGES and not each.is_written for each in package_places()
    )


def test_the_packages_alone_are_enough(tmp_path: Path) -> None:
    for each in package_places():
        (tmp_path / each.inside.name).symlink_to(each.path)
    code = (
        "import live.hot.run_page, live.feeds.socket.websocket, live.lean.instructions, live.algorithm.lean_api\n"
        "import zoneinfo; zoneinfo.reset_tzpath([]); zoneinfo.ZoneInfo('America/New_York')"
    )
    # Without the packages of this environment.
    command = [sys.executable, "-S", "-P", "-c", code]
    subprocess.run(command, env={"PYTHONPATH": str(tmp_path)}, check=True)


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_packages, "DISTRIBUTIONS", ("lean-live-no-such-package",))
    with pytest.raises(EnvironmentFault, match="lean-live-no-such-package is not installed"):
        package_places()
