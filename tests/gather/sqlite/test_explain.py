"""Plans of masked statements on a copy of the schema, against those of the real database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.sqlite.databases import Schema, schema_of
from loadstone.gather.sqlite.explain import explain, explained
from loadstone.model.evidence import Plan

SCHEMA = """
CREATE TABLE product (id INTEGER PRIMARY KEY, name TEXT COLLATE german, kind TEXT, price REAL);
CREATE TABLE review (product_id INTEGER REFERENCES product, stars INTEGER, text TEXT);
CREATE TABLE pair (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE INDEX review_by_product ON review (product_id, stars DESC);
CREATE INDEX product_by_kind ON product (kind);
CREATE INDEX product_by_price ON product (price) WHERE kind = 'dear';
CREATE VIEW rated AS
    SELECT p.name, avg(r.stars) AS stars FROM product p JOIN review r ON r.product_id = p.id GROUP BY 1;
CREATE VIRTUAL TABLE words USING fts5 (name, content = 'product', content_rowid = 'id');
CREATE TRIGGER gone AFTER DELETE ON product BEGIN DELETE FROM review WHERE product_id = old.id; END;
"""
STATEMENTS = [
    ("SELECT * FROM product WHERE id = ?", 1),
    ("SELECT * FROM product WHERE id IN (?)", 1),
    ("SELECT * FROM review WHERE product_id = ? ORDER BY stars DESC LIMIT ? OFFSET ?", 3),
    ("SELECT * FROM product p, review r WHERE r.product_id = p.id AND p.kind = ?", 1),
    ("SELECT * FROM rated WHERE stars > ?", 1),
    ("SELECT rowid FROM words WHERE words MATCH ?", 1),
    ("SELECT kind, count(*) FROM product GROUP BY kind HAVING count(*) > ? ORDER BY count(*)", 1),
    ("UPDATE product SET price = price * ? WHERE kind = ?", 2),
    ("DELETE FROM product WHERE id = ?", 1),
    ("INSERT INTO pair SELECT id, ? FROM product WHERE name > ?", 2),
    ("WITH RECURSIVE n (i) AS (SELECT ? UNION ALL SELECT i + ? FROM n) SELECT * FROM n JOIN pair ON a = i LIMIT ?", 3),
]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with closing(_open(path)) as connection:
        connection.executescript(SCHEMA)
        connection.executemany("INSERT INTO review VALUES (?, ?, '')", [(i % 50, i % 5) for i in range(500)])
        connection.executemany("INSERT INTO product VALUES (?, ?, ?, ?)", [(i, "n", f"k{i % 3}", i) for i in range(50)])
        connection.execute("ANALYZE")
        connection.commit()
    return path


@pytest.mark.parametrize(("statement", "values"), STATEMENTS)
def test_the_copy_answers_as_the_database_does(database: Path, statement: str, values: int) -> None:
    (plan,) = explain(database, [statement])
    with closing(_open(database)) as connection:
        truth = connection.execute(f"EXPLAIN QUERY PLAN {statement}", (None,) * values).fetchall()
    assert [(line["id"], line["parent"], line["detail"]) for line in plan.root["lines"]] == [
        (line[0], line[1], line[3]) for line in truth
    ]
    assert (plan.statement, plan.db_system_name, plan.source) == (statement, "sqlite", "explain query plan")


def test_statistics_decide_as_they_do_in_the_database(tmp_path: Path) -> None:
    path = tmp_path / "skewed.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE t (a, b); CREATE INDEX by_a ON t (a); CREATE INDEX by_b ON t (b);")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(1, i) for i in range(2000)])
        before = _details(explain(path, ["SELECT * FROM t WHERE a = ? AND b = ?"])[0])
        connection.execute("ANALYZE")
        connection.commit()
    assert "by_b" in _details(explain(path, ["SELECT * FROM t WHERE a = ? AND b = ?"])[0])
    assert before


def test_the_services_own_functions_and_collations_are_stood_in_for(database: Path) -> None:
    (plan,) = explain(database, ["SELECT distance(price, ?) FROM product ORDER BY name COLLATE swedish"])
    assert "SCAN product" in _details(plan)


def test_what_has_no_plan_is_told_or_left_out(database: Path) -> None:
    nothing = ["BEGIN", "COMMIT", "PRAGMA journal_mode = DELETE", "VACUUM", "ATTACH ? AS other", "CREATE TABLE x (a)"]
    found = explained(schema_of(database), [*nothing, "INSERT INTO pair VALUES (?)"])
    assert found.plans == ()
    assert found.refused == {}
    found = explained(schema_of(database), ["SELECT * FROM nowhere", "SELECT ?; DROP TABLE product", "SELECT FROM"])
    assert found.plans == ()
    assert found.refused["SELECT * FROM nowhere"] == "no such table: nowhere"
    assert len(found.refused) == 3


def test_each_statement_is_planned_once(database: Path) -> None:
    assert len(explain(database, ["SELECT * FROM product"] * 3)) == 1


def test_a_pattern_without_its_value_is_said(database: Path) -> None:
    (plan,) = explain(database, ["SELECT * FROM product WHERE kind LIKE ?"])
    assert "LIKE may use an index" in plan.note


def test_nothing_is_attached_whatever_the_schema_says(tmp_path: Path) -> None:
    made = tmp_path / "made"
    schema = Schema(tmp_path / "x.db", (f"ATTACH '{made}' AS made", "CREATE TABLE made.t (a)", "CREATE TABLE t (a)"))
    assert len(explained(schema, ["SELECT * FROM t"]).plans) == 1
    assert not made.exists()


@given(st.lists(st.text(max_size=40), max_size=5), st.lists(st.text(max_size=60), max_size=5))
def test_any_text_is_taken(schema: list[str], statements: list[str]) -> None:
    explained(Schema(Path("x.db"), tuple(schema)), [*statements, *(f"SELECT {text}" for text in statements)])


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.create_collation("german", lambda one, other: (one > other) - (one < other))
    return connection


def _details(plan: Plan) -> str:
    return "; ".join(line["detail"] for line in plan.root["lines"])
