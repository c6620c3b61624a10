"""Puts together what py-spy's three recorders saw of one process: stacks with time, thread, and what the thread did.

The recorder of all threads gives, for each thread, its stack from one change to the next: wall time, with instants. The
two others count how often a stack was seen on the CPU and holding the interpreter's lock; held against the wall time
of the same stack that is the share of it which was cpu and gil. The rest was idle: asleep, or waiting for the lock.

A long stretch of one stack becomes a row for each state; a short one becomes one row, and over a stack's short
stretches the states come out in the right proportion. Weight is never lost: a thread's rows add up to its wall time.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from loadstone.gather.profile.place import short
from loadstone.gather.profile.pyspy import Seen
from loadstone.gather.profile.rows import Row
from loadstone.gather.profile.shares import COUNTED, Shares, Stack, Stretch
from loadstone.model.frame import clean, frame_text, join_frames

__all__ = ["rows"]

SLICE_NS = 1_000_000_000
"""No row is longer than this, so that rows can be cut by phase and drawn over time."""

SPLIT_NS = 50_000_000
"""A stretch from this on is split by state; a shorter one, some samples, is given to one."""

UNSEEN_NS = 200_000_000
"""A thread that was not listed so long before a stretch's end had ended: py-spy goes on with its last stack."""

_THREAD = re.compile(r"(?s)thread \((0[xX][0-9a-fA-F]+|\d+)\)(?:: (.*))?")
_OWNER = re.compile(r"(?s)(?:Process (\d+) )?Thread (0[xX][0-9a-fA-F]+|\d+)(?: \"(.*)\")?")


class _Args(msgspec.Struct):
    filename: str = ""
    line: int | None = None
    name: str | None = None


class _Event(msgspec.Struct):
    name: str
    ph: str
    tid: int
    ts: int
    args: _Args = msgspec.field(default_factory=_Args)


class _Frame(msgspec.Struct):
    name: str
    file: str | None = None
    line: int | None = None


class _Profile(msgspec.Struct):
    name: str
    samples: list[list[int]]


class _Shared(msgspec.Struct):
    frames: list[_Frame]


class _Speedscope(msgspec.Struct):
    profiles: list[_Profile]
    shared: _Shared


def rows(seen: Iterable[Seen], cwd: str | None = None) -> Iterator[Row]:
    """Rows of what was seen of one process, set after set; where two sets overlap, the later one begins.

    The files are read twice, so that a stack's state is told from all of them: once to count, once for the rows.
    """
    parts = list(seen)
    untils: list[int | None] = [None] * len(parts)
    shares = Shares()
    following: int | None = None
    for place in range(len(parts) - 1, -1, -1):
        untils[place] = following
        stretches = _cut(parts[place], untils[place], cwd)
        if stretches:
            following = parts[place].started_ns + min(stretch.start_us for stretch in stretches) * 1000
        shares.add(parts[place], stretches, {kind: read_counts(parts[place].files[kind], cwd) for kind in COUNTED})
    shares.settle()
    owed: dict[tuple[int | None, Stack], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for part, until in zip(parts, untils, strict=True):
        yield from _rows(part, _cut(part, until, cwd), shares, owed)


def read_trace(path: Path, cwd: str | None = None) -> list[Stretch]:
    """Stretches of py-spy's Chrome trace of one process, recorded with ``--idle --threads``."""
    try:
        events = msgspec.json.decode(path.read_bytes(), type=list[_Event])
    except (OSError, msgspec.MsgspecError):
        return []
    idents: dict[int, int] = {}
    open_: dict[int, list[str]] = defaultdict(list)
    since: dict[int, int] = {}
    owners: dict[int, tuple[int | None, str | None]] = {}
    found: list[Stretch] = []
    for event in events:
        if event.ph == "M":  # from py-spy 0.5 on threads are numbered, their identity is in the name
            identity = (event.args.name or "").split(":", 1)[0]
            if identity.isdecimal():
                idents[event.tid] = int(identity)
            continue
        stack = open_[event.tid]
        if stack and event.ts > since[event.tid]:
            found.append(_stretch(since[event.tid], event.ts, event.tid, idents, owners, stack))
        if not stack or event.ts != since[event.tid]:
            since[event.tid] = event.ts
        if event.ph == "B":
            if not stack and (thread := _THREAD.fullmatch(event.name)):
                owners[event.tid] = int(thread[1], 0), thread[2]
                stack.append("")
            else:
                stack.append(_frame(event.name, event.args.filename, event.args.line, cwd))
        elif event.ph == "E" and stack:
            stack.pop()
    return found


def _stretch(
    start: int,
    end: int,
    tid: int,
    idents: dict[int, int],
    owners: dict[int, tuple[int | None, str | None]],
    stack: list[str],
) -> Stretch:
    system_id, name = owners.get(tid, (None, None))
    return Stretch(start, end, idents.get(tid, tid), system_id, name, tuple(frame for frame in stack if frame))


def _frame(name: str, file: str | None, line: int | None, cwd: str | None) -> str:
    return frame_text(name, short(file, cwd) if file else None, line)


def read_counts(path: Path, cwd: str | None = None) -> Counter[tuple[int, Stack]]:
    """How often each thread, by the system's id, was seen with each stack, in py-spy's speedscope file."""
    found: Counter[tuple[int, Stack]] = Counter()
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_Speedscope)
    except (OSError, msgspec.MsgspecError):
        return found
    frames = [_frame(frame.name, frame.file, frame.line, cwd) for frame in file.shared.frames]
    for profile in file.profiles:
        owner = _OWNER.fullmatch(profile.name)
        thread = int(owner[2], 0) if owner else 0
        for places, count in Counter(map(tuple, profile.samples)).items():
            found[thread, tuple(frames[place] for place in places)] += count
    return found


