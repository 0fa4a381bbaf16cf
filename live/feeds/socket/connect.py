"""From the word that names a feed to what receives it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from live.config import Config
from live.feeds.socket.address import parse_address
from live.feeds.socket.client import SocketFeed
from live.feeds.socket.health import FeedHealth
from live.feeds.socket.inbox import FeedInbox
from live.feeds.socket.receiver import FeedReceiver
from live.feeds.socket.token import read_token

_WEBSOCKETS = ("ws://", "wss://")


def is_websocket(name: str) -> bool:
    """Tell whether the word that names a feed is a websocket's address."""
    return name.startswith(_WEBSOCKETS)


def check_feed(name: str, option: str, config: Config) -> None:
    """Look at a feed's name and settings without connecting; parameters and errors as for `receiver_for`."""
    if is_websocket(name):
        from live.feeds.socket.websocket_mapping import MessageMapping

        MessageMapping(msgspec.structs.replace(config.websocket, url=name))
    else:
        parse_address(name, option)
        _token(config)


def receiver_for(
    name: str,
    option: str,
    config: Config,
    inbox: FeedInbox,
    health: FeedHealth,
    on_ticks: Callable[[], None],
) -> FeedReceiver:
    """Return the receiver of a feed.

    Parameters:
        name: `unix:PATH`, `tcp:HOST:PORT`, or a websocket's address.
        option: name of the option that named it, for errors.
        config: tables [feed] and [websocket].
        inbox: where ticks go.
        health: the feed's state.
        on_ticks: called after ticks were put into the inbox.

    Raises:
        UsageError: it is no address.
        ConfigError: the table [websocket] is incomplete or wrong, or the token is.
        EnvironmentFault: the token file cannot be read.
    """
    if is_websocket(name):
        # Other feeds do without the library for websockets.
        from live.feeds.socket.websocket import WebsocketFeed
        from live.feeds.socket.websocket_mapping import MessageMapping

        settings = msgspec.structs.replace(config.websocket, url=name)
        return WebsocketFeed(settings.url, MessageMapping(settings), config.feed, inbox, health, on_ticks)
    return SocketFeed(parse_address(name, option), config.feed, inbox, health, on_ticks, _token(config))


def _token(config: Config) -> str:
    return read_token(Path(config.feed.token_file) if config.feed.token_file else None)
