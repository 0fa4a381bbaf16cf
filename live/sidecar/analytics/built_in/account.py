"""What a run has earned, and what it holds."""

from __future__ import annotations

from live.sidecar.analytics.registry import analytics
from live.sidecar.analytics.window import AnalyticsWindow


@analytics(every="5s")
def profit_and_loss(window: AnalyticsWindow) -> dict[str, float] | None:
    """Return equity, its change since the run began, and its fall from its highest value, in the account's currency.

    The highest value is that of the states that the sidecar has seen, and of the beginning: what the equity did between
    two looks is not in it.
    """
    account = window.look.account
    if account is None:
        return None
    peak, drawdown_max = account.starting_equity, 0.0
    for snapshot in window.history:
        if snapshot.equity is not None:
            peak = max(peak, snapshot.equity)
            drawdown_max = max(drawdown_max, peak - snapshot.equity)
    peak = max(peak, account.equity)
    found = {
        "equity": account.equity,
        "change": account.equity - account.starting_equity,
        "fees": account.fees,
        "drawdown": peak - account.equity,
        "drawdown_max": max(drawdown_max, peak - account.equity),
    }
    if account.starting_equity > 0:
        found["change_ratio"] = found["change"] / account.starting_equity
    return found


@analytics(every="5s")
def exposure(window: AnalyticsWindow) -> dict[str, float] | None:
    """Return the value of the holdings that the page shows: gross, net, and the largest one's share of the gross value.

    Each holding counts in its quote currency. `left_out` holdings had no room on the page.
    """
    account = window.look.account
    if account is None:
        return None
    values = [row.quantity * row.market_price for row in window.look.positions]
    gross = sum(map(abs, values))
    found = {
        "gross": gross,
        "net": sum(values),
        "largest_share": max(map(abs, values)) / gross if gross > 0 else 0.0,
        "left_out": float(max(account.positions_held - len(values), 0)),
    }
    if account.equity > 0:
        found["gross_to_equity"] = gross / account.equity
    return found
