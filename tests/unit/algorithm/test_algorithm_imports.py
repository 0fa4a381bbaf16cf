"""What `from AlgorithmImports import *` gives."""

from __future__ import annotations

import subprocess
import sys
import typing
from pathlib import Path

import pytest

from live.algorithm import consolidators, indicators
from live.algorithm.imports import subset_names
from live.algorithm.lazy import OPTIONAL_MODULES, LazyModule, is_installed, optional_modules
from live.algorithm.lean_api import lean_api

ROOT = Path(__file__).resolve().parents[3]
OURS_ALONE = {"LiveAlgorithm", "GDAXOrderProperties", "QCAlgorithmFramework", "QCAlgorithmFrameworkBridge"}
PYTHON_S = {"date", "datetime", "time", "timedelta", "timezone", "math", "json", *OPTIONAL_MODULES, *typing.__all__}


def test_names_are_lean_s_python_s_or_listed() -> None:
    unknown = [name for name in subset_names() if lean_api().namespace_of(name) is None]
    assert sorted(set(unknown) - OURS_ALONE - PYTHON_S) == []


def test_all_indicators_and_consolidators_are_there() -> None:
    assert set(indicators.__all__) | set(consolidators.__all__) <= subset_names().keys()


@pytest.mark.parametrize("name", ["List", "Dict", "Optional", "datetime", "timedelta", "math", "json"])
def test_python_s_names_are_there(name: str) -> None:
    assert name in subset_names()


def test_builtins_are_not_hidden() -> None:
    assert {"Exception", "type", "max", "min"}.isdisjoint(subset_names())


def test_nothing_slow_is_imported_before_it_is_used() -> None:
    code = (
        "import sys; from live.algorithm.imports import subset_names; subset_names();"
        "print([name for name in ('numpy', 'pandas', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_lazy_module_imports_at_the_first_look_up_and_keeps_what_it_found() -> None:
    module = LazyModule("colorsys")
    sys.modules.pop("colorsys", None)
    assert not hasattr(module, "__wrapped__")
    assert "colorsys" not in sys.modules
    assert module.rgb_to_hsv is sys.modules["colorsys"].rgb_to_hsv
    assert "rgb_to_hsv" in vars(module)


def test_optional_modules_are_those_that_are_installed() -> None:
    expected = {name for name, module in OPTIONAL_MODULES.items() if is_installed(module)}
    assert optional_modules().keys() == expected
    assert not is_installed("no_such_package.part")
