"""What is said of a Docker that cannot run an engine, without one, and what a container may do."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from support.docker_stand_in import Docker

from live.docker import Docker as Command
from live.errors import EnvironmentFault
from live.lean.engine.container import identity
from live.lean.engine.lean_image import find_image


def refused() -> str:
    with pytest.raises(EnvironmentFault) as caught:
        find_image("quantconnect/lean")
    return str(caught.value)


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    found = Docker(tmp_path)
    monkeypatch.setenv("PATH", f"{found.bin}:{os.environ['PATH']}")
    return found


def test_no_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused().startswith(
        "docker is not installed, or not in PATH; install Docker Engine, or use a LEAN of this machine"
    )


def test_a_daemon_that_is_not_this_user_s(docker: Docker) -> None:
    docker.set(daemon_error="permission denied while trying to connect to the Docker daemon socket")
    assert "sudo usermod -aG docker $USER" in refused()


def test_an_old_command_tells_of_the_daemon_in_its_answer(docker: Docker) -> None:
    docker.set(info={"ServerErrors": ["Cannot connect to the Docker daemon at unix:///x."]})
    assert "the Docker daemon does not answer: Cannot connect to the Docker daemon at unix:///x.; start it" in refused()


def test_containers_in_a_virtual_machine(docker: Docker) -> None:
    docker.set(info={"OperatingSystem": "Docker Desktop"})
    assert "Docker Desktop runs containers in a virtual machine" in refused()


def test_another_interpreter(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 12, 4, "final", 0))
    assert "LEAN embeds Python 3.11" in refused()
    assert docker.calls == []


def test_another_system(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "--image needs Linux" in refused()
    assert docker.calls == []


def test_a_container_may_do_what_its_user_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "getegid", lambda: 100)
    monkeypatch.setattr(os, "getgroups", lambda: [100, 27, 998])
    assert identity(False, []) == ("--user", "1000:100", "--cap-drop", "ALL", "--group-add", "27", "--group-add", "998")
    # Whom a rootless daemon runs as is root in its containers.
    assert identity(True, ["name=rootless"]) == ("--user", "0:0", "--cap-drop", "ALL", "--cap-add", "DAC_OVERRIDE")
    assert identity(False, ["name=userns"])[-2:] == ("--userns", "host")
    assert identity(False, ["name=selinux"])[-2:] == ("--security-opt", "label=disable")


def test_a_daemon_that_answers(docker: Docker) -> None:
    info: dict[str, Any] = {
        "OperatingSystem": "Debian GNU/Linux 12",
        "SecurityOptions": ["name=seccomp,profile=default"],
    }
    docker.set(info=info)
    assert Command("").info() == {**info, "ServerVersion": "28.2.2"}
    assert json.dumps(docker.calls) == '[["info", "--format", "{{json .}}"]]'
