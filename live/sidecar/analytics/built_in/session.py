"""The summary of a session as the sidecar saw it, written beside the run's results when the run has ended."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from live.errors import EnvironmentFault
from live.report.results import FAILED, PARTIAL, run_name
from live.report.summary_file import iso_utc, writable
from live.sidecar.analytics.built_in.account import exposure, profit_and_loss
from live.sidecar.analytics.built_in.orders import fill_quality, order_to_trade, symbol_activity
from live.sidecar.analytics.registry import analytics
from live.sidecar.analytics.window import AnalyticsWindow

FILE_NAME = "analytics.json"
DOCUMENT_VERSION = 1
"""Raised when a member changes its meaning or goes away; new members do not raise it."""


@analytics(at="session_end", timeout_seconds=30)
def session_summary(window: AnalyticsWindow) -> dict[str, float]:
    """Write analytics.json into the run's folder; a reader finds the whole file or none.

    Raises:
        EnvironmentFault: the disk is full, the folder is gone, or not ours to write.
    """
    content = orjson.dumps(writable(summary_of(window)), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    path = _write(window.folder, content)
    return {
        "written_bytes": float(len(content)),
        "events": float(len(window.events)),
        "failed": float(path.name.endswith(FAILED)),
    }


def summary_of(window: AnalyticsWindow) -> dict[str, Any]:
    """Return what is written, as JSON-ready data; equities are those of the states that the sidecar has seen."""
    look = window.look
    stages = {stage.name.lower(): distribution.summary() for stage, distribution in look.stages.items()}
    return {
        "version": DOCUMENT_VERSION,
        "run": window.run,
        "algorithm": window.algorithm,
        "mode": look.mode,
        "state": look.state,
        "reason": look.reason,
        "begun": iso_utc(look.begun_ns),
        "ended": iso_utc(look.published_ns),
        "written": iso_utc(window.now_ns),
        "ticks": dict(look.ticks),
        "dropped": dict(look.dropped),
        "orders": dict(look.orders),
        "denials": dict(look.denials),
        "currency": None if look.account is None else look.account.currency,
        "profit_and_loss": profit_and_loss(window),
        "exposure": exposure(window),
        "exposure_gross_max": max((each.gross for each in window.history), default=0.0),
        "fill_quality": fill_quality(window),
        "order_to_trade": order_to_trade(window),
        "symbol_activity": symbol_activity(window),
        "latency": {
            name: {
                "count": each.count,
                "p50_ns": each.p50_ns,
                "p99_ns": each.p99_ns,
                "p999_ns": each.p999_ns,
                "max_ns": each.max_ns,
            }
            for name, each in stages.items()
            if each.count
        },
        "equity": [[iso_utc(each.published_ns), each.equity] for each in window.history if each.equity is not None],
        "events": {"kept": len(window.events), "before": window.events_before, "lost": window.events_lost},
        "covers": _coverage(window),
    }


def _coverage(window: AnalyticsWindow) -> dict[str, dict[str, Any]]:
    """Return how much of the run each figure is about: counts are the page's, other figures those of the newest events."""
    of_events = window.events_before + len(window.events) + window.events_lost
    part = {
        "whole_run": of_events == len(window.events),
        "events": len(window.events),
        "of_events": of_events,
        "since": iso_utc(window.events[0].time_ns) if window.events else None,
    }
    whole = {"whole_run": True}
    return {
        "orders": whole,
        "denials": whole,
        "order_to_trade": whole,
        "latency": whole,
        "fill_quality": part,
        "symbol_activity": part,
    }


def _write(folder: Path, content: bytes) -> Path:
    """Write the file into the run's folder, whichever name it has by now; return the folder.

    A run that ends renames its folder, perhaps between two of our calls; the open folder stays the same.
    """
    name = run_name(folder.name)
    ended = (name, f"{name}{FAILED}")
    # It may be renamed between two looks; it is never renamed back.
    for path in (folder.with_name(each) for each in (*ended, f"{name}{PARTIAL}", *ended)):
        try:
            opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _fault(path, error) from error
        try:
            _write_into(opened, content)
        except OSError as error:
            raise _fault(path, error) from error
        finally:
            os.close(opened)
        return path
    raise EnvironmentFault(f"cannot write {FILE_NAME}: the run's folder {folder} is gone; it was moved or deleted")


def _fault(folder: Path, error: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        f"cannot write {folder / FILE_NAME}: {error.strerror}; free some space, or let this user write there"
    )


def _write_into(folder: int, content: bytes) -> None:
    """Write the file under another name and rename it, so that it is there whole or not at all."""
    new = f".{FILE_NAME}.new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(new, flags, 0o666, dir_fd=folder), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(new, FILE_NAME, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with suppress(OSError):
            os.unlink(new, dir_fd=folder)
        raise
