"""Evidence in one screen: ``--json`` of ``gather``, ``import`` and ``evidence``, and what their text is made from."""

from __future__ import annotations

from typing import Literal

import msgspec

from loadstone.model.evidence import AuditCheck, Coverage, Missing
from loadstone.model.evidence_view import CostRow
from loadstone.model.run import Collector, Status
from loadstone.model.use import Use

__all__ = ["EvidenceSummary"]


class EvidenceSummary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was collected of a run, and how far it can be believed. ``run`` holds the evidence: a bare run's observed
    partner where there is one. ``rows`` counts each table's rows, ``own_traces`` the traces of this
    run's own requests, ``duplicates`` the spans that came twice and were dropped.

    ``cost`` compares the bare run with the observed one; it is empty where there was no bare run.
    """

    format: Literal[1]
    run: str
    kind: Literal["load", "gather", "import"]
    status: Status
    rows: dict[str, int]
    traces: int
    own_traces: int
    duplicates: int
    services: tuple[str, ...]
    collectors: tuple[Collector, ...]
    cost: tuple[CostRow, ...]
    audit: tuple[AuditCheck, ...]
    coverage: tuple[Coverage, ...]
    missing: tuple[Missing, ...]
    use: Use | None = None
    notes: tuple[str, ...] = ()
    report: str | None = None
