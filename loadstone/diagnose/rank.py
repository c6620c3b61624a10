"""From suspects to findings: what explains another steps back, the same cause in several steps is one, and the cause
whose cure gains most where an objective is missed comes first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.subject import Judged, Subject
from loadstone.diagnose.suspect import Suspect
from loadstone.model.finding import Fact, Finding, FindingEvidence, Predicted, Severity, Share
from loadstone.model.quantity import format_duration, format_share

__all__ = [
    "YIELDS",
    "Weighed",
    "doubted",
    "findings",
    "fingerprint",
    "judged_share",
    "judged_step",
    "merged",
    "settled",
]

YIELDS: dict[str, tuple[str, ...]] = {
    "slow-statement": (
        "missing-index",
        "offset-pagination",
        "lock-wait",
        "cache-stampede",
        "unbounded-result",
        "over-fetching",
        "retry-amplification",
    ),
    "repeated-statement": ("n-plus-one", "m-n-plus-one", "retry-amplification", "cache-stampede"),
    "n-plus-one": ("m-n-plus-one",),
    "slow-dependency": ("http-n-plus-one", "http-fan-out", "retry-amplification", "serial-calls"),
    "serial-calls": ("n-plus-one", "m-n-plus-one", "http-n-plus-one", "retry-amplification", "missing-index"),
    "http-fan-out": ("http-n-plus-one", "retry-amplification"),
    "http-n-plus-one": ("retry-amplification",),
    "hot-function": ("hot-serialiser",),
    "pool-wait": ("pool-deadlock", "lock-wait"),
    "server-queue": ("cold-start", "gc-pause", "gil-wait", "saturation", "pool-deadlock"),
    "over-fetching": ("row-mapping",),
    "large-payload": ("over-fetching",),
    "row-mapping": ("unbounded-result", "n-plus-one", "m-n-plus-one", "hot-serialiser"),
}
"""A fault steps back for those that say more of the same spans (or, without spans, of the same step)."""

CONSEQUENCES = frozenset({"server-queue", "saturation", "pool-wait"})
"""Faults that follow from what keeps workers, machine or connections busy; a cause of the same severity goes first."""

STALLS = frozenset({"slow-statement", "slow-dependency", "gc-pause", "cold-start", "server-queue", "lock-wait"})
"""Faults that a stall of the machine looks like: known by time alone, not by a count."""

MOST_STALLED = 0.2
"""Of a step's requests; what is slow in more of them is no stall."""

WARNING_SHARE = 0.1
"""A gain of a tenth of the judged quantile, or of all the time of the step's requests, is worth a change; below that
a finding is information."""

CRITICAL_SHARE = 0.3
"""Of the judged quantile of a step that misses its objective."""


_RANKS: tuple[Severity, ...] = ("info", "warning", "critical")


@dataclass(frozen=True)
class Weighed:
    """A suspect with what it costs. ``also`` are the other steps in which it was found."""

    suspect: Suspect
    share: Share
    predicted: Predicted | None
    also: tuple[Suspect, ...] = ()


def judged_step(subject: Subject, digest: Digest, step: int | None) -> Judged | None:
    """The objective that a step is judged by: one that it misses before one that it keeps."""
    if step is None:
        return next((one for one in subject.objectives if one.outcome == "fail"), None)
    told = digest.steps[step]
    fitting = [
        one for one in subject.objectives if one.journey in (None, told.journey) and one.step in (None, told.name)
    ]
    fitting.sort(key=lambda one: (one.outcome != "fail", one.step is None, one.journey is None))
    return fitting[0] if fitting else None


def judged_share(subject: Subject, digest: Digest, step: int | None) -> float:
    """The share of requests at which a step is judged: its objective's, 0.99 without one."""
    judged = judged_step(subject, digest, step)
    return 0.99 if judged is None else judged.share


def doubted(suspects: Iterable[Suspect], digest: Digest) -> list[Suspect]:
    """On a machine that others fill every call stalls now and then: what is only slow, and only in some requests, is
    then information."""
    kept = list(suspects)
    if not any(one.fault == "saturation" and one.ceiling == "info" for one in kept):
        return kept
    stalls = Fact("the machine was full with other work, and its stalls look alike")
    return [
        replace(one, ceiling="info", evidence_against=(*one.evidence_against, stalls))
        if one.fault in STALLS and len(one.requests) < MOST_STALLED * len(_places(digest, one))
        else one
        for one in kept
    ]


