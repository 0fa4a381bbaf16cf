"""Writes the moment of its first tick to a file and quits.

Parameters: stamp_file (where the moment goes, in nanoseconds of CLOCK_MONOTONIC).
"""

from pathlib import Path

from AlgorithmImports import *

from live.clock import machine_monotonic_ns


class FirstTick(LiveAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 7)
        self.add_equity("IBM", Resolution.TICK)
        self.is_seen = False

    def on_tick(self, tick):
        if not self.is_seen:
            self.is_seen = True
            Path(self.get_parameter("stamp_file")).write_text(str(machine_monotonic_ns()), encoding="ascii")
            self.quit()
