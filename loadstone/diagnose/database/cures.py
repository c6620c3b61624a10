"""Cures in the words of the framework that is in use, as far as the evidence tells which it is.

A framework is told by the scope of its spans, by the libraries that were seen in the process, and by the way in which
it writes statements. Where several could be meant, or none is known, the cure is told in SQL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from loadstone.diagnose.digest import Operation
from loadstone.diagnose.suspect import Scene

__all__ = ["Kind", "cure", "framework"]

Kind = Literal[
    "rows",
    "bulk",
    "keys",
    "pattern",
    "same",
    "unbounded",
    "columns",
    "mapping",
    "keyset",
    "connections",
    "lock",
]
"""What is to be cured: one statement a row, one change a row, one key at a time, a pattern of statements, the same
statement again, a result without a bound, more fetched than used, objects made of rows, pages by OFFSET, a connection
for each request, a lock held long."""

_SCOPES: tuple[tuple[str, str], ...] = (
    (r"django", "django"),
    (r"sqlalchemy", "sqlalchemy"),
    (r"tortoise", "tortoise"),
    (r"peewee", "peewee"),
    (r"hibernate", "hibernate"),
    (r"spring[.-]data|jpa", "hibernate"),
    (r"entityframework|efcore", "efcore"),
    (r"active_?record", "activerecord"),
    (r"prisma", "prisma"),
    (r"sequelize", "sequelize"),
    (r"typeorm", "typeorm"),
    (r"mongoose", "mongoose"),
    (r"eloquent|laravel", "eloquent"),
    (r"doctrine", "doctrine"),
    (r"gorm", "gorm"),
    (r"ecto", "ecto"),
)

_STYLES: tuple[tuple[str, str], ...] = (
    (r'SELECT (?:DISTINCT )?"public"\."\w+"\."\w+"', "prisma"),
    (r'SELECT "(\w+)"\."\w+" AS "\1_\w+"', "typeorm"),
    (r'SELECT "\w+"\.\* FROM "\w+" WHERE "\w+"\."\w+"', "activerecord"),
    (r"SELECT \[\w\d?\]\.\[\w+\]|SELECT \w\d?\.\"\w+\"", "efcore"),
    (r"select \w+\d_0\.\w+|\b\w+\d+_\d*_?\.\w+ as \w+\d+_\d+_", "hibernate"),
    (r"\b(\w+)\.(\w+) AS (?:anon_\d+_)?\1_\2\b", "sqlalchemy"),
    (r'SELECT (?:DISTINCT )?(?:\(\? AS "a"|"\w+"\."\w+", "\w+"\."\w+")', "django"),
    (r"SELECT `(\w+)`\.`\w+`(?: AS `\w+`)?, `\1`", "django"),
)
"""How mappers write a SELECT: Prisma, TypeORM, ActiveRecord, EF Core, Hibernate, SQLAlchemy, Django."""

_LIBRARIES = ("django.db", "django", "sqlalchemy")

_KEPT_OPEN = {
    "django": 'CONN_MAX_AGE or, from Django 5.1, OPTIONS = {"pool": True}',
    "sqlalchemy": "one Engine for the whole process, which has a pool, and no NullPool",
    "psycopg": "psycopg_pool.ConnectionPool, opened once in each process",
    "psycopg2": "psycopg2.pool.ThreadedConnectionPool, or PgBouncer in front of the database",
    "asyncpg": "asyncpg.create_pool, once in each process",
    "sqlite3": "one connection for each thread, kept open",
    "redis": "one redis.Redis client for the whole process: it has a pool",
    "pg": "one pg.Pool in place of a Client for each request",
    "mysql": "one pool made at the start: mysql.createPool",
    "jdbc": "a DataSource with a pool (HikariCP) in place of DriverManager.getConnection",
    "go": "one sql.DB for the whole process, with SetMaxIdleConns as high as SetMaxOpenConns",
}

_WORDS: dict[Kind, tuple[str, Mapping[str, str]]] = {
    "rows": (
        "ask once for all rows: a join, or WHERE … IN (…) with all the keys",
        {
            "django": "load them with the query that gives the rows: select_related() for a foreign key, "
            "prefetch_related() for many",
            "sqlalchemy": "load them with the query that gives the rows: options(selectinload(…)), or joinedload(…) "
            "for one to one; raiseload('*') shows what is left",
            "tortoise": "load them with the query that gives the rows: prefetch_related(…)",
            "peewee": "load them with the query that gives the rows: prefetch(…) or a join",
            "hibernate": "fetch them with the query that gives the rows: JOIN FETCH or an @EntityGraph; @BatchSize "
            "where a join would multiply rows",
            "efcore": "load them with the query that gives the rows: Include(…), AsSplitQuery() where there are many",
            "activerecord": "load them with the query that gives the rows: includes(…); strict_loading shows what is "
            "left",
            "prisma": "load them with the query that gives the rows: include: { … }, or findMany with { in: ids }",
            "sequelize": "load them with the query that gives the rows: include: [ … ]",
            "typeorm": "load them with the query that gives the rows: relations: [ … ] or leftJoinAndSelect",
            "mongoose": "load them with the query that gives the rows: populate(…) on the whole list, or $in",
            "eloquent": "load them with the query that gives the rows: with(…); Model::preventLazyLoading() shows "
            "what is left",
            "doctrine": "load them with the query that gives the rows: a fetch join, addSelect(…)",
            "gorm": "load them with the query that gives the rows: Preload(…) or Joins(…)",
            "ecto": "load them with the query that gives the rows: preload",
        },
    ),
    "bulk": (
        "send all rows at once: one INSERT with many rows of VALUES, COPY, or one UPDATE … FROM (VALUES …)",
        {
            "django": "bulk_create() or bulk_update() in place of save() in a loop",
            "sqlalchemy": "session.execute(insert(…), rows) or add_all() with one flush, in place of one at a time",
            "psycopg": "executemany() (pipelined in psycopg 3) or COPY, in one transaction",
            "psycopg2": "psycopg2.extras.execute_values(…), in one transaction",
            "asyncpg": "executemany() or copy_records_to_table(), in one transaction",
            "sqlite3": "executemany() in one transaction",
            "hibernate": "hibernate.jdbc.batch_size with order_inserts, or saveAll with it",
            "efcore": "AddRange and one SaveChanges, or ExecuteUpdate",
            "activerecord": "insert_all or upsert_all in place of create in a loop",
            "prisma": "createMany or updateMany",
            "sequelize": "bulkCreate",
            "typeorm": "one save() or insert() with the whole list",
            "gorm": "CreateInBatches",
        },
    ),
    "keys": (
        "ask for all keys at once: the store's multi-get or a pipeline",
        {
            "redis": "ask for all keys at once: MGET (HMGET, SMISMEMBER …), or one pipeline for different commands",
            "memcached": "ask for all keys at once: get_multi (get_many in Django's cache)",
            "dynamodb": "BatchGetItem, up to 100 keys at a time",
        },
    ),
    "pattern": (
        "ask once for all rows at each place: one statement with IN (…), or a join, in place of each one of the loop",
        {
            "django": "load all of it before the loop: select_related() and prefetch_related() on the outer query, "
            "one for each relation that the loop reads",
            "sqlalchemy": "load all of it before the loop: a selectinload(…) for each relation that the loop reads",
            "hibernate": "load all of it before the loop: an @EntityGraph with each relation that the loop reads",
            "activerecord": "load all of it before the loop: includes(:one, :other)",
            "efcore": "load all of it before the loop: an Include(…) for each relation that the loop reads",
        },
    ),
    "same": (
        "ask once and keep the answer for the rest of the request; where it changes rarely, in a cache with a time to "
        "live",
        {
            "django": "evaluate the query set once and pass the objects on (a new query set asks again); "
            "cached_property for what a method asks",
            "sqlalchemy": "ask once and pass the object on; Session.get() answers from the session by primary key",
        },
    ),
    "unbounded": (
        "bound it: LIMIT with a page by key, or a stream where every row is really needed",
        {
            "django": "a Paginator, a slice of the query set, or iterator(chunk_size=…) where every row is needed",
            "sqlalchemy": "limit(…) with a page by key, or yield_per(…) where every row is needed",
            "hibernate": "a Pageable, or a Stream with a fetch size where every row is needed",
            "activerecord": "limit(…), or find_each where every row is needed",
            "efcore": "Take(…), or AsAsyncEnumerable where every row is needed",
        },
    ),
    "columns": (
        "let the database do it: WHERE, count(*), sum(…) in the statement, and only the columns that are used",
        {
            "django": "let the database do it: filter(), count(), aggregate(), exists(); only() for columns",
            "sqlalchemy": "let the database do it: where(), func.count(), func.sum(); load_only(…) for columns",
            "activerecord": "let the database do it: where, count, sum, exists?; pluck or select for columns",
            "efcore": "let the database do it: Where, Count, Sum, Any before ToList; Select for columns",
        },
    ),
    "mapping": (
        "make fewer or plainer objects: only the rows and columns that are used, as tuples where nothing is changed",
        {
            "django": "values() or values_list() in place of models, only() for columns, fewer rows a page",
            "sqlalchemy": "select the columns, not the entity (rows in place of objects), fewer rows a page",
            "hibernate": "a projection (DTO or interface) in place of entities; a read-only query",
            "efcore": "AsNoTracking() and Select into a record",
            "activerecord": "pluck in place of objects",
        },
    ),
    "keyset": (
        "page by key: WHERE (sort columns) > (the last row's) ORDER BY … LIMIT …, with an index on the sort columns",
        {
            "django": "page by key: filter(id__gt=last) with the order of an index, or DRF's CursorPagination; not "
            "Paginator or LimitOffsetPagination",
            "sqlalchemy": "page by key: where(tuple_(sort columns) > last).limit(…), or the package sqlakeyset",
            "hibernate": "page by key: Spring Data's ScrollPosition.keyset() in place of PageRequest",
            "activerecord": "page by key: where('id > ?', last).limit(…), or the gem pagy with its keyset",
            "efcore": "page by key: Where(row => row.Id > last).Take(…) in place of Skip",
            "prisma": "page by key: cursor and take, in place of skip",
        },
    ),
    "connections": ("keep connections open and share them: a pool", _KEPT_OPEN),
    "lock": (
        "hold the lock for a shorter time: change the contended row last, do other work and calls of other services "
        "before the transaction; or spread the row over several, or take it with SKIP LOCKED",
        {
            "django": "hold the lock for a shorter time: change the contended row last in the atomic() block, and do "
            "other work before it; F() expressions need no select_for_update()",
        },
    ),
}


def framework(scene: Scene, operation: Operation) -> str | None:
    """The mapper or driver that a statement comes from: by its text, its scope, else the process's libraries."""
    statement = operation.statement or ""
    for pattern, name in _STYLES:
        if re.search(pattern, statement[:2_000]):
            return name
    scope = (operation.scope or "").lower()
    for pattern, name in _SCOPES:
        if re.search(pattern, scope):
            return name
    seen = {one.library for one in scene.coverage() if one.state in ("spans", "no spans")}
    if operation.family == "database" and len(seen & {"django.db", "sqlalchemy"}) == 1 and _quoted(statement):
        return "django" if "django.db" in seen else "sqlalchemy"
    return None


def cure(kind: Kind, scene: Scene, operation: Operation) -> str:
    """What to do about it, in the framework's words where it is known."""
    plain, special = _WORDS[kind]
    names = [framework(scene, operation), _driver(operation), (operation.system or "").removeprefix("aws.")]
    return next((special[name] for name in names if name is not None and name in special), plain)


def _quoted(statement: str) -> bool:
    """Whether it looks written by a mapper: names of columns with their table."""
    return bool(re.search(r"[\"`]\w+[\"`]\.[\"`]\w+[\"`]", statement)) or " AS " in statement


def _driver(operation: Operation) -> str | None:
    scope = (operation.scope or "").lower()
    for name in ("psycopg2", "psycopg", "asyncpg", "sqlite3", "redis", "jdbc"):
        if name in scope:
            return name
    if re.search(r"instrumentation-pg|(?:^|[./-])pg$", scope):
        return "pg"
    if "instrumentation-mysql" in scope:
        return "mysql"
    return "go" if re.search(r"otelsql|sqltrace|database/sql", scope) else None
