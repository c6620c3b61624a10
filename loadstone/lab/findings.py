"""What was diagnosed of a run, as it lies beside the run's evidence."""

from __future__ import annotations

import msgspec

from loadstone.archive import Run
from loadstone.archive.writer import replace
from loadstone.errors import EvidenceError
from loadstone.model.finding import Diagnosis

__all__ = ["FINDINGS", "keep_diagnosis", "kept_diagnosis"]

FINDINGS = "findings.json"
FORMAT = 1


class _Stamp(msgspec.Struct, frozen=True):
    format: int = 0


def keep_diagnosis(holder: Run, told: Diagnosis) -> None:
    """Write it into the directory of the run that holds the evidence."""
    replace(holder.directory / FINDINGS, msgspec.json.format(msgspec.json.encode(told)))


def kept_diagnosis(holder: Run) -> Diagnosis | None:
    """What was diagnosed last; None where nothing was. Raises EvidenceError for a format that is not known."""
    text = holder.text(FINDINGS)
    if text is None:
        return None
    again = f"make it again with: loadstone diagnose {holder.id}"
    try:
        stamp = msgspec.json.decode(text, type=_Stamp).format
        if stamp == FORMAT:
            return msgspec.json.decode(text, type=Diagnosis)
    except msgspec.DecodeError as error:
        raise EvidenceError(f"{holder.directory / FINDINGS} cannot be read: {error}\n    {again}") from error
    raise EvidenceError(
        f"{holder.directory / FINDINGS} has format {stamp}; this version reads format {FORMAT}\n    {again}"
    )
