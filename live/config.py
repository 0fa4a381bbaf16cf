"""Settings of a run: the tables of `live.toml`, their units and bounds, and a strict reader of them.

A file may hold any subset of the tables and keys below; what it leaves out keeps its default. Unknown tables and keys,
values of another type and values out of their range are errors that name the file, the key, the allowed range and the
nearest known name (live/settings_file.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from live.settings_file import read_tables, read_text

CONFIG_FILE_NAME = "live.toml"
_LARGEST = 1e9
"""Largest quantity and amount that fits the hot path's 64-bit fixed-point numbers."""

Limit = Annotated[float, Meta(ge=0, le=_LARGEST)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]


class RiskSettings(Struct, frozen=True, kw_only=True):
    """Table `[risk]`: limits of the risk gate. Zero turns a limit off, and all are off until set.

    Attributes:
        max_order_quantity: largest size of one order, in shares, coins or units of base currency.
        max_order_notional: largest value of one order, in the quote currency.
        max_position_quantity: largest holding of one symbol in either direction, in shares, coins or units.
        max_gross_exposure: largest sum of the absolute values of all holdings, in the account's currency.
        max_daily_loss: fall of equity since the session's start at which orders stop, in the account's currency.
        max_open_orders: most orders that may be open at once.
        max_orders_per_second: most orders in a second.
        max_orders_per_minute: most orders in a minute.
        max_quote_age_seconds: oldest price on which an order may be sent, in seconds.
        price_collar_bps: farthest that an order's price may lie from the last price, in basis points.
        duplicate_window_seconds: span in which an equal order counts as a duplicate, in seconds.
        restricted_symbols: tickers that may not be ordered.
    """

    max_order_quantity: Limit = 0.0
    max_order_notional: Limit = 0.0
    max_position_quantity: Limit = 0.0
    max_gross_exposure: Limit = 0.0
    max_daily_loss: Limit = 0.0
    max_open_orders: Count = 0
    max_orders_per_second: Count = 0
    max_orders_per_minute: Count = 0
    max_quote_age_seconds: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    price_collar_bps: Annotated[float, Meta(ge=0, le=10_000)] = 0.0
    duplicate_window_seconds: Annotated[float, Meta(ge=0, le=3_600)] = 0.0
    restricted_symbols: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...], Meta(max_length=10_000)
    ] = ()


class RunSettings(Struct, frozen=True, kw_only=True):
    """Table `[run]`: the run itself and its result files.

    Attributes:
        watchdog_seconds: time after which a callback that has not returned ends the run; zero waits for ever.
        results_folder: folder of the result folders, relative to the working folder; `--results` goes before it.
        keep_runs: finished runs of the same algorithm that are kept; older ones are deleted after a success. Zero keeps
            all.
        report: write report.html into the run's folder, about 5 MB with the charts' library in it.
        max_order_event_rows: order events written to order-events.json; those beyond it are counted, not written.
    """

    watchdog_seconds: Annotated[float, Meta(ge=0, le=86_400)] = 60.0
    results_folder: Annotated[str, Meta(min_length=1, max_length=4_096)] = "results"
    keep_runs: Annotated[int, Meta(ge=0, le=100_000)] = 0
    report: bool = True
    max_order_event_rows: Annotated[int, Meta(ge=1, le=10_000_000)] = 1_000_000


class HostSettings(Struct, frozen=True, kw_only=True):
    """Table `[host]`: the machine.

    Attributes:
        cores: numbers of the processor cores that the run may use; empty leaves the choice to the operating system.
        spin: on a feed, look for ticks without a pause instead of sleeping until one comes; costs a whole core.
        rehearsal_seconds: on a feed, longest time for rehearsing the way of ticks and orders before the first tick; zero
            begins unrehearsed.
        keep_warm_milliseconds: on a feed, time without a tick after which the way is rehearsed once more, and again after
            as long; zero lets it grow cold.
        idle_collect_milliseconds: on a feed, time without a tick after which garbage may be collected; it is not at other
            times, unless very much of it has gathered.
    """

    cores: Annotated[tuple[Annotated[int, Meta(ge=0, le=4_095)], ...], Meta(max_length=1_024)] = ()
    spin: bool = False
    rehearsal_seconds: Annotated[float, Meta(ge=0, le=600)] = 2.0
    keep_warm_milliseconds: Annotated[float, Meta(ge=0, le=60_000)] = 1.0
    idle_collect_milliseconds: Annotated[float, Meta(ge=0, le=3_600_000)] = 20.0


