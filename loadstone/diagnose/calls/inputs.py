"""What a call asks with: whether its address holds only what was known before another call was made.

Traces do not see data, but addresses carry part of it: ids in paths, values (or their hashes) in queries. A call whose
ids came with the request itself, or stood in the earlier call's own address, cannot have waited for that call's answer
to know them. A call with ids never seen before it may well have.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Operation
from loadstone.diagnose.suspect import Scene
from loadstone.diagnose.traces.operations import templated
from loadstone.diagnose.traces.sampled import neighbours, sampled

__all__ = ["Inputs", "Known", "values_of"]

Known = Literal["known", "fixed", "fresh", "unknown"]
"""``known``: its values were there before; ``fixed``: it asks with none; ``fresh``: with some never seen before;
``unknown``: its address is not in the traces."""

SAMPLE = 60
"""Requests looked at: a call that consumes another's answer does so in every request."""

MOST = 0.8
"""Of them so many agree; the rest may be values that are alike by chance."""


def values_of(path: str | None, query: str | None) -> frozenset[str]:
    """Ids in a path and values in a query, without their names."""
    found = set()
    for part in (path or "").split("?")[0].split("/"):
        if part and templated(f"/{part}") == "/{}":
            found.add(part)
    for pair in (query or "").split("&"):
        _, _, value = pair.partition("=")
        if value:
            found.add(value)
    return frozenset(found)


class Inputs:
    """The addresses of one parent's children in a sample of its requests, each operation read once."""

    def __init__(self, scene: Scene, requests: NDArray[np.int32], root: Operation) -> None:
        self._scene, self._root = scene, root
        self._requests = neighbours(scene.digest, requests, SAMPLE)
        self._parameters: dict[int, dict[bytes, str]] = {}
        self._values: dict[int, dict[bytes, frozenset[str]]] = {}

    def known(self, later: Operation, earlier: Operation | None) -> Known:
        """Whether the later call's values stood in the request's own address or in the earlier call's."""
        mine = self._of(later)
        if not mine:
            return "unknown"
        if not any(mine.values()):
            return "fixed"
        none: frozenset[str] = frozenset()
        before = [self._of(self._root)] + ([] if earlier is None else [self._of(earlier)])
        told = [values <= none.union(*(one.get(trace, none) for one in before)) for trace, values in mine.items()]
        if float(np.mean(told)) >= MOST:
            return "known"
        # Where the values are the same in every request they are settings, whoever wrote them.
        if len(mine) > 1 and len(set(mine.values())) == 1:
            return "fixed"
        return "fresh"

    def same(self, later: Operation, earlier: Operation) -> Known:
        """Whether two statements of a request ask with the same parameters, by their hashes."""
        mine, theirs = self._hashes(later), self._hashes(earlier)
        both = [trace for trace in mine if trace in theirs]
        if not both:
            return "unknown"
        if float(np.mean([mine[trace] == theirs[trace] for trace in both])) >= MOST:
            return "known"
        return "fixed" if len(both) > 1 and len({mine[trace] for trace in both}) == 1 else "fresh"

    def _hashes(self, operation: Operation) -> dict[bytes, str]:
        found = self._parameters.get(operation.number)
        if found is None:
            rows = sampled(self._scene, self._requests, operation, ("db_query_parameters_hash",))
            told = {row["trace_id"]: row["db_query_parameters_hash"] for row in rows}
            found = self._parameters[operation.number] = {trace: one for trace, one in told.items() if one}
        return found

    def _of(self, operation: Operation) -> dict[bytes, frozenset[str]]:
        """The values by trace, of spans that tell their address."""
        found = self._values.get(operation.number)
        if found is None:
            found = self._values[operation.number] = {}
            for row in sampled(self._scene, self._requests, operation, ("url_query",)):
                if row["url_path"] is not None:
                    seen = found.get(row["trace_id"], frozenset())
                    found[row["trace_id"]] = seen | values_of(row["url_path"], row["url_query"])
        return found
