"""What a framework is configured with, as it wrote it: databases and caches, never with a password."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from loadstone.model.discovery import Database, Dependency
from loadstone.traffic.framework.written import Setting

__all__ = ["caches", "databases"]

_ENGINES = {
    "postgresql": "postgresql",
    "postgresql_psycopg2": "postgresql",
    "postgis": "postgresql",
    "cockroachdb": "cockroachdb",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite3": "sqlite",
    "spatialite": "sqlite",
    "oracle": "oracle.db",
    "mssql": "microsoft.sql_server",
    "djongo": "mongodb",
}
_PORTS = {"redis": 6379, "rediss": 6379, "memcached": 11211}


def databases(told: Iterable[Setting]) -> Iterator[Database]:
    """Django's DATABASES: engine, host, port and name."""
    for each in told:
        name = each.engine.rpartition(".")[2]
        words = each.engine.split(".")
        system = _ENGINES.get(name) or next((_ENGINES[word] for word in words if word in _ENGINES), name)
        yield Database(
            system,
            found_by=f"Django's settings, DATABASES[{each.alias or 'default'!r}]",
            host=each.host,
            port=int(each.port) if each.port.isdecimal() else None,
            name=each.name,
        )


def caches(told: Iterable[Setting]) -> Iterator[Dependency]:
    """Django's CACHES that are servers."""
    for each in told:
        host, colon, port = each.place.rpartition(":")
        number = int(port) if colon and port.isdecimal() else _PORTS.get(each.engine)
        what = "redis" if each.engine.startswith("redis") else each.engine
        yield Dependency(what, "Django's settings, CACHES", (host if colon else each.place).strip("[]"), number)
