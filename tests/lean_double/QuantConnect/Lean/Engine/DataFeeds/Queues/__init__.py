"""QuantConnect.Lean.Engine.DataFeeds.Queues, as far as the host needs it."""

from lean_engine.feed import FakeDataQueue
