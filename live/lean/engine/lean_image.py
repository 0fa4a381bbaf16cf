"""A LEAN in a Docker image: whether it can be used from here, and what it holds.

Everything is asked before a run begins. The image is never fetched: it has many gigabytes, and which one is used is the
user's choice. What is in it is looked at by a short run of its own Python, as an engine gets this program's packages; that
also shows whether folders of this machine can be given to a container at all.

Of the official image this is taken for granted: the launcher is in /Lean/Launcher/bin/Debug, python3.11 and dotnet are in PATH,
libpython3.11.so is beside that Python or named in PYTHONNET_PYDLL, and users other than root may read all of it.
"""

from __future__ import annotations

import platform
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from live.docker import Docker, is_desktop, is_rootless
from live.errors import EnvironmentFault, one_line
from live.lean.engine.container import OTHERWISE, SEPARATE, identity
from live.lean.engine.image_packages import PACKAGES, package_places
from live.lean.engine.lean_home import LeanHome, LeanImage, require_interpreter
from live.lean.engine.places import Place

STANDARD_FOLDER = Path("/Lean/Launcher/bin/Debug")
"""Where the official image, quantconnect/lean, has the launcher."""
_PYTHON = "python3.11"
_PROBE = PACKAGES / "live" / "lean" / "engine" / "image_probe.py"
_ANSWER = "found.json"
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
"""Docker's names of them, by those of the system."""
_NOT_STARTED = 125
_NO_COMMAND = (126, 127)
"""Exit codes of `docker run`: there was no container, or it has no such command."""


def find_image(
    name: str, folder: Path | None = None, dotnet: Path | None = None, libpython: Path | None = None
) -> LeanHome:
    """Look for everything that the engine needs, in an image.

    Parameters:
        name: the image's name or id.
        folder: folder of the launcher in the image; None for that of the official one.
        dotnet: the `dotnet` command in the image; None looks for it there.
        libpython: libpython3.11.so in the image; None likewise.

    Raises:
        EnvironmentFault: Docker or the image cannot be used; the message says what to do.
    """
    require_interpreter()
    if sys.platform != "linux":
        raise EnvironmentFault(f"--image needs Linux: an engine shares memory with this program; {OTHERWISE}")
    docker = Docker(OTHERWISE)
    info = docker.info()
    if is_desktop(info):
        raise EnvironmentFault(
            "Docker Desktop runs containers in a virtual machine, which shares no memory with this program; use the Docker "
            f"engine of this machine (docker context use default), {OTHERWISE}"
        )
    found = _inspect(docker, name)
    _check_architecture(name, found)
    options = identity(is_rootless(info), info.get("SecurityOptions") or [])
    answer = _probe(docker, name, str(found["Id"]), options, [folder or STANDARD_FOLDER, dotnet or "", libpython or ""])
    return _home(name, str(found["Id"]), options, answer)


def _inspect(docker: Docker, name: str) -> dict[str, Any]:
    """Return what Docker knows of an image.

    Raises:
        EnvironmentFault: it has no such image.
    """
    answer = docker.run("image", "inspect", "--format", "{{json .}}", "--", name)
    if answer.returncode != 0:
        said = one_line(answer.stderr)
        if "no such image" not in said.lower():
            raise EnvironmentFault(f"the image {name} cannot be used: {said}; `docker image ls` shows those that can")
        raise EnvironmentFault(
            f"the image {name} is not on this machine, and it is not fetched without being asked for, since images of LEAN have "
            f"many gigabytes: docker pull {name}; `docker image ls` shows what is there"
        )
    found: dict[str, Any] = msgspec.json.decode(answer.stdout)
    return found


def _check_architecture(name: str, found: Mapping[str, Any]) -> None:
    """Refuse an image for which the compiled packages here were not built."""
    own = _ARCHITECTURES.get(platform.machine(), platform.machine())
    if found.get("Os") != "linux" or found.get("Architecture") != own:
        raise EnvironmentFault(
            f"the image {name} is for {found.get('Os')}/{found.get('Architecture')}, and the packages here, which the engine "
            f"gets, are for linux/{own}; fetch that of this machine: docker pull --platform linux/{own} {name}"
        )


def _probe(docker: Docker, name: str, image: str, options: tuple[str, ...], words: list[Path | str]) -> dict[str, Any]:
    """Return what the image's Python finds.

    Raises:
        EnvironmentFault: there is no such Python, a container cannot be run, or it finds that something is missing.
    """
    with tempfile.TemporaryDirectory(prefix="lean-live-image-", ignore_cleanup_errors=True) as folder:
        answer = Path(folder) / _ANSWER
        # Not below the system's folder for temporary files, which the image has as well.
        target = PACKAGES.parent / "probe"
        mounts = [word for each in (*package_places(), Place(Path(folder), True, target)) for word in each.words]
        command = [str(_PROBE), str(target / _ANSWER), *map(str, words)]
        ran = docker.run(
            "run",
            "--rm",
            *(*SEPARATE, *options, "--network", "none", *mounts),
            *("--env", f"PYTHONPATH={PACKAGES}", "--entrypoint", _PYTHON, image, "-P", "-s", *command),
        )
        said = one_line(ran.stderr)
        if ran.returncode in _NO_COMMAND:
            raise EnvironmentFault(
                f"the image {name} has no {_PYTHON} in its PATH, which LEAN 2.5 embeds: {said}; name an image of LEAN, such as "
                "quantconnect/lean"
            )
        if ran.returncode == _NOT_STARTED:
            raise EnvironmentFault(
                f"Docker cannot run a container of {name} with folders of this machine: {said}; the daemon must be that of "
                "this machine (look at DOCKER_HOST and `docker context ls`)"
            )
        if ran.returncode != 0:
            raise EnvironmentFault(
                f"the Python of the image {name} cannot look at it: {said or f'exit code {ran.returncode}'}; name an image of "
                "LEAN, such as quantconnect/lean"
            )
        try:
            found: dict[str, Any] = msgspec.json.decode(answer.read_bytes())
        except OSError as error:
            raise EnvironmentFault(
                f"what a container of {name} wrote cannot be read here: {error.strerror}; the daemon must be that of this "
                "machine (look at DOCKER_HOST and `docker context ls`)"
            ) from error
    if "import_fault" in found:
        raise EnvironmentFault(
            f"the packages of this Python do not load in the image {name}: {found['import_fault']}; they must not be built for a "
            "newer system than the image's: install lean-live from wheels, or on a system as old as the image's"
        )
    if "fault" in found:
        raise EnvironmentFault(
            f"in the image {name}, as this user: {found['fault']}; with --image, --lean-home, --dotnet and --libpython name places "
            "in it"
        )
    return found


def _home(name: str, image: str, options: tuple[str, ...], found: Mapping[str, Any]) -> LeanHome:
    """Return the engine that was found."""
    paths = {each: Path(found[each]) for each in ("folder", "dotnet", "libpython", "python")}
    own = (*paths.values(), Path(found["prefix"]), PACKAGES)
    return LeanHome(
        folder=paths["folder"],
        dotnet=paths["dotnet"],
        dotnet_version=found["dotnet_version"],
        libpython=paths["libpython"],
        python_version=found["python_version"],
        python_home=None if found["python_home"] is None else Path(found["python_home"]),
        version=found["version"],
        image=LeanImage(name, image, paths["python"], options, tuple(map(Path, found["packages"])), own),
    )
