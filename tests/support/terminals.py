"""A terminal for a command: what it draws is read, keys are typed, the window changes its size."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
from pathlib import Path
from typing import Any

from live.clock import monotonic_ns
from support.commands import COMMAND, ROOT, heed_signals

_PATIENCE_SECONDS = 60.0


class Terminal:
    """A command on a terminal of its own.

    Parameters:
        arguments: words after `lean-live`.
        cwd: working folder.
        columns: width of the window.
        rows: height of the window.
        environment: variables beside those of the test.
    """

    def __init__(self, arguments: list[str], cwd: Path, columns: int = 80, rows: int = 24, **environment: str) -> None:
        self._master, self._slave = pty.openpty()
        self.resize(columns, rows)
        self.modes_before = self.modes()
        self.output = ""
        variables = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **environment}
        for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"):
            if name not in environment:
                variables.pop(name, None)
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=cwd,
            env=variables,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            preexec_fn=self._take_terminal,
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
        os.close(self._slave)

    def modes(self) -> list[Any]:
        """Return the terminal's modes."""
        return termios.tcgetattr(self._slave)

    def resize(self, columns: int, rows: int) -> None:
        """Change the window's size; the command gets SIGWINCH."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys: bytes) -> None:
        """Type."""
        os.write(self._master, keys)

    def read_until(self, part: str) -> str:
        """Read what is drawn until a text comes; return everything up to then since the last call."""
        text = ""
        until_ns = monotonic_ns() + int(_PATIENCE_SECONDS * 1e9)
        while part not in text:
            assert monotonic_ns() < until_ns, f"{part!r} did not come: {text!r}"
            ready, _, _ = select.select([self._master], [], [], 0.1)
            if ready:
                text += os.read(self._master, 65_536).decode("utf-8", "replace")
            else:
                assert self.process.poll() is None, f"ended with {self.process.returncode}: {text!r}"
        self.output += text
        return text

    def end(self) -> int:
        """Wait for the command's end, read the rest, and return the exit code."""
        until_ns = monotonic_ns() + int(_PATIENCE_SECONDS * 1e9)
        code = None
        while code is None:
            assert monotonic_ns() < until_ns, f"the command did not end: {self.output!r}"
            code = self.process.poll()
            # A command whose terminal nobody reads would wait for ever.
            while select.select([self._master], [], [], 0.05)[0]:
                self.output += os.read(self._master, 65_536).decode("utf-8", "replace")
        return code

    @staticmethod
    def _take_terminal() -> None:
        heed_signals()
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
