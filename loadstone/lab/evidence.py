"""Evidence from the archive alone: in one screen, as a page shows it, as a profile that other tools read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from loadstone.archive import Archive, Run, RunEvidence, evidence_run
from loadstone.diagnose.runtime.use import use
from loadstone.errors import EvidenceError
from loadstone.gather.otlp.decoding import DECODED
from loadstone.gather.spans import Decoded
from loadstone.lab.observation import NOTES
from loadstone.model.evidence import TABLES, Audit, Columns
from loadstone.model.evidence_summary import EvidenceSummary
from loadstone.model.evidence_view import CostRow
from loadstone.model.quantity import format_count

__all__ = ["COST", "document", "evidence_of", "evidence_summary", "exported_stacks", "notes_of"]

COST = "cost.json"
"""The observer's price, in the observed run's evidence."""

USE_COLUMNS = ("at_ns", "span_ns", "scope", "metric", "value", "detail")

T = TypeVar("T")


def evidence_of(archive: Archive, run: Run) -> tuple[Run, RunEvidence]:
    """The run that holds this one's evidence, and the evidence. Raises EvidenceError where there is none."""
    holder = evidence_run(archive, run)
    evidence = holder.evidence()
    if evidence is None:
        raise EvidenceError(
            f"the run {run.id} has no evidence\n    collect it with: loadstone run --evidence, or loadstone gather"
        )
    return holder, evidence


def evidence_summary(archive: Archive, run: Run) -> EvidenceSummary:
    """What was collected of a run. Raises EvidenceError where nothing was."""
    holder, evidence = evidence_of(archive, run)
    counts = evidence.counts()
    audit = evidence.audit() or Audit(1, ())
    manifest = holder.manifest
    report = holder.directory / "report.html"
    return EvidenceSummary(
        format=1,
        run=holder.id,
        kind=manifest.kind,
        status=manifest.status,
        rows={table: counts.rows.get(table, 0) for table in TABLES} if counts else {},
        traces=counts.traces if counts else 0,
        own_traces=counts.own_traces if counts else 0,
        duplicates=counts.duplicates if counts else 0,
        services=counts.services if counts else (),
        collectors=manifest.collectors,
        cost=document(evidence, COST, tuple[CostRow, ...]) or (),
        audit=audit.checks,
        coverage=evidence.coverage(),
        missing=evidence.missing(),
        use=use(evidence.rows("host", USE_COLUMNS)),
        notes=notes_of(evidence),
        report=str(report) if report.exists() else None,
    )


def exported_stacks(archive: Archive, run: Run, kind: str, state: str | None) -> bytes:
    """The run's stacks in a format of other tools: speedscope, collapsed or pprof.

    Raises EvidenceError where the run has no stacks, or none of that state.
    """
    from loadstone.render import profile

    holder, evidence = evidence_of(archive, run)
    where = "" if state is None else f"state = '{state}'"
    batches = _some(evidence.rows("stacks", list(TABLES["stacks"]), where), holder, state)
    match kind:
        case "speedscope":
            return profile.speedscope(batches, holder.id)
        case "collapsed":
            return profile.collapsed(batches).encode()
        case _:
            return profile.pprof(batches)


def notes_of(evidence: RunEvidence) -> tuple[str, ...]:
    """Sentences that go with the evidence; what the receiver's decoder had to leave out is among them."""
    told = list(document(evidence, NOTES, tuple[str, ...]) or ())
    decoded = document(evidence, DECODED, Decoded) or Decoded()
    for count, sentence in (
        (decoded.rejected, "{} received spans had no trace id or no id of their own and were left out."),
        (decoded.broken, "{} received bodies could not be read to their end; what stood before the fault was kept."),
        (decoded.absurd, "{} received spans tell times that cannot be; they were kept."),
    ):
        if count:
            told.append(sentence.format(format_count(count)))
    return tuple(told)


def document(evidence: RunEvidence, name: str, kind: type[T]) -> T | None:
    """A document of the evidence in its type, or None."""
    content = evidence.text(name)
    return None if content is None else msgspec.json.decode(content, type=kind)


def _some(batches: Iterator[Columns], run: Run, state: str | None) -> Iterator[Columns]:
    first = next(batches, None)
    if first is None:
        of = "stacks" if state is None else f"stacks of the state {state}"
        raise EvidenceError(f"the run {run.id} has no {of}; profiles come with: loadstone run --evidence")
    yield first
    yield from batches
