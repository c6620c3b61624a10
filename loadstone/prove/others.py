"""Runs in which other processes took the machine: more of its CPU than in the quietest run of the same side.

A generator that keeps its schedule, or a time so far off that lateness does not move it, hides such a run, and yet its
times are those of another machine. Both runs of a side have the same load, so what neither the service nor the
generator took differs little between them; what is always there (a database of its own) is in the quietest run too.
"""

from __future__ import annotations

from collections.abc import Iterable

from loadstone.model.quantity import format_share
from loadstone.model.side_run import Side, SideRun

__all__ = ["OTHERS", "OTHERS_SHARE", "crowded"]

OTHERS = "others-busy"

OTHERS_SHARE = 0.25
"""Of the machine's CPU time, above the side's quietest run. Work that waits at random for a machine which is a quarter
fuller waits a third longer (1 / (1 - .25) in an M/M/1 queue), many margins' worth."""


def crowded(runs: Iterable[SideRun]) -> dict[str, str]:
    """Names of the runs that others disturbed, with the sentence that says so."""
    known: dict[Side, list[tuple[str, float]]] = {"A": [], "B": []}
    for run in runs:
        if run.others_share is not None:
            known[run.side].append((run.run, run.others_share))
    found: dict[str, str] = {}
    for shares in known.values():
        least = min((share for _, share in shares), default=0.0)
        for name, share in shares:
            if share - least > OTHERS_SHARE:
                found[name] = (
                    f"Other processes took {format_share(share)} of the machine's CPU time, "
                    f"{format_share(least)} in the side's quietest run."
                )
    return found
