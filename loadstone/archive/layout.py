"""Where runs lie: the archive's directory, run ids that sort by time, and the words by which a run is named.

    .loadstone/
      .gitignore            *
      runs/<run-id>/        20261123T101530-7f3a

A run is named by its id, a unique beginning or ending of it, ``last``, ``last-1`` or the path of its directory.
"""

from __future__ import annotations

import os
import re
import secrets
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from loadstone.archive.reader import Run
from loadstone.errors import EvidenceError, InstrumentError

__all__ = ["Archive", "evidence_run", "find", "short"]

DIRECTORY = ".loadstone"
VARIABLE = "LOADSTONE_ARCHIVE"

_RUN_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{4,8}")
_LAST = re.compile(r"last(?:-(\d{1,6}))?")
_SECOND = len("20261123T101530")


def find(directory: str | os.PathLike[str] | None = None) -> Archive:
    """The archive: the directory given, else ``LOADSTONE_ARCHIVE``, else ``.loadstone`` here. It need not exist."""
    return Archive(Path(directory or os.environ.get(VARIABLE) or DIRECTORY))


def short(run: str) -> str:
    """A run's short name, the end of its id: ``7f3a``."""
    return run.rpartition("-")[2]


def evidence_run(archive: Archive, run: Run) -> Run:
    """The run that holds this one's evidence: its observed partner where it names one, else itself."""
    partner = run.manifest.observed
    if partner is None:
        return run
    found = archive.run(partner)
    return found if found.directory.is_dir() else run


class Archive:
    """A directory of runs. Reading never locks; each run has one writer (``loadstone.archive.writer``)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runs_directory = root / "runs"

    def ids(self) -> list[str]:
        """Ids of all runs, the newest first. Runs of the same second are ordered by their start."""
        try:
            names = [entry.name for entry in os.scandir(self.runs_directory) if _RUN_ID.fullmatch(entry.name)]
        except FileNotFoundError:
            return []
        names.sort(reverse=True)
        ordered: list[str] = []
        for _, group in groupby(names, key=lambda name: name[:_SECOND]):
            same = list(group)
            ordered += same if len(same) == 1 else sorted(same, key=self._started_ns, reverse=True)
        return ordered

    def run(self, run: str) -> Run:
        """The run of exactly this id; its manifest is read when it is first asked for."""
        return Run(self.runs_directory / run)

    def has(self, run: str) -> bool:
        """Whether there is a run of exactly this id; false for whatever is no id."""
        return _RUN_ID.fullmatch(run) is not None and (self.runs_directory / run / "manifest.json").is_file()

    def resolve(self, reference: str) -> Run:
        """The run that the reference names. Raises EvidenceError when none or several are meant."""
        last = _LAST.fullmatch(reference)
        if last:
            return self._last(int(last[1] or 0))
        ids = self.ids()
        if reference in ids:
            return self.run(reference)
        if reference:
            found = [run for run in ids if run.startswith(reference) or short(run).startswith(reference)]
            if len(found) == 1:
                return self.run(found[0])
            if found:
                raise EvidenceError(
                    f'"{reference}" could be any of {len(found)} runs: {", ".join(found[:4])}'
                    f"{', …' if len(found) > 4 else ''}; give more of its id"
                )
            path = Path(reference)
            if (path / "manifest.json").is_file():
                return Run(path)
            if path.is_file() and (path.parent / "manifest.json").is_file():
                return Run(path.parent)
        raise EvidenceError(f'no run "{reference}" in {self.root}; {self._way_out(ids)}')

    def create(self, started_ns: int) -> Path:
        """A new run's directory, made now. ``started_ns`` is the wall clock; the id's time is UTC.

        Raises InstrumentError when nothing can be written there.
        """
        return self.place(self.runs_directory.name, started_ns)

    def place(self, folder: str, started_ns: int, mark: str = "") -> Path:
        """A new directory in one of the archive's folders, made now and named by the time in UTC; ``mark`` tells its
        kind apart from runs.

        Raises InstrumentError when nothing can be written there.
        """
        try:
            return self._create(self.root / folder, started_ns, mark)
        except OSError as error:
            raise InstrumentError(
                f"the archive {self.root} cannot be written: {error.strerror}\n"
                "    keep it elsewhere with --archive DIR or LOADSTONE_ARCHIVE"
            ) from error

    def _create(self, folder: Path, started_ns: int, mark: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = self.root / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        time = datetime.fromtimestamp(started_ns / 1e9, UTC).strftime("%Y%m%dT%H%M%S")
        while True:
            directory = folder / f"{time}-{mark}{secrets.token_hex(2)}"
            try:
                directory.mkdir()
            except FileExistsError:
                continue
            return directory

    def _last(self, back: int) -> Run:
        """The newest run that stands for itself, never a side of an experiment, or one further back."""
        ids = self.ids()
        alone = 0
        for run in map(self.run, ids):
            try:
                side = run.manifest.experiment
            except EvidenceError:
                side = None  # an unreadable run stands in its place, and says so when it is used
            if side is not None:
                continue
            if alone == back:
                return run
            alone += 1
        if alone == 0:
            raise EvidenceError(f"no run in {self.root}; {self._way_out(ids)}")
        raise EvidenceError(f"{self.root} holds {alone} runs, so there is no last-{back}; {self._way_out(ids)}")

    def _started_ns(self, run: str) -> int:
        try:
            return self.run(run).manifest.started_ns
        except EvidenceError:
            return 1 << 63  # first among its second, so that using it says what is wrong

    def _way_out(self, ids: list[str]) -> str:
        if ids:
            return "see: loadstone runs"
        return "make one with: loadstone run URL --rate 50/s --for 30s"
