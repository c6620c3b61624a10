"""The hook of asyncpg against a real PostgreSQL."""

from __future__ import annotations

from collections import Counter
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
        import asyncio, io, sys
        import asyncpg

        async def main():
            connection = await asyncpg.connect(sys.argv[1])  # connecting
            await connection.execute("DROP TABLE IF EXISTS item; CREATE TABLE item (id int, name text)")
            print(await connection.execute("INSERT INTO item VALUES ($1, $2)", 1, "hunter1"))
            await connection.executemany("INSERT INTO item VALUES ($1, $2)", [(2, "hunter2"), (3, "hunter3")])
            print(await connection.fetch("SELECT id FROM item WHERE id > $1", 1))  # looking
            print(await connection.fetchrow("SELECT id FROM item LIMIT 1"), await connection.fetchval("SELECT 7"))
            async with connection.transaction():
                await connection.execute("UPDATE item SET name = 'x'")
                async for row in connection.cursor("SELECT id FROM item ORDER BY id", prefetch=2):
                    print(row)
                cursor = await connection.cursor("SELECT id FROM item ORDER BY id DESC")
                print(await cursor.fetchrow(), await cursor.forward(1), await cursor.fetch(5))
            prepared = await connection.prepare("SELECT id FROM item WHERE id = $1")
            print(await prepared.fetchval(2), await prepared.fetch(3), prepared.get_query())
            await prepared.executemany([(1,), (2,)])
            try:
                async with connection.transaction():
                    await connection.fetch("SELECT nothing")
            except asyncpg.UndefinedColumnError as error:
                print(type(error).__name__, error)
            out = io.BytesIO()
            print(await connection.copy_from_query("SELECT id FROM item WHERE name = $1", "hunter9", output=out))
            print(await connection.copy_records_to_table("item", records=[(9, "hunter9")]))
            await connection.close()
            try:
                await connection.fetch("SELECT 8")
            except asyncpg.InterfaceError as error:
                print(error)
            try:
                await asyncpg.connect(sys.argv[1], database="nowhere")
            except asyncpg.InvalidCatalogNameError:
                print("refused")
        asyncio.run(main())
        """,
        server.dsn,
    )
    spans = seen.of("asyncpg")
    whats = [span.what for span in spans]
    assert whats[:7] == [
        "connect",
        "DROP TABLE IF EXISTS item; CREATE TABLE item (id int, name text)",
        "INSERT INTO item VALUES ($1, $2)",
        "INSERT INTO item VALUES ($1, $2)",
        "SELECT id FROM item WHERE id > $1",
        "SELECT id FROM item LIMIT 1",
        "SELECT 7",
    ]
    assert [span.rows for span in spans[2:7]] == [1, None, 2, 1, 1]
    assert spans[3].attributes == {"db.operation.batch.size": 2}
    counted = Counter(whats[7:])
    assert counted["BEGIN;"] == 2
    assert counted["COMMIT;"] == counted["ROLLBACK;"] == counted["UPDATE item SET name = 'x'"] == 1
    assert counted["SELECT id FROM item ORDER BY id"] == counted["SELECT id FROM item ORDER BY id DESC"] == 1
    assert counted["fetch"] == 1 + 3
    assert counted["prepare"] == 2, "copy_from_query with arguments prepares too"
    assert counted["SELECT id FROM item WHERE id = $1"] == 3
    assert counted["SELECT nothing"] == 1
    assert counted["COPY (SELECT id FROM item WHERE name = $1) TO STDOUT"] == counted["COPY item FROM STDIN"] == 1
    assert counted["connect"] == 1
    assert [(span.what, span.error) for span in spans if span.error] == [
        ("SELECT nothing", "asyncpg.exceptions.UndefinedColumnError"),
        ("connect", "asyncpg.exceptions.InvalidCatalogNameError"),
    ]
    assert spans[0].line == seen.line("# connecting")
    assert spans[4].line == seen.line("# looking")
    assert {span.server for span in spans if span.what != "connect"} == {f"{server.folder}/.s.PGSQL.5432"}
    written = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
    assert b"hunter" not in written


def test_a_pool_keeps_tasks_apart_and_tells_the_wait(server: Postgres, tmp_path: Path) -> None:
    seen = run_both(
        tmp_path,
        """
        import asyncio, sys
        import asyncpg
        try:
            from _loadstone_recorder import core
        except ImportError:
            core = None

        async def work(pool, number):
            span = core and core.enter(core.operation("test", "internal", "", f"task {number}"))
            async with pool.acquire() as connection:
                assert isinstance(connection, asyncpg.Connection)
                await connection.fetch("SELECT pg_sleep(0.02), $1::int", number)
            value = await pool.fetchval("SELECT $1::int", number)
            if span:
                core.leave(span)
            return value

        async def main():
            async with asyncpg.create_pool(sys.argv[1], min_size=2, max_size=2) as pool:
                print(await asyncio.gather(*(work(pool, number) for number in range(6))))
                held = [await pool.acquire(), await pool.acquire()]
                try:
                    await pool.acquire(timeout=0.02)
                except asyncio.TimeoutError:
                    print("refused")
                for connection in held:
                    await pool.release(connection)
        asyncio.run(main())
        """,
        server.dsn,
    )
    tasks = {span.id: span for span in seen.of("test")}
    assert len(tasks) == 6
    waits = [span for span in seen.of("asyncpg") if span.name == "pool wait"]
    assert len([span for span in waits if span.parent in tasks]) >= 4
    assert waits[-1].error.endswith("TimeoutError")
    for id in tasks:
        counted = Counter(span.what for span in seen.of("asyncpg") if span.parent == id)
        assert counted["SELECT pg_sleep(0.02), $1::int"] == counted["SELECT $1::int"] == 1
