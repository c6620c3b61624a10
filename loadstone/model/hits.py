"""Requests of an access log as columns, batch by batch: large, masked, and never held whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from loadstone.model.log_reading import LogReading
from loadstone.model.route import Route

__all__ = ["BOT", "METHODS", "MONITOR", "NONE", "PERSON", "SCANNER", "HitBatch", "Hits"]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "OTHER")
"""By their number in ``HitBatch.method``."""

PERSON, BOT, SCANNER, MONITOR = 0, 1, 2, 3
"""Who asked: somebody with a browser or an app, a crawler that says so, one that tries for holes, a health check."""

NONE = -1
"""Not told by the log; in ``route`` and ``referer``, no route."""


class HitBatch(NamedTuple):
    """One row a request, all columns of one length, in the order in which requests were logged.

    ``time_ns`` is the request's start on the host's wall clock (where a log writes its end and the duration is known,
    that has been taken off); ``duration_ns`` and ``bytes`` are NONE, ``status`` is 0 where the log has none. ``client``
    is a keyed hash of a session cookie, else of address and agent, so that a visitor can be followed and not found.
    ``route`` is an index into ``Hits.routes()`` after the last batch was read; until then it may still be merged with
    others, and ``Hits.settled`` maps it. ``value`` is a keyed hash of the values of the path's variable parts: where a
    route has none, always the same; 0 where nothing was asked for. ``referer`` is the route of the page that led here,
    on this service.
    """

    time_ns: NDArray[np.int64]
    duration_ns: NDArray[np.int64]
    bytes: NDArray[np.int64]
    client: NDArray[np.uint64]
    value: NDArray[np.uint64]
    route: NDArray[np.int32]
    referer: NDArray[np.int32]
    status: NDArray[np.uint16]
    method: NDArray[np.uint8]
    kind: NDArray[np.uint8]


class Hits(Protocol):
    """What a log holds. Batches can be gone through once for each call of ``batches``."""

    def batches(self) -> Iterator[HitBatch]:
        """In time order over all files, as far as the files are in order themselves."""

    def settled(self) -> NDArray[np.int32]:
        """From a batch's route to the index in ``routes()``; complete once all batches were read."""

    def routes(self) -> tuple[Route, ...]:
        """The routes, with their fields; complete once all batches were read."""

    def reading(self) -> LogReading:
        """What was read and what could not be."""