class LogSettings(Struct, frozen=True, kw_only=True):
    """Table `[log]`: limits of the run's log file; lines beyond them are counted and left out.

    Attributes:
        max_lines_per_second: lines per second of wall time.
        max_bytes: size of the file, in bytes.
    """

    max_lines_per_second: Annotated[int, Meta(ge=1, le=1_000_000)] = 1_000
    max_bytes: Annotated[int, Meta(ge=1_024, le=10_737_418_240)] = 67_108_864


Action = Literal["continue", "pause", "halt"]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
FieldPath = Annotated[str, Meta(min_length=0, max_length=256)]
Words = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=256)], ...], Meta(max_length=10_000)]


class FeedSettings(Struct, frozen=True, kw_only=True):
    """Table `[feed]`: how a live feed is watched, and what its faults lead to.

    A fault is counted whatever follows from it. `continue` goes on; `pause` says that prices may not be relied on until
    the fault has passed; `halt` ends the feed.

    Attributes:
        on_gap: what to do when sequence numbers are skipped: ticks were lost.
        on_silence: what to do when nothing comes for `silence_seconds`; the connection is made anew as well.
        on_disconnect: what to do when the connection is lost; it is made anew unless the feed halts.
        on_malformed: what to do when something comes that is no message, is damaged or too large.
        on_overflow: what to do when ticks are dropped or conflated since a queue is full.
        on_clock_step: what to do when the wall clock steps, here or at the sender.
        silence_seconds: longest time without any message, heartbeats included.
        clock_step_seconds: smallest step of a wall clock that counts.
        resume_after_seconds: time without a further fault after which a pause ends by itself; zero waits for `lean-live resume`.
            Pauses for silence and for a lost connection end when messages come again.
        reconnect_first_seconds: waiting time before the second attempt to connect; it doubles with each, and half of it
            is random.
        reconnect_limit_seconds: longest waiting time between attempts.
        reconnect_attempts: attempts without success after which the feed halts; zero goes on for ever.
        queue_ticks: ticks of a channel that may wait for the run.
        full_queue: what a full queue does: `wait` stops receiving, `conflate` keeps the newest tick of the channel only,
            `drop` leaves out the newcomers.
        token_file: file with the secret that a publisher asks for, empty for none.
    """

    on_gap: Action = "pause"
    on_silence: Action = "pause"
    on_disconnect: Action = "pause"
    on_malformed: Action = "pause"
    on_overflow: Action = "continue"
    on_clock_step: Action = "continue"
    silence_seconds: Annotated[float, Meta(gt=0, le=86_400)] = 5.0
    clock_step_seconds: Annotated[float, Meta(gt=0, le=86_400)] = 0.5
    resume_after_seconds: Seconds = 0.0
    reconnect_first_seconds: Annotated[float, Meta(gt=0, le=3_600)] = 0.1
    reconnect_limit_seconds: Annotated[float, Meta(gt=0, le=3_600)] = 10.0
    reconnect_attempts: Count = 0
    queue_ticks: Annotated[int, Meta(ge=1, le=10_000_000)] = 8_192
    full_queue: Literal["wait", "conflate", "drop"] = "wait"
    token_file: Annotated[str, Meta(min_length=0, max_length=4_096)] = ""


class WebsocketSettings(Struct, frozen=True, kw_only=True):
    """Table `[websocket]`: a JSON websocket of trades and quotes, and where its messages have what.

    Fields are named by their path in the message, parts joined by points. The default is what Coinbase Exchange sends;
    a field that a market does not have is left empty.

    Attributes:
        url: address, `wss://` or `ws://`.
        symbols: what to subscribe to: the market's name, a sign of equality, and asset class/market/ticker.
        subscribe: messages that are sent after connecting, as JSON; the word `$symbols` in quotation marks stands for
            the list of names.
        type_field: field that tells kinds of messages apart.
        trade_types: its values for trades.
        quote_types: its values for quotes.
        last_trade_types: its values for a repetition of the last trade before the subscription: only its number counts.
        error_types: its values for refusals.
        error_field: field with the text of a refusal.
        symbol_field: field with the market's name of the symbol.
        time_field: field with the time; empty stands for the time of receipt.
        time_unit: `iso8601`, or the unit of a number since 1970.
        price_field: price of a trade.
        size_field: quantity of a trade.
        bid_field: bid of a quote.
        bid_size_field: its size.
        ask_field: ask of a quote.
        ask_size_field: its size.
        trade_sequence_field: field with a number of trades that grows by one with each trade of a symbol.
        quote_sequence_field: field with a number of quotes of a symbol that only grows, not always by one.
    """

    url: Annotated[str, Meta(min_length=0, max_length=4_096)] = "wss://ws-feed.exchange.coinbase.com"
    symbols: Words = ()
    subscribe: Words = (
        '{"type": "subscribe", "product_ids": "$symbols", "channels": ["matches", "ticker", "heartbeat"]}',
    )
    type_field: FieldPath = "type"
    trade_types: Words = ("match",)
    quote_types: Words = ("ticker",)
    last_trade_types: Words = ("last_match",)
    error_types: Words = ("error",)
    error_field: FieldPath = "reason"
    symbol_field: FieldPath = "product_id"
    time_field: FieldPath = "time"
    time_unit: Literal["iso8601", "s", "ms", "us", "ns"] = "iso8601"
    price_field: FieldPath = "price"
    size_field: FieldPath = "size"
    bid_field: FieldPath = "best_bid"
    bid_size_field: FieldPath = "best_bid_size"
    ask_field: FieldPath = "best_ask"
    ask_size_field: FieldPath = "best_ask_size"
    trade_sequence_field: FieldPath = "trade_id"
    quote_sequence_field: FieldPath = "sequence"


