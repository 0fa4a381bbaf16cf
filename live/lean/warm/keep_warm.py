"""Warm before the session, and warm until its end.

A thread of the host's feeds synthetic ticks of a symbol that nobody trades through LEAN's own way of ticks. Each comes back
in a slice, which the strategy never sees; instead the way of an order is gone once. In the rehearsal a beat follows as soon
as the one before has come back, in the session one comes in each interval in which no real tick has. So the beat costs
nothing while the market is busy, and keeps the engine from cooling down while it is not: with 200 ms between ticks the real
engine needs 400 µs to a decision without it, and 90 µs with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from live.clock import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND, monotonic_ns, thread_cpu_ns
from live.config import CONFIG_FILE_NAME, LeanSettings
from live.errors import ConfigError, error_text
from live.hot.catalogue import Counter, Gauge
from live.lean import surface
from live.lean.attendant import Attendant
from live.lean.instrument import write_debug, write_error
from live.lean.orders.sending import OrderSender
from live.lean.page import LeanPage
from live.lean.slice_watch import SliceWatch
from live.lean.warm.beats import Beats
from live.lean.warm.order_warmer import OrderWarmer
from live.lean.warm.rehearsal import Rehearsal

_ASSET_CLASSES = ("crypto", "equity", "forex")
_REHEARSAL_BEAT_SECONDS = 0.001
_SUBSCRIPTION_NS = 10 * NANOSECONDS_PER_SECOND
"""Time for LEAN to subscribe to the dummy; then beats are tried all the same, and end the rehearsal if none comes back."""
_ACCOUNT_EVERY_NS = NANOSECONDS_PER_SECOND
"""Time between two accounts of what the beat costs."""


class KeepWarm:
    """The part of the host that keeps ticks and orders warm.

    Parameters:
        settings: table [lean].
        watch: the way of slices.
        attendant: the host's thread.
        sender: sends the orders.
        page: the run's telemetry page.
        rest: what is done in a moment without ticks.
        on_rehearsed: told when the rehearsal is over.
        settings_file: file with the table, for messages.

    Raises:
        ConfigError: the dummy symbol is not written as asset class/market/ticker.
    """

    def __init__(
        self,
        settings: LeanSettings,
        watch: SliceWatch,
        attendant: Attendant,
        sender: OrderSender,
        page: LeanPage,
        rest: Callable[[], None],
        on_rehearsed: Callable[[], None],
        settings_file: str = CONFIG_FILE_NAME,
    ) -> None:
        self._dummy_name = dummy_parts(settings.dummy_symbol, settings_file)
        self._settings_file = settings_file
        self._rehearsal_seconds = settings.rehearsal_seconds
        self._beat_ns = int(settings.keep_warm_milliseconds * NANOSECONDS_PER_MILLISECOND)
        self._watch = watch
        self._attendant = attendant
        self._sender = sender
        self._page = page
        self._rest = rest
        self._on_rehearsed = on_rehearsed
        self._algorithm: Any = None
        self._security: Any = None
        self._beats: Beats | None = None
        self._warmer: OrderWarmer | None = None
        self._rehearsal: Rehearsal | None = None
        self._is_on = False
        self._is_subscribed = False
        self._begun_ns = 0
        self._note = ""
        self._account_ns = 0
        self._cpu_ns = 0

    @property
    def is_wanted(self) -> bool:
        """Whether the settings ask for a rehearsal or for the beat."""
        return bool(self._dummy_name) and (self._rehearsal_seconds > 0 or self._beat_ns > 0)

    def prepare(self, algorithm: Any) -> None:
        """Add the dummy symbol, after the algorithm's own initialize; not when that uses the symbol itself.

        LEAN subscribes to it in the first step of its loop, which comes after on_warmup_finished unless there is a warm-up.
        """
        self._algorithm = algorithm
        if not self.is_wanted:
            return
        if surface.uses_framework(algorithm):
            # LEAN gives its models every slice and security, without a way to keep the dummy's from them.
            write_debug(
                algorithm,
                "the algorithm has models of LEAN's framework, which would see the dummy symbol of [lean]: nothing is "
                "rehearsed or kept warm",
            )
            return
        asset_class, market, ticker = self._dummy_name
        symbols = [each.symbol for each in surface.securities(algorithm)]
        taken = next((each for each in symbols if str(each.value).upper() == ticker), None)
        if taken is not None:
            # Also on another market: LEAN takes a bare ticker for the security that was added last.
            write_debug(
                algorithm,
                f"the algorithm has {ticker} of {str(taken.id.market).lower()}, and {'/'.join(self._dummy_name)} is the dummy "
                "symbol of [lean]: nothing is rehearsed or kept warm, since calls with the bare ticker could mean either. Set "
                f"dummy_symbol in {self._settings_file} to one that the algorithm does not use",
            )
            return
        try:
            self._security = surface.add_silent_symbol(algorithm, asset_class, market, ticker)
        except Exception as error:
            # LEAN raises when its data folder or the brokerage model does not know the symbol: warmth is not worth a session.
            write_error(
                algorithm,
                f"LEAN does not add the dummy symbol {'/'.join(self._dummy_name)}: "
                f"{error_text(error)}; nothing is rehearsed or kept warm. Set dummy_symbol in [lean] of "
                f"{self._settings_file} to one that it knows",
            )
            return
        # From the first slice on, those of a warm-up too.
        self._watch.dummy = self._security.symbol

    def is_dummy(self, symbol: Any) -> bool:
        """Tell whether a symbol of LEAN's is the dummy."""
        return self._security is not None and symbol == self._security.symbol

    def on_securities_changed(self, changes: Any) -> Any | None:
        """Take note that LEAN has subscribed to the dummy; return the changes without it, None when nothing is left."""
        if self._security is None:
            return changes
        symbol = self._security.symbol
        has_come = any(each.symbol == symbol for each in changes.added_securities)
        if not has_come and not any(each.symbol == symbol for each in changes.removed_securities):
            return changes
        self._is_subscribed = self._is_subscribed or has_come
        return surface.changes_without(changes, symbol)

    # -- the session

    @property
    def is_rehearsing(self) -> bool:
        """Whether a rehearsal is under way, and with it a call of `on_rehearsed` will come."""
        return self._rehearsal is not None

    def begin(self, algorithm: Any) -> None:
        """Begin to rehearse, or to beat; on LEAN's loop thread, before the host's thread starts."""
        security = self._security
        if security is None:
            return
        if surface.base_amount(security):
            write_debug(
                algorithm,
                f"the account holds a currency that {security.symbol.value} prices, so beats on it would change the "
                "account's worth: nothing is rehearsed or kept warm. Set another dummy_symbol in [lean] of "
                f"{self._settings_file}",
            )
            return
        row = self._sender.gate.row_of(security.symbol)
        if row is not None:
            self._sender.gate.risk.restrict(row.index, True)
        self._beats = Beats(self._watch, algorithm, security)
        self._warmer = OrderWarmer(self._sender, algorithm, security.symbol)
        self._watch.on_beat = self._on_beat
        self._begun_ns = self._account_ns = monotonic_ns()
        self._is_on = True
        if self._rehearsal_seconds:
            self._page.is_rehearsing()
            self._rehearsal = Rehearsal(self._rehearsal_seconds)
        seconds = self._beat_ns / NANOSECONDS_PER_SECOND or _REHEARSAL_BEAT_SECONDS
        if self._rehearsal is not None:
            seconds = min(seconds, _REHEARSAL_BEAT_SECONDS)
        self._attendant.every(seconds, self._look)

    def end(self) -> None:
        """Feed nothing more; called once."""
        self._is_on = False

    # -- on the host's thread

    def _look(self) -> None:
        """Feed a beat when it is time for one."""
        beats = self._beats
        if not self._is_on or beats is None:
            return
        now_ns = monotonic_ns()
        if not self._is_subscribed and now_ns - self._begun_ns < _SUBSCRIPTION_NS:
            # LEAN would drop the beat.
            return
        rehearsal = self._rehearsal
        try:
            self._feed(beats, rehearsal, now_ns)
        except Exception as error:
            # The session does not wait for a warmth that cannot be had. Beats are tried again, ever more seldom.
            if rehearsal is not None:
                self._end_rehearsal(rehearsal, f"the rehearsal is broken off: {error_text(error)}")
            raise

    def _feed(self, beats: Beats, rehearsal: Rehearsal | None, now_ns: int) -> None:
        if rehearsal is not None:
            if not rehearsal.has_begun:
                rehearsal.begin()
            if rehearsal.is_over and beats.is_silent:
                # No beat comes back, so nobody else will end it.
                self._end_rehearsal(rehearsal)
            elif beats.may_send(1):
                beats.send()
        elif self._beat_ns and now_ns - max(self._watch.last_ns, beats.sent_ns) >= self._beat_ns and beats.may_send():
            beats.send()
        if now_ns - self._account_ns >= _ACCOUNT_EVERY_NS:
            self._account(now_ns, beats)

    def _end_rehearsal(self, rehearsal: Rehearsal, why: str = "") -> None:
        """End the rehearsal: on the host's thread or the loop thread, whichever finds first that it is over.

        Parameters:
            rehearsal: the one under way.
            why: it ends before its time; "" when it does not.
        """
        self._rehearsal = None
        warmer = self._warmer
        assert warmer is not None
        try:
            if why:
                write_debug(self._algorithm, why)
            write_debug(self._algorithm, rehearsal.describe())
            self._tell_note(warmer)
            if rehearsal.rounds:
                tick_ns, order_ns = rehearsal.rounds[-1]
                gauge = self._page.page.set_gauge
                gauge(Gauge.REHEARSAL_TICK_P99, tick_ns / NANOSECONDS_PER_SECOND)
                gauge(Gauge.REHEARSAL_ORDER_P99, order_ns / NANOSECONDS_PER_SECOND)
        finally:
            # Whatever cannot be told of it, the session waits for this.
            self._on_rehearsed()

    def _tell_note(self, warmer: OrderWarmer) -> None:
        if warmer.note != self._note:
            self._note = warmer.note
            write_debug(self._algorithm, f"keep-warm: {warmer.note}")

    def _account(self, now_ns: int, beats: Beats) -> None:
        """Say what the host's thread has cost since the last time."""
        if self._warmer is not None:
            self._tell_note(self._warmer)
        cpu_ns = thread_cpu_ns()
        if self._cpu_ns:
            self._page.page.set_gauge(Gauge.KEEP_WARM_CPU, (cpu_ns - self._cpu_ns) / (now_ns - self._account_ns))
        self._cpu_ns, self._account_ns = cpu_ns, now_ns
        self._page.raise_to(Counter.WARM_BEATS, beats.sent)

    # -- on the loop thread

    def _on_beat(self) -> None:
        """Go the way of an order in place of the strategy, and use the moment."""
        beats, warmer = self._beats, self._warmer
        assert beats is not None
        assert warmer is not None
        came_ns = monotonic_ns()
        warmer.beat()
        rehearsal = self._rehearsal
        if rehearsal is not None:
            rehearsal.record(came_ns - beats.sent_ns, monotonic_ns() - came_ns)
            if rehearsal.is_over:
                self._end_rehearsal(rehearsal)
        self._rest()


def dummy_parts(name: str, settings_file: str = CONFIG_FILE_NAME) -> tuple[str, ...]:
    """Return asset class, market and ticker of the dummy symbol; nothing for an empty name.

    Parameters:
        name: as the settings have it.
        settings_file: where they are, for messages.

    Raises:
        ConfigError: the name is written otherwise.
    """
    if not name:
        return ()
    parts = name.split("/")
    if len(parts) != 3 or not all(parts) or parts[0].lower() not in _ASSET_CLASSES:
        raise ConfigError(
            f"dummy_symbol in [lean] of {settings_file} is {name!r}; write asset class/market/ticker, the class one of "
            f"{', '.join(_ASSET_CLASSES)}, for example crypto/coinbase/ETHUSD"
        )
    return parts[0].lower(), parts[1].lower(), parts[2].upper()
