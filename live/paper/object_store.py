"""LEAN's object store on disk: one file per key below a folder, read and written whole."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from live.algorithm.naming import PascalCaseAccess
from live.errors import EnvironmentFault, UsageError


class ObjectStore(PascalCaseAccess):
    """Objects kept between runs, by key. A key may hold slashes, which become folders; it cannot leave the store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def contains_key(self, path: str) -> bool:
        """Tell whether a key exists."""
        return self._file(path).is_file()

    def get_file_path(self, path: str) -> str:
        """Return the path of a key's file."""
        return str(self._file(path))

    def read(self, path: str) -> str:
        """Return a key's text."""
        return self.read_bytes(path).decode("utf-8")

    read_string = read

    def read_bytes(self, path: str) -> bytes:
        """Return a key's bytes.

        Raises:
            UsageError: the key does not exist.
            EnvironmentFault: its file cannot be read.
        """
        try:
            return self._file(path).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise UsageError(f"the object store has no key {path!r}; ask contains_key first") from None
        except OSError as error:
            raise EnvironmentFault(
                f"cannot read object store key {path!r} from {self._file(path)}: {_reason(error)}; mend its permissions"
            ) from error

    def read_json(self, path: str) -> Any:
        """Return a key's JSON value."""
        return orjson.loads(self.read_bytes(path))

    def save(self, path: str, text: str | None = None) -> bool:
        """Write a key's text."""
        return self.save_bytes(path, (text or "").encode("utf-8"))

    save_string = save

    def save_json(self, path: str, obj: Any) -> bool:
        """Write a key's JSON value."""
        return self.save_bytes(path, orjson.dumps(obj))

    def save_bytes(self, path: str, contents: bytes) -> bool:
        """Write a key's bytes, all or nothing.

        Raises:
            EnvironmentFault: the disk is full or the folder cannot be written.
        """
        file = self._file(path)
        draft = file.with_name(file.name + ".part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(contents)
            draft.replace(file)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise EnvironmentFault(
                f"cannot write object store key {path!r} to {file}: {_reason(error)}; "
                "free some space, see that the folder can be written, or choose another --results folder"
            ) from error
        return True

    def delete(self, path: str) -> bool:
        """Remove a key; tell whether it existed.

        Raises:
            EnvironmentFault: its file cannot be deleted.
        """
        try:
            self._file(path).unlink()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return False
        except OSError as error:
            raise EnvironmentFault(
                f"cannot delete object store key {path!r} at {self._file(path)}: {_reason(error)}; mend its permissions"
            ) from error
        return True

    @property
    def keys(self) -> list[str]:
        """All keys, sorted."""
        if not self._folder.is_dir():
            return []
        return sorted(str(file.relative_to(self._folder)) for file in self._folder.rglob("*") if file.is_file())

    def _file(self, path: str) -> Path:
        try:
            file = (self._folder / path).resolve()
        except (OSError, ValueError, RuntimeError):
            file = self._folder
        if not path or self._folder.resolve() not in file.parents:
            raise UsageError(f"{path!r} is no key of the object store; use a relative name without '..'")
        return file


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
