"""What a brokerage model says about an order, and how the engine asks it: LEAN's answers, in the forms that Python has for them."""

from __future__ import annotations

from typing import Any

from live.algorithm.naming import LeanEnum, PascalCaseAccess
from live.errors import AlgorithmRuntimeError
from live.paper.callbacks import guarded
from live.paper.models.spelling import method_of

__all__ = ["BrokerageMessageEvent", "BrokerageMessageType", "asked", "may_execute"]


class BrokerageMessageType(LeanEnum):
    """Kind of a brokerage's message."""

    INFORMATION = 0
    WARNING = 1
    ERROR = 2
    RECONNECT = 3
    DISCONNECT = 4
    ACTION_REQUIRED = 5


class BrokerageMessageEvent(PascalCaseAccess):
    """A brokerage's message.

    Parameters:
        type: kind of the message.
        code: short name or number of what happened.
        message: the text.
    """

    __slots__ = ("code", "message", "type")

    def __init__(self, type: BrokerageMessageType, code: str | int, message: str) -> None:
        self.type = type
        self.code = str(code)
        self.message = message

    def __str__(self) -> str:
        return f"{self.type.name.title().replace('_', '')} - Code: {self.code} - {self.message}"


Answer = tuple[bool, BrokerageMessageEvent | None]
"""Whether an order or update is taken, and what the brokerage says about it."""


def refused(text: str, code: str = "NotSupported") -> Answer:
    """Return the answer of a brokerage that does not take an order, with a warning."""
    return False, BrokerageMessageEvent(BrokerageMessageType.WARNING, code, text)


TAKEN: Answer = (True, None)
"""The answer of a brokerage that takes an order."""


def asked(model: Any, name: str, *arguments: Any) -> Answer:
    """Ask a brokerage model whether it takes an order or an update.

    LEAN's method has an out parameter, so that in Python it gets None for the message and returns a tuple of a truth
    value and a message or None.

    Parameters:
        model: a brokerage model, ours or the user's.
        name: can_submit_order or can_update_order.
        arguments: the security, the order, and the request of an update.

    Raises:
        AlgorithmRuntimeError: the method raised, or returned something else.
    """
    answer = guarded(name, method_of(model, name), *arguments, None)
    if not isinstance(answer, tuple) or len(answer) < 2:
        raise AlgorithmRuntimeError(
            f"{type(model).__name__}.{name} returned {answer!r}; return a tuple of a truth value and a "
            "BrokerageMessageEvent or None, such as (True, None)"
        )
    taken, message = answer[0], answer[1]
    if not isinstance(taken, bool) or not (message is None or isinstance(message, BrokerageMessageEvent)):
        raise AlgorithmRuntimeError(
            f"{type(model).__name__}.{name} returned {answer!r}; the first item must be True or False, the second a "
            "BrokerageMessageEvent or None"
        )
    return taken, message


def may_execute(model: Any, security: Any, order: Any) -> bool:
    """Ask a brokerage model whether an order may fill now.

    Raises:
        AlgorithmRuntimeError: the method raised, or returned no truth value.
    """
    answer = guarded("can_execute_order", method_of(model, "can_execute_order"), security, order)
    if not isinstance(answer, bool):
        raise AlgorithmRuntimeError(
            f"{type(model).__name__}.can_execute_order returned {answer!r}; return True or False"
        )
    return answer
