"""Comparison of one of our runs with what the real LEAN engine did, as the goldens' own notes ask for."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

EVENT_EXACT = ("order_id", "event_id", "symbol", "time_utc", "status", "direction")
EVENT_NUMBERS = ("quantity", "fill_quantity", "fill_price", "limit_price", "stop_price", "fee")
RELATIVE_TOLERANCE = Decimal("1e-9")
MONEY_TOLERANCE = Decimal("1e-6")
ADJUSTED = ("second_ema_cross", "minute_pair_spread", "minute_adjusted_split", "daily_adjusted")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_MINUS_ZERO = re.compile(r"-(?=0(?:\.0+)?(?![\d.]))")


def load_expected(path: Path) -> dict[str, Any]:
    """Return a golden."""
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def differences(expected: dict[str, Any], actual: dict[str, Any], limit: int = 12) -> list[str]:
    """Return what differs between a golden and a run, at most so many lines."""
    found: list[str] = []
    is_adjusted = expected["name"] in ADJUSTED
    found += _compare_events(expected["order_events"], actual["order_events"], is_adjusted)
    found += _compare_final(expected["final"], actual["final"])
    found += _compare_probes(expected["probes"], actual["probes"])
    return found[:limit]


def _compare_events(expected: list[dict[str, Any]], actual: list[dict[str, Any]], is_adjusted: bool) -> list[str]:
    found: list[str] = []
    for number, (want, have) in enumerate(zip(expected, actual, strict=False)):
        for key in EVENT_EXACT:
            if want[key] != have[key]:
                found.append(f"event {number} {key}: LEAN {want[key]!r}, ours {have[key]!r} ({want})")
        for key in EVENT_NUMBERS:
            if not _same_number(want[key], have[key], is_adjusted):
                found.append(f"event {number} {key}: LEAN {want[key]!r}, ours {have[key]!r} ({want})")
        if want["fee_currency"] != have["fee_currency"]:
            found.append(f"event {number} fee_currency: LEAN {want['fee_currency']!r}, ours {have['fee_currency']!r}")
        if want["message"] != have["message"]:
            found.append(f"event {number} message: LEAN {want['message']!r}, ours {have['message']!r}")
    if len(expected) != len(actual):
        found.append(f"order events: LEAN {len(expected)}, ours {len(actual)}")
    return found


def _same_number(want: str | None, have: str | None, is_adjusted: bool) -> bool:
    if want is None or have is None:
        return want == have
    first, second = Decimal(want), Decimal(have)
    if is_adjusted:
        return abs(first - second) <= RELATIVE_TOLERANCE * max(abs(first), abs(second))
    return first == second


def _compare_final(expected: dict[str, Any], actual: dict[str, Any]) -> list[str]:
    found: list[str] = []
    if set(expected["cash"]) != set(actual["cash"]):
        found.append(f"final cash currencies: LEAN {sorted(expected['cash'])}, ours {sorted(actual['cash'])}")
    for currency, amount in expected["cash"].items():
        if not _same_money(amount, actual["cash"].get(currency, "0")):
            found.append(f"final cash {currency}: LEAN {amount}, ours {actual['cash'].get(currency)}")
    have = {holding["symbol"]: holding for holding in actual["holdings"]}
    for holding in expected["holdings"]:
        ours = have.get(holding["symbol"])
        if ours is None or Decimal(ours["quantity"]) != Decimal(holding["quantity"]):
            found.append(f"final holding: LEAN {holding}, ours {ours}")
        elif not _same_money(holding["average_price"], ours["average_price"]):
            found.append(f"final average price: LEAN {holding}, ours {ours}")
    for key in ("total_fees", "total_portfolio_value"):
        if not _same_money(expected[key], actual[key]):
            found.append(f"final {key}: LEAN {expected[key]}, ours {actual[key]}")
    return found


def _same_money(want: str, have: str) -> bool:
    return abs(Decimal(want) - Decimal(have)) <= MONEY_TOLERANCE


def _compare_probes(expected: list[str], actual: list[str]) -> list[str]:
    found = [
        f"probe {number}: LEAN {want!r}, ours {have!r}"
        for number, (want, have) in enumerate(zip(expected, actual, strict=False))
        if not same_probe(want, have)
    ]
    if len(expected) != len(actual):
        found.append(f"probes: LEAN {len(expected)}, ours {len(actual)}")
    return found


def same_probe(want: str, have: str) -> bool:
    """Tell whether two probe texts agree: the words exactly, each number to one unit of its last decimal."""
    want, have = _MINUS_ZERO.sub("", want), _MINUS_ZERO.sub("", have)
    if want == have:
        return True
    if _NUMBER.sub("#", want) != _NUMBER.sub("#", have):
        return False
    for first, second in zip(_NUMBER.findall(want), _NUMBER.findall(have), strict=True):
        decimals = len(first.partition(".")[2])
        if decimals == 0 and first != second:
            return False
        if abs(Decimal(first) - Decimal(second)) > Decimal(1).scaleb(-decimals):
            return False
    return True
