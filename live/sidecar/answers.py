"""One answer for all scrapers: text that is made anew only when the last one has become too old."""

from __future__ import annotations

import gzip
from collections.abc import Callable

from live.sidecar.exporter import OPEN_METRICS, TEXT

_GZIP_LEVEL = 5


class Answers:
    """Keeps the newest text in each format.

    Parameters:
        render: makes the text, in the OpenMetrics format when told so.
        clock: seconds that only grow.
        keep_seconds: how long a text serves all.
    """

    def __init__(self, render: Callable[[bool], bytes], clock: Callable[[], float], keep_seconds: float) -> None:
        self._render = render
        self._clock = clock
        self._keep_seconds = keep_seconds
        self._texts: dict[bool, tuple[float, bytes]] = {}
        self._packed: dict[bool, bytes] = {}

    def get(self, accept: str, accept_encoding: str) -> tuple[bytes, dict[str, str]]:
        """Return the text and its headers.

        Parameters:
            accept: formats that the scraper takes, as in HTTP.
            accept_encoding: packings that it takes.
        """
        is_open_metrics = prefers(accept, "application/openmetrics-text", "text/plain")
        made, body = self._texts.get(is_open_metrics, (-self._keep_seconds, b""))
        if not body or self._clock() - made >= self._keep_seconds:
            body = self._render(is_open_metrics)
            self._texts[is_open_metrics] = (self._clock(), body)
            self._packed.pop(is_open_metrics, None)
        headers = {"Content-Type": OPEN_METRICS if is_open_metrics else TEXT, "Vary": "Accept, Accept-Encoding"}
        if _weight(accept_encoding, "gzip") > 0:
            headers["Content-Encoding"] = "gzip"
            if is_open_metrics not in self._packed:
                self._packed[is_open_metrics] = gzip.compress(body, _GZIP_LEVEL, mtime=0)
            body = self._packed[is_open_metrics]
        return body, headers


def prefers(accept: str, wanted: str, other: str) -> bool:
    """Tell whether a header `Accept` names a format at least as gladly as another one."""
    weight = _weight(accept, wanted)
    return weight > 0 and weight >= _weight(accept, other)


def _weight(header: str, wanted: str) -> float:
    """Return the largest q of a word in a header (RFC 9110, 12.4.2), 0 when it is not there or makes no sense."""
    largest = 0.0
    for element in header.split(","):
        name, *parameters = (each.strip() for each in element.split(";"))
        if name.lower() != wanted:
            continue
        weight = 1.0
        for key, _sign, value in (each.partition("=") for each in parameters):
            if key.strip().lower() == "q":
                try:
                    weight = float(value)
                except ValueError:
                    weight = 0.0
        largest = max(largest, min(weight, 1.0))
    return largest
