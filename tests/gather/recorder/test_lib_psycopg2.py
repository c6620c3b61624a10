"""The hook of psycopg2 against a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gather.recorder.scenario import run_both
from tests.throwaway import Postgres, postgres

pytestmark = pytest.mark.optional(reason="PostgreSQL's server programs are not installed everywhere")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as made:
        yield made


def test_each_call_is_one_span(server: Postgres, tmp_path: Path) -> None:
    seen = run_both(
        tmp_path,
        """
        import io, sys
        import psycopg2
        from psycopg2 import extras, sql

        connection = psycopg2.connect(sys.argv[1])  # connecting
        cursor = connection.cursor()
        cursor.execute("DROP TABLE IF EXISTS item")
        cursor.execute("CREATE TABLE item (id int, name text)")
        connection.commit()
        connection.commit()
        cursor.executemany("INSERT INTO item VALUES (%s, %s)", [(1, "one"), (2, "two")])
        print(cursor.rowcount)
        extras.execute_values(cursor, "INSERT INTO item VALUES %s", [(3, "hunter2"), (4, "hunter3")])
        extras.execute_batch(cursor, "INSERT INTO item VALUES (%s, %s)", [(5, "hunter4"), (6, "hunter5")])
        cursor.execute("SELECT id FROM item WHERE name = %(name)s", {"name": "one"})  # looking
        print(cursor.fetchall())
        cursor.execute(sql.SQL("SELECT {} FROM {} WHERE name = {}").format(
            sql.Identifier("id"), sql.Identifier("item"), sql.Literal("hunter6")))
        print(cursor.fetchall())
        with connection:
            with connection.cursor() as other:
                other.execute(b"SELECT 1")
        try:
            with connection:
                cursor.execute("SELECT nothing")
        except psycopg2.errors.UndefinedColumn as error:
            print(type(error), error.pgcode)
        rows = io.StringIO("7\\tseven\\n8\\teight\\n")
        cursor.copy_from(rows, "item")
        out = io.StringIO()
        cursor.copy_expert("COPY item TO STDOUT", out)
        print(len(out.getvalue()), cursor.rowcount)
        cursor.callproc("abs", [-3])
        print(cursor.fetchone())
        connection.rollback()
        with connection.cursor("walk") as walk:
            walk.itersize = 2
            walk.execute("SELECT id FROM item ORDER BY id")
            print(walk.fetchone(), walk.fetchmany(2), walk.fetchmany(size=1), walk.fetchall())
        connection.rollback()
        connection.autocommit = True
        cursor.execute("SELECT 2")
        connection.close()
        try:
            cursor.execute("SELECT 3")
        except psycopg2.InterfaceError as error:
            print(error)
        try:
            psycopg2.connect(sys.argv[1] + "&dbname=nowhere")
        except psycopg2.OperationalError as error:
            print("refused")
        """,
        server.dsn,
    )
    spans = seen.of("psycopg2")
    assert [span.what for span in spans] == [
        "connect",
        "DROP TABLE IF EXISTS item",
        "CREATE TABLE item (id int, name text)",
        "COMMIT",
        "INSERT INTO item VALUES (%s, %s)",
        "INSERT INTO item VALUES %s",
        "INSERT INTO item VALUES (%s, %s)",
        "SELECT id FROM item WHERE name = %(name)s",
        'SELECT "id" FROM "item" WHERE name = ?',
        "SELECT 1",
        "COMMIT",
        "SELECT nothing",
        "ROLLBACK",
        "COPY item FROM STDIN",
        "COPY item TO STDOUT",
        "SELECT * FROM abs",
        "ROLLBACK",
        "SELECT id FROM item ORDER BY id",
        *["fetch"] * 4,
        "ROLLBACK",
        "SELECT 2",
        "SELECT 3",
        "connect",
    ]
    assert [span.rows for span in spans[4:10]] == [2, 2, 1, 1, 0, 1]
    assert spans[4].attributes == {"db.operation.batch.size": 2}
    assert spans[1].attributes == spans[13].attributes == {"loadstone.implicit_begin": True}
    assert not spans[2].attributes
    assert [span.rows for span in spans if span.name == "fetch"] == [1, 2, 1, 2]
    assert [(span.what, span.error) for span in spans if span.error] == [
        ("SELECT nothing", "psycopg2.errors.UndefinedColumn"),
        ("SELECT 3", "psycopg2.InterfaceError"),
        ("connect", "psycopg2.OperationalError"),
    ]
    assert {span.server for span in spans[:10]} == {f"{server.folder}:5432"}
    assert spans[0].line == seen.line("# connecting")
    assert spans[7].line == seen.line("# looking")
    written = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
    assert b"hunter" not in written


def test_classes_of_the_caller_and_psycopgs_own(server: Postgres, tmp_path: Path) -> None:
    seen = run_both(
        tmp_path,
        """
        import sys
        import psycopg2
        from psycopg2 import extensions, extras
        from psycopg2.pool import ThreadedConnectionPool

        class Mine(extensions.connection):
            def cursor(self, *arguments, **named):
                print("cursor", sorted(named))
                return super().cursor(*arguments, **named)

        class Loud(extensions.cursor):
            def execute(self, query, vars=None):
                print(query)
                super().execute(query, vars)

        mine = psycopg2.connect(sys.argv[1], connection_factory=Mine, cursor_factory=Loud)
        print(isinstance(mine, Mine), repr(type(mine)), type(mine.cursor()).__name__)
        extensions.register_type(extensions.UNICODE, mine)
        extras.register_uuid(conn_or_curs=mine)
        with mine.cursor() as cursor:
            cursor.execute("SELECT 1")
            print(cursor.fetchone(), extensions.quote_ident("a b", cursor))
        with mine.cursor(cursor_factory=extras.RealDictCursor) as cursor:
            cursor.execute("SELECT 2 AS two")
            print(dict(cursor.fetchone()))
        plain = psycopg2.connect(sys.argv[1], connection_factory=extras.DictConnection)
        with plain.cursor() as cursor:
            cursor.execute("SELECT 3 AS three")
            print(cursor.fetchone()["three"], isinstance(cursor, extras.DictCursor), list(cursor))
        pool = ThreadedConnectionPool(1, 2, sys.argv[1])
        one = pool.getconn()
        with one.cursor() as cursor:
            cursor.execute("SELECT 4")
            print(cursor.fetchone(), type(one) is type(one), isinstance(one, extensions.connection))
        pool.putconn(one)
        pool.closeall()
        """,
        server.dsn,
    )
    whats = [span.what for span in seen.of("psycopg2") if span.name != "connect"]
    assert whats == ["SELECT 1", "SELECT 2 AS two", "SELECT 3 AS three", "SELECT 4", "ROLLBACK"]
