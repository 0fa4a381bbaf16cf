"""Which files of this machine an engine in a container reads and writes.

Each is there under the path that it has here, so that whatever names a file means the same on both sides. Only the folder of a
feed's socket has a place of its own: such sockets are often in the system's folder for temporary files.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from live.errors import EnvironmentFault
from live.lean.instructions import Instructions

SYSTEM_FOLDERS = ("/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/tmp", "/usr", "/var")  # noqa: S108
"""Folders that are the container's own."""

FEED_FOLDER = Path("/lean-live/feed")
"""Where a container has the folder of a feed's socket."""


class Place(NamedTuple):
    """A file or folder that a container has of this machine.

    Attributes:
        path: here.
        is_written: whether the container may write to it.
        target: where the container has it; None for the same path.
    """

    path: Path
    is_written: bool = False
    target: Path | None = None

    @property
    def inside(self) -> Path:
        """Its path in the container."""
        return self.target or self.path

    @property
    def words(self) -> tuple[str, str]:
        """The option that makes it known to `docker run`."""
        fields = ["type=bind", f"source={self.path}", f"target={self.inside}"]
        fields += [] if self.is_written else ["readonly"]
        # The option is a line of CSV: paths may hold commas.
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(fields)
        return ("--mount", line.getvalue())


def places_of(
    folder: Path, results: Path, data_folder: Path, paths: Iterable[Path], instructions: Instructions | None
) -> tuple[Place, ...]:
    """Return what a run needs, without what lies in a folder that is there already.

    Parameters:
        folder: of the run.
        results: where LEAN writes its results.
        data_folder: LEAN data.
        paths: folders that the algorithm imports modules from.
        instructions: what the host is told, None without it.
    """
    found = [Place(folder, True), Place(results, True), Place(data_folder)]
    found += [Place(path) for path in paths]
    if instructions is not None:
        algorithm = Path(instructions.algorithm)
        # A file that is a link here is read where it is.
        found += [
            Place(Path(instructions.run_folder), True),
            Place(algorithm.parent),
            Place(algorithm.resolve().parent),
        ]
        if instructions.state_folder:
            found.append(Place(Path(instructions.state_folder), True))
        found += _feed_places(instructions)
    return _without_repetitions(found)


def inside(instructions: Instructions) -> Instructions:
    """Return what the host in a container is told: the same, with the feed's socket where it is there."""
    feeder = instructions.feeder
    socket = None if feeder is None else _socket_of(feeder.address)
    if feeder is None or socket is None:
        return instructions
    return replace(instructions, feeder=replace(feeder, address=f"unix:{FEED_FOLDER / socket.name}"))


def needs_network(instructions: Instructions | None) -> bool:
    """Tell whether the host takes its ticks from an address of the network."""
    if instructions is None or instructions.feeder is None:
        return False
    return _socket_of(instructions.feeder.address) is None


def check_covered(places: Iterable[Place], needed: Iterable[Path]) -> None:
    """Refuse to cover what an image needs of its own.

    Parameters:
        places: what the container has of this machine.
        needed: files and folders of the image.

    Raises:
        EnvironmentFault: a place is such a folder, or has one in it.
    """
    own = [Path("/"), *map(Path, SYSTEM_FOLDERS), *needed]
    for place in places:
        for each in own:
            if each.is_relative_to(place.inside):
                raise EnvironmentFault(
                    f"a container would have {place.path} of this machine in place of the image's own {each}: move the "
                    "algorithm, the data or the results in it to a folder of their own"
                )


def _feed_places(instructions: Instructions) -> list[Place]:
    feeder = instructions.feeder
    if feeder is None:
        return []
    found = [Place(Path(name).parent, True) for name in (feeder.subscriptions_file, feeder.counters_file) if name]
    found += [Place(Path(feeder.feed.token_file))] if feeder.feed.token_file else []
    socket = _socket_of(feeder.address)
    # Its folder: a publisher that begins again makes another socket.
    return found if socket is None else [*found, Place(socket.parent, target=FEED_FOLDER)]


def _socket_of(address: str) -> Path | None:
    kind, _, name = address.partition(":")
    return Path(name).absolute() if kind == "unix" else None


def _without_repetitions(places: Iterable[Place]) -> tuple[Place, ...]:
    kept: dict[Path, Place] = {}
    for each in places:
        path, target = each.path.absolute(), each.inside.absolute()
        is_written = each.is_written or (target in kept and kept[target].is_written)
        kept[target] = Place(path, is_written, target)
    return tuple(kept[target] for target in sorted(kept))
