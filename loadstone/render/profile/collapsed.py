"""Collapsed stacks, as flamegraph.pl, inferno and speedscope read them: ``main (app.py:3);load (app.py:9) 17``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from loadstone.model.evidence import Columns
from loadstone.render.profile.added import added, of_one_unit

__all__ = ["collapsed"]


def collapsed(batches: Iterable[Columns]) -> str:
    """A line a stack, sorted; the number is its weight in the rows' own unit (ns, bytes, samples).

    The format keeps neither unit nor state nor thread: hand in rows of the states that are asked for.
    """
    weights: Counter[str] = Counter()
    for key, (weight, _, _) in of_one_unit(added(batches))[1].items():
        weights[key[-1]] += weight
    return "".join(f"{_line(stack)} {weight}\n" for stack, weight in sorted(weights.items()))


def _line(stack: str) -> str:
    """A space goes before a frame that a reader would take for the beginning of a comment."""
    return f" {stack}" if stack.startswith("#") else stack
