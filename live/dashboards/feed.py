"""The dashboard *Feed health*: do all prices come, in time and in order."""

from __future__ import annotations

from collections.abc import Mapping

from live.dashboards.board import Board
from live.dashboards.panels import (
    BAD,
    GOOD,
    NEUTRAL,
    WARNING,
    Panel,
    Query,
    State,
    count,
    lines,
    number,
    steps,
    timeline,
)
from live.dashboards.queries import increase, quantile, rate, series
from live.dashboards.states import run_phases
from live.hot.catalogue import FeedPhase, Stage

_FEED_PHASES: Mapping[int, State] = {
    FeedPhase.NONE: State("no feed", NEUTRAL),
    FeedPhase.CONNECTING: State("connecting", WARNING),
    FeedPhase.RUNNING: State("running", GOOD),
    FeedPhase.PAUSED: State("paused", BAD),
    FeedPhase.HALTED: State("halted", BAD),
    FeedPhase.ENDED: State("ended", NEUTRAL),
}


def feed() -> Board:
    """Return the dashboard."""
    board = Board("lean-live-feed", "lean-live / Feed health", "Do all prices come, in time and in order?")
    board.row(4, *_verdict())
    board.row(5, *_phases())
    board.heading("Symbols")
    board.row(9, *_ages())
    board.row(8, *_symbols())
    board.heading("Ticks")
    board.row(8, *_ticks())
    board.heading("The connection")
    board.row(8, *_connection())
    return board


def _verdict() -> list[Panel]:
    return [
        count(
            "Silent symbols",
            "Symbols whose last tick is older than the watchdog expects, while the feed runs.",
            f"sum({series('feed_silent')})",
            colors=steps(bad=1),
            absent=State("no feed", NEUTRAL),
            runbook="feed-silent",
        ),
        count(
            "Frozen prices",
            "Symbols whose ticks keep coming with the same price.",
            f"sum({series('feed_frozen')})",
            colors=steps(bad=1),
            absent=State("no feed", NEUTRAL),
            runbook="feed-frozen",
        ),
        number(
            "Since anything came",
            "Time since anything last came from the feed, heartbeats included.",
            f"time() - min({series('feed_received_timestamp_seconds')} > 0)",
            "s",
            colors=steps(warning=5, bad=60),
            absent=State("no feed", NEUTRAL),
            decimals=1,
            runbook="feed-freshness",
        ),
        count(
            "Ticks dropped",
            "Ticks that did not reach the strategy, in the time that is shown; the reasons are below.",
            increase("ticks_dropped_total"),
            colors=steps(bad=0.5),
            runbook="dropped-ticks",
        ),
        count(
            "Ticks missing",
            "Ticks whose sequence numbers were skipped, in the time that is shown: they were lost before they came here.",
            increase("feed_ticks_missing_total"),
            colors=steps(bad=0.5),
            runbook="ticks-missing",
        ),
        number(
            "Feed delay, p99",
            "Exchange time of a tick to its receipt here; the two clocks may differ.",
            quantile(0.99, Stage.FEED_DELAY),
            "s",
            absent=State("no traffic", NEUTRAL),
            has_graph=True,
            runbook="clock-step",
        ),
    ]


def _phases() -> list[Panel]:
    return [
        timeline(
            "Feed",
            "Where each run's feed is. Paused: prices may not be relied on, and orders wait.",
            [Query(series("feed_phase"), "{{run}}")],
            _FEED_PHASES,
            runbook="feed-down",
        ),
        run_phases(),
    ]


def _ages() -> list[Panel]:
    return [
        lines(
            "Age of the last tick",
            "By symbol, with the age from which the watchdog calls it silent; it is learned from the session.",
            [
                Query(series("feed_age_seconds"), "{{symbol}}"),
                Query(series("feed_age_limit_seconds"), "{{symbol}}, limit", color=BAD, is_dashed=True),
            ],
            "s",
            is_logarithmic=True,
            runbook="feed-silent",
        ),
        lines(
            "Age of the price",
            "Time since a symbol's price last changed.",
            [Query(series("feed_price_age_seconds"), "{{symbol}}")],
            "s",
            is_logarithmic=True,
        ),
    ]


def _symbols() -> list[Panel]:
    return [
        lines(
            "Ticks by symbol",
            "Ticks per second.",
            [Query(rate("feed_symbol_ticks_total", by="symbol"), "{{symbol}}")],
            "cps",
        ),
        timeline(
            "Silent",
            "By symbol: older than its limit while the feed runs.",
            [Query(f"max by (symbol) ({series('feed_silent')})", "{{symbol}}")],
            {0: State("heard", GOOD), 1: State("silent", BAD)},
            runbook="feed-silent",
        ),
        timeline(
            "Frozen",
            "By symbol: ticks keep coming with the same price.",
            [Query(f"max by (symbol) ({series('feed_frozen')})", "{{symbol}}")],
            {0: State("moves", GOOD), 1: State("frozen", BAD)},
            runbook="feed-frozen",
        ),
    ]


def _ticks() -> list[Panel]:
    return [
        lines(
            "Ticks and bars",
            "Per second.",
            [
                Query(rate("ticks_total", by="kind"), "ticks, {{kind}}"),
                Query(rate("bars_total", by="kind"), "bars, {{kind}}"),
                Query(rate("feed_ticks_total"), "ticks of the feed"),
            ],
            "cps",
        ),
        lines(
            "Dropped ticks",
            "Per second, by reason, and what was conflated with a newer tick of its symbol.",
            [
                Query(rate("ticks_dropped_total", by="reason"), "{{reason}}"),
                Query(rate("ticks_conflated_total"), "conflated"),
            ],
            "cps",
            is_stacked=True,
            runbook="dropped-ticks",
        ),
        lines(
            "Ticks that were not taken as they came",
            "Per second. Duplicates, ticks of nobody's channel and of closed markets do no harm; skipped numbers are losses.",
            [
                Query(rate("feed_ticks_missing_total"), "missing", color=BAD),
                Query(rate("feed_ticks_duplicate_total"), "duplicate"),
                Query(rate("feed_ticks_ignored_total"), "not subscribed to"),
                Query(rate("feed_ticks_outside_session_total"), "outside the session"),
                Query(rate("feed_ticks_restamped_total"), "restamped"),
            ],
            "cps",
            runbook="ticks-missing",
        ),
    ]


def _connection() -> list[Panel]:
    return [
        lines(
            "Faults",
            "Faults of the feed by kind, and pauses for them or by the watchdog, per second.",
            [
                Query(rate("feed_faults_total", by="kind"), "{{kind}}"),
                Query(rate("feed_pauses_total"), "pauses"),
                Query(rate("feed_receive_pauses_total"), "a queue was full"),
                Query(rate("watchdog_pauses_total", by="reason"), "watchdog, {{reason}}"),
            ],
            "ops",
        ),
        lines(
            "Received",
            "Bytes per second.",
            [Query(rate("feed_received_bytes_total"), "bytes")],
            "Bps",
        ),
        lines(
            "Messages and connections",
            "Frames per second, and connections and sessions so far.",
            [
                Query(rate("feed_frames_total"), "frames per second"),
                Query(f"sum({series('feed_connections_total')})", "connections"),
                Query(f"sum({series('feed_sessions_total')})", "sessions"),
                Query(f"sum({series('feed_resumes_total')})", "resumed by hand"),
            ],
            "short",
        ),
    ]
