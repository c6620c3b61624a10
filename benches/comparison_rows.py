"""A row of a study: its scene, how many comparisons, and counts; shares are drawn from them as the page is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from benches.comparison_judged import Tally, tally
from benches.comparison_pairs import chunks
from benches.comparison_runs import Scene

__all__ = ["PAIRS", "SHORT_S", "STEADY", "WANDERING", "Mapped", "Row", "named", "row", "tallied"]

Row = dict[str, Any]
Mapped = Callable[[Callable[..., Any], Sequence[tuple[Any, ...]]], Iterable[Any]]
"""Calls a function with each tuple of arguments, here or in other processes."""

PAIRS = 10
SHORT_S = 30.0
STEADY = Scene(measured_s=SHORT_S)
WANDERING = replace(STEADY, drift=0.03)


def named(scene: Scene) -> str:
    """What a reader calls it."""
    words = [
        f"{scene.law}, {scene.workers} worker{'s' * (scene.workers > 1)}, load {scene.load:g}".replace(" 0.", " .")
    ]
    if scene.drift:
        words.append(f"host {scene.drift:.0%} {'random walk' if scene.walk else 'drift'}")
    if scene.disturbed:
        words.append(f"{scene.disturbed:.0%} of runs disturbed")
    return ", ".join(words)


def row(scene: Scene, pairs: int, count: int, **more: object) -> Row:
    """The row with what was counted, ``more``."""
    return {"scene": named(scene), "measured_s": scene.measured_s, "pairs": pairs, "count": count, **more}


def tallied(scene: Scene, pairs: int, count: int, seed: int, mapped: Mapped) -> Tally:
    """Whole comparisons of a scene."""
    whole = Tally()
    for part in mapped(tally, [(scene, pairs, size, part) for part, size in chunks(scene, pairs, count, seed)]):
        whole.add(part)
    return whole
