"""Recordings made by hand: exchanges of a service whose values change with each visit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from loadstone.model.recording import Message, RecordedExchange, Recording

__all__ = ["exchange", "html", "recording"]

ORIGIN = "http://shop.example"


def exchange(
    asked: str,
    reply: object = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    body: object = None,
    form: str | None = None,
    got: Sequence[tuple[str, str]] = (),
    start_s: float = 0.0,
    duration_s: float | None = None,
) -> RecordedExchange:
    """``asked`` is ``POST /orders``; a ``reply`` that is no text is JSON, as is a ``body``."""
    method, target = asked.split(" ", 1)
    sent = tuple((name.lower(), value) for name, value in (headers or {}).items())
    request = Message(sent)
    if form is not None:
        request = Message(sent, form, "application/x-www-form-urlencoded")
    elif body is not None:
        request = Message(sent, body if isinstance(body, str) else json.dumps(body), "application/json")
    text = reply if isinstance(reply, str) or reply is None else json.dumps(reply)
    media_type = "" if reply is None else "text/html" if isinstance(reply, str) else "application/json"
    return RecordedExchange(method, target, request, status, Message(tuple(got), text, media_type), start_s, duration_s)


def html(body: str) -> str:
    """A page with other things around."""
    return (
        f"<!doctype html><html><head><title>Shop</title></head><body><h1>Hello</h1>{body}<p>17 items</p></body></html>"
    )


def recording(*exchanges: RecordedExchange, origin: str = ORIGIN) -> Recording:
    """Of one origin, one second apart where no start is given."""
    placed = [replace(one, start_s=one.start_s or float(index)) for index, one in enumerate(exchanges)]
    return Recording("visit.har", "har", origin, tuple(placed))
