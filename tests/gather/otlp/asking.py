"""One request to an ASGI application, without a socket; and a check of bodies that needs no native core."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from loadstone.gather.otlp.endpoint import Endpoint
from loadstone.gather.otlp.intake import Intake, Limits
from loadstone.gather.otlp.spool import Spool

__all__ = ["Answer", "ask", "intake", "scripted_check"]


class Answer(NamedTuple):
    """What came back; status 0 where nothing did."""

    status: int
    headers: dict[str, str]
    body: bytes


def scripted_check(body: bytes, kind: int) -> tuple[int, str | None]:
    """Bodies of a test: ``spans 3`` holds three, anything else is wrong."""
    word, _, count = body.decode(errors="replace").partition(" ")
    return (int(count), None) if word == "spans" and count.isdecimal() else (0, "these are no spans")


def intake(directory: Path, **limits: Any) -> Intake:  # noqa: ANN401  Limits' fields
    """An intake with a spool in ``directory`` and the scripted check."""
    bounds = Limits(**limits)
    return Intake(Spool(directory, bounds.spool_bytes), scripted_check, bounds, lambda: 12345)


def ask(
    taking: Intake,
    parts: Sequence[bytes | None] = (b"",),
    *,
    method: str = "POST",
    path: str = "/v1/traces",
    kind: str = "application/x-protobuf",
    **headers: str,
) -> Answer:
    """Send ``parts`` as the body. None in their place is a client that goes away; an end without a last part never
    comes."""
    told: list[MutableMapping[str, Any]] = []
    waiting = list(parts)

    async def receive() -> MutableMapping[str, Any]:
        if not waiting:
            await asyncio.Event().wait()
        part = waiting.pop(0)
        if part is None:
            return {"type": "http.disconnect"}
        more = bool(waiting) or part == b"..."
        return {"type": "http.request", "body": part, "more_body": more}

    async def send(message: MutableMapping[str, Any]) -> None:
        told.append(message)

    raw = {"content-type": kind} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in raw.items()],
    }
    asyncio.run(Endpoint(taking)(scope, receive, send))
    if not told:
        return Answer(0, {}, b"")
    start, *rest = told
    assert rest[-1].get("more_body", False) is False
    got = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], got, b"".join(message["body"] for message in rest))
