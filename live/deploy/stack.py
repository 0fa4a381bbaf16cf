"""Prometheus, Alertmanager and Grafana on this machine: started, stopped, and looked at."""

from __future__ import annotations

import errno
import os
import re
import secrets
import socket
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns, sleep
from live.deploy.bundle import COMPOSE_FILE, Written, write_bundle
from live.deploy.docker import Compose, check_docker
from live.errors import ConfigError, EnvironmentFault, one_line

PROJECT = "lean-live"
PASSWORD_FILE = Path("secrets", "grafana-admin-password")
_GRAFANA_DATABASE = Path("data", "grafana", "grafana.db")
_LISTEN_ADDRESS = re.compile(r"--web\.listen-address=([^:]+):(\d+)$")
_READ_ANEW_ON_HANGUP = {"prometheus", "alertmanager"}
"""Services that read their settings anew on SIGHUP; Grafana looks at its dashboards by itself."""

_NOBODY = 65_534
_POLL_SECONDS = 1.0
_READABLE_BY_OTHERS = 0o077


class ServiceState(NamedTuple):
    """One service of the stack.

    Attributes:
        name: its name in the compose file.
        state: what Docker says: running, exited, restarting ...; absent when there is no container.
        health: healthy, unhealthy or starting; empty when Docker does not know.
        url: where it answers.
    """

    name: str
    state: str
    health: str
    url: str

    @property
    def is_healthy(self) -> bool:
        """Whether it answers as it should."""
        return self.state == "running" and self.health == "healthy"

    @property
    def is_gone(self) -> bool:
        """Whether it has ended, and waiting for it is of no use."""
        return self.state in ("exited", "dead") or self.health == "unhealthy"

    @property
    def text(self) -> str:
        """State and health in a word."""
        return self.health if self.state == "running" and self.health else self.state


Progress = Callable[[Sequence[ServiceState], float], None]
"""Is told the services and how many seconds have passed, once a second."""


