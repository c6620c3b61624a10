"""The hooks of psycopg 3 and of its pool against a real PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.gather.recorder.scenario import run_both
from tests.throwaway import Postgres, postgres

pytestmark = pytest.mark.optional(reason="PostgreSQL's server programs are not installed everywhere")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as made:
        yield made


SYNC = """
import sys
import psycopg
from psycopg import sql

connection = psycopg.connect(sys.argv[1])  # connecting
connection.execute("DROP TABLE IF EXISTS item")
connection.execute("CREATE TABLE item (id int, name text)")
connection.commit()
connection.commit()
cursor = connection.cursor()
cursor.executemany("INSERT INTO item VALUES (%s, %s)", [(1, "hunter1"), (2, "hunter2"), (3, "hunter3")])
print(cursor.rowcount)
print(cursor.execute("SELECT id FROM item WHERE name = %s", ["hunter2"]).fetchall())  # looking
print(cursor.execute(sql.SQL("SELECT {} FROM item WHERE name = {}").format(
    sql.Identifier("id"), sql.Literal("hunter9"))).fetchall())
with connection.transaction():
    cursor.execute("UPDATE item SET name = 'other'")
print([row for row in cursor.stream("SELECT id FROM item ORDER BY id")])
for row in cursor.stream("SELECT id FROM item ORDER BY id"):
    print("first", row)
    break
with cursor.copy("COPY item FROM STDIN") as copy:
    copy.write_row((4, "hunter4"))
with cursor.copy("COPY item TO STDOUT") as copy:
    print(len(b"".join(copy)))
try:
    with connection.transaction():
        cursor.execute("SELECT nothing")
except psycopg.errors.UndefinedColumn as error:
    print(type(error).__name__)
connection.rollback()
with connection.cursor("walk") as walk:
    walk.execute("SELECT id FROM item ORDER BY id")
    print(walk.fetchone(), walk.fetchmany(2), walk.fetchall())
connection.commit()
connection.autocommit = True
with connection.pipeline() as pipeline:
    one = connection.execute("SELECT 10")
    two = connection.execute("SELECT 11")
    print(one.fetchone(), two.fetchone())
with psycopg.ClientCursor(connection) as client:
    print(client.execute("SELECT %s", ["x"]).fetchone(), repr(client)[:30])
connection.close()
try:
    cursor.execute("SELECT 12")
except psycopg.OperationalError as error:
    print(error)
try:
    psycopg.connect(sys.argv[1] + "&dbname=nowhere")
except psycopg.OperationalError as error:
    print("refused")
