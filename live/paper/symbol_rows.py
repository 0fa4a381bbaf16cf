"""The rows of single symbols on the telemetry page: their names, and of a feed their ticks and the ages of those."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from live.clock import monotonic_ns, wall_ns
from live.config import TelemetrySettings
from live.hot.page_layout import FEED_LABEL_WORDS, FEEDS_MAX

if TYPE_CHECKING:
    from live.feeds.socket.channels import TickGate
    from live.feeds.socket.receiver import FeedReceiver
    from live.hot.telemetry import TelemetryPage
    from live.paper.engine import PaperEngine
    from live.paper.securities import Security

_LABEL_BYTES = FEED_LABEL_WORDS * 8


class SymbolRows:
    """Brings the rows to the page, between two time steps. Moments are exact to the time between two publications.

    Parameters:
        page: where the rows are.
        settings: which symbols have one.
    """

    def __init__(self, page: TelemetryPage, settings: TelemetrySettings) -> None:
        self._page = page
        self._wanted = {name.casefold() for name in settings.symbols}
        self._names = settings.symbols
        self._room = FEEDS_MAX if settings.symbols else settings.max_symbols
        self._rows: dict[str, _Row] = {}
        self._known = 0

    def name(self, securities: Iterable[Security]) -> list[str]:
        """Give a row to each symbol that is to be shown; return a warning for each wanted one that is not there.

        Of two symbols with one ticker the second has its market in its name.
        """
        found = set()
        for security in securities:
            names = {security.symbol.value.casefold(), "/".join(_path_of(security)).casefold()}
            found |= names
            if (not self._wanted or names & self._wanted) and len(self._rows) < self._room:
                self._add(security)
        return [
            f"[telemetry] symbols names {name}, which the algorithm does not subscribe to"
            for name in self._names
            if name.casefold() not in found
        ]

    def _add(self, security: Security) -> None:
        if any(row.security is security for row in self._rows.values()):
            return
        label = security.symbol.value
        if label in self._rows:
            label = f"{label}.{security.symbol.id.market}"
        if label in self._rows or len(label.encode()) > _LABEL_BYTES:
            return
        self._page.name_feed(len(self._rows), label)
        self._rows[label] = _Row(security)

    def publish(self, engine: PaperEngine, feed: FeedReceiver | None) -> None:
        """Bring the rows up to date; of recorded data they have no more than names."""
        if len(engine.securities) != self._known:
            self._known = len(engine.securities)
            self.name(engine.securities.values())
        if feed is None:
            return
        received_ns = wall_ns() - (monotonic_ns() - feed.received_ns)
        for place, row in enumerate(self._rows.values()):
            if row.look(feed, received_ns, engine.clock.now_ns):
                self._page.stamp_feed(place, row.received_ns, row.ticks, row.price_changed_ns, row.is_open)


class _Row:
    """What was last shown of a symbol."""

    __slots__ = ("_gates", "_prices", "is_open", "price_changed_ns", "received_ns", "security", "ticks")

    def __init__(self, security: Security) -> None:
        self.security = security
        self.ticks = 0
        self.received_ns = 0
        self.price_changed_ns = 0
        self.is_open = False
        self._prices: tuple[float, ...] = ()
        self._gates: list[TickGate] = []

    def look(self, feed: FeedReceiver, received_ns: int, now_ns: int) -> bool:
        """Tell whether ticks came since the last look, or the market opened or closed, and take note of that.

        Parameters:
            feed: where from.
            received_ns: when something last came from there, since 1970 UTC.
            now_ns: moment of the run, UTC.
        """
        if not self._gates:
            self._gates = feed.inbox.gates_of(*_path_of(self.security))
        was_open, self.is_open = self.is_open, any(gate.is_open_at(now_ns) for gate in self._gates)
        ticks = sum(gate.ticks for gate in self._gates)
        if ticks == self.ticks:
            return self.is_open != was_open
        self.ticks = ticks
        self.received_ns = received_ns
        prices = tuple(gate.newest_price for gate in self._gates)
        if prices != self._prices:
            self._prices = prices
            self.price_changed_ns = received_ns
        return True


def _path_of(security: Security) -> tuple[str, str, str]:
    """Return the parts by which a feed, and the settings, name a symbol."""
    symbol = security.symbol
    return symbol.security_type.name.lower(), symbol.id.market, symbol.value
