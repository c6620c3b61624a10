"""Stacks folded into trees to be drawn: one for each source and state, bounded, and no weight lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from loadstone.model.evidence import Columns
from loadstone.model.evidence_view import FlameView
from loadstone.model.frame import frames_of
from loadstone.render.profile.added import sample_rows

__all__ = ["SMALL", "SMALLEST_SHARE", "Step", "difference", "fold"]

SMALLEST_SHARE = 0.0005
"""A node under this share of its tree is half a pixel of a page 1000 wide; its siblings of that kind become one."""

MOST_NODES = 20_000
"""Nodes of one tree, some 400 kB of a page; above it the share is raised until they fit."""

DEEPEST = 400
"""Frames of a stack that are drawn; a runaway recursion's deeper ones are left out, their weight is kept."""

SMALL = "(small)"
CUT = "(deeper)"
_TITLES = {
    "gil": "Holding the interpreter's lock",
    "cpu": "On the CPU without the interpreter's lock",
    "idle": "Waiting",
    "alloc": "Memory held at its peak",
}
_STATES = ("gil", "cpu", "idle", "alloc")
_UNITS = {"ns": ("s", 1e-9), "bytes": ("bytes", 1.0)}


def fold(batches: Iterable[Columns], smallest: float = SMALLEST_SHARE) -> tuple[FlameView, ...]:
    """A tree for each source, state and unit, in the order gil, cpu, idle, alloc, sources in alphabetical order.

    The same rows in any order give the same trees. Needs the columns source, state, weight, unit and frames.
    """
    stacks: dict[tuple[str, str, str], Counter[str]] = {}
    samples: Counter[tuple[str, str, str]] = Counter()
    for row in sample_rows(batches):
        key = row.source, row.state, row.unit
        stacks.setdefault(key, Counter())[row.frames] += row.weight
        samples[key] += 1
    ordered = sorted(stacks, key=lambda key: (_place(key[1]), key))
    return tuple(_view(key, stacks[key], samples[key], smallest) for key in ordered)


def _place(state: str) -> int:
    return _STATES.index(state) if state in _STATES else len(_STATES)


def _title(source: str, state: str) -> str:
    if source == "memray leaks":
        return "Memory never given back"
    if state == "cpu" and source != "py-spy":
        return "On the CPU"
    return _TITLES.get(state, state)


class _Node:
    __slots__ = ("children", "own", "total")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.own = 0
        self.total = 0


def _view(key: tuple[str, str, str], stacks: Counter[str], samples: int, smallest: float) -> FlameView:
    source, state, unit = key
    root = _Node()
    for stack, weight in sorted(stacks.items()):
        node = root
        root.total += weight
        frames = frames_of(stack)
        for frame in frames if len(frames) <= DEEPEST else [*frames[:DEEPEST], CUT]:
            node = node.children.setdefault(frame, _Node())
            node.total += weight
        node.own += weight
    columns = _columns(root, root.total * smallest)
    while len(columns[0]) > MOST_NODES:
        smallest *= 2
        columns = _columns(root, root.total * smallest)
    names, parents, owns = columns
    frames_: dict[str, int] = {}
    places = tuple(frames_.setdefault(name, len(frames_)) for name in names)
    shown, factor = _UNITS.get(unit, (unit, 1.0))
    own = tuple(weight * factor for weight in owns)
    return FlameView(_title(source, state), source, state, shown, tuple(frames_), places, tuple(parents), own, samples)


def _columns(root: _Node, least: float) -> tuple[list[str], list[int], list[int]]:
    """Names, parents and own weights, parents first; children that weigh less than ``least`` are one, "(small)"."""
    names: list[str] = []
    parents: list[int] = []
    owns: list[int] = []
    waiting: list[tuple[int, str, _Node]] = []

    def await_children(node: _Node, place: int) -> None:
        small = 0
        shown = []
        for name, child in sorted(node.children.items()):
            if child.total < least or name == SMALL:
                small += child.total
            else:
                shown.append((place, name, child))
        if small:
            rest = _Node()
            rest.own = rest.total = small
            shown.append((place, SMALL, rest))
        waiting.extend(reversed(shown))

    await_children(root, -1)
    while waiting:
        parent, name, node = waiting.pop()
        names.append(name)
        parents.append(parent)
        owns.append(node.own)
        await_children(node, len(names) - 1)
    return names, parents, owns


class Step(NamedTuple):
    """One node of a difference of two runs: its stack, and what it and all above it took a request, in ms or bytes.

    ``change`` is after less before: below 0 the second run takes less.
    """

    frames: tuple[str, ...]
    before: float
    after: float
    change: float


def difference(
    before: FlameView, after: FlameView, requests: tuple[int, int], smallest: float = SMALLEST_SHARE
) -> tuple[Step, ...]:
    """How two runs' trees of one source and state differ, a request: the largest changes first.

    Seconds become milliseconds a request, bytes stay bytes a request; ``requests`` are those of each run. Steps that
    are in one of the runs under "(small)" alone are compared as far as they are drawn. Raises ValueError when the
    units differ or a run had no request.
    """
    if before.unit != after.unit:
        raise ValueError(f"{before.unit} cannot be held against {after.unit}; compare flames of one unit")
    if min(requests) < 1:
        raise ValueError("a run without requests has no time a request")
    factor = 1000.0 if before.unit == "s" else 1.0
    first, second = (
        {stack: total * factor / count for stack, total in _totals(view).items()}
        for view, count in zip((before, after), requests, strict=True)
    )
    least = smallest * max(sum(before.own) * factor / requests[0], sum(after.own) * factor / requests[1])
    steps = [
        Step(stack, first.get(stack, 0.0), second.get(stack, 0.0), second.get(stack, 0.0) - first.get(stack, 0.0))
        for stack in first.keys() | second.keys()
    ]
    return tuple(sorted((s for s in steps if abs(s.change) >= least), key=lambda s: (-abs(s.change), s.frames)))


def _totals(view: FlameView) -> dict[tuple[str, ...], float]:
    totals = np.array(view.own, float)
    stacks: list[tuple[str, ...]] = []
    for place, parent in enumerate(view.parent):
        above = stacks[parent] if parent >= 0 else ()
        stacks.append((*above, view.frames[view.frame[place]]))
    for place in range(len(view.parent) - 1, -1, -1):
        if view.parent[place] >= 0:
            totals[view.parent[place]] += totals[place]
    return {stack: float(total) for stack, total in zip(stacks, totals, strict=True)}
