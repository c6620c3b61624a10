"""The hook of sqlite3: every call that reaches SQLite is one span, and nobody can tell that it is there."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from tests.gather.recorder.scenario import run_both


def test_each_call_is_one_span_with_its_text_rows_and_line(tmp_path: Path) -> None:
    seen = run_both(
        tmp_path,
        """
        import sqlite3

        connection = sqlite3.connect(":memory:")  # connecting
        connection.execute("CREATE TABLE item (id INTEGER, name TEXT)")
        connection.executemany("INSERT INTO item VALUES (?, ?)", [(1, "a"), (2, "b"), (3, "c")])
        connection.commit()
        connection.commit()
        cursor = connection.cursor()
        for number in (1, 2, 1):
            print(cursor.execute("SELECT name FROM item WHERE id = ?", (number,)).fetchall())  # looking
        with connection:
            print(connection.execute("UPDATE item SET name = :name", {"name": "secret"}).rowcount)
        try:
            with connection:
                connection.execute("DELETE FROM item")
                connection.execute("SELECT nothing FROM nowhere")
        except sqlite3.OperationalError as error:
            print(repr(error))
        connection.executescript("CREATE TABLE other (id); INSERT INTO other VALUES (1);")
        connection.close()
        """,
    )
    spans = seen.of("sqlite3")
    assert [span.what for span in spans] == [
        "connect",
        "CREATE TABLE item (id INTEGER, name TEXT)",
        "INSERT INTO item VALUES (?, ?)",
        "COMMIT",
        *["SELECT name FROM item WHERE id = ?"] * 3,
        "UPDATE item SET name = :name",
        "COMMIT",
        "DELETE FROM item",
        "SELECT nothing FROM nowhere",
        "ROLLBACK",
        "CREATE TABLE other (id); INSERT INTO other VALUES (1);",
    ]
    assert {span.kind for span in spans} == {"client"}
    assert {span.system for span in spans} == {"sqlite"}
    assert [spans[n].rows for n in (2, 4, 7, 9)] == [3, None, 3, 3]
    assert spans[2].attributes == {"db.operation.batch.size": 3}
    first, second, third = spans[4:7]
    assert first.parameters == third.parameters != second.parameters
    assert [(Path(span.file).name, span.line) for span in (spans[0], first)] == [
        ("app.py", seen.line("# connecting")),
        ("app.py", seen.line("# looking")),
    ]
    assert spans[10].error == "sqlite3.OperationalError"
    assert all(later.start >= earlier.end for earlier, later in pairwise(spans))
    assert seen.state("sqlite3") == {"covered"}


def test_the_value_of_a_parameter_is_nowhere_in_the_spool(tmp_path: Path) -> None:
    run_both(
        tmp_path,
        """
        import sqlite3
        connection = sqlite3.connect(":memory:")
        connection.execute("SELECT ?, ?", ("hunter2hunter2", b"hunter3hunter3"))
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [("hunter3hunter3",), ("hunter2hunter2",)])
        """,
    )
    written = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
    assert b"hunter2" not in written
    assert b"hunter3" not in written
    assert b"SELECT ?, ?" in written
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (tmp_path / "spool").iterdir())


def test_classes_of_the_caller_work_as_before_and_are_counted_once(tmp_path: Path) -> None:
    seen = run_both(
        tmp_path,
        """
        import copy, pickle, sqlite3
        from sqlite3 import Connection, Cursor, dbapi2

        class Loud(sqlite3.Cursor):
            "Says what it does."
            def execute(self, sql, parameters=()):
                print("executing", sql)
                return super().execute(sql, parameters)

        class Mine(sqlite3.Connection):
            told = 0
            def cursor(self, factory=Loud):
                self.told += 1
                return super().cursor(factory)
            def commit(self):
                print("committing")
                super().commit()

        class Slotted(sqlite3.Connection):
            __slots__ = ("extra",)

        class Plain(sqlite3.Cursor):
            __slots__ = ()

        def made(*arguments, **named):
            return sqlite3.Connection(*arguments, **named)

        mine = sqlite3.connect(":memory:", factory=Mine)
        print(isinstance(mine, Mine), isinstance(mine, Connection), type(mine).__name__, type(mine).__doc__)
        print(mine.cursor().execute("SELECT 1").fetchone(), mine.told, Mine.told)
        print(mine.execute("SELECT 2").fetchall())
        mine.execute("CREATE TABLE a (x)")
        with mine:
            mine.execute("INSERT INTO a VALUES (1)")
        mine.execute("INSERT INTO a VALUES (1)")
        mine.commit()
        print(type(mine.cursor()).__doc__, isinstance(mine.cursor(), Loud), repr(type(mine)))
        positional = dbapi2.connect(":memory:", 5.0, 0, None, True, Slotted, 10)
        positional.extra = 1
        print(isinstance(positional, Slotted), positional.isolation_level)
        cursor = positional.cursor(Plain)
        print(isinstance(cursor, Plain), hasattr(cursor, "__dict__"), list(cursor.execute("SELECT 3 UNION SELECT 4")))
        other = sqlite3.connect(":memory:", factory=made)
        print(type(other) is Connection, other.execute("SELECT 5").fetchone())
        plain = sqlite3.connect(":memory:")
        print(repr(type(plain)), repr(type(plain.cursor())), isinstance(plain.execute("SELECT 6"), Cursor))
        plain.row_factory = sqlite3.Row
        print(plain.execute("SELECT 7 AS seven").fetchone()["seven"])
        print(plain.cursor().execute("SELECT 8 AS x").fetchone().keys())
        for wrong in (lambda: plain.cursor(None), lambda: plain.execute(), lambda: plain.execute(5),
                      lambda: plain.execute("SELECT ?", 5), lambda: sqlite3.connect(),
                      lambda: sqlite3.connect(factory=int, database="x"),
                      lambda: plain.executemany("SELECT ?", 4), lambda: plain.executescript(b"x")):
            try:
                print("no error", wrong())
            except Exception as error:
                print(type(error).__name__, str(error)[:60])
        try:
            pickle.dumps(plain)
        except TypeError:
            print("cannot be pickled")
        plain.close()
        try:
            plain.commit()
        except sqlite3.ProgrammingError as error:
            print(error)
        """,
    )
    whats = [span.what for span in seen.of("sqlite3")]
    assert whats.count("SELECT 1") == 1
    assert whats.count("SELECT 2") == 1
    assert whats.count("COMMIT") == 2
    assert whats.count("SELECT 3 UNION SELECT 4") == 1
    assert whats.count("SELECT 5") == 0
    assert whats.count("SELECT 7 AS seven") == 1
    assert seen.state("sqlite3") == {"covered", "not covered"}, "what a function makes is not seen, and this is said"


def test_threads_keep_their_own_and_a_reload_patches_once(tmp_path: Path) -> None:
    seen = run_both(
        tmp_path,
        """
        import importlib, sqlite3, sqlite3.dbapi2, threading

        importlib.reload(sqlite3.dbapi2)
        importlib.reload(sqlite3)

        def work(number):
            connection = sqlite3.connect(":memory:")
            for _ in range(50):
                connection.execute(f"SELECT {number}").fetchall()

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print("done")
        """,
    )
    spans = [span for span in seen.of("sqlite3") if span.statement]
    assert len(spans) == 200
    assert len({span.id for span in spans}) == 200
    for number in range(4):
        assert len({span.thread for span in spans if span.statement == f"SELECT {number}"}) == 1


def test_a_long_fetch_is_told_apart(tmp_path: Path) -> None:
    seen = run_both(
        tmp_path,
        """
        import sqlite3
        connection = sqlite3.connect(":memory:")
        many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i, i FROM n"
        print(len(connection.execute(many).fetchall()))
        print(len(connection.execute(many).fetchmany(15000)))
        print(len(connection.execute(many).fetchmany(size=15000)))
        """,
    )
    fetches = [span for span in seen.of("sqlite3") if span.name == "fetch"]
    assert [span.rows for span in fetches] == [20000, 15000, 15000]
