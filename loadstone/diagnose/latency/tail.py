"""The tail: traits that slow requests of a step have more often than the others, false discoveries held.

Slow is above the limit of an objective that the run failed, else above p95 of the step. A trait's count among the slow
is tested exactly (hypergeometric). Slow requests come in clumps, and so may a trait (an instance that ran for a
while): where both do, the counts are first divided by the number of requests that then stand for one
(``stats/clustering.py``). Over all tests of the run false discoveries are held to 5 % by Benjamini and Yekutieli:
values of one parameter exclude each other, so that the tests are negatively dependent, which Benjamini and Hochberg's
own rule does not allow for. Its price, a factor of some 8 in p, is nothing beside what is looked for.

The time of day is no trait: in every queue one minute is the worst, and one minute is one observation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.latency.critical import durations_ns
from loadstone.diagnose.latency.traits import RANK, WORK, Trait, Traits, traits_of
from loadstone.diagnose.locus import slowest
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene
from loadstone.model.finding import Bounded, TailRow
from loadstone.stats.beta import normal_quantile
from loadstone.stats.clustering import clumping
from loadstone.stats.exact_test import hypergeometric_log_tail
from loadstone.stats.false_discovery import adjusted

__all__ = ["FALSE_SHARE", "slow_of", "tail"]

Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]

FALSE_SHARE = 0.05
"""Of what is told, at most so much is chance."""

LEAST_LIFT = 1.25
"""The low end of a lift that is worth a line: below, a trait says too little of who is slow."""

SLOW_SHARE = 0.05
FEWEST_SLOW, MOST_SLOW_SHARE = 5, 0.25
"""An objective's limit is used where at least so many and at most so many of the step are above it: with more, slow is
how the step is."""

SAME = 0.8
"""Traits whose requests are the same to this share (Jaccard) are one."""

LEADS = 0.9
"""A trait that a request is asked with leads to one of the work where so much of that work comes with it."""

STILL = 0.01
"""A further trait must be over-represented at this p among requests without those told before."""

CLUMPED_BELOW = math.log(0.05)
"""Clumps are only counted for traits that would be told without: they never make a p smaller."""

MOST_ROWS, MOST_GROUPED, MOST_WITH = 12, 150, 4


@dataclass(frozen=True, slots=True)
class _Judged:
    """A trait over the requests looked at: which have it, how many count for one, log p."""

    trait: Trait
    have: Bools
    clumps: float
    log_p: float


def tail(subject: Subject, scene: Scene, seed: int = 0, traits: Traits | None = None) -> tuple[TailRow, ...]:
    """Traits of slow requests, those with the most lost time first. ``seed`` is not drawn from: nothing is by chance.

    ``traits`` are the scene's, where they are at hand already.
    """
    traits = traits or traits_of(scene)
    digest = scene.digest
    judged: dict[int, list[_Judged]] = {}
    for step, requests in traits.looked.items():
        slow = slow_of(subject, digest, step, requests)
        judged[step] = [_judged(trait, requests, slow) for trait in traits.of_step[step]] if slow.any() else []
    log_p = np.array([one.log_p for found in judged.values() for one in found])
    q_of = iter(adjusted(log_p).tolist())
    rows: list[tuple[float, TailRow]] = []
    for step, found in judged.items():
        q = {id(one): next(q_of) for one in found}
        kept = [one for one in found if q[id(one)] <= FALSE_SHARE]
        requests = traits.looked[step]
        rows += _rows(digest, requests, slow_of(subject, digest, step, requests), kept, q)
    rows.sort(key=lambda row: -row[0])
    return tuple(row for _, row in rows)


def slow_of(subject: Subject, digest: Digest, step: int, requests: Ints) -> Bools:
    """Which of the step's requests are slow."""
    duration = durations_ns(digest, requests)
    told = digest.steps[step]
    for objective in subject.objectives:
        mine = (objective.journey is None or objective.journey == told.journey) and objective.step in (None, told.name)
        if objective.outcome == "fail" and mine:
            slow = duration > objective.limit_s * 1e9
            if FEWEST_SLOW <= slow.sum() <= MOST_SLOW_SHARE * len(slow):
                return np.asarray(slow, np.bool_)
    return np.asarray(duration > np.quantile(duration, 1 - SLOW_SHARE), np.bool_)


def _judged(trait: Trait, requests: Ints, slow: Bools) -> _Judged:
    have = np.zeros(len(requests), np.bool_)
    have[np.searchsorted(requests, trait.requests)] = True
    log_p = _log_p(have, slow)
    clumps = 1.0
    if log_p < CLUMPED_BELOW:
        clumps = clumping(have, slow)
        log_p = max(log_p, _log_p(have, slow, clumps))
    return _Judged(trait, have, clumps, log_p)


