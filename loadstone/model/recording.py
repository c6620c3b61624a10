"""Exchanges that somebody recorded, in order: what a browser or a client asked and what it was answered."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Message", "RecordedExchange", "Recording"]


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One half of an exchange. ``headers`` keep their order and are lower case; ``body`` is null where it was not
    recorded or is no text. Secrets in it are as they were recorded: a recording stays in memory, and what is written
    down goes through ``Draft``."""

    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    media_type: str = ""

    def header(self, name: str) -> str | None:
        """The first header of this name (lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)


class RecordedExchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request and its reply. ``target`` is path and query; ``start_s`` is since the recording's first request,
    ``duration_s`` None where not told. ``status`` is 0 where no reply came. ``page`` numbers the pages or folders that
    the recording is divided in."""

    method: str
    target: str
    request: Message
    status: int
    reply: Message
    start_s: float = 0.0
    duration_s: float | None = None
    page: int = 0


class Recording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one origin (``https://shop.example``); what went elsewhere was counted in ``elsewhere`` and left out, as were
    ``assets`` (scripts, styles, pictures, fonts)."""

    path: str
    kind: Literal["har", "postman"]
    origin: str
    exchanges: tuple[RecordedExchange, ...]
    elsewhere: int = 0
    assets: int = 0
    by: str = ""
    notes: tuple[str, ...] = ()
