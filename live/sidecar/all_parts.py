"""The pieces that a sidecar consists of beside its exporter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from live.config import Config
from live.sidecar.analytics.part import AnalyticsPart
from live.sidecar.parts import Part
from live.sidecar.watchdog import Watchdog


def make_parts(config: Config, config_folder: Path, say: Callable[[str], None]) -> list[Part]:
    """Return the pieces of a sidecar.

    Parameters:
        config: all settings.
        config_folder: folder of the configuration file; paths in it are relative to it.
        say: takes a line for people.

    Raises:
        ConfigError: settings contradict each other, or a module of analytics tasks cannot be loaded.
    """
    return [Watchdog(config.watchdog, say), AnalyticsPart(config.analytics, config_folder, say)]
