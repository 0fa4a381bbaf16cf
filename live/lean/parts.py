"""What lives as long as the host's session, as the host sees it."""

from __future__ import annotations

from typing import Any, Protocol


class Part(Protocol):
    """Something that lives as long as the session: warmth, a feeder."""

    def begin(self, algorithm: Any) -> None:
        """Begin, once LEAN's warm-up is over; called on LEAN's loop thread.

        Errors end the run.
        """
        ...

    def end(self) -> None:
        """Stop; called once, whatever ended the run."""
        ...
