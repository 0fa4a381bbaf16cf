"""Attaches lean-live to the benchmark's algorithm, and tells that when LEAN has taken each of its orders.

The algorithm is the one that runs as stock, so it cannot tell by itself: attached, its order call returns before LEAN's own
when a lane stands between. The order path knows: it hears LEAN's number of an order once LEAN's call has returned.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Any

from live.clock import monotonic_ns
from live.hot.catalogue import RunPhase
from live.lean import surface
from live.lean.attach import attach_to
from live.lean.instructions import read_instructions
from live.lean.orders.sending import OrderSender

ATTACHED_ENTRY = '''\
"""Made by lean-live bench: attaches it to the benchmark's algorithm."""

from AlgorithmImports import *

from live.bench.lean_attached import attach


class LeanLiveAlgorithm(attach()):
    """The benchmark's algorithm, instrumented."""
'''


class Submissions:
    """A part of the host that tells the algorithm of each order that LEAN has taken, and when it may begin.

    Parameters:
        sender: hears of them.
        is_ready: whether the rehearsal is over, which would be measured as well.
        rest: does what the host leaves to moments without ticks.
    """

    def __init__(self, sender: OrderSender, is_ready: Callable[[], bool], rest: Callable[[], None]) -> None:
        self._sender = sender
        self._is_ready = is_ready
        self._rest = rest

    def begin(self, algorithm: Any) -> None:
        """Tell from now on; on the loop thread, so that what comes on another is the lane's."""
        loop, note = get_ident(), self._sender.on_claim
        take = algorithm.begin_submissions(self._is_ready, self._rest)

        def claim(order_id: int, handle: int) -> None:
            take(monotonic_ns(), get_ident() != loop)
            note(order_id, handle)

        self._sender.on_claim = claim

    def end(self) -> None:
        """Do nothing: orders that still wait in the lane are told of."""


def attach() -> type:
    """Return the instrumented class of the benchmark's algorithm; raises as live.lean.attach.attach."""
    # The algorithm feeds itself, so no feeder of the host's has silenced the queue.
    surface.silence_data_queue()
    cls, host = attach_to(read_instructions())
    submissions = Submissions(host.orders.sender, lambda: host.page.phase >= RunPhase.READY, host.watch.look_at_all)
    host.parts.append(submissions)
    return cls
