"""Finding runs: which pages of the watched folders are open, and which of them are still exported."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from live.clock import NANOSECONDS_PER_SECOND, machine_monotonic_ns, wall_ns
from live.errors import DataError
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import PageFault
from live.report.results import FAILED, PARTIAL, run_name
from live.sidecar.attached import AttachedRun, run_label

PAGE_FAULT_REASONS = ("unreadable", "incomplete", "version", "garbled", "truncated", "duplicate", "deleted")
INCOMPLETE_SECONDS = 10.0
"""Time in which a page that is just being made is complete."""
_DRAIN_RECORDS = 4_096
"""Records that are taken from one ring at a time."""
_INCOMPLETE_NS = int(INCOMPLETE_SECONDS * NANOSECONDS_PER_SECOND)
_DEATH_NS = 86_400 * NANOSECONDS_PER_SECOND
"""Age up to which a death that nobody has told is exported; the alert on a sidecar that is gone remembers runs as long."""
FileKey = tuple[int, int]
"""Device and inode: a run's folder is renamed when its run is over."""


class RunFinder:
    """Watches folders of results.

    A run that begins later is found, one that has ended is kept for a while and then dropped. A page that cannot be
    trusted is counted by reason and said once; while its run may still be starting it is tried again.

    Parameters:
        folders: folders of results; one that does not exist yet is waited for.
        pages: pages of single runs, watched in addition.
        grace_seconds: time for which a run that has ended is kept.
        max_events: newest events of a run that are kept.
        say: told in words what cannot be used.

    Attributes:
        page_faults: pages that could not be used, by reason.
        events_taken: records taken from all rings.
        newest_run_ns: when the newest run that was found began, ns since 1970 UTC; 0 without runs.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        pages: Sequence[Path],
        grace_seconds: float,
        max_events: int,
        say: Callable[[str], None],
    ) -> None:
        self._folders = tuple(folders)
        self._pages = tuple(pages)
        self._grace_ns = int(grace_seconds * NANOSECONDS_PER_SECOND)
        self._max_events = max_events
        self._say = say
        self._runs: dict[FileKey, AttachedRun] = {}
        self._ended_ns: dict[FileKey, int] = {}
        self._missing: set[FileKey] = set()
        self._deleted: set[FileKey] = set()
        self._met_ns: dict[FileKey, int] = {}
        self._settled: set[tuple[str, str, int]] = set()
        self._said: set[tuple[FileKey | Path, str]] = set()
        self.page_faults: Counter[str] = Counter()
        self.events_taken = 0
        self.newest_run_ns = 0

    @property
    def attached(self) -> Sequence[AttachedRun]:
        """Runs whose page is open, in the order of their names."""
        return sorted(self._runs.values(), key=lambda run: run.name)

    def scan(self) -> None:
        """Find what is new, and drop what is over for long or gone."""
        found: set[FileKey] = set()
        for folder in self._folders:
            self._scan_folder(folder, found)
        for page in self._pages:
            for path in spellings(page):
                self._meet(path, None, found)
        missing, self._missing = self._missing, self._runs.keys() - found
        for key, run in list(self._runs.items()):
            if self._is_done(key, run):
                self._settle(run.folder, _inode(run.folder))
                self._drop(key)
            elif key in self._missing and key in missing and key not in self._deleted:
                # One that is just being renamed is missing once.
                self._meet_deleted(key, run)

    def drain(self) -> None:
        """Take what waits in the rings of all runs."""
        for key, run in list(self._runs.items()):
            before = run.records_taken
            try:
                run.drain(_DRAIN_RECORDS)
            except PageFault as error:
                self.faulted(run, error)
                if error.reason == "truncated":
                    self._drop(key)
            self.events_taken += run.records_taken - before

    def faulted(self, run: AttachedRun, error: DataError) -> None:
        """Count and say that a run's page cannot be believed, once for each reason."""
        reason = error.reason if isinstance(error, PageFault) else "unreadable"
        if reason not in run.faults:
            run.faults.add(reason)
            self._count(reason, str(error))

    # -- scanning

    def _scan_folder(self, folder: Path, found: set[FileKey]) -> None:
        try:
            root = os.fspath(folder)
            with os.scandir(root) as entries:
                for entry in entries:
                    # Of thousands of old runs nothing but the name is looked at.
                    if (root, entry.name, entry.inode()) in self._settled or not entry.is_dir(follow_symlinks=False):
                        continue
                    self._meet(folder / entry.name / PAGE_NAME, entry.inode(), found)
        except FileNotFoundError:
            # The first run makes it.
            return
        except OSError as error:
            self._complain_of_folder(folder, error)

    def _meet(self, page: Path, inode: int | None, found: set[FileKey]) -> None:
        """Look at where a page may be.

        Parameters:
            page: the page.
            inode: of its folder, when it may be left alone from now on; None to look again each time.
            found: takes in the page's identity.
        """
        may_change = inode is None or page.parent.name.endswith(PARTIAL)
        try:
            status = page.stat(follow_symlinks=False)
        except OSError:
            if not may_change and inode is not None:
                self._settle(page.parent, inode)
            return
        key = status.st_dev, status.st_ino
        found.add(key)
        run = self._runs.get(key)
        if run is not None:
            run.folder = page.parent
            return
        try:
            self._attach(key, page)
        except DataError as error:
            reason = error.reason if isinstance(error, PageFault) else "unreadable"
            is_settled = not may_change
            now_ns = machine_monotonic_ns()
            # A page that is just being made is no fault.
            is_new = reason == "incomplete" and now_ns - self._met_ns.setdefault(key, now_ns) < _INCOMPLETE_NS
            if (not is_new or is_settled) and (key, reason) not in self._said:
                self._said.add((key, reason))
                self._count(reason, str(error))
            if is_settled and inode is not None:
                self._settle(page.parent, inode)

    def _meet_deleted(self, key: FileKey, run: AttachedRun) -> None:
        """Drop a run whose folder is gone when it is over; one that goes on is kept to its end, by its open page."""
        if key in self._ended_ns:
            self._drop(key)
            return
        self._deleted.add(key)
        self._count(
            "deleted",
            f"the folder of run {run.name} is gone from {run.folder.parent} although the run goes on; it is exported until "
            "it ends, but what it writes is lost: stop it and start it again",
        )

    def _attach(self, key: FileKey, page: Path) -> None:
        """Open a page, unless its run ended too long ago.

        Raises:
            DataError: it cannot be trusted, or a run of its name is attached already.
        """
        name = run_label(page.parent)
        namesake = next((run for run in self._runs.values() if run.name == name), None)
        if namesake is not None:
            raise PageFault(
                f"{page.parent} is left out, since {namesake.folder} is a run of the same name; rename one of the folders",
                "duplicate",
            )
        run = AttachedRun(page, self._max_events)
        if run.is_over:
            age_ns = self._age_ns(run)
            if age_ns > self._grace_ns:
                self._settle(page.parent, _inode(page.parent))
                return
            self._ended_ns[key] = machine_monotonic_ns() - age_ns
        self._met_ns.pop(key, None)
        self._runs[key] = run
        self.newest_run_ns = max(self.newest_run_ns, run.reader.created_ns)

    def _age_ns(self, run: AttachedRun) -> int:
        """Return for how long the end of a run that is met as over could be seen.

        A run whose process died may have died together with the sidecar that would have told of it. Unless one has, or it
        was a day ago, its time begins only now.
        """
        age_ns = max(wall_ns() - run.published_ns, 0)
        is_untold_death = not run.phase.is_over and not run.reader.is_death_told
        return 0 if is_untold_death and age_ns <= _DEATH_NS else age_ns

    def _is_done(self, key: FileKey, run: AttachedRun) -> bool:
        """Tell whether a run ended longer ago than it is kept; note when it ends, and that its death has been told."""
        try:
            is_over = run.is_over
        except DataError as error:
            self.faulted(run, error)
            return isinstance(error, PageFault) and error.reason == "truncated"
        if not is_over:
            self._ended_ns.pop(key, None)
            return False
        now_ns = machine_monotonic_ns()
        is_done = now_ns - self._ended_ns.setdefault(key, now_ns) >= self._grace_ns
        if is_done and not run.phase.is_over:
            run.reader.note_death_told()
        return is_done

    def _settle(self, folder: Path, inode: int) -> None:
        """Look no more at a run's folder while it is the same."""
        self._settled.add((os.fspath(folder.parent), folder.name, inode))

    def _drop(self, key: FileKey) -> None:
        self._runs.pop(key, None)
        self._ended_ns.pop(key, None)
        self._deleted.discard(key)

    def _count(self, reason: str, words: str) -> None:
        self.page_faults[reason] += 1
        self._say(words)

    def _complain_of_folder(self, folder: Path, error: OSError) -> None:
        if (folder, "unreadable") not in self._said:
            self._said.add((folder, "unreadable"))
            self._count("unreadable", f"cannot read the folder of results {folder}: {error.strerror}; check its mode")


def spellings(page: Path) -> list[Path]:
    """Return where the page of a single run may be: its folder is renamed when the run is over."""
    folder = page.parent
    name = run_name(folder.name)
    return [page, *(folder.with_name(name + ending) / page.name for ending in ("", FAILED))]


def _inode(folder: Path) -> int:
    try:
        return folder.stat(follow_symlinks=False).st_ino
    except OSError:
        return 0
