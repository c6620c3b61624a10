"""The line in front of a service: from the client's send to the start of its work, and who was being served meanwhile.

The least that passes between the two is the way there, the accepting and the reading of the request, and the
difference of two clocks. It is taken off: what is above it is waiting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest

__all__ = ["NO_QUEUE_S", "NO_QUEUE_SHARE", "Line", "line_of", "lines"]

BASE_QUANTILE = 0.05
"""What the quickest twentieth needs to get there stands for the way itself: at loads up to .9 more than that many
requests find a worker free (M/M/c with up to eight workers)."""

NO_QUEUE_S = 0.002
NO_QUEUE_SHARE = 0.003
"""Waits over 2 ms in less than 0.3 % of the requests mean that there is no line: simulated services of all kinds."""


@dataclass(frozen=True)
class Line:
    """The requests of one entry service whose send is known, in order of their send. ``wait_ns`` before the work
    began; ``served`` requests that were being worked on at the send. ``workers`` is how many are worked on at once when
    it is busy; ``base_ns`` what getting there takes; ``processes`` how many take requests."""

    service: str
    requests: NDArray[np.int32]
    wait_ns: NDArray[np.float64]
    served: NDArray[np.int64]
    workers: int
    base_ns: float
    processes: int


def lines(digest: Digest) -> list[Line]:
    """One line for each service that requests enter by."""
    requests = digest.requests
    known = requests.measured & (requests.number >= 0) & (requests.sent_ns != requests.start_ns)
    if not known.any():
        return []
    services: dict[str, list[int]] = {}
    for number in np.unique(requests.route[known]).tolist():
        services.setdefault(digest.operations[number].service, []).append(number)
    found = []
    for service, routes in sorted(services.items()):
        chosen = np.flatnonzero(known & np.isin(requests.route, routes)).astype(np.int32)
        one = line_of(digest, service, chosen)
        if one is not None:
            found.append(one)
    return found


def line_of(digest: Digest, service: str, chosen: NDArray[np.int32]) -> Line | None:
    """The line of these requests; None where there are fewer than twenty."""
    if len(chosen) < 20:
        return None
    requests = digest.requests
    chosen = chosen[np.argsort(requests.sent_ns[chosen], kind="stable")]
    wait = (requests.start_ns[chosen] - requests.sent_ns[chosen]).astype(np.float64)
    base = float(np.quantile(wait, BASE_QUANTILE))
    sent = requests.sent_ns[chosen]
    start, end = np.sort(requests.start_ns[chosen]), np.sort(requests.end_ns[chosen])
    served = np.searchsorted(start, sent, "right") - np.searchsorted(end, sent, "right")
    at_start = np.searchsorted(start, start, "right") - np.searchsorted(end, start, "right")
    process = requests.process[chosen]
    return Line(
        service,
        chosen,
        np.maximum(wait - base, 0.0),
        np.maximum(served, 0),
        max(1, int(np.quantile(at_start, 0.95))),
        base,
        len(np.unique(process[process >= 0])) or 1,
    )
