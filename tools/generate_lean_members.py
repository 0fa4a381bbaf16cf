"""Writes what is derived from LEAN's API: live/algorithm/lean_members.json.

    python tools/generate_lean_members.py           write the file
    python tools/generate_lean_members.py --check   write nothing, exit with 1 when it differs

The stubs of LEAN's API have to be installed (quantconnect-stubs).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson

HERE = Path(__file__).resolve().parent
for _folder in (HERE, HERE.parent):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from lean_stubs import Stubs, stubs_folder, stubs_version  # noqa: E402 - found beside this file

from live.algorithm.imports import subset_names  # noqa: E402
from live.algorithm.lean_api import INDICATOR, MEMBERS_FILE, STAND_INS  # noqa: E402

_DOTNET_BASES = ("System.Object", "System.Enum", "System.ValueType", "System.MarshalByRefObject")


def lean_members(stubs: Stubs) -> dict[str, Any]:
    """Return the content of lean_members.json: LEAN's names by namespace, and the members of the subset's classes."""
    namespaces = {module: stubs.names(module) for module in stubs.star_modules()}
    homes: dict[str, str] = {}
    for module, names in namespaces.items():
        for name in names:
            if name not in homes or homes[name].startswith("System"):
                homes[name] = module
    wanted = {name for name, value in subset_names().items() if isinstance(value, type) and name in homes}
    wanted |= STAND_INS.keys()
    return {
        "version": stubs_version(),
        "namespaces": namespaces,
        "classes": {name: lean_class(stubs, f"{homes[name]}.{name}", wanted) for name in sorted(wanted)},
    }


def lean_class(stubs: Stubs, name: str, wanted: set[str]) -> dict[str, Any]:
    """Return a class's members by name with the class that each gives, and what indexing gives."""

    def known(result: str) -> str:
        namespace, _, short = result.rpartition(".")
        return short if short in wanted else INDICATOR if namespace == "QuantConnect.Indicators" else ""

    found = stubs.members(name).items()
    members = {key: each for key, each in found if not key.startswith("_") and each.owner not in _DOTNET_BASES}
    return {
        "item": known(stubs.item_type(name)),
        "members": {key: known(each.result) for key, each in sorted(members.items())},
    }


def generated_files() -> dict[Path, bytes]:
    """Return the content of every generated file.

    Raises:
        SystemExit: the stubs are not installed.
    """
    folder = stubs_folder()
    if folder is None:
        raise SystemExit("quantconnect-stubs is not installed: pip install quantconnect-stubs")
    members = orjson.dumps(lean_members(Stubs(folder)), option=orjson.OPT_INDENT_2) + b"\n"
    return {MEMBERS_FILE: members}


def main(arguments: list[str]) -> int:
    """Write or check the files; return the exit code."""
    files = generated_files()
    stale = [path for path, content in files.items() if not path.is_file() or path.read_bytes() != content]
    if "--check" in arguments:
        for path in stale:
            print(f"{path} is out of date; run: python tools/generate_lean_members.py", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[path])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
