"""Order events as LEAN writes them to `<id>-order-events.json`, and a digest that tells whether two runs traded alike.

The file holds nothing that changes between two runs on the same input: no wall time and no run id. Numbers are written
from the engine's decimals, not through binary floating point, so that every digit survives.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal

import orjson

from live.algorithm.naming import pascal_case
from live.algorithm.numbers import plain
from live.algorithm.orders import OrderEvent

_NO_CURRENCY = "QCC"
"""The currency by which LEAN marks a fee that does not exist."""


def camel_case(name: str) -> str:
    """Return an enumeration's member as LEAN's JSON spells it: "UPDATE_SUBMITTED" gives "updateSubmitted"."""
    spelled = pascal_case(name.lower())
    return spelled[:1].lower() + spelled[1:]


def decimal_json(value: Decimal) -> str:
    """Return a decimal as a JSON number that has a point, as LEAN's serializer writes decimals: 100 gives "100.0"."""
    text = plain(value)
    return text if "." in text else f"{text}.0"


def unix_seconds(time_ns: int) -> float:
    """Return seconds since 1970 UTC with the resolution of .NET's clock, 100 ns."""
    return time_ns // 100 / 10_000_000


def lean_json(event: OrderEvent, algorithm_id: str) -> bytes:
    """Return one event as a JSON object with the members that LEAN writes, in LEAN's order.

    Members that LEAN leaves out when they are empty (fee, message, stop and limit price) are left out here too.
    """
    members = [
        ("id", _text(f"{algorithm_id}-{event.order_id}-{event.id}")),
        ("algorithmId", _text(algorithm_id)),
        ("orderId", str(event.order_id)),
        ("orderEventId", str(event.id)),
        ("symbol", _text(str(event.symbol.id))),
        ("symbolValue", _text(event.symbol.value)),
        ("symbolPermtick", _text(event.symbol.id.symbol)),
        ("time", repr(unix_seconds(event.time_ns))),
        ("status", _text(camel_case(event.status.name))),
    ]
    fee = event.order_fee.value
    if fee.currency != _NO_CURRENCY:
        members += [("orderFeeAmount", decimal_json(fee.exact_amount)), ("orderFeeCurrency", _text(fee.currency))]
    members += [
        ("fillPrice", decimal_json(event.exact_fill_price)),
        ("fillPriceCurrency", _text(event.fill_price_currency)),
        ("fillQuantity", decimal_json(event.exact_fill_quantity)),
        ("direction", _text(camel_case(event.direction.name))),
    ]
    if event.message:
        members.append(("message", _text(event.message)))
    members += [
        ("isAssignment", "true" if event.is_assignment else "false"),
        ("quantity", decimal_json(event.exact_quantity)),
    ]
    if event.exact_stop_price is not None:
        members.append(("stopPrice", decimal_json(event.exact_stop_price)))
    if event.exact_limit_price is not None:
        members.append(("limitPrice", decimal_json(event.exact_limit_price)))
    return ("{" + ",".join(f'"{name}":{value}' for name, value in members) + "}").encode()


def _text(value: str) -> str:
    # A lone surrogate in a user's message is no valid UTF-8; it is written as a question mark rather than failing the
    # run.
    return orjson.dumps(value.encode("utf-8", "replace").decode("utf-8")).decode()


class OrderEventDigest:
    """SHA-256 over order events in a canonical form: one JSON array and a line feed per event.

    An array holds order id, event id, security identifier, time in ns, status, direction, quantity, fill quantity, fill
    price, limit, stop, fee, fee currency, message; decimals as text without trailing zeros, absent values as null. The
    algorithm's name is not part of it, so a renamed algorithm that trades alike has the same digest.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.count = 0

    def add(self, event: OrderEvent) -> None:
        """Take in the next event."""
        fee = event.order_fee.value
        has_fee = fee.currency != _NO_CURRENCY
        self.add_row(
            [
                event.order_id,
                event.id,
                str(event.symbol.id),
                event.time_ns,
                camel_case(event.status.name),
                camel_case(event.direction.name),
                plain(event.exact_quantity),
                plain(event.exact_fill_quantity),
                plain(event.exact_fill_price),
                _optional(event.exact_limit_price),
                _optional(event.exact_stop_price),
                plain(fee.exact_amount) if has_fee else None,
                fee.currency if has_fee else None,
                event.message.encode("utf-8", "replace").decode("utf-8"),
            ]
        )

    def add_json(self, text: bytes) -> None:
        """Take in the next event as LEAN wrote it.

        Raises:
            KeyError, ValueError: the text is no order event.
        """
        event = json.loads(text, parse_float=Decimal)
        has_fee = "orderFeeAmount" in event
        self.add_row(
            [
                event["orderId"],
                event["orderEventId"],
                event["symbol"],
                # LEAN writes seconds as a real of 64 bits, to 100 ns at best.
                round(event["time"] * 10_000_000) * 100,
                event["status"],
                event["direction"],
                plain(Decimal(event["quantity"])),
                plain(Decimal(event["fillQuantity"])),
                plain(Decimal(event["fillPrice"])),
                _optional(event.get("limitPrice")),
                _optional(event.get("stopPrice")),
                plain(Decimal(event["orderFeeAmount"])) if has_fee else None,
                event["orderFeeCurrency"] if has_fee else None,
                event.get("message", ""),
            ]
        )

    def add_row(self, row: list[object]) -> None:
        """Take in the next event in the canonical form."""
        self._hash.update(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        self.count += 1

    def hexdigest(self) -> str:
        """Return the digest of the events so far, in hexadecimal."""
        return self._hash.hexdigest()


def _optional(value: Decimal | int | None) -> str | None:
    return None if value is None else plain(Decimal(value))