def settled(suspects: Iterable[Suspect]) -> list[Suspect]:
    """Without those that another one explains."""
    kept = list(suspects)
    return [one for one in kept if not any(_explains(other, one) for other in kept if other is not one)]


def _explains(other: Suspect, one: Suspect) -> bool:
    if other.fault not in YIELDS.get(one.fault, ()):
        return False
    if other.step is not None and one.step is not None and other.step != one.step:
        return False
    theirs, mine = ({cut.operation for cut in each.cuts} for each in (other, one))
    if theirs and mine:
        return bool(theirs & mine)
    return one.locus.file is None or other.locus.file == one.locus.file


def merged(subject: Subject, suspects: Sequence[Suspect], digest: Digest) -> list[tuple[Suspect, tuple[Suspect, ...]]]:
    """One cause in several steps as (where it costs most, an objective that is missed before all, the others)."""
    groups: dict[tuple[object, ...], list[Suspect]] = {}
    for one in suspects:
        locus = one.locus
        what: tuple[object, ...] = (one.fault, locus.service, locus.span, locus.statement, locus.file, locus.line)
        if locus.span is None and locus.file is None:
            label = None if one.step is None else digest.steps[one.step].label
            what = (one.fault, *(part for part in one.key if part != label))
        groups.setdefault(what, []).append(one)
    found = []
    for group in groups.values():
        group.sort(key=lambda one: (not _missed(subject, digest, one.step), -float(one.cost_ns.sum())))
        found.append((group[0], tuple(group[1:])))
    return found


def _missed(subject: Subject, digest: Digest, step: int | None) -> bool:
    judged = judged_step(subject, digest, step)
    return judged is not None and judged.outcome == "fail"


def findings(subject: Subject, digest: Digest, weighed: Iterable[Weighed]) -> tuple[Finding, ...]:
    """Findings in order of rank; those whose order cannot be told share a ``tie``."""
    made = [
        (_finding(subject, digest, each), _gain(subject, digest, each), _missed(subject, digest, each.suspect.step))
        for each in weighed
    ]
    made.sort(
        key=lambda each: (
            -_RANKS.index(each[0].severity),
            not each[2],
            each[0].fault in CONSEQUENCES,
            -each[1][1],
            -each[0].lost_s_per_s,
        )
    )
    ranked: list[Finding] = []
    ties = _ties([(finding, bounds) for finding, bounds, _ in made])
    for place, (finding, _, _) in enumerate(made):
        ranked.append(msgspec.structs.replace(finding, rank=place + 1, tie=ties[place]))
    return tuple(ranked)


def _ties(made: Sequence[tuple[Finding, tuple[float, float, float]]]) -> list[int | None]:
    """The same number for neighbours of one severity whose gains' intervals overlap."""
    ties: list[int | None] = [None] * len(made)
    number = 0
    for (place, (finding, (low, _, _))), (after, (other, (_, _, high))) in pairwise(enumerate(made)):
        apart = finding.severity != other.severity or (finding.fault in CONSEQUENCES) != (other.fault in CONSEQUENCES)
        if apart or finding.severity == "info" or high < low:
            continue
        if ties[place] is None:
            number += 1
            ties[place] = number
        ties[after] = ties[place]
    return ties


def _gain(subject: Subject, digest: Digest, weighed: Weighed) -> tuple[float, float, float]:
    """(low, value, high) of what the judged quantile gains, in seconds; of what a request loses where it is refused."""
    told, suspect = weighed.predicted, weighed.suspect
    if told is not None and told.service is not None:
        if told.refused is None and told.queue is not None:
            return (
                told.service.low + told.queue.low,
                told.service.value + told.queue.value,
                told.service.high + told.queue.high,
            )
        if told.service.value > 0:
            return max(0.0, told.service.low), told.service.value, told.service.high
    gained = _subtracted(digest, suspect, judged_share(subject, digest, suspect.step))
    return 0.0, gained, gained


