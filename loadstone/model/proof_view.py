"""The page of an experiment: one story from the finding to the guardrail that keeps it."""

from __future__ import annotations

from typing import Literal

import msgspec

from loadstone.model.comparison import Comparison, LedgerEntry
from loadstone.model.finding import Finding
from loadstone.model.guardrail import GateReport
from loadstone.model.run import Status

__all__ = ["ExperimentView", "ProofView"]


class ProofView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding and its proof, as a run's page shows them too. ``before`` is the finding as it was told; ``guardrail``
    the lines for the spec that would have caught it; ``repeat`` the command to measure it again, ``next_step`` what to
    do where it is not settled."""

    comparison: Comparison
    before: Finding | None = None
    ledger: LedgerEntry | None = None
    guardrail: str | None = None
    repeat: str = ""
    started_ns: int = 0
    base_report: str | None = None
    next_step: str | None = None


class ExperimentView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``experiments/<id>/report.html`` embeds. ``kind`` tells it from a run's page. While ``status`` is running,
    and where it crashed, the comparison is the last look's and no verdict."""

    format: Literal[1]
    kind: Literal["experiment"]
    experiment: str
    proof: ProofView
    gate: GateReport | None = None
    versions: dict[str, str] = {}
    status: Status = "complete"
