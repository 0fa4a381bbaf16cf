"""The classes of grafana-foundation-sdk that dashboards are made of.

They are a tool of developers: the dashboards are committed, and nothing that runs imports this room but
`lean-live dashboards build`.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # The SDK recommends its newer schema, which only the newest Grafana can provision from files; all read this one.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models import common, dashboard, heatmap, prometheus, stat, statetimeline, table, text
    from grafana_foundation_sdk.models import timeseries as time_series

__all__ = [
    "JSONEncoder",
    "common",
    "dashboard",
    "heatmap",
    "prometheus",
    "stat",
    "statetimeline",
    "table",
    "text",
    "time_series",
]