"""

EXPECTED = [
    "connect",
    "BEGIN",
    "DROP TABLE IF EXISTS item",
    "CREATE TABLE item (id int, name text)",
    "COMMIT",
    "BEGIN",
    "INSERT INTO item VALUES (%s, %s)",
    "SELECT id FROM item WHERE name = %s",
    'SELECT "id" FROM item WHERE name = ?',
    'SAVEPOINT "_pg3_1"',
    "UPDATE item SET name = 'other'",
    'RELEASE "_pg3_1"',
    "SELECT id FROM item ORDER BY id",
    "SELECT id FROM item ORDER BY id",
    "COPY item FROM STDIN",
    "COPY item TO STDOUT",
]


def test_each_call_is_one_span(server: Postgres, tmp_path: Path) -> None:
    seen = run_both(tmp_path, SYNC, server.dsn)
    spans = seen.of("psycopg")
    whats = [span.what for span in spans]
    assert whats[: len(EXPECTED)] == EXPECTED
    counted = Counter(whats)
    assert counted["SELECT nothing"] == 1
    assert counted['FETCH FORWARD ? FROM "walk"'] == 2
    assert counted['FETCH FORWARD ALL FROM "walk"'] == 1
    assert counted['CLOSE "walk"'] == 1
    assert counted["SELECT 10"] == counted["SELECT 11"] == counted["SELECT 12"] == counted["SELECT %s"] == 1
    assert counted["pipeline"] >= 1
    assert [span.rows for span in spans[6:9]] == [3, 1, 0]
    assert [span.rows for span in spans[12:15]] == [4 - 1, 1, 1]
    assert spans[6].attributes == {"db.operation.batch.size": 3}
    assert [(span.what, span.error) for span in spans if span.error] == [
        ("SELECT nothing", "psycopg.errors.UndefinedColumn"),
        ("SELECT 12", "psycopg.OperationalError"),
        ("connect", "psycopg.OperationalError"),
    ]
    assert spans[0].line == seen.line("# connecting")
    assert spans[7].line == seen.line("# looking")
    assert {span.server for span in spans[:-1]} == {f"{server.folder}:5432"}
    assert all(later.start >= earlier.end for earlier, later in pairwise(spans[:9])), "BEGIN aside"
    written = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
    assert b"hunter" not in written


def test_tasks_keep_their_parents_apart(server: Postgres, tmp_path: Path) -> None:
    seen = run_both(
        tmp_path,
        """
        import asyncio, sys
        import psycopg
        try:
            from _loadstone_recorder import core
        except ImportError:
            core = None

        async def work(number):
            span = core and core.enter(core.operation("test", "internal", "", f"task {number}"))
            connection = await psycopg.AsyncConnection.connect(sys.argv[1], autocommit=True)
            async with connection:
                total = 0
                for turn in range(5):
                    cursor = await connection.execute("SELECT %s::int", [number])  # asking
                    total += (await cursor.fetchone())[0]
                async with connection.transaction():
                    async with connection.cursor() as cursor:
                        await cursor.executemany("SELECT %s::int", [(1,), (2,)])
                        async for row in cursor.stream("SELECT generate_series(1, 3)"):
                            total += row[0]
                        async with cursor.copy("COPY (SELECT 1) TO STDOUT") as copy:
                            async for chunk in copy:
                                total += len(chunk)
                async with connection.cursor("walk", withhold=True) as walk:
                    await walk.execute("SELECT 1")
                    total += len(await walk.fetchall())
                try:
                    await asyncio.wait_for(connection.execute("SELECT pg_sleep(60)"), 0.05)
                except (asyncio.TimeoutError, psycopg.Error) as error:
                    total += 100
            if span:
                core.leave(span)
            return total

        async def main():
            print(await asyncio.gather(*(work(number) for number in range(8))))

        asyncio.run(main())
        """,
        server.dsn,
    )
    tasks = {span.id: span for span in seen.of("test")}
    assert len(tasks) == 8
    for id, task in tasks.items():
        own = [span for span in seen.of("psycopg") if span.parent == id]
        assert {span.trace for span in own} == {task.trace}
        counted = Counter(span.what for span in own)
        assert counted["SELECT %s::int"] == 6
        assert counted["connect"] == counted["BEGIN"] == counted["COMMIT"] == 1
        assert counted["SELECT generate_series(1, 3)"] == counted["COPY (SELECT 1) TO STDOUT"] == 1
        assert counted["SELECT pg_sleep(60)"] == 1
        asked = {span.parameters for span in own if span.what == "SELECT %s::int" and not span.attributes}
        assert len(asked) == 1
    assert {span.line for span in seen.of("psycopg") if span.what == "SELECT %s::int" and not span.attributes} == {
        seen.line("# asking")
    }
    assert all(span.parent in tasks for span in seen.of("psycopg"))


def test_a_pool_that_is_exhausted_tells_the_wait(server: Postgres, tmp_path: Path) -> None:
    seen = run_both(
        tmp_path,
        """
        import asyncio, sys, threading
        from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolTimeout

        with ConnectionPool(sys.argv[1], min_size=1, max_size=1, open=True) as pool:
            pool.wait()
            with pool.connection() as connection:
                print(connection.execute("SELECT 1").fetchone())
                waiting = threading.Event()
                def other():
                    waiting.set()
                    with pool.connection() as connection:
                        print(connection.execute("SELECT 2").fetchone())
                thread = threading.Thread(target=other)
                thread.start()
                waiting.wait()
                connection.execute("SELECT pg_sleep(0.2)")
                try:
                    pool.getconn(timeout=0.05)  # refused
                except PoolTimeout:
                    print("refused")
            thread.join()

        async def main():
            async with AsyncConnectionPool(sys.argv[1], min_size=1, max_size=1, open=False) as pool:
                await pool.wait()
                async def hold():
                    async with pool.connection() as connection:
                        await connection.execute("SELECT pg_sleep(0.05)")
                await asyncio.gather(hold(), hold(), hold())
        asyncio.run(main())
        """,
        server.dsn,
    )
    waits = seen.of("psycopg_pool")
    assert len(waits) == 4
    assert {(span.name, span.kind) for span in waits} == {("pool wait", "internal")}
    assert [span.error for span in waits] == ["", "psycopg_pool.errors.PoolTimeout", "", ""] or [
        span.error for span in waits
    ] == ["", "psycopg_pool.PoolTimeout", "", ""]
    assert waits[0].end - waits[0].start > 150e6
    assert waits[1].line == seen.line("# refused")
    assert seen.state("psycopg_pool") == {"covered"}
