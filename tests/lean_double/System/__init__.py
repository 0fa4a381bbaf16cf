"""System, as far as the host needs it."""

from lean_engine.garbage import GC
