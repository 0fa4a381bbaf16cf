"""Runbooks: each alert has one, each page has an alert, and its commands exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from live.cli.main import VERBS
from live.slo.check import check_document
from live.slo.loader import load_slo, parse_slo
from live.slo.rules import rules_document
from live.slo.runbooks import packaged_runbooks

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "docs" / "runbooks"
PAGES = sorted(FOLDER.glob("*.md"))
AS_FILES = parse_slo('[service]\nrunbooks = "docs/runbooks"', "slo.toml")
ALERTS = {
    rule["annotations"]["runbook_url"]: rule
    for group in rules_document(AS_FILES)["groups"]
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
        for group in rules_document(AS_FILES)["groups"]
        for rule in group["rules"]
        if rule.get("annotations", {}).get("runbook_url") == url
    }
    said = page.read_text(encoding="utf-8").splitlines()[2]
    assert {word for word in ("page", "ticket") if re.search(rf"`, .*\b{word}\b.*\. \[", said)} == severities


def test_each_alert_of_a_default_objective_stands_in_the_page_on_objectives() -> None:
    text = (ROOT / "docs" / "slo.md").read_text(encoding="utf-8")
    missing = [each.name for each in load_slo(None).objectives if f"| {each.name} |" not in text]
    assert missing == []


def objective(**keys: str) -> str:
    indicator = '{ kind = "incident", when = [{ metric = "feed_frozen", equals = 1 }] }'
    lines = [f'{key} = "{value}"' for key, value in {"name": "own", "description": "d", **keys}.items()]
    return "\n".join(("[[objective]]", *lines, f"indicator = {indicator}", 'severity = ["page"]'))


def link_of(text: str) -> str:
    (group,) = rules_document(parse_slo(text, "slo.toml"))["groups"]
    return str(group["rules"][-1]["annotations"]["runbook_url"])


def notes_of(text: str) -> list[str]:
    (found,) = check_document(parse_slo(text, "slo.toml"), "slo.toml", None, None)["objectives"]
    return list(found["notes"])


def test_links_of_alerts_lead_to_their_panels_on_the_dashboard_of_runbooks() -> None:
    assert list(packaged_runbooks()) == [page.stem for page in PAGES]
    panels = json.loads((ROOT / "grafana" / "dashboards" / "lean-live-runbooks.json").read_text())["panels"]
    titles = {f"http://127.0.0.1:3000/d/lean-live-runbooks?viewPanel={each['id']}": each["title"] for each in panels}
    found = {
        titles[rule["annotations"]["runbook_url"]]
        for group in rules_document(load_slo(None))["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert found == {page.stem for page in PAGES}


@pytest.mark.parametrize(
    ("base", "runbook", "link"),
    [
        ("https://grafana.example/x/d/lean-live-runbooks/", "affinity-lost", "?viewPanel=1"),
        ("https://grafana.example/d/lean-live-runbooks", "own", ""),
        ("https://wiki.example/runbooks/", "own", "/own.md"),
        ("https://wiki.example/runbooks", "affinity-lost", "/affinity-lost.md"),
    ],
)
def test_links_may_lead_elsewhere(base: str, runbook: str, link: str) -> None:
    text = f'[service]\nrunbooks = "{base}"\n' + objective(runbook=runbook)
    assert link_of(text) == base.rstrip("/") + link


def test_a_runbook_that_there_is_not_is_noted() -> None:
    (note,) = notes_of(objective(runbook="feed-sillent"))
    assert "no runbook 'feed-sillent' comes with lean-live" in note
    assert "did you mean 'feed-silent'?" in note
    assert len(notes_of(objective())) == 1
    assert notes_of(objective(runbook="feed-silent")) == []
    assert notes_of('[service]\nrunbooks = "https://wiki.example"\n' + objective(runbook="own")) == []
