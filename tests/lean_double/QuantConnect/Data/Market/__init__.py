"""QuantConnect.Data.Market, as far as the host needs it."""

from lean_engine.data import Tick
