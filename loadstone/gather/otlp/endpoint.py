"""OTLP over HTTP as an ASGI application: three paths, two encodings, every bound of the protocol.

Specification: OpenTelemetry Protocol 1.x, OTLP/HTTP. A request is answered in its own encoding. What is refused unread
closes its connection, after a moment in which the client may read why.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from loadstone.gather.otlp.intake import NOT_KEPT, Intake, Outcome, inflated
from loadstone.gather.otlp.reply import exported, refused
from loadstone.gather.otlp.spool import JSON, PROTOBUF

__all__ = ["Endpoint"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LINGER_S = 1.0
LINGER_BYTES = 4 * 1024 * 1024
"""After a refusal a client may still be sending. So much of it is read and dropped: a socket that is closed over unread
bytes resets the connection, and the client would never read the answer (RFC 9112, 9.6)."""

_KINDS = {b"application/x-protobuf": PROTOBUF, b"application/protobuf": PROTOBUF, b"application/json": JSON}
_TYPES = {PROTOBUF: b"application/x-protobuf", JSON: b"application/json"}


class _Gone(Exception):
    """The client went away in the middle of its body."""


class Endpoint:
    """The application. ``receive`` and ``send`` are ASGI 3's."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        counts = self._intake.counts
        counts.requests += 1
        headers = dict(scope["headers"])
        kind = _KINDS.get(headers.get(b"content-type", b"").partition(b";")[0].strip().lower())
        path = scope["path"]
        try:
            outcome, whole = await self._outcome(scope["method"], path, headers, kind, receive)
        except _Gone:
            counts.refuse("cut_off")
            return
        except asyncio.CancelledError:
            counts.refuse("cut_off")
            raise
        if outcome.status == 200:
            signal = NOT_KEPT.get(path)
            said = exported(kind or PROTOBUF, 0, outcome.message, signal[1] if signal else "rejectedSpans")
        else:
            said = refused(JSON if kind is None else kind, outcome.status, outcome.message)
        await _answer(outcome, JSON if kind is None else kind, said, send, None if whole else receive)

    async def _outcome(
        self, method: str, path: str, headers: dict[bytes, bytes], kind: int | None, receive: Receive
    ) -> tuple[Outcome, bool]:
        """What to answer, and whether the body was read to its end."""
        intake = self._intake
        if path != "/v1/traces" and path not in NOT_KEPT:
            return intake.refuse("not_found", 404, "there is /v1/traces, /v1/metrics and /v1/logs"), False
        if method != "POST":
            return intake.refuse("unsupported", 405, f"{path} takes POST"), False
        encoding = headers.get(b"content-encoding", b"identity").strip().lower()
        if kind is None:
            said = "Content-Type is to be application/x-protobuf or application/json"
            return intake.refuse("unsupported", 415, said), False
        if encoding not in (b"identity", b"gzip", b""):
            return intake.refuse("unsupported", 415, "Content-Encoding is to be gzip or identity"), False
        most = intake.limits.body_bytes
        announced = headers.get(b"content-length", b"0")
        size = int(announced) if announced.isdigit() else 0
        if size > most:
            return self._too_large(), False
        if not intake.room(size):
            return intake.busy(), False
        held = 0
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(intake.limits.body_s):
                more = True
                while more:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise _Gone
                    part, more = message["body"], message["more_body"]
                    if not intake.room(len(part)):
                        return intake.busy(), False
                    held += len(part)
                    intake.hold(len(part))
                    if held > most:
                        return self._too_large(), False
                    parts.append(part)
            return self._taken(path, b"".join(parts), kind, encoding), True
        except TimeoutError:
            said = f"the body did not come within {intake.limits.body_s:g} s"
            return intake.refuse("slow", 408, said), False
        finally:
            intake.hold(-held)

    def _taken(self, path: str, body: bytes, kind: int, encoding: bytes) -> Outcome:
        intake = self._intake
        if path in NOT_KEPT:
            return intake.drop(path)
        if encoding == b"gzip":
            try:
                plain = inflated(body, intake.limits.body_bytes)
            except (zlib.error, EOFError) as error:
                return intake.refuse("garbage", 400, f"the body is not gzip: {error}")
            if plain is None:
                return self._too_large()
            body = plain
        return intake.take(body, kind)

    def _too_large(self) -> Outcome:
        limit = self._intake.limits.body_bytes
        return self._intake.refuse("too_large", 413, f"a body may have {limit} bytes, decompressed too")


async def _answer(outcome: Outcome, kind: int, said: bytes, send: Send, unread: Receive | None) -> None:
    headers = [(b"content-type", _TYPES[kind]), (b"content-length", str(len(said)).encode())]
    if outcome.retry_after_s is not None:
        headers.append((b"retry-after", str(outcome.retry_after_s).encode()))
    if outcome.status == 405:
        headers.append((b"allow", b"POST"))
    if unread is not None:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": outcome.status, "headers": headers})
    if unread is None:
        await send({"type": "http.response.body", "body": said})
        return
    await send({"type": "http.response.body", "body": said, "more_body": True})
    dropped = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            more = True
            while more and dropped < LINGER_BYTES:
                message = await unread()
                dropped += len(message.get("body", b""))
                more = message.get("more_body", False)
    await send({"type": "http.response.body", "body": b""})
