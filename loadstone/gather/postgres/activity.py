"""What sessions wait for, looked at some ten times a second (pg_stat_activity), and the database's own counters once a
second (pg_stat_database).

A look is one statement, of some tenths of a millisecond. Who blocks whom is asked for sessions that wait for a lock
alone: pg_blocking_pids() halts the lock manager for a moment. Waits are spooled as they come, masked, so that the
memory does not grow with the run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from loadstone.gather.postgres.comments import trace_of
from loadstone.gather.postgres.connection import APPLICATION, TAG, first_line
from loadstone.model.redaction import Redaction

if TYPE_CHECKING:
    from loadstone.gather.postgres.connection import Connection, Rights

__all__ = ["Activity", "Seen", "Totals"]

DATABASE_S = 1.0
"""How often connections and the database's counters are told."""

MOST = 1_000_000
"""Waits that are kept; what comes after is counted alone."""

_REMEMBERED = 2_000  # texts whose masked form is kept; a service has some hundreds of statements

_SESSIONS = """
WITH {tag} seen AS MATERIALIZED (
    SELECT pid, CASE WHEN state IS NULL OR state = 'disabled' THEN '' ELSE state END AS state,
        wait_event_type, wait_event, {query_id} AS query_id,
        CASE WHEN state <> 'idle' THEN query END AS query
    FROM pg_stat_get_activity(NULL)
    WHERE datid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND application_name <> '{application}'
        AND coalesce(backend_type, 'client backend') IN ('client backend', 'parallel worker')
)
SELECT pid, state, wait_event_type, wait_event, query_id, query, octet_length(query),
    CASE WHEN wait_event_type = 'Lock' THEN pg_blocking_pids(pid) END, 1::int8
FROM seen WHERE state NOT IN ('idle', '')
UNION ALL
SELECT NULL, state, NULL, NULL, NULL, NULL, NULL, NULL, count(*) FROM seen WHERE state IN ('idle', '') GROUP BY state
"""

_TOTALS = """
SELECT {tag} pg_stat_get_db_xact_commit(d), pg_stat_get_db_xact_rollback(d), pg_stat_get_db_blocks_hit(d),
    pg_stat_get_db_blocks_fetched(d), pg_stat_get_db_deadlocks(d), pg_stat_get_db_temp_files(d),
    pg_stat_get_db_temp_bytes(d)
FROM (SELECT oid FROM pg_database WHERE datname = current_database()) AS here (d)
"""


class Seen(msgspec.Struct, frozen=True):
    """A session that waited at one look. ``blocker`` is what the first of ``blocked_by`` did at the time."""

    at_ns: int
    pid: int
    state: str
    name: str
    text: str | None
    query_id: int | None = None
    blocked_by: tuple[int, ...] = ()
    blocker: str | None = None
    truncated: bool = False
    trace: bytes | None = None
    span: bytes | None = None


class Totals(msgspec.Struct, frozen=True):
    """One second of the database. Sessions are the mean over the looks; counters are None in the first second and
    where they ran backwards (someone reset them). Our own sessions and transactions are left out."""

    at_ns: int
    span_ns: int
    active: float
    waiting: float
    idle: float
    idle_in_transaction: float
    counters: tuple[int, ...] | None = None


