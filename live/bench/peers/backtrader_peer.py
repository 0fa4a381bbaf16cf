"""backtrader: each tick is a bar of its own, the strategy's `next` decides and calls buy or sell.

backtrader has no callback per tick; a feed with one bar per tick is its nearest form. Its broker takes an order inside
of the call (no check of the cash at submission).
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from live.bench.pacing import Schedule
from live.bench.peers.stream import Decision, PeerRun, Stream
from live.clock import monotonic_ns

NOTE = "backtrader has no ticks and no callback per tick: each tick is a bar of its own, which is its nearest form"


def run(stream: Stream, order_every: int, schedule: Schedule) -> PeerRun:
    """Play a stream to a schedule.

    Parameters:
        stream: the ticks.
        order_every: ticks from one order to the next.
        schedule: when they are due.
    """
    import backtrader

    measured = PeerRun()
    decision = Decision(order_every)
    times = [backtrader.date2num(datetime.fromtimestamp(time_ns / 1e9, timezone.utc)) for time_ns in stream.times_ns]

    class Feed(backtrader.feed.DataBase):  # type: ignore[misc]
        number = 0

        def _load(self) -> bool:
            number = self.number
            if number == len(times):
                return False
            price = stream.prices[number]
            self.number = number + 1
            schedule.wait(number)
            lines = self.lines
            lines.datetime[0] = times[number]
            lines.open[0] = lines.high[0] = lines.low[0] = lines.close[0] = price
            lines.volume[0] = 100.0
            lines.openinterest[0] = 0.0
            return True

    class Strategy(backtrader.Strategy):  # type: ignore[misc]
        def next(self) -> None:
            quantity = decision.on_price(self.data.close[0])
            measured.decided(schedule)
            if quantity:
                self.buy(size=1) if quantity > 0 else self.sell(size=1)
                measured.ordered(schedule)

    cerebro: Any = backtrader.Cerebro(preload=False, runonce=False, stdstats=False)
    cerebro.broker.setcash(100_000.0)
    cerebro.broker.set_checksubmit(False)
    cerebro.adddata(Feed(timeframe=backtrader.TimeFrame.Ticks))
    cerebro.addstrategy(Strategy)
    cerebro.run()
    measured.seconds = (monotonic_ns() - schedule.began_ns) / 1e9
    return measured
