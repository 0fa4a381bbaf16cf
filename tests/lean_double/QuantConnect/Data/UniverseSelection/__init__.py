"""QuantConnect.Data.UniverseSelection, as far as the host needs it."""

from lean_engine.securities import SecurityChanges
