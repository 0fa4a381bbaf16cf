"""Scheduled analytics: tasks that the sidecar runs on the telemetry of a run, built in or written by users."""

from live.hot.telemetry_view import StageTotal
from live.sidecar.analytics.registry import analytics
from live.sidecar.analytics.window import AnalyticsWindow, Snapshot

__all__ = ["AnalyticsWindow", "Snapshot", "StageTotal", "analytics"]
