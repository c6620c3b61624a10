"""SQLite as a collector: which databases the service has open, and plans for the statements that spans saw."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from loadstone.errors import EvidenceError
from loadstone.gather.collector import Gathered, Scene, Start
from loadstone.gather.sqlite.databases import Schema, opened, schema_of
from loadstone.gather.sqlite.explain import explained
from loadstone.model.evidence import Missing, Plan

__all__ = ["LOOK_S", "Sqlite"]

LOOK_S = 0.5
"""How often the service's descriptors are looked at: many services open a database for one request only."""

FAMILY_LOOKS = 4
"""Looks that share one answer to which processes the service has: finding them takes longer than a look."""

MOST = 500
"""Statements that are planned."""


class Sqlite:
    """Plans of the statements on the databases that the service has open, or on ``path``.

    The spans are in the archive after ``close``: then call ``plans`` with their masked statements.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._paths: set[Path] = set() if path is None else {path}
        self._scene: Scene | None = None
        self._known: dict[str, bool] = {}
        self._schemas: dict[Path, Schema] = {}
        self._unreadable: dict[Path, str] = {}
        self._pids: set[int] = set()
        self._looks = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loadstone-sqlite", daemon=True)
        self._cpu_s = 0.0

    @property
    def name(self) -> str:
        """The collector's name in a manifest."""
        return "sqlite"

    @property
    def db_system_name(self) -> str:
        """Whose statements it plans."""
        return "sqlite"

    @property
    def databases(self) -> tuple[Path, ...]:
        """The databases whose schema could be read."""
        return tuple(sorted(self._schemas))

    def prepare(self, scene: Scene, start: Start | None) -> Start | None:
        """Nothing: the service is left as it is."""
        self._scene = scene
        return start

    def open(self) -> None:
        """Begin to look at what the service has open."""
        self._look()
        self._thread.start()

    def mark(self, phase: str) -> None:
        """Nothing: statements are timed by their spans."""

    def stop(self) -> None:
        """Look for the last time, and read what each schema has become."""
        self._finish()
        self._looks = 0
        self._look()
        for path in sorted(self._paths):
            self._read(path)

    def close(self) -> Gathered:
        """Nothing yet: plans come by ``plans``."""
        self._finish()
        missing = [Missing("plans", reason) for path, reason in self._unreadable.items() if path not in self._schemas]
        return Gathered(missing=tuple(missing), cpu_s=self._cpu_s)

    def plans(self, statements: Iterable[str]) -> tuple[tuple[Plan, ...], tuple[Missing, ...]]:
        """Plans of masked statements, each against the first database that has its tables; and what has none."""
        wanted = list(dict.fromkeys(statements))
        if not wanted:
            return (), ()
        if not self._schemas:
            told = "no SQLite database was found open in the service's processes"
            advice = "spans show SQLite statements; the database may be in memory, or its processes another user's"
            return (), (Missing("plans", told, advice),)
        asked, waiting = len(wanted), wanted[:MOST]
        found: list[Plan] = []
        why: dict[str, str] = {}
        for path in self.databases:
            told_here = explained(self._schemas[path], waiting)
            found += told_here.plans
            waiting = list(told_here.refused)
            why |= told_here.refused
        reasons = Counter(why[statement] for statement in waiting)
        if asked > MOST:
            reasons[f"only {MOST} are planned"] = asked - MOST
        missing = (Missing("plans", f"{_told(count)}: {reason}") for reason, count in reasons.most_common())
        return tuple(found), tuple(missing)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_S):
            self._look()
        self._cpu_s = time.thread_time()

    def _look(self) -> None:
        if self._scene is None:
            return
        if self._looks % FAMILY_LOOKS == 0:
            self._pids = self._scene.pids()
        self._looks += 1
        for path in opened(self._pids, self._known) - self._paths:
            self._paths.add(path)
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            self._schemas[path] = schema_of(path)
        except EvidenceError as error:
            self._unreadable[path] = str(error)

    def _finish(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()


def _told(count: int) -> str:
    return f"{count} SQLite {'statement has' if count == 1 else 'statements have'} no plan"
