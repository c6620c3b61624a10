"""Words that every fault shares: where something is, and how often it is told."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest, Operation
from loadstone.model.finding import Locus

__all__ = ["cut_short", "locus_of", "named", "slowest", "stable_key"]

SHOWN = 5
"""Trace ids told with a fact: enough to look at, few enough to print."""


def locus_of(digest: Digest, step: int | None, operation: Operation | None = None) -> Locus:
    """The locus of an operation within a step."""
    suffering = None if step is None else digest.steps[step]
    told = Locus(
        journey=None if suffering is None else suffering.journey, step=None if suffering is None else suffering.name
    )
    if operation is None:
        return told
    return Locus(
        journey=told.journey,
        step=told.step,
        service=operation.service or None,
        span=operation.label,
        statement=operation.statement,
        file=operation.file,
        line=operation.line,
        function=operation.function,
    )


def named(operation: Operation, length: int = 80) -> str:
    """The operation in a sentence: its label, cut."""
    return cut_short(operation.label, length)


def cut_short(label: str, length: int = 80) -> str:
    """A label on one line, with an ellipsis where it is longer."""
    told = " ".join(label.split())
    return told if len(told) <= length else f"{told[: length - 1]}…"


def stable_key(operation: Operation) -> tuple[str, ...]:
    """What names an operation in another run too: no line number, which moves with any edit above it."""
    return operation.service, operation.label, operation.file or "", operation.function or ""


def slowest(digest: Digest, requests: NDArray[np.int32], count: int = SHOWN) -> tuple[str, ...]:
    """Trace ids of the slowest of these requests."""
    if not len(requests):
        return ()
    order = np.argsort(-digest.requests.duration_s[requests], kind="stable")[:count]
    return digest.requests.hex(requests[order])
