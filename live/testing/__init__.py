"""Unit tests of strategies without data files: give ticks and bars by hand, let time go by, look at the orders.

    from live.testing import Session

    def test_buys_the_breakout():
        with Session("main.py", start="2013-10-07", cash=100_000, parameters={"window": "3"}) as session:
            session.quote("IBM", bid=100.00, ask=100.02, at="09:30:00")
            session.trade("IBM", 100.01, size=100, after=timedelta(seconds=1))
            session.advance(minutes=5)
            assert session.orders[0].status == OrderStatus.FILLED

The strategy runs in the engine of `lean-live dry-run`, so fills, fees, margin, scheduled events and the order of work
are those of a run on files that hold the same data. The package's names are all that tests need; the names of
AlgorithmImports are in `live.testing.lean`.
"""

from live.testing.past import PastBars
from live.testing.records import LogLine
from live.testing.session import Session

__all__ = ["LogLine", "PastBars", "Session"]
