"""QuantConnect.Data, as far as the host needs it."""

from lean_engine.data import BaseData, Slice
from lean_engine.feed import IDataAggregator
