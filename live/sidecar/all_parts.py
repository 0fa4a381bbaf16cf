"""The pieces that a sidecar consists of beside its exporter."""

from __future__ import annotations

from pathlib import Path

from live.config import Config
from live.sidecar.parts import Part


def make_parts(config: Config, config_folder: Path) -> list[Part]:
    """Return the pieces of a sidecar.

    Parameters:
        config: all settings.
        config_folder: folder of the configuration file; paths in it are relative to it.
    """
    return []
