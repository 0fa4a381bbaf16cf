"""The direction of imports between the rooms of live/: inward only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

LIVE = Path(__file__).resolve().parent.parent / "live"
ALLOWED = {
    "": {"hot"},
    "hot": {""},
    "feeds": {"", "hot", "algorithm"},
    "algorithm": {"", "hot", "feeds"},
    "paper": {"", "hot", "feeds", "algorithm"},
    "lean": {"", "hot", "feeds", "algorithm"},
    "testing": {"", "hot", "feeds", "algorithm", "paper"},
    "report": {"", "hot", "feeds", "algorithm", "paper", "lean"},
    "sidecar": {"", "hot", "feeds", "algorithm", "paper", "report"},
    "slo": {"", "hot"},
    "dashboards": {"", "hot", "slo"},
    "bench": {"", "hot", "feeds", "algorithm", "paper", "report", "sidecar", "lean"},
    "deploy": {"", "hot", "slo"},
}
"""Room to the rooms it may import; "" is the foundation: errors, clock, config."""
ALLOWED["cli"] = ALLOWED.keys() - {"testing"}


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and (LIVE / parts[1]).is_dir() else ""


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return {name for name in found if name == "live" or name.startswith("live.")}


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_imports_point_inward(room: str) -> None:
    paths = LIVE.glob("*.py") if room == "" else (LIVE / room).rglob("*.py")
    wrong = [
        f"{path.relative_to(LIVE)} imports {module}"
        for path in paths
        for module in sorted(imports_of(path))
        if room_of(module) not in ALLOWED[room] | {room}
    ]
    assert not wrong


def test_only_one_module_reads_the_clock() -> None:
    readers = []
    for path in LIVE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if "time" in names or (isinstance(node, ast.ImportFrom) and node.module == "time"):
                readers.append(path.relative_to(LIVE).as_posix())
    assert readers == ["clock.py"]


def test_every_room_is_known() -> None:
    rooms = {path.name for path in LIVE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms == ALLOWED.keys() - {""}


SURFACE = "lean/surface.py"
DOTNET_ROOTS = {"QuantConnect", "System", "AlgorithmImports", "clr"}
MANAGERS = {"securities", "portfolio", "transactions", "subscription_manager"}


def touches_lean(path: Path) -> list[str]:
    """Return what a file imports of .NET, and where it reads the managers of LEAN's algorithm."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [f"imports {each}" for each in modules if each.partition(".")[0] in DOTNET_ROOTS]
        if isinstance(node, ast.Attribute) and node.attr in MANAGERS and ast.unparse(node.value) != "surface":
            found.append(f"line {node.lineno} reads {ast.unparse(node)}")
    return found


def test_only_the_surface_touches_lean() -> None:
    # The self-test's files are algorithms themselves.
    paths = {path.relative_to(LIVE).as_posix(): path for path in (LIVE / "lean").rglob("*.py")}
    others = {SURFACE, *(name for name in paths if name.startswith("lean/self_test/"))}
    wrong = {name: touches_lean(path) for name, path in paths.items() if name not in others}
    assert {name: found for name, found in wrong.items() if found} == {}
    assert len(paths[SURFACE].read_text(encoding="utf-8").splitlines()) < 450
