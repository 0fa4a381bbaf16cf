"""The files of the monitoring stack: where this installation has them, and their way into a folder of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from live.errors import EnvironmentFault
from live.generated import GeneratedFile, is_written, replace_file

COMPOSE_FILE = Path("deploy", "compose.yaml")
_LIST = Path(__file__).resolve().parent / "stack_files.txt"
"""Names the files one by one, for the build of the package too: in a checkout, secrets of the user's may lie beside them."""
OLD_SUFFIX = ".old"
"""Behind the names of files that were renewed; neither Prometheus nor Grafana reads such files."""

_FOLDER_MODE = 0o755
"""Containers may run as another user than the one who writes the files."""


class Written(NamedTuple):
    """What became of the files, as paths relative to the folder.

    Attributes:
        written: files that were missing, or were renewed.
        kept: files that differ from those of this version and were left as they are.
    """

    written: list[Path]
    kept: list[Path]


def bundle_folder() -> Path:
    """Return the folder that holds deploy/ and grafana/: in the installed package, else in the checkout.

    Raises:
        EnvironmentFault: the installation lacks them.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "files", package.parent.parent):
        if (folder / COMPOSE_FILE).is_file():
            return folder
    raise EnvironmentFault(
        f"the files of the stack are missing from {package / 'files'}; install lean-live anew: "
        "pip install --force-reinstall lean-live"
    )


def bundle_files() -> list[Path]:
    """Return the paths of all files of the stack, relative to the folder that holds them, sorted."""
    return [Path(name) for name in _LIST.read_text(encoding="utf-8").split()]


def write_bundle(folder: Path, overwrite: bool = False) -> Written:
    """Write the stack's files into a folder, without touching those that somebody has changed.

    Parameters:
        folder: made when missing.
        overwrite: renew changed files too; what they held goes to a file of the same name with OLD_SUFFIX.

    Raises:
        EnvironmentFault: this installation lacks them, or the folder cannot be written.
    """
    root = bundle_folder()
    result = Written([], [])
    try:
        for relative in bundle_files():
            target = folder / relative
            file = GeneratedFile(relative, (root / relative).read_bytes())
            if is_written(file, folder):
                continue
            if target.exists() and not overwrite:
                result.kept.append(relative)
                continue
            if target.exists():
                target.replace(target.with_name(target.name + OLD_SUFFIX))
            _make_folders(folder, relative.parent)
            replace_file(target, file.content)
            result.written.append(relative)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write {error.filename}: {error.strerror}; free some space, or name another folder"
        ) from error
    return result


def _make_folders(folder: Path, relative: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for part in [*reversed(relative.parents), relative]:
        path = folder / part
        if not path.is_dir():
            path.mkdir()
            path.chmod(_FOLDER_MODE)
