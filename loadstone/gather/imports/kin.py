"""How the spans of a file hang together: cycles, which are broken; doubles, orphans and skewed clocks, which are told.

A span is remembered by 24 bytes: hashes of its identity and of its parent's, trace and span together, and its start.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loadstone.gather.imports.span import Seen

__all__ = ["REMEMBERED", "Kin", "unbound"]

REMEMBERED = 5_000_000
"""Spans at most of which kinship is told: 120 MB, and twice that while they are sorted."""

SKEW_NS = 1_000
"""A child may start this much before its parent: clocks that tell microseconds round."""

Words = NDArray[np.uint64]
_ODD = np.uint64(0x9E37_79B9_7F4A_7C15)


class Kin:
    """Takes batch after batch; ``tell`` counts once the last has come."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._held: list[tuple[Words, Words, NDArray[np.int64]]] = []
        self._count = 0

    def take(
        self, traces: list[bytes], spans: list[bytes], parents: list[bytes | None], starts: NDArray[np.int64]
    ) -> list[int]:
        """Note a batch; the places of spans whose parents must go, so that no cycle is left in it."""
        own, above = _identities(traces, spans, parents)
        cut = unbound(own, above, starts)
        above[cut] = 0
        self._seen.broken += len(cut)
        self._count += len(own)
        if self._count <= REMEMBERED:
            self._held.append((own, above, starts))
        else:
            self._seen.unlooked = True
        return cut

    def tell(self) -> None:
        """Count doubles, orphans, children that start before their parents, and cycles across batches."""
        if not self._held:
            return
        own, above, starts = (np.concatenate(column) for column in zip(*self._held, strict=True))
        self._held.clear()
        known, first = np.unique(own, return_index=True)
        self._seen.duplicates += len(own) - len(known)
        child = np.flatnonzero(above != 0)
        place = np.minimum(np.searchsorted(known, above[child]), len(known) - 1)
        there = known[place] == above[child]
        self._seen.orphans += int(np.count_nonzero(~there))
        child, parent = child[there], first[place[there]]
        self._seen.skewed += int(np.count_nonzero(starts[child] < starts[parent] - SKEW_NS))
        self._seen.wide_cycles += len(unbound(own, above, starts))


def unbound(own: Words, above: Words, starts: NDArray[np.int64]) -> list[int]:
    """Of each cycle of parents the place of the span that starts first."""
    count = len(own)
    if count == 0:
        return []
    known, first = np.unique(own, return_index=True)
    place = np.minimum(np.searchsorted(known, above), len(known) - 1)
    parent = np.where((above != 0) & (known[place] == above), first[place], count)
    parent = np.append(parent, count)
    far = parent
    for _ in range(count.bit_length()):  # twice as far each time; what is not at the root then never comes there
        if np.all(far == count):
            return []
        far = far[far]
    cut: list[int] = []
    walked: set[int] = set()
    for start in np.unique(far[far != count]).tolist():  # each lies in a cycle itself
        cycle: list[int] = []
        at = start
        while at not in walked:
            walked.add(at)
            cycle.append(at)
            at = int(parent[at])
        if cycle and at == cycle[0]:
            cut.append(min(cycle, key=lambda span: (int(starts[span]), span)))
    # A double of a span keeps its own parent: where it is the one in the cycle, all of its doubles are cut.
    if len(known) < count:
        cut = np.flatnonzero(np.isin(own, own[cut])).tolist()
    return cut


def _identities(traces: list[bytes], spans: list[bytes], parents: list[bytes | None]) -> tuple[Words, Words]:
    """A word for each span and one for its parent, 0 without one."""
    words = np.frombuffer(b"".join(traces), ">u8").astype(np.uint64).reshape(-1, 2)
    trace = (words[:, 0] * _ODD) ^ words[:, 1]
    trace *= _ODD
    none = bytes(8)
    own = np.frombuffer(b"".join(spans), ">u8").astype(np.uint64)
    above = np.frombuffer(b"".join([parent or none for parent in parents]), ">u8").astype(np.uint64)
    return _mixed(trace, own), np.where(above == 0, np.uint64(0), _mixed(trace, above))


def _mixed(trace: Words, span: Words) -> Words:
    mixed = (trace ^ span) * _ODD
    mixed ^= mixed >> np.uint64(29)
    return mixed * _ODD | np.uint64(1)
