"""The secret that a publisher may ask consumers for, kept in a file that only its owner reads."""

from __future__ import annotations

import os
from pathlib import Path

from live.errors import ConfigError, EnvironmentFault
from live.feeds.socket.frames import TEXT_MAX

_TOKEN_MIN = 16


def read_token(path: Path | None) -> str:
    """Return the secret of a file, "" without a file.

    Raises:
        EnvironmentFault: the file cannot be read, or others may read it.
        ConfigError: what it holds is too short or too long.
    """
    if path is None:
        return ""
    try:
        mode = path.stat().st_mode
        text = path.read_bytes().decode("utf-8", "replace").strip()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise EnvironmentFault(f"cannot read the token file {path}: {reason}; check its path") from error
    if mode & 0o077:
        raise EnvironmentFault(f"others may read the token file {path}; run: chmod 600 {path}")
    if not _TOKEN_MIN <= len(text) <= TEXT_MAX:
        raise ConfigError(f"{path} holds {len(text)} characters; a token has {_TOKEN_MIN} to {TEXT_MAX}")
    return text
