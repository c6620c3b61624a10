"""A diagnosis as a run's page shows it: its words, and the drawings that go with each finding. Part of RunView."""

from __future__ import annotations

import msgspec

from loadstone.model.evidence_view import TraceView
from loadstone.model.finding import Diagnosis

__all__ = ["CauseDrawings", "CausesView"]


class CauseDrawings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the page's evidence has to a finding beside its traces: a place in ``EvidenceView.plans``, one in
    ``EvidenceView.flames``, and the text that finds the finding's frame in that flame graph. None where there is none.
    """

    plan: int | None = None
    flame: int | None = None
    frame: str | None = None


class CausesView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The diagnosis whole. ``drawings`` has one entry a finding, in their order. ``drawn`` are exemplar traces that the
    page carries beside those of its evidence; which of their spans offend, the finding's exemplars name by id.
    """

    diagnosis: Diagnosis
    drawings: tuple[CauseDrawings, ...] = ()
    drawn: tuple[TraceView, ...] = ()
