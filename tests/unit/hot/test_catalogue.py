"""The catalogue: everything of the page has a writer, so that nothing is waited for in vain, and one walk finds it all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from live.hot import catalogue
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


def test_the_walk_over_the_catalogue_misses_nothing() -> None:
    named = {each for each in vars(catalogue).values() if isinstance(each, catalogue.Metric)}
    of_page = {member.metric for kind in (Counter, Gauge, Stage) for member in kind}
    assert set(catalogue.all_metrics()) == named | of_page
    assert set(catalogue.run_metrics()) | set(catalogue.SIDECAR_METRICS) == set(catalogue.all_metrics())


def test_the_page_on_metrics_has_them_all() -> None:
    text = (LIVE.parent / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert [each.full_name for each in catalogue.all_metrics() if f"`{each.full_name}`" not in text] == []
