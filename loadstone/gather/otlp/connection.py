"""A connection with patience: uvicorn waits for ever for the head of a request, this one does not.

uvicorn bounds the time between two requests (``timeout_keep_alive``) and ``Endpoint`` the time of a body; what is left
is a client that opens a connection, or begins a head, and goes on byte by byte (slow loris).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["HEAD_S", "Connection", "close_slow"]

HEAD_S = 10.0
"""How long the head of a request may take from its first byte, or a connection to its first request."""


class Connection(H11Protocol):
    """One client."""

    head_since: float | None = None
    """When the head that is being waited for began, by the monotonic clock; None while none is."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        self.head_since = time.monotonic()

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self.head_since = None
        elif self.head_since is None:
            self.head_since = time.monotonic()


def close_slow(connections: Iterable[Any], head_s: float = HEAD_S) -> int:
    """Close the connections whose head takes too long; how many there were."""
    before = time.monotonic() - head_s
    slow = [
        one
        for one in connections
        if isinstance(one, Connection) and one.head_since is not None and one.head_since < before
    ]
    for one in slow:
        one.transport.abort()
    return len(slow)
