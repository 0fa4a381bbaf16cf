"""Which files of this machine a container has, and where."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.config import FeedSettings
from live.errors import EnvironmentFault
from live.lean.engine.places import FEED_FOLDER, Place, check_covered, inside, needs_network, places_of
from live.lean.instructions import FeederInstructions, Instructions

NAMES = st.text(st.characters(blacklist_characters="/\0\r\n", blacklist_categories=("Cs",)), min_size=1)


def told(
    address: str = "", algorithm: str = "/home/me/project/main.py", run: str = "/home/me/results/run"
) -> Instructions:
    feed = FeedSettings(token_file="/run/secrets/token")
    feeder = FeederInstructions(address=address, counters_file=f"{run}/feeder.json", feed=feed) if address else None
    return Instructions(algorithm=algorithm, run_folder=run, feeder=feeder)


def places(instructions: Instructions | None, results: str = "/dev/shm/lean-live-1") -> dict[str, bool]:
    folder = Path("/home/me/results/run/lean")
    found = places_of(folder, Path(results), Path("/data"), [Path("/home/me/project")], instructions)
    return {str(each.inside): each.is_written for each in found}


def test_what_a_run_needs() -> None:
    assert places(told("unix:/tmp/x/feed")) == {
        "/home/me/results/run": True,
        "/home/me/results/run/lean": True,
        "/dev/shm/lean-live-1": True,
        "/data": False,
        "/home/me/project": False,
        "/run/secrets/token": False,
        str(FEED_FOLDER): False,
    }


def test_a_folder_that_is_written_stays_so() -> None:
    found = places(told(algorithm="/home/me/results/run/lean/main.py"))
    assert found["/home/me/results/run/lean"] is True


def test_a_run_without_the_host() -> None:
    assert set(places(None)) == {"/home/me/results/run/lean", "/dev/shm/lean-live-1", "/data", "/home/me/project"}


def test_an_algorithm_that_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "there" / "algorithm.py").touch()
    (tmp_path / "here" / "main.py").symlink_to(tmp_path / "there" / "algorithm.py")
    found = places(told(algorithm=str(tmp_path / "here" / "main.py")))
    assert {str(tmp_path / "here"), str(tmp_path / "there")} <= found.keys()


@pytest.mark.parametrize(
    ("address", "network", "there"),
    [
        ("unix:/tmp/feed", False, f"unix:{FEED_FOLDER}/feed"),
        ("tcp:127.0.0.1:7070", True, "tcp:127.0.0.1:7070"),
        ("wss://example.com/unix:x", True, "wss://example.com/unix:x"),
    ],
)
def test_where_ticks_come_from(address: str, network: bool, there: str) -> None:
    instructions = told(address)
    assert needs_network(instructions) is network
    feeder = inside(instructions).feeder
    assert feeder is not None
    assert feeder.address == there
    assert not needs_network(told())
    assert inside(told()) == told()


@given(st.lists(NAMES, min_size=1, max_size=3), st.booleans())
def test_any_path_survives_the_command_line(parts: list[str], is_written: bool) -> None:
    path = Path("/", *parts)
    _, word = Place(path, is_written).words
    # As docker reads the option.
    (fields,) = csv.reader([word])
    assert fields[:3] == ["type=bind", f"source={path}", f"target={path}"]
    assert fields[3:] == ([] if is_written else ["readonly"])


@pytest.mark.parametrize("path", ["/", "/tmp", "/usr", "/Lean", "/Lean/Launcher/bin/Debug", "/opt"])
def test_what_the_image_needs_is_not_covered(path: str) -> None:
    own = [Path("/Lean/Launcher/bin/Debug"), Path("/opt/miniconda3/lib/libpython3.11.so")]
    with pytest.raises(EnvironmentFault, match=f"{path} of this machine in place of the image's own /"):
        check_covered([Place(Path("/home/me")), Place(Path(path))], own)


def test_other_folders_are_no_danger() -> None:
    paths = ["/home/me", "/root", "/tmp/project", "/Lean/Data", "/data", "/run/secrets/token"]
    check_covered([Place(Path(each)) for each in paths], [Path("/Lean/Launcher/bin/Debug")])