class TelemetrySettings(Struct, frozen=True, kw_only=True):
    """Table `[telemetry]`: what a run shows of single symbols.

    Attributes:
        symbols: tickers whose ticks, ages and positions are exported under their names; empty takes those that the
            algorithm subscribes to first.
        max_symbols: most symbols that are exported under their names when `symbols` is empty; without a meaning
            otherwise.
    """

    symbols: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=32)], ...], Meta(max_length=64)] = ()
    max_symbols: Annotated[int, Meta(ge=0, le=64)] = 16


class SidecarSettings(Struct, frozen=True, kw_only=True):
    """Table `[sidecar]`: the process that exports the telemetry of runs, beside them.

    Attributes:
        address: where it listens; anything but this machine's loopback needs `token_file`.
        port: TCP port; zero takes a free one.
        port_taken: what to do when the port is taken: `error`, or `next` for the next free one, at most 20 further.
        token_file: file with the secret that scrapers must send as a bearer token, mode 0600; empty for none.
        cores: numbers of the processor cores that the sidecar may use; empty takes those that `[host] cores` leaves.
        grace_seconds: time for which a run that has ended is still exported, long enough to be scraped some times and for
            alerts to see that it ended and was not lost.
        answer_milliseconds: time for which one answer serves all scrapers.
        max_scrapes: requests that are answered at once; those beyond it are refused with status 503.
    """

    address: Annotated[str, Meta(min_length=1, max_length=256)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 9109
    port_taken: Literal["error", "next"] = "error"
    token_file: Annotated[str, Meta(min_length=0, max_length=4_096)] = ""
    cores: Annotated[tuple[Annotated[int, Meta(ge=0, le=4_095)], ...], Meta(max_length=1_024)] = ()
    grace_seconds: Annotated[float, Meta(ge=60, le=86_400)] = 300.0
    answer_milliseconds: Annotated[float, Meta(ge=0, le=60_000)] = 200.0
    max_scrapes: Annotated[int, Meta(ge=1, le=10_000)] = 128


Reaction = Literal["continue", "pause"]


class WatchdogSettings(Struct, frozen=True, kw_only=True):
    """Table `[watchdog]`: when the sidecar calls a symbol of a feed silent or frozen, and what follows.

    `continue` counts and shows it; `pause` also sets the control word PAUSE, which only a person takes back.

    Attributes:
        silence_factor: how many times as old as its usual gap between ticks a symbol must be to be called silent; the
            usual gap is learned from the session.
        silence_least_seconds: no symbol is called silent before this age.
        silence_most_seconds: every symbol is called silent from this age on.
        frozen_seconds: time for which ticks may keep coming with the same price; zero looks away.
        clock_step_seconds: smallest step of the wall clock that counts.
        on_silence: what to do when a symbol is silent.
        on_frozen: what to do when a price is frozen.
        on_clock_step: what to do when the wall clock steps.
    """

    silence_factor: Annotated[float, Meta(ge=1, le=1_000_000)] = 20.0
    silence_least_seconds: Annotated[float, Meta(gt=0, le=86_400)] = 2.0
    silence_most_seconds: Annotated[float, Meta(gt=0, le=86_400)] = 60.0
    frozen_seconds: Seconds = 300.0
    clock_step_seconds: Annotated[float, Meta(gt=0, le=86_400)] = 0.5
    on_silence: Reaction = "continue"
    on_frozen: Reaction = "continue"
    on_clock_step: Reaction = "continue"


class AnalyticsSettings(Struct, frozen=True, kw_only=True):
    """Table `[analytics]`: the scheduled tasks of the sidecar.

    Attributes:
        modules: Python files with further tasks, relative to the configuration file.
        disabled: names of tasks that are not run.
        timeout_seconds: longest time of a task that names none itself.
        processes: processes for the tasks that want one; zero runs none of those.
        process_memory_bytes: address space that each of these processes may have.
        max_events: newest events of a run that tasks are given.
    """

    modules: Words = ()
    disabled: Words = ()
    timeout_seconds: Annotated[float, Meta(gt=0, le=3_600)] = 5.0
    processes: Annotated[int, Meta(ge=0, le=64)] = 1
    process_memory_bytes: Annotated[int, Meta(ge=268_435_456, le=1_099_511_627_776)] = 4_294_967_296
    max_events: Annotated[int, Meta(ge=1, le=1_000_000)] = 10_000


class LeanSettings(Struct, frozen=True, kw_only=True):
    """Table `[lean]`: the host inside LEAN.

    Attributes:
        mode: how orders leave the strategy: `inline` within its call, `lane` on a thread of their own behind a queue.
        lane_orders: orders that may wait in the lane; a full lane refuses with a code.
        require_gate: refuse to start an algorithm whose orders can reach LEAN without passing the risk gate.
        synchronous_orders: what becomes of an order for which the algorithm wants to wait: `asynchronous` sends it without
            waiting and warns once, `keep` waits, which may stall all data for seconds.
        order_timeout_seconds: time without an order event after which an order counts as unknown; zero waits for ever.
        dummy_symbol: asset class/market/ticker of the symbol on which the way of ticks is rehearsed and kept warm; the
            algorithm must not trade it. Empty leaves the way unrehearsed.
        rehearsal_seconds: longest time for rehearsing before the session; zero begins unrehearsed.
        keep_warm_milliseconds: time between two beats on the dummy symbol while no ticks come; zero lets the way grow cold.
        idle_collect_milliseconds: time without a tick after which Python's garbage may be collected; it is not at other
            times, unless very much of it has gathered.
        switch_interval_milliseconds: longest time for which one Python thread keeps another waiting.
        loop_core: number of the core that the loop thread has for itself; -1 pins nothing.
        other_cores: numbers of the cores of all other threads; empty takes those that `loop_core` leaves.
        dotnet_gc_every: of so many slices one reads .NET's collection counts and pauses; zero never does.
        account_milliseconds: time between two publications of account, positions and counts.
        results_in_memory: whether LEAN writes its own result files and log to a folder in memory; they are copied to the
            run's results when it is over, and lost when the machine stops before.
    """

    mode: Literal["inline", "lane"] = "inline"
    lane_orders: Annotated[int, Meta(ge=1, le=65_536)] = 1_024
    require_gate: bool = False
    synchronous_orders: Literal["asynchronous", "keep"] = "asynchronous"
    order_timeout_seconds: Annotated[float, Meta(ge=0, le=86_400)] = 30.0
    dummy_symbol: Annotated[str, Meta(min_length=0, max_length=128)] = "crypto/coinbase/ETHUSD"
    rehearsal_seconds: Annotated[float, Meta(ge=0, le=600)] = 5.0
    keep_warm_milliseconds: Annotated[float, Meta(ge=0, le=60_000)] = 1.0
    idle_collect_milliseconds: Annotated[float, Meta(ge=0, le=3_600_000)] = 20.0
    switch_interval_milliseconds: Annotated[float, Meta(gt=0, le=1_000)] = 5.0
    loop_core: Annotated[int, Meta(ge=-1, le=4_095)] = -1
    other_cores: Annotated[tuple[Annotated[int, Meta(ge=0, le=4_095)], ...], Meta(max_length=1_024)] = ()
    dotnet_gc_every: Annotated[int, Meta(ge=0, le=1_000_000)] = 1
    account_milliseconds: Annotated[float, Meta(ge=10, le=60_000)] = 250.0
    results_in_memory: bool = False


class Config(Struct, frozen=True, kw_only=True):
    """All tables of `live.toml`."""

    risk: RiskSettings = RiskSettings()
    run: RunSettings = RunSettings()
    host: HostSettings = HostSettings()
    log: LogSettings = LogSettings()
    feed: FeedSettings = FeedSettings()
    websocket: WebsocketSettings = WebsocketSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    sidecar: SidecarSettings = SidecarSettings()
    watchdog: WatchdogSettings = WatchdogSettings()
    analytics: AnalyticsSettings = AnalyticsSettings()
    lean: LeanSettings = LeanSettings()


def load_config(path: Path | None) -> Config:
    """Read a configuration file.

    Parameters:
        path: the file; None gives the defaults.

    Raises:
        ConfigError: the file cannot be read, is no TOML, or holds an unknown key or a value out of its range.
    """
    return Config() if path is None else parse_config(read_text(path), str(path))


def parse_config(text: str, name: str) -> Config:
    """Turn the text of a configuration file into settings.

    Parameters:
        text: TOML.
        name: what to call the file in errors.

    Raises:
        ConfigError: as for `load_config`.
    """
    return read_tables(Config, text, name)
