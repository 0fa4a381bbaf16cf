"""The source scan against algorithms of many styles: what works is never refused, what cannot work is refused by name.

False refusals are worse than misses: a miss ends as a clear error when the member is used.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from live.algorithm.loader import load_algorithm
from live.errors import UnsupportedApiError

HEAD = "from AlgorithmImports import *\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write files below a folder and return the algorithm's."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder / "main.py"


ACCEPTED: dict[str, dict[str, str]] = {
    "names_of_a_user_file_by_star": {
        "main.py": HEAD
        + """\
from mine import *
class A(QCAlgorithm):
    def initialize(self):
        self.x = Insight(1)
""",
        "mine.py": """\
class Insight:
    def __init__(self,x): pass
""",
    },
    "annotations_that_are_deferred": {
        "main.py": """\
from __future__ import annotations
from AlgorithmImports import *
class A(QCAlgorithm):
    def f(self, u: Universe, o: OptionChain | None = None) -> Universe:
        z: Universe = u
        return u
""",
    },
    "annotations_of_locals": {
        "main.py": HEAD
        + """\
class A(QCAlgorithm):
    def f(self, u):
        z: Universe = u
        return z
""",
    },
    "annotations_as_strings": {
        "main.py": HEAD
        + """\
class A(QCAlgorithm):
    def f(self, u: 'Universe') -> 'OptionChain':
        return u
""",
    },
    "imports_for_type_checkers": {
        "main.py": HEAD
        + """\
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from QuantConnect.Algorithm.Framework.Alphas import Insight
class A(QCAlgorithm):
    pass
""",
    },
    "old_style_imports": {
        "main.py": """\
import clr
clr.AddReference('System')
clr.AddReference('QuantConnect.Algorithm')
from System import *
from QuantConnect import *
from QuantConnect.Algorithm import *
from QuantConnect.Data import *
from QuantConnect.Indicators import *
from datetime import timedelta
class A(QCAlgorithm):
    def Initialize(self):
        self.SetCash(100000)
        self.x = DayOfWeek.Monday
""",
    },
    "old_style_imports_from_clr": {
        "main.py": """\
from clr import AddReference
AddReference('System')
AddReference('QuantConnect.Common')
from System import *
from QuantConnect import *
from QuantConnect.Algorithm import QCAlgorithm
from QuantConnect.Data.Market import TradeBar
from QuantConnect.Orders import OrderStatus
class A(QCAlgorithm):
    pass
""",
    },
    "branches_for_live_mode": {
        "main.py": HEAD
        + """\
class A(QCAlgorithm):
    def on_data(self, data):
        if self.live_mode:
            self.notify.email('a','b','c')
        if self.LiveMode and True:
            self.Notify.Sms('1','2')
""",
    },
    "members_set_by_setattr": {
        "main.py": HEAD
        + """\
class A(QCAlgorithm):
    def initialize(self):
        setattr(self, 'universe', [])
        self.universe.append(1)
""",
    },
    "folders_named_like_lean_modules": {
        "main.py": HEAD
        + """\
from Risk.manager import Manager
import Execution.fast as fast
class A(QCAlgorithm):
    pass
""",
        "Risk/manager.py": """\
class Manager: pass
""",
        "Execution/fast.py": """\
x=1
""",
    },
    "star_imports_of_packages": {
        "main.py": HEAD
        + """\
from math import *
from json import *
class A(QCAlgorithm):
    def f(self):
        return sin(1)
""",
    },
    "fields_named_like_members": {
        "main.py": HEAD
        + """\
class A(QCAlgorithm):
    alpha = 1
    def initialize(self):
        self.alpha += 1
        self.insights, self.universe = 1, 2
        for self.download in range(3): pass
        print(self.insights, self.universe, self.download)
""",
    },
    "helper_classes_with_such_fields": {
        "main.py": HEAD
        + """\
class Risk:
    def __init__(self, algorithm):
        self.algorithm = algorithm
        self.portfolio = {}
        self.insights = []
    def check(self):
        return self.portfolio.target, self.insights, self.universe
class A(QCAlgorithm):
    def initialize(self):
        self.risk = Risk(self)
        self.risk.check
""",
    },
    "dataclasses_and_f_strings": {
        "main.py": HEAD
        + """\
from dataclasses import dataclass, field
@dataclass
class Insight:
    symbol: Symbol
    universe: list = field(default_factory=list)
class A(QCAlgorithm):
    def initialize(self):
        self.s = Insight(None)
        print(f'{self.s.universe!r:>{10}} {self.time:%H}')
""",
    },
    "inherited_fields": {
        "main.py": HEAD
        + """\
from base import Base
class A(Base):
    def initialize(self):
        super().initialize()
        self.universe.append(1)
""",
        "base.py": HEAD
        + """\
class Base(QCAlgorithm):
    def initialize(self):
        self.universe = []
""",
    },
    "bases_by_module_name": {
        "main.py": """\
import base
class A(base.Base):
    def initialize(self):
        super().initialize()
        self.my_insights()
        self.emit_insights(1)
""",
        "base.py": HEAD
        + """\
class Base(QCAlgorithm):
    def emit_insights(self, x):
        pass
    def my_insights(self): pass
""",
    },
    "decorators_comprehensions_lambdas": {
        "main.py": HEAD
        + """\
import functools
def deco(f):
    @functools.wraps(f)
    def wrapper(self, *args, **kwargs):
        return f(self, *args, **kwargs)
    return wrapper
class A(QCAlgorithm):
    @deco
    def on_data(self, data):
        x = [bar for bar in data.bars.values()]
        y = {k: v for k, v in data.bars.items()}
        z = (lambda universe: universe)(3)
        universe = 3
        return universe
    @staticmethod
    def calc(portfolio):
        return portfolio.target
    @property
    def benchmark_value(self): return 1
