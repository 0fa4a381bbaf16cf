"""A small Docker image with the stand-in launcher where the official image of LEAN has the real one.

Its Python is a copy of the tests' own, with the libraries that it and the packages need, all under the paths that they have here.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path

from live.lean.engine.image_packages import package_places
from support.lean_double import DOUBLE

LAUNCHER = Path("/Lean/Launcher/bin/Debug")
PYTHON = Path(sys.base_prefix) / "bin" / "python3.11"
_SKIPPED = {
    "site-packages",
    "dist-packages",
    "test",
    "tests",
    "__pycache__",
    "idlelib",
    "ensurepip",
    "tkinter",
    "lib2to3",
}
_DOTNET = """#!{python}
import runpy
runpy.run_path("{launcher}/stand_in.py", run_name="__main__")
"""


def import_image(name: str, *left_out: Path) -> None:
    """Make the image known to the daemon of DOCKER_HOST.

    Parameters:
        name: what the image is called.
        left_out: files that it is not to have.
    """
    options = ["--change", f"ENV PATH=/usr/local/bin:{PYTHON.parent}"]
    process = subprocess.Popen(
        ["docker", "import", *options, "-", name], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert process.stdin is not None
    with tarfile.open(fileobj=process.stdin, mode="w|") as archive:
        _fill(archive, set(left_out))
    process.stdin.close()
    assert process.wait() == 0


def load_foreign_image(name: str, architecture: str) -> None:
    """Make an empty image known that is for another machine."""
    layer = io.BytesIO()
    tarfile.open(fileobj=layer, mode="w").close()
    digest = hashlib.sha256(layer.getvalue()).hexdigest()
    config = {
        "architecture": architecture,
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    files = {"config.json": json.dumps(config).encode(), "manifest.json": json.dumps(manifest).encode()}
    image = io.BytesIO()
    with tarfile.open(fileobj=image, mode="w") as archive:
        for path, content in {**files, "layer.tar": layer.getvalue()}.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    subprocess.run(["docker", "load"], input=image.getvalue(), stdout=subprocess.DEVNULL, check=True)


def _fill(archive: tarfile.TarFile, left_out: set[Path]) -> None:
    folder = tarfile.TarInfo("tmp")
    folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
    archive.addfile(folder)
    text = _DOTNET.format(python=PYTHON, launcher=LAUNCHER).encode()
    files: dict[Path, Path | bytes] = {Path("/usr/local/bin/dotnet"): text}
    for path in _files(DOUBLE):
        files[_place(path)] = path
    for path in (PYTHON, *_files(Path(sysconfig.get_path("stdlib"))), *_libraries()):
        files[path] = path
    for target, source in files.items():
        if target in left_out:
            continue
        content = source if isinstance(source, bytes) else source.read_bytes()
        info = tarfile.TarInfo(str(target.relative_to("/")))
        info.size = len(content)
        info.mode = 0o755
        archive.addfile(info, io.BytesIO(content))


def _place(path: Path) -> Path:
    """Return where the image has a file of the double."""
    inside = path.relative_to(DOUBLE)
    return LAUNCHER / inside.relative_to("launcher") if inside.parts[0] == "launcher" else LAUNCHER.parent / inside


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in _SKIPPED and not path.name.startswith("config-"):
                yield from _files(path)
        elif path.is_file() and path.suffix not in (".a", ".pyc"):
            yield path


def _libraries() -> Iterator[Path]:
    """Yield the shared libraries of Python and of the packages, and the loader."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    places = [stdlib / "lib-dynload", *(each.path for each in package_places() if each.path.is_dir())]
    found = [path for folder in places for path in folder.rglob("*.so")]
    library = Path(sysconfig.get_config_var("LIBDIR")) / "libpython3.11.so.1.0"
    answer = subprocess.run(
        ["ldd", str(PYTHON), str(library), *map(str, found)], capture_output=True, text=True, check=True
    )
    names = {Path(each) for each in re.findall(r"(?:=> |^\t)(/\S+) \(0x", answer.stdout, re.MULTILINE)}
    yield from sorted(names | {library})
