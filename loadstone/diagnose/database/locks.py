"""What the database's sessions waited for, by the statement that waited, from looks at them.

A look sees who waits at one instant; so many looks stand for so much time. Who holds the lock is what the first
session in the way was doing at that look.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import msgspec
import numpy as np

from loadstone.diagnose.suspect import Scene

__all__ = ["INTERVAL_NS", "Waited", "waited"]

INTERVAL_NS = 100_000_000
"""Between two looks where the row does not say it: the collector's default."""

_COLUMNS = ("at_ns", "duration_ns", "name", "process_pid", "blocked_by", "db_query_text", "detail")


@dataclass(slots=True)
class Waited:
    """One statement's waits. ``lock_ns`` of them were for locks; ``holders`` is what those in the way did
    ("idle in transaction: UPDATE …"), ``kinds`` names of the locks, ``others`` of what else was waited for.
    ``together`` is the most sessions that waited for a lock in it at one look; ``chained`` waited for one that
    waited itself."""

    looks: int = 0
    lock_ns: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    holders: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    at: Counter[int] = field(default_factory=Counter)
    chained: int = 0

    @property
    def together(self) -> int:
        """Sessions that waited at the same look, at most."""
        return max(self.at.values(), default=0)


def waited(scene: Scene) -> dict[str, Waited]:
    """By masked text, for ``scene.once``."""
    found: dict[str, Waited] = {}
    waiting: set[tuple[int, int]] = set()
    chains: list[tuple[str, int, int]] = []
    for batch in scene.rows("waits", _COLUMNS, where="kind <> 'gc' AND db_query_text IS NOT NULL"):
        columns = [np.ma.MaskedArray.tolist(np.ma.asarray(batch[name])) for name in _COLUMNS]
        for at, lasted, name, pid, by, text, detail in zip(*columns, strict=True):
            one = found.setdefault(text, Waited())
            kind, _, what = (name or "").partition(":")
            if kind != "Lock":
                one.others[name or "?"] += 1
                continue
            told = _detail(detail)
            interval = told.get("interval_ns")
            one.looks += 1
            one.lock_ns += max(0, lasted) if lasted is not None else _whole(interval, INTERVAL_NS)
            one.kinds[what or "?"] += 1
            one.at[at or 0] += 1
            blocker = told.get("blocker")
            if isinstance(blocker, str) and blocker:
                one.holders[blocker] += 1
            waiting.add((at or 0, pid or 0))
            if by is not None:
                chains.append((text, at or 0, by))
    for text, at, by in chains:
        found[text].chained += (at, by) in waiting
    return found


def _detail(text: str | None) -> dict[str, object]:
    try:
        told = msgspec.json.decode(text or "{}")
    except msgspec.DecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else otherwise
