"""Addresses as services write them lead to the database, and errors say no secret."""

from __future__ import annotations

import pytest

from loadstone.gather.postgres.connection import Refused, connect
from loadstone.gather.postgres.probe import probe
from tests.throwaway import Postgres, free_port


@pytest.mark.parametrize(
    "scheme", ["postgres", "postgresql", "postgresql+asyncpg", "postgres+psycopg2", "postgis", "psql"]
)
def test_the_schemes_of_drivers_are_the_same_database(server: Postgres, scheme: str) -> None:
    address = f"{scheme}://{server.user}@/postgres?host={server.folder}"
    with connect(address, statement_ms=1000) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("postgres",)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+asyncpg"])
def test_who_is_not_let_in_is_told_without_the_password(scheme: str) -> None:
    address = f"{scheme}://me:hunter2-of-the-test@127.0.0.1:{free_port()}/shop"
    with pytest.raises(Refused) as refused:
        connect(address, statement_ms=1000)
    told = refused.value.missing
    assert "no connection" in told.reason
    assert "hunter2" not in f"{told.reason} {told.advice}"
    assert [one.kind for one in probe(address)] == ["postgres"]
