"""The collector on a real server: phases, locks, secrets, and what is told where something cannot be had."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from loadstone.gather.collector import Collector, Gathered, Scene
from loadstone.gather.postgres.activity import Activity
from loadstone.gather.postgres.collector import Postgres as Database
from loadstone.gather.postgres.connection import Rights, connect, rights
from loadstone.gather.postgres.plans import Budget, matter
from loadstone.gather.postgres.statements import Row
from loadstone.model.evidence import TABLES, Plan
from loadstone.model.redaction import Redaction
from tests.gather.postgres.conftest import Session, dsn_of, scene_of
from tests.gather.postgres.test_counters import counted
from tests.throwaway import Postgres, free_port

needs_postgres = pytest.mark.optional(reason="PostgreSQL's server programs are not installed everywhere")
PASSWORD = "hunter2-very-secret"


def rows(gathered: Gathered, table: str) -> list[dict[str, Any]]:
    """All rows of a table, columns that are left out as None."""
    found: list[dict[str, Any]] = []
    for batch in gathered.tables.get(table, ()):
        assert set(batch) <= set(TABLES[table])
        columns = {name: values.tolist() for name, values in batch.items()}
        (count,) = {len(values) for values in columns.values()}
        known = [{name: values[at] for name, values in columns.items()} for at in range(count)]
        found += [dict.fromkeys(TABLES[table]) | row for row in known]
    return found


def plans(gathered: Gathered) -> list[Plan]:
    import msgspec

    return msgspec.json.decode(gathered.documents.get("plans.json", b"[]"), type=list[Plan])


def told(gathered: Gathered) -> str:
    return "\n".join(f"{one.kind}: {one.reason}: {one.advice}" for one in gathered.missing)


@pytest.fixture
def database(scene: Scene) -> Iterator[Database]:
    collector = Database(interval_s=0.02)
    assert collector.prepare(scene, None) is None
    yield collector
    collector.close()


@needs_postgres
def test_it_tells_what_ran_and_how(database: Database, session: Callable[..., Session]) -> None:
    service = session("service")
    database.open()
    database.mark("load")
    for number in range(12):
        service.execute("SELECT name FROM item WHERE id = %s", (number,))
    service.execute("UPDATE stock SET number = 7 WHERE item = 3")
    database.stop()
    gathered = database.close()
    assert told(gathered) == ""
    statements = rows(gathered, "statements")
    # The phase's border is taken by a thread, so that what ran at once may lie on either side of it.
    assert {row["phase"] for row in statements} <= {None, "load"}
    calls: Counter[str] = Counter()
    for row in statements:
        calls[row["db_query_text"]] += row["calls"]
    assert calls == {"SELECT name FROM item WHERE id = ?": 12, "UPDATE stock SET number = ? WHERE item = ?": 1}
    explained = {plan.statement: (plan.source, plan.parameters) for plan in plans(gathered)}
    assert explained == {
        "SELECT name FROM item WHERE id = ?": ("explain analyze", "pg_stats"),
        "UPDATE stock SET number = ? WHERE item = ?": ("explain", "pg_stats"),
    }
    assert gathered.cpu_s is not None
    assert 0 < gathered.cpu_s < 5
    assert gathered.cost is not None
    assert "of the database's time" in gathered.cost
    metrics = {row["metric"]: row for row in rows(gathered, "host")}
    assert metrics["connections_idle"]["value"] > 0
    assert metrics["connections_idle"]["scope"] == "database"
    assert metrics["commits_per_s"]["unit"] == "/s"


@needs_postgres
def test_a_lock_that_is_waited_for_is_seen_with_who_holds_it(
    database: Database, session: Callable[..., Session]
) -> None:
    holder, waiter, watch = session("service"), session("service"), session()
    trace, span = "a" * 32, "b" * 16
    text = f"UPDATE stock SET number = 41 WHERE item = 5 /*traceparent='00-{trace}-{span}-03'*/"
    database.open()
    database.mark("load")
    with holder.transaction(force_rollback=True):
        holder.execute("UPDATE stock SET number = 40 WHERE item = 5")
        thread = threading.Thread(target=lambda: waiter.execute(text.encode()))
        thread.start()
        _until(lambda: _waits_for_lock(watch, waiter.info.backend_pid))
        _until(lambda: database._activity is not None and database._activity.kept >= 3)
    thread.join()
    database.stop()
    gathered = database.close()
    waits = [row for row in rows(gathered, "waits") if row["name"].startswith("Lock:")]
    assert len(waits) >= 3
    for row in waits:
        assert row["kind"] == "postgresql"
        assert row["name"] == "Lock:transactionid"
        assert row["process_pid"] == waiter.info.backend_pid
        assert row["blocked_by"] == holder.info.backend_pid
        assert row["db_query_text"] == "UPDATE stock SET number = ? WHERE item = ?"
        assert (row["trace_id"].hex(), row["span_id"].hex()) == (trace, span)
        assert row["duration_ns"] is None
        detail = json.loads(row["detail"])
        assert detail["interval_ns"] == 20_000_000
        assert detail["state"] == "active"
        assert detail["blocker"] == "idle in transaction: UPDATE stock SET number = ? WHERE item = ?"
    host = rows(gathered, "host")
    assert max(row["value"] for row in host if row["metric"] == "connections_idle_in_transaction") > 0
    assert max(row["value"] for row in host if row["metric"] == "connections_waiting") > 0


@needs_postgres
def test_no_secret_is_kept(
    server: Postgres, tmp_path: Path, redaction: Redaction, session: Callable[..., Session]
) -> None:
    scene = scene_of(dsn_of(server, "watcher", password=PASSWORD), tmp_path, redaction)
    collector = Database(interval_s=0.01)
    collector.prepare(scene, None)
    service = session("service")
    collector.open()
    collector.mark("load")
    service.execute("SELECT 'planted-one' AS x, 987654321 FROM item WHERE name = 'planted-two' AND price > 31337.25")
    service.execute("SELECT $$planted-three$$, E'planted-\\x34', pg_sleep(0.1) /* planted-five */")
    with pytest.raises(psycopg.Error):
        service.execute("SELECT 'planted-six'::int")
    collector.stop()
    gathered = collector.close()
    everything = repr(
        [rows(gathered, table) for table in gathered.tables] + [gathered.documents, gathered.missing, gathered.cost]
    )
    assert "pg_sleep" in everything
    for secret in ("planted", PASSWORD, "987654321", "31337"):
        assert secret not in everything
    spooled = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"planted" not in spooled
    assert spooled  # the sleep was seen waiting


@needs_postgres
def test_a_role_without_rights_is_told_which_it_needs(
    server: Postgres, tmp_path: Path, redaction: Redaction, session: Callable[..., Session]
) -> None:
    collector = Database(interval_s=0.02)
    collector.prepare(scene_of(dsn_of(server, "plain"), tmp_path, redaction), None)
    service = session("service")
    collector.open()
    service.execute("SELECT count(*) FROM item")
    collector.stop()
    gathered = collector.close()
    grant = "is hidden from plain: GRANT pg_read_all_stats TO plain"
    assert told(gathered).splitlines() == [
        f"statements: what other roles ran (1 call) {grant}",
        f"waits: what other roles' sessions wait for {grant}",
    ]


@needs_postgres
def test_without_the_extension_there_are_waits_and_the_way_to_get_it(
    server: Postgres, tmp_path: Path, redaction: Redaction
) -> None:
    collector = Database(interval_s=0.02)
    collector.prepare(scene_of(dsn_of(server, "loadstone", "template1"), tmp_path, redaction), None)
    collector.open()
    collector.mark("load")
    collector.stop()
    gathered = collector.close()
    assert "CREATE EXTENSION pg_stat_statements" in told(gathered)
    assert "statements" not in gathered.tables
    assert rows(gathered, "host")


@pytest.mark.parametrize(
    ("dsn", "reason"),
    [
        (f"postgresql://someone:{PASSWORD}@127.0.0.1:PORT/shop", "no connection: "),
        (f"host=127.0.0.1 port=PORT password={PASSWORD} user=someone", "no connection: "),
        (f"postgresql://someone:{PASSWORD}@[nonsense/shop", "the DSN cannot be read"),
        (f"password {PASSWORD}", "the DSN cannot be read"),
        (None, "no DSN"),
    ],
)
def test_a_database_that_is_not_there_costs_the_evidence_alone(
    tmp_path: Path, redaction: Redaction, dsn: str | None, reason: str
) -> None:
    collector = Database()
    collector.prepare(scene_of(dsn and dsn.replace("PORT", str(free_port())), tmp_path, redaction), None)
    collector.open()
    collector.mark("load")
    collector.stop()
    gathered = collector.close()
    assert [one.kind for one in gathered.missing] == ["postgres"]
    assert gathered.missing[0].reason.startswith(reason)
    assert gathered.missing[0].advice
    assert PASSWORD not in told(gathered)
    assert not gathered.tables


def test_without_its_package_it_says_how_to_install_it(scene_without: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    collector = Database()
    collector.prepare(scene_without, None)
    collector.open()
    collector.stop()
    gathered = collector.close()
    assert "loadstone[postgres]" in told(gathered)


@pytest.fixture
def scene_without(tmp_path: Path, redaction: Redaction) -> Scene:
    return scene_of("postgresql://someone@127.0.0.1/shop", tmp_path, redaction)


@needs_postgres
def test_a_server_that_dies_is_told(database: Database, session: Callable[..., Session]) -> None:
    owner = session()
    database.open()
    database.mark("load")
    owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loadstone'")
    _until(lambda: database._activity is not None and database._activity.failure is not None)
    database.stop()
    gathered = database.close()
    assert "waits: the looks end early" in told(gathered)
    assert "statements: the counts end early" in told(gathered)


@needs_postgres
def test_closing_without_a_stop_ends_everything(database: Database, session: Callable[..., Session]) -> None:
    """A trial that fails closes its collectors without stopping them."""
    owner = session()
    database.open()
    database.close()
    _until(lambda: _ours(owner) == 0)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("loadstone-")]


@needs_postgres
def test_our_sessions_are_harmless(server: Postgres) -> None:
    with connect(server.dsn, statement_ms=1234) as connection:
        settings: dict[str, str] = dict(
            connection.execute(
                "SELECT name, setting FROM pg_settings WHERE name IN ('default_transaction_read_only', "
                "'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'application_name')"
            ).fetchall()
        )
        assert settings == {
            "application_name": "loadstone",
            "default_transaction_read_only": "on",
            "idle_in_transaction_session_timeout": "30000",
            "lock_timeout": "500",
            "statement_timeout": "1234",
        }
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("DELETE FROM stock")


@needs_postgres
def test_the_dsns_own_options_stay(server: Postgres) -> None:
    with connect(f"{server.dsn}&options=-c%20search_path%3Dpg_catalog", statement_ms=1000) as connection:
        assert connection.execute("SHOW search_path").fetchone() == ("pg_catalog",)
        assert connection.execute("SHOW default_transaction_read_only").fetchone() == ("on",)


@needs_postgres
def test_text_in_no_encoding_is_taken(server: Postgres, tmp_path: Path, redaction: Redaction) -> None:
    """A database of encoding SQL_ASCII lets any bytes through."""
    with psycopg.connect(server.dsn, autocommit=True) as owner:
        owner.execute("CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0")
    dsn = dsn_of(server, "loadstone", "bytes")
    collector = Database(interval_s=0.01)
    collector.prepare(scene_of(dsn, tmp_path, redaction), None)
    with psycopg.connect(dsn, autocommit=True) as service:
        service.execute("CREATE EXTENSION pg_stat_statements")
        collector.open()
        service.execute(b'SELECT pg_sleep(0.1) AS "caf\xe9"')
        collector.stop()
        service.execute("SELECT pg_stat_statements_reset()")
    gathered = collector.close()
    assert told(gathered) == ""
    assert [row["db_query_text"] for row in rows(gathered, "statements")] == ['SELECT pg_sleep(?) AS "caf\ufffd"']
    assert "Timeout:PgSleep" in {row["name"] for row in rows(gathered, "waits")}


@needs_postgres
def test_a_text_that_the_server_cannot_show_is_told(
    server: Postgres, database: Database, session: Callable[..., Session]
) -> None:
    """pg_stat_statements converts the texts of all databases, whichever are asked for."""
    owner = session()
    owner.execute("CREATE DATABASE torn ENCODING 'SQL_ASCII' TEMPLATE template0")
    with psycopg.connect(dsn_of(server, "loadstone", "torn"), autocommit=True) as other:
        other.execute(b'SELECT 1 AS "caf\xe9"')
    try:
        database.open()
        owner.execute("SELECT count(*) FROM stock")
        database.stop()
    finally:
        owner.execute("SELECT pg_stat_statements_reset()")
    gathered = database.close()
    assert rows(gathered, "statements") == []
    assert "statements: texts cannot be read" in told(gathered)


@needs_postgres
def test_looks_are_bounded_and_what_is_cut_off_is_told(
    server: Postgres,
    tmp_path: Path,
    redaction: Redaction,
    session: Callable[..., Session],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("loadstone.gather.postgres.activity.MOST", 2)
    service = session("service")
    long = f"SELECT pg_sleep(0.3), {', '.join(['1'] * 1000)}"
    with connect(server.dsn, statement_ms=1000) as connection:
        activity = Activity(connection, rights(connection), redaction, tmp_path / "spool", 0.02)
        activity.start()
        service.execute(long.encode())
        activity.finish()
    kept = list(activity.waits())
    assert len(kept) == activity.kept == 2
    assert activity.dropped > 0
    assert activity.truncated == 2
    assert all(one.truncated and one.name == "Timeout:PgSleep" for one in kept)


def test_the_statements_that_matter_are_the_slow_and_the_frequent() -> None:
    def row(text: str, calls: int, ms: float) -> Row:
        return Row("load", 0, 1, 1, text, text, counted(calls, ms))

    given = [row(f"quiet {at}", 1, 0.1) for at in range(30)] + [row("slow", 1, 900.0), row("frequent", 900, 0.001)]
    assert {one.text for one in matter(given, 2)} == {"slow", "frequent"}
    assert len(matter(given, 20)) == 20
    assert [one.counted.calls for one in matter([row("a", 3, 1.0), row("a", 4, 1.0)], 5)] == [7]


def test_an_answer_that_is_not_as_expected_is_told(tmp_path: Path, redaction: Redaction) -> None:
    from unittest.mock import MagicMock

    connection = MagicMock()
    connection.execute.return_value.fetchone.return_value = (1024,) * 7
    connection.execute.return_value.fetchall.return_value = [("a row", "of another shape")]
    activity = Activity(connection, Rights("me", "here", 150000, False, True), redaction, tmp_path / "spool", 0.01)
    activity.start()
    _until(lambda: activity.failure is not None)
    activity.finish()
    assert activity.failure == "an answer was not as expected (ValueError)"


def test_a_role_is_quoted_where_it_must_be() -> None:
    assert Rights("web", "x", 150000, False, False).grant == "GRANT pg_read_all_stats TO web"
    assert Rights('My "App"', "x", 150000, False, False).grant == 'GRANT pg_read_all_stats TO "My ""App"""'


def test_the_time_for_plans_is_bounded(redaction: Redaction) -> None:
    from unittest.mock import MagicMock

    from loadstone.gather.postgres.plans import explained

    rows = [Row("load", 0, 1, 1, "SELECT 1", "SELECT ?", counted(1))]
    found = explained(MagicMock(), Rights("me", "here", 150000, False, True), rows, redaction, {}, Budget(total_s=0.0))
    assert found[0] == []
    assert "the time for plans" in found[1][0].reason


def test_it_is_a_collector() -> None:
    collector: Collector = Database()
    assert collector.name == "postgres"


def _waits_for_lock(watch: Session, pid: int) -> bool:
    row = watch.execute("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone()
    return row == ("Lock",)


def _ours(watch: Session) -> int:
    row = watch.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'loadstone'").fetchone()
    return int(row[0]) if row else 0


def _until(done: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(1000):
        if done():
            return
        pause.wait(0.01)
    raise AssertionError("it never came to be")
