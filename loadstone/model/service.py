"""The service under test: where it is, how it is started, what may be sent to it."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Auth", "Service", "Tls"]


class Tls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How certificates are checked. ``ca_file`` adds a PEM file to the system's roots."""

    ca_file: str | None = None
    verify: bool = True


class Auth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Credentials sent with every request, as template texts (``{env.TOKEN}``); one of the two is set."""

    user: str | None = None
    password: str | None = None
    bearer: str | None = None


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One service. ``start`` is a command line; without it the service is expected to be up already.

    ``instrument`` says how an observed run looks inside a service that Loadstone starts; a plain run never does.
    ``dsn`` is a template text (``{env.DATABASE_URL}``), ``show`` names parameters whose values evidence may hold.
    """

    url: str
    start: str | None = None
    ready: str | None = None
    ready_timeout_s: float = 30.0
    cwd: str | None = None
    env: dict[str, str] = {}
    tls: Tls = Tls()
    auth: Auth | None = None
    instrument: bool | Literal["otel"] = True
    dsn: str | None = None
    show: tuple[str, ...] = ()
