"""Whether to go on: at a look, and only there."""

from __future__ import annotations

from loadstone.model.comparison import Comparison
from loadstone.prove.design import Design

__all__ = ["finished"]


def finished(comparison: Comparison, design: Design) -> str | None:
    """Why no more pairs are run; None where they are. ``comparison`` is of all pairs so far, judged at the level that
    their number asks for: decided is what every interval that matters says."""
    pairs = comparison.design.pairs
    if comparison.vetoed:
        return comparison.vetoed[0]
    if pairs >= design.most:
        return f"all {design.most} pairs were run"
    if pairs not in design.looks.pairs:
        return None
    if comparison.verdict in ("faster", "slower") and _sure(comparison):
        return f"decided after {pairs} pairs"
    if comparison.verdict == "not-worse" and _sure(comparison):
        return f"decided after {pairs} pairs"
    return None


def _sure(comparison: Comparison) -> bool:
    """Every metric that an objective or a guardrail asks for is decided, not the judged one alone."""
    if comparison.verdict == "slower":
        return True
    asked = [one for one in comparison.metrics if one.judged or one.slo is not None]
    return all(one.verdict != "undecided" for one in asked)
