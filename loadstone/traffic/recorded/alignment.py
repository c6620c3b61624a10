"""Which exchange of one recording is which of another: the longest common subsequence of what was asked for."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Sequence

from loadstone.model.recording import RecordedExchange

__all__ = ["aligned", "looks_variable", "shape_of"]

MOST_CELLS = 4_000_000
"""Pairs that are weighed one by one (two recordings of 2,000 exchanges); above it difflib's shorter way is taken."""

_VARIABLE = re.compile(
    r"""
    [0-9]+                                          # a number
    | [0-9A-Fa-f]{8}-[0-9A-Fa-f-]{27}               # a UUID
    | [0-9A-Fa-f]{16,}                              # a hash
    | \d{4}-\d{2}(-\d{2})?.*                        # a date
    | (?=[^0-9]*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_.~=-]{8,}  # letters and digits: a token
    | [^@\s]+@[^@\s]+                               # an address
    """,
    re.VERBOSE,
)
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+){1,}")
_VERSION = re.compile(r"v[0-9]+(\.[0-9]+)*")


def looks_variable(segment: str) -> bool:
    """Whether a segment of a path looks like a value: a number, a UUID, a hash, a date, a token."""
    return _VARIABLE.fullmatch(segment) is not None and _VERSION.fullmatch(segment) is None


def shape_of(exchange: RecordedExchange) -> str:
    """Method and path with a mark for what looks like a value, slugs too; of GraphQL, the operation."""
    path = exchange.target.partition("?")[0]
    segments = ["*" if looks_variable(part) or _SLUG.fullmatch(part) else part for part in path.split("/")]
    operation = operation_of(exchange)
    return f"{exchange.method} {'/'.join(segments)}{f' {operation}' if operation else ''}"


def operation_of(exchange: RecordedExchange) -> str:
    """The name of a GraphQL operation; empty for all else."""
    body = exchange.request.body
    if body is None or "query" not in body or exchange.request.media_type != "application/json":
        return ""
    try:
        read = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(read, dict) or not isinstance(read.get("query"), str):
        return ""
    named = read.get("operationName")
    if isinstance(named, str) and named:
        return named
    found = re.match(r"\s*(?:query|mutation|subscription)\s+([A-Za-z_]\w*)", read["query"])
    return found[1] if found else ""


def aligned(
    first: Sequence[RecordedExchange],
    second: Sequence[RecordedExchange],
    shape: Callable[[RecordedExchange], str] = shape_of,
) -> dict[int, int]:
    """For exchanges of the first recording, which of the second they are.

    Of all common subsequences it is one with the most exchanges, and of these one where the most paths and statuses are
    the same.
    """
    ours, theirs = [shape(one) for one in first], [shape(one) for one in second]
    if len(ours) * len(theirs) > MOST_CELLS:
        blocks = difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
        return {block.a + step: block.b + step for block in blocks for step in range(block.size)}
    weights = _weights(ours, theirs, first, second)
    pairs: dict[int, int] = {}
    i = j = 0
    while i < len(ours) and j < len(theirs):
        if ours[i] == theirs[j] and weights[i][j] == _weight(first[i], second[j]) + weights[i + 1][j + 1]:
            pairs[i] = j
            i, j = i + 1, j + 1
        elif weights[i][j] == weights[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _weights(
    ours: Sequence[str], theirs: Sequence[str], first: Sequence[RecordedExchange], second: Sequence[RecordedExchange]
) -> list[list[int]]:
    """``[i][j]`` is the weight of the best common subsequence of what begins at i and at j."""
    table = [[0] * (len(theirs) + 1)]
    for i in range(len(ours) - 1, -1, -1):
        below, row = table[-1], [0] * (len(theirs) + 1)
        for j in range(len(theirs) - 1, -1, -1):
            best = max(below[j], row[j + 1])
            if ours[i] == theirs[j]:
                best = max(best, _weight(first[i], second[j]) + below[j + 1])
            row[j] = best
        table.append(row)
    table.reverse()
    return table


def _weight(one: RecordedExchange, other: RecordedExchange) -> int:
    """More for a pair than for any likeness: the count of pairs decides, likeness only among equals."""
    return 1_000_000 + 2 * (one.target == other.target) + (one.status == other.status)
