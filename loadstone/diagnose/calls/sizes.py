"""Sizes of replies, as spans' attributes tell them: bytes of the body, and whether it was compressed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Operation
from loadstone.diagnose.suspect import Scene
from loadstone.diagnose.traces.sampled import attributes_of, neighbours, sampled

__all__ = ["Reply", "any_size", "compressed", "replies"]

_SIZES = (
    "http.response.body.size",
    "http.response_content_length",
    "http.response.header.content-length",
    "http.response.size",
    "http.response_content_length_uncompressed",
    "rpc.response.size",
    "response_size",
)
"""OpenTelemetry's names, new and old, and what Envoy's proxies call it."""

LOOKED = 50
"""Requests looked at to say whether sizes are told at all: instrumentations tell them always or never."""

LARGEST = 1 << 50  # a petabyte: beyond it the number is somebody's mistake


@dataclass(frozen=True, slots=True)
class Reply:
    """One span's reply. ``encoding`` is the content-encoding that was told, "" where headers were told without one,
    None where they were not; ``accepts`` the accept-encoding that was told."""

    trace_id: bytes
    took_ns: int
    size_bytes: int
    encoding: str | None
    accepts: str | None


def replies(scene: Scene, requests: NDArray[np.int32], operation: Operation) -> list[Reply]:
    """Replies with known sizes, in a sample of the requests."""
    found = []
    for row in sampled(scene, requests, operation, ("attributes",)):
        told = attributes_of(row)
        size = _size(told)
        if size is not None:
            headers = any(name.startswith("http.response.header.") for name in told)
            encoding = _text(told.get("http.response.header.content-encoding"))
            found.append(
                Reply(
                    row["trace_id"],
                    max(0, row["end_ns"] - row["start_ns"]),
                    size,
                    encoding if encoding is not None else "" if headers else None,
                    _text(told.get("http.request.header.accept-encoding")),
                )
            )
    return found


def any_size(scene: Scene) -> bool:
    """Whether spans of a few requests tell a size."""
    requests = scene.digest.requests
    chosen = requests.hex(neighbours(scene.digest, np.arange(len(requests), dtype=np.int32), LOOKED))
    if not chosen:
        return False
    ids = ", ".join(f"unhex('{one}')" for one in chosen)
    where = f"trace_id IN ({ids}) AND attributes IS NOT NULL"
    return any(
        _size(attributes_of({"attributes": told})) is not None
        for batch in scene.rows("spans", ("attributes",), where)
        for told in batch["attributes"].tolist()
    )


def compressed(found: list[Reply]) -> bool | None:
    """Whether most of the replies were; None where their headers are unknown, or no client would have taken it."""
    told = [reply for reply in found if reply.encoding is not None]
    if not told:
        return None
    yes = sum(reply.encoding not in ("", "identity") for reply in told)
    if yes >= 0.5 * len(told):
        return True
    asked = [reply for reply in told if reply.accepts is not None]
    return False if not asked or any("gzip" in (r.accepts or "") or "br" in (r.accepts or "") for r in asked) else None


def _size(told: dict[str, Any]) -> int | None:
    for name in _SIZES:
        value = told.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:20])
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LARGEST:
            return int(value)
    return None


def _text(value: object) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return value.lower() if isinstance(value, str) else None
