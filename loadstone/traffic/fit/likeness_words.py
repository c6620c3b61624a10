"""The sentence that a fidelity comes to."""

from __future__ import annotations

from collections.abc import Sequence

from loadstone.model.fidelity import Likeness

__all__ = ["MEASURES", "sentence_of"]

MEASURES = {
    "mix": "mix",
    "gaps": "gaps between requests",
    "think": "think times",
    "dispersion": "bursts",
    "popularity": "popularity",
    "length": "length of visits",
}


def sentence_of(rows: Sequence[Likeness], worse: bool, apart: float | None) -> str:
    """What the workload is closer in than the naive reference, and what it is worse in."""
    told = {row.measure for row in rows if row.verdict in ("closer", "worse")}
    by = {
        verdict: _names(
            [row.measure for row in rows if row.verdict == verdict and (verdict != "alike" or row.measure not in told)]
        )
        for verdict in ("closer", "worse", "alike")
    }
    if apart is None:
        return "The part held out does not tell how alike the workload is."
    if worse:
        says = "The workload is worse than the naive reference: further from the traffic held out"
        says += f" in {by['worse']}" if by["worse"] else " over all"
        return says + (f", though closer in {by['closer']}." if by["closer"] else ".")
    if by["closer"]:
        says = f"The workload is closer to the traffic held out than the naive reference in {by['closer']}"
        says += f", worse in {by['worse']}" if by["worse"] else ""
        return says + (f", and cannot be told from it in {by['alike']}." if by["alike"] else ".")
    return "The workload is no closer to the traffic held out than the naive reference" + (
        f", and worse in {by['worse']}." if by["worse"] else "."
    )


def _names(measures: list[str]) -> str:
    """Each once, in words."""
    names = [MEASURES[measure] for measure in dict.fromkeys(measures)]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
