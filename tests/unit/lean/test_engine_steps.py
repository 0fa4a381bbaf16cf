"""A step of the engine has seen what was done before it only when it has begun later, and is over."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.clock import ns_to_datetime
from live.lean import engine_steps
from live.lean.engine_steps import EngineSteps

NOW_NS = 1_700_000_000_000_000_000


@given(steps=st.lists(st.integers(-5_000, 5_000), max_size=8), looks=st.lists(st.booleans(), min_size=8, max_size=8))
def test_a_step_counts_when_it_began_later_and_another_has_begun(steps: list[int], looks: list[bool]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_steps, "wall_ns", lambda: NOW_NS)
        algorithm: Any = SimpleNamespace(utc_time=ns_to_datetime(NOW_NS - 10_000_000))
        watched = EngineSteps(algorithm)
        begun = 0
        for offset_ns, is_looking in zip(sorted(set(steps)), looks, strict=False):
            # In 100 ns, as .NET counts; what Python is given is rounded to the nearest microsecond.
            time_ns = NOW_NS + offset_ns * 100
            begun += time_ns > NOW_NS
            algorithm.utc_time = ns_to_datetime((time_ns + 500) // 1_000 * 1_000)
            if is_looking and watched.look():
                assert begun >= 2


def test_it_is_noticed_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = NOW_NS
    monkeypatch.setattr(engine_steps, "wall_ns", lambda: now_ns)
    algorithm: Any = SimpleNamespace(utc_time=ns_to_datetime(NOW_NS))
    watched = EngineSteps(algorithm)
    for _ in range(2):
        seen = []
        for step in range(4):
            algorithm.utc_time = ns_to_datetime(now_ns + step * 1_000_000_000)
            seen.append(watched.look())
        assert seen == [False, False, True, True]
        now_ns += 3_000_000_000
        watched.begin()
