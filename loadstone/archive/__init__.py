"""One directory per run, append-only, written as the run goes and readable after a crash (docs/archive.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadstone.archive.layout import Archive, evidence_run, find, short
from loadstone.archive.reader import Run
from loadstone.archive.writer import RunWriter, amend

if TYPE_CHECKING:
    from loadstone.archive.evidence import EvidenceWriter
    from loadstone.archive.evidence_reader import RunEvidence

__all__ = ["Archive", "EvidenceWriter", "Run", "RunEvidence", "RunWriter", "amend", "evidence_run", "find", "short"]

_LATER = {
    "EvidenceWriter": "loadstone.archive.evidence",
    "RunEvidence": "loadstone.archive.evidence_reader",
}


def __getattr__(name: str) -> object:
    """Evidence brings numpy, which a run without it does not wait for."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LATER[name]), name)
