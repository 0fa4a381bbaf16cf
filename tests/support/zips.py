"""Small zip files like those of a LEAN data folder."""

from __future__ import annotations

import zipfile
from pathlib import Path


def write_zip(path: Path, text: bytes, name: str = "rows.csv", **more: bytes) -> Path:
    """Write a zip of one file, or of more given as name=bytes, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
        for other, content in more.items():
            archive.writestr(other, content)
    return path
