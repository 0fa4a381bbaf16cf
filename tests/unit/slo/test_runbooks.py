"""Runbooks: each alert has one, each page has an alert, and its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from live.cli.main import VERBS
from live.slo.loader import load_slo
from live.slo.rules import rules_document

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "docs" / "runbooks"
PAGES = sorted(FOLDER.glob("*.md"))
ALERTS = {
    rule["annotations"]["runbook_url"]: rule
    for group in rules_document(load_slo(None))["groups"]
    for rule in group["rules"]
    if "alert" in rule
}


def test_each_alert_has_a_page_and_each_page_an_alert() -> None:
    assert set(ALERTS) == {page.relative_to(ROOT).as_posix() for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_where_and_how(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    rule = ALERTS[page.relative_to(ROOT).as_posix()]
    assert text.startswith(f"# {page.stem}\n\nAlert `{rule['alert']}`, ")
    assert re.findall("^## (.*)$", text, re.MULTILINE) == ["What it means", "Look at", "Command", "What helps"]
    looks = text.partition("## Look at")[2].partition("## Command")[0]
    assert re.findall(r"^(\d)\. ", looks, re.MULTILINE) == ["1", "2", "3"]
    command = re.search(r"^```\n(.+?)\n```$", text, re.DOTALL | re.MULTILINE)
    assert command is not None
    assert set(re.findall(r"^lean-live ([a-z-]+)", command[1], re.MULTILINE)) <= VERBS.keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_names_the_severities_of_its_alert(page: Path) -> None:
    url = page.relative_to(ROOT).as_posix()
    severities = {
        rule["labels"]["sloth_severity"]
        for group in rules_document(load_slo(None))["groups"]
        for rule in group["rules"]
        if rule.get("annotations", {}).get("runbook_url") == url
    }
    said = page.read_text(encoding="utf-8").splitlines()[2]
    assert {word for word in ("page", "ticket") if re.search(rf"`, .*\b{word}\b.*\. \[", said)} == severities


def test_each_alert_of_a_default_objective_stands_in_the_page_on_objectives() -> None:
    text = (ROOT / "docs" / "slo.md").read_text(encoding="utf-8")
    missing = [each.name for each in load_slo(None).objectives if f"| {each.name} |" not in text]
    assert missing == []
