"""How much less two marks on a sequence tell because both come in clumps.

Slow requests follow each other; so do the requests of an instance that only ran for a while. An exact test of one
against the other supposes that one of them is in random order. Here the sequences are shifted against each other by
every distance (around the end): how much the number of coincidences then varies, against what random order gives, is
how many requests count for one. Shifting keeps each sequence's own clumps (toroidal shift: Lotwick and Silverman, JRSS
B 44, 1982).

A mark in random order needs none of this, nor one that comes more regularly (every fiftieth request): shifted by its
period it would meet itself again and seem to clump.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.proportion import design_effect

__all__ = ["clumping"]

SURE = 3.0
"""Standard errors by which counts in stretches must vary more than by chance to call a mark clumped."""


def clumping(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """How many of the sequence count for one, at least 1. Both are bool[n], in order of time.

    It is 1 where either comes in no clumps. The coincidences as they are (shift 0) are left out: they are to be judged.
    """
    count = len(first)
    marked, drawn = int(first.sum()), int(second.sum())
    if count < 3 or marked in (0, count) or drawn in (0, count):
        return 1.0
    if not (_in_clumps(first) and _in_clumps(second)):
        return 1.0
    size = 1 << (count - 1).bit_length()
    spectrum = np.fft.rfft(first, 2 * size) * np.conj(np.fft.rfft(second, 2 * size))
    straight = np.fft.irfft(spectrum, 2 * size)
    around = straight[:count].copy()
    around[1:] += straight[2 * size - count + 1 :]
    mean = marked * drawn / count
    by_chance = marked * drawn * (count - marked) * (count - drawn) / (count**2 * (count - 1))
    return max(1.0, float(((around[1:] - mean) ** 2).mean()) / by_chance)


def _in_clumps(marks: NDArray[np.bool_]) -> bool:
    """Whether counts in stretches of some length vary more than chance gives."""
    design = design_effect(marks.astype(np.int64).tolist(), [1] * len(marks))
    return design.effect > 1 + SURE * math.sqrt(2 / design.degrees)
