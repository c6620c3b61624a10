"""A trace: one request's spans as a tree, whatever the columns held. What had to be mended is counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

from loadstone.model.evidence import KINDS, STATUSES, Columns

__all__ = ["INSTANTS", "NEEDED", "SKEW_NS", "Defects", "Trace", "traces"]

NEEDED = ("trace_id", "span_id", "parent_id", "start_ns", "end_ns", "kind")
"""Columns that a tree is built from."""

SKEW_NS = 1_000_000
"""A child may begin so much before its parent: the resolution of exporters that count milliseconds."""

INSTANTS = 1 << 62
"""Instants from 0 to here (the year 2116) are told; any other is none. So no difference of two overflows 64 bits."""

_SERVER, _CLIENT, _CONSUMER = (KINDS.index(kind) for kind in ("server", "client", "consumer"))
_ERROR = STATUSES.index("error")


class Defects(msgspec.Struct):
    """What was wrong with spans and how often. ``orphans`` name a parent that is not there; ``cycles`` were broken;
    ``duplicates`` left out; ``skewed`` began before their parent; ``outliving`` ended after it (as asynchronous work
    does, which is no fault); ``reversed`` ended before they began or told no time; ``shifted`` were told by another
    host's clock and moved into their caller's time."""

    orphans: int = 0
    cycles: int = 0
    duplicates: int = 0
    skewed: int = 0
    outliving: int = 0
    reversed: int = 0
    shifted: int = 0

    def add(self, other: Defects) -> None:
        """Count another trace's too."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Trace:
    """Spans by place, in order of their start. ``rows`` holds the columns asked for, None where null.

    ``children`` are in order of start; every place but ``root`` is the child of one other. A span without a parent in
    the trace hangs under the root: a server span where there is one, of several the longest.

    ``adrift`` are the places without a parent in the trace. ``waited`` are the children that a span may have waited
    for: not a consumer (OpenTelemetry, "SpanKind": producer and consumer have no critical path between them), not what
    names no parent (another root, or Jaeger's FOLLOWS_FROM), and not what ended more than SKEW_NS after its parent,
    unless that is a client, which may have given up.

    A server span that lies outside its client span though it is no longer, on another host (another service, where
    no host is known), was told by another clock. It is moved to the middle of the client's time, as Jaeger does, and
    with it what lies below it on its own host; not so where the client failed, as it may have given up. This needs the
    columns ``service``, ``host_name`` and ``status``; without them nothing is moved.
    """

    trace_id: bytes
    rows: dict[str, list[Any]]
    start: list[int]
    end: list[int]
    parent: list[int]
    children: list[list[int]]
    waited: list[list[int]]
    adrift: frozenset[int]
    root: int
    defects: Defects

    def __len__(self) -> int:
        return len(self.start)

    @property
    def duration_ns(self) -> int:
        """The root's."""
        return self.end[self.root] - self.start[self.root]

    def walk(self) -> Iterator[tuple[int, int]]:
        """(place, depth), parents before children, siblings by start."""
        waiting = [(self.root, 0)]
        while waiting:
            place, depth = waiting.pop()
            yield place, depth
            waiting.extend((child, depth + 1) for child in reversed(self.children[place]))


def traces(batches: Iterable[Columns]) -> Iterator[Trace]:
    """Traces out of batches of NEEDED columns and others, a trace's spans following each other."""
    open_id: bytes | None = None
    open_rows: dict[str, list[Any]] = {}
    for batch in batches:
        if not len(batch["trace_id"]):
            continue
        lists = {name: _listed(values) for name, values in batch.items()}
        ids = lists["trace_id"]
        bounds = [0, *(place for place in range(1, len(ids)) if ids[place] != ids[place - 1]), len(ids)]
        for first, last in pairwise(bounds):
            rows = {name: values[first:last] for name, values in lists.items()}
            if open_rows and ids[first] == open_id:
                for name, values in rows.items():
                    open_rows[name] += values
                continue
            if open_rows:
                yield _trace(open_id or b"", open_rows)
            open_id, open_rows = ids[first], rows
    if open_rows:
        yield _trace(open_id or b"", open_rows)


def _listed(values: Any) -> list[Any]:  # noqa: ANN401
    """Python values; a masked one is None."""
    listed: list[Any] = np.ma.MaskedArray.tolist(values) if isinstance(values, np.ma.MaskedArray) else values.tolist()
    return listed


