"""Every limit, burn factor, count of events and time of the generated alerts matters: changed, some case fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.burn_cases import OBJECTIVES, Burning, burn_cases
from support.incident_cases import incident_cases
from support.prometheus import AlertCase, Rule, failures, groups_of, needed_rules, needs_promtool
from support.rule_mutants import bucket_mutants_of, mutants_of

from live.slo.loader import load_slo

GROUPS = groups_of(load_slo(None))


def survivors(mutants: list[tuple[str, AlertCase, list[Rule]]], folder: Path) -> list[str]:
    """Return the changes that no case noticed."""
    named = [(f"mutant-{at}", case, rules) for at, (_what, case, rules) in enumerate(mutants)]
    noticed = {mutants[int(name.split("-")[1])][0] for name, _said in failures(named, folder)}
    return sorted({what for what, _case, _rules in mutants} - noticed)


def with_alert(rules: list[Rule], mutant: Rule) -> list[Rule]:
    return [mutant if "alert" in rule else rule for rule in rules]


def windows_of(case: AlertCase) -> tuple[str, ...]:
    """Return the pair of windows that a case is about."""
    long = case.name.split()[0]
    return (long, {"1h": "5m", "6h": "30m", "1d": "2h", "3d": "6h"}[long])


@needs_promtool
@pytest.mark.parametrize("which", OBJECTIVES, ids=lambda each: each.objective)
def test_burn_alerts(which: Burning, tmp_path: Path) -> None:
    mutants = []
    for case in burn_cases(which):
        rules = needed_rules(GROUPS[which.objective], case)
        for what, mutant in mutants_of(next(rule for rule in rules if "alert" in rule)):
            # A change of one pair of windows is seen by the cases of that pair.
            if what.startswith("for") or any(f"{window}{{" in what for window in windows_of(case)):
                mutants.append((f"{case.severity}: {what}", case, with_alert(rules, mutant)))
    assert len({what for what, *_ in mutants}) == 17 * len(which.severities)
    assert not survivors(mutants, tmp_path)


@needs_promtool
def test_incident_alerts(tmp_path: Path) -> None:
    mutants = []
    for case in incident_cases():
        rules = needed_rules(GROUPS[case.objective], case)
        for at, rule in enumerate(rules):
            for what, mutant in mutants_of(rule):
                mutants.append((f"{case.alert}: {what}", case, [*rules[:at], mutant, *rules[at + 1 :]]))
    assert not survivors(mutants, tmp_path)


@needs_promtool
def test_thresholds_of_histograms(tmp_path: Path) -> None:
    mutants = []
    for which in OBJECTIVES:
        if which.kind == "latency":
            # Each pair of windows has records of its own.
            for case in (each for each in burn_cases(which) if "fires and resolves" in each.name):
                rules = needed_rules(GROUPS[which.objective], case)
                mutants += [(f"{which.objective}: {what}", case, mutant) for what, mutant in bucket_mutants_of(rules)]
    assert mutants
    assert not survivors(mutants, tmp_path)


@needs_promtool
def test_a_rule_that_is_not_changed_survives(tmp_path: Path) -> None:
    case = next(iter(incident_cases()))
    rules = needed_rules(GROUPS[case.objective], case)
    assert survivors([("nothing", case, rules)], tmp_path) == ["nothing"]
