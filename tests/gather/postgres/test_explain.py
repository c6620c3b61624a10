"""Statements are planned and run again on a real server, and nothing that they do remains."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from loadstone.gather.postgres.connection import connect
from loadstone.gather.postgres.explain import Unexplained, explain, ready
from loadstone.gather.postgres.values import nodes
from loadstone.model.evidence import Plan
from loadstone.model.redaction import Redaction
from tests.gather.postgres.conftest import Session, dsn_of
from tests.throwaway import Postgres

pytestmark = pytest.mark.optional(reason="PostgreSQL's server programs are not installed everywhere")


@pytest.fixture
def explaining(server: Postgres) -> Iterator[Callable[..., Session]]:
    opened: list[Session] = []

    def start(role: str = "loadstone") -> Session:
        connection = connect(dsn_of(server, role), statement_ms=5000)
        ready(connection)
        opened.append(connection)
        return connection

    yield start
    for connection in opened:
        connection.close()


@pytest.fixture
def plan(explaining: Callable[..., Session], redaction: Redaction) -> Callable[..., Plan]:
    connection = explaining()

    def of(statement: str, sample: list[object] | None = None, statement_ms: int = 2000) -> Plan:
        text = redaction.statement(statement, "postgresql")[0]
        return explain(connection, statement, text, "7", redaction, statement_ms=statement_ms, sample=sample)

    return of


def kinds(found: Plan) -> list[str]:
    return [str(node["Node Type"]) for node in nodes(found.root)]


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def test_a_query_runs_with_usual_values(plan: Callable[..., Plan]) -> None:
    found = plan("SELECT name FROM item WHERE id = $1")
    assert (found.source, found.parameters) == ("explain analyze", "pg_stats")
    assert kinds(found) == ["Index Scan"]
    assert found.root["Actual Rows"] == 1
    assert found.root["Index Cond"] == "(id = ?)"
    assert found.execute_s is not None
    assert found.execute_s > 0
    assert found.root["Shared Hit Blocks"] > 0
    assert found.query_id == "7"


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        ("SELECT * FROM item i WHERE i.kind = $1", 715),  # most common: 5000 / 7
        ("SELECT * FROM item WHERE kind = ANY ($1)", 5000),
        ("SELECT * FROM item WHERE name LIKE $1 LIMIT $2", 20),
        ("SELECT * FROM item WHERE id BETWEEN $1 AND $2", 1),
        ("SELECT * FROM item WHERE $1 <= price", 2500),
        ("SELECT count(*) FROM item WHERE kind = $1 AND price > $2", 1),
        ("SELECT $1::text, name FROM item ORDER BY id LIMIT $2 OFFSET $3", 20),
        ("SELECT price * $1 + $2 AS dear FROM item WHERE id = $3", 1),
        ("SELECT i.name FROM item i JOIN stock s ON s.item = i.id WHERE s.item = $1", 1),
        ("SELECT count(*) FROM item WHERE id IN (SELECT item FROM stock WHERE number > $1)", 1),
    ],
)
def test_values_come_from_the_column_compared(plan: Callable[..., Plan], statement: str, rows: int) -> None:
    found = plan(statement)
    assert (found.source, found.parameters) == ("explain analyze", "pg_stats"), found.note
    assert found.root["Actual Rows"] == pytest.approx(rows, rel=0.2)


def test_samples_come_first(plan: Callable[..., Plan]) -> None:
    found = plan("SELECT name FROM item WHERE id = $1", sample=[987654321])
    assert found.parameters == "sample"
    assert found.root["Actual Rows"] == 0
    assert "987654321" not in json.dumps(found.root)


def test_without_a_value_the_plan_is_generic(plan: Callable[..., Plan]) -> None:
    found = plan("SELECT name FROM item WHERE lower(name) = $1 AND kind = $2")
    assert (found.source, found.parameters, found.execute_s) == ("explain", "generic", None)
    assert "no usual value is known for $1" in found.note
    assert "$1" in str(found.root["Filter"])


def test_a_value_that_makes_rows_is_not_guessed(plan: Callable[..., Plan]) -> None:
    found = plan("SELECT generate_series(1, $1)")
    assert (found.source, found.parameters) == ("explain", "generic")


def test_without_parameters_it_runs_as_it_is(plan: Callable[..., Plan]) -> None:
    found = plan("SELECT count(*) FROM stock;")
    assert (found.source, found.parameters) == ("explain analyze", "none")


@pytest.mark.parametrize(
    ("statement", "top"),
    [
        ("UPDATE stock SET number = number - $1 WHERE item = $2", "ModifyTable"),
        ("DELETE FROM stock WHERE item = $1", "ModifyTable"),
        ("INSERT INTO item VALUES ($1, $2, $3, $4)", "ModifyTable"),
        ("WITH gone AS (DELETE FROM stock RETURNING item) SELECT * FROM gone", "CTE Scan"),
        ("SELECT number FROM stock WHERE item = $1 FOR UPDATE", "LockRows"),
    ],
)
def test_what_writes_is_planned_and_not_run(
    plan: Callable[..., Plan], session: Callable[..., Session], statement: str, top: str
) -> None:
    before = _contents(session())
    found = plan(statement)
    assert found.source == "explain"
    assert found.execute_s is None
    assert kinds(found)[0] == top
    assert "Not run" in found.note
    assert _contents(session()) == before


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("SELECT take(1)", "take"),
        ("SELECT * FROM take(1)", "take"),
        ("SELECT nextval('counter')", "nextval"),
        ("SELECT pg_sleep(10)", "pg_sleep"),
        ("SELECT pg_advisory_lock(1)", "pg_advisory_lock"),
        ("SELECT set_config('a.b', 'c', false)", "set_config"),
        ("SELECT * FROM behind_a_view", "take"),
        ("SELECT (s).touched FROM stock s", "touched"),
    ],
)
def test_volatile_functions_are_never_called(
    plan: Callable[..., Plan], session: Callable[..., Session], statement: str, name: str
) -> None:
    owner = session()
    owner.execute("CREATE OR REPLACE VIEW behind_a_view AS SELECT take(item) FROM stock")
    owner.execute(
        "CREATE OR REPLACE FUNCTION touched(stock) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN take($1.item); END'"
    )
    before = _contents(owner)
    found = plan(statement)
    assert found.source == "explain"
    assert f"it calls {name}" in found.note
    assert _contents(owner) == before


def test_a_function_that_hides_that_it_writes_fails(plan: Callable[..., Plan], session: Callable[..., Session]) -> None:
    before = _contents(session())
    found = plan("SELECT seemingly_stable(item) FROM stock")
    assert found.source == "explain"
    assert "it writes, which the server refused" in found.note
    assert "read-only transaction" in found.note
    assert _contents(session()) == before


def test_a_foreign_table_is_not_read(plan: Callable[..., Plan], session: Callable[..., Session]) -> None:
    owner = session()
    owner.execute("CREATE EXTENSION IF NOT EXISTS file_fdw")
    owner.execute("CREATE SERVER IF NOT EXISTS files FOREIGN DATA WRAPPER file_fdw")
    owner.execute(
        "CREATE FOREIGN TABLE IF NOT EXISTS passwords (line text) SERVER files OPTIONS (filename '/etc/passwd')"
    )
    found = plan("SELECT * FROM passwords")
    assert found.source == "explain"
    assert "foreign scan" in found.note


@pytest.mark.parametrize(
    "statement",
    ["SELECT 1; DELETE FROM stock", "BEGIN", "SELECT * INTO other FROM stock", "COPY stock TO STDOUT", "SELECT 'torn"],
)
def test_what_is_not_one_query_is_not_even_sent(
    plan: Callable[..., Plan], session: Callable[..., Session], statement: str
) -> None:
    before = _contents(session())
    with pytest.raises(Unexplained):
        plan(statement)
    assert _contents(session()) == before


def test_the_protocol_takes_one_command(explaining: Callable[..., Session]) -> None:
    """The guard behind the reading of the statement: a second command is refused by the server itself."""
    from loadstone.gather.postgres.explain import _command

    connection = explaining()
    with pytest.raises(psycopg.errors.SyntaxError, match="multiple commands"):
        _command(connection, "PREPARE x AS SELECT 1; DELETE FROM stock")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        _command(connection, "DELETE FROM stock")


def test_a_slow_statement_is_given_up(plan: Callable[..., Plan]) -> None:
    found = plan("SELECT count(*) FROM item a, item b, item c WHERE a.id + b.id + c.id = $1 OR a.id > $2", [5, 1], 100)
    assert found.source == "explain"
    assert "given up after 100 ms" in found.note
    assert found.execute_s is None


def test_the_session_is_good_after_a_failure(plan: Callable[..., Plan]) -> None:
    for bad in ("SELECT nothing FROM nowhere", "SELECT $1 + $2 FROM item WHERE", "SELECT item.nope FROM item"):
        with pytest.raises(Unexplained):
            plan(bad)
    assert plan("SELECT count(*) FROM stock").source == "explain analyze"


def test_missing_rights_are_told(explaining: Callable[..., Session], redaction: Redaction) -> None:
    with pytest.raises(Unexplained, match="permission denied for table item"):
        explain(explaining("plain"), "SELECT * FROM item", "", None, redaction, statement_ms=1000)


def test_tables_are_found_in_another_schema(plan: Callable[..., Plan], session: Callable[..., Session]) -> None:
    owner = session()
    owner.execute("CREATE SCHEMA IF NOT EXISTS shop")
    owner.execute("CREATE TABLE IF NOT EXISTS shop.basket (id int PRIMARY KEY)")
    found = plan("SELECT * FROM basket")
    assert found.source == "explain analyze"
    assert "the schema shop" in found.note
    owner.execute("CREATE SCHEMA IF NOT EXISTS other")
    owner.execute("CREATE TABLE IF NOT EXISTS other.basket (id int PRIMARY KEY)")
    with pytest.raises(Unexplained, match="several schemas: other, shop"):
        plan("SELECT * FROM basket")
    owner.execute("DROP TABLE other.basket")


def test_no_literal_is_kept(plan: Callable[..., Plan]) -> None:
    found = plan(
        "SELECT name, 'secret-a' AS x FROM item WHERE kind = 'kind 3' AND name <> 'secret-b' AND price < 4242.5 "
        "ORDER BY price + 31337 LIMIT 5"
    )
    assert found.source == "explain analyze"
    told = " ".join(texts(found.root)) + found.statement + found.note
    assert not [value for value in ("secret", "kind 3", "4242", "31337") if value in told]
    usual = plan("SELECT * FROM item WHERE kind = $1")
    assert "kind " not in " ".join(texts(usual.root)).replace("kind = ?", "")


def test_plans_leave_no_trace_in_the_servers_own_statistics(
    plan: Callable[..., Plan], session: Callable[..., Session]
) -> None:
    plan("SELECT name FROM item WHERE id = $1")
    found = session().execute("SELECT query FROM pg_stat_statements WHERE query ILIKE '%loadstone_plan%'").fetchall()
    assert found == []


def _contents(connection: Session) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT (SELECT array_agg(s ORDER BY item) FROM stock s), (SELECT count(*) FROM item), last_value FROM counter"
    ).fetchall()
