"""What the self-test finds out inside the engine without its algorithm: the process, its threads, both runtimes, LEAN's names.

Each step adds to the facts.
"""

from __future__ import annotations

import gc
import importlib
import os
import types
from typing import Any

from live.lean import surface, threads

_MODULES_OF_THE_BASE = ("AlgorithmImports", "QuantConnect.Algorithm")


def look_at_runtime(facts: dict[str, Any]) -> None:
    """Read .NET's collection counters."""
    pauses = surface.DotnetPauses()
    facts["dotnet_collections"] = [pauses.collections(generation) for generation in range(3)]
    facts["dotnet_pause_ns"] = pauses.pause_ns()
    facts["variables"] = {name: value for name, value in os.environ.items() if name.startswith("DOTNET_")}


def look_at_stand_in(facts: dict[str, Any]) -> None:
    """Let a class stand in for QCAlgorithm and derive from it as a file of the user's would; afterwards take it back."""
    own = surface.algorithm_class()
    body = {"__module__": __name__, "market_order": lambda self: "gate"}
    stand_in = types.new_class(own.__name__, (own,), {}, lambda namespace: namespace.update(body))
    surface.stand_in_for_algorithm(stand_in)
    try:
        found = []
        for module in map(importlib.import_module, _MODULES_OF_THE_BASE):
            user: Any = types.new_class("User", (module.QCAlgorithm,))
            # What `import *` takes, which it does not by the dictionary.
            is_among_all = own.__name__ in getattr(module, "__all__", vars(module))
            found.append(is_among_all and user.market_order is vars(stand_in)["market_order"])
    finally:
        surface.stand_in_for_algorithm(own)
    facts["stand_in_found"] = found


def look_at_affinity(facts: dict[str, Any]) -> None:
    """Keep the loop thread on one core and read it back; list the threads by name."""
    names = {task.name: task.tid for task in threads.tasks()}
    facts["threads"] = sorted(names)
    loop = next((tid for name, tid in names.items() if name == threads.LOOP_THREAD[:15]), None)
    before = os.sched_getaffinity(0)
    if loop is not None:
        os.sched_setaffinity(loop, {min(before)})
        facts["affinity_kept"] = os.sched_getaffinity(loop) == {min(before)}
        os.sched_setaffinity(loop, before)


def look_at_python_collector(facts: dict[str, Any]) -> None:
    """Freeze and disable Python's garbage collector."""
    gc.collect()
    gc.freeze()
    gc.disable()
    facts["python_frozen"] = gc.get_freeze_count()
    facts["python_gc_is_off"] = not gc.isenabled()


PROCESS_STEPS = (look_at_runtime, look_at_stand_in, look_at_affinity, look_at_python_collector)
"""In their order: the collector is switched off at last."""
