"""Alerts on what must never happen: each fires, stays silent and resolves. Run by promtool."""

from __future__ import annotations

from pathlib import Path

from support.burn_cases import OBJECTIVES
from support.incident_cases import incident_cases
from support.prometheus import failures, groups_of, needed_rules, needs_promtool

from live.slo.loader import load_slo
from live.slo.rules import rules_document


@needs_promtool
def test_fires_stays_silent_and_resolves(tmp_path: Path) -> None:
    groups = groups_of(load_slo(None))
    cases = list(incident_cases())
    named = [(f"case-{at}", case, needed_rules(groups[case.objective], case)) for at, case in enumerate(cases)]
    failed = {str(cases[int(name.split("-")[1])]): said for name, said in failures(named, tmp_path)}
    assert not failed, "\n".join(f"{name}\n{said}" for name, said in failed.items())


def test_every_alert_has_cases_that_fire_and_that_stay_silent() -> None:
    alerts = {
        rule["alert"]
        for group in rules_document(load_slo(None))["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    fires, silent = set(), set()
    for case in incident_cases():
        fires |= {case.alert for found in case.expected.values() if found}
        silent |= {case.alert for found in case.expected.values() if not found}
    burning = {each.alert for each in OBJECTIVES}
    assert fires | burning == silent | burning == alerts
