"""The hooks of PyMySQL and mysqlclient against a real MariaDB: the two have one interface, so one program is run."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.gather.recorder.scenario import run_both
from tests.throwaway import MySQL, mariadb

pytestmark = pytest.mark.optional(reason="MariaDB's server programs are not installed everywhere")

PROGRAM = """
import sys
driver, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
if driver == "pymysql":
    import pymysql as db
else:
    import MySQLdb as db
from importlib import import_module
cursors = import_module(db.__name__ + ".cursors")

connection = db.connect(host=host, port=port, user="root", charset="utf8mb4")  # connecting
cursor = connection.cursor()
cursor.execute("CREATE DATABASE IF NOT EXISTS test")
cursor.execute("USE test")
cursor.execute("DROP TABLE IF EXISTS item")
cursor.execute("CREATE TABLE item (id int, name varchar(20))")
print(cursor.execute("INSERT INTO item VALUES (%s, %s)", (1, "hunter1")))
print(cursor.executemany("INSERT INTO item VALUES (%s, %s)", [(2, "hunter2"), (3, "hunter3")]))
print(cursor.executemany("UPDATE item SET id = id WHERE name = %s", [("hunter2",), ("hunter3",)]))
connection.commit()
cursor.execute("SELECT id FROM item WHERE name = %(name)s", {"name": "hunter2"})  # looking
print(cursor.fetchall(), cursor.rowcount)
with connection.cursor(cursors.DictCursor) as other:
    other.execute("SELECT id FROM item ORDER BY id")
    print([row["id"] for row in other])
streamed = connection.cursor(cursors.SSCursor)
streamed.execute("SELECT id FROM item ORDER BY id")
print(list(streamed))
streamed.close()
connection.begin()
try:
    cursor.execute("SELECT nothing FROM item")
except db.OperationalError as error:
    print(error.args[0])
connection.rollback()
connection.autocommit(True)
connection.ping()
cursor.execute("DROP PROCEDURE IF EXISTS p")
cursor.execute("CREATE PROCEDURE p(IN a int) SELECT a + 1")
cursor.callproc("p", (4,))
print(cursor.fetchall(), cursor.nextset())
connection.close()
try:
    cursor.execute("SELECT 9")
except db.Error as error:
    print("closed")
try:
    db.connect(host=host, port=1, user="root")
except db.OperationalError as error:
    print("refused", error.args[0])
"""


@pytest.fixture(scope="module")
def server() -> Iterator[MySQL]:
    with mariadb() as made:
        yield made


def _python(driver: str) -> Sequence[str]:
    """An interpreter that has the driver: ours, else Debian's."""
    if driver == "pymysql" or importlib.util.find_spec("MySQLdb"):
        return (sys.executable,)
    debian = "/usr/bin/python3"
    if (
        Path(debian).exists()
        and not subprocess.run([debian, "-c", "import MySQLdb"], stderr=subprocess.DEVNULL).returncode
    ):
        return (debian,)
    pytest.skip("mysqlclient is not installed; on Debian: apt-get install python3-mysqldb")


@pytest.mark.parametrize("driver", ["pymysql", "mysqlclient"])
def test_each_call_is_one_span(server: MySQL, tmp_path: Path, driver: str) -> None:
    seen = run_both(tmp_path, PROGRAM, driver, "127.0.0.1", str(server.port), python=_python(driver))
    spans = [span for span in seen.of(driver) if not span.what.startswith("SET AUTOCOMMIT")]
    assert [span.what for span in spans] == [
        "connect",
        "CREATE DATABASE IF NOT EXISTS test",
        "USE test",
        "DROP TABLE IF EXISTS item",
        "CREATE TABLE item (id int, name varchar(20))",
        "INSERT INTO item VALUES (%s, %s)",
        "INSERT INTO item VALUES (%s, %s)",
        *["UPDATE item SET id = id WHERE name = %s"] * 2,
        "COMMIT",
        "SELECT id FROM item WHERE name = %(name)s",
        "SELECT id FROM item ORDER BY id",
        "SELECT id FROM item ORDER BY id",
        "BEGIN",
        "SELECT nothing FROM item",
        "ROLLBACK",
        "ping",
        "DROP PROCEDURE IF EXISTS p",
        "CREATE PROCEDURE p(IN a int) SELECT a + 1",
        "CALL p",
        "SELECT 9",
        "connect",
    ]
    assert [span.rows for span in spans[5:13]] == [1, 2, 0, 0, None, 1, 3, None]
    assert [span.what for span in spans if span.error] == ["SELECT nothing FROM item", "SELECT 9", "connect"]
    assert spans[14].error.endswith("OperationalError")
    assert spans[0].line == seen.line("# connecting")
    assert spans[10].line == seen.line("# looking")
    assert {span.system for span in spans} == {"mysql"}
    assert {span.server for span in spans[:15]} <= {f"127.0.0.1:{server.port}", "127.0.0.1"}
    written = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
    assert b"hunter" not in written
    assert seen.state(driver) == {"covered"}
