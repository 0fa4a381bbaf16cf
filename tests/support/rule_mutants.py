"""Rules with one number changed: for each there must be a test that notices."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

Rule = dict[str, Any]
FARTHER, NEARER = 1.15, 1 / 1.15
"""By how much burn factors, event counts and large limits are moved."""
_BURN = re.compile(r"> \((?P<factor>[0-9.]+) \* [0-9.]+\)")
_LEAST_EVENTS = re.compile(r">= (?P<count>[0-9.]+)")
_LIMIT = re.compile(r"(?P<sign>==|>|<) (?P<limit>[0-9.]+)(?! \*|[0-9.])")
_WINDOW = re.compile(r"(?<=\[)5m(?=\])|(?<=offset )5m|(?<=\[)15m(?=\])|(?<=offset )15m")
_BUCKET = re.compile(r'le="(?P<seconds>[0-9.]+)"')
_SMALL = 10
"""Numbers below this one are states or counts of a few: they are moved by one or more, not by a part."""


def mutants_of(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Yield what was changed, and the rule of an alert, or of a record that it takes, with it."""
    for pattern, group in ((_BURN, "factor"), (_LEAST_EVENTS, "count")):
        for match in pattern.finditer(rule["expr"]):
            for part in (FARTHER, NEARER):
                yield _replaced(rule, match, group, f"{float(match[group]) * part:.6f}")
    for match in _LIMIT.finditer(rule["expr"]):
        for limit in _other_limits(match, rule["expr"]):
            yield _replaced(rule, match, "limit", limit)
    for match in _WINDOW.finditer(rule["expr"]):
        for part in (0.8, 1.2):
            yield _replaced(rule, match, 0, f"{round(int(match[0][:-1]) * 60 * part)}s")
    for lasting in _other_times(rule.get("for")) if "alert" in rule else ():
        yield f"for {rule.get('for')} -> {lasting}", {**copy.deepcopy(rule), "for": lasting}


def bucket_mutants_of(rules: list[Rule]) -> Iterator[tuple[str, list[Rule]]]:
    """Yield what was changed, and the rules with another threshold of a histogram in one of them."""
    for at, rule in enumerate(rules):
        for match in _BUCKET.finditer(rule["expr"]):
            what, mutant = _replaced(rule, match, "seconds", f"{float(match['seconds']) * 2:g}")
            yield what, [*rules[:at], mutant, *rules[at + 1 :]]


def _other_limits(match: re.Match[str], expression: str) -> list[str]:
    limit = float(match["limit"])
    if limit >= _SMALL:
        return [f"{limit * FARTHER:g}", f"{limit * NEARER:g}"]
    if match["sign"] == "==":
        return [f"{limit + 1:g}"]
    if limit == 0:
        # A moment above zero is far above it: only downwards can it be noticed.
        is_moment = expression[match.end() :].startswith(") >")
        return ["-1"] if is_moment else ["-1", "4"]
    return [f"{limit + 1:g}", f"{limit - 1:g}"]


def _other_times(lasting: str | None) -> list[str]:
    if lasting is None:
        return ["45s"]
    seconds = int(lasting[:-1]) * {"s": 1, "m": 60}[lasting[-1]]
    return [f"{seconds // 2}s", f"{seconds * 3 // 2}s"]


def _replaced(rule: Rule, match: re.Match[str], group: str | int, text: str) -> tuple[str, Rule]:
    begin, end = match.span(group)
    mutant = copy.deepcopy(rule)
    mutant["expr"] = rule["expr"][:begin] + text + rule["expr"][end:]
    line = rule["expr"].rfind("\n", 0, begin) + 1
    return f"{rule['expr'][line:end].strip()} -> {text}", mutant
