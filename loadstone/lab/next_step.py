"""What to do next after a comparison: what made B slower, what would settle it, what would let one believe it."""

from __future__ import annotations

from loadstone.archive import short
from loadstone.model.comparison import Comparison

__all__ = ["next_step"]


def next_step(comparison: Comparison) -> str | None:
    """The command to go on with, or what to change of the one that was given; None where it is settled."""
    if comparison.next_step is not None:
        return comparison.next_step
    observed = comparison.sides[1].observed
    if comparison.verdict == "slower" and observed is not None:
        return f"loadstone diagnose {short(observed)}"
    if not comparison.design.interleaved:
        return "loadstone prove --a BEFORE --b AFTER"
    if comparison.verdict == "undecided":
        wanted = [one.pairs_to_decide for one in comparison.metrics if one.judged and one.pairs_to_decide is not None]
        doubted = any(one.level == "doubt" for one in comparison.caveats)
        if wanted and wanted[0] > comparison.design.pairs and not doubted:
            return f"the same with --pairs {wanted[0]}"
        if not comparison.calibrated and not doubted:
            return "loadstone calibrate"
    return None
