"""PostgreSQL as a collector: opened under load, asked for plans once it has ended, silent about its password."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import msgspec

from loadstone.gather.collector import Gathered, Scene, Start
from loadstone.gather.postgres.connection import Refused, connect, first_line, rights
from loadstone.model.evidence import Missing, Plan

if TYPE_CHECKING:
    from loadstone.gather.postgres.activity import Activity
    from loadstone.gather.postgres.connection import Connection, Rights
    from loadstone.gather.postgres.log import Log
    from loadstone.gather.postgres.plans import Budget
    from loadstone.gather.postgres.statements import Row, Statements

__all__ = ["INTERVAL_S", "Postgres"]

INTERVAL_S = 0.1
"""Between two looks at the sessions. A look takes the server tenths of a millisecond to some (benches/postgres.py)."""

LOOK_MS = 1_000
SNAPSHOT_MS = 5_000
"""statement_timeout of the two sessions that look while the load runs."""

_Result = TypeVar("_Result")


class Postgres:
    """Statements, waits and plans of the database that ``scene.dsn`` names.

    ``samples`` are values of parameters by masked statement, as far as the spec allows them to be used.
    """

    def __init__(
        self,
        *,
        samples: Mapping[str, Sequence[object]] = {},
        interval_s: float = INTERVAL_S,
        budget: Budget | None = None,
    ) -> None:
        self._samples = samples
        self._interval_s = interval_s
        self._budget = budget
        self._scene: Scene | None = None
        self._may: Rights | None = None
        self._connections: list[Connection] = []
        self._statements: Statements | None = None
        self._activity: Activity | None = None
        self._log: Log | None = None
        self._rows: list[Row] = []
        self._plans: list[Plan] = []
        self._missing: list[Missing] = []
        self._stopped = False

    @property
    def name(self) -> str:
        """The collector's name in a manifest."""
        return "postgres"

    def prepare(self, scene: Scene, start: Start | None) -> Start | None:
        """Nothing: the service is left as it is."""
        self._scene = scene
        return start

    def open(self) -> None:
        """Connect, and begin to count and to look. What cannot be had is told by ``close``."""
        scene = self._scene
        if scene is None or not scene.dsn:
            self._missing.append(Missing("postgres", "no DSN was given", "name the service's database with --dsn"))
            return
        connection = self._tried("postgres", lambda: self._connected(SNAPSHOT_MS))
        self._may = self._tried("postgres", lambda: rights(connection)) if connection is not None else None
        if connection is None or self._may is None:
            return
        may, found = self._may, connection
        self._activity = self._tried("waits", lambda: self._looking(scene, may))
        self._log = self._tried("auto_explain", lambda: self._logging(found, may))
        self._statements = self._tried("statements", lambda: self._counting(found, scene, may))

    def mark(self, phase: str) -> None:
        """A phase begins; what is counted from here on is its own."""
        if self._statements is not None:
            self._statements.mark(phase)

    def stop(self) -> None:
        """Count and look for the last time, then ask for plans: the load is over and nobody is disturbed."""
        self._stopped = True
        if self._statements is not None:
            self._statements.finish()
            self._rows = self._statements.rows()
        if self._activity is not None:
            self._activity.finish()
        if self._log is not None:
            self._read(self._log)
        if self._rows and self._may is not None:
            self._explain(self._may)

    def close(self) -> Gathered:
        """All tables; the connections end."""
        if not self._stopped:
            self._stopped = True
            if self._statements is not None:
                self._statements.finish()
                self._rows = self._statements.rows()
            if self._activity is not None:
                self._activity.finish()
        for connection in self._connections:
            connection.close()
        statements, activity = self._statements, self._activity
        tables = {}
        if statements is not None:
            self._missing += statements.missing()
            if self._rows:
                tables["statements"] = iter([statements.columns(self._rows)])
        if activity is not None:
            from loadstone.gather.postgres.tables import host_columns, wait_columns

            self._missing += self._unseen(activity)
            texts = {row.query_id: row.text for row in self._rows if row.query_id is not None and row.text is not None}
            tables["waits"] = wait_columns(activity.waits(), texts, round(self._interval_s * 1e9))
            tables["host"] = host_columns(activity.totals)
        return Gathered(
            tables=tables,
            documents={"plans.json": msgspec.json.encode(self._plans)} if self._plans else {},
            missing=tuple(self._missing),
            cpu_s=sum(one.cpu_s for one in (statements, activity) if one is not None),
            cost=_cost(statements, activity),
        )

    def _connected(self, statement_ms: int) -> Connection:
        assert self._scene is not None and self._scene.dsn is not None
        connection = connect(self._scene.dsn, statement_ms=statement_ms)
        self._connections.append(connection)
        return connection

    def _counting(self, connection: Connection, scene: Scene, may: Rights) -> Statements:
        from loadstone.gather.postgres.counters import layout
        from loadstone.gather.postgres.statements import Statements

        statements = Statements(connection, may, layout(connection, may), scene.redaction)
        statements.start()
        return statements

    def _looking(self, scene: Scene, may: Rights) -> Activity:
        from loadstone.gather.postgres.activity import Activity

        spool = scene.spool / "waits.bin"
        activity = Activity(self._connected(LOOK_MS), may, scene.redaction, spool, self._interval_s)
        activity.start()
        return activity

    def _logging(self, connection: Connection, may: Rights) -> Log | None:
        from loadstone.gather.postgres.log import find

        return find(connection, may)

    def _read(self, log: Log) -> None:
        from loadstone.gather.postgres.log import MOST_BYTES, logged, written
        from loadstone.gather.postgres.plans import observed

        assert self._scene is not None and self._may is not None
        try:
            content, whole = written(log)
        except OSError as error:
            self._missing.append(Missing("auto_explain", f"the server's log cannot be read: {error.strerror}"))
            return
        if not whole:
            told = f"the log grew by more than {MOST_BYTES >> 20} MiB; what came after was not read"
            self._missing.append(Missing("auto_explain", told, "raise auto_explain.log_min_duration"))
        self._plans += observed(logged(content, log.format, self._may.database), self._scene.redaction)

    def _explain(self, may: Rights) -> None:
        from loadstone.gather.postgres.plans import Budget, explained

        scene, budget = self._scene, self._budget or Budget()
        assert scene is not None

        def ask() -> list[Plan]:
            connection = self._connected(round(budget.each_s * 1e3))
            plans, missing = explained(connection, may, self._rows, scene.redaction, self._samples, budget)
            self._missing += missing
            return plans

        self._plans = [*(self._tried("plans", ask) or []), *self._plans]

    def _tried(self, kind: str, step: Callable[[], _Result]) -> _Result | None:
        """A step's result; what it cannot have becomes missing evidence."""
        try:
            return step()
        except Refused as refused:
            self._missing.append(refused.missing)
        except Exception as error:
            import psycopg

            if not isinstance(error, psycopg.Error):
                raise
            self._missing.append(Missing(kind, f"the database answered: {first_line(error)}"))
        return None

    def _unseen(self, activity: Activity) -> Iterator[Missing]:
        """What the looks at the sessions did not see."""
        assert self._may is not None
        if activity.failure is not None:
            yield Missing("waits", f"the looks end early: {activity.failure}")
        if activity.hidden:
            told = f"what other roles' sessions wait for is hidden from {self._may.role}"
            yield Missing("waits", told, self._may.grant)
        if activity.unanswered:
            told = f"{activity.unanswered} of {activity.looks} looks were not answered within {LOOK_MS / 1e3:g} s"
            yield Missing("waits", told, "the database was overloaded then: see the host's charts")
        if activity.dropped:
            yield Missing("waits", f"{activity.dropped} waits came after a million others and were only counted")
        if activity.truncated:
            told = f"the statements of {activity.truncated} waits are cut off where the server cuts them off"
            yield Missing("waits", told, "raise track_activity_query_size (4096) and restart the server")


def _cost(statements: Statements | None, activity: Activity | None) -> str | None:
    """What the collector took of the database, in words."""
    told = []
    if activity is not None and activity.looks:
        mean_ms = 1e3 * activity.waited_s / activity.looks
        told.append(f"{activity.looks} looks at the sessions, answered in {mean_ms:.2f} ms on average")
        if activity.late_looks:
            told.append(f"{activity.late_looks} looks left out to keep the pace")
    if statements is not None:
        told.append(f"{1e3 * statements.server_s():.1f} ms of the database's time in all")
    return "; ".join(told) or None
