"""QuantConnect.Interfaces, as far as the host needs it."""

from lean_engine.feed import IDataQueueHandler
