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

    All are written beside their places before the first takes its place, so that a disk that is full leaves the folder as
    it was. A place that is a symbolic link stays one: what it leads to is replaced.

    Raises:
        OSError: one cannot be read or written; its `filename` says which.
    """
    changed = [each for each in files if not is_written(each, folder)]
    prepared: list[tuple[Path, Path]] = []
    try:
        for each in changed:
            (folder / each.path).parent.mkdir(parents=True, exist_ok=True)
            prepared.append(_prepare(folder / each.path, each.content))
        for temporary, target in prepared:
            temporary.replace(target)
    except BaseException:
        for temporary, _target in prepared:
            temporary.unlink(missing_ok=True)
        raise
    return [folder / each.path for each in changed]


def replace_file(path: Path, content: bytes) -> None:
    """Write a file in the place of the one that is there: a reader sees the old one or the new one, never a part.

    Parameters:
        path: the file, whose folder exists, or a symbolic link to it. It gets FILE_MODE.
        content: its bytes.

    Raises:
        OSError: it cannot be written; the old one is still there, and `filename` is the path.
    """
    temporary, target = _prepare(path, content)
    try:
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _prepare(path: Path, content: bytes) -> tuple[Path, Path]:
    """Write a file beside its place, and return its path and the place, which is where a symbolic link leads."""
    target = path.resolve()
    temporary = None
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        temporary.chmod(FILE_MODE)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    return temporary, target
