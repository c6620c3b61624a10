"""What one observed run counted in each of its requests, from its digest: statements, calls, rows, bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.archive import Archive, Run
from loadstone.diagnose.database.asked import aside
from loadstone.diagnose.digest import Digest, Family
from loadstone.diagnose.locus import named
from loadstone.diagnose.scene import EvidenceScene
from loadstone.diagnose.traces.reading import digest_of
from loadstone.errors import EvidenceError
from loadstone.lab.diagnosis import subject_of
from loadstone.lab.evidence import evidence_of
from loadstone.lab.functions import functions
from loadstone.model.counted import Counted, OperationCount
from loadstone.model.finding import Diagnosis
from loadstone.stats.beta import student_quantile

__all__ = ["BLOCKS", "counted", "operations"]

BLOCKS = 20
"""Consecutive requests share what disturbs them, so an operation's interval rests on blocks of them, not on each."""

MOST_OPERATIONS = 200
"""Of a step, those with the most time; a guardrail or a finding names one that matters."""

LABEL = 2_000

STEP_BITS = 16
TIMES_BITS = 14
"""Of a request's number: at most 65,535 steps in a plan; how often one journey is at a step, 10,000 times at most where
steps lead back. What is left holds eight billion arrivals."""

STATEMENTS: tuple[Family, ...] = ("database", "key-value")
CALLS: tuple[Family, ...] = ("http", "rpc")
TOLD: tuple[Family, ...] = (*STATEMENTS, *CALLS, "transaction", "connect", "pool", "messaging", "inside")

Floats = NDArray[np.float64]


def counted(archive: Archive, run: Run, diagnosis: Diagnosis | None = None) -> Counted:
    """What the run counted. Raises EvidenceError where it has no traces of its own requests."""
    holder, evidence = evidence_of(archive, run)
    subject = subject_of(run, holder, evidence)
    digest = digest_of(subject, evidence)
    told = digest.requests
    mine = [step for step in digest.steps if step.own]
    place_of = np.full(len(digest.steps), -1, np.int32)
    place_of[[step.number for step in mine]] = np.arange(len(mine))
    own = np.flatnonzero(told.measured & (told.number >= 0) & (place_of[told.step] >= 0))
    if not len(own):
        raise EvidenceError(f"the run {run.id} has no traces of its requests, so nothing was counted")
    if digest.every > 1:
        missing: tuple[str, ...] = (f"one trace in {digest.every} was read",)
    else:
        missing = ()
    sums = _Sums(digest)
    # A request may begin several roots (a queue's worker carries on its trace): their counts are the request's.
    numbers, place = np.unique(told.number[own], return_inverse=True)
    first = np.full(len(numbers), len(own), np.int64)
    np.minimum.at(first, place, np.arange(len(own)))
    rows = own[first]
    columns: dict[str, Floats] = {}
    for name, column in sums.columns():
        columns[name] = np.bincount(place, weights=column[own], minlength=len(numbers)).astype(np.float64)
    size = told.bytes_out[rows].astype(np.float64)
    if (size >= 0).any():
        columns["bytes"] = np.where(size >= 0, size, np.nan)
    step = place_of[told.step[rows]]
    places = {one: place for place, one in enumerate(subject.steps)}
    planned = np.array([places.get((one.journey or "", one.name), 0) for one in mine], np.int64)
    samples = holder.sample_columns()
    at = _places(samples, numbers.astype(np.int64))
    if samples is None or (at < 0).all():
        raise EvidenceError(f"the run {run.id} kept no samples of its requests, so none can be found again")
    number = _numbers(samples, at, planned[step])
    known = np.flatnonzero(number >= 0)
    known = known[np.argsort(number[known], kind="stable")]
    return Counted(
        run=run.id,
        steps=tuple((one.journey, one.name) for one in mine),
        number=number[known],
        step=step[known],
        server_s=told.duration_s[rows][known],
        columns={name: column[known] for name, column in columns.items()},
        failed=np.asarray(samples["error"], np.bool_)[at[known]],
        operations=(
            *(operation for step in mine for operation in operations(digest, step.number)),
            *functions(EvidenceScene(subject, evidence, digest)),
        ),
        diagnosis=diagnosis,
        missing=missing,
    )


