"""The analytics tasks that every sidecar has; each is a function of a window alone."""

from live.sidecar.analytics.built_in import account, latency, orders, session

BUILT_IN = (account, orders, latency, session)
"""Modules with tasks."""
