"""Watching a run from outside: its telemetry page as figures, as JSON and on a terminal."""
