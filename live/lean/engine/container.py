"""Starts an engine in a container, and ends it.

The engine sees the files of a run under the same paths as they have here, runs as the user of this program, and shares the
page of telemetry with it. It has no network unless its ticks come from there. Its first process is `contained.py`, which ends
the engine when this program goes away, however that happens: no container is left behind.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns, sleep
from live.cores import usable_cores
from live.docker import Docker
from live.errors import EnvironmentFault
from live.lean.engine.contained import SIGNAL_CODE
from live.lean.engine.engine_config import EngineFiles, engine_command
from live.lean.engine.engine_log import last_lines, read_text
from live.lean.engine.image_packages import PACKAGES, package_places
from live.lean.engine.lean_home import LeanHome, LeanImage

OTHERWISE = "or use a LEAN of this machine: --lean-home instead of --image"
SEPARATE = (
    *("--pull", "never"),
    # The output is written here; a copy of the daemon's would fill its disk.
    *("--log-driver", "none"),
    *("--security-opt", "no-new-privileges"),
)
"""Options of every container here."""
LABEL = "lean-live.run"
"""Containers have the folder of their run under this label."""
_CONTAINED = PACKAGES / "live" / "lean" / "engine" / "contained.py"
_MARGIN_SECONDS = 10.0
"""What the engine has in addition once this program has gone away: as long as it is there, it is the one to kill it."""
_REMOVAL_SECONDS = 10.0
"""How long the daemon may take to remove a container that has ended."""
_UNDER_WAY = "already in progress"
"""What docker says of a container that the daemon is just removing by itself."""
_LOOK_SECONDS = 0.05
_NOT_STARTED = 125
"""Exit code of `docker run` when there was no container."""


def identity(is_rootless: bool, security: Sequence[str]) -> tuple[str, ...]:
    """Return the options that let a container work on this user's files as this user, and no more.

    Parameters:
        is_rootless: whether the daemon runs as this user, who is root in its containers then.
        security: what the daemon says of its security.
    """
    uid, gid = (0, 0) if is_rootless else (os.geteuid(), os.getegid())
    words = ["--user", f"{uid}:{gid}", "--cap-drop", "ALL"]
    if uid == 0:
        # Root reads the files of others here.
        words += ["--cap-add", "DAC_OVERRIDE"]
    if not is_rootless:
        words += [word for group in sorted(set(os.getgroups()) - {gid}) for word in ("--group-add", str(group))]
    if any(each.startswith("name=userns") for each in security):
        words += ["--userns", "host"]
    if any(each.startswith("name=selinux") for each in security):
        words += ["--security-opt", "label=disable"]
    return tuple(words)


class ContainerLaunch:
    """Starts the engine in a container of its image.

    Parameters:
        home: the engine.
        files: what `prepare` wrote.
        stop_seconds: how long the engine has to end once this program has gone away.
    """

    def __init__(self, home: LeanHome, files: EngineFiles, stop_seconds: float) -> None:
        assert home.image is not None
        self._image: LeanImage = home.image
        self._engine = engine_command(home, files)
        self._files = files
        self._stop_seconds = stop_seconds
        self._name = f"lean-live-{secrets.token_hex(6)}"
        self._docker = Docker(OTHERWISE)
        self._client: subprocess.Popen[bytes] | None = None
        self._is_over = False

    def start(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start the container; the process is the docker command, which lasts as long as the container."""
        command = ["docker", "run", *self._options(), self._image.id, *self._command()]
        try:
            self._client = subprocess.Popen(  # noqa: S603 - our own words and the image that was checked
                command,
                # The values are not on the command line, which everybody can read.
                env={**os.environ, **self._files.environment},
                # Open for as long as this program lives.
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal goes to this program alone, which passes it on once.
                start_new_session=True,
            )
        except OSError as error:
            raise EnvironmentFault(f"cannot run docker: {error.strerror}; look at `which docker`") from error
        return self._client

    def interrupt(self) -> None:
        """Close the engine's lifeline; it is held by the container's first process, even of one that is just being made."""
        assert self._client is not None
        assert self._client.stdin is not None
        # Nothing was written, so there is nothing that could not be.
        with suppress(OSError):
            self._client.stdin.close()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the container's first process, which hands it on."""
        self._send(number)

    def kill(self) -> None:
        """Kill everything in the container, and remove it."""
        if self._client is None or self._is_over:
            return
        # The docker command ends once the container is removed; at once when it has not made one yet.
        seconds = _REMOVAL_SECONDS if self._send(signal.SIGKILL) else 0.0
        try:
            self._client.wait(seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._client.pid, signal.SIGKILL)
            self._client.wait()
        self._remove()

    def _send(self, number: signal.Signals) -> bool:
        """Send a signal; return whether there was a container to send it to."""
        return self._docker.run("kill", "--signal", str(int(number)), self._name).returncode == 0

    def finish(self) -> int:
        """Remove the container, should it be left, and return the engine's exit code."""
        assert self._client is not None
        code = self._client.wait()
        self._remove()
        if code == _NOT_STARTED:
            said = " ".join(last_lines(read_text(self._files.output), 2))
            raise EnvironmentFault(f"Docker could not start a container of {self._image.name}: {said}")
        return SIGNAL_CODE - code if code > SIGNAL_CODE else code

    def _remove(self) -> None:
        """Remove the container. The daemon does it by itself when the engine ends; not when the docker command was killed."""
        if not self._is_over:
            self._is_over = True
            self.interrupt()
            until_ns = monotonic_ns() + round(_REMOVAL_SECONDS * NANOSECONDS_PER_SECOND)
            while _UNDER_WAY in self._docker.run("rm", "--force", self._name).stderr and monotonic_ns() < until_ns:
                sleep(_LOOK_SECONDS)

    def _options(self) -> list[str]:
        """Return the options of `docker run`."""
        files = self._files
        words = ["--rm", "--interactive", "--name", self._name, "--label", f"{LABEL}={files.folder}"]
        words += [*SEPARATE, *self._image.options]
        words += ["--network", "host" if files.needs_network else "none"]
        # Process ids on the page are those of this machine, where top and the sidecar look for them.
        words += ["--pid", "host"]
        words += ["--stop-signal", "SIGINT", "--stop-timeout", str(round(self._stop_seconds))]
        cores = usable_cores()
        if len(cores) != os.cpu_count():
            words += ["--cpuset-cpus", ",".join(map(str, cores))]
        for each in (*package_places(), *files.places):
            words += each.words
        for name in sorted(files.environment):
            words += ["--env", name]
        # The image's own may not be this user's.
        words += ["--env", "HOME=/tmp", "--workdir", str(files.folder), "--entrypoint", str(self._image.python)]
        return words

    def _command(self) -> list[str]:
        """Return the arguments of the image's Python."""
        return ["-I", "-S", str(_CONTAINED), str(self._stop_seconds + _MARGIN_SECONDS), *self._engine]
