"""Chrome's and Node's ``.cpuprofile`` (Chrome DevTools Protocol, Profiler.Profile): a tree of nodes and, for each
sample, its node and the microseconds since the sample before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from loadstone.gather.profile.imports.wrong import LONGEST_WEIGHT, in_file, json_of
from loadstone.gather.profile.rows import Row
from loadstone.model.frame import frame_text, join_frames

__all__ = ["rows", "samples"]


class _CallFrame(msgspec.Struct):
    functionName: str = ""
    url: str = ""
    lineNumber: int = -1


class _Node(msgspec.Struct):
    id: int
    callFrame: _CallFrame
    children: list[int] = []
    parent: int | None = None


class _CpuProfile(msgspec.Struct):
    nodes: list[_Node]
    samples: list[int] = []
    timeDeltas: list[float] = []
    startTime: float = 0.0
    endTime: float = 0.0


def rows(path: Path) -> Iterator[Row]:
    """A row a sample, without instants: V8's clock is not the host's."""
    return samples(path)


def samples(
    path: Path, start_ns: int | None = None, pid: int | None = None, source: str = "cpuprofile"
) -> Iterator[Row]:
    """A row a sample; ``start_ns`` is the host's clock when the profile began, where that is known."""
    profile = json_of(path, _CpuProfile, "a .cpuprofile: nodes, samples and timeDeltas")
    if len(profile.samples) != len(profile.timeDeltas):
        found = f"{len(profile.samples)} samples and {len(profile.timeDeltas)} timeDeltas"
        raise in_file(path, "the document", found, "every sample has one timeDelta")
    nodes = {node.id: node for node in profile.nodes}
    parents = {child: node.id for node in profile.nodes for child in node.children}
    parents |= {node.id: node.parent for node in profile.nodes if node.parent is not None}
    stacks: dict[int, str] = {}
    at_us = 0.0
    span_us = profile.endTime - profile.startTime
    for place, (node, delta) in enumerate(zip(profile.samples, profile.timeDeltas, strict=True)):
        if node not in stacks:
            stacks[node] = _stack(path, f"samples[{place}]", node, nodes, parents)
        at_us += delta
        last = place + 1 == len(profile.samples)
        until = max(span_us - at_us, 0.0) if last else profile.timeDeltas[place + 1]
        if not abs(until) * 1000 < LONGEST_WEIGHT:
            raise in_file(path, f"timeDeltas[{place}]", str(until), "microseconds since the sample before")
        if until <= 0:  # V8 may write samples out of order; they share the instant
            continue
        state = "idle" if nodes[node].callFrame.functionName == "(idle)" else "cpu"
        at_ns = None if start_ns is None else start_ns + round(at_us * 1000)
        yield Row(at_ns, source, pid, None, None, state, round(until * 1000), "ns", stacks[node])


def _stack(path: Path, where: str, leaf: int, nodes: dict[int, _Node], parents: dict[int, int]) -> str:
    frames: list[str] = []
    seen: set[int] = set()
    place: int | None = leaf
    while place is not None:
        if place not in nodes:
            raise in_file(path, where, f"node {place}", "a sample names one of nodes, and so does a parent")
        if place in seen:
            raise in_file(path, where, f"node {place} is above itself", "nodes are a tree")
        seen.add(place)
        call = nodes[place].callFrame
        if not (call.functionName == "(root)" and place not in parents):
            file = call.url.removeprefix("file://")
            frames.append(
                frame_text(call.functionName, file or None, call.lineNumber + 1 if call.lineNumber >= 0 else None)
            )
        place = parents.get(place)
    return join_frames(reversed(frames))