def _cut(part: Seen, until_ns: int | None, cwd: str | None) -> list[Stretch]:
    """The part's stretches, up to the next part and no longer than their threads lived."""
    return [
        stretch._replace(end_us=end)
        for stretch in read_trace(part.files["all"], cwd)
        if (end := min(_end_us(part, stretch), _us(part, until_ns))) > stretch.start_us
    ]


def _rows(
    part: Seen, stretches: list[Stretch], shares: Shares, owed: dict[tuple[int | None, Stack], list[float]]
) -> Iterator[Row]:
    names: dict[Stack, str] = {}
    for stretch in stretches:
        key = stretch.system_id, stretch.stack
        split = shares.of(*key)
        frames = names.setdefault(stretch.stack, join_frames(stretch.stack))
        start, end = stretch.start_us * 1000, stretch.end_us * 1000
        name = clean(stretch.name) if stretch.name else None
        for at in range(start, end, SLICE_NS):
            weight = min(at + SLICE_NS, end) - at
            for state, part_ns in _parted(weight, split, owed[key]):
                yield Row(part.started_ns + at, "py-spy", part.pid, stretch.ident, name, state, part_ns, "ns", frames)


STATES = ("gil", "cpu", "idle")


def _parted(weight: int, shares: tuple[float, ...], owed: list[float]) -> Iterator[tuple[str, int]]:
    """The weight by state: split when it is long, whole to the state that is owed most when it is short."""
    if weight >= SPLIT_NS:
        gil, running = round(weight * shares[0]), round(weight * (shares[0] + shares[1]))
        for state, part in zip(STATES, (gil, running - gil, weight - running), strict=True):
            if part > 0:
                yield state, part
        return
    for place, share in enumerate(shares):
        owed[place] += weight * share
    most = max(range(len(STATES)), key=lambda place: owed[place])
    owed[most] -= weight
    yield STATES[most], weight


def _us(part: Seen, instant_ns: int | None) -> int:
    return (instant_ns - part.started_ns) // 1000 if instant_ns is not None else 1 << 62


def _end_us(part: Seen, stretch: Stretch) -> int:
    """The end of a stretch, earlier where its thread was no longer there: one sample, or until it was last listed."""
    if stretch.system_id is None or not part.last_seen_ns:
        return stretch.end_us
    last = _us(part, part.last_seen_ns.get(stretch.system_id, 0))
    if last + UNSEEN_NS // 1000 >= stretch.end_us:
        return stretch.end_us
    return min(max(stretch.start_us + 1_000_000 // part.rates["all"], last), stretch.end_us)
