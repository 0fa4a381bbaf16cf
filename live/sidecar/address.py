"""Where the sidecar listens: an address that others can reach needs a secret, and a taken port is an error or passed over."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket

from live.config import SidecarSettings
from live.errors import ConfigError, EnvironmentFault

HEALTH_PATH = "/healthz"
"""Where a sidecar says that it serves and is not about to end."""
FURTHER_PORTS = 20
"""Ports that are tried after the configured one."""
_BACKLOG = 128
_HIGHEST_PORT = 65_535


def listen(settings: SidecarSettings) -> socket.socket:
    """Return a listening socket.

    Parameters:
        settings: address, port, and what to do when it is taken.

    Raises:
        ConfigError: there is no such address, or it is not this machine's own and no token is configured.
        EnvironmentFault: the port is taken or may not be used.
    """
    family, host = _resolve(settings.address)
    if not ipaddress.ip_address(host.partition("%")[0]).is_loopback and not settings.token_file:
        raise ConfigError(
            f"address {settings.address!r} in [sidecar] can be reached from other machines; name a token_file there, or "
            "use 127.0.0.1"
        )
    further = FURTHER_PORTS if settings.port_taken == "next" and settings.port else 0
    ports = range(settings.port, min(settings.port + further, _HIGHEST_PORT) + 1)
    for port in ports:
        try:
            return _bind(family, host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise EnvironmentFault(
                    f"cannot listen on {settings.address} port {port}: {os.strerror(error.errno or 0)}; choose another "
                    "address or port in [sidecar]"
                ) from error
    if further:
        raise EnvironmentFault(f"ports {ports[0]} to {ports[-1]} of {settings.address} are taken; choose other ones")
    raise EnvironmentFault(
        f"port {settings.port} of {settings.address} is taken; end who listens there, choose another with --port, or set "
        'port_taken = "next" in [sidecar]'
    )


def url_of(listener: socket.socket) -> str:
    """Return the address of a listening socket as a URL without a path."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"http://{host}:{port}"


def _resolve(address: str) -> tuple[int, str]:
    try:
        family, _kind, _protocol, _name, found = socket.getaddrinfo(address, None, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise ConfigError(
            f"address {address!r} in [sidecar] is unknown here; use a numeric one, such as 127.0.0.1"
        ) from error
    return family, str(found[0])


def _bind(family: int, host: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Those of an earlier sidecar that are still closing do not count.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
