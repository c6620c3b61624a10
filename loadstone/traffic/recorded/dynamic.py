"""A value that is not the same each time: where it stands in requests, and where it comes from."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from loadstone.model.workload import Extraction
from loadstone.traffic.recorded.asked import Place

__all__ = ["Dynamic", "Kind", "Use"]

Kind = Literal["served", "listed", "uuid", "time", "typed", "secret", "unknown"]
"""``served`` by an earlier reply; ``listed``, one of many that a reply listed; else nobody served it: a fresh UUID, an
instant, what somebody typed, a credential, or nothing that is known."""


class Use(NamedTuple):
    """In which exchange of the first recording, at which place, and which letters of what stands there."""

    exchange: int
    place: Place
    start: int
    end: int


class Dynamic(msgspec.Struct, frozen=True):
    """``first`` and ``second`` are the value in the recordings, which stay in memory; ``second`` is null where there is
    one recording alone, and then nothing is ``proved``.

    ``served_by`` is the exchange (of the first recording) whose reply has it, ``extraction`` how it is taken from it;
    both null where no reply has it. ``item`` names the item of a list that a listed one is of, so that two values of
    one item are taken together. ``says`` is a sentence for people that quotes no value.
    """

    name: str
    kind: Kind
    first: str
    second: str | None
    uses: tuple[Use, ...]
    served_by: int | None = None
    extraction: Extraction | None = None
    proved: bool = False
    item: str = ""
    says: str = ""
