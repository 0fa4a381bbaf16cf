"""Files that follow from something else: compared with what is there, and written each whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

FILE_MODE = 0o644
"""Other users may have to read them, such as that of a container; nothing in them is secret."""


class GeneratedFile(NamedTuple):
    """A file to write.

    Attributes:
        path: relative to the output folder.
        content: its bytes.
    """

    path: Path
    content: bytes


def is_written(file: GeneratedFile, folder: Path) -> bool:
    """Return whether a folder has a file with this content.

    Raises:
        OSError: it cannot be read.
    """
    try:
        return (folder / file.path).read_bytes() == file.content
    except FileNotFoundError:
        return False


def differing(files: Iterable[GeneratedFile], folder: Path) -> list[Path]:
    """Return the paths of those files that a folder does not have, or has with another content.

    Raises:
        OSError: one cannot be read.
    """
    return [folder / each.path for each in files if not is_written(each, folder)]


def write_differing(files: Iterable[GeneratedFile], folder: Path) -> list[Path]:
    """Write the files that a folder does not have so, and return their paths.

    Raises:
        OSError: one cannot be read or written.
    """
    changed = [each for each in files if not is_written(each, folder)]
    for each in changed:
        (folder / each.path).parent.mkdir(parents=True, exist_ok=True)
        replace_file(folder / each.path, each.content)
    return [folder / each.path for each in changed]


def replace_file(path: Path, content: bytes) -> None:
    """Write a file in the place of the one that is there: a reader sees the old one or the new one, never a part.

    Parameters:
        path: the file, whose folder exists. It gets FILE_MODE.
        content: its bytes.

    Raises:
        OSError: it cannot be written; the old one is still there.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).chmod(FILE_MODE)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
