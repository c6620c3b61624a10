"""Single spans of chosen requests and operations, read in a second pass: what a digest has added up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest, Operation
from loadstone.diagnose.operations import KEY, Operations
from loadstone.model.evidence import Evidence
from loadstone.model.trace import NEEDED, traces

__all__ = ["FEW", "Segments", "segments_of"]

FEW = 1000
"""So many traces are asked for by their ids; of more, all are read."""

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Segments:
    """Spans by request, then start. ``request`` is a place in the digest's requests, ``operation`` and ``parent``
    places in its operations (``parent`` -1 at the root); instants in nanoseconds of the host's wall clock."""

    request: Ints
    operation: Ints
    parent: Ints
    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    span_id: NDArray[np.void]

    def __len__(self) -> int:
        return len(self.request)


def segments_of(evidence: Evidence, digest: Digest, requests: Ints, wanted: Callable[[Operation], bool]) -> Segments:
    """The spans of these requests whose operation is ``wanted``."""
    chosen = {digest.requests.trace_id[place].tobytes(): place for place in requests.tolist()}
    keep = {one.number for one in digest.operations if wanted(one)}
    numbers: dict[Operation, int] = {}
    for one in digest.operations:
        numbers.setdefault(replace(one, number=0), one.number)
    seen = Operations()
    where = f"trace_id IN ({', '.join(map(_literal, chosen))})" if 0 < len(chosen) <= FEW else ""
    found: list[tuple[int, int, int, int, int, bytes]] = []
    for trace in (
        traces(evidence.rows("spans", tuple(dict.fromkeys((*NEEDED, *KEY))), where)) if chosen and keep else ()
    ):
        asked = chosen.get(trace.trace_id)
        if asked is None:
            continue
        made = [seen.all[seen.number(key)] for key in zip(*(trace.rows[name] for name in KEY), strict=True)]
        operation = [numbers.get(replace(one, number=0), -1) for one in made]
        for place, number in enumerate(operation):
            if number in keep:
                above = -1 if place == trace.root else operation[trace.parent[place]]
                span = trace.rows["span_id"][place] or bytes(8)
                found.append((asked, number, above, trace.start[place], trace.end[place], span))
    found.sort(key=lambda one: (one[0], one[3]))
    columns: list[tuple[int, ...]] = list(zip(*(one[:5] for one in found), strict=True)) or [()] * 5
    whom, what, above = (np.array(values, np.int32) for values in columns[:3])
    start, end = (np.array(values, np.int64) for values in columns[3:])
    spans = np.frombuffer(b"".join(one[5] for one in found), "V8") if found else np.empty(0, "V8")
    return Segments(whom, what, above, start, end, spans)


def _literal(trace_id: bytes) -> str:
    return f"unhex('{trace_id.hex()}')"