def _trace(trace_id: bytes, rows: dict[str, list[Any]]) -> Trace:
    defects = Defects()
    rows = _unique(rows, defects)
    start, end = _times(rows["start_ns"], rows["end_ns"], defects)
    ids, kinds = rows["span_id"], rows["kind"]
    by_id: dict[bytes, list[int]] = {}
    for place, span in enumerate(ids):
        if span is not None:
            by_id.setdefault(span, []).append(place)
    parent = [_parent(place, above, ids[place], kinds, by_id) for place, above in enumerate(rows["parent_id"])]
    _break_cycles(parent, defects)
    tops = [place for place, above in enumerate(parent) if above < 0]
    root = min(tops, key=lambda place: (kinds[place] not in (_SERVER, _CONSUMER), start[place] - end[place], place))
    children: list[list[int]] = [[] for _ in parent]
    adrift = [above < 0 for above in parent]
    for place, above in enumerate(parent):
        if place == root:
            continue
        if above < 0:
            defects.orphans += rows["parent_id"][place] is not None and rows["parent_id"][place] not in by_id
            parent[place] = above = root
        children[above].append(place)
    if {"service", "host_name", "status"} <= rows.keys():
        start, end = _one_clock(rows, start, end, children, adrift, root, defects)
    waited: list[list[int]] = []
    for above, below in enumerate(children):
        if len(below) > 1:
            below.sort(key=start.__getitem__)
        late = end[above] + SKEW_NS
        defects.skewed += sum(start[place] < start[above] - SKEW_NS for place in below)
        defects.outliving += sum(end[place] > late for place in below)
        waited.append(
            [
                place
                for place in below
                if kinds[place] != _CONSUMER
                and (rows["parent_id"][place] is not None or not adrift[place])
                and (end[place] <= late or kinds[above] == _CLIENT)
            ]
        )
    alone = frozenset(place for place, without in enumerate(adrift) if without)
    return Trace(trace_id, rows, start, end, parent, children, waited, alone, root, defects)


def _one_clock(
    rows: dict[str, list[Any]],
    start: list[int],
    end: list[int],
    children: list[list[int]],
    adrift: list[bool],
    root: int,
    defects: Defects,
) -> tuple[list[int], list[int]]:
    """Starts and ends as one clock would have told them; see ``Trace``. ``adrift`` have no parent in the trace."""
    kinds, hosts, services, status = rows["kind"], rows["host_name"], rows["service"], rows["status"]
    shift = [0] * len(start)
    waiting = [root]
    for above in waiting:
        low, high = start[above] + shift[above], end[above] + shift[above]
        for place in children[above]:
            waiting.append(place)
            if adrift[place]:
                continue
            known = hosts[place] is not None and hosts[above] is not None
            if hosts[place] == hosts[above] if known else services[place] == services[above]:
                shift[place] = shift[above]
                continue
            spare = high - low - (end[place] - start[place])
            outside = start[place] < low or end[place] > high
            called = kinds[place] == _SERVER and kinds[above] == _CLIENT and status[above] != _ERROR
            if called and outside and spare >= 0:
                shift[place] = low + spare // 2 - start[place]
                defects.shifted += 1
    if not any(shift):
        return start, end
    return [a + b for a, b in zip(start, shift, strict=True)], [a + b for a, b in zip(end, shift, strict=True)]


def _unique(rows: dict[str, list[Any]], defects: Defects) -> dict[str, list[Any]]:
    """Each (span id, kind) once, the longest of several."""
    ids, kinds = rows["span_id"], rows["kind"]
    keys = set(zip(ids, kinds, strict=True))
    if len(keys) == len(ids):
        return rows
    best: dict[object, int] = {}
    for place, key in enumerate(zip(ids, kinds, strict=True)):
        kept = best.get(key if key[0] is not None else place)
        if kept is None or _length(rows, place) > _length(rows, kept):
            best[key if key[0] is not None else place] = place
    places = sorted(best.values())
    defects.duplicates += len(ids) - len(places)
    return {name: [values[place] for place in places] for name, values in rows.items()}


def _length(rows: dict[str, list[Any]], place: int) -> int:
    return (_told(rows["end_ns"][place]) or 0) - (_told(rows["start_ns"][place]) or 0)


def _told(instant: int | None) -> int | None:
    return instant if instant is not None and 0 <= instant < INSTANTS else None


def _times(start: list[int | None], end: list[int | None], defects: Defects) -> tuple[list[int], list[int]]:
    if None not in start and None not in end and all(map(_in_order, start, end)):
        return start, end  # type: ignore[return-value]
    starts, ends = [], []
    for told, until in zip(start, end, strict=True):
        begin, finish = _told(told), _told(until)
        known = begin if begin is not None else finish if finish is not None else 0
        last = finish if finish is not None and finish >= known else known
        defects.reversed += begin is None or finish is None or finish < begin
        starts.append(known)
        ends.append(last)
    return starts, ends


def _in_order(begin: int | None, finish: int | None) -> bool:
    return begin is not None and finish is not None and 0 <= begin <= finish < INSTANTS


def _parent(
    place: int, above: bytes | None, span: bytes | None, kinds: Sequence[int | None], by_id: dict[bytes, list[int]]
) -> int:
    """The parent's place, -1 for none. Where a client and a server share an id (Zipkin), the server lies under the
    client and other spans under the server."""
    if kinds[place] == _SERVER and span is not None:
        for other in by_id[span]:
            if other != place and kinds[other] == _CLIENT:
                return other
    if above is None:
        return -1
    found = by_id.get(above)
    if found is None:
        return -1
    if len(found) > 1 and above != span:
        return next((other for other in found if kinds[other] == _SERVER), found[0])
    return next((other for other in found if other != place), place)


def _break_cycles(parent: list[int], defects: Defects) -> None:
    """Cut each cycle at its earliest span, which then has no parent."""
    known = [False] * len(parent)
    for first in range(len(parent)):
        path: list[int] = []
        on_path: set[int] = set()
        place = first
        while place >= 0 and not known[place] and place not in on_path:
            path.append(place)
            on_path.add(place)
            place = parent[place]
        if place in on_path:
            cycle = path[path.index(place) :]
            parent[min(cycle)] = -1
            defects.cycles += 1
        for passed in path:
            known[passed] = True
