"""What the host takes for granted of LEAN, each with what stops working when it is not so.

Each was seen on a running LEAN 2.5. A check gets the facts that the probe found, of all runs, and says whether they fit;
a fact that is missing makes the answer unknown, with the error of the step that should have found it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from live.lean.self_test.marks import ENTRY_CLASS, MISSING_MODULE, RAISED

Verdict = Literal["pass", "fail", "unknown"]
Facts = Mapping[str, Any]


class Finding(Struct, frozen=True):
    """The answer to one question.

    Attributes:
        name: of the assumption, stable between versions.
        what: what is assumed.
        verdict: whether it holds.
        observed: what was found.
        consequence: what stops working when it does not hold.
        is_needed: whether the host cannot be used without it.
    """

    name: str
    what: str
    verdict: Verdict
    observed: str
    consequence: str
    is_needed: bool = True


class Assumption(NamedTuple):
    """One thing that is taken for granted.

    Attributes:
        name: what it is called.
        what: the assumption in words.
        facts: names of the facts that it is judged by.
        holds: whether they fit.
        consequence: what stops working when it does not hold.
        is_needed: whether the host cannot be used without it.
    """

    name: str
    what: str
    facts: tuple[str, ...]
    holds: Callable[..., bool]
    consequence: str
    is_needed: bool = True


_LOOP = "Isolator Thread"
_HOST_FILLS = 2
"""Orders that the attached algorithm has filled: one of market_order and one of set_holdings."""
_INVALID = 7
"""LEAN's number of the status."""
_BURST_LEAST = 2
_CUT_MOST_US = 1_000
_HELD_MOST_MS = 1_500.0
_HELD_LEAST_MS = 19.0
"""What a tick that is stamped 20 ms ahead is held at least: LEAN's bridge cuts its stamp to milliseconds."""

