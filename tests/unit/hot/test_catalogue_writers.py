"""Every counter, gauge and stage of the page is written by a host, so that no panel and no alert waits for it in vain."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from live.hot.catalogue import Counter, Gauge, Stage

LIVE = Path(__file__).resolve().parents[3] / "live"
HOSTS = ("hot", "algorithm", "feeds", "paper", "lean")
"""Rooms of what plays a run; the others only read pages."""
WITHOUT_WRITER: dict[str, str] = {}
"""Members that nothing writes yet, with the reason."""


def written_names() -> set[str]:
    """Return the members that hosts mention where they count, set or measure."""
    paths = [path for room in HOSTS for path in (LIVE / room).rglob("*.py") if path.name != "catalogue.py"]
    return {name for path in paths for name in mentions(ast.parse(path.read_text(encoding="utf-8")))}


def mentions(tree: ast.AST) -> Iterator[str]:
    """Yield members by name, without those of loops: a loop gives many the value of having none."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"
        if isinstance(node, ast.For):
            for statement in node.body:
                yield from mentions(statement)
        else:
            yield from mentions(node)


def test_everything_of_the_page_has_a_writer_or_a_reason() -> None:
    members = {f"{kind.__name__}.{member.name}" for kind in (Counter, Gauge, Stage) for member in kind}
    assert members - written_names() == WITHOUT_WRITER.keys()


def test_a_value_of_nothing_is_no_writer() -> None:
    tree = ast.parse(
        "for gauge in (Gauge.WARM_STATE, Gauge.SYMBOLS):\n    page.set(gauge, nan)\npage.set(Gauge.SYMBOLS, 1)"
    )
    assert set(mentions(tree)) >= {"Gauge.SYMBOLS"}
    assert "Gauge.WARM_STATE" not in set(mentions(tree))
