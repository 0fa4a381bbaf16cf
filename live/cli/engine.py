"""What the verbs that start LEAN's engine share: their options, and where its reference data come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from live.errors import UsageError

if TYPE_CHECKING:
    from live.lean.engine.lean_home import LeanHome

Command = TypeVar("Command", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)


def engine_options(command: Command) -> Command:
    """Add `--engine`, `--lean-home`, `--image`, `--dotnet` and `--libpython` to a command."""
    engine = click.option(
        "--engine",
        type=click.Choice(["embedded", "lean"]),
        default="embedded",
        show_default=True,
        help="The embedded engine, or LEAN itself.",
    )
    home = click.option(
        "--lean-home", type=_PATH, help="With --engine lean: folder with QuantConnect.Lean.Launcher.dll."
    )
    image = click.option(
        "--image",
        metavar="NAME",
        help="With --engine lean: a Docker image with LEAN, such as quantconnect/lean; then the three folders and files "
        "beside it are those in the image.",
    )
    dotnet = click.option("--dotnet", type=_PATH, help="The dotnet command. Without it: DOTNET_ROOT, then PATH.")
    python = click.option(
        "--libpython", type=_PATH, help="libpython3.11.so. Without it: PYTHONNET_PYDLL, then searched."
    )
    return engine(home(image(dotnet(python(command)))))


def chosen_home(
    engine: str, lean_home: Path | None, image: str | None, dotnet: Path | None, libpython: Path | None
) -> LeanHome | None:
    """Return the engine that the options name, None for the embedded one.

    Raises:
        UsageError: the options contradict one another.
        EnvironmentFault: what they name cannot be used.
    """
    if engine != "lean":
        if any(each is not None for each in (lean_home, image, dotnet, libpython)):
            raise UsageError("--lean-home, --image, --dotnet and --libpython are about LEAN itself; add --engine lean")
        return None
    # Imported here: other verbs must not pay for it.
    if image is not None:
        from live.lean.engine.lean_image import find_image

        return find_image(image, lean_home, dotnet, libpython)
    if lean_home is None:
        raise UsageError(
            "--engine lean needs --lean-home, the folder with QuantConnect.Lean.Launcher.dll, or --image, a Docker image with it"
        )
    from live.lean.engine.lean_home import find_lean

    return find_lean(lean_home, dotnet, libpython)


def reference_data(named: Path | None, home: LeanHome, folder: Path) -> Path:
    """Return a data folder with LEAN's databases of hours and symbols, for runs that bring their own ticks.

    Parameters:
        named: the folder that the user named; otherwise LEAN's own beside the launcher's build, at last a small one, as for an
            image, whose files are not here.
        home: the engine.
        folder: where the small one is written.

    Raises:
        EnvironmentFault: the folder that was named lacks a database.
    """
    from live.feeds.sample_reference import write_reference
    from live.lean.engine.engine_config import check_data, missing_databases

    if named is not None:
        check_data(named)
        return named

    # A build is in Launcher/bin/Debug of LEAN's folder, beside Data.
    own = home.folder.parent.parent.parent / "Data"
    if home.image is None and not missing_databases(own):
        return own
    write_reference(folder)
    return folder