ENGINE_ASSUMPTIONS = (
    Assumption(
        "entry_module",
        "LEAN runs a class of a generated module whose base class is in another module",
        ("class_that_ran",),
        lambda name: name == ENTRY_CLASS,
        "LEAN runs another class than the attached one, so algorithms would run without lean-live",
    ),
    Assumption(
        "callback_spelling",
        "of a callback that a Python class has in both spellings the one in snake_case is called",
        ("called_other_spelling", "quit_called_end"),
        lambda other, called: called and not other,
        "algorithms with callbacks in PascalCase (OnData) run without the host: spell them in snake_case",
    ),
    Assumption(
        "loop_thread",
        "import, on_warmup_finished and on_data run on a thread that the kernel calls 'Isolator Thread'",
        ("thread_import", "thread_on_warmup_finished", "thread_on_data"),
        lambda *threads: set(threads) == {_LOOP},
        "the loop thread is not found, so pinning keeps the wrong thread on its core",
    ),
    Assumption(
        "initialize_thread",
        "initialize runs on another thread than the data loop",
        ("thread_initialize",),
        lambda thread: thread != _LOOP,
        "nothing: the host sets up its thread in on_warmup_finished either way",
        False,
    ),
    Assumption(
        "order_event_thread",
        "order events of own market orders come on the 'Transaction Thread' or the loop thread",
        ("thread_on_order_event",),
        lambda thread: thread.startswith("Transaction Thr") or thread == _LOOP,
        "threads of order events are not found by name; the lane and the ids are locked for them all the same",
        False,
    ),
    Assumption(
        "scheduled_thread",
        "scheduled events run on the 'RealTime Thread'",
        ("thread_scheduled",),
        lambda thread: thread.startswith("RealTime"),
        "the thread of scheduled events is not pinned to the other cores by name",
        False,
    ),
    Assumption(
        "injection",
        "ticks handed to the composer's AggregationManager reach on_data",
        ("injected", "injected_arrived"),
        lambda sent, arrived: arrived == sent,
        "no rehearsal, no keep-warm, and no feed or replay into LEAN",
    ),
    Assumption(
        "silent_queue",
        "a FakeDataQueue with rate 0 that is registered at import takes the place of LEAN's own and sends nothing",
        ("foreign_ticks",),
        lambda foreign: foreign == 0,
        "LEAN's random ticks are mixed with the feed's: dry runs in LEAN cannot be used",
    ),
    Assumption(
        "no_data_no_call",
        "without data on_data is not called",
        ("on_data_calls_without_data",),
        lambda calls: calls == 0,
        "on_data is a timer in this version: decisions are counted that no tick led to",
        False,
    ),
    Assumption(
        "burst",
        "ticks that wait together come in one slice, as a list by symbol",
        ("burst_arrived", "burst_largest_slice"),
        lambda arrived, largest: arrived >= _BURST_LEAST and largest >= _BURST_LEAST,
        "LiveAlgorithm's view shows only the first tick of a slice",
    ),
    Assumption(
        "future_ticks",
        "a tick stamped ahead of the clock is held until its time, and comes within the next second",
        ("future_arrived", "future_least_ms", "future_most_ms"),
        lambda arrived, least, most: arrived > 0 and least >= _HELD_LEAST_MS and most <= _HELD_MOST_MS,
        "stamps are clamped for nothing, or ticks ahead of the clock are lost",
        False,
    ),
    Assumption(
        "stamps",
        "a time that is handed to LEAN is cut to milliseconds at the most, and never later than it was",
        ("stamp_cut_us",),
        lambda cut_us: 0 <= cut_us < _CUT_MOST_US,
        "ticks of the feeder are held as ahead of the clock, or feed_delay_seconds shows them older than they are",
        False,
    ),
    Assumption(
        "slice_time",
        "utc_time within on_data is not before the stamps of the slice's ticks",
        ("slice_time_is_at_or_after_stamp",),
        bool,
        "the feeder cannot tell how far the engine is, so that its back-pressure never ends",
    ),
    Assumption(
        "dummy_symbol",
        "the dummy symbol can be taken out of a slice",
        ("slice_had_both", "slice_rest_has_symbol", "slice_rest_has_other"),
        lambda both, symbol, other: both and symbol and not other,
        "the user's on_data sees ticks of the dummy symbol: switch keep-warm off (keep_warm_milliseconds = 0)",
    ),
    Assumption(
        "asynchronous_order",
        "market_order(..., asynchronous=True) returns a ticket with LEAN's number at once, and is filled later",
        ("order_filled", "order_ticket_id"),
        lambda filled, ticket: filled and ticket > 0,
        "orders of attached algorithms are not filled, or cannot be followed by their numbers",
    ),
    Assumption(
        "stand_in",
        "a class written into the dictionaries of AlgorithmImports and QuantConnect.Algorithm is what algorithms derive from",
        ("stand_in_found",),
        lambda found: len(found) > 0 and all(found),
        "algorithms cannot be attached: their order calls would go past the risk gate",
    ),
    Assumption(
        "order_ids",
        "order ids begin at 1 in each process",
        ("first_order_id",),
        lambda number: number == 1,
        "order ids of two runs are told apart in another way than assumed",
        False,
    ),
    Assumption(
        "set_holdings",
        "set_holdings submits inside .NET and does not pass an overridden market_order",
        ("set_holdings_orders", "set_holdings_intercepted"),
        lambda orders, intercepted: orders >= 1 and intercepted == 0,
        "orders of set_holdings are counted twice by the gate",
        False,
    ),
    Assumption(
        "spellings",
        "every call has two attributes, snake_case and PascalCase",
        ("spellings_are_two",),
        bool,
        "a call in the other spelling passes the gate by",
    ),
    Assumption(
        "order_warming",
        "making a request, asking for buying power and logging the margin leave no order, and one of quantity zero fills nothing",
        ("warming_orders", "zero_order_fills"),
        lambda orders, fills: orders == 0 and fills == 0,
        "keeping the way of orders warm is not without effect: set rehearsal_seconds and keep_warm_milliseconds to 0",
    ),
    Assumption(
        "zero_orders",
        "the one error that an order of quantity zero writes can be taken back before LEAN has it",
        ("zero_order_errors", "zero_order_errors_left"),
        lambda written, left: written == 1 and left == 0,
        "orders of quantity 0 are left out of keeping warm, so an order after a pause takes longer",
        False,
    ),
    Assumption(
        "subscriptions",
        "the algorithm's subscriptions can be listed with their exchanges' time zones",
        ("subscriptions", "subscription_zones"),
        lambda symbols, zones: symbols == ["crypto/coinbase/BTCUSD", "crypto/coinbase/ETHUSD"] and bool(zones),
        "the feeder does not know what to feed: no feed and no replay into LEAN",
    ),
    Assumption(
        "dotnet_counters",
        "collection counts and pauses of .NET's garbage collector can be read",
        ("dotnet_collections", "dotnet_pause_ns"),
        lambda counts, pause_ns: len(counts) == 3 and pause_ns >= 0,
        "no gc_pause_seconds{runtime=dotnet}",
    ),
    Assumption(
        "host",
        "the host attached to an algorithm comes to the end of a run, with no error of its own",
        ("host_phase", "host_reason", "host_complaints"),
        lambda phase, reason, complaints: phase == "completed" and not reason and not complaints,
        "no algorithm can be run with lean-live attached",
    ),
    Assumption(
        "host_orders",
        "attached, orders pass the risk gate and are filled, one above a limit gets LEAN's ticket of an invalid order",
        ("host_fills", "host_refused_status", "host_ungated"),
        lambda fills, refused, ungated: fills >= _HOST_FILLS and refused == _INVALID and ungated == 0,
        "orders of the algorithm do not pass the risk gate, or do not reach LEAN",
    ),
    Assumption(
        "lane_orders",
        "attached with the lane, orders are filled from its thread, one above a limit gets LEAN's ticket of an invalid order",
        ("lane_fills", "lane_refused_status", "lane_ungated"),
        lambda fills, refused, ungated: fills >= _HOST_FILLS and refused == _INVALID and ungated == 0,
        'orders cannot be handed to LEAN by a thread of their own: leave mode = "inline" in [lean]',
        False,
    ),
    Assumption(
        "scheduled_error",
        "attached, an error in a scheduled event ends the run, and LEAN's result names it",
        ("lane_message",),
        lambda message: RAISED in message,
        "errors in scheduled events, which do not pass the host, are not brought to the front",
        False,
    ),
    Assumption(
        "host_beats",
        "attached, the way of ticks is kept warm on the dummy symbol, which the algorithm does not see",
        ("host_beats", "host_saw_dummy"),
        lambda beats, saw_dummy: beats > 0 and not saw_dummy,
        "no rehearsal and no keep-warm: set dummy_symbol to one that LEAN takes, or keep_warm_milliseconds to 0",
        False,
    ),
    Assumption(
        "affinity",
        "the loop thread can be kept on one core from inside the engine",
        ("affinity_kept",),
        bool,
        "no pinning of threads: leave loop_core at -1, or give the process its cores from outside",
        False,
    ),
    Assumption(
        "python_collector",
        "Python's garbage collector can be frozen and switched off",
        ("python_frozen", "python_gc_is_off"),
        lambda frozen, is_off: frozen > 0 and is_off,
        "pauses of Python's collector hit ticks",
        False,
    ),
    Assumption(
        "muted_output",
        "standard output is muted within algorithms, and standard error is not",
        ("output_has_muted", "output_has_heard"),
        lambda muted, heard: heard and not muted,
        "lines of the host are lost, or those of the algorithm appear twice",
        False,
    ),
    Assumption(
        "quit",
        "quit ends the run: on_end_of_algorithm is called and a final result is written",
        ("quit_ended", "quit_called_end"),
        lambda ended, called: ended and called,
        "replays do not end by themselves",
    ),
    Assumption(
        "interrupt",
        "SIGINT ends the run gracefully: on_end_of_algorithm is called and a final result is written",
        ("interrupt_ended", "interrupt_called_end"),
        lambda ended, called: ended and called,
        "a run cannot be stopped without killing it",
    ),
    Assumption(
        "terminate",
        "SIGTERM kills the engine: on_end_of_algorithm is not called",
        ("terminate_called_end",),
        lambda called: not called,
        "nothing: a stop is passed on as SIGINT either way",
        False,
    ),
    Assumption(
        "exception",
        "an exception in on_data ends the run without on_end_of_algorithm, and LEAN's result names it",
        ("raise_called_end", "raise_message"),
        lambda called, message: not called and RAISED in message,
        "errors of the algorithm are not brought to the front",
    ),
    Assumption(
        "import_error",
        "an error of the algorithm's import is in LEAN's result or log",
        ("import_message",),
        lambda message: MISSING_MODULE in message,
        "errors of the algorithm's import are not brought to the front",
    ),
)
"""In the order in which they are shown."""


def judge(facts: Facts) -> list[Finding]:
    """Return a finding for every assumption."""
    return [_judge_one(each, facts) for each in ENGINE_ASSUMPTIONS]


def _judge_one(assumption: Assumption, facts: Facts) -> Finding:
    missing = [name for name in assumption.facts if name not in facts]
    verdict: Verdict
    if missing:
        verdict, observed = "unknown", _why(missing, facts)
    else:
        values = [facts[name] for name in assumption.facts]
        verdict = "pass" if assumption.holds(*values) else "fail"
        observed = ", ".join(f"{name} {_shown(facts[name])}" for name in assumption.facts)
    return Finding(assumption.name, assumption.what, verdict, observed, assumption.consequence, assumption.is_needed)


def _why(missing: list[str], facts: Facts) -> str:
    errors = [f"{name.removeprefix('error_')}: {facts[name]}" for name in sorted(facts) if name.startswith("error_")]
    return f"not found out: {', '.join(missing)}" + (f" ({'; '.join(errors)})" if errors else "")


def _shown(value: Any) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value) or '""'
