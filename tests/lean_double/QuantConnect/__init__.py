"""QuantConnect, as far as the host needs it."""

from lean_engine.market import Market, Resolution, SecurityIdentifier, SecurityType, Symbol, TickType
