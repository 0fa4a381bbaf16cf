"""QuantConnect.Configuration, as far as the host needs it."""

from typing import Any


class Config:
    """The engine's configuration; a launcher or a test writes it."""

    values: dict[str, Any] = {"log-handler": "QuantConnect.Logging.ConsoleErrorLogHandler"}

    @staticmethod
    def Get(key: str, default: str = "") -> str:  # noqa: N802
        return str(Config.values.get(key, default))
