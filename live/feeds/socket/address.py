"""Addresses of feeds: `unix:PATH` and `tcp:HOST:PORT`."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import NamedTuple

from live.errors import UsageError

_UNIX_PATH_BYTES_MAX = 107


class FeedAddress(NamedTuple):
    """Where a publisher listens: a socket file, or a host and a port when `path` is None."""

    path: Path | None
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix:{self.path}"
        return f"tcp:[{self.host}]:{self.port}" if ":" in self.host else f"tcp:{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether only programs of this machine can connect."""
        if self.path is not None or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_address(text: str, option: str) -> FeedAddress:
    """Return the address that a word means.

    Parameters:
        text: `unix:PATH` or `tcp:HOST:PORT`; an IPv6 host stands in brackets.
        option: name of the option, for the error.

    Raises:
        UsageError: it is neither.
    """
    kind, _, rest = text.partition(":")
    if kind == "unix" and rest:
        if len(rest.encode()) > _UNIX_PATH_BYTES_MAX:
            raise UsageError(
                f"{option} {text!r}: the path of a unix socket has at most {_UNIX_PATH_BYTES_MAX} bytes; use a shorter one"
            )
        return FeedAddress(Path(rest))
    host, _, port = rest.rpartition(":")
    if kind == "tcp" and host and port.isascii() and port.isdigit() and int(port) < 65_536:
        return FeedAddress(None, host.removeprefix("[").removesuffix("]"), int(port))
    raise UsageError(f"{option} {text!r} is no address; write unix:PATH or tcp:HOST:PORT, such as tcp:127.0.0.1:7070")
