"""The docker command, asked by its command line: what it answers, and what is wrong when it does not."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from typing import Any

import msgspec

from live.errors import EnvironmentFault, one_line

_ANSWER_SECONDS = 60.0


class Docker:
    """The command, and what the user can do without it.

    Parameters:
        otherwise: what else the user can do where Docker cannot be used, for the ends of messages.
        environment: variables of the command; None for those of this process.
    """

    def __init__(self, otherwise: str, environment: Mapping[str, str] | None = None) -> None:
        self._otherwise = otherwise
        self._environment = environment

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Return what a command answers, whether it succeeds or not.

        Parameters:
            words: the command and its options, without `docker`.

        Raises:
            EnvironmentFault: there is no docker command, or it does not answer.
        """
        command = ["docker", *words]
        try:
            return subprocess.run(  # noqa: S603 - our own words
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=_ANSWER_SECONDS,
            )
        except FileNotFoundError as error:
            raise EnvironmentFault(
                f"docker is not installed, or not in PATH; install Docker Engine, {self._otherwise}"
            ) from error
        except OSError as error:
            raise EnvironmentFault(f"cannot run docker: {error.strerror}; look at `which docker`") from error
        except subprocess.TimeoutExpired as error:
            raise EnvironmentFault(
                f"`docker {' '.join(words[:2])}` has not answered for {_ANSWER_SECONDS:.0f} s; look at `docker info`, and "
                "restart the daemon if it hangs too"
            ) from error

    def ask(self, failure: str, *words: str) -> str:
        """Return what a command prints.

        Parameters:
            failure: what to say when it fails, before what docker says of it.
            words: the command and its options, without `docker`.

        Raises:
            EnvironmentFault: it failed.
        """
        answer = self.run(*words)
        if answer.returncode != 0:
            raise EnvironmentFault(f"{failure}: {one_line(answer.stderr) or f'exit code {answer.returncode}'}")
        return answer.stdout

    def info(self) -> dict[str, Any]:
        """Return what the daemon says of itself.

        Raises:
            EnvironmentFault: there is none that this user may use.
        """
        answer = self.run("info", "--format", "{{json .}}")
        try:
            found: dict[str, Any] = msgspec.json.decode(answer.stdout or "{}")
        except msgspec.DecodeError:
            found = {}
        # Since version 23 the command says so by its exit code, before that by ServerErrors alone.
        errors = found.get("ServerErrors") or []
        if answer.returncode != 0 or errors or not found:
            raise EnvironmentFault(self._why_unreachable(one_line("\n".join(errors) or answer.stderr)))
        return found

    def _why_unreachable(self, said: str) -> str:
        if "permission denied" in said.lower():
            remedy = "add yourself to the group docker (sudo usermod -aG docker $USER) and sign in again, or use sudo"
            return f"this user may not talk to the Docker daemon: {said}; {remedy}"
        return f"the Docker daemon does not answer: {said}; start it (sudo systemctl start docker), {self._otherwise}"


def is_rootless(info: Mapping[str, Any]) -> bool:
    """Tell whether a daemon runs as a user, who is root in its containers."""
    return "rootless" in " ".join(info.get("SecurityOptions") or [])


def is_desktop(info: Mapping[str, Any]) -> bool:
    """Tell whether containers run in a virtual machine of their own."""
    return info.get("OperatingSystem") == "Docker Desktop"
