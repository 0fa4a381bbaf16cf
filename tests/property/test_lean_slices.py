"""Whatever comes in whatever slices, the strategy sees every real tick once and the dummy never, and every count is right."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.lean_double import lean_modules

from live.clock import monotonic_ns
from live.config import TelemetrySettings
from live.hot.catalogue import Counter, Stage

REAL, DUMMY, REST, ORDER = "real", "dummy", "rest", "order"
slices = st.lists(st.sampled_from((REAL, REAL, DUMMY)), min_size=1, max_size=4)
steps = st.lists(st.one_of(slices, st.just(REST), st.just(ORDER)), max_size=60)


@settings(max_examples=60, deadline=None)
@given(steps=steps, many=st.integers(0, 300))
def test_the_strategy_sees_each_real_tick_once(steps: list[Any], many: int) -> None:
    with lean_modules(), tempfile.TemporaryDirectory() as folder:
        from lean_engine.data import Slice, Tick
        from lean_engine.feed import utc_now
        from lean_engine.market import Market, SecurityType, Symbol
        from lean_engine.securities import SecurityManager

        from live.lean.page import LeanPage
        from live.lean.slice_watch import BEAT_QUANTITY, SliceWatch
        from live.lean.stages import OrderStages

        symbols = {
            REAL: Symbol.create("BTCUSD", SecurityType.CRYPTO, Market.COINBASE),
            DUMMY: Symbol.create("ETHUSD", SecurityType.CRYPTO, Market.COINBASE),
        }
        page, stages = LeanPage(Path(folder), TelemetrySettings()), OrderStages()
        watch = SliceWatch(page, stages, 0)
        watch.dummy = symbols[DUMMY]
        watch.algorithm = SimpleNamespace(securities=SecurityManager())
        for each in symbols.values():
            watch.algorithm.securities._add(each, None)
        seen: list[float] = []
        beats, orders = [0], [0]
        wants_order = [False]

        def strategy(slice: Any) -> None:
            assert not slice.contains_key(symbols[DUMMY])
            assert not slice.ticks.contains_key(symbols[DUMMY])
            seen.extend(tick.price for tick in slice.ticks[symbols[REAL]])
            if wants_order[0]:
                orders[0] += 1
                stages.accept(stages.slice_number, stages.hand_over())

        def on_beat() -> None:
            beats[0] += 1
            watch.look()

        watch.strategy, watch.on_beat = strategy, on_beat
        page.trace.begin(monotonic_ns())
        expected: list[float] = []
        dummies = alone = calls = 0
        price = 0.0
        for step in [*steps, *([[REAL]] * many)]:
            if step == REST:
                watch.look()
                continue
            if step == ORDER:
                wants_order[0] = not wants_order[0]
                continue
            ticks = []
            for kind in step:
                price += 1.0
                tick = Tick()
                tick.symbol, tick.time, tick.value = symbols[kind], utc_now(), price
                ticks.append(tick)
                if kind == REAL:
                    expected.append(price)
                else:
                    dummies += 1
                    watch.beats_sent += 1
                    tick.quantity = BEAT_QUANTITY
            calls += REAL in step
            alone += REAL not in step
            watch.on_slice(Slice.of(utc_now(), utc_now(), ticks))
        watch.look_at_all()
        watch.publish(0)
        assert seen == expected
        assert watch.beats_seen == dummies
        assert beats[0] == alone
        assert page.page.counter(Counter.TICKS_TRADE) == len(expected)
        assert page.page.counter(Counter.CALLS_ON_DATA) == calls
        assert page.histogram(Stage.TICK_TO_DECISION).count == calls
        assert page.histogram(Stage.TICK_TO_ORDER).count == orders[0]