class Stack:
    """The monitoring stack of a folder: its files, its data, and the password of Grafana.

    Parameters:
        folder: holds deploy/, grafana/, data/ and secrets/.
        cores: processor cores that the containers may use; empty for all.
    """

    def __init__(self, folder: Path, cores: Sequence[int] = ()) -> None:
        self._folder = folder.absolute()
        self._user = _container_user()
        environment = {
            "LEAN_LIVE_STACK_USER": f"{self._user[0]}:{self._user[1]}",
            "LEAN_LIVE_STACK_CORES": ",".join(map(str, cores)),
        }
        self._compose = Compose(self._folder / COMPOSE_FILE, PROJECT, environment)

    @property
    def folder(self) -> Path:
        """The folder."""
        return self._folder

    @property
    def password_path(self) -> Path:
        """The file with the password of Grafana's user admin."""
        return self._folder / PASSWORD_FILE

    def prepare(self) -> Written:
        """Check the machine, and make what is missing of files, folders and the password.

        Returns:
            What became of the stack's files.

        Raises:
            EnvironmentFault: Docker cannot be used, or the folder cannot be written.
            ConfigError: the password's file can be read by others.
        """
        check_docker()
        written = write_bundle(self._folder)
        services = self._compose.services
        try:
            self._make_password()
            for name in services:
                path = self._folder / "data" / name
                path.mkdir(parents=True, exist_ok=True)
                self._own(path, 0o700)
        except OSError as error:
            raise EnvironmentFault(
                f"cannot use {error.filename}: {error.strerror}; check who owns {self._folder}, or name another folder"
            ) from error
        return written

    def start(self, wait_seconds: float, progress: Progress) -> list[ServiceState]:
        """Start all services and wait until they are healthy. Those that run already read their settings anew.

        Parameters:
            wait_seconds: longest time to wait, after the images have been fetched.
            progress: is told how it goes.

        Raises:
            EnvironmentFault: a port is taken, an image cannot be fetched, or a service does not become healthy.
        """
        running = {name for name, row in self._compose.containers().items() if row.get("State") == "running"}
        self._check_ports(running)
        self._compose.follow("up", "--detach", "--remove-orphans")
        for name in sorted(running & _READ_ANEW_ON_HANGUP):
            self._compose.ask("kill", "--signal", "HUP", name)
        begun_ns = monotonic_ns()
        while True:
            states = self.states()
            seconds = (monotonic_ns() - begun_ns) / NANOSECONDS_PER_SECOND
            progress(states, seconds)
            unhealthy = [each for each in states if not each.is_healthy]
            if not unhealthy:
                return states
            given_up = [each for each in unhealthy if each.is_gone] or (unhealthy if seconds > wait_seconds else [])
            if given_up:
                raise EnvironmentFault(self._why_unhealthy(given_up[0], seconds))
            sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """Stop all services and remove their containers. Data, settings and password stay.

        Raises:
            EnvironmentFault: Docker cannot be used.
        """
        check_docker()
        self._require_files()
        self._compose.follow("down", "--remove-orphans")

    def states(self) -> list[ServiceState]:
        """Return the state of each service, in the order of the compose file.

        Raises:
            EnvironmentFault: Docker cannot be used, or nothing has been set up in the folder.
        """
        self._require_files()
        containers = self._compose.containers()
        states = []
        for name, settings in self._compose.services.items():
            row = containers.get(name, {})
            host, port = _listens_at(name, settings)
            states.append(
                ServiceState(name, row.get("State") or "absent", row.get("Health") or "", f"http://{host}:{port}")
            )
        return states

    def _require_files(self) -> None:
        if not (self._folder / COMPOSE_FILE).is_file():
            raise EnvironmentFault(
                f"there is no stack in {self._folder}; start one with `lean-live stack up`, or name its folder with --folder"
            )

    def _check_ports(self, running: Collection[str]) -> None:
        for name, settings in self._compose.services.items():
            if name in running:
                continue
            host, port = _listens_at(name, settings)
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host, port))
                except OSError as error:
                    if error.errno != errno.EADDRINUSE:
                        raise EnvironmentFault(
                            f"{name} cannot listen on {host}:{port}: {error.strerror}; correct its address in "
                            f"{self._folder / COMPOSE_FILE}"
                        ) from error
                    raise EnvironmentFault(
                        f"port {port} of {host}, which {name} needs, is taken; `ss -ltnp sport = :{port}` says by what. Stop "
                        f"that, or give {name} another port in {self._folder / COMPOSE_FILE} and in the files that name it "
                        f"(`grep -rn {port} {self._folder}/deploy {self._folder}/grafana/provisioning`)"
                    ) from error

    def _make_password(self) -> None:
        path = self.password_path
        if path.exists():
            if path.stat().st_mode & _READABLE_BY_OTHERS:
                raise ConfigError(
                    f"others may read {path}, the password of Grafana; take that away: chmod 600 {path}, and change it"
                )
            return
        if (self._folder / _GRAFANA_DATABASE).exists():
            raise EnvironmentFault(
                f"{path} is gone, and Grafana keeps the password with which it was set up; write that into the file (chmod "
                f"600), or begin anew: stop the stack and delete {self._folder / _GRAFANA_DATABASE.parent}"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        self._own(path.parent, 0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(24))
            self._own(path, 0o600)
        except OSError as error:
            # A part of a password would be taken for a whole one the next time.
            path.unlink()
            raise OSError(error.errno, error.strerror, str(path)) from error

    def _own(self, path: Path, mode: int) -> None:
        path.chmod(mode)
        if os.geteuid() == 0:
            os.chown(path, *self._user)

    def _why_unhealthy(self, state: ServiceState, seconds: float) -> str:
        said = one_line(self._compose.ask("logs", "--no-color", "--no-log-prefix", "--tail", "3", state.name))
        return (
            f"{state.name} is {state.text} after {seconds:.0f} s; its last words: {said or 'none'}; see `docker logs "
            f"{PROJECT}-{state.name}-1`, and `lean-live stack down` to stop the others"
        )


def default_folder() -> Path:
    """Return the folder of the stack when none is named: lean-live/stack in the user's folder for data (XDG)."""
    base = os.environ.get("XDG_DATA_HOME", "")
    home = Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "share"
    return home / "lean-live" / "stack"


def _container_user() -> tuple[int, int]:
    """Return user and group of the containers: this user, who owns files and data; for root, nobody."""
    return (_NOBODY, _NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getegid())


def _listens_at(name: str, settings: dict[str, Any]) -> tuple[str, int]:
    """Return the address of a service: the option of Prometheus and Alertmanager, the variables of Grafana."""
    for word in settings.get("command") or ():
        match = _LISTEN_ADDRESS.match(word)
        if match is not None:
            return match[1], int(match[2])
    environment = settings.get("environment") or {}
    try:
        return environment["GF_SERVER_HTTP_ADDR"], int(environment["GF_SERVER_HTTP_PORT"])
    except (KeyError, ValueError) as error:
        raise ConfigError(
            f"the service {name} of the compose file does not say where it listens; give it --web.listen-address=HOST:PORT, "
            "or GF_SERVER_HTTP_ADDR and GF_SERVER_HTTP_PORT"
        ) from error
