"""SQLAlchemy and Django above the drivers' hooks: no statement twice, waits at a pool, connections being opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gather.recorder.scenario import run_both
from tests.throwaway import Postgres, postgres

pytestmark = pytest.mark.optional(reason="PostgreSQL's server programs are not installed everywhere")

DRIVERS = ["psycopg", "psycopg2", "asyncpg"]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as made:
        yield made


SQLALCHEMY = """
import sys, threading
from sqlalchemy import create_engine, exc, insert, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

class Base(DeclarativeBase):
    pass

class Item(Base):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

engine = create_engine(sys.argv[1], pool_size=1, max_overflow=0, pool_timeout=10)
Base.metadata.drop_all(engine)
Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add_all([Item(id=1, name="hunter1"), Item(id=2, name="hunter2"), Item(id=3, name="hunter3")])
    session.commit()
    for number in (1, 2, 3):
        print(session.scalars(select(Item).where(Item.id == number)).one().name)  # looking
    try:
        session.execute(text("SELECT nothing"))
    except exc.ProgrammingError as error:
        print(type(error.orig).__name__)
    session.rollback()

with engine.connect() as held:
    asking = threading.Event()
    def other():
        asking.set()
        with engine.connect() as connection:
            print(connection.execute(text("SELECT 42")).scalar())
    thread = threading.Thread(target=other)
    thread.start()
    asking.wait()
    held.execute(text("SELECT pg_sleep(0.2)"))
thread.join()
engine.dispose()
"""


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_sqlalchemy(server: Postgres, tmp_path: Path, driver: str) -> None:
    seen = run_both(tmp_path, SQLALCHEMY, server.dsn.replace("postgresql:", f"postgresql+{driver}:"))
    spans = seen.of(driver)
    counted = Counter(span.what for span in spans)
    looked = [span for span in spans if "WHERE item.id =" in span.what]
    assert len(looked) == 3
    assert len({span.parameters for span in looked}) == 3
    assert {span.line for span in looked} == {seen.line("# looking")}
    assert {span.rows for span in looked} == {1}
    assert counted["SELECT 42"] == counted["SELECT nothing"] == counted["SELECT pg_sleep(0.2)"] == 1
    assert counted["connect"] == 1
    (wait,) = seen.of("sqlalchemy")
    assert wait.name == "pool wait"
    assert wait.end - wait.start > 150e6
    assert wait.function.endswith("other")
    assert wait.attributes == {"db.client.connection.max": 1}
    assert all(span.scope in (driver, "sqlalchemy") for span in seen.spans)
    written = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
    assert b"hunter" not in written


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_sqlalchemys_asynchronous_engine(server: Postgres, tmp_path: Path, driver: str) -> None:
    host = "" if driver == "psycopg" else f"host={server.folder}"
    dsn = server.dsn if driver == "psycopg" else f"postgresql://{server.user}@/postgres?{host}"
    seen = run_both(
        tmp_path,
        """
        import asyncio, sys
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import create_async_engine
        try:
            from _loadstone_recorder import core
        except ImportError:
            core = None

        async def work(engine, number):
            span = core and core.enter(core.operation("test", "internal", "", str(number)))
            async with engine.connect() as connection:
                for turn in range(3):
                    result = await connection.execute(text("SELECT :n + 0"), {"n": number})  # asking
                await connection.execute(text("SELECT pg_sleep(0.03)"))
            if span:
                core.leave(span)
            return result.scalar()

        async def main():
            engine = create_async_engine(sys.argv[1], pool_size=2, max_overflow=0)
            print(await asyncio.gather(*(work(engine, number) for number in range(6))))
            await engine.dispose()
        asyncio.run(main())
        """,
        dsn.replace("postgresql:", f"postgresql+{driver}:"),
    )
    tasks = {span.id for span in seen.of("test")}
    assert len(tasks) == 6
    asked = [span for span in seen.of(driver) if "+ 0" in span.what and span.statement]
    for id in tasks:
        own = [span for span in asked if span.parent == id]
        assert len(own) == 3
        assert len({span.parameters for span in own}) == 1
    assert len({span.parameters for span in asked}) == 6
    assert {span.line for span in asked} == {seen.line("# asking")}
    waits = seen.of("sqlalchemy")
    assert len(waits) >= 4
    assert {span.parent for span in waits} <= tasks
    assert {span.function.rpartition(".")[2] for span in waits} == {"work"}


DJANGO = """
import sys
import django
from django.conf import settings

name, user, host = sys.argv[1:4]
engine = "sqlite3" if name == ":memory:" else "postgresql"
settings.configure(
    DATABASES={"default": {"ENGINE": f"django.db.backends.{engine}", "NAME": name, "USER": user, "HOST": host}},
    INSTALLED_APPS=["django.contrib.contenttypes"],
    USE_TZ=True,
)
django.setup()
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, transaction

with connection.schema_editor() as editor:
    editor.create_model(ContentType)
ContentType.objects.bulk_create([ContentType(app_label="a", model=f"hunter{n}") for n in range(3)])
for number in (1, 2, 3):
    print(ContentType.objects.get(pk=number).model)  # looking
with transaction.atomic():
    print(ContentType.objects.filter(model="hunter1").update(app_label="b"))
try:
    with transaction.atomic():
        connection.cursor().execute("SELECT nothing")
except DatabaseError as error:
    print(type(error).__name__, type(error.__cause__).__name__)
print([item.pk for item in ContentType.objects.order_by("pk").iterator(chunk_size=2)])
with connection.cursor() as cursor:
    cursor.executemany("UPDATE django_content_type SET app_label = %s WHERE id = %s", [("c", 1), ("d", 2)])
    cursor.execute("SELECT COUNT(*) FROM django_content_type WHERE app_label = %s", ["c"])
    print(cursor.fetchone())
with connection.schema_editor() as editor:
    editor.delete_model(ContentType)
connection.close()
"""


@pytest.mark.parametrize("backend", ["sqlite3", "psycopg"])
def test_django(server: Postgres, tmp_path: Path, backend: str) -> None:
    where = (":memory:", "", "") if backend == "sqlite3" else ("postgres", server.user, str(server.folder))
    seen = run_both(tmp_path, DJANGO, *where)
    (opening,) = seen.of("django.db")
    assert opening.name == "open connection"
    assert opening.system == {"sqlite3": "sqlite", "psycopg": "postgresql"}[backend]
    spans = seen.of(backend)
    inside = [span for span in spans if span.parent == opening.id]
    assert "connect" in [span.what for span in inside]
    looked = [span for span in spans if span.what.startswith("SELECT") and "LIMIT 21" in span.what]
    assert len(looked) == 3
    assert {span.line for span in looked} == {seen.line("# looking")}
    assert len({span.parameters for span in looked}) == 3
    counted = Counter(span.what for span in spans)
    assert counted["SELECT nothing"] == 1
    assert len([what for what in counted if what.startswith("INSERT")]) == 1
    batches = [span.attributes["db.operation.batch.size"] for span in spans if span.attributes]
    assert batches == ([2] if backend == "psycopg" else []), "to sqlite3 Django gives an iterator"
    assert counted["COMMIT"] >= 1
    assert counted["ROLLBACK"] >= 1
    written = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
    assert b"hunter" not in written
