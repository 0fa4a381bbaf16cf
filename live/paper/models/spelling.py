"""Models answer to both of LEAN's spellings, also where a user's subclass overrides only one of them."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from live.algorithm.naming import PascalCaseAccess, is_pascal_case, pascal_case, snake_case
from live.errors import UsageError


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


def require_methods(model: Any, names: tuple[str, ...], role: str) -> None:
    """Check that a model of the user's has every method of its role, in either spelling, as LEAN does.

    Raises:
        UsageError: methods are missing.
    """
    missing = [name for name in names if not has_method(model, name)]
    if missing:
        raise UsageError(
            f"{role} must be fully implemented; add to {type(model).__name__}: {', '.join(missing)}, or derive it from "
            "one of the models of AlgorithmImports"
        )


def has_method(model: Any, name: str) -> bool:
    """Tell whether a model has a method, in either spelling."""
    return hasattr(model, name) or hasattr(model, pascal_case(name))
