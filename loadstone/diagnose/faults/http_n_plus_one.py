"""N+1 calls: one call of another service for each row, one after another, where one would do.

What it sees
    A read (a GET, a remote procedure that only asks) that one request makes five times or more, one after another, to
    one service, each time for another item. It is counted per step over the load, not judged by a single trace.

Why it hurts
    Each call pays the network there and back, a connection, headers, authentication and the other service's own
    queue, and the caller waits for all of them in turn. The number grows with the data. The other service gets N
    times the load, so that its tail becomes everybody's.

Evidence it needs
    Spans of outgoing calls, or of the called servers below the caller. Addresses and lines of code make it surer.

Example
    ``GET http://stock/items/17`` twenty times in a request, from the loop over a basket's lines.

Cure
    Ask once: ``GET /items?id=17,18,19``, a batch procedure, a GraphQL query, a data loader that gathers the ids of
    one tick. Where the other service cannot, keep what was asked in a cache, or at least ask side by side with a
    bound: the load stays, the waiting goes.

When it is wrong
    Where each call needs the answer of the one before, as when paging by a cursor; where a job is polled until it is
    done; where a failed call is repeated, which is retry-amplification.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.calls.enough import few, needed
from loadstone.diagnose.calls.outgoing import calls_of, durations_ns, reads, repeated_above, side_by_side, waited_for
from loadstone.diagnose.digest import Digest, Operation
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Cut, Scene, Suspect
from loadstone.diagnose.traces.sampled import sampled
from loadstone.model.finding import Fact, Roles

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "http-n-plus-one"
NEEDS = ("calls",)

_PAGES = re.compile(
    r"(?:^|&)(?:page|offset|skip|cursor|after|before|start|continuation|marker|next|page_?token)[^=&]*=", re.I
)


@dataclass(frozen=True, slots=True)
class Limits:
    """``repeats`` like calls in a request make a suspect (Sentry's N+1 API calls, 5 spans). They run one after another
    if at least ``serial_share`` of their time is not shared. They cost at least ``cost_share`` of the time of the
    requests that have them. A call that fails in ``error_share`` of its tries is repeated for another reason. Between
    calls of a poll the caller waits for more than ``wait_share`` of their time. ``requests`` must show it."""

    repeats: int = 5
    serial_share: float = 0.8
    cost_share: float = 0.05
    error_share: float = 0.3
    wait_share: float = 0.5
    requests: int = 3


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Reads of other services that repeat within requests of a step."""
    for step in range(len(scene.digest.steps)):
        least = needed(run, scene.digest, step, limits.requests)
        for parent, operation, places in calls_of(scene.digest, step):
            if reads(operation):
                yield from _suspect(scene, step, parent, operation, places, limits, least)


def _suspect(
    scene: Scene, step: int, parent: int, operation: Operation, places: NDArray[np.int32], limits: Limits, least: int
) -> Iterator[Suspect]:
    digest, visits = scene.digest, scene.digest.visits
    places = places[waited_for(digest, places)]
    count = visits.count[places]
    affected = places[(count >= limits.repeats) & (visits.errors[places] <= limits.error_share * count)]
    if len(affected) < least:
        return
    if visits.most[affected].mean() < limits.repeats and repeated_above(
        digest, step, parent, visits.request[affected], limits.repeats
    ):
        return
    total = visits.total_ns[affected].astype(np.float64)
    busy = visits.busy_ns[affected].astype(np.float64)
    if busy.sum() < limits.serial_share * total.sum():
        return
    requests, repeats = visits.request[affected], visits.count[affected]
    cost = busy * (repeats - 1) / repeats
    if cost.sum() < limits.cost_share * durations_ns(digest, requests).sum():
        return
    spans = sampled(scene, requests, operation, ("url_query",))
    known = visits.parameters[affected]
    other = float(known.mean()) if (known > 0).all() else _others(spans)
    waits = (visits.end_ns[affected] - visits.first_ns[affected]) - busy
    if other is not None and other < 1.5 and waits.sum() > limits.wait_share * busy.sum():
        return  # a poll: the same address until it says that it is done
    pages = bool(spans) and all(_PAGES.search(row["url_query"] or "") for row in spans)
    yield Suspect(
        fault=CODE,
        title=f"{repeats.mean():.3g} like calls a request, one after another: {named(operation)}",
        step=step,
        locus=locus_of(digest, step, operation),
        roles=Roles(parent=None if parent < 0 else digest.operations[parent].label, offender=operation.label),
        cure=_cure(operation, other),
        confidence=0.9 if other is not None and other > 1.5 else 0.75,
        key=(CODE, digest.steps[step].label, *stable_key(operation)),
        requests=requests,
        cost_ns=cost,
        cuts=(Cut(operation.number, parent if parent >= 0 else None, keep=1, between=True),),
        evidence_for=tuple(_for(digest, step, requests, repeats, count, other, operation)),
        evidence_against=tuple(_against(digest, other, pages, len(requests))),
        ceiling="info" if pages else "critical",
    )


def _others(spans: list[dict[str, Any]]) -> float | None:
    """Different addresses in a request, on average over a sample; None where spans have no address."""
    seen: dict[bytes, set[tuple[str | None, str | None]]] = {}
    for row in spans:
        if row["url_path"] is not None:
            seen.setdefault(row["trace_id"], set()).add((row["url_path"], row["url_query"]))
    return float(np.mean([len(found) for found in seen.values()])) if seen else None


def _for(
    digest: Digest,
    step: int,
    requests: NDArray[np.int32],
    repeats: NDArray[np.int32],
    count: NDArray[np.int32],
    other: float | None,
    operation: Operation,
) -> Iterator[Fact]:
    mean = float(repeats.mean())
    rest = len(digest.requests_of(step)) - len(np.unique(requests))
    fewer = (count.sum() - repeats.sum()) / rest if rest else 0.0
    told = f"{mean:.3g} times in a request, one after another" + (
        f", against {fewer:.3g} in the others" if rest else ""
    )
    yield Fact(told, mean, "calls a request", slowest(digest, requests))
    if other is not None and other > 1.5:
        yield Fact(f"{other:.3g} different addresses among them", other, "addresses")
    elif other is not None:
        yield Fact("each time with the same address, so that the answer could be kept", other, "addresses")
    low, high = int(repeats.min()), int(repeats.max())
    if high > low:
        yield Fact(f"their number goes with the data: from {low:,} to {high:,} in a request", float(high), "calls")


def _against(digest: Digest, other: float | None, pages: bool, requests: int) -> Iterator[Fact]:
    if other is None:
        yield Fact("the addresses are not in the traces: that each asks for another item is taken from the count")
    if pages:
        yield Fact("the addresses look like pages of one answer, where each may need the one before")
    yield from few(requests)
    if digest.every > 1:
        yield Fact(f"one trace in {digest.every} was read", float(digest.every))


def _cure(operation: Operation, other: float | None) -> str:
    if other is not None and other <= 1.5:
        return "ask once and hand the answer on within the request"
    return (
        "ask once for all items: a list of ids in one call, or a batch procedure; "
        f"until the service has one, side by side with a bound ({side_by_side(operation)})"
    )
