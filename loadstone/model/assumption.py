"""What is taken as true of traffic and service, and what nobody knows yet."""

from __future__ import annotations

import msgspec

__all__ = ["Assumption", "Unknown"]


class Assumption(msgspec.Struct, frozen=True):
    """Something taken as true of the traffic or the service, with its range, its source and when to look again."""

    name: str
    value: str | float | None = None
    low: str | float | None = None
    high: str | float | None = None
    source: str | None = None
    review: str | None = None


class Unknown(msgspec.Struct, frozen=True):
    """Something that nobody knows yet, and the command that would tell."""

    name: str
    command: str | None = None
