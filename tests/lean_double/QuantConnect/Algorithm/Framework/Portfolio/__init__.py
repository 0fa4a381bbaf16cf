"""QuantConnect.Algorithm.Framework.Portfolio, as far as tests need it."""

from lean_engine.orders.trading import PortfolioTarget
