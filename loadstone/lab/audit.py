"""The audit of a run's evidence: what the run itself counted, held against what its sources saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from loadstone.archive import Run, RunEvidence
from loadstone.archive.writer import replace
from loadstone.diagnose.audit import Facts, audit, sent_by_step
from loadstone.drive.facts import PlanFacts
from loadstone.gather.otlp.decoding import DECODED
from loadstone.gather.otlp.report import REPORT
from loadstone.gather.spans import Decoded
from loadstone.lab.evidence import document
from loadstone.model.evidence import Audit

__all__ = ["AUDIT", "write_audit"]

AUDIT = "audit.json"


class _Counts(msgspec.Struct):
    refused: Mapping[str, int] = {}


class _Receiver(msgspec.Struct):
    """As much of the receiver's report as the audit asks for."""

    counts: _Counts = msgspec.field(default_factory=_Counts)


def write_audit(run: Run) -> Audit:
    """Audit the evidence that this run holds, and keep the result beside it."""
    evidence = run.evidence()
    if evidence is None:
        return Audit(1, ())
    told = audit(evidence, _facts(run, evidence))
    replace(evidence.directory / AUDIT, msgspec.json.format(msgspec.json.encode(told)))
    return told


def _facts(run: Run, evidence: RunEvidence) -> Facts:
    """What the run knows of itself; a run without a plan has sent nothing."""
    receiver = document(evidence, REPORT, _Receiver)
    decoded = document(evidence, DECODED, Decoded)
    facts = Facts(
        counts=evidence.counts(),
        refused=None if receiver is None else receiver.counts.refused,
        clipped=None if decoded is None else decoded.clipped,
    )
    plan = run.text("plan.json")
    if plan is None:
        return facts
    steps, redirects, unanswered = sent_by_step(run.intervals(), PlanFacts.of(plan.encode()).steps)
    return msgspec.structs.replace(
        facts, steps=steps, redirects=redirects, unanswered=unanswered, trace_share=_share(plan)
    )


def _share(plan: str) -> float:
    trace: dict[str, Any] | None = msgspec.json.decode(plan)["record"].get("trace")
    return float(trace["share"]) if trace else 0.0
