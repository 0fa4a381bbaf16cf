"""deploy/: what the compose file promises, and units that systemd understands."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from live.config import SidecarSettings

ROOT = Path(__file__).resolve().parent.parent.parent.parent
COMPOSE = ROOT / "deploy" / "compose.yaml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))

each_service = pytest.mark.parametrize("name", SERVICES)


@each_service
def test_images_are_pinned_by_version(name: str) -> None:
    assert re.fullmatch(r"[a-z]+/[a-z]+:v?\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?", SERVICES[name]["image"])


@each_service
def test_services_can_do_no_more_than_they_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["user"].startswith("${LEAN_LIVE_STACK_USER:?")
    assert "privileged" not in service
    limits = service["deploy"]["resources"]["limits"]
    assert {"cpus", "memory", "pids"} <= limits.keys()


@each_service
def test_services_listen_on_this_machine_only(name: str) -> None:
    service = SERVICES[name]
    assert service["network_mode"] == "host"
    assert "ports" not in service
    words = service.get("command", [])
    addresses = [word.partition("=")[2] for word in words if "listen-address" in word]
    addresses += [service["environment"]["GF_SERVER_HTTP_ADDR"] + ":"] if "environment" in service else []
    assert addresses
    assert all(address == "" or address.startswith("127.0.0.1:") for address in addresses)


@each_service
def test_services_are_watched_at_the_address_where_they_listen(name: str) -> None:
    service = SERVICES[name]
    url = service["healthcheck"]["test"][-1]
    text = str(service.get("command", [])) + str(service.get("environment", ""))
    port = re.match(r"http://127\.0\.0\.1:(\d+)/", url)
    assert port is not None
    assert port[1] in text


@each_service
def test_mounted_files_exist_and_are_read_only(name: str) -> None:
    for volume in SERVICES[name]["volumes"]:
        source, target, *mode = volume.split(":")
        assert target.startswith("/")
        if source.startswith("../data/"):
            assert source == f"../data/{name}"
            assert not mode
        else:
            assert mode == ["ro"]
            assert (COMPOSE.parent / source).is_dir(), source


def test_grafana_has_no_usual_password_and_no_guests() -> None:
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert environment["GF_USERS_ALLOW_SIGN_UP"] == "false"
    assert "GF_SECURITY_ADMIN_PASSWORD" not in environment
    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/grafana-admin-password"


def test_grafana_finds_its_dashboards_and_prometheus() -> None:
    provisioning = ROOT / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "lean-live.yaml").read_text(encoding="utf-8"))[
        "datasources"
    ]
    (address,) = [word.partition("=")[2] for word in SERVICES["prometheus"]["command"] if "web.listen" in word]
    assert source["url"] == f"http://{address}"
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "lean-live.yaml").read_text(encoding="utf-8"))[
        "providers"
    ]
    targets = {volume.split(":")[1] for volume in SERVICES["grafana"]["volumes"]}
    assert provider["options"]["path"] in targets
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (ROOT / "grafana" / "dashboards" / Path(home).name).is_file()


def test_prometheus_scrapes_the_sidecar_and_tells_alertmanager() -> None:
    content = yaml.safe_load((COMPOSE.parent / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    targets = [
        target
        for job in content["scrape_configs"]
        if job["job_name"] == "lean-live"
        for group in job["static_configs"]
        for target in group["targets"]
    ]
    assert targets == [f"{SidecarSettings().address}:{SidecarSettings().port}"]
    (address,) = [word.partition("=")[2] for word in SERVICES["alertmanager"]["command"] if "web.listen" in word]
    (managers,) = content["alerting"]["alertmanagers"]
    assert managers["static_configs"] == [{"targets": [address]}]
    provisioned = (ROOT / "grafana" / "provisioning" / "datasources" / "lean-live.yaml").read_text(encoding="utf-8")
    assert f"timeInterval: {content['global']['scrape_interval']}" in provisioned


def has_compose_plugin() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_compose_plugin(), reason="docker compose is not installed")
def test_compose_understands_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAN_LIVE_STACK_USER", "1000:1000")
    answer = subprocess.run(
        ["docker", "compose", "--file", COMPOSE, "config", "--quiet"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_understands_the_units(unit: Path, tmp_path: Path) -> None:
    # The program of an installation is not on this machine.
    text = re.sub(
        r"^ExecStart=\S+", f"ExecStart={sys.executable}", unit.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    path = tmp_path / unit.name
    path.write_text(text, encoding="utf-8")
    answer = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr.strip() == ""


def test_the_sidecar_unit_is_hardened_and_runs_a_command_that_exists() -> None:
    (unit,) = UNITS
    text = unit.read_text(encoding="utf-8")
    for setting in ("NoNewPrivileges=true", "ProtectSystem=strict", "ProtectHome=true", "CapabilityBoundingSet="):
        assert f"\n{setting}\n" in text
    from live.cli.main import VERBS

    command = re.search(r"^ExecStart=\S+ (\S+)", text, flags=re.MULTILINE)
    assert command is not None
    assert command[1] in VERBS
