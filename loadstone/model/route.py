"""Routes: a method and a path with its variable parts named, as a service's own table would have it."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["SAFE", "Aside", "Field", "FieldKind", "Framework", "Route", "Source", "route_id"]

SAFE = ("GET", "HEAD", "OPTIONS")
"""Methods that ask a service to change nothing (RFC 9110, 9.2.1), TRACE left out: nobody needs it sent."""

Framework = Literal["django", "flask", "starlette", "aiohttp", "express", "fastify", "koa"]
"""Whose route table can be had from the service itself (``traffic/framework``)."""

Source = Literal["openapi", "log", "har", "postman", "traces", "crawl"] | Framework

Aside = Literal["static", "admin", "docs", "debug"]
"""What is not the service's own work: files, the framework's administration, a page of its interface, a debugger."""

FieldKind = Literal["number", "uuid", "hash", "slug", "date", "token", "word", "personal", "text"]
"""What a field's values look like. ``personal`` (an address, a phone number, a name) and ``token`` are never kept."""


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A variable part of a path, or a parameter of a query.

    ``values`` are readable ones, the most popular first, empty where they must not be kept; ``counts`` how often each
    was seen, 0 where that is not known. ``distinct`` counts all that were seen, kept or not. ``share`` is the share of
    the route's requests that carry it. ``many`` says that it spans several segments of a path (``/files/{path}``).
    True counts lie between ``counts`` and ``counts`` + ``count_error``.
    """

    name: str
    where: Literal["path", "query"] = "path"
    kind: FieldKind = "text"
    required: bool = True
    values: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    distinct: int = 0
    share: float = 1.0
    many: bool = False
    count_error: int = 0


class Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``template`` has its variable parts in braces: ``/products/{id}``. It holds for any host, and has no query.

    ``sources`` say who named it. ``requests`` is how often a log or recording had it. ``name`` is what the service
    calls it; ``body`` the media type that it takes, ``example`` such a body, where a document gave one. ``aside`` is
    null for the service's own work.
    """

    method: str
    template: str
    fields: tuple[Field, ...] = ()
    sources: tuple[Source, ...] = ()
    name: str = ""
    requests: int = 0
    login: bool | None = None
    body: str | None = None
    example: str | None = None
    aside: Aside | None = None

    @property
    def id(self) -> str:
        """``GET /products/{id}``."""
        return route_id(self.method, self.template)

    @property
    def safe(self) -> bool:
        """Whether asking for it changes nothing."""
        return self.method in SAFE


def route_id(method: str, template: str) -> str:
    """How a route is named everywhere."""
    return f"{method} {template}"
