"""`lean-live stack`: which words Docker gets, what is made on disk, and what every fault of Docker's leads to."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.docker_stand_in import Docker

import live.deploy.stack
from live.cli.main import run
from live.deploy.bundle import bundle_files, bundle_folder, write_bundle
from live.deploy.stack import default_folder

SERVICES = ["prometheus", "alertmanager", "grafana"]


class Desk:
    """A folder for a stack, a `docker`, and the command.

    Attributes:
        folder: the stack's folder.
        docker: the stand-in.
    """

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder / "stack"
        self.docker = Docker(folder)
        self._capsys = capsys

    def __call__(self, *words: str, code: int = 0) -> Any:
        """Run a command of `stack` and return what it printed as JSON, or its error."""
        ended = run(["stack", *words, "--folder", str(self.folder), "--json"])
        content = json.loads(self._capsys.readouterr().out)
        assert ended == code, content
        return content["error"]["message"] if "error" in content else content

    @property
    def compose_calls(self) -> list[list[str]]:
        """Words after the compose file."""
        return [words[5:] for words in self.docker.calls if words[:2] == ["compose", "--project-name"]]

    def use_ports(self, ports: dict[int, int]) -> None:
        """Give services other ports, as a user would."""
        path = self.folder / "deploy" / "compose.yaml"
        text = path.read_text(encoding="utf-8")
        for old, new in ports.items():
            text = text.replace(f":{old}", f":{new}").replace(f'"{old}"', f'"{new}"')
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path, capsys)
    monkeypatch.setenv("PATH", f"{desk.docker.bin}:{os.environ['PATH']}")
    monkeypatch.setattr(live.deploy.stack, "sleep", lambda seconds: None)
    run(["stack", "files", "--output", str(desk.folder)])
    capsys.readouterr()
    # Whatever else runs on this machine must not matter.
    desk.use_ports(dict(zip((9090, 9093, 3000), free_ports(3), strict=True)))
    return desk


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def test_up_waits_until_all_are_healthy(desk: Desk) -> None:
    desk.docker.set(health=["starting", "starting", "healthy"])
    content = desk("up", "--cores", "1,2")
    assert content["healthy"]
    assert [each["name"] for each in content["services"]] == SERVICES
    assert all(each["url"].startswith("http://127.0.0.1:") for each in content["services"])
    assert ["up", "--detach", "--remove-orphans"] in desk.compose_calls
    assert not any(words[0] == "kill" for words in desk.compose_calls)
    (variables,) = {tuple(sorted(each.items())) for each in desk.docker.environments if each}
    user = "65534:65534" if os.geteuid() == 0 else f"{os.geteuid()}:{os.getegid()}"
    assert dict(variables) == {"LEAN_LIVE_STACK_USER": user, "LEAN_LIVE_STACK_CORES": "1,2"}


def test_up_makes_a_password_that_only_its_owner_reads_and_keeps_it(desk: Desk) -> None:
    path = Path(desk("up")["password_file"])
    password = path.read_text(encoding="ascii")
    assert len(password) >= 24
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    for name in SERVICES:
        assert (desk.folder / "data" / name).stat().st_mode & 0o777 == 0o700
    desk("up")
    assert path.read_text(encoding="ascii") == password


def test_up_again_has_settings_read_anew_and_leaves_ports_in_use_alone(desk: Desk) -> None:
    content = desk("up")
    with socket.create_server(("127.0.0.1", int(content["services"][0]["url"].rpartition(":")[2]))):
        desk("up")
    assert [words for words in desk.compose_calls if words[0] == "kill"] == [
        ["kill", "--signal", "HUP", "alertmanager"],
        ["kill", "--signal", "HUP", "prometheus"],
    ]


def test_a_password_that_could_not_be_written_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(count: int) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("live.deploy.stack.secrets.token_urlsafe", fail)
        message = desk("up", code=4)
    path = desk.folder / "secrets" / "grafana-admin-password"
    assert f"cannot use {path}: No space left on device" in message
    assert not path.exists()
    assert desk("up")["password_file"] == str(path)


def test_a_password_that_others_may_read_is_refused(desk: Desk) -> None:
    path = Path(desk("up")["password_file"])
    path.chmod(0o640)
    assert f"chmod 600 {path}" in desk("up", code=3)


def test_a_lost_password_is_not_replaced_by_one_that_grafana_does_not_know(desk: Desk) -> None:
    path = Path(desk("up")["password_file"])
    path.unlink()
    (desk.folder / "data" / "grafana" / "grafana.db").touch()
    assert "Grafana keeps the password" in desk("up", code=4)
    assert not path.exists()


def test_changed_files_are_kept_and_named(desk: Desk) -> None:
    rule = desk.folder / "grafana" / "provisioning" / "datasources" / "lean-live.yaml"
    rule.write_text("mine", encoding="utf-8")
    desk("up")
    assert rule.read_text(encoding="utf-8") == "mine"
    assert run(["stack", "files", "--output", str(desk.folder), "--overwrite"]) == 0
    assert rule.read_text(encoding="utf-8") != "mine"
    assert rule.with_name(rule.name + ".old").read_text(encoding="utf-8") == "mine"


def test_missing_files_are_written_again(desk: Desk) -> None:
    path = desk.folder / "grafana" / "dashboards" / "lean-live-latency.json"
    path.unlink()
    assert str(path.relative_to(desk.folder)) in desk("up")["written"]
    assert path.is_file()


def test_down_stops_and_keeps_the_data(desk: Desk) -> None:
    desk("up")
    assert desk("down")["stopped"]
    assert desk.compose_calls[-1] == ["down", "--remove-orphans"]
    assert (desk.folder / "data" / "prometheus").is_dir()
    states = desk("status", code=4)["services"]
    assert [each["state"] for each in states] == ["absent"] * 3


@pytest.mark.parametrize("as_list", [False, True], ids=["lines", "list"])
def test_status_reads_both_forms_of_compose(desk: Desk, as_list: bool) -> None:
    desk.docker.set(as_list=as_list)
    desk("up")
    assert desk("status")["healthy"]
    desk.docker.set(health=["unhealthy"])
    assert not desk("status", code=4)["healthy"]


def test_a_port_that_is_taken_is_named_with_its_service(desk: Desk) -> None:
    services = yaml.safe_load((desk.folder / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]
    port = int(services["grafana"]["environment"]["GF_SERVER_HTTP_PORT"])
    with socket.create_server(("127.0.0.1", port)):
        message = desk("up", code=4)
    assert f"port {port} of 127.0.0.1, which grafana needs, is taken" in message
    assert "ss -ltnp" in message
    assert not any(words[0] == "up" for words in desk.compose_calls)


def test_a_service_that_ends_is_named_with_its_last_words(desk: Desk) -> None:
    desk.docker.set(ends=["alertmanager"], logs="level=error\nreceiver is missing")
    message = desk("up", code=4)
    assert "alertmanager is exited" in message
    assert "receiver is missing" in message


def test_waiting_ends_and_says_for_whom(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(range(0, 10**13, 10**10))
    monkeypatch.setattr(live.deploy.stack, "monotonic_ns", lambda: next(moments))
    desk.docker.set(health=["starting"])
    assert "prometheus is starting after 40 s" in desk("up", "--wait", "30", code=4)


def test_images_that_cannot_be_fetched(desk: Desk) -> None:
    desk.docker.set(up_code=18)
    assert "exit code 18" in desk("up", code=4)


@pytest.mark.parametrize("verb", ["up", "down", "status"])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"has_compose": False}, "docker-compose-plugin"),
        (
            {
                "daemon_error": "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n"
            },
            "systemctl start docker",
        ),
        (
            {"daemon_error": "permission denied while trying to connect to the Docker daemon socket\n"},
            "usermod -aG docker",
        ),
        ({"info": {"SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless"]}}, "rootless Docker"),
        ({"info": {"OperatingSystem": "Docker Desktop"}}, "docker context use default"),
    ],
    ids=["no-compose", "no-daemon", "no-permission", "rootless", "desktop"],
)
def test_faults_of_docker_have_a_remedy(desk: Desk, verb: str, fault: dict[str, Any], said: str) -> None:
    desk.docker.set(**fault)
    assert said in desk(verb, code=4)


def test_no_docker_at_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(desk.folder))
    assert "docker is not installed" in desk("up", code=4)


def test_a_compose_file_that_docker_refuses(desk: Desk) -> None:
    path = desk.folder / "deploy" / "compose.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("STACK_CORES:-", "STACK_CORS:?no cores"), encoding="utf-8")
    assert "LEAN_LIVE_STACK_CORS is missing a value: no cores" in desk("up", code=4)


def test_a_service_that_does_not_say_where_it_listens(desk: Desk) -> None:
    path = desk.folder / "deploy" / "compose.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("--web.listen", "--web.listens"), encoding="utf-8")
    assert "the service prometheus of the compose file does not say where it listens" in desk("up", code=3)


def test_nothing_has_been_set_up(desk: Desk, tmp_path: Path) -> None:
    desk.folder = tmp_path / "nowhere"
    assert "there is no stack in" in desk("status", code=4)
    assert "there is no stack in" in desk("down", code=4)


def test_cores_that_are_none(desk: Desk) -> None:
    assert "--cores 1,x is no list" in desk("up", "--cores", "1,x", code=2)
    assert not desk.docker.calls


def test_a_folder_that_is_a_file(desk: Desk, tmp_path: Path) -> None:
    desk.folder = tmp_path / "file" / "stack"
    desk.folder.parent.write_text("", encoding="utf-8")
    assert "name another folder" in desk("up", code=4)


def test_the_usual_folder_follows_the_users_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "lean-live" / "stack"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".local" / "share" / "lean-live" / "stack"


def test_files_of_an_installation_come_from_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert bundle_folder() == Path(live.deploy.stack.__file__).resolve().parents[2]
    package = tmp_path / "site" / "live" / "deploy"
    (package / "files" / "deploy").mkdir(parents=True)
    monkeypatch.setattr("live.deploy.bundle.__file__", str(package / "bundle.py"))
    with pytest.raises(Exception, match="force-reinstall"):
        bundle_folder()
    (package / "files" / "deploy" / "compose.yaml").touch()
    assert bundle_folder() == package / "files"


def test_the_list_of_files_has_all_of_the_checkout() -> None:
    root = bundle_folder()
    found = [path.relative_to(root) for folder in ("deploy", "grafana") for path in (root / folder).rglob("*")]
    files = sorted(path for path in found if (root / path).is_file() and "secrets" not in path.parts)
    assert bundle_files() == files, "name each file in live/deploy/stack_files.txt, sorted"


def test_secrets_and_notes_beside_the_files_stay_where_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = tmp_path / "checkout"
    for relative in bundle_files():
        (root / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(bundle_folder() / relative, root / relative)
    own = [root / "deploy" / "alertmanager" / name for name in ("secrets/slack-webhook-url", "notes.txt")]
    for path in own:
        path.parent.mkdir(exist_ok=True)
        path.write_text("https://hooks.example/secret", encoding="ascii")
        path.chmod(0o600)
    monkeypatch.setattr("live.deploy.bundle.bundle_folder", lambda: root)
    written = write_bundle(tmp_path / "stack").written
    assert written == bundle_files()
    files = [path for path in (tmp_path / "stack").rglob("*") if path.is_file()]
    assert sorted(path.relative_to(tmp_path / "stack") for path in files) == bundle_files()


def test_git_leaves_secrets_out() -> None:
    lines = (bundle_folder() / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "secrets/" in lines


@pytest.mark.skipif(shutil.which("docker") is None, reason="docker is not installed")
def test_the_real_docker_without_a_daemon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'nowhere'}")
    assert run(["stack", "up", "--folder", str(tmp_path / "stack")]) == 4
    message = capsys.readouterr().err
    assert "the Docker daemon does not answer: Cannot connect" in message or "no compose plugin" in message
    assert not (tmp_path / "stack").exists()
