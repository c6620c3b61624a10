"""Counts between two looks: what ran backwards counts from nothing, what is not ours or not of this database is left
out, and every version of the view's columns is understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import psycopg
import pytest

from loadstone.gather.postgres import counters
from loadstone.gather.postgres.connection import Refused, connect, rights
from loadstone.gather.postgres.counters import Counters, Key, Snapshot, changes
from loadstone.gather.postgres.statements import Statements
from loadstone.model.redaction import Redaction
from tests.gather.postgres.conftest import Session, dsn_of
from tests.throwaway import Postgres, postgres

needs_postgres = pytest.mark.optional(reason="PostgreSQL's server programs are not installed everywhere")


def counted(calls: int, ms: float = 1.0) -> Counters:
    return Counters(calls, calls, None, ms * calls, 0, 0, 0, 0, 0)


def seen(at_ns: int, entries: dict[Key, Counters], **known: object) -> Snapshot:
    return Snapshot(at_ns, entries, **known)  # type: ignore[arg-type]


A: Key = (10, 1)
B: Key = (10, 2)


def test_what_was_added_is_the_difference() -> None:
    found = changes(seen(1, {A: counted(3)}), seen(2, {A: counted(5), B: counted(4)}))
    assert found.entries == {A: counted(2), B: counted(4)}
    assert (found.reset, found.gone, found.thrown_away, found.emptied) == (0, 0, 0, False)


def test_what_stood_still_is_left_out() -> None:
    assert changes(seen(1, {A: counted(3)}), seen(2, {A: counted(3)})).entries == {}


def test_an_entry_that_ran_backwards_counts_from_nothing() -> None:
    found = changes(seen(1, {A: counted(30)}), seen(2, {A: counted(2)}))
    assert found.entries == {A: counted(2)}
    assert found.reset == 1


def test_an_entry_that_began_anew_is_seen_even_when_it_is_ahead() -> None:
    found = changes(seen(1, {A: counted(3)}, since={A: "x"}), seen(2, {A: counted(4)}, since={A: "y"}))
    assert found.entries == {A: counted(4)}
    assert found.reset == 1


def test_emptying_all_is_told() -> None:
    found = changes(seen(1, {A: counted(3)}, reset_at="x"), seen(2, {A: counted(4)}, reset_at="y"))
    assert found.entries == {A: counted(4)}
    assert found.emptied


def test_evictions_are_counted() -> None:
    found = changes(seen(1, {A: counted(3)}, thrown_away=2), seen(2, {}, thrown_away=7))
    assert (found.thrown_away, found.gone) == (5, 1)


@pytest.fixture
def counting(server: Postgres, redaction: Redaction) -> Iterator[Callable[..., Statements]]:
    opened = []

    def start(role: str = "loadstone", database: str = "postgres") -> Statements:
        connection = connect(dsn_of(server, role, database), statement_ms=5000)
        opened.append(connection)
        may = rights(connection)
        statements = Statements(connection, may, counters.layout(connection, may), redaction)
        statements.look("first")
        return statements

    yield start
    for connection in opened:
        connection.close()


def calls(statements: Statements) -> dict[tuple[str | None, str | None], int]:
    """By phase and text; a parameter's type tells query ids apart, not texts."""
    found: Counter[tuple[str | None, str | None]] = Counter()
    for row in statements.rows():
        found[row.phase, row.text] += row.counted.calls
    return dict(found)


@needs_postgres
def test_counts_agree_exactly_by_phase(
    counting: Callable[..., Statements], session: Callable[..., Session], server: Postgres
) -> None:
    service, other = session("service"), session("loadstone")
    with psycopg.connect(dsn_of(server, "loadstone", "template1"), autocommit=True) as elsewhere:
        statements = counting()
        for number in range(7):
            service.execute("SELECT name FROM item WHERE id = %s", (number,))
        elsewhere.execute("SELECT 'of another database'")
        statements.look("second")
        for number in range(5):
            service.execute(f"SELECT name FROM item WHERE id = {number}".encode())
            other.execute("SELECT name FROM item WHERE id = %s", (number,))
        with service.transaction():
            service.execute("UPDATE stock SET number = number - 1 WHERE item IN (1, 2, 3)")
        statements.look("third")
    found = calls(statements)
    name, stock = "SELECT name FROM item WHERE id = ?", "UPDATE stock SET number = number - ? WHERE item IN (?)"
    assert found == {
        ("first", name): 7,
        ("second", name): 10,
        ("second", stock): 1,
        ("second", "BEGIN"): 1,
        ("second", "COMMIT"): 1,
    }
    columns = statements.columns(statements.rows())
    assert set(columns["database"]) == {"postgres"}
    of_stock = columns["db_query_text"].tolist().index(stock)
    assert columns["rows"][of_stock] == 3
    assert columns["execute_ns"][of_stock] > 0
    assert columns["wal_bytes"][of_stock] > 0
    assert columns["blocks_hit"][of_stock] > 0
    assert np.ma.getmaskarray(columns["plan_ns"]).all()  # track_planning is off
    assert (columns["start_ns"] < columns["end_ns"]).all()
    assert statements.server_s() > 0


@needs_postgres
def test_statements_inside_of_functions_are_not_counted_twice(
    counting: Callable[..., Statements], session: Callable[..., Session]
) -> None:
    service = session("loadstone")
    service.execute("SET pg_stat_statements.track = 'all'")
    statements = counting()
    service.execute("SELECT take(1)")
    statements.look(None)
    assert calls(statements) == {("first", "SELECT take(?)"): 1}


