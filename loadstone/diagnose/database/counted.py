"""What the database counted itself of each statement, all phases together, by the statement's text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadstone.diagnose.suspect import Scene

__all__ = ["Counted", "counted"]

_COLUMNS = ("db_query_text", "calls", "rows", "execute_ns", "blocks_hit", "blocks_read", "temp_blocks")


@dataclass(slots=True)
class Counted:
    """Sums over a run; ``blocks`` are those found in memory and those read (8 KiB each in PostgreSQL)."""

    calls: int = 0
    rows: int = 0
    execute_ns: int = 0
    blocks: int = 0
    temp_blocks: int = 0

    @property
    def each_ns(self) -> float:
        """Execution of one call on average."""
        return self.execute_ns / self.calls if self.calls else 0.0

    @property
    def rows_each(self) -> float:
        """Rows of one call."""
        return self.rows / self.calls if self.calls else 0.0

    @property
    def blocks_each(self) -> float:
        """Blocks that one call touches."""
        return self.blocks / self.calls if self.calls else 0.0


def counted(scene: Scene) -> dict[str, Counted]:
    """By masked text, for ``scene.once``. Counts that are negative or missing are taken for none."""
    found: dict[str, Counted] = {}
    for batch in scene.rows("statements", _COLUMNS):
        columns = [np.ma.MaskedArray.tolist(np.ma.asarray(batch[name])) for name in _COLUMNS]
        for text, *values in zip(*columns, strict=True):
            if text is None:
                continue
            calls, rows, execute_ns, hit, read, temp = (max(0, int(value or 0)) for value in values)
            one = found.setdefault(text, Counted())
            one.calls += calls
            one.rows += rows
            one.execute_ns += execute_ns
            one.blocks += hit + read
            one.temp_blocks += temp
    return found
