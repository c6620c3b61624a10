"""A PostgreSQL with pg_stat_statements and auto_explain, a small shop in it, and a collector's scene."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from loadstone.gather.collector import Scene
from loadstone.model.redaction import Redaction
from tests.throwaway import Postgres, postgres

PRELOADED = "-c shared_preload_libraries=pg_stat_statements,auto_explain -c jit=off -c max_prepared_transactions=5"

SHOP = """
CREATE EXTENSION pg_stat_statements;
CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, price numeric NOT NULL, kind text NOT NULL);
INSERT INTO item SELECT i, 'item ' || i, i % 100, 'kind ' || i % 7 FROM generate_series(1, 5000) i;
CREATE TABLE stock (item int PRIMARY KEY REFERENCES item, number int NOT NULL);
INSERT INTO stock SELECT i, 10 FROM generate_series(1, 100) i;
CREATE FUNCTION take(which int) RETURNS int LANGUAGE plpgsql AS
    $$ BEGIN UPDATE stock SET number = number - 1 WHERE item = which; RETURN which; END $$;
CREATE FUNCTION seemingly_stable(which int) RETURNS int LANGUAGE plpgsql STABLE AS
    $$ BEGIN RETURN take(which); END $$;
CREATE SEQUENCE counter;
CREATE ROLE plain LOGIN;
CREATE ROLE watcher LOGIN IN ROLE pg_monitor;
CREATE ROLE service LOGIN;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO service;
ANALYZE;
"""

Session = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with postgres(options=PRELOADED) as cluster:
        with psycopg.connect(cluster.dsn, autocommit=True) as connection:
            connection.execute(SHOP.encode())
        yield cluster


@pytest.fixture
def session(server: Postgres) -> Iterator[Callable[..., Session]]:
    """Opens sessions of a role in autocommit; all are closed at the end."""
    opened: list[Session] = []

    def connect(role: str = "loadstone") -> Session:
        connection = psycopg.connect(dsn_of(server, role), autocommit=True, prepare_threshold=None)
        opened.append(connection)
        return connection

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture
def redaction() -> Redaction:
    return Redaction("00112233445566778899aabbccddeeff")


@pytest.fixture
def scene(server: Postgres, tmp_path: Path, redaction: Redaction) -> Scene:
    return scene_of(server.dsn, tmp_path, redaction)


def scene_of(dsn: str | None, spool: Path, redaction: Redaction) -> Scene:
    return Scene(spool=spool, redaction=redaction, pids=set, generator=0, dsn=dsn)


def dsn_of(server: Postgres, role: str, database: str = "postgres", password: str = "") -> str:
    secret = f":{password}" if password else ""
    return f"postgresql://{role}{secret}@/{database}?host={server.folder}"