@needs_postgres
def test_emptying_is_noticed(counting: Callable[..., Statements], session: Callable[..., Session]) -> None:
    service = session("service")
    service.execute("SELECT 'before'")
    statements = counting()
    session("loadstone").execute("SELECT pg_stat_statements_reset()")
    service.execute("SELECT 'after'")
    statements.look(None)
    assert calls(statements)["first", "SELECT ?"] == 1
    assert any("emptied" in missing.reason for missing in statements.missing())


@needs_postgres
def test_other_roles_statements_are_hidden_without_rights(
    counting: Callable[..., Statements], session: Callable[..., Session]
) -> None:
    service, plain = session("service"), session("plain")
    statements = counting("plain")
    for _ in range(3):
        service.execute("SELECT count(*) FROM item")
    plain.execute("SELECT 'my own'")
    statements.look(None)
    assert calls(statements) == {("first", None): 3, ("first", "SELECT ?"): 1}
    told = [missing for missing in statements.missing() if "hidden" in missing.reason]
    assert [missing.advice for missing in told] == ["GRANT pg_read_all_stats TO plain"]


@needs_postgres
def test_a_watcher_sees_them(counting: Callable[..., Statements], session: Callable[..., Session]) -> None:
    service = session("service")
    statements = counting("watcher")
    service.execute("SELECT count(*) FROM item")
    statements.look(None)
    assert calls(statements) == {("first", "SELECT count(*) FROM item"): 1}
    assert statements.missing() == []


@needs_postgres
@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10"])
def test_every_version_of_the_extension_is_read(server: Postgres, redaction: Redaction, version: str) -> None:
    """An upgraded server keeps the extension's old columns until ALTER EXTENSION … UPDATE."""
    name = f"of_{version.replace('.', '_')}"
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    with (
        psycopg.connect(dsn_of(server, "loadstone", name), autocommit=True) as service,
        connect(dsn_of(server, "loadstone", name), statement_ms=5000) as watching,
    ):
        service.execute("CREATE SCHEMA apart")
        service.execute("CREATE EXTENSION pg_stat_statements SCHEMA apart VERSION '1.4'")
        if version != "1.4":
            service.execute(f"ALTER EXTENSION pg_stat_statements UPDATE TO '{version}'".encode())
        may = rights(watching)
        statements = Statements(watching, may, counters.layout(watching, may), redaction)
        statements.look("load")
        for number in range(4):
            service.execute("SELECT generate_series(1, %s)", (number,))
        statements.look(None)
    (row,) = statements.rows()
    assert (row.text, row.counted.calls, row.counted.rows) == ("SELECT generate_series(?, ?)", 4, 6)
    assert row.counted.execute_ms > 0
    assert (row.counted.wal_bytes is not None) == (version not in ("1.4", "1.5", "1.6", "1.7"))


@needs_postgres
def test_evictions_are_noticed(redaction: Redaction) -> None:
    with (
        postgres(options="-c shared_preload_libraries=pg_stat_statements -c pg_stat_statements.max=100") as cluster,
        psycopg.connect(cluster.dsn, autocommit=True) as service,
        connect(cluster.dsn, statement_ms=5000) as watching,
    ):
        service.execute("CREATE EXTENSION pg_stat_statements")
        may = rights(watching)
        statements = Statements(watching, may, counters.layout(watching, may), redaction)
        statements.look("load")
        for number in range(1, 200):
            service.execute(f"SELECT {', '.join(['1'] * number)}".encode())
        statements.look(None)
        (told,) = statements.missing()
        assert "thrown away" in told.reason
        assert "pg_stat_statements.max = 100" in told.reason


@needs_postgres
def test_the_way_to_the_extension_is_told(server: Postgres) -> None:
    """Loaded but not created, created but not loaded, neither."""
    with connect(dsn_of(server, "loadstone", "template1"), statement_ms=5000) as connection:
        with pytest.raises(Refused) as refused:
            counters.layout(connection, rights(connection))
        assert "CREATE EXTENSION pg_stat_statements" in refused.value.missing.advice
        assert "shared_preload_libraries" not in refused.value.missing.advice
    with postgres() as cluster:
        with psycopg.connect(cluster.dsn, autocommit=True) as service:
            with connect(cluster.dsn, statement_ms=5000) as connection, pytest.raises(Refused) as refused:
                counters.layout(connection, rights(connection))
            assert "shared_preload_libraries" in refused.value.missing.advice
            service.execute("CREATE EXTENSION pg_stat_statements")
        with connect(cluster.dsn, statement_ms=5000) as connection:
            with pytest.raises(Refused) as refused:
                counters.layout(connection, rights(connection))
            assert "not loaded" in refused.value.missing.reason


@needs_postgres
def test_a_last_snapshot_is_taken_by_the_thread(
    server: Postgres, session: Callable[..., Session], redaction: Redaction
) -> None:
    service = session("service")
    with connect(server.dsn, statement_ms=5000) as connection:
        may = rights(connection)
        statements = Statements(connection, may, counters.layout(connection, may), redaction)
        statements.start()
        statements.mark("load")
        service.execute("SELECT count(*) FROM stock")
        statements.finish()
    assert sum(row.counted.calls for row in statements.rows()) == 1
    assert statements.missing() == []
    assert statements.cpu_s > 0


@needs_postgres
def test_a_lost_connection_is_told(server: Postgres, redaction: Redaction) -> None:
    with connect(server.dsn, statement_ms=5000) as connection:
        may = rights(connection)
        statements = Statements(connection, may, counters.layout(connection, may), redaction)
        statements.start()
        with psycopg.connect(server.dsn, autocommit=True) as killer:
            killer.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        statements.finish()
    assert "the counts end early" in statements.missing()[0].reason
