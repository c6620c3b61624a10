"""A large payload: answers of hundreds of kilobytes, or answers that could have been compressed.

What it sees
    Replies of the service, or of one that it calls, above 300 kB, and what they cost: how much longer a request takes
    for each 100 kB (a slope over requests of different sizes), and the time from the server's end to the client's.

Why it hurts
    Each byte is read from the database, turned into an object, turned into text, copied, sent, received and parsed.
    On the server this is time on the CPU, and it holds a worker; on a phone's network 1 MB is a second.

Evidence it needs
    Sizes of replies: the client's own record, or attributes of spans. Headers say whether it was compressed.

Example
    ``GET /products`` answers 2.4 MB: all columns of all rows, with descriptions that the list never shows.

Cure
    Send what is shown: fewer fields, pages with a limit, links instead of embedded parts. Compress what is text
    (gzip or brotli; JSON shrinks to a fifth or a tenth). Stream what must be large.

When it is wrong
    Files, images and exports are large because they are; where it costs no time, it is only told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.calls.outgoing import calls_of, durations_ns
from loadstone.diagnose.calls.sizes import Reply, compressed, replies
from loadstone.diagnose.digest import Digest, Operation
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_duration, format_size
from loadstone.stats.slope import slope

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "large-payload"
NEEDS = ("sizes",)

_UNTOLD = "how long a smaller reply takes is not in the traces"


@dataclass(frozen=True, slots=True)
class Limits:
    """A reply of more than ``size_bytes`` is large (Sentry's large HTTP payload, 300 kB). Its cost matters from
    ``cost_share`` of the time of the requests that have it; below, it is information. A slope needs ``slope_requests``
    and sizes whose 90th percentile is ``spread`` times their 10th. ``usual_bytes`` would be left of it: the median
    page of an API is far below 30 kB. ``requests`` must show it."""

    size_bytes: int = 300_000
    cost_share: float = 0.05
    slope_requests: int = 30
    spread: float = 1.5
    usual_bytes: int = 30_000
    requests: int = 3


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Large replies of the service itself, then of those that it calls."""
    digest = scene.digest
    for step in range(len(digest.steps)):
        yield from _own(scene, step, limits)
        for parent, operation, places in calls_of(digest, step):
            lasts = durations_ns(digest, digest.requests_of(step)).sum()
            if digest.visits.busy_ns[places].sum() >= limits.cost_share * lasts:
                yield from _called(scene, step, parent, operation, places, limits)


def _own(scene: Scene, step: int, limits: Limits) -> Iterator[Suspect]:
    digest = scene.digest
    every = digest.requests_of(step)
    size = digest.requests.bytes_out[every]
    large = size > limits.size_bytes
    if large.sum() < limits.requests:
        return
    requests = every[large]
    lasts = durations_ns(digest, every)
    per_byte = _per_byte(size[size >= 0], lasts[size >= 0], limits)
    written = np.maximum(digest.requests.done_ns[requests] - digest.requests.end_ns[requests], 0).astype(np.float64)
    grown = np.clip((size[large] - limits.usual_bytes) * (per_byte or 0.0), 0, lasts[large])
    cost = grown + written
    dear = cost.sum() >= limits.cost_share * (lasts[large] + written).sum()
    operation = digest.operations[int(digest.requests.route[requests[0]])]
    yield _made(
        scene,
        step,
        operation,
        requests,
        cost,
        float(size[large].mean()),
        replies(scene, requests, operation),
        _facts(digest, requests, size[large], per_byte, written),
        cpu_ns=_on_cpu(digest, requests, grown / np.maximum(lasts[large], 1)) if per_byte else None,
        confidence=0.85 if per_byte else 0.6,
        dear=bool(dear),
    )


def _on_cpu(digest: Digest, requests: NDArray[np.int32], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """That share of the requests' CPU time; of their whole time where it was not recorded."""
    cpu = digest.requests.cpu_ns[requests]
    return share * np.where(cpu >= 0, cpu, durations_ns(digest, requests))


def _called(
    scene: Scene, step: int, parent: int, operation: Operation, places: NDArray[np.int32], limits: Limits
) -> Iterator[Suspect]:
    digest = scene.digest
    visits = digest.visits
    found = replies(scene, visits.request[places], operation)
    size = np.array([reply.size_bytes for reply in found], np.int64)
    if (size > limits.size_bytes).sum() < limits.requests or np.median(size) <= limits.size_bytes:
        return
    took = np.array([reply.took_ns for reply in found], np.float64)
    per_byte = _per_byte(size, took, limits)
    mean = float(size.mean())
    requests = visits.request[places]
    own = visits.own_ns[places].astype(np.float64)
    if per_byte:
        cost = np.minimum(visits.count[places] * (mean - limits.usual_bytes) * per_byte, visits.busy_ns[places])
    else:
        cost = own
    dear = cost.sum() >= limits.cost_share * durations_ns(digest, requests).sum()
    yield _made(
        scene,
        step,
        operation,
        requests,
        cost,
        mean,
        found,
        _facts(digest, requests, size, per_byte, np.zeros(len(requests))),
        cpu_ns=None,
        confidence=0.8 if per_byte else 0.5,
        dear=bool(dear) and per_byte is not None,
        parent=parent,
    )


def _per_byte(size: NDArray[np.int64], lasts: NDArray[np.float64], limits: Limits) -> float | None:
    """Nanoseconds for each byte more, where requests of different sizes tell it and the interval is above 0."""
    if len(size) < limits.slope_requests:
        return None
    low, high = np.quantile(size, [0.1, 0.9])
    if high < limits.spread * max(1.0, float(low)):
        return None
    found = slope(size.tolist(), lasts.tolist())
    return found.value if found is not None and found.low > 0 else None


def _made(
    scene: Scene,
    step: int,
    operation: Operation,
    requests: NDArray[np.int32],
    cost: NDArray[np.float64],
    mean: float,
    found: list[Reply],
    facts: list[Fact],
    *,
    cpu_ns: NDArray[np.float64] | None,
    confidence: float,
    dear: bool,
    parent: int = -1,
) -> Suspect:
    digest = scene.digest
    packed = compressed(found)
    against = []
    if packed is False:
        facts.append(Fact("sent as it is: no content-encoding"))
    elif packed is True:
        against.append(Fact("it is compressed already"))
    else:
        against.append(Fact("whether it was compressed is not in the traces"))
    if not dear:
        against.append(Fact("that its size costs time is not seen"))
    title = f"answers of {format_size(round(mean))}{', not compressed' if packed is False else ''}: {named(operation)}"
    cure = "send what is shown: fewer fields, pages with a limit"
    return Suspect(
        fault=CODE,
        title=title,
        step=step,
        locus=locus_of(digest, step, operation),
        roles=Roles(parent=digest.operations[parent].label if parent >= 0 else None, offender=operation.label),
        cure=f"{cure}; compress it (gzip)" if packed is not True else cure,
        confidence=confidence,
        key=(CODE, digest.steps[step].label, *stable_key(operation)),
        requests=requests,
        cost_ns=cost,
        cpu_ns=cpu_ns,
        unpredictable=None if cpu_ns is not None else _UNTOLD,
        evidence_for=tuple(facts),
        evidence_against=tuple(against),
        ceiling="critical" if dear else "info",
    )


def _facts(
    digest: Digest,
    requests: NDArray[np.int32],
    size: NDArray[np.int64],
    per_byte: float | None,
    written: NDArray[np.float64],
) -> list[Fact]:
    told = f"{format_size(round(float(np.median(size))))} in the middle, {format_size(int(size.max()))} at most"
    facts = [Fact(told, float(np.median(size)), "bytes", slowest(digest, requests))]
    if per_byte:
        each = per_byte * 100_000 / 1e9
        facts.append(Fact(f"each 100 kB more takes {format_duration(each)} more", each, "s"))
    if written.mean() > 1e6:
        late = float(written.mean() / 1e9)
        facts.append(Fact(f"the client has it {format_duration(late)} after the server ended", late, "s"))
    return facts
