"""The sending process of the socket rows: `python -m live.bench.sender PATH CORE WARM_UP TICKS GAP_NS`.

It listens on a unix socket, and sends trades when they are due once a line comes on its standard input. Each frame
is made before it is due, as long as the sender keeps up, and carries the moment at which it is due as its sending time,
however late sender, kernel or receiver are. Due times and the ticks' own times rise by the same steps, so that a latency
counts from when its tick was due, also when later ticks have come meanwhile. The last two milliseconds of a wait are spent
spinning, on another core than the receiver's.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from live.bench.market import price_cents, session_begin_ns, tickers
from live.clock import machine_monotonic_ns, sleep
from live.feeds.socket.frames import FEED_VERSION, Channel, End, FrameEncoder, Hello, Tick, Ticks

_SPIN_NS = 2_000_000
_LEAD_NS = 50_000_000
_REQUEST_BYTES = 4_096
_PRICE_E9_PER_CENT = 10**7


def serve(path: Path, warm_up: int, ticks: int, gap_ns: int) -> int:
    """Send to the first consumer; return how many ticks were sent late, the warm-up aside.

    Parameters:
        path: of the socket.
        warm_up: ticks before those that are measured, at the same pace.
        ticks: ticks that are measured.
        gap_ns: time between two.
    """
    encoder = FrameEncoder()
    begin_ns = session_begin_ns()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)
        consumer, _ = listener.accept()
    with consumer:
        consumer.recv(_REQUEST_BYTES)
        channel = Channel("equity", "usa", tickers(1)[0], False)
        consumer.sendall(encoder.encode(Hello(FEED_VERSION, "bench", 1, 60.0, (channel,), begin_ns, 0.0)))
        sys.stdin.readline()
        late = 0
        first_ns = machine_monotonic_ns() + _LEAD_NS
        for number in range(warm_up + ticks):
            due_ns = first_ns + number * gap_ns
            tick = Tick(0, begin_ns + number * gap_ns, price_cents(number) * _PRICE_E9_PER_CENT, 100.0)
            frame = encoder.encode(Ticks(number + 1, due_ns, [tick]))
            now_ns = machine_monotonic_ns()
            late += now_ns > due_ns and number >= warm_up
            if due_ns - now_ns > _SPIN_NS:
                sleep((due_ns - now_ns - _SPIN_NS) / 1e9)
            while machine_monotonic_ns() < due_ns:
                pass
            consumer.sendall(frame)
        consumer.sendall(encoder.encode(End(warm_up + ticks + 1)))
        # The consumer closes when it has everything.
        consumer.recv(_REQUEST_BYTES)
    return late


def main() -> None:
    """Send what the command line says, away from the receiver's core."""
    path, core, warm_up, ticks, gap_ns = sys.argv[1:6]
    if core:
        others = set(range(os.cpu_count() or 1)) - {int(core)}
        if others:
            os.sched_setaffinity(0, others)
    sys.stdout.write(str(serve(Path(path), int(warm_up), int(ticks), int(gap_ns))))


if __name__ == "__main__":
    main()
