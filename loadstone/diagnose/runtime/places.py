"""Places in the application's code that a profile's samples add up to.

A sample belongs to the innermost function of the application on its stack: what it calls in libraries is its work,
what other functions of the application do is theirs. Work of a database's driver belongs to statements, and that of a
serialiser to the serialiser; neither counts here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.runtime.frames import Frame, served_from
from loadstone.diagnose.runtime.hotspots import Work
from loadstone.diagnose.runtime.serialisers import serialiser_at
from loadstone.diagnose.runtime.stacks import Profile

__all__ = ["Hot", "hottest"]

PART_SHARE = 0.7
"""A file's functions are told together when none of them has so much of the file's work alone; a line of the request's
own function that has so much of it, with what it calls, is the place."""

OUT_SHARE = 0.4
OUT_SHARE_BELOW = 0.3
"""Of that work, what a function has that stands out; less where the function around it is the request's own."""


@dataclass(frozen=True)
class Hot:
    """A place: ``frame`` is its function at its heaviest line, which has ``line_share`` of it. ``callee`` is the
    library's function that does the work, None where the lines themselves do; ``caller`` who calls it. ``around`` is
    the function that holds all of it where that is more than ``frame``'s own."""

    frame: Frame
    rows: NDArray[np.bool_]
    samples: int
    line_share: float
    callee: str | None
    caller: str | None
    around: str | None = None


def hottest(profile: Profile, work: Work, least_share: float, least_samples: int) -> Iterator[Hot]:
    """Functions with at least that share of the service's work, the heaviest first; then functions of one file that
    share it among them: by the largest part where one stands out, else by the function that is called from
    elsewhere."""
    weights = np.bincount(profile.stack[work.rows], profile.weight[work.rows], len(profile.stacks)).astype(np.float64)
    single: dict[tuple[str, str], list[int]] = defaultdict(list)
    joint: dict[tuple[str, str], list[int]] = defaultdict(list)
    inner: dict[int, int] = {}
    entry: dict[int, int] = {}
    for stack in np.flatnonzero(weights).tolist():
        frames = profile.stacks[stack]
        place = _innermost(frames)
        if place is None:
            continue
        inner[stack] = place
        single[frames[place].key].append(stack)
        entry[stack] = _entry(frames, place)
        joint[frames[entry[stack]].key].append(stack)
    least = least_share * work.total
    yield from _found(profile, work, weights, single, inner, least, least_samples)
    for key, stacks in sorted(joint.items(), key=lambda group: (-weights[group[1]].sum(), group[0])):
        yield from _joint(profile, work, weights, key, stacks, inner, entry, least, least_samples)


def _joint(
    profile: Profile,
    work: Work,
    weights: NDArray[np.float64],
    key: tuple[str, str],
    stacks: list[int],
    inner: dict[int, int],
    entry: dict[int, int],
    least: float,
    least_samples: int,
) -> Iterator[Hot]:
    """A function with what it calls in its file, where none of them has nearly all of it."""
    parts: dict[tuple[str, str], list[int]] = defaultdict(list)
    for stack in stacks:
        parts[profile.stacks[stack][inner[stack]].key].append(stack)
    whole = float(weights[stacks].sum())
    largest = max(float(weights[part].sum()) for part in parts.values())
    if len(parts) < 2 or largest >= PART_SHARE * whole:
        return
    # The outermost function is the request's own place: what it calls is the finding if that stands out, else its line.
    frames = profile.stacks[stacks[0]]
    outermost = not any(frame.origin == "application" for frame in frames[served_from(frames) : entry[stacks[0]]])
    called = {one: part for one, part in parts.items() if not (outermost and _within(one, key))}
    if not called:
        return
    most = max(called, key=lambda one: (weights[called[one]].sum(), one))
    stands_out = weights[called[most]].sum() >= (OUT_SHARE_BELOW if outermost else OUT_SHARE) * whole
    if not stands_out and outermost:
        found = _found(profile, work, weights, {key: stacks}, entry, least, least_samples)
        yield from (hot for hot in found if hot.line_share >= PART_SHARE)
        return
    rows_of, at = (called[most], inner) if stands_out else (stacks, entry)
    for hot in _found(profile, work, weights, {key: stacks}, entry, least, least_samples):
        told = _hot(profile, weights, rows_of, at, hot.rows, hot.samples, float(weights[rows_of].sum()))
        yield replace(told, around=hot.frame.where if stands_out else None)


def _within(one: tuple[str, str], outer: tuple[str, str]) -> bool:
    """The same function, or one that is written within it (a comprehension, a closure)."""
    return one == outer or (one[1] == outer[1] and one[0].startswith(f"{outer[0]}.<locals>"))


def _innermost(frames: tuple[Frame, ...]) -> int | None:
    """The application's innermost frame, None where there is none or the work below it is another's."""
    first = served_from(frames)
    place = next((at for at in range(len(frames) - 1, first - 1, -1) if frames[at].origin == "application"), None)
    if place is None or any(frame.origin == "data" for frame in frames[place + 1 :]):
        return None
    return None if serialiser_at(frames) is not None else place


def _entry(frames: tuple[Frame, ...], place: int) -> int:
    """Where the innermost run of frames of one file begins."""
    first = place
    for at in range(place - 1, served_from(frames) - 1, -1):
        if frames[at].origin == "application":
            if frames[at].file != frames[place].file:
                break
            first = at
    return first


def _found(
    profile: Profile,
    work: Work,
    weights: NDArray[np.float64],
    groups: dict[tuple[str, str], list[int]],
    at: dict[int, int],
    least: float,
    least_samples: int,
) -> Iterator[Hot]:
    for _, stacks in sorted(groups.items(), key=lambda group: (-weights[group[1]].sum(), group[0])):
        total = float(weights[stacks].sum())
        chosen = np.zeros(len(profile.stacks), np.bool_)
        chosen[stacks] = True
        rows = chosen[profile.stack] & work.rows
        samples = int(rows.sum())
        if total < least or samples < least_samples:
            continue
        yield _hot(profile, weights, stacks, at, rows, samples, total)


def _hot(
    profile: Profile,
    weights: NDArray[np.float64],
    stacks: list[int],
    at: dict[int, int],
    rows: NDArray[np.bool_],
    samples: int,
    total: float,
) -> Hot:
    lines: dict[Frame, float] = defaultdict(float)
    callees: dict[str | None, float] = defaultdict(float)
    callers: dict[str | None, float] = defaultdict(float)
    for stack in stacks:
        frames, place, weight = profile.stacks[stack], at[stack], float(weights[stack])
        lines[frames[place]] += weight
        below = frames[place + 1] if place + 1 < len(frames) else None
        callees[None if below is None else f"{below.function} ({below.file})" if below.file else below.function] += (
            weight
        )
        above = next((one for one in frames[place - 1 :: -1] if one.origin == "application"), None) if place else None
        callers[None if above is None else above.where] += weight
    line = max(lines, key=lambda one: (lines[one], one.where))
    callee = max(callees, key=lambda one: callees[one])
    return Hot(
        line,
        rows,
        samples,
        lines[line] / total,
        callee if callee is not None and callees[callee] > total / 2 else None,
        max(callers, key=lambda one: callers[one]),
    )
