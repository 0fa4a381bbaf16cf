"""Prometheus' and Alertmanager's own tools, and unit tests of rules run by them."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from live.slo.objectives import Slo
from live.slo.rules import SLOW_SUFFIX, rules_document

PROMTOOL = shutil.which("promtool")
AMTOOL = shutil.which("amtool")
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")

needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
needs_amtool = pytest.mark.skipif(AMTOOL is None, reason="amtool is not installed")
needs_alertmanager = pytest.mark.skipif(ALERTMANAGER is None, reason="Alertmanager is not installed")

Rule = dict[str, Any]


@dataclass(frozen=True)
class AlertCase:
    """Series, and the alerts that must be there at some moments.

    Attributes:
        objective: the objective whose rules are used.
        alert: name of the alert.
        name: what the case shows.
        series: values by series, in promtool's notation; the samples are `interval` apart.
        expected: by moment, the labels that tell the firing alerts apart; an empty list for silence.
        interval: time between samples and between evaluations, unless `evaluate_every` says otherwise.
        evaluate_every: time between evaluations; "" for `interval`.
        severity: which of an objective's alerts is meant; "" for its only one.
        given: records that are among the series, whose rules are left out.
    """

    objective: str
    alert: str
    name: str
    series: dict[str, str]
    expected: dict[str, list[dict[str, str]]]
    interval: str = "15s"
    evaluate_every: str = ""
    severity: str = ""
    given: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        return f"{self.alert}{self.severity and '-' + self.severity}: {self.name}"


def run_command(
    program: str | None, *words: str | Path, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program and return what it said, errors among it."""
    assert program is not None
    return subprocess.run(
        [program, *map(str, words)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )


def run_promtool(*words: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run promtool and return what it said."""
    return run_command(PROMTOOL, *words, folder=folder)


def one_group_each(document: dict[str, Any]) -> dict[str, list[Rule]]:
    """Return the rules of each objective by the name of its first group, records before alerts.

    promtool takes groups in any order, while cases need each alert to see the records of the same moment.
    """
    merged: dict[str, list[Rule]] = {}
    for group in copy.deepcopy(document["groups"]):
        merged.setdefault(group["name"].removesuffix(SLOW_SUFFIX), []).extend(group["rules"])
    return {name: sorted(rules, key=lambda rule: "alert" in rule) for name, rules in merged.items()}


def groups_of(slo: Slo) -> dict[str, list[Rule]]:
    """Return the rules of each objective by its name, without annotations, which have tests of their own."""
    prefix = f"sloth-slo-{slo.service.name}-"
    groups = {name.removeprefix(prefix): rules for name, rules in one_group_each(rules_document(slo)).items()}
    for rules in groups.values():
        for rule in rules:
            rule.pop("annotations", None)
    return groups


def needed_rules(rules: Sequence[Rule], case: AlertCase) -> list[Rule]:
    """Return a case's alert and the records that it takes, in their order."""
    wanted = {
        id(rule)
        for rule in rules
        if rule.get("alert") == case.alert and case.severity in ("", rule["labels"]["sloth_severity"])
    }
    assert wanted, f"there is no alert {case.alert} of severity {case.severity!r}"
    text = "\n".join(rule["expr"] for rule in rules if id(rule) in wanted)
    for rule in reversed(rules):
        record = rule.get("record", "")
        if record and record not in case.given and re.search(rf"{re.escape(record)}\b", text):
            wanted.add(id(rule))
            text += rule["expr"]
    return [rule for rule in rules if id(rule) in wanted]


def case_document(case: AlertCase, rules_file: str, labels: dict[str, str]) -> dict[str, Any]:
    """Return a case as promtool reads it.

    Parameters:
        case: the case.
        rules_file: name of the file with its rules.
        labels: labels that each of its alerts has.
    """
    return {
        "rule_files": [rules_file],
        "evaluation_interval": case.evaluate_every or case.interval,
        "tests": [
            {
                "interval": case.interval,
                "input_series": [{"series": series, "values": values} for series, values in case.series.items()],
                "alert_rule_test": [
                    {
                        "eval_time": moment,
                        "alertname": case.alert,
                        "exp_alerts": [{"exp_labels": labels | own} for own in alerts],
                    }
                    for moment, alerts in case.expected.items()
                ],
            }
        ],
    }


def failures(cases: Iterable[tuple[str, AlertCase, list[Rule]]], folder: Path) -> Iterator[tuple[str, str]]:
    """Run cases in one promtool, and yield the name of each that fails with what promtool said.

    Parameters:
        cases: a name without blanks, the case, and the rules that it is run on.
        folder: an empty folder.
    """
    names = []
    for name, case, rules in cases:
        alert = next(rule for rule in rules if "alert" in rule)
        (folder / f"{name}.rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))
        document = case_document(case, f"{name}.rules.yml", dict(alert["labels"]))
        (folder / f"{name}.test.yml").write_text(yaml.safe_dump(document))
        names.append(name)
    ended = run_promtool("test", "rules", *(f"{name}.test.yml" for name in names), folder=folder)
    verdicts = re.split(r"^Unit Testing:\s+", ended.stdout, flags=re.MULTILINE)[1:]
    assert len(verdicts) == len(names), ended.stdout
    for verdict in verdicts:
        head, _line, rest = verdict.partition("\n")
        if rest.strip() != "SUCCESS":
            yield head.strip().removesuffix(".test.yml"), rest
