"""What the host leaves behind in the run's folder: its own account of the session, in numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

import live
from live.hot.catalogue import Counter, Gauge, Stage
from live.lean.instructions import Instructions
from live.lean.page import LeanPage

if TYPE_CHECKING:
    from live.lean.slice_watch import SliceWatch

SUMMARY_FILE = "host-summary.json"
_SHARES = (0.5, 0.99, 0.999)


def write_summary(instructions: Instructions, page: LeanPage, watch: SliceWatch, reason: str) -> Path:
    """Write the summary; return its path.

    Parameters:
        instructions: of the run.
        page: the run's page, finished.
        watch: the way of slices, finished.
        reason: why the run ended, for people; "" when it completed.
    """
    path = Path(instructions.run_folder) / SUMMARY_FILE
    content: dict[str, Any] = {
        "version": live.__version__,
        "algorithm": instructions.algorithm,
        "phase": page.phase.name.lower(),
        "reason": reason,
        "slices": watch.slices,
        "beats": watch.beats_seen,
        "counters": {each.metric.full_name + _labels(each): page.page.counter(each) for each in Counter},
        "stages": {each.name.lower(): _stage(page, each) for each in Stage},
        "settings": msgspec.to_builtins(instructions.lean),
    }
    part = path.with_suffix(".part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    # Whoever waits for the file finds it whole.
    part.replace(path)
    return path


def _labels(each: Counter | Gauge) -> str:
    pairs = ",".join(f'{key}="{value}"' for key, value in each.metric.labels)
    return f"{{{pairs}}}" if pairs else ""


def _stage(page: LeanPage, stage: Stage) -> dict[str, int]:
    histogram = page.histogram(stage)
    found = {"count": histogram.count, "max_ns": histogram.max_ns}
    found.update({f"p{100 * share:g}_ns": histogram.quantile(share) for share in _SHARES if histogram.count})
    return found
