"""Work like that of analytics: in a thread of the engine's process, or in a process beside it as the sidecar is."""

from __future__ import annotations

from live.clock import sleep

_LOOP = 200_000
_REST_SECONDS = 0.005


def work_for_ever() -> None:
    """Compute in Python, with short rests, until the process ends."""
    while True:
        total = 0
        for number in range(_LOOP):
            total += number * number
        sleep(_REST_SECONDS)


if __name__ == "__main__":
    work_for_ever()
