"""A run that is going, read as it grows: only what is new, and no more often than it costs little."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from threading import Lock
from time import monotonic, thread_time

import msgspec

from loadstone.archive import Run
from loadstone.archive.reader import TAIL
from loadstone.model.interval import Interval

__all__ = ["EVERY_S", "Following", "GrowingRun"]

EVERY_S = 1.0
"""A running run tells one interval a second."""

SHARE = 0.05
"""Of one core at most, for a page of a run that is going: it runs beside the generator."""


class GrowingRun(Run):
    """A run whose intervals are kept in memory and read on from where they ended."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.directory)
        self._kept: list[Interval] = []
        self._file = -1
        self._offset = 0
        self._decoder = msgspec.json.Decoder(Interval)

    def intervals(self) -> Iterator[Interval]:
        """Every interval so far."""
        self._read_on()
        return iter(self._kept)

    def forget(self) -> None:
        """Let the manifest be read again."""
        self.__dict__.pop("manifest", None)

    def _read_on(self) -> None:
        """Read what was added to the tail; where the tail was closed into a part, read the whole run again."""
        try:
            with (self.directory / TAIL).open("rb") as tail:
                file = os.fstat(tail.fileno()).st_ino
                if file != self._file:
                    self._kept = list(super().intervals())
                    self._file, self._offset = file, 0
                    return
                tail.seek(self._offset)
                content = tail.read()
        except FileNotFoundError:
            self._kept = list(super().intervals())
            self._file = -1
            return
        whole = content.rfind(b"\n") + 1
        self._offset += whole
        latest = self._kept[-1].t_s if self._kept else float("-inf")
        for line in content[:whole].splitlines():
            interval = self._decoder.decode(line)
            if interval.t_s > latest:
                self._kept.append(interval)


class Following:
    """What the pages of one running run are told. Thread-safe: every page asks, one of them does the work."""

    def __init__(self, run: Run, told: Callable[[Run], bytes]) -> None:
        self._run = GrowingRun(run)
        self._told = told
        self._lock = Lock()
        self._again_at = 0.0
        self._latest = b""
        self.running = True

    def latest(self) -> tuple[bytes, bool]:
        """The newest view, and whether the run is still going. May raise what reading a run raises."""
        with self._lock:
            if self.running and monotonic() >= self._again_at:
                begun = thread_time()
                self._run.forget()
                self.running = self._run.manifest.status == "running"
                self._latest = self._told(self._run)
                spent = thread_time() - begun
                self._again_at = monotonic() + max(0.9 * EVERY_S, spent / SHARE)
            return self._latest, self.running
