"""What may be run again is read conservatively: whatever is not surely one query that changes nothing is not run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.postgres.syntax import called, parameters_of_limits, read, typed_literals

QUERIES = [
    "SELECT 1",
    "select * from item where id = $1;",
    "  /* why */ SELECT a -- trailing; INSERT\n FROM b",
    "WITH x AS (SELECT 1) SELECT * FROM x",
    "(SELECT 1) UNION (SELECT 2)",
    "VALUES ($1), ($2)",
    "TABLE item",
    "SELECT 'INSERT INTO x; DELETE', \"update\" FROM t",
    "SELECT $$; DROP TABLE x$$, $a$ $$ ; $a$, E'it\\'s; DELETE'",
    "SELECT /* outer /* inner; */ still */ 1",
    "SELECT updated_at, for_update FROM t",
]
NOT_RUN = [
    ("INSERT INTO t VALUES ($1)", "an INSERT"),
    ("UPDATE t SET a = 1", "an UPDATE"),
    ("delete from t", "a DELETE"),
    ("MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE", "a MERGE"),
    ("WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone", "holds DELETE"),
    ("SELECT * FROM t FOR UPDATE", "locks"),
    ("SELECT * FROM t FOR NO KEY UPDATE SKIP LOCKED", "locks"),
    ("SELECT * FROM t FOR   SHARE", "locks"),
]
NO_PLAN = [
    "BEGIN", "COMMIT", "SET a = 1", "DROP TABLE t", "CREATE TABLE t AS SELECT 1", "COPY t FROM STDIN", "CALL p()",
    "EXPLAIN ANALYZE DELETE FROM t", "DO $$ BEGIN END $$", "SELECT 1; DROP TABLE t", "SELECT * INTO u FROM t",
    "SELECT 'unterminated", 'SELECT "unterminated', "SELECT $a$ unterminated", "SELECT /* unterminated", "", ";",
    "PREPARE x AS SELECT 1", "EXECUTE x", "VACUUM", "LISTEN x", "SELECT 1;;SELECT 2",
]  # fmt: skip


@pytest.mark.parametrize("statement", QUERIES)
def test_a_query_may_run(statement: str) -> None:
    assert read(statement).kind == "select"


@pytest.mark.parametrize(("statement", "why"), NOT_RUN)
def test_what_changes_or_locks_is_planned_only(statement: str, why: str) -> None:
    found = read(statement)
    assert found.kind == "write"
    assert why in found.why


@pytest.mark.parametrize("statement", NO_PLAN)
def test_all_else_is_left_alone(statement: str) -> None:
    found = read(statement)
    assert found.kind == "other"
    assert found.why


def test_names_before_brackets_are_called() -> None:
    found = read(
        "SELECT NextVal($1), pg_catalog.lower(x), \"Mixed Case\"(2), count(*), 'no(' FROM f (1) WHERE a IN ($2)"
    )
    assert {"nextval", "lower", "Mixed Case", "count", "f"} <= found.functions
    assert "no" not in found.functions
    assert found.parameters == 2
    assert called("(pg_sleep(0.1) = x)") == {"pg_sleep"}
    assert called("((a) = 'b')") == frozenset()
    assert called("'torn") == {"?"}


def test_a_typed_literal_becomes_a_cast() -> None:
    words = "SELECT now() - interval $1, DATE $2, update $3"
    assert typed_literals(words) == "SELECT now() - $1::interval, $2::DATE, update $3"


def test_limits_have_usual_values() -> None:
    assert parameters_of_limits("SELECT a FROM b LIMIT $2 OFFSET $3") == {2: "20", 3: "0"}
    assert parameters_of_limits("SELECT a FROM b FETCH FIRST $1 ROWS ONLY") == {1: "20"}


FRAGMENTS = [
    "SELECT",
    "DELETE",
    "(",
    ")",
    ";",
    "'",
    '"',
    "$$",
    "$1",
    "/*",
    "*/",
    "--",
    "\n",
    "x",
    "E'",
    "\\",
    "$a$",
    " ",
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS)).map("".join)))
def test_any_text_is_read_to_its_end(text: str) -> None:
    found = read(text)
    assert found.kind in ("select", "write", "other")
    called(text)


@given(st.lists(st.sampled_from(FRAGMENTS)).map("".join))
def test_a_second_command_is_never_overlooked(junk: str) -> None:
    """Whatever stands between, a DELETE outside of literals and comments keeps a statement from being run."""
    found = read(f"SELECT 1 {junk}")
    if found.kind == "select":
        assert read(f"SELECT 1 {junk}\n; DELETE FROM t").kind != "select"
        assert read(f"SELECT 1 {junk}\n, (DELETE FROM t)").kind != "select"
