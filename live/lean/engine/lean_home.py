"""Where LEAN's launcher, .NET and CPython 3.11 are on this machine, and which versions they have.

Nothing of the three is started as an engine here: what is missing is said before a run begins, each with its remedy.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import msgspec

from live.errors import EnvironmentFault

LAUNCHER_DLL = "QuantConnect.Lean.Launcher.dll"
LAUNCHER_RUNTIME = "QuantConnect.Lean.Launcher.runtimeconfig.json"
"""What the launcher was built for, written beside it by .NET's build."""
IMPORTS_FILE = "AlgorithmImports.py"
NEEDED_FILES = (LAUNCHER_DLL, "QuantConnect.Lean.Engine.dll", "QuantConnect.Algorithm.dll", "QuantConnect.Common.dll")
"""Files of a whole build that a run needs at once; a folder without one of them was copied in part, or is no build."""
PYTHON_VERSION = (3, 11)
"""The CPython that the engine embeds: pythonnet 2.0 of LEAN 2.5 is built for it."""
SUPPORTED_VERSION = "2.5."
"""Beginning of the engine versions that this program's assumptions were observed on."""
_ASK_SECONDS = 30
_PACKAGES = ("site-packages", "dist-packages")
_SYSTEM_LIBRARIES = Path("/usr/lib")
_SYSTEM_PACKAGES = (Path("/usr/local/lib/python3.11/dist-packages"), Path("/usr/lib/python3/dist-packages"))
"""Where Debian and Ubuntu keep packages, apart from the library."""
_VERSION_KEY = "FileVersion".encode("utf-16-le")
_SHOW_PYTHON = (
    "import ctypes, sys; library = ctypes.CDLL(sys.argv[1]); library.Py_GetVersion.restype = ctypes.c_char_p; "
    "print(library.Py_GetVersion().decode())"
)


