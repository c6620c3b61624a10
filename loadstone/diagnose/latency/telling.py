"""Which trait tells the requests of a suspect best: "when ?expand=reviews, 3.00 % of requests"."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.latency.traits import RANK, WORK, Trait, Traits
from loadstone.diagnose.suspect import Suspect
from loadstone.model.quantity import format_share
from loadstone.stats.exact_test import hypergeometric_log_tail

__all__ = ["Telling", "explain"]

FEWEST_RIGHT = 0.6
"""Precision and recall of a trait that is worth naming: more often right than wrong in both ways."""

MOST_AFFECTED = 0.9
"""Where more of a step's requests are affected, it is the step itself that tells them."""

AS_GOOD = 0.05
"""A trait that is named before another may be so much worse (in F1)."""

BY_CHANCE = 0.01
"""Of all traits of the step together, the chance that one of them fits so well (Bonferroni)."""


@dataclass(frozen=True, slots=True)
class Telling:
    """``precision`` of the requests with the trait are affected, ``recall`` of the affected have it;
    ``requests_share`` of the step's requests have it. ``sentence`` starts with "when"."""

    trait: Trait
    precision: float
    recall: float
    requests_share: float
    sentence: str


def explain(traits: Traits, suspect: Suspect) -> Telling | None:
    """The trait that tells the suspect's requests best, None where none does or the whole step is affected.

    What a request does (statements, rows, sizes) and how it ended are no answer: they follow from the cause.
    """
    looked = traits.looked.get(suspect.step) if suspect.step is not None else None
    if looked is None or suspect.step is None:
        return None
    affected = np.intersect1d(suspect.requests, looked)
    if not 0 < len(affected) <= MOST_AFFECTED * len(looked):
        return None
    asked = [one for one in traits.of_step[suspect.step] if one.kind not in WORK and one.kind != "status"]
    fits = [(trait, *_fit(trait, affected)) for trait in asked]
    good = [one for one in fits if min(one[1], one[2]) >= FEWEST_RIGHT and _sure(one, affected, len(looked), len(fits))]
    if not good:
        return None
    best = max(_f1(precision, recall) for _, precision, recall in good)
    near = [one for one in good if _f1(one[1], one[2]) >= best - AS_GOOD]
    trait, precision, recall = min(
        near, key=lambda one: (RANK[one[0].kind] + (not one[0].readable), -_f1(one[1], one[2]))
    )
    share = len(trait.requests) / len(looked)
    sentence = f"when {trait.words}, {format_share(share)} of requests"
    return Telling(trait, precision, recall, share, sentence)


def _fit(trait: Trait, affected: NDArray[np.int32]) -> tuple[float, float]:
    both = len(np.intersect1d(trait.requests, affected, assume_unique=True))
    return both / len(trait.requests), both / len(affected)


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall)


def _sure(fit: tuple[Trait, float, float], affected: NDArray[np.int32], total: int, tested: int) -> bool:
    trait, _, recall = fit
    hits = round(recall * len(affected))
    log_p = hypergeometric_log_tail(hits, len(affected), len(trait.requests), total)
    return log_p + math.log(tested) <= math.log(BY_CHANCE)
