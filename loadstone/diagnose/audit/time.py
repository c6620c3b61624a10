"""Where the time of requests went: children, named waits, a residual that is printed; and what trees had to mend."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from loadstone.model.evidence import KINDS, AuditCheck, Evidence
from loadstone.model.quantity import format_duration, format_share
from loadstone.model.trace import NEEDED, Defects, Trace, traces
from loadstone.stats.critical_path import critical_path

__all__ = ["COVERED", "MENDED", "RESIDUAL", "SPANS_LOOKED_AT", "Times", "checks", "times"]

SPANS_LOOKED_AT = 400_000
"""Trees are built of about so many spans, of traces drawn by their id: two seconds on one core."""

RESIDUAL = 0.25
"""More time than this share in neither children, waits nor the thread's own CPU, and a cause may hide in it that is
larger than most that are found."""

COVERED = 0.5
"""Below this share of the critical path in spans that end it (a statement, a call), most causes cannot be named."""

MENDED = 0.001
"""Spans that had to be mended: one in a thousand changes no conclusion."""

_ENTRY = (KINDS.index("server"), KINDS.index("consumer"))
_CLIENT = KINDS.index("client")
_WAITING = re.compile(r"(?i)\b(pool|wait|acquire|checkout)\b")
"""Names of spans in which a thread waits for a connection or a lock."""

_COLUMNS = (*NEEDED, "db_system_name", "name", "process_pid", "thread_cpu_ns")


@dataclass(slots=True)
class Times:
    """Sums over the traces that were looked at, in nanoseconds along their critical paths. ``every``: one trace in so
    many. ``kinds`` splits ``children``, ``wait_kinds`` the ``waits``. ``ended`` lies in spans that end the path, or in
    a pause. ``cpu`` is what of the rest the roots' own threads may have worked."""

    every: int = 1
    traces: int = 0
    spans: int = 0
    total: int = 0
    children: int = 0
    ended: int = 0
    waits: int = 0
    cpu: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    wait_kinds: Counter[str] = field(default_factory=Counter)
    defects: Defects = field(default_factory=Defects)