def _places(samples: Mapping[str, Any] | None, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each request's place among the samples, -1 for one that the run did not keep."""
    kept = np.asarray(() if samples is None else samples["request"], np.int64)
    if not len(kept):
        return np.full(len(numbers), -1, np.int64)
    at = np.minimum(np.searchsorted(kept, numbers), len(kept) - 1)
    return np.where(kept[at] == numbers, at, -1)


def _numbers(samples: Mapping[str, Any], at: NDArray[np.int64], step: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same number for the same request of two runs of one seed, -1 for one that the run did not keep.

    A request's own number is its place in the order of sending, which depends on when replies came. What both runs have
    in common is the journey's arrival, which its draws are keyed by; within it, the step, and how many-th of that step
    among those that were kept: all of them, where a step has at most 20,000.
    """
    key = np.full(len(at), -1, np.int64)
    found = at >= 0
    key[found] = np.asarray(samples["arrival"], np.int64)[at[found]] << STEP_BITS | step[found]
    order = np.argsort(key, kind="stable")  # numbers ascend, so the same step's requests come in order
    first = np.searchsorted(key[order], key[order])
    times = np.empty(len(key), np.int64)
    times[order] = np.arange(len(key)) - first
    return np.where(found, key << TIMES_BITS | np.minimum(times, (1 << TIMES_BITS) - 1), -1)


class _Sums:
    """Visits added up by request; a column has one value a request of the digest. A span of fetching is no statement:
    recorders write one where it took long, so the same request has it in one run and not in the other."""

    def __init__(self, digest: Digest) -> None:
        self._digest = digest
        self._family = np.array(["" if aside(one) else str(one.family) for one in digest.operations] or [""])

    def columns(self) -> Iterator[tuple[str, Floats]]:
        visits = self._digest.visits
        for name, families in (("statements", STATEMENTS), ("calls", CALLS)):
            yield name, self._sum(np.isin(self._family, families)[visits.operation], visits.count.astype(np.float64))
        statements = np.isin(self._family, STATEMENTS)[visits.operation]
        if (visits.rows[statements] >= 0).any():
            told = np.where(visits.rows >= 0, visits.rows, 0).astype(np.float64)
            unknown = self._sum(statements & (visits.rows < 0), np.ones(len(visits)))
            rows = self._sum(statements, told)
            yield "rows", np.where(unknown > 0, np.nan, rows)

    def _sum(self, chosen: NDArray[np.bool_], values: Floats) -> Floats:
        request = self._digest.visits.request
        return np.bincount(request[chosen], weights=values[chosen], minlength=len(self._digest.requests)).astype(
            np.float64
        )


def operations(digest: Digest, step: int) -> Iterator[OperationCount]:
    """The operations of a step's measured requests, those with the most time first. The same work under two parents is
    one; what lies inside it is counted by itself where it is work of the service's own. A span beside a statement
    (fetching, preparing) has a time but no number: whether there is one depends on how long it took."""
    requests = digest.requests_of(step)
    if not len(requests):
        return
    count = len(requests)
    order = np.full(len(digest.requests), -1, np.int64)
    order[requests] = np.arange(count)
    blocks = min(BLOCKS, count)
    block_of = order * blocks // count
    sizes = np.bincount(np.arange(count) * blocks // count, minlength=blocks)
    visits = digest.visits
    merged: dict[tuple[str, str, str | None, bool], list[NDArray[np.int32]]] = {}
    for _, operation, group in digest.groups(step):
        one = digest.operations[operation]
        if one.family in TOLD:
            merged.setdefault((one.family, named(one, LABEL), one.where, aside(one)), []).append(group)
    found: list[OperationCount] = []
    here = digest.steps[step]
    for (family, label, where, beside), groups in merged.items():
        rows = np.concatenate(groups)
        took = (visits.total_ns if family != "inside" else visits.own_ns)[rows].astype(np.float64) / 1e9
        sums = np.bincount(block_of[visits.request[rows]], weights=took, minlength=blocks)
        low, high = _interval(sums / sizes, sizes)
        found.append(
            OperationCount(
                journey=here.journey,
                step=here.name,
                family=family,
                label=label,
                where=where,
                per_request=None if beside else float(visits.count[rows].sum()) / count,
                s_per_request=float(took.sum()) / count,
                low_s=low,
                high_s=high,
                key=f"{family} {label}",
            )
        )
    found.sort(key=lambda one: -one.s_per_request)
    yield from found[:MOST_OPERATIONS]


def _interval(means: Floats, sizes: NDArray[np.int64]) -> tuple[float | None, float | None]:
    """95 % around the mean of blocks; None where there are too few."""
    blocks = len(means)
    if blocks < 2:
        return None, None
    mean = float(np.average(means, weights=sizes))
    spread = float(np.sqrt(np.average((means - mean) ** 2, weights=sizes) / (blocks - 1)))
    half = student_quantile(0.975, blocks - 1) * spread
    return max(0.0, mean - half), mean + half
