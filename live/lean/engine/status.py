"""LEAN's status file `<id>.json`, and the order events beside it, read as they are.

LEAN rewrites the file while a live run goes on and once more at its end; only then it has an end time. Members are written
in camel case, keys of dictionaries as they are (state, statistics), a holding in single letters: `a` average price, `q`
quantity, `p` market price, `u` unrealized profit. Order events are in one file per UTC day.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from live.errors import DataError

STATUS_RUNTIME_ERROR = "RuntimeError"


class EngineHolding(Struct, frozen=True):
    """A holding; members that are zero are left out in the file."""

    symbol: Any = None
    a: Decimal = Decimal(0)
    q: Decimal = Decimal(0)
    p: Decimal = Decimal(0)
    u: Decimal = Decimal(0)


class EngineOrder(Struct, frozen=True):
    """What is used of an order: its number, and its status: LEAN's number of it, or its name."""

    id: int = 0
    status: int | str = ""


class EngineStatus(Struct, frozen=True, rename="camel"):
    """The content of a status file.

    Attributes:
        state: "Status", "EndTime" (empty while the run goes on), "RuntimeError", "StackTrace", ...
        orders: by id.
        holdings: by symbol; final results hold those that are not flat.
        runtime_statistics: texts with the currency's sign, such as "Equity".
        statistics: LEAN's statistics.
        account_currency: the account's currency.
    """

    state: dict[str, str | None] = {}
    orders: dict[str, EngineOrder] = {}
    holdings: dict[str, EngineHolding] = {}
    runtime_statistics: dict[str, str] = {}
    statistics: dict[str, str] = {}
    account_currency: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether LEAN has written it at the end of the run."""
        return bool(self.state.get("EndTime"))

    @property
    def runtime_error(self) -> str | None:
        """The error that ended the run, None when none did."""
        if self.state.get("Status") != STATUS_RUNTIME_ERROR:
            return None
        return self.state.get("RuntimeError") or "LEAN does not say which"

    @property
    def stack_trace(self) -> str:
        """Where that error was raised, as LEAN keeps it; "" when it does not say."""
        return self.state.get("StackTrace") or ""


def read_status(path: Path) -> EngineStatus | None:
    """Return a status file, None when there is none, or one that is just being written.

    Raises:
        DataError: it is whole, and a member is not what it was in the versions of LEAN that are known.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=EngineStatus)
    except msgspec.ValidationError as error:
        raise DataError(
            f"{path}: LEAN's result is of another form than in the versions that this program knows: {error}; use "
            "a LEAN that lean-live doctor --engine lean passes"
        ) from error
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def read_order_events(results: Path, algorithm_id: str) -> tuple[list[bytes], DataError | None]:
    """Return the order events of a run, each as the JSON object that LEAN wrote, in the order of their files.

    A file that is damaged, or holds what JSON does not have such as NaN, is left out; the error says which was the first.
    """
    found: list[bytes] = []
    fault: DataError | None = None
    for path in sorted(results.glob(f"{algorithm_id}-*order-events.json")):
        try:
            found += [bytes(each) for each in msgspec.json.decode(path.read_bytes(), type=list[msgspec.Raw])]
        except msgspec.DecodeError as error:
            fault = fault or DataError(
                f"order events of {path.name} are missing, it is damaged: {error}; the engine was killed while it wrote it, "
                "or an order has a quantity or price that is no number"
            )
    return found, fault
