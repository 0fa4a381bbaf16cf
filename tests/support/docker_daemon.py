"""A Docker daemon of the tests' own: real, without a network, in a folder that goes away with it.

It ends with the tests' process, even when that is killed: what ends an engine in a container ends the daemon too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from live.clock import sleep
from live.lean.engine import contained

NEEDED_VARIABLE = "LEAN_LIVE_NEEDS_DOCKER"
"""Set where tests that need the daemon must not be skipped."""
_END_SECONDS = 30
_START_SECONDS = 60
_OPTIONS = ["--bridge", "none", "--iptables=false", "--ip6tables=false", "--oom-score-adjust", "0"]


@contextmanager
def docker_daemon() -> Iterator[str]:
    """Run a daemon; the value is its address, for DOCKER_HOST. Skip the test, or fail it, where none can run."""
    missing = [name for name in ("dockerd", "docker", "unshare") if shutil.which(name) is None]
    if missing:
        give_up(f"{' and '.join(missing)} not installed (Debian and Ubuntu: docker.io)")
    if os.geteuid() != 0:
        give_up("a Docker daemon of one's own needs root")
    # A short path: those of sockets have at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="lean-live-docker-"))
    places = ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid"]
    address = f"unix://{folder}/socket"
    leash = [sys.executable, "-I", "-S", contained.__file__, str(_END_SECONDS)]
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(
            # Its mounts are in a namespace of its own, which ends with it.
            [
                *leash,
                str(shutil.which("unshare")),
                "--mount",
                str(shutil.which("dockerd")),
                *places,
                *_OPTIONS,
                "--host",
                address,
            ],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(daemon, address, folder / "log")
        yield address
    finally:
        assert daemon.stdin is not None
        daemon.stdin.close()
        daemon.wait(_END_SECONDS + 10)
        left = processes_of(str(folder))
        shutil.rmtree(folder)
        assert not left, f"the daemon has left {left}"


def give_up(why: str) -> None:
    """Skip the test, or fail it where it must not be skipped."""
    if os.environ.get(NEEDED_VARIABLE):
        pytest.fail(f"no Docker daemon, and {NEEDED_VARIABLE} is set: {why}", pytrace=False)
    pytest.skip(f"no Docker daemon: {why}")


def processes_of(word: str) -> list[str]:
    """Return the command lines of processes that have a word in theirs."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if word in line:
            found.append(line)
    return found


def _wait_for(daemon: subprocess.Popen[bytes], address: str, log: Path) -> None:
    for _ in range(_START_SECONDS * 10):
        if subprocess.run(["docker", "--host", address, "info"], capture_output=True, check=False).returncode == 0:
            return
        if daemon.poll() is not None:
            break
        sleep(0.1)
    give_up(f"dockerd does not start here: {' | '.join(log.read_text(errors='replace').splitlines()[-3:])}")
