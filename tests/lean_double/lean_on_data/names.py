"""LEAN's namespaces with the embedded engine behind their names, and the scope in which an algorithm can import them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from lean_engine.algorithm import ConcurrentQueue
from lean_engine.data import List, Tick
from lean_engine.feed import Composer, FakeDataQueue, IDataAggregator, IDataQueueHandler
from lean_engine.garbage import GC
from QuantConnect.Configuration import Config

from lean_on_data.algorithm import QCAlgorithm
from lean_on_data.records import OrderResponse, OrderTicket, SecurityChanges, Slice, SubmitOrderRequest
from live.algorithm.imports import LEAN_ROOTS, SERVED_MODULE, ImportScope, subset_names
from live.algorithm.lean_api import lean_api

DOUBLE = Path(__file__).resolve().parent.parent
_NOT_LEANS = "LiveAlgorithm"
"""What the embedded engine has and LEAN has not: the host brings it."""
_BESIDE = {
    "QuantConnect.Configuration": {"Config": Config},
    "QuantConnect.Data": {"IDataAggregator": IDataAggregator},
    # One that can be made and filled.
    "QuantConnect.Data.Market": {"Tick": Tick},
    "QuantConnect.Interfaces": {"IDataQueueHandler": IDataQueueHandler},
    "QuantConnect.Lean.Engine.DataFeeds.Queues": {"FakeDataQueue": FakeDataQueue},
    "QuantConnect.Util": {"Composer": Composer},
    "System": {"GC": GC},
    "System.Collections.Concurrent": {"ConcurrentQueue": ConcurrentQueue},
    "System.Collections.Generic": {"List": List},
}
"""What the host needs of LEAN and .NET that algorithms have no use for."""


_OWN = (QCAlgorithm, OrderResponse, OrderTicket, SecurityChanges, Slice, SubmitOrderRequest)
_SERVED = {name: each for name, each in subset_names().items() if name != _NOT_LEANS} | {
    each.__name__: each for each in _OWN
}
"""What `from AlgorithmImports import *` gives."""


class _Loader(Loader):
    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        if module.__name__ == SERVED_MODULE:
            vars(module).update(_SERVED)
            return
        names = lean_api().namespaces.get(module.__name__, ())
        vars(module).update({name: _SERVED[name] for name in names if name in _SERVED})
        vars(module).update(_BESIDE.get(module.__name__, {}))


class LeanNames(MetaPathFinder):
    """Finds AlgorithmImports and LEAN's namespaces."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != SERVED_MODULE and fullname.partition(".")[0] not in LEAN_ROOTS:
            return None
        is_known = any(each == fullname or each.startswith(f"{fullname}.") for each in _BESIDE)
        if fullname != SERVED_MODULE and not is_known and not lean_api().has_namespace(fullname):
            return None
        return ModuleSpec(fullname, _Loader(), is_package=True)


class LeanScope(ImportScope):
    """The modules of one algorithm, with LEAN's names among them.

    Parameters:
        folder: that of the module which LEAN loads.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._path = [str(DOUBLE), str(folder)]
        self._finder = LeanNames()  # type: ignore[assignment]
