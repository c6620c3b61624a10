"""The table ``statements``: a row a statement and phase, from snapshots at the phases' borders.

A snapshot is taken by a thread of its own, so that a phase's border does not wait for the database. A statement that
runs over a border counts where it ends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from loadstone.gather.postgres import counters
from loadstone.gather.postgres.connection import TAG, first_line
from loadstone.gather.postgres.counters import Changes, Counters, Key, Layout, Snapshot
from loadstone.model.evidence import Columns, Missing
from loadstone.model.redaction import Redaction

if TYPE_CHECKING:
    from loadstone.gather.postgres.connection import Connection, Rights

__all__ = ["SYSTEM", "Row", "Statements"]

SYSTEM = "postgresql"

STOP_S = 15.0
"""How long the last snapshot is awaited; each is bounded by the session's statement_timeout."""


class Row(msgspec.Struct, frozen=True):
    """What one statement took in one phase. ``raw`` is the statement as the server keeps it, ``text`` masked; both are
    None where this role may not see it."""

    phase: str | None
    start_ns: int
    end_ns: int
    query_id: int | None
    raw: str | None
    text: str | None
    counted: Counters


class Statements:
    """Snapshots of pg_stat_statements over one connection, from ``start`` to ``finish``."""

    def __init__(self, connection: Connection, may: Rights, asked: Layout, redaction: Redaction) -> None:
        self._connection = connection
        self._may = may
        self._asked = asked
        self._redaction = redaction
        self._texts: dict[Key, str] = {}
        self._phase: str | None = None
        self._last: Snapshot | None = None
        self._phases: list[tuple[str | None, int, int, Changes]] = []
        self._failure: str | None = None
        self._unreadable = False
        self._orders: SimpleQueue[str | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="loadstone-statements", daemon=True)
        self.cpu_s = 0.0
        """CPU of the snapshots' thread, once finished."""

    def start(self) -> None:
        """Take the first snapshot, in the caller's thread. Raises psycopg.Error."""
        self.look()
        self._thread.start()

    def mark(self, phase: str) -> None:
        """A phase begins; its first snapshot is taken soon."""
        self._orders.put(phase)

    def finish(self) -> None:
        """Take the last snapshot and wait for it. Raises nothing: see ``missing``."""
        self._orders.put(None)
        self._thread.join(STOP_S)
        if self._thread.is_alive():
            self._failure = self._failure or f"the last snapshot took longer than {STOP_S:g} s"

    def look(self, phase: str | None = None) -> None:
        """Close the phase that goes on and begin another. Raises psycopg.Error."""
        import psycopg

        now = counters.snapshot(self._connection, self._asked, time.time_ns())
        before, self._last = self._last, now
        if before is not None:
            found = counters.changes(before, now)
            unknown = {key[1] for key in found.entries if key not in self._texts and key[1] is not None}
            try:
                self._texts |= counters.texts(self._connection, self._asked, unknown)
            except psycopg.DataError:
                self._unreadable = True
            self._phases.append((self._phase, before.at_ns, now.at_ns, found))
        self._phase = phase

    def rows(self) -> list[Row]:
        """All that was counted, without our own statements. A query id of several roles is one row."""
        found: list[Row] = []
        masked: dict[str, str] = {}
        for phase, start_ns, end_ns, changed in self._phases:
            together: dict[int | None, tuple[str | None, Counters]] = {}
            for key, counted in changed.entries.items():
                raw = self._texts.get(key)
                if TAG in (raw or "") or (raw is None and self._unreadable):
                    continue
                known = together.get(key[1])
                together[key[1]] = (raw, counted) if known is None else (known[0] or raw, known[1].plus(counted))
            for query_id, (raw, counted) in together.items():
                if raw is not None and raw not in masked:
                    masked[raw] = self._redaction.statement(raw, SYSTEM)[0]
                text = None if raw is None else masked[raw]
                found.append(Row(phase, start_ns, end_ns, query_id, raw, text, counted))
        return found

    def server_s(self) -> float:
        """What our own statements took of the server in all phases, as it counted them itself."""
        own = (
            counted.execute_ms + (counted.plan_ms or 0.0)
            for _, _, _, changed in self._phases
            for key, counted in changed.entries.items()
            if TAG in self._texts.get(key, "")
        )
        return sum(own) / 1e3

    def columns(self, rows: list[Row]) -> Columns:
        """The rows as a batch of the table."""

        def texts(value: Callable[[Row], str | None]) -> NDArray[Any]:
            return np.array([value(row) for row in rows], dtype=object)

        def numbers(value: Callable[[Row], int | None]) -> np.ma.MaskedArray[Any, Any]:
            values = [value(row) for row in rows]
            known = np.array([one or 0 for one in values], dtype=np.int64)
            return np.ma.MaskedArray(known, mask=[one is None for one in values])

        def nanoseconds(value_ms: float | None) -> int | None:
            return None if value_ms is None else round(value_ms * 1e6)

        return {
            "phase": texts(lambda row: row.phase),
            "start_ns": numbers(lambda row: row.start_ns),
            "end_ns": numbers(lambda row: row.end_ns),
            "db_system_name": texts(lambda row: SYSTEM),
            "database": texts(lambda row: self._may.database),
            "query_id": texts(lambda row: None if row.query_id is None else str(row.query_id)),
            "db_query_text": texts(lambda row: row.text),
            "calls": numbers(lambda row: row.counted.calls),
            "rows": numbers(lambda row: row.counted.rows),
            "plan_ns": numbers(lambda row: nanoseconds(row.counted.plan_ms)),
            "execute_ns": numbers(lambda row: nanoseconds(row.counted.execute_ms)),
            "blocks_hit": numbers(lambda row: row.counted.blocks_hit),
            "blocks_read": numbers(lambda row: row.counted.blocks_read),
            "blocks_written": numbers(lambda row: row.counted.blocks_written),
            "temp_blocks": numbers(lambda row: row.counted.temp_blocks),
            "wal_bytes": numbers(lambda row: row.counted.wal_bytes),
        }

    def missing(self) -> list[Missing]:
        """What the counts do not hold, and why."""
        found: list[Missing] = []
        if self._failure is not None:
            reason = f"the counts end early: {self._failure}"
            found.append(
                Missing("statements", reason, "look for an overloaded or restarted server in the host's charts")
            )
        if self._unreadable:
            reason = "texts cannot be read: some database of this server ran a statement that is not in its encoding"
            advice = "once as a superuser: SELECT pg_stat_statements_reset()"
            found.append(Missing("statements", reason, advice))
        changed = [change for _, _, _, change in self._phases]
        if any(change.emptied for change in changed) or any(change.reset for change in changed):
            reason = "pg_stat_statements was emptied, wholly or for some statements, during the run: counts are too low"
            found.append(Missing("statements", reason, "let nobody call pg_stat_statements_reset() during a run"))
        lost = sum(change.thrown_away for change in changed)
        gone = sum(change.gone for change in changed)
        emptied = any(change.emptied for change in changed)
        if lost or (gone and not emptied):
            told = f"{lost} times entries were thrown away" if lost else f"{gone} statements vanished"
            reason = f"{told} because pg_stat_statements.max = {self._asked.entries}: counts are too low"
            advice = "raise pg_stat_statements.max and restart the server, or send values as parameters"
            found.append(Missing("statements", reason, advice))
        hidden = sum(counted.calls for change in changed for key, counted in change.entries.items() if key[1] is None)
        if hidden:
            calls = f"{hidden:,} {'call' if hidden == 1 else 'calls'}"
            reason = f"what other roles ran ({calls}) is hidden from {self._may.role}"
            found.append(Missing("statements", reason, self._may.grant))
        return found

    def _run(self) -> None:
        """Snapshots in order, until the last one is ordered or one fails."""
        import psycopg

        while self._failure is None:
            phase = self._orders.get()
            try:
                self.look(phase)
            except psycopg.Error as error:
                self._failure = first_line(error)
            except Exception as error:
                self._failure = f"an answer was not as expected ({type(error).__name__})"
            if phase is None:
                break
        self.cpu_s = time.thread_time()
