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
    if pairs not in design.looks.pairs or comparison.verdict == "undecided":
        return None
    return f"decided after {pairs} pairs" if _sure(comparison) else None


def _sure(comparison: Comparison) -> bool:
    """Whether every metric that an objective asks for is decided, not the judged one alone. One that is worse is
    enough."""
    asked = [one for one in comparison.metrics if one.judged or one.slo is not None]
    return comparison.verdict == "slower" or all(one.verdict != "undecided" for one in asked)
