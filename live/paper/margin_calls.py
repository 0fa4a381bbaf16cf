"""The engine's side of margin calls: asks the model, lets the algorithm change the list, and sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from live.algorithm.order_requests import SubmitOrderRequest
from live.algorithm.tickets import OrderTicket
from live.clock import ns_to_datetime
from live.errors import AlgorithmRuntimeError
from live.paper.callbacks import guarded
from live.paper.models.margin_call import asked_margin_call, executed_text
from live.paper.models.spelling import method_of

if TYPE_CHECKING:
    from live.paper.engine import PaperEngine


def call_margin(engine: PaperEngine) -> None:
    """Sell what the account can no longer carry, or warn.

    The orders go out only while all their markets are open. LEAN: the check of each five minutes.

    Raises:
        AlgorithmRuntimeError: the model or a callback raised, or on_margin_call returned no list of requests.
    """
    model = engine.portfolio.margin_call_model
    requests, is_warning = guarded("get_margin_call_orders", asked_margin_call, model)
    executed: list[OrderTicket] = []
    if requests and all(engine.securities[each.symbol].exchange.exchange_open for each in requests):
        chosen = _changed_by_algorithm(engine, requests)
        executed = list(guarded("execute_margin_call", method_of(model, "execute_margin_call"), chosen))
        for ticket in executed:
            engine.report_error(f"{ns_to_datetime(engine.zone.to_local_ns(engine.time_ns))} - {executed_text(ticket)}")
    if not executed and is_warning:
        engine.callbacks.call("on_margin_call_warning")


def _changed_by_algorithm(engine: PaperEngine, requests: list[SubmitOrderRequest]) -> list[SubmitOrderRequest]:
    """Return the list that on_margin_call returns; the list itself when the algorithm has no such callback."""
    callback = engine.callbacks.find("on_margin_call")
    if callback is None:
        return requests
    answer: Any = guarded("on_margin_call", callback, requests)
    changed = [] if answer is None else [each for each in answer if isinstance(each, SubmitOrderRequest)]
    if not changed:
        raise AlgorithmRuntimeError(
            f"on_margin_call returned {answer!r}; return a list of SubmitOrderRequest that is not empty, such as the "
            "list that it was given"
        )
    return changed