def times(evidence: Evidence, spans: int | None) -> Times:
    """Add up the traces; ``spans`` is how many there are, where it is known."""
    every = max(1, (spans or 0) // SPANS_LOOKED_AT)
    found = Times(every=every)
    pauses = _pauses(evidence)
    where = f"hash(trace_id) % {every} = 0" if every > 1 else ""
    for trace in traces(evidence.rows("spans", _COLUMNS, where=where)):
        found.traces += 1
        found.spans += len(trace)
        found.defects.add(trace.defects)
        _add(found, trace, pauses)
    return found


def checks(found: Times) -> Iterator[AuditCheck]:
    """What the sums say: time, coverage, and the trees' defects."""
    if not found.traces:
        nothing = "There are no traces."
        yield AuditCheck("time", "could not look", nothing, None, None, ("where time goes",))
        yield AuditCheck("coverage", "could not look", nothing, None, None, ("which cause is the largest",))
        return
    yield _time(found)
    yield _coverage(found)
    yield from _defects(found)


def _time(found: Times) -> AuditCheck:
    residual = max(0, found.total - found.children - found.waits)
    known = min(residual, found.cpu)
    dark = (residual - known) / found.total if found.total else 0.0
    kinds = ", ".join(f"{kind} {_s(ns)}" for kind, ns in found.kinds.most_common())
    waits = ", ".join(f"{kind} {_s(ns)}" for kind, ns in found.wait_kinds.most_common() if ns)
    told = (
        f"{_looked(found)} took {_s(found.total)}: {_s(found.children)} in children{f' ({kinds})' if kinds else ''}, "
        f"{_s(found.waits)} in named waits{f' ({waits})' if waits else ''}, residual {_s(residual)}"
        f"{f', up to {_s(known)} of it on its own CPU' if known else ''}."
    )
    named = found.children + found.waits + known
    if dark <= RESIDUAL:
        return AuditCheck("time", "pass", told, found.total / 1e9, named / 1e9)
    told += f" {format_share(dark)} of the time has no name."
    loss = ("what the residual holds", "that a cause is the largest")
    return AuditCheck("time", "fail", told, found.total / 1e9, named / 1e9, loss)


def _coverage(found: Times) -> AuditCheck:
    share = found.ended / found.total if found.total else 0.0
    told = (
        f"{format_share(share)} of the critical path ends in a span of its own; the other {format_share(1 - share)} is "
        "not instrumented."
    )
    if share >= COVERED:
        return AuditCheck("coverage", "pass", told, 1.0, share)
    return AuditCheck("coverage", "fail", told, 1.0, share, ("causes in the part that is not instrumented",))


def _defects(found: Times) -> Iterator[AuditCheck]:
    words = {
        "orphans": ("name a parent that is not there", ("which request caused them", "time by parent")),
        "skewed": ("begin before their parent", ("order and waiting between hosts",)),
        "cycles": ("were their own ancestors", ("time by parent",)),
        "reversed": ("end before they begin, or tell no time", ("how long they took",)),
    }
    of = f" of {found.spans:,} spans"
    for code, (what, loss) in words.items():
        count = int(getattr(found.defects, code))
        failed = count > MENDED * found.spans
        told = f"{count:,}{of} {what}." if count else f"None{of} {what}."
        yield AuditCheck(code, "fail" if failed else "pass", told, found.spans, count, loss if failed else ())


def _add(found: Times, trace: Trace, pauses: dict[int, _Pauses]) -> None:
    root, rows = trace.root, trace.rows
    kinds, systems, names = rows["kind"], rows["db_system_name"], rows["name"]
    pid, cpu = rows["process_pid"][root], rows["thread_cpu_ns"][root]
    stopped = pauses.get(pid)
    rest = 0
    for place, start, end in critical_path(trace.start, trace.end, trace.waited, root):
        length = end - start
        leaf = not trace.children[place] and kinds[place] not in _ENTRY
        if place == root:
            paused = stopped.within(start, end) if stopped else 0
            found.waits += paused
            found.wait_kinds["gc"] += paused
            found.ended += paused
            rest += length - paused
        elif leaf and kinds[place] != _CLIENT and _WAITING.search(names[place] or ""):
            found.waits += length
            found.wait_kinds["pool"] += length
            found.ended += length
        else:
            found.children += length
            found.kinds[_kind(kinds[place], systems[place])] += length
            found.ended += length if leaf else 0
    found.total += trace.duration_ns
    found.cpu += min(rest, cpu or 0)


class _Pauses:
    """Garbage collections of one process, which follow each other."""

    def __init__(self) -> None:
        self.spans: list[tuple[int, int]] = []

    def within(self, start: int, end: int) -> int:
        """How much of [start, end) was paused."""
        paused = 0
        for begin, until in islice(self.spans, max(0, bisect_right(self.spans, (start, 0)) - 1), None):
            if begin >= end:
                break
            paused += max(0, min(end, until) - max(start, begin))
        return paused


def _kind(kind: int | None, system: str | None) -> str:
    if system:
        return "database"
    if kind == _CLIENT:
        return "calls"
    return "called services" if kind in _ENTRY else "inside"


def _pauses(evidence: Evidence) -> dict[int, _Pauses]:
    found: dict[int, _Pauses] = {}
    columns = ("at_ns", "duration_ns", "process_pid")
    for batch in evidence.rows("waits", columns, where="kind = 'gc' AND duration_ns > 0 AND process_pid IS NOT NULL"):
        for at, duration, pid in zip(*(batch[name].tolist() for name in columns), strict=True):
            found.setdefault(pid, _Pauses()).spans.append((at, at + duration))
    for pauses in found.values():
        pauses.spans.sort()
    return found


def _looked(found: Times) -> str:
    noun = "trace" if found.traces == 1 else "traces"
    return f"{found.traces:,} {noun}" if found.every == 1 else f"{found.traces:,} {noun}, one in {found.every},"


def _s(ns: float) -> str:
    return format_duration(ns / 1e9)
