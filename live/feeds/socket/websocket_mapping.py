"""JSON messages of a market become ticks, as the table [websocket] says where they have what.

Numbers are taken exactly: as decimal digits, whether a message has them as text or as numbers, and never through a
floating-point number. A price of more than nine decimals is rounded, half to even.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from enum import Enum
from typing import Any, NamedTuple

import msgspec

from live.clock import NANOSECONDS_PER_SECOND, datetime_to_ns
from live.config import WebsocketSettings
from live.errors import ConfigError
from live.feeds.socket.frames import SIZE_MAX, Channel, Tick

MESSAGE_BYTES_MAX = 1 << 20
"""Largest message that is taken, in bytes."""

_SYMBOLS = '"$symbols"'
_UNITS_NS = {"s": NANOSECONDS_PER_SECOND, "ms": 1_000_000, "us": 1_000, "ns": 1}
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_PRICE_E9_MAX = (1 << 63) - 1
_E9 = Decimal(10**9)
_ONE = Decimal(1)


class MessageError(Exception):
    """A message is no JSON, or lacks a field of its kind, or has one that cannot be."""


class MessageKind(Enum):
    """What a message is."""

    TRADE = "trade"
    QUOTE = "quote"
    LAST_TRADE = "last trade"
    ERROR = "error"
    OTHER = "other"


class Mapped(NamedTuple):
    """A message that was understood.

    `channel` is the place of its channel, -1 when nobody subscribed to its symbol. `tick` is there for trades and
    quotes of channels, `sequence` is 0 without a number, `text` is what a refusal says.
    """

    kind: MessageKind
    channel: int = -1
    tick: Tick | None = None
    sequence: int = 0
    text: str = ""


_OTHER = Mapped(MessageKind.OTHER)


class MessageMapping:
    """Turns messages of one market into ticks.

    Parameters:
        settings: table [websocket].

    Attributes:
        channels: trades and quotes of the symbols; ticks name them by their places.
        requests: messages that subscribe to them.

    Raises:
        ConfigError: a symbol or a message of the table has a wrong form, or fields are missing.
    """

    def __init__(self, settings: WebsocketSettings) -> None:
        self._settings = settings
        self._decoder = msgspec.json.Decoder(float_hook=Decimal)
        self._paths = {
            name: tuple(getattr(settings, name).split(".")) if getattr(settings, name) else ()
            for name in settings.__struct_fields__
            if name.endswith("_field")
        }
        self._check_fields()
        self._kinds = dict.fromkeys(settings.trade_types, MessageKind.TRADE)
        self._kinds |= dict.fromkeys(settings.quote_types, MessageKind.QUOTE)
        self._kinds |= dict.fromkeys(settings.last_trade_types, MessageKind.LAST_TRADE)
        self._kinds |= dict.fromkeys(settings.error_types, MessageKind.ERROR)
        self.channels: list[Channel] = []
        self._trades: dict[str, int] = {}
        self._quotes: dict[str, int] = {}
        for word in settings.symbols:
            self._subscribe(word)
        self.requests = [self._request(text) for text in settings.subscribe]

    def decode(self, content: bytes | memoryview, received_ns: int) -> Mapped:
        """Return what a message says.

        Parameters:
            content: the message.
            received_ns: UTC nanoseconds of its receipt, for markets that send no time.

        Raises:
            MessageError: it cannot be understood.
        """
        try:
            message = self._decoder.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, InvalidOperation, RecursionError) as error:
            raise MessageError(f"no JSON: {error}") from error
        if not isinstance(message, dict):
            raise MessageError(f"a JSON {type(message).__name__} where an object was due")
        value = self._find(message, "type_field")
        kind = self._kinds.get(value, MessageKind.OTHER) if isinstance(value, str) else MessageKind.OTHER
        if kind is MessageKind.OTHER:
            return _OTHER
        if kind is MessageKind.ERROR:
            text = str(self._find(message, "error_field") or message)
            return Mapped(kind, text=text[:500])
        symbol = self._need(message, "symbol_field")
        places = self._quotes if kind is MessageKind.QUOTE else self._trades
        channel = places.get(symbol, -1) if isinstance(symbol, str) else -1
        if channel < 0:
            return Mapped(kind)
        sequence_field = "quote_sequence_field" if kind is MessageKind.QUOTE else "trade_sequence_field"
        sequence = self._sequence(message, sequence_field)
        if kind is MessageKind.LAST_TRADE:
            return Mapped(kind, channel, None, sequence)
        return Mapped(kind, channel, self._tick(message, kind, channel, received_ns), sequence)

    def _tick(self, message: dict[str, Any], kind: MessageKind, channel: int, received_ns: int) -> Tick:
        time_ns = self._time_ns(message) if self._paths["time_field"] else received_ns
        if kind is MessageKind.TRADE:
            return Tick(channel, time_ns, self._price(message, "price_field"), self._size(message, "size_field"))
        bid, ask = self._price(message, "bid_field"), self._price(message, "ask_field")
        bid_size, ask_size = self._size(message, "bid_size_field"), self._size(message, "ask_size_field")
        return Tick(channel, time_ns, bid, bid_size, ask, ask_size)

    # -- fields

    def _find(self, message: dict[str, Any], name: str) -> Any:
        """Return a field, None when the message does not have it."""
        value: Any = message
        for part in self._paths[name]:
            value = value.get(part) if isinstance(value, dict) else None
        return value if self._paths[name] else None

    def _need(self, message: dict[str, Any], name: str) -> Any:
        value = self._find(message, name)
        if value is None:
            raise MessageError(f"no field {'.'.join(self._paths[name])!r} ({name})")
        return value

    def _number(self, message: dict[str, Any], name: str) -> Decimal:
        value = self._need(message, name)
        try:
            if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
                raise InvalidOperation
            number = Decimal(value)
            if not number.is_finite() or number < 0 or number.adjusted() > 18:
                raise InvalidOperation
        except InvalidOperation:
            raise MessageError(f"{'.'.join(self._paths[name])} is {str(value)[:60]!r}, no number from 0 on") from None
        return number

    def _price(self, message: dict[str, Any], name: str) -> int:
        if not self._paths[name] or self._find(message, name) == "":
            return 0
        price_e9 = int((self._number(message, name) * _E9).quantize(_ONE, ROUND_HALF_EVEN))
        if price_e9 > _PRICE_E9_MAX:
            raise MessageError(f"{'.'.join(self._paths[name])} is above the largest price, 9.2e9")
        return price_e9

    def _size(self, message: dict[str, Any], name: str) -> float:
        if not self._paths[name] or self._find(message, name) == "":
            return 0.0
        size = float(self._number(message, name))
        if size > SIZE_MAX:
            raise MessageError(f"{'.'.join(self._paths[name])} is above the largest size, {SIZE_MAX:g}")
        return size

    def _sequence(self, message: dict[str, Any], name: str) -> int:
        if not self._paths[name]:
            return 0
        number = self._number(message, name)
        if number != number.to_integral_value() or number < 1:
            raise MessageError(f"{'.'.join(self._paths[name])} is {number}, no number of a message")
        return int(number)

    def _time_ns(self, message: dict[str, Any]) -> int:
        unit = self._settings.time_unit
        if unit != "iso8601":
            return int(self._number(message, "time_field") * _UNITS_NS[unit])
        text = self._need(message, "time_field")
        time_ns = iso_to_ns(text) if isinstance(text, str) else None
        if time_ns is None:
            raise MessageError(
                f"{self._settings.time_field} is {str(text)[:60]!r}, no time as in 2024-01-31T09:30:00.5Z"
            )
        return time_ns

    # -- settings

    def _check_fields(self) -> None:
        settings = self._settings
        needed = {"type_field", "symbol_field"}
        needed |= {"price_field", "size_field"} if settings.trade_types else set()
        for name in sorted(needed):
            if not getattr(settings, name):
                raise ConfigError(f"{name} in [websocket] is empty; name the field of the messages")
        if settings.quote_types and not (settings.bid_field or settings.ask_field):
            raise ConfigError("bid_field and ask_field in [websocket] are empty; name them, or set quote_types = []")
        if not settings.symbols:
            raise ConfigError(
                'symbols in [websocket] is empty; name what to subscribe to, as in ["BTC-USD=crypto/coinbase/BTCUSD"]'
            )

    def _subscribe(self, word: str) -> None:
        name, _, place = word.partition("=")
        parts = place.split("/")
        if not name or len(parts) != 3 or not all(parts):
            raise ConfigError(f"symbols in [websocket]: {word!r} has another form than BTC-USD=crypto/coinbase/BTCUSD")
        if name in self._trades or name in self._quotes:
            raise ConfigError(f"symbols in [websocket] has {name} twice; leave one")
        kind, market, ticker = parts[0].lower(), parts[1].lower(), parts[2].upper()
        if self._settings.trade_types:
            self._trades[name] = len(self.channels)
            self.channels.append(Channel(kind, market, ticker, False))
        if self._settings.quote_types:
            self._quotes[name] = len(self.channels)
            self.channels.append(Channel(kind, market, ticker, True))

    def _request(self, text: str) -> bytes:
        names = [word.partition("=")[0] for word in self._settings.symbols]
        filled = text.replace(_SYMBOLS, msgspec.json.encode(names).decode())
        try:
            msgspec.json.decode(filled)
        except msgspec.DecodeError as error:
            raise ConfigError(f"subscribe in [websocket]: {text[:80]!r} is no JSON ({error}); correct it") from error
        return filled.encode()


def iso_to_ns(text: str) -> int | None:
    """Return the UTC nanoseconds of a time with a zone, None when the text is none; digits beyond nanoseconds are cut."""
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone == 'Z' else zone}")
        utc = moment.astimezone(timezone.utc).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    time_ns = datetime_to_ns(utc) + int((fraction or "").ljust(9, "0"))
    return time_ns if time_ns >= 0 else None
