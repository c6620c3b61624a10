"""Places in the application's code that a profile's samples add up to.

A sample belongs to the innermost function of the application on its stack: what it calls in libraries is its work,
what other functions of the application do is theirs. Work of a database's driver belongs to statements, and that of a
serialiser to the serialiser; neither counts here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.frames import Frame
from loadstone.diagnose.hotspots import Work
from loadstone.diagnose.serialisers import serialiser_at
from loadstone.diagnose.stacks import Profile

__all__ = ["Hot", "hottest"]

PART_SHARE = 0.7
"""A file's functions are told together when none of them has so much of the file's work alone."""


@dataclass(frozen=True)
class Hot:
    """A place: ``frame`` is its function at its heaviest line, which has ``line_share`` of it. ``callee`` is the
    library's function that does the work, None where the lines themselves do; ``caller`` who calls it."""

    frame: Frame
    rows: NDArray[np.bool_]
    samples: int
    line_share: float
    callee: str | None
    caller: str | None


def hottest(profile: Profile, work: Work, least_share: float, least_samples: int) -> Iterator[Hot]:
    """Functions with at least that share of the service's work, the heaviest first; then files whose functions share
    it among them, each by the function that is called from elsewhere."""
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
        first = _entry(frames, place)
        if first is not None:
            entry[stack] = first
            joint[frames[first].key].append(stack)
    least = least_share * work.total
    yield from _found(profile, work, weights, single, inner, least, least_samples)
    several = {
        key: stacks
        for key, stacks in joint.items()
        if _largest(profile, weights, stacks, inner) < PART_SHARE * weights[stacks].sum()
    }
    yield from _found(profile, work, weights, several, entry, least, least_samples)


def _innermost(frames: tuple[Frame, ...]) -> int | None:
    """The application's innermost frame, None where there is none or the work below it is another's."""
    place = next((at for at in range(len(frames) - 1, -1, -1) if frames[at].origin == "application"), None)
    if place is None or any(frame.origin == "data" for frame in frames[place + 1 :]):
        return None
    return None if serialiser_at(frames) is not None else place


def _entry(frames: tuple[Frame, ...], place: int) -> int | None:
    """Where the innermost run of frames of one file begins, None where nothing of the application calls it."""
    first = place
    for at in range(place - 1, -1, -1):
        if frames[at].origin == "application":
            if frames[at].file != frames[place].file:
                return first
            first = at
    return None


def _largest(profile: Profile, weights: NDArray[np.float64], stacks: list[int], inner: dict[int, int]) -> float:
    by_function: dict[tuple[str, str], float] = defaultdict(float)
    for stack in stacks:
        by_function[profile.stacks[stack][inner[stack]].key] += float(weights[stack])
    return max(by_function.values())


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
