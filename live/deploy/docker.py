"""Docker's compose plugin, asked by its command line, and whether this machine can run the stack."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from live.docker import Docker, is_desktop, is_rootless
from live.errors import EnvironmentFault

_OWN_MONITORING = "or use the files of `lean-live stack files` with a Prometheus and a Grafana of your own"


class Compose:
    """One project of docker compose.

    Parameters:
        file: its compose file.
        project: its name.
        environment: variables that the file asks for.
    """

    def __init__(self, file: Path, project: str, environment: Mapping[str, str]) -> None:
        self._words = ["compose", "--project-name", project, "--file", str(file)]
        self._environment = {**os.environ, **environment}
        self._docker = Docker(_OWN_MONITORING, self._environment)

    def ask(self, *words: str) -> str:
        """Return what a command of compose prints.

        Parameters:
            words: the command and its options.

        Raises:
            EnvironmentFault: it failed; the message ends with what compose says.
        """
        return self._docker.ask(f"docker compose {words[0]} failed", *self._words, *words)

    def follow(self, *words: str) -> None:
        """Run a command of compose whose progress goes to standard error, for as long as it takes.

        Raises:
            EnvironmentFault: it failed; compose has said why.
        """
        command = ["docker", *self._words, *words]
        code = subprocess.run(  # noqa: S603 - our own words
            command, env=self._environment, stdin=subprocess.DEVNULL, stdout=2, check=False
        ).returncode
        if code != 0:
            raise EnvironmentFault(
                f"docker compose {words[0]} failed with exit code {code}; its message is above. When an image could not "
                "be fetched, look at the network and at `docker pull`"
            )

    def services(self) -> dict[str, dict[str, Any]]:
        """Return the services of the file with their settings, all variables filled in, by name."""
        content = orjson.loads(self.ask("config", "--format", "json"))
        services: dict[str, dict[str, Any]] = content["services"]
        return services

    def containers(self) -> dict[str, dict[str, Any]]:
        """Return what compose says of each service that has a container, by name."""
        text = self.ask("ps", "--all", "--format", "json").strip()
        # Compose before 2.21 prints one list, later ones one object a line.
        rows = orjson.loads(text or "[]") if text[:1] != "{" else [orjson.loads(line) for line in text.splitlines()]
        return {row["Service"]: row for row in rows}


def check_docker() -> None:
    """Check that there is a Docker engine of this machine that this user may use, and the compose plugin.

    Raises:
        EnvironmentFault: there is not; the message says which of them is missing, and the remedy.
    """
    docker = Docker(_OWN_MONITORING)
    if docker.run("compose", "version").returncode != 0:
        raise EnvironmentFault(
            "docker has no compose plugin; install it (docker-compose-plugin in Docker's packages, docker-compose-v2 in "
            f"Ubuntu's), {_OWN_MONITORING}"
        )
    info = docker.info()
    if is_rootless(info) or is_desktop(info):
        kind = "rootless Docker" if is_rootless(info) else "Docker Desktop"
        raise EnvironmentFault(
            f"{kind} gives containers a network of its own, so Prometheus could not reach the sidecar on 127.0.0.1; use "
            f"the Docker engine of this machine (docker context use default), {_OWN_MONITORING}"
        )
