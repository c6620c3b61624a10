"""Cures in the words of what is in use, told by text, scope or library."""

from __future__ import annotations

from typing import get_args

import pytest

from loadstone.diagnose.database.cures import Kind, cure, framework
from loadstone.diagnose.digest import Operation
from loadstone.model.evidence import Coverage
from tests.scenes import Story


def operation(statement: str, scope: str | None = None, system: str = "postgresql") -> Operation:
    family = "key-value" if system == "redis" else "database"
    return Operation(0, family, "client", "shop", statement, statement, statement, system, scope)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("statement", "scope", "expected"),
    [
        ('SELECT "shop_author"."id", "shop_author"."name" FROM "shop_author"', None, "django"),
        ("SELECT author.id AS author_id, author.name AS author_name FROM author", None, "sqlalchemy"),
        ("select a1_0.id,a1_0.name from author a1_0 where a1_0.id=?", None, "hibernate"),
        ('SELECT "authors".* FROM "authors" WHERE "authors"."id" = ? LIMIT ?', None, "activerecord"),
        ('SELECT "public"."Author"."id", "public"."Author"."name" FROM "public"."Author"', None, "prisma"),
        ('SELECT "Author"."id" AS "Author_id" FROM "author" "Author"', None, "typeorm"),
        ("SELECT [a].[Id], [a].[Name] FROM [Authors] AS [a] WHERE [a].[Id] = ?", None, "efcore"),
        ("SELECT name FROM author WHERE id = ?", "opentelemetry.instrumentation.sqlalchemy", "sqlalchemy"),
        ("SELECT name FROM author WHERE id = ?", "io.opentelemetry.hibernate-6.0", "hibernate"),
        ("SELECT name FROM author WHERE id = ?", "psycopg", None),
    ],
)  # fmt: skip
def test_a_mapper_is_known_by_how_it_writes(statement: str, scope: str | None, expected: str | None) -> None:
    _, scene = Story().made()
    assert framework(scene, operation(statement, scope)) == expected


def test_a_library_that_is_loaded_does_not_write_every_statement() -> None:
    story = Story()
    story.coverage.append(Coverage(1, "django.db", "5.2", "spans", 4))
    _, scene = story.made()
    assert framework(scene, operation("SELECT name FROM author WHERE id = ?")) is None
    assert framework(scene, operation('UPDATE "shop_stock" SET "count" = ? WHERE "shop_stock"."id" = ?')) == "django"


@pytest.mark.parametrize(
    ("kind", "statement", "scope", "system", "expected"),
    [
        ("rows", 'SELECT "a"."id", "a"."b" FROM "a"', None, "postgresql", "prefetch_related"),
        ("rows", "SELECT a FROM b", "psycopg", "postgresql", "IN (…)"),
        ("keys", "GET ?", "redis", "redis", "MGET"),
        ("bulk", "INSERT INTO a (b) VALUES (?)", "psycopg2", "postgresql", "execute_values"),
        ("connections", "connect", "psycopg", "postgresql", "psycopg_pool"),
        ("connections", "connect", "@opentelemetry/instrumentation-pg", "postgresql", "pg.Pool"),
        ("keyset", "SELECT a FROM b LIMIT ? OFFSET ?", None, "mysql", "(sort columns) >"),
    ],
)
def test_a_cure_in_its_words(kind: Kind, statement: str, scope: str | None, system: str, expected: str) -> None:
    _, scene = Story().made()
    assert expected in cure(kind, scene, operation(statement, scope, system))


def test_every_kind_has_a_cure_without_a_framework() -> None:
    _, scene = Story().made()
    for kind in get_args(Kind):
        assert cure(kind, scene, operation("x", None, "other"))
