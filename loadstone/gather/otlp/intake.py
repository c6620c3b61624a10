"""What becomes of a body: checked, counted, spooled or refused. HTTP and gRPC both end here.

Every request ends in exactly one count of ``Counts``: taken, not kept, or refused for a reason.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from typing import Literal

import msgspec

from loadstone.gather.otlp.reply import Rejected
from loadstone.gather.otlp.spool import Spool, SpoolFull

__all__ = [
    "NOT_KEPT",
    "Check",
    "Counts",
    "Intake",
    "Limits",
    "Outcome",
    "Reason",
    "inflated",
]

Check = Callable[[bytes, int], tuple[int, str | None]]
"""A cheap look at a body of a kind: how many spans it holds, and what is wrong with it, if anything."""

Reason = Literal["garbage", "too_large", "unsupported", "not_found", "busy", "full", "slow", "cut_off", "failed"]

NOT_KEPT: dict[str, tuple[str, Rejected]] = {
    "/v1/metrics": ("metrics", "rejectedDataPoints"),
    "/v1/logs": ("logs", "rejectedLogRecords"),
}
"""Signals that are answered, so that exporters stay quiet, and not kept: what they are and the name of their count."""

BUSY_AFTER_S = 1
FULL_AFTER_S = 30
"""``Retry-After``: what is busy is free soon; a full spool stays full until the run is over."""


class Limits(msgspec.Struct, frozen=True):
    """Bounds of the receiver. A body counts with its decompressed length too."""

    body_bytes: int = 64 * 1024 * 1024
    in_flight_bytes: int = 128 * 1024 * 1024
    spool_bytes: int = 8 * 1024 * 1024 * 1024
    body_s: float = 30.0


class Counts(msgspec.Struct):
    """What came and what became of it. ``late`` is the part of the taken that came after the load had ended."""

    requests: int = 0
    taken: int = 0
    spans: int = 0
    body_bytes: int = 0
    late: int = 0
    late_spans: int = 0
    metrics: int = 0
    logs: int = 0
    refused: dict[Reason, int] = {}

    def refuse(self, reason: Reason) -> None:
        """One more request was refused."""
        self.refused[reason] = self.refused.get(reason, 0) + 1


class Outcome(msgspec.Struct, frozen=True):
    """The answer to a request, before its encoding; ``retry_after_s`` where the client is to come again."""

    status: int
    message: str = ""
    retry_after_s: int | None = None


class Intake:
    """The one place where bodies end."""

    def __init__(self, spool: Spool, check: Check, limits: Limits, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self.limits = limits
        self.counts = Counts()
        self.late = False
        """The load has ended: what comes from now on is late."""
        self._spool = spool
        self._check = check
        self._clock_ns = clock_ns
        self._in_flight = 0

    def room(self, size: int) -> bool:
        """Whether so many bytes more may be in flight now."""
        return self._in_flight + size <= self.limits.in_flight_bytes

    def hold(self, size: int) -> None:
        """So many bytes more are in flight (or fewer, where negative)."""
        self._in_flight += size

    @property
    def spool_bytes(self) -> int:
        """Bytes in the spool."""
        return self._spool.bytes

    def take(self, body: bytes, kind: int) -> Outcome:
        """Check one decompressed body and spool it."""
        try:
            spans, error = self._check(body, kind)
            if error is not None:
                return self.refuse("garbage", 400, error)
            self._spool.append(kind, self._clock_ns(), body)
        except SpoolFull as full:
            return self.refuse("full", 503, str(full), FULL_AFTER_S)
        except Exception as error:  # a fault of ours must not leave the counts unbalanced
            return self.refuse("failed", 500, f"the receiver failed with {type(error).__name__}")
        counts = self.counts
        counts.taken += 1
        counts.spans += spans
        counts.body_bytes += len(body)
        if self.late:
            counts.late += 1
            counts.late_spans += spans
        return Outcome(200)

    def drop(self, path: str) -> Outcome:
        """Count a request of a signal that is not kept, by its path."""
        signal = NOT_KEPT[path][0]
        if signal == "metrics":
            self.counts.metrics += 1
        else:
            self.counts.logs += 1
        return Outcome(200, f"this receiver keeps traces; {signal} are read and dropped")

    def busy(self) -> Outcome:
        """Refuse a request for want of memory."""
        return self.refuse("busy", 429, "too many bytes are in flight; come again", BUSY_AFTER_S)

    def refuse(self, reason: Reason, status: int, message: str, retry_after_s: int | None = None) -> Outcome:
        """Count a refusal and give it back."""
        self.counts.refuse(reason)
        return Outcome(status, message, retry_after_s)


_STEP = 1024 * 1024
_MEMBERS = 64  # exporters write one; a body of millions of empty ones would take the receiver's time


def inflated(body: bytes, most: int) -> bytes | None:
    """A gzip body decompressed, all its members; None where it would be longer than ``most``.

    Raises zlib.error for what is not gzip and EOFError for what ends too early. Never holds more than ``most`` and a
    step beyond it.
    """
    out: list[bytes] = []
    size = 0
    for _ in range(_MEMBERS):
        member = zlib.decompressobj(31)  # 16 + 15: gzip, the largest window
        rest = body
        while not member.eof:
            part = member.decompress(rest, min(_STEP, most - size + 1))
            rest = member.unconsumed_tail
            size += len(part)
            if size > most:
                return None
            if part:
                out.append(part)
            elif not rest and not member.eof:
                raise EOFError("the gzip body ends too early")
        body = member.unused_data
        if not body.strip(b"\0"):
            return out[0] if len(out) == 1 else b"".join(out)
    raise zlib.error(f"more than {_MEMBERS} gzip members")
