"""nautilus_trader: trade ticks through the back-test engine, fed one by one from a generator; the strategy's
`on_trade_tick` decides and calls submit_order.

The simulated venue has no latency: it fills the order at once, when the strategy has returned.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from live.bench.pacing import Schedule
from live.bench.peers.stream import Decision, PeerRun, Stream
from live.clock import monotonic_ns

NOTE = (
    "nautilus_trader is measured in its back-test engine, fed one tick at a time; its venue does not acknowledge market "
    "orders, so an order counts up to its fill there, and up to its acceptance in lean-live; its live node adds queues and "
    "tasks, which are not in these figures"
)


def run(stream: Stream, order_every: int, schedule: Schedule) -> PeerRun:
    """Play a stream to a schedule. Parameters as for the other adapters."""
    from nautilus_trader.backtest.engine import BacktestEngine
    from nautilus_trader.config import BacktestEngineConfig, LoggingConfig
    from nautilus_trader.model.currencies import USD
    from nautilus_trader.model.data import TradeTick
    from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
    from nautilus_trader.model.events import OrderFilled
    from nautilus_trader.model.objects import Money, Quantity
    from nautilus_trader.trading.strategy import Strategy

    measured = PeerRun()
    decision = Decision(order_every)
    instrument = _make_instrument()
    ticks = _make_ticks(stream, instrument.id)
    one = Quantity.from_int(1)

    class Crossing(Strategy):  # type: ignore[misc]
        def on_start(self) -> None:
            self.subscribe_trade_ticks(instrument.id)

        def on_trade_tick(self, tick: TradeTick) -> None:
            quantity = decision.on_price(tick.price.as_double())
            measured.decided(schedule)
            if quantity:
                side = OrderSide.BUY if quantity > 0 else OrderSide.SELL
                self.submit_order(self.order_factory.market(instrument.id, side, one))

        def on_order_filled(self, event: OrderFilled) -> None:
            measured.ordered(schedule)

    def fed() -> Iterator[list[Any]]:
        # The engine plays a tick once it has been given the one after it.
        yield ticks[:1]
        for number in range(len(ticks)):
            schedule.wait(number)
            if number + 1 < len(ticks):
                yield [ticks[number + 1]]

    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    cash = [Money(1_000_000, USD)]
    engine.add_venue(instrument.id.venue, OmsType.NETTING, AccountType.MARGIN, cash, base_currency=USD)
    engine.add_instrument(instrument)
    engine.add_data_iterator("ticks", fed())
    engine.add_strategy(Crossing())
    engine.run()
    measured.seconds = (monotonic_ns() - schedule.began_ns) / 1e9
    engine.dispose()
    return measured


def _make_instrument() -> Any:
    from nautilus_trader.model.currencies import USD
    from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
    from nautilus_trader.model.instruments import Equity
    from nautilus_trader.model.objects import Price, Quantity

    symbol = Symbol("B0000")
    return Equity(
        instrument_id=InstrumentId(symbol, Venue("SIM")),
        raw_symbol=symbol,
        currency=USD,
        price_precision=2,
        price_increment=Price.from_str("0.01"),
        lot_size=Quantity.from_int(1),
        margin_init=Decimal("0.5"),
        margin_maint=Decimal("0.25"),
        ts_event=0,
        ts_init=0,
    )


def _make_ticks(stream: Stream, instrument_id: Any) -> list[Any]:
    from nautilus_trader.model.data import TradeTick
    from nautilus_trader.model.enums import AggressorSide
    from nautilus_trader.model.identifiers import TradeId
    from nautilus_trader.model.objects import Price, Quantity

    size = Quantity.from_int(100)
    return [
        TradeTick(instrument_id, Price(price, 2), size, AggressorSide.BUYER, TradeId(str(number)), time_ns, time_ns)
        for number, (time_ns, price) in enumerate(zip(stream.times_ns, stream.prices, strict=True))
    ]
