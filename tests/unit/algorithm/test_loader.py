"""From a user's file to a class: what loads, which class is chosen, and what each error says."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from live.algorithm.loader import MODULE_NAME, load_algorithm
from live.algorithm.qc_algorithm import QCAlgorithm
from live.errors import AlgorithmError, UnsupportedApiError

ONE = """
    from AlgorithmImports import *

    class One(QCAlgorithm):
        def initialize(self):
            self.log("hello")
"""


def write(folder: Path, text: str, name: str = "algo.py") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dedent(text), encoding="utf-8")
    return file


def message_of(path: Path, class_name: str | None = None) -> str:
    with pytest.raises(AlgorithmError) as caught:
        load_algorithm(path, class_name)
    return str(caught.value)


# -- what loads


def test_a_file_with_one_class(tmp_path: Path) -> None:
    file = write(tmp_path, ONE)
    loaded = load_algorithm(file)
    assert loaded.cls.__name__ == "One"
    assert issubclass(loaded.cls, QCAlgorithm)
    assert loaded.path == file
    assert loaded.warnings == []
    assert loaded.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_project_folder_means_its_main_file(tmp_path: Path) -> None:
    write(tmp_path, ONE, "main.py")
    assert load_algorithm(tmp_path).path == tmp_path / "main.py"


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "algo.py"
    file.write_bytes(b"\xef\xbb\xbf" + dedent(ONE).encode())
    assert load_algorithm(file).cls.__name__ == "One"


def test_the_user_module_has_a_name_of_its_own_and_leaves_no_trace(tmp_path: Path) -> None:
    loaded = load_algorithm(write(tmp_path, ONE, "json.py"))
    assert loaded.module.__name__ == MODULE_NAME
    assert sys.modules["json"] is not loaded.module
    assert MODULE_NAME not in sys.modules
    assert "AlgorithmImports" not in sys.modules
    assert str(tmp_path) not in sys.path
    assert sorted(path.name for path in tmp_path.iterdir()) == ["json.py"]


def test_dataclasses_and_string_annotations_find_their_module(tmp_path: Path) -> None:
    text = """
        from __future__ import annotations
        from dataclasses import dataclass
        from AlgorithmImports import *

        @dataclass
        class Level:
            price: float
            kind: ClassVar[int] = 3

        class One(QCAlgorithm):
            level: Level = Level(1.0)
    """
    assert load_algorithm(write(tmp_path, text)).cls.level.price == 1.0


def test_files_beside_it_import(tmp_path: Path) -> None:
    write(tmp_path, "from AlgorithmImports import *\nPERIOD = Resolution.MINUTE", "loader_test_helper.py")
    write(tmp_path, "VALUE = 7", "loader_test_package/values.py")
    write(tmp_path, "from .values import VALUE", "loader_test_package/__init__.py")
    text = """
        from AlgorithmImports import *
        from loader_test_helper import PERIOD
        from loader_test_package import VALUE

        class One(QCAlgorithm):
            values = (PERIOD, VALUE)
    """
    loaded = load_algorithm(write(tmp_path, text))
    assert [str(each) for each in loaded.cls.values] == ["MINUTE", "7"]
    assert not any(name.startswith("loader_test_") for name in sys.modules)


def test_two_algorithms_have_helpers_of_the_same_name(tmp_path: Path) -> None:
    text = "from AlgorithmImports import *\nfrom loader_test_same import V\nclass One(QCAlgorithm):\n    v = V\n"
    loaded = []
    for value in (1, 2):
        write(tmp_path / str(value), f"V = {value}", "loader_test_same.py")
        loaded.append(load_algorithm(write(tmp_path / str(value), text)))
    assert [each.cls.v for each in loaded] == [1, 2]


def test_the_run_sees_the_modules_that_loading_imported(tmp_path: Path) -> None:
    write(tmp_path, "STATE = []", "loader_test_state.py")
    text = """
        from AlgorithmImports import *
        import loader_test_state

        class One(QCAlgorithm):
            @staticmethod
            def late():
                from loader_test_state import STATE
                from AlgorithmImports import Resolution
                return STATE is loader_test_state.STATE and Resolution.DAILY
    """
    loaded = load_algorithm(write(tmp_path, text))
    with loaded.on_path():
        assert str(loaded.cls.late()) == "DAILY"
        assert sys.modules[MODULE_NAME] is loaded.module
    assert "loader_test_state" not in sys.modules


def test_lean_s_namespaces_import(tmp_path: Path) -> None:
    text = """
        import QuantConnect
        from QuantConnect import Resolution
        from QuantConnect.Algorithm import QCAlgorithm
        from QuantConnect.Indicators import *
        import QuantConnect.Data.Market as market

        class One(QCAlgorithm):
            found = (
                QuantConnect.Resolution is Resolution,
                QuantConnect.Orders.OrderStatus.FILLED.name,
                market.TradeBar.__name__,
                SimpleMovingAverage.__name__,
            )
    """
    loaded = load_algorithm(write(tmp_path, text))
    assert loaded.cls.found == (True, "FILLED", "TradeBar", "SimpleMovingAverage")
    assert not any(name.startswith("QuantConnect") for name in sys.modules)


def test_an_alien_module_of_that_name_comes_back_after_the_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alien = type(sys)("AlgorithmImports")
    monkeypatch.setitem(sys.modules, "AlgorithmImports", alien)
    assert load_algorithm(write(tmp_path, ONE)).cls.__name__ == "One"
    assert sys.modules["AlgorithmImports"] is alien


def test_compiler_warnings_become_lines_of_the_log(tmp_path: Path) -> None:
    text = "from AlgorithmImports import *\nclass One(QCAlgorithm):\n    x = '\\d'\n"
    (warning,) = load_algorithm(write(tmp_path, text)).warnings
    assert warning.startswith("algo.py line 3: ")
    assert "escape" in warning


# -- which class


TWO = """
    from AlgorithmImports import *

    class Second(QCAlgorithm):
        pass

    class First(Second):
        pass
