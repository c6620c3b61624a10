"""Evidence without load of our own: from a service that runs, for a while, or from files that others wrote.

Either becomes a run of its own kind in the archive, so that every later question is asked of it in the same way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from loadstone.archive import Archive, EvidenceWriter, Run, RunWriter
from loadstone.errors import InstrumentError, SpecError
from loadstone.lab.audit import write_audit
from loadstone.lab.interrupts import Interrupts
from loadstone.lab.manifest import new_manifest
from loadstone.lab.observation import NOTES, Observing, observation
from loadstone.lab.report import write_report
from loadstone.lab.surroundings.attaching import running
from loadstone.model.quantity import format_duration
from loadstone.model.redaction import Redaction
from loadstone.model.run import Status
from loadstone.model.service import Service
from loadstone.spec.hosts import parse_url

__all__ = ["Gathering", "found_service", "import_files", "run_gather"]

LOOK_S = 0.2
"""How soon Ctrl-C is heeded."""


class Gathering(msgspec.Struct, frozen=True):
    """What to collect, for how long, and what to keep of how that was asked."""

    observing: Observing
    duration_s: float
    service: Service | None = None
    labels: Mapping[str, str] = {}
    command: tuple[str, ...] = ()


def run_gather(
    archive: Archive, asked: Gathering, doing: Callable[[str], None], passed: Callable[[float], None]
) -> Run:
    """Collect until the time is over or a signal comes. ``passed`` is told the seconds since the start.

    Raises InstrumentError when the archive cannot be written.
    """
    with Interrupts() as interrupts:
        writer = RunWriter(archive, new_manifest("gather", asked.service, labels=asked.labels, command=asked.command))
        status: Status = "aborted"
        try:
            with observation(writer, asked.observing) as watched:
                watched.prepare(asked.service.url if asked.service else None, None, None)
                watched.open(None)
                watched.mark("gather")
                start = time.monotonic()
                while (seconds := time.monotonic() - start) < asked.duration_s and not interrupts.count:
                    passed(seconds)
                    time.sleep(min(LOOK_S, asked.duration_s - seconds))
                seconds = time.monotonic() - start
                watched.stop()
                doing("reading the evidence")
                watched.note(f"Collected for {format_duration(seconds)}.")
            status = "interrupted" if interrupts.count else "complete"
        finally:
            writer.close(status=status)
    return _finish(archive, writer.directory, doing)


def found_service(
    url: str | None, pids: frozenset[int], port: int | None = None
) -> tuple[Service | None, frozenset[int], tuple[str, ...]]:
    """The service at a URL of this machine and its processes: those given, else those that listen at the port given,
    else those that answer at the URL; and what cannot be had of a service that Loadstone did not start.

    Raises SpecError when the URL is none, when a given process is not there, or when nothing listens.
    """
    try:
        service = None if url is None else Service(parse_url(url))
    except ValueError as error:
        raise SpecError(f"--url {url}: {error}") from error
    found, told = running(service.url if service else None, pids, port)
    return service, found, told


def import_files(
    archive: Archive,
    paths: tuple[Path, ...],
    redaction: Redaction,
    doing: Callable[[str], None],
    *,
    labels: Mapping[str, str] = {},
    command: tuple[str, ...] = (),
) -> Run:
    """Make one run of traces and profiles that other tools wrote.

    Raises SpecError, and leaves no run behind, when a file is not there, not readable or of no known format.
    """
    from loadstone.gather.imports import detect, spans_of
    from loadstone.gather.profile.imports import FORMATS as PROFILES
    from loadstone.gather.profile.imports import read as stacks_of

    formats = [(path, detect(path)) for path in paths]
    writer = RunWriter(archive, new_manifest("import", labels=labels, command=command))
    evidence = EvidenceWriter(writer.directory)
    notes: list[str] = []
    try:
        for path, kind in formats:
            doing(f"reading {path} ({kind})")
            if kind in PROFILES:
                evidence.add({"stacks": stacks_of(path, kind)}, {})
            else:
                imported = spans_of(path, kind, redaction)
                evidence.add({"spans": imported.columns}, {})
                notes += [f"{path.name}: {note}" for note in imported.notes()]
        doing("sorting")
        evidence.add({}, {NOTES: msgspec.json.encode(notes)})
        evidence.finish(None)
    except SpecError:
        writer.discard()
        raise
    except BaseException:
        with suppress(InstrumentError):
            writer.close(status="aborted")
        raise
    writer.close(status="complete")
    return _finish(archive, writer.directory, doing)


def _finish(archive: Archive, directory: Path, doing: Callable[[str], None]) -> Run:
    doing("auditing the evidence")
    write_audit(Run(directory))
    write_report(Run(directory), archive=archive)
    return Run(directory)
