"""What ``loadstone init`` is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

__all__ = ["InitAsked"]


class InitAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments. ``dsn`` is the template that the spec gets and the address behind it; ``hosts`` are those of
    ``--yes-load``; ``environ`` are the variables that secrets are read from. ``allow_unsafe`` lets requests be sent
    that may change something; without it none is, but for a login with the credentials that were given."""

    url: str
    har: tuple[str, ...] = ()
    openapi: str | None = None
    postman: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    log_format: str | None = None
    traces: tuple[str, ...] = ()
    start: str | None = None
    dsn: tuple[str, str] | None = None
    pid: int | None = None
    port: int | None = None
    compose: str | None = None
    user: str | None = None
    password: str | None = None
    token: str | None = None
    output: Path = Path("loadstone.toml")
    force: bool = False
    baseline: bool = True
    crawl: bool = True
    allow_unsafe: bool = False
    seed: int = 1
    hosts: tuple[str, ...] = ()
    environ: Mapping[str, str] = {}
    command: tuple[str, ...] = ()
