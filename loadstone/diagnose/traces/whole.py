"""Batches of whole traces out of batches that cut them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from loadstone.model.evidence import Keyed

__all__ = ["whole"]


def whole(batches: Iterable[Keyed], meet: Callable[[Keyed], None]) -> Iterator[Keyed]:
    """The same spans, each trace in one batch; ``words`` and ``trace_ids`` are empty. ``meet`` is shown every batch as
    it came, before its spans. A trace is held until it ends: one over many batches is joined once, in linear time.
    """
    held: list[Keyed] = []
    for batch in batches:
        meet(batch)
        last = batch.trace[-1]
        others = np.flatnonzero(batch.trace != last)
        cut = int(others[-1]) + 1 if len(others) else 0
        if cut:
            held.append(batch.chosen(slice(0, cut)))
        if held and (cut or held[0].trace[-1] != last):
            yield joined(held)
            held = []
        held.append(batch.chosen(slice(cut, None)))
    if held:
        yield joined(held)


def joined(pieces: list[Keyed]) -> Keyed:
    """One batch out of several."""
    first = pieces[0]
    if len(pieces) == 1:
        return first
    return Keyed(
        np.concatenate([one.trace for one in pieces]),
        np.concatenate([one.span for one in pieces]),
        np.concatenate([one.parent for one in pieces]),
        {name: np.concatenate([one.numbers[name] for one in pieces]) for name in first.numbers},
        {name: np.concatenate([one.codes[name] for one in pieces]) for name in first.codes},
    )
