"""QuantConnect.Algorithm, as far as the host needs it."""

import sys
from types import ModuleType

from lean_engine.algorithm import QCAlgorithm


class Namespace(ModuleType):
    """A namespace of .NET: only the import machinery sets attributes of it; its dictionary is looked into first."""

    def __setattr__(self, name: str, value: object) -> None:
        if not isinstance(value, ModuleType) and not name.startswith("__"):
            raise TypeError("type does not support setting attributes")
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = Namespace
__all__ = ["QCAlgorithm"]