@dataclass(frozen=True, slots=True)
class LeanImage:
    """An image that an engine is in.

    Attributes:
        name: as the user names it.
        id: what Docker knows it by, whatever gets the name meanwhile.
        python: its CPython 3.11.
        options: of `docker run` for every container here: the user that it runs as, and what the daemon asks for.
        packages: folders of packages beside its libpython.
        own: files and folders of the image that a run needs.
    """

    name: str
    id: str
    python: Path
    options: tuple[str, ...]
    packages: tuple[Path, ...]
    own: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class LeanHome:
    """An engine that can be started.

    Attributes:
        folder: holds the launcher's DLL and AlgorithmImports.py.
        dotnet: the `dotnet` command.
        dotnet_version: version of the runtime that the launcher gets.
        libpython: shared library of CPython 3.11.
        python_version: its version.
        python_home: prefix of the installation that the library belongs to; None lets the library look for it.
        version: the engine's version as its DLL says, "unknown" where it does not.
        image: the image that all of it is in; None for one on this machine.
    """

    folder: Path
    dotnet: Path
    dotnet_version: str
    libpython: Path
    python_version: str
    python_home: Path | None
    version: str
    image: LeanImage | None = None

    @property
    def launcher(self) -> Path:
        """The DLL that `dotnet` is given."""
        return self.folder / LAUNCHER_DLL

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know of this engine before relying on it."""
        if self.version == "unknown" or self.version.startswith(SUPPORTED_VERSION):
            return ()
        place = f"--lean-home {self.folder}" if self.image is None else f"--image {self.image.name}"
        return (
            f"LEAN {self.version} is no {SUPPORTED_VERSION}x, on which this program was built: "
            f"check it with lean-live doctor --engine lean {place}",
        )


def find_lean(folder: Path, dotnet: Path | None = None, libpython: Path | None = None) -> LeanHome:
    """Look for everything that the engine needs.

    Parameters:
        folder: folder of the launcher, as `dotnet build` or the Docker image have it in Launcher/bin/Debug.
        dotnet: the `dotnet` command; None looks in DOTNET_ROOT and PATH.
        libpython: libpython3.11.so; None looks in PYTHONNET_PYDLL, beside this interpreter and where systems keep it.

    Raises:
        EnvironmentFault: something is missing, or has another version; the message says what to do.
    """
    require_interpreter()
    home = _check_folder(folder.absolute())
    command = _find_dotnet(dotnet)
    library, version = _find_libpython(libpython)
    return LeanHome(
        folder=home,
        dotnet=command,
        dotnet_version=_check_runtime(home, command),
        libpython=library,
        python_version=version,
        python_home=_home_of(library),
        version=file_version(home / LAUNCHER_DLL),
    )


def require_interpreter() -> None:
    """Refuse an interpreter whose packages the embedded CPython could not use."""
    if sys.version_info[:2] != PYTHON_VERSION:
        found = ".".join(map(str, sys.version_info[:2]))
        raise EnvironmentFault(
            f"LEAN embeds Python 3.11 and gets this program's packages, but this is Python {found}: install lean-live "
            "with python3.11 -m pip install lean-live and run it from there"
        )


def _check_folder(folder: Path) -> Path:
    """Return the folder of the launcher, which may lie in Launcher/bin/Debug of the one that was named."""
    if not folder.is_dir():
        raise EnvironmentFault(f"there is no folder {folder}; name the folder with {LAUNCHER_DLL} by --lean-home")
    places = (folder, *(folder / "Launcher" / "bin" / build for build in ("Debug", "Release")))
    for place in places:
        if (place / LAUNCHER_DLL).is_file():
            missing = [name for name in (*NEEDED_FILES, IMPORTS_FILE) if not (place / name).is_file()]
            if missing:
                raise EnvironmentFault(
                    f"{place} has no {', '.join(missing)}: the build is not whole; build LEAN again, or copy all of "
                    "Launcher/bin/Debug"
                )
            return place
    raise EnvironmentFault(
        f"{folder} has no {LAUNCHER_DLL}; name the folder that has it by --lean-home (Launcher/bin/Debug of a build, "
        "/Lean/Launcher/bin/Debug in the Docker image)"
    )


def _find_dotnet(given: Path | None) -> Path:
    if given is not None:
        path = given / "dotnet" if given.is_dir() else given
        if not os.access(path, os.X_OK) or not path.is_file():
            raise EnvironmentFault(f"--dotnet {given} is no command that can be run; name the dotnet executable")
        return path.absolute()
    root = os.environ.get("DOTNET_ROOT")
    beside = None if not root else shutil.which("dotnet", path=root)
    found = beside or shutil.which("dotnet")
    if found is None:
        raise EnvironmentFault(
            "there is no dotnet in PATH or DOTNET_ROOT; install the .NET runtime that LEAN was built for, or name the "
            "command by --dotnet"
        )
    return Path(found).absolute()


def _check_runtime(folder: Path, dotnet: Path) -> str:
    """Return the version of the .NET runtime that the launcher will run on.

    .NET takes the newest patch of the major and minor version that the launcher was built for.
    """
    answer = _ask(
        [str(dotnet), "--list-runtimes"], f"{dotnet} --list-runtimes", "reinstall .NET, or name another by --dotnet"
    )
    found: list[str] = re.findall(r"^Microsoft\.NETCore\.App (\S+)", answer, re.MULTILINE)
    if not found:
        raise EnvironmentFault(
            f"{dotnet} has no Microsoft.NETCore.App runtime; install the .NET runtime that LEAN was built for"
        )
    wanted = _wanted_runtime(folder / LAUNCHER_RUNTIME)
    if wanted is None:
        fitting = found
    elif os.environ.get("DOTNET_ROLL_FORWARD", "").endswith("Major"):
        fitting = [each for each in found if _version_key(each) >= _version_key(wanted)]
    else:
        fitting = [each for each in found if each.split(".")[:2] == wanted.split(".")[:2]]
    if not fitting:
        raise EnvironmentFault(
            f"LEAN in {folder} was built for .NET {wanted}, {dotnet} has {', '.join(found)}: install the .NET {wanted} "
            "runtime, or name another dotnet by --dotnet"
        )
    return max(fitting, key=_version_key)


def _wanted_runtime(path: Path) -> str | None:
    """Return the version of .NET that a runtimeconfig.json names, None when there is no such file."""
    if not path.is_file():
        return None
    try:
        options = msgspec.json.decode(path.read_bytes())["runtimeOptions"]
        frameworks = options.get("frameworks") or [options["framework"]]
        return str(next(each["version"] for each in frameworks if each["name"] == "Microsoft.NETCore.App"))
    except (OSError, msgspec.DecodeError, KeyError, TypeError, StopIteration) as error:
        raise EnvironmentFault(f"{path} does not say which .NET it wants: build LEAN again") from error


def _version_key(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def _find_libpython(given: Path | None) -> tuple[Path, str]:
    if given is not None:
        if not given.is_file():
            raise EnvironmentFault(f"--libpython {given}: there is no such file; name libpython3.11.so")
        return given.absolute(), _check_libpython(given.absolute())
    for path in _libpython_places():
        if path.is_file():
            return path.absolute(), _check_libpython(path.absolute())
    raise EnvironmentFault(
        "there is no libpython3.11.so beside this interpreter or in the system's libraries; install it (Debian and "
        "Ubuntu: libpython3.11), or name it by --libpython"
    )


def _libpython_places() -> list[Path]:
    """Return where the library may be, most certain first."""
    named = os.environ.get("PYTHONNET_PYDLL")
    places = [Path(named)] if named else []
    folders = [sysconfig.get_config_var("LIBDIR"), str(Path(sys.base_prefix) / "lib")]
    multiarch = sysconfig.get_config_var("MULTIARCH")
    if multiarch:
        folders += [f"/usr/lib/{multiarch}", f"/lib/{multiarch}"]
    folders += ["/usr/lib64", "/usr/lib", "/usr/local/lib", "/opt/miniconda3/lib"]
    names = ("libpython3.11.so.1.0", "libpython3.11.so")
    return places + [Path(folder) / name for folder in dict.fromkeys(filter(None, folders)) for name in names]


def _check_libpython(path: Path) -> str:
    """Return the version of a CPython library. A process of its own loads it, so that a wrong one harms nobody."""
    answer = _ask([sys.executable, "-c", _SHOW_PYTHON, str(path)], str(path), "name libpython3.11.so by --libpython")
    version = answer.split()[0] if answer.split() else "nothing"
    if not version.startswith("3.11."):
        raise EnvironmentFault(
            f"{path} is Python {version}, LEAN embeds 3.11; name a libpython3.11.so by --libpython or in PYTHONNET_PYDLL"
        )
    return version


def _home_of(libpython: Path) -> Path | None:
    """Return the prefix of this interpreter when the library is its own; another library knows its own prefix best."""
    base = Path(sys.base_prefix)
    own = sysconfig.get_config_var("LIBDIR")
    folders = {base / "lib"} | ({Path(own)} if own else set())
    is_own = libpython.resolve().parent in {folder.resolve() for folder in folders}
    return base if is_own and (base / "lib" / "python3.11" / "os.py").is_file() else None


def package_folders(libpython: Path) -> list[Path]:
    """Return the folders of packages of the installation that a CPython library belongs to, of those that systems use."""
    library = libpython.resolve().parent
    # The library lies in lib, or one deeper in a folder of its architecture.
    folders = [parent / "python3.11" / name for parent in (library, library.parent) for name in _PACKAGES]
    if _SYSTEM_LIBRARIES in (library, *library.parents):
        folders += _SYSTEM_PACKAGES
    return [folder for folder in folders if folder.is_dir()]


def _ask(command: list[str], what: str, remedy: str) -> str:
    try:
        answer = subprocess.run(  # noqa: S603 - the command is what the user named, without a shell
            command, capture_output=True, text=True, timeout=_ASK_SECONDS, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvironmentFault(f"{what} cannot be used ({error}); {remedy}") from error
    if answer.returncode != 0:
        lines = (answer.stderr or answer.stdout).strip().splitlines()
        raise EnvironmentFault(f"{what} cannot be used ({lines[-1] if lines else answer.returncode}); {remedy}")
    return answer.stdout


def file_version(path: Path) -> str:
    """Return the version in the resources of a Windows DLL, "unknown" when it has none.

    .NET writes the text `FileVersion`, a terminator with padding to four bytes, and the version, all as UTF-16.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EnvironmentFault(f"cannot read {path}: {error.strerror}; make it readable") from error
    at = content.find(_VERSION_KEY)
    if at < 0:
        return "unknown"
    text = content[at + len(_VERSION_KEY) : at + len(_VERSION_KEY) + 128].decode("utf-16-le", "replace")
    found = re.match(r"\0+([0-9][0-9.]*)", text)
    return found.group(1) if found else "unknown"
