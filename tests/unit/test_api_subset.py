"""The subset against LEAN's stubs: every public name and signature is LEAN's, or is listed with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import WrapperDescriptorType
from typing import Any

import pytest
from support.api_deviations import EXTRA_MEMBERS, OTHER_CONSTRUCTORS, OTHER_SIGNATURES, pairs
from support.lean_signatures import Difference, constructor_difference, differences

from lean_stubs import Stubs, stubs_folder  # isort: skip - in tools/, which the helpers above put on the path

from live.algorithm.imports import subset_names
from live.algorithm.lean_api import MEMBERS_FILE, lean_api

NO_SUCH_MEMBER = "LEAN has no such member"
FOLDER = stubs_folder()
pytestmark = pytest.mark.skipif(FOLDER is None, reason="quantconnect-stubs is not installed")


@cache
def stubs() -> Stubs:
    assert FOLDER is not None
    return Stubs(FOLDER)


def lean_name(name: str) -> str:
    return f"{lean_api().namespace_of(name)}.{name}"


def compared_classes() -> dict[str, type]:
    names = subset_names()
    return {name: names[name] for name in sorted(lean_api().classes) if isinstance(names.get(name), type)}


@cache
def all_differences() -> tuple[Difference, ...]:
    found: Iterator[Difference] = (
        each for name, cls in compared_classes().items() for each in differences(cls, lean_name(name), stubs())
    )
    return tuple(dict.fromkeys(found))


def test_every_member_is_lean_s_or_listed() -> None:
    listed = pairs(EXTRA_MEMBERS)
    found = [each for each in all_differences() if each.text == NO_SUCH_MEMBER]
    assert [each for each in found if (each.owner, each.member) not in listed] == []


def test_every_signature_is_lean_s_or_listed() -> None:
    listed = pairs(OTHER_SIGNATURES)
    found = [each for each in all_differences() if each.text != NO_SUCH_MEMBER]
    assert [each for each in found if (each.owner, each.member) not in listed] == []


def test_listed_deviations_still_differ() -> None:
    found = {(each.owner, each.member) for each in all_differences()}
    assert sorted((pairs(EXTRA_MEMBERS) | pairs(OTHER_SIGNATURES)) - found) == []


def test_constructors_fit_one_of_lean_s_or_are_listed() -> None:
    classes = compared_classes().items()
    found = {name for name, cls in classes if constructor_difference(cls, lean_name(name), stubs())}
    listed = {name for names in OTHER_CONSTRUCTORS.values() for name in names.split()}
    # Compiled constructors do not tell their parameters; the same classes as plain Python do.
    opaque = {name for name, cls in classes if isinstance(cls.__init__, WrapperDescriptorType)}
    assert sorted((found ^ listed) - opaque) == []


def test_the_names_of_lean_that_we_export_are_classes_of_the_same_kind() -> None:
    wrong = [name for name in compared_classes() if stubs().class_node(lean_name(name)) is None]
    assert wrong == []


def test_members_file_is_up_to_date() -> None:
    import orjson
    from generate_lean_members import generated_files

    expected = generated_files()[MEMBERS_FILE]
    assert orjson.loads(MEMBERS_FILE.read_bytes()) == orjson.loads(expected), (
        "run: python tools/generate_lean_members.py"
    )


class Bar:
    """Stands for a class of ours with a slip in it."""

    def __init__(self, open: float = 0.0, high: float = 0.0, low: float = 0.0, close: float = 0.0) -> None:
        self.open = open

    def update(self, value: float) -> None: ...

    def clone(self) -> Any: ...


def bar_with(**members: Any) -> type:
    return type("Bar", (Bar,), members)


def test_a_class_like_lean_s_has_no_difference() -> None:
    assert list(differences(bar_with(), lean_name("Bar"), stubs())) == []


def test_a_misspelt_member_is_found() -> None:
    found = list(differences(bar_with(updat=Bar.update), lean_name("Bar"), stubs()))
    assert found == [Difference("Bar", "updat", NO_SUCH_MEMBER)]


def test_a_misspelt_parameter_is_found() -> None:
    def update(self: Any, valu: float) -> None: ...

    found = list(differences(bar_with(update=update), lean_name("Bar"), stubs()))
    assert found == [Difference("Bar", "update", "parameter valu is value in LEAN")]


def test_a_missing_parameter_is_found() -> None:
    def update(self: Any) -> None: ...

    assert [each.text for each in differences(bar_with(update=update), lean_name("Bar"), stubs())] == [
        "lacks the parameters value"
    ]


def test_a_further_required_parameter_is_found() -> None:
    def update(self: Any, value: float, size: float) -> None: ...

    assert [each.text for each in differences(bar_with(update=update), lean_name("Bar"), stubs())] == [
        "needs size, which LEAN does not have"
    ]


def test_a_further_optional_parameter_is_allowed() -> None:
    def update(self: Any, value: float, size: float = 0.0) -> None: ...

    assert list(differences(bar_with(update=update), lean_name("Bar"), stubs())) == []


def test_another_default_is_found() -> None:
    def market_order(self: Any, symbol: Any, quantity: float, asynchronous: bool = True, tag: str = "",
                     order_properties: Any = None) -> None: ...  # fmt: skip

    cls = type("QCAlgorithm", (), {"market_order": market_order})
    texts = [each.text for each in differences(cls, lean_name("QCAlgorithm"), stubs())]
    assert texts == ["parameter asynchronous is True by default, False in LEAN"]


def test_a_property_in_the_place_of_a_method_is_found() -> None:
    texts = [each.text for each in differences(bar_with(clone=property(Bar.clone)), lean_name("Bar"), stubs())]
    assert texts == ["a property here, a method in LEAN"]