def _log_p(have: Bools, slow: Bools, clumps: float = 1.0) -> float:
    """Exact, of counts that are divided by ``clumps`` and rounded to the cautious side."""
    hits, drawn, marked, total = int((have & slow).sum()), int(slow.sum()), int(have.sum()), len(have)
    if clumps > 1:
        total, drawn = max(1, round(total / clumps)), round(drawn / clumps)
        marked, hits = min(total, math.ceil(marked / clumps)), int(hits / clumps)
        hits = min(hits, drawn, marked)
    return hypergeometric_log_tail(hits, drawn, marked, total)


def _rows(
    digest: Digest, requests: Ints, slow: Bools, kept: list[_Judged], q: dict[int, float]
) -> list[tuple[float, TailRow]]:
    """One row for each trait that stands for itself, with what goes with it."""
    waiting = sorted(kept, key=lambda one: one.log_p)[:MOST_GROUPED]
    duration = durations_ns(digest, requests) / 1e9
    rest = np.ones(len(requests), np.bool_)
    rows: list[tuple[float, TailRow]] = []
    while waiting and len(rows) < MOST_ROWS:
        leader = _leader(waiting)
        rest &= ~leader.have
        left: list[_Judged] = []
        along: list[_Judged] = []
        for one in waiting:
            if one is not leader:
                (left if _stands(one, rest, slow) else along).append(one)
        waiting = left
        row = _row(digest, requests, duration, slow, leader, along, q[id(leader)])
        if row is not None:
            rows.append(row)
    return rows


def _leader(waiting: list[_Judged]) -> _Judged:
    """The surest trait, or what leads to it: of those with the same requests the one that was asked for."""
    surest = waiting[0]
    alike = [one for one in waiting if _jaccard(one.have, surest.have) >= SAME]
    if all(one.trait.kind in WORK for one in alike):
        causes = [one for one in waiting if one.trait.kind not in WORK and _leads(one.have, surest.have)]
        alike = causes or alike
    return min(alike, key=lambda one: (RANK[one.trait.kind] + (not one.trait.readable), one.log_p))


def _leads(cause: Bools, work: Bools) -> bool:
    both = int((cause & work).sum())
    return both >= LEADS * int(work.sum()) and _jaccard(cause, work) >= SAME / 2


def _jaccard(first: Bools, second: Bools) -> float:
    return int((first & second).sum()) / max(1, int((first | second).sum()))


def _stands(one: _Judged, rest: Bools, slow: Bools) -> bool:
    """Whether it is over-represented without the requests that are explained."""
    have = one.have[rest]
    return bool(have.any()) and _log_p(have, slow[rest], one.clumps) <= math.log(STILL)


def _row(
    digest: Digest,
    requests: Ints,
    duration: NDArray[np.float64],
    slow: Bools,
    leader: _Judged,
    along: list[_Judged],
    q: float,
) -> tuple[float, TailRow] | None:
    have = leader.have
    lift = _lift(have, slow, leader.clumps)
    if lift.low < LEAST_LIFT:
        return None
    with_it, without = duration[have], duration[~have]
    usual = float(np.median(without))
    with_leader = [one for one in reversed(along) if _jaccard(one.have, have) >= SAME / 2]
    with_leader.sort(key=lambda one: (RANK[one.trait.kind], -_jaccard(one.have, have)))
    step = digest.steps[leader.trait.step]
    return float(np.maximum(with_it - usual, 0).sum()), TailRow(
        journey=step.journey,
        step=step.name,
        attribute=leader.trait.attribute,
        value=leader.trait.value,
        slow_share=float(have[slow].mean()),
        normal_share=float(have[~slow].mean()),
        lift=lift,
        effect_s=float(np.median(with_it)) - usual,
        q=q,
        requests=int(have.sum()),
        trace_ids=slowest(digest, requests[have]),
        goes_with=_distinct([one.trait for one in with_leader]),
    )


def _distinct(traits: list[Trait]) -> tuple[str, ...]:
    """Each attribute once."""
    told: dict[str, str] = {}
    for trait in traits:
        told.setdefault(trait.attribute, trait.told)
    return tuple(told.values())[:MOST_WITH]


def _lift(have: Bools, slow: Bools, clumps: float) -> Bounded:
    """The ratio of the shares, at 90 % (Katz, Biometrics 34, 1978); half a request is added where one has none."""
    hits, others = float((have & slow).sum()), float((have & ~slow).sum())
    drawn, normal = float(slow.sum()), float((~slow).sum())
    if not others or not hits:
        hits, others, drawn, normal = hits + 0.5, others + 0.5, drawn + 0.5, normal + 0.5
    value = hits / drawn / (others / normal)
    spread = math.sqrt(max(0.0, (1 / hits - 1 / drawn + 1 / others - 1 / normal) * clumps))
    factor = math.exp(normal_quantile(0.95) * spread)
    return Bounded(value, value / factor, value * factor)
