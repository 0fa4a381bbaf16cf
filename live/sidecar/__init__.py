"""The process beside the runs: it exports their telemetry, watches their feeds and computes what takes time."""
