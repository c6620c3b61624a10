"""Single spans of a few requests, read once more: what the digest adds up is not told apart there.

The digest says that an operation ran twelve times in a request; whether with other addresses, how long each took and
what its attributes say stands only in the spans. Read for a sample, so that its cost does not grow with the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest, Operation
from loadstone.diagnose.suspect import Scene
from loadstone.diagnose.traces.operations import placed, templated
from loadstone.model.evidence import KINDS

__all__ = ["SAMPLED", "attributes_of", "neighbours", "sampled"]

SAMPLED = 200
"""Requests whose spans are read again: a share of them is known within 7 points (95 %, binomial)."""

_MATCHED = (
    "trace_id",
    "service",
    "kind",
    "name",
    "http_request_method",
    "http_route",
    "url_path",
    "server_address",
    "code_file_path",
    "code_line_number",
    "start_ns",
    "end_ns",
)


def neighbours(digest: Digest, requests: NDArray[np.int32], most: int = SAMPLED) -> NDArray[np.int32]:
    """At most so many of the requests, in order: those in the middle by their trace ids. Spans are kept in the order of
    these, so that few of their groups are read (0.25 s out of ten million spans, 2.8 s for as many all over the run);
    by time, ids that somebody else drew at random are a random sample."""
    if len(requests) <= most:
        return requests
    words = np.ascontiguousarray(digest.requests.trace_id[requests]).view(">u8").reshape(-1, 2)
    order = np.lexsort((words[:, 1], words[:, 0]))
    first = (len(requests) - most) // 2
    return np.sort(requests[order[first : first + most]])


def sampled(
    scene: Scene, requests: NDArray[np.int32], operation: Operation, columns: Sequence[str] = (), most: int = SAMPLED
) -> list[dict[str, Any]]:
    """Spans of the operation in at most ``most`` of the requests, in order of trace and start, each with ``columns``,
    ``start_ns``, ``end_ns`` and ``trace_id``."""
    chosen = neighbours(scene.digest, requests, most)
    if not len(chosen):
        return []
    ids = ", ".join(f"unhex('{one}')" for one in scene.digest.requests.hex(chosen))
    where = f"trace_id IN ({ids})"
    if operation.kind in KINDS and operation.kind != KINDS[0]:
        where += f" AND kind = {KINDS.index(operation.kind)}"
    names = tuple(dict.fromkeys((*_MATCHED, *columns)))
    found = []
    for batch in scene.rows("spans", names, where, "trace_id, start_ns"):
        lists = {name: np.ma.asarray(batch[name]).tolist() for name in names}
        for values in zip(*lists.values(), strict=True):
            row = dict(zip(names, values, strict=True))
            if row["start_ns"] is not None and row["end_ns"] is not None and _same(row, operation):
                found.append(row)
    return found


def attributes_of(row: dict[str, Any]) -> dict[str, Any]:
    """A span's attributes, none where they are no mapping."""
    try:
        return msgspec.json.decode(row.get("attributes") or "{}", type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _same(row: dict[str, Any], operation: Operation) -> bool:
    file = row["code_file_path"]
    if (row["service"] or "") != operation.service or (file and placed(file)) != operation.file:
        return False
    if (row["code_line_number"] or None) != operation.line:
        return False
    if operation.family == "http":
        path = templated(row["url_path"]) if row["url_path"] else ""
        return f"{row['http_request_method'] or 'GET'} {row['server_address'] or ''}{path}" == operation.label
    if row["http_request_method"] is not None and operation.family == "server":
        where = row["http_route"] or (templated(row["url_path"]) if row["url_path"] else "")
        return f"{row['http_request_method']} {where}".strip() == operation.label
    return bool(row["name"] == operation.name)
