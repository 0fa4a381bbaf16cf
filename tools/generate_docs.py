"""Write the pages of docs/ that follow from the code: settings, API subset, denial codes, metrics.

`--check` writes nothing and exits with 1 when a page differs from what the code says.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from live.algorithm import consolidators, indicators
from live.algorithm.consolidation import ConsolidationMethods
from live.algorithm.history import HistoryMethods
from live.algorithm.indicator_methods import IndicatorMethods
from live.algorithm.output import OutputMethods
from live.algorithm.qc_algorithm import QCAlgorithm
from live.algorithm.trading import TradingMethods
from live.config import Config
from live.hot.catalogue import (
    ACCOUNT_METRICS,
    ANALYTICS_METRICS,
    FEED_METRICS,
    ORDER_DENIALS,
    RUN_LABELS,
    RUN_METRICS,
    SIDECAR_METRICS,
    WATCHDOG_METRICS,
    Counter,
    Gauge,
    Metric,
    Stage,
)
from live.hot.denials import denial_table
from live.hot.page_layout import POSITIONS_MAX
from live.settings_file import describe_range

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
NOTE = "<!-- Written by tools/generate_docs.py; run `make docs` after a change of the code. -->"

_WIDTH = 120
_GROUPS: tuple[tuple[str, type], ...] = (
    ("Orders", TradingMethods),
    ("Indicators", IndicatorMethods),
    ("Consolidation", ConsolidationMethods),
    ("History", HistoryMethods),
    ("Output", OutputMethods),
)


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def page(title: str, *parts: str) -> str:
    """Return a page: title, note and parts with a blank line between them."""
    wrapped = [
        part
        if part.startswith(("|", "#"))
        else textwrap.fill(part, _WIDTH, break_long_words=False, break_on_hyphens=False)
        for part in parts
    ]
    return "\n\n".join([f"# {title}", NOTE, *wrapped]) + "\n"


def first_line(member: Any) -> str:
    """Return the first line of a docstring, "" when there is none."""
    text = inspect.getdoc(member) or ""
    return text.partition("\n")[0]


def configuration_page() -> str:
    """Return the page of live.toml."""
    parts = [
        "`lean-live dry-run` reads `live.toml` beside the algorithm's file, or the file that `--config` names. Every "
        "table and key may be left out and then has its default. An unknown table or key, a value of another type and "
        "a value out of its range end the command with exit code 3 and a message that names the key and its range.",
    ]
    for name, kind in get_type_hints(Config).items():
        meanings = _attribute_texts(kind)
        hints = get_type_hints(kind, include_extras=True)
        rows = [
            (
                f"`{field.name}`",
                meanings.get(field.name, ""),
                describe_range(hints[field.name]),
                f"`{_toml(field.default)}`",
            )
            for field in msgspec.structs.fields(kind)
        ]
        summary = first_line(kind).partition(": ")[2] or first_line(kind)
        parts += [
            f"## [{name}]",
            summary[:1].upper() + summary[1:],
            table(("key", "meaning", "value", "default"), rows),
        ]
    parts += ["The codes by which the risk gate refuses an order are in [risk-denials.md](risk-denials.md)."]
    return page("Configuration", *parts)


def _attribute_texts(kind: type) -> dict[str, str]:
    """Return what the Attributes section of a docstring says of each attribute."""
    section = (inspect.getdoc(kind) or "").partition("Attributes:\n")[2]
    found: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        match = re.match(r" {4}(\w+): (.*)", line)
        if match:
            name = match.group(1)
            found[name] = match.group(2)
        elif name and line.strip():
            found[name] += " " + line.strip()
    return found


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    if isinstance(value, str):
        return f'"{value}"'
    return f"{value:g}" if isinstance(value, float) else str(value)


def api_subset_page() -> str:
    """Return the page of the members of QCAlgorithm."""
    parts = [
        "The members of LEAN's `QCAlgorithm` that the embedded engine has. The names are in snake_case; the PascalCase "
        "spelling of each works as well (`SetHoldings` for `set_holdings`). Equities of the US, forex and crypto pairs "
        "are supported, in tick, second, minute, hour and daily resolution.",
    ]
    callbacks, setup, state = _own_members()
    parts += ["## Callbacks", "Methods that an algorithm may override.", callbacks]
    parts += ["## Set-up and data", setup, "## State", state]
    for title, kind in _GROUPS:
        parts += [f"## {title}", _members(vars(kind))]
    parts += [
        "## Indicator classes",
        _classes(indicators),
        "## Consolidator classes",
        _classes(consolidators),
    ]
    return page("API subset", *parts)


def _own_members() -> tuple[str, str, str]:
    """Return the tables of the class itself: callbacks, methods, properties."""
    own = vars(QCAlgorithm)
    callbacks = {name: each for name, each in own.items() if name.startswith("on_") or name == "initialize"}
    properties = {name: each for name, each in own.items() if isinstance(each, property)}
    methods = {name: each for name, each in own.items() if name not in callbacks and name not in properties}
    return _members(callbacks), _members(methods), _members(properties)


def _members(members: Any) -> str:
    rows = [
        (f"`{_signature(name, each)}`", first_line(each.fget if isinstance(each, property) else each))
        for name, each in sorted(members.items())
        if not name.startswith("_") and name == name.lower() and (callable(each) or isinstance(each, property))
    ]
    return table(("member", "what it does"), rows)


def _signature(name: str, member: Any) -> str:
    if isinstance(member, property):
        return name
    words = []
    for parameter in list(inspect.signature(member).parameters.values())[1:]:
        star = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        default = "" if parameter.default is parameter.empty else f"={_default(parameter.default)}"
        words.append(f"{star}{parameter.name}{default}")
    return f"{name}({', '.join(words)})"


def _default(value: Any) -> str:
    if hasattr(value, "name") and hasattr(value, "value"):
        return f"{type(value).__name__}.{value.name}"
    text = repr(value)
    return "..." if " at 0x" in text else text


def _classes(module: Any) -> str:
    rows = []
    for name in sorted(module.__all__):
        kind = getattr(module, name)
        kind = get_origin(kind) or kind
        rows.append((f"`{name}`", first_line(kind) if inspect.isclass(kind) else str(get_args(kind) or "")))
    return table(("class", "what it is"), rows)


def denials_page() -> str:
    """Return the page of the risk gate's codes."""
    rows = [(str(number), f"`{name}`", meaning, remedy) for number, name, meaning, remedy in denial_table()]
    return page(
        "Risk denials",
        "Why the risk gate refuses an order. Codes are stable: a number never changes its meaning. The limits are keys "
        "of `[risk]` in [configuration.md](configuration.md).",
        table(("number", "code", "meaning", "what to do"), rows),
    )


