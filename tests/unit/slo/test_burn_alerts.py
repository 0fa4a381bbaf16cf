"""Alerts on burn rates: each fires, stays silent just below each of its limits, and resolves. Run by promtool."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.burn_cases import OBJECTIVES, burn_cases
from support.prometheus import failures, groups_of, needed_rules, needs_promtool

from live.slo.loader import load_slo


@needs_promtool
@pytest.mark.parametrize("which", OBJECTIVES, ids=lambda each: each.objective)
def test_fires_stays_silent_and_resolves(which, tmp_path: Path) -> None:
    rules = groups_of(load_slo(None))[which.objective]
    cases = list(burn_cases(which))
    named = [(f"case-{number}", case, needed_rules(rules, case)) for number, case in enumerate(cases)]
    failed = {str(cases[int(name.split("-")[1])]): said for name, said in failures(named, tmp_path)}
    assert not failed
