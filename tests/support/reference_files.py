"""Map and factor files by their path, as tests name them."""

from __future__ import annotations

from pathlib import Path

from live.feeds.corporate_actions import FactorFile, MapFile, parse_factor_file, parse_map_file, read_text


def load_map_file(path: Path, name: str) -> MapFile:
    """Read a map file; one that is not there has no rows."""
    return parse_map_file(read_text(path) or "", str(path), name)


def load_factor_file(path: Path) -> FactorFile:
    """Read a factor file; one that is not there has no rows."""
    return parse_factor_file(read_text(path) or "", str(path))
