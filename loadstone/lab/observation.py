"""Collectors around a trial: prepared before the service starts, opened under load, closed once it has ended.

A collector that fails costs its evidence, never the run: what went wrong is kept as missing evidence.
"""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from loadstone.archive import RunWriter
from loadstone.errors import LoadstoneError
from loadstone.gather.collector import Collector, Gathered, Planner, Scene, Start
from loadstone.lab.processes import cpu_s, family, rss_bytes
from loadstone.model.evidence import Coverage, Missing
from loadstone.model.redaction import Redaction
from loadstone.model.run import Collector as Record

if TYPE_CHECKING:
    from loadstone.archive.evidence import EvidenceWriter

NOTES = "notes.json"
"""Sentences that go with a run's evidence."""

__all__ = ["NOTES", "Observation", "Observing", "new_redaction", "observation"]


class Observing(msgspec.Struct, frozen=True):
    """What to observe: by which collectors, what may be kept of texts, which database, and the processes of a service
    that is up already (one that Loadstone starts is known by its tree). ``notes`` go with the evidence."""

    collectors: tuple[Collector, ...]
    redaction: Redaction
    dsn: str | None = None
    pids: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()


def new_redaction(show: Iterable[str] = (), written: Iterable[str] = ()) -> Redaction:
    """What one run may keep of texts, under a key that is drawn now and stored nowhere."""
    return Redaction(secrets.token_hex(16), frozenset(show), frozenset(written))


class Observation:
    """The collectors of one run. Without collectors every step does nothing but read the service's CPU clock."""

    def __init__(self, run: RunWriter, observing: Observing | None) -> None:
        self._run = run
        self._observing = observing
        self._writer = _evidence_writer(run.directory) if observing and observing.collectors else None
        self._working: list[Collector] = list(observing.collectors) if observing else []
        self._missing: list[Missing] = []
        self._notes: list[str] = list(observing.notes) if observing else []
        self._service: Callable[[], set[int]] | None = None
        self._before_s: float | None = None
        self.service_cpu_s: float | None = None
        """CPU seconds that the service took between ``open`` and ``stop``; None where its processes are unknown."""
        self.service_rss_bytes: int | None = None
        """Resident memory of its processes at ``stop``."""

    def prepare(self, url: str | None, cwd: str | None, start: Start | None) -> Start | None:
        """Let every collector change how the service is started."""
        observing = self._observing
        if observing is None or self._writer is None:
            return start
        for collector in list(self._working):
            scene = Scene(
                spool=self._writer.spool(collector.name).absolute(),
                redaction=observing.redaction,
                pids=self.pids,
                generator=os.getpid(),
                url=url,
                dsn=observing.dsn,
                nonce=self._run.manifest.nonce,
                cwd=None if cwd is None else Path(cwd),
            )
            try:
                start = collector.prepare(scene, start)
            except Exception as error:
                self._lost(collector, error)
        return start

    def open(self, service: Callable[[], set[int]] | None) -> None:
        """The service is ready. ``service`` answers with its processes, where Loadstone started it."""
        self._service = service
        self._each(lambda collector: collector.open())
        pids = self.pids()
        self._before_s = cpu_s(pids) if pids else None

    def mark(self, phase: str) -> None:
        """A phase of the load begins."""
        self._each(lambda collector: collector.mark(phase))

    def stop(self) -> None:
        """The load has ended and the service is still there."""
        if self._before_s is not None:
            pids = self.pids()
            self.service_cpu_s = max(0.0, cpu_s(pids) - self._before_s) if pids else None
            self.service_rss_bytes = rss_bytes(pids)
        self._each(lambda collector: collector.stop())

    def pids(self) -> set[int]:
        """The service's living processes."""
        if self._service is not None:
            return self._service()
        roots = set(self._observing.pids) if self._observing else set()
        return family(roots) if roots else set()

    def note(self, text: str) -> None:
        """A sentence that goes with the evidence."""
        self._notes.append(text)

    def close(self) -> None:
        """Take what every collector brings into the archive, and write down what each cost."""
        if self._writer is None:
            return
        records: list[Record] = []
        coverage: list[Coverage] = []
        for collector in self._observing.collectors if self._observing else ():
            try:
                gathered = collector.close()
                self._writer.add(gathered.tables, gathered.documents)
            except Exception as error:
                if collector in self._working:
                    self._lost(collector, error)
                continue
            records.append(Record(collector.name, _cost(gathered)))
            coverage += gathered.coverage
            self._missing += gathered.missing
        documents: dict[str, Iterable[object]] = {
            "coverage.json": coverage,
            "missing.json": self._missing,
            NOTES: self._notes,
        }
        self._writer.add({}, {name: _json(values) for name, values in documents.items()})
        self._writer.finish(self._run.manifest.nonce)
        self._explain(self._writer)
        self._run.update(collectors=tuple(records))

    def _explain(self, writer: EvidenceWriter) -> None:
        """Plans of the statements that the spans hold, now that they are in the archive."""
        for collector in self._working:
            if not isinstance(collector, Planner):
                continue
            from loadstone.archive import RunEvidence

            evidence = RunEvidence(self._run.directory)
            where = f"db_system_name = '{collector.db_system_name}' AND db_query_text IS NOT NULL"
            statements = Counter[str]()
            for batch in evidence.rows("spans", ("db_query_text",), where):
                statements.update(batch["db_query_text"].tolist())
            try:
                plans, missing = collector.plans(text for text, _ in statements.most_common())
            except Exception as error:
                self._lost(collector, error)
                plans, missing = (), tuple(self._missing[-1:])
            writer.add({}, {"plans.json": _json(plans), "missing.json": _json(missing)})

    def _each(self, step: Callable[[Collector], None]) -> None:
        for collector in list(self._working):
            try:
                step(collector)
            except Exception as error:
                self._lost(collector, error)

    def _lost(self, collector: Collector, error: Exception) -> None:
        self._working.remove(collector)
        told = f": {error}" if isinstance(error, LoadstoneError) else ""  # others may quote what must not be kept
        reason = f"the collector failed with {type(error).__name__}{told}"
        self._missing.append(Missing(collector.name, reason, "please report this with the run's directory"))


@contextmanager
def observation(run: RunWriter, observing: Observing | None) -> Iterator[Observation]:
    """An observation for the length of a ``with``; what was gathered is in the archive at its end."""
    watched = Observation(run, observing)
    try:
        yield watched
    finally:
        watched.close()


def _evidence_writer(directory: Path) -> EvidenceWriter:
    from loadstone.archive.evidence import EvidenceWriter  # a bare run does without

    return EvidenceWriter(directory)


def _cost(gathered: Gathered) -> str | None:
    told = [] if gathered.cost is None else [gathered.cost]
    if gathered.cpu_s is not None:
        told.append(f"{gathered.cpu_s:.2f} s of CPU beside the service")
    return "; ".join(told) or None


def _json(values: Iterable[object]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(list(values)))
