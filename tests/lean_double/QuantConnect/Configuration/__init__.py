"""QuantConnect.Configuration, as far as the host needs it."""


class Config:
    """The engine's configuration; a test writes it."""

    values: dict[str, str] = {"log-handler": "QuantConnect.Logging.ConsoleErrorLogHandler"}

    @staticmethod
    def Get(key: str, default: str = "") -> str:  # noqa: N802
        return Config.values.get(key, default)
