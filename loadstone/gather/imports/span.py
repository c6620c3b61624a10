"""One imported span, whatever the format it came in, and what was counted on the way."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

__all__ = ["NO_RESOURCE", "Resource", "Seen", "Span"]


class Resource(msgspec.Struct, eq=False):
    """Who made a span: attributes of the resource (OpenTelemetry) or the process (Jaeger), not masked yet. One object
    for many spans; ``told`` is what the builder made of it."""

    attributes: dict[str, Any] = {}
    told: Any = None


NO_RESOURCE = Resource()


class Span(msgspec.Struct, eq=False):
    """A span before masking. Times are nanoseconds since 1970, ``start_ns`` None where the format had none. ``kind``
    and ``status`` are numbers of ``model.evidence``. Events are (time, name, attributes), links are (trace id, span
    id, attributes)."""

    trace_id: bytes
    span_id: bytes
    parent_id: bytes | None
    start_ns: int | None
    end_ns: int | None
    kind: int
    name: str
    attributes: dict[str, Any]
    resource: Resource = msgspec.field(default_factory=lambda: NO_RESOURCE)
    status: int = 0
    scope: str | None = None
    message: str = ""
    events: list[tuple[int | None, str, dict[str, Any]]] = []
    links: list[tuple[bytes, bytes, dict[str, Any]]] = []


class Seen(msgspec.Struct, eq=False):
    """What an import met, complete once all its batches were taken."""

    spans: int = 0
    nameless: int = 0  # without a usable id
    timeless: int = 0  # without a start
    endless: int = 0
    backwards: int = 0
    absurd: int = 0
    clipped: int = 0
    truncated: int = 0
    repaired: int = 0
    split: int = 0
    broken: int = 0  # cycles
    rescaled: int = 0  # spans in another unit, where it is not known which
    duplicates: int = 0
    orphans: int = 0
    skewed: int = 0
    wide_cycles: int = 0
    unlooked: bool = False
    units: Counter[str] = msgspec.field(default_factory=Counter)
    unknown: Counter[str] = msgspec.field(default_factory=Counter)
    warnings: Counter[str] = msgspec.field(default_factory=Counter)
    notes: list[str] = []
