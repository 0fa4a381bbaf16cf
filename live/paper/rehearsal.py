"""Rehearsal: synthetic ticks and orders on the way that real ones will take, in an account of their own.

A second engine of the same kind plays a strategy of ours: frames are decoded, queued, merged and played, orders pass the
risk gate, the paper broker and the account. The code is that of the run, so that it is warm in the caches of processor
and interpreter; the data are others, so that nothing of it can reach the run's book, account, journal or strategy.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

from live.algorithm.enums import DataNormalizationMode, Resolution
from live.algorithm.live_algorithm import LiveAlgorithm
from live.algorithm.orders import MarketOnCloseOrder, OrderEvent
from live.algorithm.qc_algorithm import QCAlgorithm
from live.algorithm.slices import Slice
from live.algorithm.symbols import Symbol
from live.clock import monotonic_ns
from live.config import RiskSettings
from live.feeds.socket.decoder import FrameDecoder
from live.feeds.socket.frames import Channel, FrameEncoder, Tick, Ticks
from live.feeds.socket.health import FeedCounters
from live.feeds.socket.inbox import FeedInbox
from live.hot.catalogue import Stage
from live.hot.histogram import Histogram
from live.hot.views import TickView
from live.paper.engine import PaperEngine
from live.paper.feed_subscriptions import FeedSubscriptions
from live.paper.opening import loop_for, open_frontier
from live.paper.order_records import forget_past
from live.paper.recorder import Recorder
from live.paper.risk_desk import RiskDesk
from live.paper.securities import Security

_HOUR_NS = 3_600_000_000_000
_STEP_NS = 1_000
"""Time between two ticks on the rehearsal's clock: a day of keeping warm takes about a minute of it."""
_PRICE_E9 = 100 * 10**9
_HALF_SPREAD_E9 = 10**7
_CASH = 10**12
_QUEUE_TICKS = 64
_FRAME_BYTES = 4_096


class _Nowhere:
    """Takes order events and log lines, and keeps nothing."""

    def order_event(self, event: OrderEvent) -> None:
        """Forget an event."""

    def write(self, local_ns: int | None, level: str, text: str) -> None:
        """Forget a line."""


class RehearsedSlices(QCAlgorithm):
    """Takes slices and sends market orders."""

    wants_order = False
    quantity = 0.0
    traded: Symbol

    def on_data(self, slice: Slice) -> None:
        """Send an order, when it is its turn."""
        if self.wants_order:
            self.wants_order = False
            self.market_order(self.traded, self.quantity)


class RehearsedTicks(LiveAlgorithm):
    """Takes ticks and submits market orders."""

    wants_order = False
    quantity = 0.0
    traded: Symbol

    def on_tick(self, tick: TickView) -> None:
        """Send an order, when it is its turn."""
        if self.wants_order:
            self.wants_order = False
            self.submit(self.traded, self.quantity)


class Rehearser:
    """Plays synthetic ticks and orders.

    Parameters:
        engine: the run, set up; its reference data, its kind of algorithm and the models of its broker are taken over.

    Attributes:
        ticks: ticks played so far.
        orders: orders filled so far.
        decisions: tick to decision, since the last `forget`.
        acceptances: tick to order, likewise.
    """

    def __init__(self, engine: PaperEngine) -> None:
        close_buffer = MarketOnCloseOrder.submission_time_buffer
        like: Security = next(iter(engine.securities.values()))
        self._inbox = FeedInbox((), _QUEUE_TICKS, "wait", FeedCounters())
        subscriptions = FeedSubscriptions(engine.subscriptions.folder, self._inbox, engine.subscriptions)
        histograms = {stage: Histogram() for stage in Stage}
        self.decisions, self.acceptances = histograms[Stage.TICK_TO_DECISION], histograms[Stage.TICK_TO_ORDER]
        nowhere = _Nowhere()
        recorder = Recorder(nowhere, nowhere, histograms.__getitem__)
        risk = RiskDesk(RiskSettings(), lambda: 0)
        shadow = self._engine = PaperEngine(subscriptions, recorder, engine.object_store, {}, risk)
        # The constructor sets it for all engines of the process.
        MarketOnCloseOrder.submission_time_buffer = close_buffer
        self._time_ns = _open_moment(like, engine.time_ns)
        subscriptions.start_ns = self._time_ns
        shadow.follow(self._time_ns)
        shadow.attach(RehearsedTicks if isinstance(engine.algorithm, LiveAlgorithm) else RehearsedSlices)
        if type(engine.brokerage_model).__module__.startswith("live."):
            shadow.brokerage_model = engine.brokerage_model
        symbol = like.symbol
        shadow.portfolio.set_account_currency(like.quote_cash.symbol)
        shadow.portfolio.set_cash(like.quote_cash.symbol, _CASH)
        market = symbol.id.market
        security = shadow.add_security(
            like.type, symbol.value, Resolution.TICK, market, False, 0, True, DataNormalizationMode.RAW
        )
        shadow.finish_initialize()
        algorithm: Any = shadow.algorithm
        algorithm.traded = security.symbol
        self._algorithm = algorithm
        # Each order turns the position round, beginning with a buy: a cash account cannot sell what it does not have.
        self._quantity = -float(max(Decimal(1), security.properties.lot_size))
        frontier = open_frontier(shadow)
        self._loop = loop_for(shadow, frontier)(shadow, frontier, lambda: None, sys.maxsize)
        self._inbox.route([source.channel for source in self._inbox.sources])
        self._decoder = FrameDecoder(_FRAME_BYTES)
        ticks = [_tick(place, source.channel) for place, source in enumerate(self._inbox.sources)]
        self._frame = bytes(FrameEncoder().encode(Ticks(1, 0, ticks)))
        self.ticks = 0
        self.orders = 0
        self._loop.begin()

    def beat(self, with_order: bool) -> None:
        """Play one moment, as if its frame had been received now.

        Parameters:
            with_order: whether the strategy sends an order, which fills at once.
        """
        received_ns = monotonic_ns()
        decoder = self._decoder
        decoder.free_space()[: len(self._frame)] = self._frame
        decoder.received(len(self._frame))
        message = decoder.next_message()
        assert isinstance(message, Ticks)
        self._time_ns += _STEP_NS
        for tick in message.ticks:
            tick.time_ns = self._time_ns
        algorithm = self._algorithm
        if with_order:
            self._quantity = -self._quantity
            algorithm.quantity, algorithm.wants_order = self._quantity, True
        self._inbox.put(message.ticks)
        self._loop.wake(self._inbox.take_fresh(), received_ns)
        self._loop.run_until(self._time_ns)
        self.ticks += len(message.ticks)
        if with_order:
            self.orders += 1
            # Nobody asks, and it would gather all day.
            forget_past(self._engine.transactions)

    def forget(self) -> None:
        """Begin to measure anew."""
        self.decisions.clear()
        self.acceptances.clear()


def _open_moment(security: Security, now_ns: int) -> int:
    """Return a moment in the middle of a session, at which orders are filled at once."""
    zone = security.hours.exchange_zone
    if security.hours.is_market_always_open:
        return now_ns
    return zone.to_utc_ns(security.hours.next_market_open(zone.to_local_ns(now_ns), False)) + _HOUR_NS


def _tick(place: int, channel: Channel) -> Tick:
    if channel.is_quote:
        return Tick(place, 0, _PRICE_E9 - _HALF_SPREAD_E9, 100.0, _PRICE_E9 + _HALF_SPREAD_E9, 100.0)
    return Tick(place, 0, _PRICE_E9, 100.0)
