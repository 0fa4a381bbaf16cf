"""The files that follow from slo.toml: the committed ones are up to date, valid, and keep what is the user's."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.prometheus import AMTOOL, needs_amtool, needs_promtool, run_command, run_promtool

from live.errors import ConfigError
from live.generated import differing, write_differing
from live.slo.build import ALERTMANAGER_FILE, PROMETHEUS_FILE, RECEIVERS_FOLDER, build
from live.slo.loader import load_slo, parse_slo
from live.slo.yaml_text import yaml_text

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"


def test_committed_files_follow_from_the_packaged_objectives() -> None:
    changed = differing(build(load_slo(None), DEPLOY, "slo.toml"), DEPLOY)
    assert changed == [], "run `lean-live slo build`"


def test_the_committed_prometheus_file_is_the_one_of_an_empty_folder(tmp_path: Path) -> None:
    (file,) = (each for each in build(load_slo(None), tmp_path, "slo.toml") if each.path == PROMETHEUS_FILE)
    assert (DEPLOY / PROMETHEUS_FILE).read_bytes() == file.content, "delete it and run `lean-live slo build`"


def test_the_prometheus_file_of_the_user_is_left_as_it_is(tmp_path: Path) -> None:
    slo = load_slo(None)
    write_differing(build(slo, tmp_path, "slo.toml"), tmp_path)
    path = tmp_path / PROMETHEUS_FILE
    own = yaml.safe_load(path.read_text())
    own["scrape_configs"][0]["authorization"] = {"credentials_file": "/etc/prometheus/secrets/sidecar-token"}
    own["scrape_configs"][0]["static_configs"] = [{"targets": ["127.0.0.1:9200"]}]
    own["global"]["evaluation_interval"] = "1m"
    text = "# Mine.\n" + yaml.safe_dump(own)
    path.write_text(text)
    assert write_differing(build(slo, tmp_path, "slo.toml"), tmp_path) == []
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scrape_configs: [{job_name: lean-live}]", "rule_files of .* names no lean-live.rules.yml, .*; add it there"),
        ("{rule_files: [others.yml], scrape_configs: [{job_name: lean-live}]}", "rule_files of .* names no"),
        ("rule_files: [/etc/prometheus/rules/*.yml]", "scrape_configs of .* has no job 'lean-live', which the rules"),
        ("{rule_files: ['*.yml'], scrape_configs: [{job_name: other}, 5]}", "has no job 'lean-live'"),
        ("rule_files: 5", "rule_files of .* is no list"),
        ("- a", "holds no mapping, so that nobody can say whether it takes the rules"),
        ("a: [", "is no YAML"),
    ],
)
def test_a_prometheus_file_that_would_leave_alerts_silent_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / PROMETHEUS_FILE
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        build(load_slo(None), tmp_path, "slo.toml")
    assert path.read_text() == text


@pytest.mark.parametrize(
    "text",
    [
        "{rule_files: [/etc/prometheus/rules/lean-live.rules.yml], scrape_configs: [{job_name: lean-live}]}",
        "{rule_files: ['*.rules.yml'], scrape_config_files: [jobs/*.yml]}",
    ],
)
def test_a_prometheus_file_that_takes_the_rules_is_fine(tmp_path: Path, text: str) -> None:
    path = tmp_path / PROMETHEUS_FILE
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert PROMETHEUS_FILE not in [each.path for each in build(load_slo(None), tmp_path, "slo.toml")]


def test_building_again_changes_nothing(tmp_path: Path) -> None:
    slo = load_slo(None)
    first = write_differing(build(slo, tmp_path, "slo.toml"), tmp_path)
    assert len(first) == 6
    assert write_differing(build(slo, tmp_path, "slo.toml"), tmp_path) == []
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(first)
    assert {path.stat().st_mode & 0o777 for path in first} == {0o644}


def test_receivers_of_the_user_are_kept(tmp_path: Path) -> None:
    slo = load_slo(None)
    write_differing(build(slo, tmp_path, "slo.toml"), tmp_path)
    path = tmp_path / ALERTMANAGER_FILE
    own = yaml.safe_load(path.read_text())
    own["receivers"][1]["webhook_configs"] = [{"url": "http://127.0.0.1:1/"}]
    own["global"] = {"resolve_timeout": "1m"}
    own["route"]["receiver"] = "page"
    path.write_text(yaml.safe_dump(own))
    write_differing(build(slo, tmp_path, "slo.toml"), tmp_path)
    built = yaml.safe_load(path.read_text())
    assert built["receivers"] == own["receivers"]
    assert built["global"] == own["global"]
    assert built["route"]["receiver"] == "none"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("receivers: [{name: none}, {name: page}]", "has no receiver 'ticket', which the routes name; add it there"),
        ("receivers: 5", "receivers of .* are no list of tables"),
        ("receivers: [5]", "receivers of .* are no list of tables"),
        ("- a", "holds no mapping"),
        ("a: [", "is no YAML"),
    ],
)
def test_an_alertmanager_file_that_cannot_be_used_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / ALERTMANAGER_FILE
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        build(load_slo(None), tmp_path, "slo.toml")
    assert path.read_text() == text


def test_nothing_is_written_when_an_alert_can_never_fire(tmp_path: Path) -> None:
    text = """
        [[objective]]
        name = "slow"
        description = "d"
        indicator = { kind = "latency", metric = "decision_seconds", threshold_ms = 1 }
        objective = 50
    """
    with pytest.raises(ConfigError, match=r"burn factor \* budget = 2.7857 \* 0.5 = 1.393, and no ratio exceeds 1"):
        build(parse_slo(text, "slo.toml"), tmp_path, "slo.toml")


@needs_promtool
def test_prometheus_takes_configuration_and_rules(tmp_path: Path) -> None:
    write_differing(build(load_slo(None), tmp_path, "slo.toml"), tmp_path)
    ended = run_promtool("check", "config", "--lint-fatal", tmp_path / PROMETHEUS_FILE)
    assert ended.returncode == 0, ended.stdout


@needs_amtool
def test_alertmanager_takes_the_configuration_and_all_examples(tmp_path: Path) -> None:
    write_differing(build(load_slo(None), tmp_path, "slo.toml"), tmp_path)
    files = [tmp_path / ALERTMANAGER_FILE, *sorted((tmp_path / RECEIVERS_FOLDER).glob("*.yml"))]
    assert len(files) == 4
    ended = run_command(AMTOOL, "check-config", *files)
    assert ended.returncode == 0, ended.stdout


def test_secrets_are_named_by_file_and_never_written() -> None:
    for path in (DEPLOY / RECEIVERS_FOLDER).glob("*.yml"):
        text = path.read_text()
        assert "_file: /etc/alertmanager/secrets/" in text
        for key in ("api_url:", "routing_key:", "service_key:", "smtp_auth_password:", "password:"):
            assert key not in text


def test_yaml_is_the_same_text_for_the_same_content() -> None:
    content = {"b": [{"x": "one\ntwo", "a": 1}], "a": "é: ü", "on": "yes", "n": 1.5}
    assert yaml_text(content, "c", "") == yaml_text(content, "c", "")
    assert yaml.safe_load(yaml_text(content, "c", "")) == content
    shared = {"k": 1}
    assert "&" not in yaml_text([shared, shared])
