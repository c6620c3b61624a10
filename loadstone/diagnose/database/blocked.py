"""Which statements wait for locks, and how much of their time: judged once, for several faults."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadstone.diagnose.database.asked import asked
from loadstone.diagnose.database.locks import Waited, waited
from loadstone.diagnose.suspect import Scene

__all__ = ["LOOKS", "SHARE", "Blocked", "blocked"]

LOOKS = 5
"""Sightings of a wait: with five the time is known within some 45 % (Poisson), enough to say that it is one."""

SHARE = 0.25
"""Of the statement's time. Below it the statement has a life of its own."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """``share`` of the statement's time over the run is waiting for a lock; ``base_ns`` a call takes without."""

    waits: Waited
    share: float
    base_ns: float


def blocked(scene: Scene) -> dict[str, Blocked]:
    """By masked text, for ``scene.once``."""
    waits = {text: one for text, one in scene.once(waited).items() if one.looks >= LOOKS}
    if not waits:
        return {}
    table = scene.once(asked)
    spent: dict[str, float] = {}
    base: dict[str, list[float]] = {}
    for _, number, places in table.groups():
        text = scene.digest.operations[number].statement
        if text in waits:
            spent[text] = spent.get(text, 0.0) + float(table.total_ns[places].sum())
            base.setdefault(text, []).append(float(np.quantile(table.total_ns[places] / table.count[places], 0.05)))
    return {
        text: Blocked(waits[text], min(1.0, waits[text].lock_ns / total), min(base[text]))
        for text, total in spent.items()
        if total > 0 and waits[text].lock_ns >= SHARE * total
    }