class Activity:
    """A thread that looks, over a connection of its own, from ``start`` to ``finish``."""

    def __init__(
        self, connection: Connection, may: Rights, redaction: Redaction, spool: Path, interval_s: float
    ) -> None:
        self._connection = connection
        self._redaction = redaction
        self._spool = spool
        self._interval_s = interval_s
        query_id = "query_id" if may.version >= 140000 else "NULL::int8"
        self._sessions = _SESSIONS.format(tag=TAG, query_id=query_id, application=APPLICATION).encode()
        self._database = _TOTALS.format(tag=TAG).encode()
        self._cut_at = _text_bytes(connection) - 1
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loadstone-activity", daemon=True)
        self._masked: dict[str, str] = {}
        self.totals: list[Totals] = []
        self.kept = 0
        self.dropped = 0
        self.truncated = 0
        self.hidden = 0
        self.looks = 0
        self.waited_s = 0.0
        """Wall time between asking and being answered, all looks together."""
        self.late_looks = 0
        self.unanswered = 0
        self.failure: str | None = None
        self.cpu_s = 0.0

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def finish(self) -> None:
        """Stop looking; the last second is told even when it is not a whole one."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def waits(self) -> Iterator[Seen]:
        """Every wait that was kept, from the spool."""
        decoder = msgspec.msgpack.Decoder(Seen)
        if not self._spool.exists():
            return
        with self._spool.open("rb") as file:
            while head := file.read(4):
                yield decoder.decode(file.read(int.from_bytes(head, "little")))

    def _run(self) -> None:
        import psycopg

        try:
            with self._spool.open("wb") as file:
                self._look_on(file)
        except psycopg.Error as error:
            self.failure = first_line(error)
        except OSError as error:
            self.failure = f"the spool cannot be written: {error.strerror}"
        except Exception as error:
            self.failure = f"an answer was not as expected ({type(error).__name__})"
        finally:
            self.cpu_s = time.thread_time()

    def _look_on(self, file: IO[bytes]) -> None:
        """Look at a steady pace, never twice in a row to catch up: a late look is counted, its place stays empty."""
        import psycopg

        second = _Second(time.monotonic(), self._read_totals())
        due = second.start_s
        while True:
            stopping = self._stop.is_set()
            try:
                second.looks.append(self._look(file))
                if stopping or time.monotonic() - second.start_s >= DATABASE_S:
                    second = self._tell(second)
            except psycopg.errors.QueryCanceled:
                self.unanswered += 1
            if stopping:
                return
            now = time.monotonic()
            missed = max(0, int((now - due) / self._interval_s))
            self.late_looks += missed
            due += (missed + 1) * self._interval_s
            self._stop.wait(max(0.0, due - now))

    def _look(self, file: IO[bytes]) -> dict[str, float]:
        at_ns, before = time.time_ns(), time.monotonic()
        rows = self._connection.execute(self._sessions, prepare=True).fetchall()
        self.waited_s += time.monotonic() - before
        self.looks += 1
        counts = dict.fromkeys(("active", "waiting", "idle", "idle_in_transaction"), 0.0)
        sessions = {row[0]: row for row in rows if row[0] is not None}
        for pid, state, kind, event, query_id, query, length, blocked_by, number in rows:
            if pid is None:
                counts["idle"] += number if state == "idle" else 0
                self.hidden += number if state == "" else 0
            elif state.startswith("idle in transaction"):
                counts["idle_in_transaction"] += 1
            else:
                counts["active"] += 1
                if kind is not None:
                    counts["waiting"] += 1
                    by = tuple(blocked_by or ())
                    trace = trace_of(query) if query else None
                    self._keep(
                        file,
                        Seen(
                            at_ns=at_ns,
                            pid=pid,
                            state=state,
                            name=f"{kind}:{event}",
                            text=self._mask(query),
                            query_id=query_id,
                            blocked_by=by,
                            blocker=self._told(sessions.get(by[0])) if by else None,
                            truncated=(length or 0) >= self._cut_at,
                            trace=trace[0] if trace else None,
                            span=trace[1] if trace else None,
                        ),
                    )
        return counts

    def _keep(self, file: IO[bytes], seen: Seen) -> None:
        if self.kept >= MOST:
            self.dropped += 1
            return
        self.kept += 1
        self.truncated += seen.truncated
        body = msgspec.msgpack.encode(seen)
        file.write(len(body).to_bytes(4, "little") + body)

    def _told(self, session: tuple[Any, ...] | None) -> str | None:
        """What a session that blocks others does: its state and its last statement."""
        if session is None:
            return None
        text = self._mask(session[5])
        return f"{session[1]}: {text}" if text else str(session[1])

    def _mask(self, query: str | None) -> str | None:
        if query is None:
            return None
        known = self._masked.get(query)
        if known is None:
            if len(self._masked) >= _REMEMBERED:
                self._masked.clear()
            known = self._masked[query] = self._redaction.statement(query, "postgresql")[0]
        return known

    def _tell(self, second: _Second) -> _Second:
        """Add up a second, and begin the next."""
        now_s, after = time.monotonic(), self._read_totals()
        count = len(second.looks)
        mean = {name: sum(look[name] for look in second.looks) / count for name in second.looks[0]}
        added = tuple(one - other for one, other in zip(after, second.before, strict=True))
        own = count + 1  # looks and the reading of the totals, each a transaction of ours
        added = (max(0, added[0] - own), *added[1:])
        counters = None if min(added) < 0 else added
        self.totals.append(Totals(time.time_ns(), round((now_s - second.start_s) * 1e9), **mean, counters=counters))
        return _Second(now_s, after)

    def _read_totals(self) -> tuple[int, ...]:
        row = self._connection.execute(self._database, prepare=True).fetchone()
        return tuple(int(value or 0) for value in row or ())


class _Second(msgspec.Struct):
    """What is being added up: when it began, the counters then, the looks since."""

    start_s: float
    before: tuple[int, ...]
    looks: list[dict[str, float]] = []


def _text_bytes(connection: Connection) -> int:
    """How much of a statement the server shows of a session, its final zero byte included."""
    name = "track_activity_query_size"
    row = connection.execute(f"SELECT {TAG} setting::int FROM pg_settings WHERE name = '{name}'".encode()).fetchone()
    return int(row[0]) if row else 1024
