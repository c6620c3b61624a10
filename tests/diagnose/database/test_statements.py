"""What statements say: verbs, tables, columns, marks; and that no text at all makes the reader fail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.diagnose.database.statements import Condition, Table, conditions, read


@pytest.mark.parametrize(
    ("text", "verb", "tables", "told"),
    [
        ("SELECT name FROM author WHERE id = ?", "SELECT", ["author"], [("id", "equality")]),
        ('SELECT "a"."b" FROM "a" WHERE "a"."id" = ? ORDER BY "a"."at" DESC LIMIT ?', "SELECT", ["a"],
         [("id", "equality"), ("at", "order")]),
        ("SELECT * FROM orders o JOIN customer AS c ON c.id = o.customer_id WHERE o.total > ? AND o.state IN (?)",
         "SELECT", ["orders", "customer"],
         [("id", "equality"), ("customer_id", "equality"), ("total", "range"), ("state", "equality")]),
        ("UPDATE stock SET left = ?, at = ? WHERE product_id = ?", "UPDATE", ["stock"], [("product_id", "equality")]),
        ("DELETE FROM cart WHERE seen_at < ?", "DELETE", ["cart"], [("seen_at", "range")]),
        ("INSERT INTO line (a, b) VALUES (?)", "INSERT", ["line"], []),
        ("SELECT a FROM t, u x WHERE t.k = x.k", "SELECT", ["t", "u"], [("k", "equality"), ("k", "equality")]),
        ("SELECT * FROM [dbo].[user] WHERE [user].[mail] LIKE ?", "SELECT", ["dbo.user"], [("mail", "pattern")]),
        ("SELECT (SELECT max(a) FROM (SELECT a FROM u ORDER BY a LIMIT ?) AS m) FROM t WHERE t.b = ? ORDER BY t.c DESC",
         "SELECT", ["u", "t"], [("b", "equality"), ("c", "order")]),
        ("SELECT a FROM t JOIN u ON u.k = t.k LEFT JOIN v USING (k), w WHERE w.a = ?", "SELECT", ["t", "u", "v"],
         [("k", "equality"), ("k", "equality"), ("a", "equality")]),
        ("GET ?", "GET", [], []),
        ("", "", [], []),
    ],
)  # fmt: skip
def test_a_statement_is_read(text: str, verb: str, tables: list[str], told: list[tuple[str, str]]) -> None:
    found = read(text)
    assert found.verb == verb
    assert [one.name for one in found.tables] == tables
    assert [(one.column, one.how) for one in found.conditions] == told


def test_a_filter_of_a_plan_is_read_with_its_casts() -> None:
    assert conditions("((customer_id = ?) AND ((state)::text = ?::text) AND (total > ?::numeric(10,2)))") == (
        Condition(None, "customer_id", "equality"),
        Condition(None, "state", "equality"),
        Condition(None, "total", "range"),
    )
    assert conditions("(lower((name)::text) = ?::text)") == (Condition(None, "name", "equality", "lower(name)"),)
    assert conditions("((title)::text ~~* ?::text)") == (Condition(None, "title", "pattern"),)


def test_conditions_go_to_their_tables() -> None:
    told = read("SELECT * FROM orders o JOIN customer c ON c.id = o.customer_id WHERE o.state = ? AND note = ?")
    assert [one.column for one in told.of(Table("orders", "o"))] == ["customer_id", "state"]
    assert [one.column for one in told.of(Table("customer", "c"))] == ["id"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SELECT a FROM t ORDER BY x LIMIT ? OFFSET ?", "offset"),
        ("SELECT a FROM t LIMIT ?, ?", "offset"),
        ("SELECT a FROM t ORDER BY a OFFSET ? ROWS FETCH NEXT ? ROWS ONLY", "offset"),
        ("SELECT a FROM t FETCH FIRST ? ROWS ONLY", "limited"),
        ("SELECT TOP ? a FROM t", "limited"),
        ("SELECT t.* FROM t", "star"),
        ("SELECT count(*) FROM t WHERE a = ?", "one"),
        ("SELECT a FROM t WHERE id = ? FOR UPDATE", "locks"),
        ("SELECT a FROM t WHERE id = …", "cut"),
    ],
)
def test_what_a_statement_has(text: str, name: str) -> None:
    assert getattr(read(text), name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SELECT a FROM t LIMIT ?", "offset"),
        ("SELECT count(*) FROM t", "star"),
        ("SELECT a * b FROM t", "star"),
        ("SELECT state, count(*) FROM t GROUP BY state", "one"),
        ("SELECT a FROM t", "limited"),
    ],
)
def test_what_a_statement_has_not(text: str, name: str) -> None:
    assert not getattr(read(text), name)


WORDS = ["SELECT", "FROM", "WHERE", "(", ")", "?", "a", "b.c", "=", "IN", ",", "ORDER BY", "LIMIT", '"', "[", "::text"]


@given(st.text(max_size=300) | st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join))
def test_any_text_is_read(text: str) -> None:
    told = read(text)
    for table in told.tables:
        assert set(told.of(table)) <= set(told.conditions)


MONSTERS = ["SELECT " + "a" * 20_000, "FROM a," * 3_000, "a.b = " * 3_000, "(" * 20_000, "x." * 9_000]


@pytest.mark.parametrize("text", MONSTERS, ids=range(len(MONSTERS)))
def test_a_monstrous_text_is_read_in_linear_steps(text: str) -> None:
    """Takes minutes where a pattern starts anew at each letter."""
    assert read(text).parameters == 0