def _subtracted(digest: Digest, suspect: Suspect, share: float) -> float:
    """What a quantile loses when each affected request loses its cost: too much where requests wait for each other,
    so it orders findings and is not told."""
    places = _places(digest, suspect)
    if not len(places):
        return 0.0
    taken = (digest.requests.done_ns[places] - digest.requests.sent_ns[places]).astype(np.float64)
    before = float(np.quantile(taken, share))
    at = np.searchsorted(places, suspect.requests)
    inside = (at < len(places)) & (places[np.minimum(at, len(places) - 1)] == suspect.requests)
    np.subtract.at(taken, at[inside], suspect.cost_ns[inside])
    return max(0.0, before - float(np.quantile(np.maximum(taken, 0.0), share))) / 1e9


def _finding(subject: Subject, digest: Digest, weighed: Weighed) -> Finding:
    suspect = weighed.suspect
    everyone = len(_places(digest, suspect))
    lost_s = float(suspect.cost_ns.sum()) / 1e9
    whole = lost_s + sum(float(other.cost_ns.sum()) for other in weighed.also) / 1e9
    against = list(suspect.evidence_against)
    observer = subject.observer_s_per_request
    mean_s = lost_s / len(suspect.requests) if len(suspect.requests) else 0.0
    withdrawn = observer is not None and 0 < mean_s < observer
    if withdrawn:
        against.append(
            Fact(
                f"it costs an affected request less than being observed does ({format_duration(observer or 0)})",
                observer,
                "s",
            )
        )
    for other in weighed.also:
        if other.step is not None:
            count = len(digest.requests_of(other.step))
            share = len(other.requests) / count if count else 0.0
            told = f"the same in {digest.steps[other.step].label}, {format_share(share)} of its requests"
            suspect = replace(suspect, evidence_for=(*suspect.evidence_for, Fact(told, share)))
    severity = "info" if withdrawn else _severity(subject, digest, weighed)
    return Finding(
        fault=suspect.fault,
        severity=severity,
        title=suspect.title,
        locus=suspect.locus,
        roles=suspect.roles,
        evidence=FindingEvidence(_plain(suspect.evidence_for), _plain(against)),
        cost_s_per_request=lost_s / everyone if everyone else 0.0,
        lost_s_per_s=whole / digest.span_s,
        requests_share=len(suspect.requests) / everyone if everyone else 0.0,
        share=weighed.share,
        predicted=weighed.predicted,
        cure=suspect.cure,
        confidence=round(min(max(suspect.confidence, 0.0), 1.0), 2),
        fingerprint=fingerprint(suspect),
    )


def _plain(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """With Python's numbers instead of numpy's, which cannot be written."""
    return tuple(
        fact if fact.value is None else msgspec.structs.replace(fact, value=float(fact.value)) for fact in facts
    )


def fingerprint(suspect: Suspect) -> str:
    """Eight hex digits that name the same cause in another run."""
    return blake2b("\0".join(suspect.key).encode(), digest_size=4).hexdigest()


def _severity(subject: Subject, digest: Digest, weighed: Weighed) -> Severity:
    suspect = weighed.suspect
    before = _quantile(digest, suspect, judged_share(subject, digest, suspect.step))
    gain = _gain(subject, digest, weighed)[1]
    part = gain / before if before > 0 else 0.0
    found: Severity = "info"
    if max(part, _lost(digest, suspect)) >= WARNING_SHARE:
        found = "critical" if _missed(subject, digest, suspect.step) and part >= CRITICAL_SHARE else "warning"
    return min(max(found, suspect.floor, key=_RANKS.index), suspect.ceiling, key=_RANKS.index)


def _lost(digest: Digest, suspect: Suspect) -> float:
    """Its share of all the time that the step's requests took together: what is rare may cost much and no quantile."""
    places = _places(digest, suspect)
    whole = float((digest.requests.done_ns[places] - digest.requests.sent_ns[places]).sum()) if len(places) else 0.0
    return float(suspect.cost_ns.sum()) / whole if whole > 0 else 0.0


def _quantile(digest: Digest, suspect: Suspect, share: float) -> float:
    places = _places(digest, suspect)
    if not len(places):
        return 0.0
    return float(np.quantile((digest.requests.done_ns[places] - digest.requests.sent_ns[places]) / 1e9, share))


def _places(digest: Digest, suspect: Suspect) -> NDArray[np.int32]:
    """The requests among which the suspect is judged, in order."""
    if suspect.step is not None:
        return digest.requests_of(suspect.step)
    return np.flatnonzero(digest.requests.measured).astype(np.int32)
