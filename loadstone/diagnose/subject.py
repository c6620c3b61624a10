"""What is diagnosed, as far as it is not evidence: the run's steps, its objectives, and the client's own record."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = ["Bare", "Client", "Judged", "Subject"]


class Judged(msgspec.Struct, frozen=True):
    """An objective as the bare run was judged by it. ``share`` of requests must be under ``limit_s``; 0.99 where it is
    about p99. ``value_s`` is what was measured at that share."""

    name: str
    journey: str | None
    step: str | None
    share: float
    limit_s: float
    value_s: float | None
    outcome: Literal["pass", "fail", "undecided", "invalid"]


class Bare(msgspec.Struct, frozen=True):
    """Response times of a step under the same load unobserved, of all requests where journey and step are None:
    ``quantile_s`` by ``p50``, ``p95`` and ``p99``."""

    journey: str | None
    step: str | None
    quantile_s: dict[str, float]


class Client(msgspec.Struct, frozen=True):
    """The client's record of requests, as columns of one length: ``number`` in the run (ascending), ``step`` as the
    plan counts from 1, instants in nanoseconds (``sent_ns`` -1 where it was never sent), ``bytes_in`` of the reply.
    ``every`` request was kept, or a random share of them."""

    number: NDArray[np.int64]
    step: NDArray[np.int32]
    phase: NDArray[np.int32]
    intended_ns: NDArray[np.int64]
    sent_ns: NDArray[np.int64]
    done_ns: NDArray[np.int64]
    bytes_in: NDArray[np.int64]
    error: NDArray[np.bool_]
    every: bool = True


class Subject(msgspec.Struct, frozen=True):
    """``kind`` is the run's. ``steps`` are (journey, step) in the plan's order, empty where nothing was driven;
    ``warm_up`` names its phases that are not measured. ``closed`` is a population of users that wait for their
    answers. ``cores`` of the host, 0 unknown. ``observer_s_per_request`` is what being looked at costs, None where it
    was not measured; ``bare`` are the response times without it. ``takes_away`` are conclusions that the audit does not
    allow."""

    run: str = ""
    kind: Literal["load", "gather", "import"] = "load"
    steps: tuple[tuple[str, str], ...] = ()
    warm_up: frozenset[int] = frozenset()
    closed: bool = False
    objectives: tuple[Judged, ...] = ()
    client: Client | None = None
    cores: int = 0
    observer_s_per_request: float | None = None
    bare: tuple[Bare, ...] = ()
    takes_away: tuple[str, ...] = ()
    seed: int = 0