def metrics_page() -> str:
    """Return the page of all metrics."""

    def rows(metrics: Sequence[Metric]) -> list[tuple[str, ...]]:
        return [
            (
                f"`{metric.full_name}`",
                metric.kind.value,
                ", ".join(
                    [
                        *(f'`{key}="{label}"`' for key, label in metric.labels),
                        *(f"`{name}`" for name in metric.label_names),
                    ]
                ),
                metric.help,
            )
            for metric in metrics
        ]

    heads = ("metric", "kind", "labels", "meaning")
    return page(
        "Metrics",
        "What the sidecar exports of each run, and of itself. Durations are in seconds, sizes in bytes. The metrics of a run "
        f"also have the labels {' and '.join(f'`{name}`' for name in RUN_LABELS)}.",
        "## Counts of a run",
        table(heads, rows([*(each.metric for each in Counter), ORDER_DENIALS])),
        "## Newest values of a run",
        table(heads, rows([each.metric for each in Gauge])),
        "## Spans of time",
        "Histograms. The telemetry page holds integer nanoseconds in 2,368 buckets each; what is exported are sums of those, "
        "at bounds that are exact.",
        table(heads, rows([each.metric for each in Stage])),
        "## Account and positions",
        "Read together: values and rows of one moment. The position table holds the largest holdings, at most "
        f"{POSITIONS_MAX}.",
        table(heads, rows(ACCOUNT_METRICS)),
        "## Symbols of a feed",
        table(heads, rows(FEED_METRICS)),
        "## The run as the sidecar sees it",
        table(heads, rows(RUN_METRICS)),
        "## Feed watchdog",
        table(heads, rows(WATCHDOG_METRICS)),
        "## Scheduled analytics",
        table(heads, rows(ANALYTICS_METRICS)),
        "## Sidecar and machine",
        table(heads, rows(SIDECAR_METRICS)),
    )


PAGES: dict[str, Callable[[], str]] = {
    "api-subset.md": api_subset_page,
    "configuration.md": configuration_page,
    "metrics.md": metrics_page,
    "risk-denials.md": denials_page,
}
"""Makers of the generated pages, by file name."""


def outdated() -> list[Path]:
    """Return the pages whose file differs from what the code says."""
    found = []
    for name, make in PAGES.items():
        path = DOCS / name
        if not path.is_file() or path.read_text(encoding="utf-8") != make():
            found.append(path)
    return found


def main() -> int:
    """Write the pages, or compare them; return the exit code."""
    parser = argparse.ArgumentParser(description="Write the generated pages of docs/.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page differs")
    is_check = parser.parse_args().check
    pages = outdated()
    for path in pages:
        if not is_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(PAGES[path.name](), encoding="utf-8")
        print(f"{'differs' if is_check else 'wrote'}: {path.relative_to(ROOT)}")
    return 1 if is_check and pages else 0


if __name__ == "__main__":
    sys.exit(main())
