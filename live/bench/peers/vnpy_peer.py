"""vn.py: ticks through the event engine's queue and thread, a handler that decides and calls MainEngine.send_order, and
a gateway that takes the order at once.

vn.py's engine is a thread with a queue, as in its live trading, so the sender is another thread: it sleeps between the
ticks, and a tick's latency counts from when it was handed over. vn.py keeps files in a folder `.vntrader`; the working
folder's is used, which is made beside the other temporary files.
"""

from __future__ import annotations

import os
import tempfile
from collections import deque
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from live.bench.pacing import Schedule
from live.bench.peers.stream import Decision, PeerRun, Stream
from live.clock import monotonic_ns, sleep
from live.errors import EnvironmentFault

_GATEWAY = "BENCH"
_SYMBOL = "B0000"
_LOOK_SECONDS = 0.001
_SECONDS_MAX = 300

NOTE = (
    "vn.py's engine is a thread behind a queue: a tick counts from when the sender's thread handed it over, because a "
    "sender that spins would keep the interpreter's lock; so delays of the sender are not in its figures, and they are in "
    "lean-live's"
)


def run(stream: Stream, order_every: int, schedule: Schedule) -> PeerRun:
    """Play a stream to a schedule. Parameters as for the other adapters.

    Raises:
        EnvironmentFault: the event engine did not handle all ticks.
    """
    folder = Path(tempfile.gettempdir())
    (folder / ".vntrader").mkdir(exist_ok=True)
    os.chdir(folder)
    from vnpy.event import Event, EventEngine
    from vnpy.trader.constant import Direction, Exchange, OrderType
    from vnpy.trader.engine import MainEngine
    from vnpy.trader.event import EVENT_TICK
    from vnpy.trader.object import OrderRequest
    from vnpy.trader.setting import SETTINGS

    # A line on the console for each order would measure the console.
    SETTINGS["log.console"] = False
    measured = PeerRun()
    decision = Decision(order_every)
    threaded = Schedule(schedule.warm_up, schedule.ticks, schedule.gap_ns, spin_ns=0)
    pending: deque[tuple[int, bool]] = deque()
    handled = [0]
    engine = MainEngine(EventEngine())
    gateway = engine.add_gateway(_make_gateway_class())

    def on_tick(event: Event) -> None:
        due_ns, is_measuring = pending.popleft()
        quantity = decision.on_price(event.data.last_price)
        if is_measuring:
            measured.decisions.record(monotonic_ns() - due_ns)
        if quantity:
            direction = Direction.LONG if quantity > 0 else Direction.SHORT
            engine.send_order(OrderRequest(_SYMBOL, Exchange.SMART, direction, OrderType.MARKET, 1.0), _GATEWAY)
            if is_measuring:
                measured.orders.record(monotonic_ns() - due_ns)
        handled[0] += 1

    engine.event_engine.register(EVENT_TICK, on_tick)
    ticks = _make_ticks(stream)
    for number, tick in enumerate(ticks):
        threaded.wait(number)
        pending.append((threaded.due_ns, threaded.is_measuring))
        gateway.on_tick(tick)
    while handled[0] < len(ticks):
        if monotonic_ns() - threaded.began_ns > _SECONDS_MAX * 1e9:
            raise EnvironmentFault(f"vn.py handled {handled[0]} of {len(ticks)} ticks in {_SECONDS_MAX} s")
        sleep(_LOOK_SECONDS)
    measured.seconds = (monotonic_ns() - threaded.began_ns) / 1e9
    schedule.sent, schedule.late = threaded.sent, threaded.late
    engine.close()
    return measured


def _make_ticks(stream: Stream) -> list[Any]:
    from vnpy.trader.constant import Exchange
    from vnpy.trader.object import TickData

    return [
        TickData(
            gateway_name=_GATEWAY,
            symbol=_SYMBOL,
            exchange=Exchange.SMART,
            datetime=datetime.fromtimestamp(time_ns / 1e9, timezone.utc),
            last_price=price,
        )
        for time_ns, price in zip(stream.times_ns, stream.prices, strict=True)
    ]


def _make_gateway_class() -> type[Any]:
    """Return a gateway that accepts every order at once; ticks are handed to it from outside."""
    from vnpy.trader.constant import Exchange, Status
    from vnpy.trader.gateway import BaseGateway
    from vnpy.trader.object import CancelRequest, OrderRequest, SubscribeRequest

    class Gateway(BaseGateway):  # type: ignore[misc]
        default_name = _GATEWAY
        exchanges = [Exchange.SMART]  # noqa: RUF012 - vn.py's own form

        def __init__(self, event_engine: Any, gateway_name: str) -> None:
            super().__init__(event_engine, gateway_name)
            self.count = 0

        def send_order(self, request: OrderRequest) -> str:
            self.count += 1
            order = request.create_order_data(str(self.count), self.gateway_name)
            order.status = Status.NOTTRADED
            self.on_order(order)
            return str(order.vt_orderid)

        def connect(self, setting: dict[str, Any]) -> None:
            """Nothing to connect to."""

        def close(self) -> None:
            """Nothing to close."""

        def subscribe(self, request: SubscribeRequest) -> None:
            """Ticks come without asking."""

        def cancel_order(self, request: CancelRequest) -> None:
            """Orders are never cancelled here."""

        def query_account(self) -> None:
            """There is no account."""

        def query_position(self) -> None:
            """There are no positions."""

    return Gateway
