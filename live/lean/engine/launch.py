"""How an engine is started and told to end: as a process of this machine, or in a container (`container.py`)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import IO, Protocol

from live.errors import EnvironmentFault
from live.lean.engine import leashed
from live.lean.engine.container import ContainerLaunch
from live.lean.engine.engine_config import EngineFiles, engine_command
from live.lean.engine.lean_home import LeanHome


class Launch(Protocol):
    """One start of an engine."""

    def start(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start the engine; it ends when the calling thread's process does, whatever ended that.

        Parameters:
            output: where what it prints goes.

        Returns:
            The process that is there for as long as the engine is.

        Raises:
            EnvironmentFault: it cannot be started.
        """
        ...

    def interrupt(self) -> None:
        """Ask the engine to end as on Ctrl-C; from the moment of the start on, and never lost."""
        ...

    def send(self, number: signal.Signals) -> None:
        """Send the engine a signal, if it still runs."""
        ...

    def kill(self) -> None:
        """End the engine, and what it started, at once, if it still runs; wait until it has ended."""
        ...

    def finish(self) -> int:
        """Take away what is left once the process has ended.

        Returns:
            The engine's exit code, negative for a signal.

        Raises:
            EnvironmentFault: the engine never came to start.
        """
        ...


def launch_of(home: LeanHome, files: EngineFiles, stop_seconds: float) -> Launch:
    """Return what starts an engine.

    Parameters:
        home: the engine.
        files: what `prepare` wrote.
        stop_seconds: how long it has to end when it is asked to.
    """
    return ProcessLaunch(home, files) if home.image is None else ContainerLaunch(home, files, stop_seconds)


class ProcessLaunch:
    """Starts the engine as a process.

    Parameters:
        home: the engine.
        files: what `prepare` wrote.
    """

    def __init__(self, home: LeanHome, files: EngineFiles) -> None:
        self._engine = engine_command(home, files)
        self._files = files
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start it."""
        # Without this environment's own variables of Python, which are for the one inside LEAN.
        command = [sys.executable, "-I", "-S", leashed.__file__, str(os.getpid()), *self._engine]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the command that was checked, without a shell
                command,
                cwd=self._files.folder,
                env=dict(self._files.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal goes to this program alone, which passes it on once.
                start_new_session=True,
                # Only then: code of ours between fork and exec is a risk when other threads run.
                preexec_fn=_hear_interrupts if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else None,
            )
        except OSError as error:
            raise EnvironmentFault(
                f"cannot start {' '.join(self._engine)}: {error.strerror}; end other processes, or look at `ulimit -u`"
            ) from error
        return self._process

    def interrupt(self) -> None:
        """Send SIGINT."""
        self.send(signal.SIGINT)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill(self) -> None:
        """Kill the process and what it started."""
        assert self._process is not None
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                # The process leads a group of its own since its start.
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def finish(self) -> int:
        """Return the exit code; nothing is left of a process."""
        assert self._process is not None
        return self._process.wait()


def _hear_interrupts() -> None:
    """Let the engine hear SIGINT, in its process before it is the engine.

    A shell without job control has its background commands ignore it, which is inherited; .NET leaves an ignored signal so.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
