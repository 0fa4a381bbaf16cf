# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""Models answer to both of LEAN's spellings, also where a user's subclass overrides only one of them."""

from __future__ import annotations

from typing import Any

from live.algorithm.naming import OverridableInBothSpellings, has_member, pascal_case
from live.errors import UsageError


class Model(OverridableInBothSpellings):
    """Base of every model that a user may subclass."""


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
    missing = [name for name in names if not has_member(model, name)]
    if missing:
        raise UsageError(
            f"{role} must be fully implemented; add to {type(model).__name__}: {', '.join(missing)}, or derive it from "
            "one of the models of AlgorithmImports"
        )
