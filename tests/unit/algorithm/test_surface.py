"""What lies outside the subset is refused, with its line and what to use instead; what lies inside never is."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent, indent

import pytest

from live.algorithm.alternatives import MEMBERS, OTHERS, remedy_for_member, remedy_for_name
from live.algorithm.imports import subset_names
from live.algorithm.lean_api import LeanClass, has_member, lean_api, members_of
from live.algorithm.loader import load_algorithm
from live.algorithm.source_scan import ScanResult, Source, scan_sources
from live.algorithm.surface import check_sources, explain_name_error, refuse_member, unsupported
from live.errors import UnsupportedApiError

ROOT = Path(__file__).resolve().parents[3]
HEAD = "from AlgorithmImports import *\n"


def source(text: str, name: str = "algo.py") -> Source:
    return Source(Path(name), ast.parse(dedent(text)))


def scan(text: str) -> ScanResult:
    return scan_sources([source(text)], subset_names())


def refused(text: str) -> list[tuple[int, str]]:
    return [(each.line, each.member) for each in scan(text).refused]


def method(body: str, header: str = "def initialize(self):") -> str:
    lines = indent(dedent(body).strip("\n"), "        ")
    return f"{HEAD}class One(QCAlgorithm):\n    {header}\n{lines}\n"


# -- members of self


@pytest.mark.parametrize("member", ["add_option", "AddOption", "add_universe", "notify", "set_alpha", "hma", "HMA"])
def test_a_call_of_an_unsupported_member_is_refused_in_both_spellings(member: str) -> None:
    assert refused(method(f"x = 1\nself.{member}(1)")) == [(5, f"self.{member}")]


@pytest.mark.parametrize(
    "expression",
    [
        "self.portfolio['SPY'].target",
        "self.Portfolio['SPY'].Target",
        "self.portfolio.set_positions",
        "self.transactions.set_live_mode",
        "self.settings.data_subscription_limit",
        "self.securities['SPY'].fundamentals",
        "self.add_equity('SPY').shortable_provider",
        "self.current_slice.option_chains",
        "self.market_order('SPY', 1).order_closed",
    ],
)
def test_members_of_what_self_gives_are_followed(expression: str) -> None:
    assert refused(method(expression)) == [(4, expression)]


def test_locals_and_fields_are_followed() -> None:
    text = method(
        """
        spy = self.add_equity("SPY")
        spy.fundamentals
        self.spy = spy
        self.spy.data_filter
        """
    )
    assert refused(text) == [(5, "spy.fundamentals"), (7, "self.spy.data_filter")]


def test_callback_arguments_are_known_without_annotations() -> None:
    assert refused(method("data.option_chains", "def OnData(self, data):")) == [(4, "data.option_chains")]


@pytest.mark.parametrize("annotation", ["Slice", "'Slice'", "Slice | None", "Optional[Slice]"])
def test_annotated_parameters_of_any_function_are_known(annotation: str) -> None:
    assert refused(f"{HEAD}def f(s: {annotation}):\n    s.option_chains\n") == [(3, "s.option_chains")]


def test_helpers_that_take_an_algorithm_are_scanned() -> None:
    text = f"{HEAD}class Helper:\n    def __init__(self, algorithm: QCAlgorithm):\n        algorithm.notify(1)\n"
    assert refused(text) == [(4, "algorithm.notify")]


def test_classes_derived_in_several_steps_and_files_are_algorithms() -> None:
    base = source(f"{HEAD}class Base(QCAlgorithm):\n    pass\n", "base.py")
    main = source(
        "from base import Base\nclass Middle(Base): pass\nclass One(Middle):\n    def f(self): self.notify(1)\n"
    )
    assert [each.line for each in scan_sources([base, main], subset_names()).refused] == [4]


# -- what the user may do


@pytest.mark.parametrize(
    "body",
    [
        "self.notify = 1\nself.notify",
        "self.alpha = 0.1\nself.status = self.alpha",
        "self.universe = []\nself.universe.append(1)",
        "self.my_own_member()",
        "self.r = 2\nself.r + 1",
        "portfolio = {}\nportfolio.target",
        "ticket = self.market_order('SPY', 1)\nticket = object()\nticket.order_closed",
        "for ticket in []:\n    ticket.order_closed\nticket = self.market_order('SPY', 1)",
        "[ticket.order_closed for ticket in []]\nticket = self.market_order('SPY', 1)",
        "f = lambda data: data.option_chains\ndata = self.current_slice",
        "kind = SecurityType.OPTION\nDataNormalizationMode.SCALED_RAW == kind",
        "self.set_brokerage_model(BrokerageName.QuantConnectBrokerage)",
        "self.log(str(PythonData))\nPythonData = 1",
        "List[Dict[str, Any]], timedelta(1), math.pi, datetime, json",
    ],
)
def test_own_members_and_unknown_types_are_left_alone(body: str) -> None:
    assert refused(method(body)) == []


def test_a_user_s_method_takes_the_place_of_lean_s_member() -> None:
    text = f"{HEAD}class One(QCAlgorithm):\n    def notify(self): pass\n    def f(self): self.notify()\n"
    assert refused(text) == []


@pytest.mark.parametrize("file", sorted((ROOT / "algorithms").glob("*.py")), ids=lambda path: path.stem)
def test_examples_lie_inside_the_subset(file: Path) -> None:
    assert load_algorithm(file).warnings == []


@pytest.mark.parametrize("file", sorted((ROOT / "tests/parity/algorithms").glob("*.py")), ids=lambda path: path.stem)
def test_algorithms_of_the_goldens_lie_inside_the_subset(file: Path) -> None:
    assert load_algorithm(file).warnings == []


# -- names, imports, values


def test_names_outside_the_subset_are_refused() -> None:
    text = f"{HEAD}class Mine(PythonData):\n    pass\ndef f(x: OptionChain) -> None: ...\n"
    assert refused(text) == [(2, "PythonData"), (4, "OptionChain")]


def test_names_are_only_lean_s_where_they_were_imported() -> None:
    assert refused("from other import *\nclass Mine(PythonData):\n    pass\n") == []


@pytest.mark.parametrize(
    ("statement", "member"),
    [
        ("from System.Collections import *", "System.Collections"),
        ("from Alphas.ConstantAlphaModel import ConstantAlphaModel", "Alphas.ConstantAlphaModel"),
        ("import QuantConnect.Nowhere", "QuantConnect.Nowhere"),
        ("from QuantConnect.Indicators import HullMovingAverage", "HullMovingAverage"),
        ("from AlgorithmImports import OptionChain", "OptionChain"),
    ],
)
def test_imports_outside_the_subset_are_refused(statement: str, member: str) -> None:
    assert refused(statement) == [(1, member)]


def test_a_local_module_of_such_a_name_is_the_user_s() -> None:
    sources = [source("X = 1", "Risk.py"), source("from Risk import X")]
    assert scan_sources(sources, subset_names()).refused == []


@pytest.mark.parametrize(
    "expression",
    [
        "DataNormalizationMode.SPLIT_ADJUSTED",
        "DataNormalizationMode.TotalReturn",
        "BrokerageName.TRADIER_BROKERAGE",
        "BrokerageName.Kraken",
        "Market.CME",
        "MovingAverageType.KAMA",
    ],
)
def test_values_outside_the_subset_are_refused(expression: str) -> None:
    assert refused(method(f"self.f({expression})")) == [(4, expression)]


@pytest.mark.parametrize(
    "call", ["self.add_security(SecurityType.OPTION, 'SPY')", "Symbol.create('X', SecurityType.Future, 'cme')"]
)
def test_asset_classes_outside_the_subset_are_refused_where_they_are_asked_for(call: str) -> None:
    assert len(refused(method(call))) == 1


def test_callbacks_that_are_never_called_are_warnings() -> None:
    text = f"{HEAD}class One(QCAlgorithm):\n    def on_brokerage_message(self, message): pass\n    def on_data(self, s): pass\n"
    warnings = check_sources([source(text)])
    assert len(warnings) == 1
    assert warnings[0].startswith("algo.py line 3: One.on_brokerage_message: the embedded engine never calls it")


# -- the error


def test_the_error_has_a_summary_and_a_line_for_each_member() -> None:
    text = method("self.add_option('A')\nself.link(1)\nself.add_option('B')")
    with pytest.raises(UnsupportedApiError) as caught:
        check_sources([source(text)])
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        "algo.py uses 2 members of LEAN's API that the embedded engine does not have: self.add_option, self.link"
    )
    assert lines[1].startswith("  algo.py lines 4, 6: self.add_option: options are not in the subset: ")
    assert lines[2].startswith("  algo.py line 5: self.link: remove it")


def test_a_long_summary_is_cut() -> None:
    members = ["add_option", "add_future", "notify", "download", "add_data", "link", "insights"]
    with pytest.raises(UnsupportedApiError, match=r"^algo.py uses 7 members .* self.add_data and 2 more\n"):
        check_sources([source(method("\n".join(f"self.{name}" for name in members)))])


def test_a_member_is_refused_at_the_line_that_uses_it() -> None:
    code = compile("def use(refuse):\n    refuse(None, 'AddOption')\n", "/somewhere/user.py", "exec")
    names: dict[str, object] = {}
    exec(code, names)
    with pytest.raises(
        UnsupportedApiError, match=r"^/somewhere/user.py line 2: QCAlgorithm.add_option is not in the subset"
    ):
        names["use"](refuse_member)  # type: ignore[operator]


def test_names_that_lean_does_not_have_are_left_to_python() -> None:
    refuse_member(None, "my_own_member")


def test_unsupported_names_the_owner() -> None:
    with pytest.raises(UnsupportedApiError, match=r"Slice.option_chains is not in the subset: options are not"):
        unsupported("OptionChains", "Slice")


def name_error(name: str) -> NameError:
    try:
        eval(compile(name, "/somewhere/user.py", "eval"), {})
    except NameError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("OptionChain", "OptionChain is not in the subset: options are not"),
        ("Resolution", "Resolution is not imported; begin the file with"),
    ],
)
def test_a_name_error_is_explained(name: str, text: str) -> None:
    explained = explain_name_error(name_error(name), Path("/somewhere/user.py"))
    assert str(explained).startswith(f"/somewhere/user.py line 1: {text}")


def test_a_name_error_of_the_user_s_own_is_left_alone() -> None:
    assert explain_name_error(name_error("my_own_name"), Path("/somewhere/user.py")) is None


# -- the tables


def test_alternatives_name_members_that_lean_has_and_we_lack() -> None:
    lean, ours = lean_api().classes["QCAlgorithm"], subset_names()["QCAlgorithm"]
    assert [name for name in MEMBERS if name not in lean.members] == []
    assert [name for name in MEMBERS if has_member(ours, name)] == []


def test_alternatives_of_other_classes_name_what_lean_has_and_we_lack() -> None:
    for key in (key for key in OTHERS if "." in key):
        owner, member = key.split(".")
        assert member in lean_api().classes[owner].members, key
        assert not has_member(subset_names()[owner], member), key


def test_every_member_that_we_lack_has_a_remedy() -> None:
    for name, lean in lean_api().classes.items():
        assert all(remedy_for_member(name, member) for member in lean.members)


def test_every_name_that_we_lack_has_a_remedy() -> None:
    for namespace, names in lean_api().namespaces.items():
        assert all(remedy_for_name(name, namespace) for name in names)


def test_look_ups_take_both_spellings() -> None:
    lean = LeanClass("X", {"set_warm_up": "", "USD": "", "rsi": ""}, "")
    assert [lean.find(name) for name in ("SetWarmUp", "set_warm_up", "Usd", "RSI", "other")] == [
        "set_warm_up", "set_warm_up", "USD", "rsi", None,
    ]  # fmt: skip


def test_members_of_a_class_include_what_its_constructor_assigns() -> None:
    class Base:
        def __init__(self) -> None:
            self.inherited = 1

    class Owner(Base):
        def __init__(self) -> None:
            super().__init__()
            self.assigned = self._hidden = 2

        def method(self) -> None:
            self.later = 3

    assert members_of(Owner) == {"inherited", "assigned", "method"}
