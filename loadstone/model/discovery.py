"""What looking at a service found: its routes, how to log in, what it leans on, and what stayed unknown."""

from __future__ import annotations

from typing import Literal

import msgspec

from loadstone.model.assumption import Unknown
from loadstone.model.route import Route

__all__ = ["Database", "Dependency", "Discovery", "Login", "Obstacle", "Probe"]


class Probe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One safe request that was sent, and how it was answered; ``status`` 0 with a ``problem`` where it was not."""

    method: str
    target: str
    status: int
    media_type: str = ""
    size_bytes: int = 0
    took_s: float = 0.0
    location: str | None = None
    problem: str | None = None


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one logs in.

    A form has ``page``, where it stands, and ``action``, where it goes; ``csrf`` is the hidden field that changes, and
    ``csrf_header`` or ``csrf_cookie`` what carries it on. A JSON login answers with a token at the JSONPath ``token``.
    ``user`` and ``password`` are the fields' names, ``fixed`` other fields as they stand in the form. ``csrf_from`` is
    how the token is taken from the page, as a spec would say it (``regex:…``, ``cookie:…``), ``changing`` other hidden
    fields whose values are new on each page, and how each is taken. Of a login that was tried and worked, ``answers``
    is the status that it was answered with, ``landing`` where it led.
    """

    kind: Literal["form", "json", "basic", "bearer"]
    action: str
    method: str = "POST"
    page: str | None = None
    user: str = "username"
    password: str = "password"
    csrf: str | None = None
    csrf_cookie: str | None = None
    csrf_header: str | None = None
    fixed: dict[str, str] = {}
    token: str | None = None
    source: str = ""
    csrf_from: str | None = None
    changing: tuple[tuple[str, str], ...] = ()
    answers: int | None = None
    landing: str | None = None


class Database(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A database that the service uses. ``dsn_env`` is the variable that holds its address; the address itself is never
    kept. ``dsn`` is how a spec would name it: a template of variables (``{env.DATABASE_URL}``), without a secret.
    ``readable`` is null where nobody tried."""

    system: str
    found_by: str
    host: str = ""
    port: int | None = None
    name: str = ""
    dsn_env: str | None = None
    dsn: str | None = None
    readable: bool | None = None
    problem: str | None = None


class Dependency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another service that this one talks to."""

    what: str
    found_by: str
    host: str = ""
    port: int | None = None


class Obstacle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that stands between a newcomer and a measurement: ``code`` is the kind, ``sentence`` says what was met,
    ``advice`` what to do, in one sentence. One that is ``fatal`` ends the way to a spec."""

    code: str
    sentence: str
    advice: str
    fatal: bool = False


class Discovery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it. ``framework`` is what the service is built with (``Django 5.2``), empty where that is not known;
    ``looked`` says, source by source, what was tried and what came of it."""

    url: str
    routes: tuple[Route, ...] = ()
    probes: tuple[Probe, ...] = ()
    login: Login | None = None
    databases: tuple[Database, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    framework: str = ""
    looked: tuple[str, ...] = ()