""",
    },
    "fields_put_on_securities": {
        "main.py": HEAD
        + """\
class A(QCAlgorithm):
    def initialize(self):
        s = self.add_equity('SPY')
        s.sma = self.sma(s.symbol, 5)
        s.my_thing = 3
        s['x'] = 3
""",
    },
    "match_statements": {
        "main.py": HEAD
        + """\
class A(QCAlgorithm):
    def f(self, universe):
        match universe:
            case {'Insight': Insight}:
                return Insight
            case [Universe, *Options]:
                return Universe, Options
""",
    },
    "walrus_assignments": {
        "main.py": HEAD
        + """\
class A(QCAlgorithm):
    def f(self, data):
        if (option := data.get('x')): return option.strike
        if (bar := data.bars.get('x')) is not None: return bar.close
""",
    },
    "global_names": {
        "main.py": HEAD
        + """\
def make():
    global Universe
    Universe = 3
class A(QCAlgorithm):
    def f(self): return Universe
""",
    },
    "named_tuples_and_hints": {
        "main.py": HEAD
        + """\
from typing import NamedTuple
class Signal(NamedTuple):
    insight: int
    universe: List[str]
class A(QCAlgorithm):
    signals: Dict[Symbol, Signal] = {}
    def f(self, x: Optional[Slice] = None) -> Tuple[int, float]: return x.bars, self.signals
""",
    },
    "pascal_case": {
        "main.py": HEAD
        + """\
class A(QCAlgorithm):
    def on_data(self, data: Slice) -> None:
        self.Debug(str(data.Time))
        if data.ContainsKey('SPY') and not self.Portfolio.Invested: self.SetHoldings('SPY', 1)
    def OnOrderEvent(self, orderEvent):
        self.Log(orderEvent.Status)
    def OnSecuritiesChanged(self, changes):
        for s in changes.AddedSecurities: s.SetLeverage(2)
""",
    },
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_works_is_not_refused(case: str, tmp_path: Path) -> None:
    loaded = load_algorithm(write(tmp_path, ACCEPTED[case]))
    assert loaded.cls.__name__ == "A"
    assert loaded.warnings == []


def method(body: str) -> str:
    """Return an algorithm with a method of a body; its first line is line 5."""
    return f"{HEAD}class A(QCAlgorithm):\n    def initialize(self):\n        pass\n{textwrap.indent(body, ' ' * 8)}\n"


REFUSED = [
    ("self.add_option('SPY')", "line 5: self.add_option: options are not in the subset"),
    ("self.AddFuture(Futures.Indices.SP500EMini)", "line 5: self.AddFuture: futures are not in the subset"),
    ("x = 1\nself.set_alpha(None)", "line 6: self.set_alpha: the algorithm framework is not in the subset"),
    ("self.add_universe(lambda c: c)", "line 5: self.add_universe: universes are not in the subset"),
    ("self.notify.email('a', 'b', 'c')", "line 5: self.notify: a dry run sends no messages"),
    ("self.download('http://x')", "line 5: self.download: a dry run reads nothing from the network"),
    ("if not self.live_mode:\n    self.notify.sms('1', '2')", "line 6: self.notify: a dry run sends no messages"),
    ("try:\n    self.add_data(1)\nexcept Exception:\n    pass", "line 6: self.add_data: custom data"),
    ("f'{self.insights}'", "line 5: self.insights: the algorithm framework"),
    ("[self.add_index(t) for t in ('SPX',)]", "line 5: self.add_index: indexes are not in the subset"),
    ("p = self.portfolio\np.set_positions()", "line 6: p.set_positions: "),
    ("chain = OptionChain", "line 5: OptionChain: options are not in the subset"),
    ("self.sto(self.spy, 14)", "line 5: self.sto: this indicator is not in the subset"),
]


@pytest.mark.parametrize(("body", "text"), REFUSED, ids=[text.split(":")[1].strip() for _, text in REFUSED])
def test_what_cannot_work_is_refused_with_file_line_and_alternative(body: str, text: str, tmp_path: Path) -> None:
    file = write(tmp_path, {"main.py": method(body)})
    with pytest.raises(UnsupportedApiError) as caught:
        load_algorithm(file)
    first, *places = str(caught.value).splitlines()
    assert first.startswith(f"{file} uses ")
    assert any(place.startswith(f"  main.py {text}") for place in places), places


def test_a_refusal_in_a_helper_file_names_that_file(tmp_path: Path) -> None:
    files = {
        "main.py": "from helper import Base\nclass A(Base):\n    pass\n",
        "helper.py": f"{HEAD}class Base(QCAlgorithm):\n    def initialize(self):\n        self.set_execution(None)\n",
    }
    with pytest.raises(UnsupportedApiError, match=r"helper.py line 4: self.set_execution: the algorithm framework"):
        load_algorithm(write(tmp_path, files))


def test_all_refusals_are_listed_at_once(tmp_path: Path) -> None:
    body = "self.add_option('A')\nself.add_future('B')\nself.add_option('C')"
    with pytest.raises(UnsupportedApiError) as caught:
        load_algorithm(write(tmp_path, {"main.py": method(body)}))
    places = str(caught.value).splitlines()[1:]
    assert [place.split(":")[0].strip() for place in places] == ["main.py lines 5, 7", "main.py line 6"]


def test_a_user_file_named_like_a_dotnet_namespace_is_the_user_s(tmp_path: Path) -> None:
    files = {
        "main.py": f"from System import answer\n{HEAD}class A(QCAlgorithm):\n    value = answer\n",
        "System.py": "answer = 42\n",
    }
    assert load_algorithm(write(tmp_path, files)).cls.value == 42  # type: ignore[attr-defined]
