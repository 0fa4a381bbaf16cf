"""This package and what it needs inside an engine, for the Python of an image: each package alone, none of the others here.

A folder of packages as a whole would put this interpreter's numpy before that of the image, for which LEAN's pandas was
built. So only the packages that run inside the engine are given to it, in a folder of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import live
from live.errors import EnvironmentFault
from live.lean.engine.places import Place

PACKAGES = Path("/lean-live/packages")
"""Folder of the packages in a container."""
DISTRIBUTIONS = ("cython", "msgspec", "orjson", "picows", "tzdata")
"""What is imported inside an engine, in the attached host, the benchmark and the self-test; what they need follows."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NO_PACKAGE = (".dist-info", ".egg-info", ".pth")


def package_places() -> tuple[Place, ...]:
    """Return what a container gets of the packages here.

    Raises:
        EnvironmentFault: one of them is not installed as a package.
    """
    found = {"live": Path(live.__file__).resolve().parent}
    for each in _distributions():
        for name in _top_level(each):
            found[name] = Path(str(each.locate_file(name))).resolve()
    return tuple(Place(path, target=PACKAGES / name) for name, path in sorted(found.items()))


def _distributions() -> Iterator[Distribution]:
    """Yield the distributions that are needed, and those that these need."""
    waiting, seen = list(DISTRIBUTIONS), set(DISTRIBUTIONS)
    while waiting:
        name = waiting.pop()
        try:
            found = distribution(name)
        except PackageNotFoundError as error:
            if name in DISTRIBUTIONS:
                raise EnvironmentFault(
                    f"the package {name} is not installed for this Python; install lean-live again: python -m pip install "
                    "--force-reinstall lean-live"
                ) from error
            # Needed on another system or version only.
            continue
        yield found
        needed = {
            _name_of(each) for each in found.requires or () if "extra ==" not in each.replace("extra==", "extra ==")
        }
        waiting += sorted(needed - seen)
        seen |= needed


def _name_of(requirement: str) -> str:
    found = _NAME.match(requirement)
    assert found is not None
    return found.group()


def _top_level(found: Distribution) -> set[str]:
    """Return the names of what a distribution has put into the folder of packages.

    Raises:
        EnvironmentFault: it does not say.
    """
    files = {path.parts[0] for path in found.files or () if path.parts[0] != ".."}
    names = {name for name in files if not name.endswith(_NO_PACKAGE) and name != "__pycache__"}
    if not names:
        raise EnvironmentFault(
            f"the package {found.name} does not say which files it has, so that it cannot be given to a container; install it "
            f"by pip: python -m pip install --force-reinstall {found.name}"
        )
    return names
