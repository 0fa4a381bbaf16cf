"""Models answer to both of LEAN's spellings, also where a user's subclass overrides only one of them."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from live.algorithm.naming import PascalCaseAccess, is_pascal_case, pascal_case, snake_case


class Model(PascalCaseAccess):
    """Base of every model that a user may subclass.

    Each public method of a subclass is stored under its other spelling too. So the engine may call `market_fill`
    although a user wrote `MarketFill`, and `super().MarketFill(...)` finds ours.
    """

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        for name, member in list(vars(cls).items()):
            if name.startswith("_") or not isinstance(member, FunctionType):
                continue
            other = snake_case(name) if is_pascal_case(name) else pascal_case(name)
            if other not in vars(cls):
                setattr(cls, other, member)


def method_of(model: Any, name: str) -> Any:
    """Return a model's method by its snake_case name; one not derived from Model may have the other spelling only.

    Raises:
        AttributeError: the object has neither.
    """
    found = getattr(model, name, None)
    return found if found is not None else getattr(model, pascal_case(name))
