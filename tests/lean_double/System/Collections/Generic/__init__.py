"""System.Collections.Generic, as far as the host needs it."""

from lean_engine.data import List
