"""The guardrail that a proof leaves behind, beside its verdict in the archive."""

from __future__ import annotations

from collections.abc import Sequence

from loadstone.archive import Archive
from loadstone.archive.writer import replace
from loadstone.guard.fragment import guardrail_lines
from loadstone.model.comparison import Comparison
from loadstone.model.finding import Finding
from loadstone.model.slo import Slo

__all__ = ["GUARDRAIL", "keep_guardrail"]

GUARDRAIL = "guardrail.toml"
"""In the experiment's directory."""


def keep_guardrail(
    archive: Archive, comparison: Comparison, finding: Finding | None = None, slos: Sequence[Slo] = ()
) -> str | None:
    """Write ``guardrail.toml`` beside the verdict and return its lines; None where there is nothing to hold."""
    lines = guardrail_lines(comparison, finding, slos)
    if lines is not None and comparison.experiment is not None:
        replace(archive.root / "experiments" / comparison.experiment / GUARDRAIL, lines.encode())
    return lines