"""


def test_the_last_by_name_of_several_classes_runs_and_the_others_are_named(tmp_path: Path) -> None:
    loaded = load_algorithm(write(tmp_path, TWO))
    assert loaded.cls.__name__ == "Second"
    assert loaded.warnings == [
        "algo.py defines several algorithms: Second runs, the last one by name, as in LEAN; --class chooses First"
    ]


def test_a_second_name_counts_where_it_comes_later(tmp_path: Path) -> None:
    loaded = load_algorithm(write(tmp_path, dedent(TWO) + "\nThird = First\n"))
    assert loaded.cls.__name__ == "First"


def test_a_class_is_chosen_by_name(tmp_path: Path) -> None:
    loaded = load_algorithm(write(tmp_path, TWO), "First")
    assert loaded.cls.__name__ == "First"
    assert loaded.warnings == []


def test_an_imported_algorithm_class_is_not_the_file_s_own(tmp_path: Path) -> None:
    write(tmp_path, ONE, "loader_test_base.py")
    text = """
        from AlgorithmImports import *
        from loader_test_base import One

        class Two(One):
            pass
    """
    assert load_algorithm(write(tmp_path, text)).cls.__name__ == "Two"


def test_a_second_name_of_a_class_counts_once(tmp_path: Path) -> None:
    assert load_algorithm(write(tmp_path, dedent(ONE) + "\nAlias = One\n")).warnings == []


def test_an_unknown_class_name_brings_the_nearest(tmp_path: Path) -> None:
    text = message_of(write(tmp_path, TWO), "Frist")
    assert text.endswith("has no algorithm class Frist; did you mean First? it defines First, Second")


# -- what does not load


def test_no_such_file(tmp_path: Path) -> None:
    assert "does not exist" in message_of(tmp_path / "none.py")


def test_a_folder_without_main(tmp_path: Path) -> None:
    assert "a folder without a main.py" in message_of(tmp_path)


def test_another_kind_of_file(tmp_path: Path) -> None:
    assert "is no Python file" in message_of(write(tmp_path, "x", "algo.ipynb"))


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n"])
def test_an_empty_file(tmp_path: Path, text: str) -> None:
    assert "is empty" in message_of(write(tmp_path, text))


def test_a_file_without_an_algorithm(tmp_path: Path) -> None:
    assert "defines no algorithm" in message_of(write(tmp_path, "from AlgorithmImports import *\nx = 1\n"))


def test_a_file_that_is_not_utf_8_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "algo.py"
    file.write_bytes(b"x = 1\n# caf\xe9\n")
    assert message_of(file).startswith(f"{file} line 2: the file is not UTF-8 text")


def test_a_syntax_error_names_line_and_text(tmp_path: Path) -> None:
    file = write(tmp_path, "x = 1\nclass One(QCAlgorithm)\n    pass\n")
    assert message_of(file) == f"{file} line 2: expected ':': class One(QCAlgorithm)"


def test_a_syntax_error_in_a_file_beside_it_names_that_file(tmp_path: Path) -> None:
    helper = write(tmp_path, "x = (\n", "loader_test_broken.py")
    assert message_of(write(tmp_path, "import loader_test_broken\n")).startswith(f"{helper} line 1: ")


@pytest.mark.parametrize("content", [b"x = 1\0\n", b"(" * 10_000, b"x = " + b"-" * 100_000 + b"1"])
def test_source_that_the_compiler_cannot_take(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "algo.py"
    file.write_bytes(content)
    assert str(file) in message_of(file)


def test_a_missing_module_is_named_with_a_remedy(tmp_path: Path) -> None:
    file = write(tmp_path, "from AlgorithmImports import *\nimport loader_test_absent.part\n")
    assert message_of(file) == (
        f"{file} line 2: module 'loader_test_absent' is not there; put loader_test_absent.py beside algo.py, "
        "install it (pip install loader_test_absent), or remove the import"
    )


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("from json import nothing", "ImportError: cannot import name 'nothing'"),
        ("nothing", "NameError: name 'nothing' is not defined"),
    ],
)
def test_what_the_import_raises_has_file_and_line(tmp_path: Path, statement: str, error: str) -> None:
    file = write(tmp_path, f"from AlgorithmImports import *\n{statement}\n")
    assert message_of(file).startswith(f"{file} line 2: {error}")


def test_what_a_file_beside_it_raises_is_placed_there(tmp_path: Path) -> None:
    helper = write(tmp_path, "x = 1\nx.y\n", "loader_test_raises.py")
    assert message_of(write(tmp_path, "import loader_test_raises\n")).startswith(f"{helper} line 2: AttributeError")


def test_a_failed_load_leaves_no_trace(tmp_path: Path) -> None:
    before = (list(sys.path), set(sys.modules), list(sys.meta_path))
    message_of(write(tmp_path, "from AlgorithmImports import *\n1 / 0\n"))
    assert (list(sys.path), set(sys.modules), list(sys.meta_path)) == before


def test_forgotten_star_import_is_explained(tmp_path: Path) -> None:
    file = write(tmp_path, "class One(QCAlgorithm):\n    pass\n")
    assert message_of(file) == (
        f"{file} line 1: QCAlgorithm is not imported; begin the file with `from AlgorithmImports import *`"
    )


def test_unsupported_use_is_refused_before_anything_runs(tmp_path: Path) -> None:
    file = write(tmp_path, dedent(ONE) + "        self.add_option('SPY')\nraise RuntimeError\n")
    with pytest.raises(UnsupportedApiError, match=r"add_option"):
        load_algorithm(file)
