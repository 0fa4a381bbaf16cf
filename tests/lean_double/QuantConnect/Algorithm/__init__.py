"""QuantConnect.Algorithm, as far as the host needs it."""

from lean_engine.algorithm import QCAlgorithm
