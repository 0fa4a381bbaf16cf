"""Build of the compiled modules, and the stack's files in the wheel; everything else about the package is in pyproject.toml.

Every `.py` file of live/ with a `.pxd` of the same name beside it is compiled by Cython in pure-Python mode. The extensions
are optional: without a C compiler the package installs all the same and runs these modules as plain Python.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_py import build_py

DIRECTIVES = {"language_level": 3, "boundscheck": False, "wraparound": False, "cdivision": False}
# Records are read as integers and as reals through two views of the same bytes, which strict aliasing would let a
# compiler reorder. Fused multiply-add would round differently from the same source run as plain Python.
COMPILE_ARGUMENTS = [] if sys.platform == "win32" else ["-O3", "-g0", "-fno-strict-aliasing", "-ffp-contract=off"]
# Cython's own helpers (memory views above all) in one module; without it each module would carry and compile a copy.
SHARED_UTILITY = "live.hot._cyutility"
# By name, since users keep secrets beside these files. The installed command reads the same list.
STACK_FILES = Path("live/deploy/stack_files.txt").read_text(encoding="utf-8").split()


def extension(source: Path) -> Extension:
    """Return the extension of one Python source file."""
    return Extension(
        ".".join(source.with_suffix("").parts),
        [str(source)],
        depends=[str(source.with_suffix(".pxd")), *sorted(map(str, Path("live/hot").glob("*.h")))],
        include_dirs=["live/hot"],
        extra_compile_args=COMPILE_ARGUMENTS,
        optional=True,
    )


def shared_utility() -> Extension:
    """Return the extension of Cython's helpers, whose C source Cython writes by itself."""
    source = SHARED_UTILITY.replace(".", "/") + ".c"
    return Extension(SHARED_UTILITY, [source], extra_compile_args=COMPILE_ARGUMENTS, optional=True)


def sources() -> list[Path]:
    """Return the files to compile, in a stable order."""
    return [twin.with_suffix(".py") for twin in sorted(Path("live").rglob("*.pxd")) if twin.with_suffix(".py").exists()]


class BuildWithStack(build_py):
    """Puts the stack's files into the wheel, where `lean-live stack` finds them, and into the source distribution."""

    def run(self) -> None:
        """Copy the package, then the stack's files."""
        super().run()
        if self.editable_mode:
            return  # the command finds them in the checkout
        target = Path(self.build_lib) / "live" / "deploy" / "files"
        shutil.rmtree(target, ignore_errors=True)
        for name in STACK_FILES:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, target / name)

    def get_source_files(self) -> list[str]:
        """Return the package's files, and the stack's."""
        return [*super().get_source_files(), *STACK_FILES]


setup(
    cmdclass={"build_py": BuildWithStack},
    ext_modules=cythonize(
        [*map(extension, sources()), shared_utility()],
        shared_utility_qualified_name=SHARED_UTILITY,
        build_dir="build/cython",
        compiler_directives=DIRECTIVES,
        nthreads=min(2, os.cpu_count() or 1),
    ),
)
