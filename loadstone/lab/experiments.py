"""Experiments in the archive: ``experiments/<id>/`` with manifest, verdict and logs, written as they go, read back.

An id is that of a run with an x before its last part, 20261125T233000-x7f3a: it sorts by time and is taken for no run.
"""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec

from loadstone.archive import Archive
from loadstone.archive.process import boot_id, is_alive, start_ticks
from loadstone.archive.writer import replace
from loadstone.errors import EvidenceError
from loadstone.model.comparison import Comparison
from loadstone.model.experiment import ExperimentManifest
from loadstone.model.run import Status

__all__ = ["Experiment", "ExperimentWriter", "experiments", "has_experiment", "resolve_experiment"]

DIRECTORY = "experiments"
MANIFEST = "manifest.json"
VERDICT = "verdict.json"
FORMAT = 1

_ID = re.compile(r"\d{8}T\d{6}-x[0-9a-f]{4}")
_LAST = re.compile(r"last(?:-(\d{1,6}))?")

Document = TypeVar("Document", ExperimentManifest, Comparison)


class _Stamp(msgspec.Struct, frozen=True):
    format: int = 0


class Experiment:
    """One experiment's directory. Raises EvidenceError where it is unreadable or of a format that is not known."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def id(self) -> str:
        """The experiment's id, which is its directory's name."""
        return self.directory.resolve().name

    @cached_property
    def manifest(self) -> ExperimentManifest:
        """The manifest; an experiment that claims to be running without a live process is ``crashed``."""
        manifest = _read(self.directory / MANIFEST, ExperimentManifest)
        if manifest is None:
            raise EvidenceError(f"{self.directory} has no {MANIFEST}, so it is not an experiment")
        if manifest.status == "running" and not is_alive(manifest.pid, manifest.pid_start_ticks, manifest.boot_id):
            return msgspec.structs.replace(manifest, status="crashed")
        return manifest

    @property
    def status(self) -> Status:
        """How it ended, or that it is running."""
        return self.manifest.status

    @property
    def running(self) -> bool:
        """Whether a live process is at it; False for what is no experiment."""
        try:
            return self.status == "running"
        except EvidenceError:
            return False

    @property
    def comparison(self) -> Comparison | None:
        """The verdict as it was last told; None before there is one."""
        return _read(self.directory / VERDICT, Comparison)


class ExperimentWriter:
    """The one writer of an experiment. ``manifest`` is completed with its id and this process's identity."""

    def __init__(self, archive: Archive, manifest: ExperimentManifest) -> None:
        self.directory = archive.place(DIRECTORY, manifest.started_ns, "x")
        self.manifest = msgspec.structs.replace(
            manifest,
            experiment=self.directory.name,
            status="running",
            pid=os.getpid(),
            pid_start_ticks=start_ticks(os.getpid()),
            boot_id=boot_id(),
        )
        self.update()

    @property
    def id(self) -> str:
        """The experiment's id."""
        return self.directory.name

    def update(self, **changes: object) -> None:
        """Replace fields of the manifest, atomically on disk."""
        self.manifest = msgspec.structs.replace(self.manifest, **changes)
        replace(self.directory / MANIFEST, msgspec.json.format(msgspec.json.encode(self.manifest)))

    def tell(self, comparison: Comparison) -> None:
        """Keep the verdict as it now is."""
        replace(self.directory / VERDICT, msgspec.json.format(msgspec.json.encode(comparison)))


def experiments(archive: Archive) -> list[Experiment]:
    """All experiments, the newest first; what else lies there (a probe's answer) is none."""
    try:
        names = [entry.name for entry in os.scandir(archive.root / DIRECTORY) if _ID.fullmatch(entry.name)]
    except FileNotFoundError:
        return []
    found = [Experiment(archive.root / DIRECTORY / name) for name in names]
    return sorted((one for one in found if (one.directory / MANIFEST).is_file()), key=_newness, reverse=True)


def has_experiment(archive: Archive, experiment: str) -> bool:
    """Whether there is an experiment of exactly this id; false for whatever is no id."""
    return _ID.fullmatch(experiment) is not None and (archive.root / DIRECTORY / experiment / MANIFEST).is_file()


def resolve_experiment(archive: Archive, reference: str) -> Experiment:
    """The experiment that an id, a unique beginning or ending of it (``x7f3a``), ``last`` or ``last-1``, or the path of
    its directory names. Raises EvidenceError when none or several are meant."""
    found = experiments(archive)
    last = _LAST.fullmatch(reference)
    if last:
        back = int(last[1] or 0)
        if back < len(found):
            return found[back]
    elif reference:
        named = [one for one in found if one.id.startswith(reference) or one.id.partition("-")[2].startswith(reference)]
        if len(named) == 1:
            return named[0]
        if named:
            raise EvidenceError(
                f'"{reference}" could be any of {len(named)} experiments: {", ".join(one.id for one in named[:4])}'
                f"{', …' if len(named) > 4 else ''}; give more of its id"
            )
        path = Path(reference)
        path = path.parent if path.is_file() else path
        if _ID.fullmatch(path.resolve().name) and (path / MANIFEST).is_file():
            return Experiment(path)
    known = f"there are: {', '.join(one.id for one in found[:4])}" if found else "make one with: loadstone prove"
    raise EvidenceError(f'no experiment "{reference}" in {archive.root}; {known}')


def _newness(experiment: Experiment) -> tuple[str, int]:
    try:
        return experiment.id.partition("-")[0], experiment.manifest.started_ns
    except EvidenceError:
        return experiment.id.partition("-")[0], 0


def _read(path: Path, kind: type[Document]) -> Document | None:
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}") from error
    try:
        stamp = msgspec.json.decode(content, type=_Stamp)
        if stamp.format == FORMAT:
            return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise EvidenceError(f"{path} cannot be read: {error}") from error
    raise EvidenceError(f"{path} has format {stamp.format}; this version reads format {FORMAT}")
