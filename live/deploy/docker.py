"""Docker and its compose plugin, asked by their command line: what they answer, and what is wrong when they do not."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from live.errors import EnvironmentFault, one_line

_ANSWER_SECONDS = 60.0
_OWN_MONITORING = "or use the files of `lean-live stack files` with a Prometheus and a Grafana of your own"


class Compose:
    """One project of docker compose.

    Parameters:
        file: its compose file.
        project: its name.
        environment: variables that the file asks for.
    """

    def __init__(self, file: Path, project: str, environment: Mapping[str, str]) -> None:
        self._words = ["docker", "compose", "--project-name", project, "--file", str(file)]
        self._environment = {**os.environ, **environment}

    def ask(self, *words: str) -> str:
        """Return what a command of compose prints.

        Parameters:
            words: the command and its options.

        Raises:
            EnvironmentFault: it failed; the message ends with what compose says.
        """
        return _answer([*self._words, *words], self._environment, f"docker compose {words[0]} failed")

    def follow(self, *words: str) -> None:
        """Run a command of compose whose progress goes to standard error, for as long as it takes.

        Raises:
            EnvironmentFault: it failed; compose has said why.
        """
        code = subprocess.run(  # noqa: S603 - our own words
            [*self._words, *words], env=self._environment, stdin=subprocess.DEVNULL, stdout=2, check=False
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
    _run(["docker", "--version"])
    if _run(["docker", "compose", "version"]).returncode != 0:
        raise EnvironmentFault(
            "docker has no compose plugin; install it (docker-compose-plugin in Docker's packages, docker-compose-v2 in "
            f"Ubuntu's), {_OWN_MONITORING}"
        )
    info = _run(["docker", "info", "--format", "{{json .}}"])
    if info.returncode != 0:
        raise EnvironmentFault(_why_unreachable(one_line(info.stderr)))
    engine = orjson.loads(info.stdout)
    options = " ".join(engine.get("SecurityOptions") or [])
    if "rootless" in options or engine.get("OperatingSystem") == "Docker Desktop":
        kind = "rootless Docker" if "rootless" in options else "Docker Desktop"
        raise EnvironmentFault(
            f"{kind} gives containers a network of its own, so Prometheus could not reach the sidecar on 127.0.0.1; use "
            f"the Docker engine of this machine (docker context use default), {_OWN_MONITORING}"
        )


def _why_unreachable(said: str) -> str:
    if "permission denied" in said.lower():
        remedy = "add yourself to the group docker (sudo usermod -aG docker $USER) and sign in again, or use sudo"
        return f"this user may not talk to the Docker daemon: {said}; {remedy}"
    return f"the Docker daemon does not answer: {said}; start it (sudo systemctl start docker), {_OWN_MONITORING}"


def _answer(words: Sequence[str], environment: Mapping[str, str], failure: str) -> str:
    answer = _run(words, environment)
    if answer.returncode != 0:
        raise EnvironmentFault(f"{failure}: {one_line(answer.stderr) or f'exit code {answer.returncode}'}")
    return answer.stdout


def _run(words: Sequence[str], environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - our own words
            words,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_ANSWER_SECONDS,
        )
    except FileNotFoundError as error:
        raise EnvironmentFault(
            f"docker is not installed, or not in PATH; install Docker Engine with its compose plugin, {_OWN_MONITORING}"
        ) from error
    except OSError as error:
        raise EnvironmentFault(f"cannot run docker: {error.strerror}; look at `which docker`") from error
    except subprocess.TimeoutExpired as error:
        raise EnvironmentFault(
            f"`{' '.join(words[:3])}` has not answered for {_ANSWER_SECONDS:.0f} s; look at `docker info`, and restart the "
            "daemon if it hangs too"
        ) from error
