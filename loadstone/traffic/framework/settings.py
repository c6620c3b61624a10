"""What a framework is configured with, as it wrote it: databases and caches, never with a password."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loadstone.model.discovery import Database, Dependency

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


def databases(told: Any) -> Iterator[Database]:  # noqa: ANN401  as it was written
    """Django's DATABASES: engine, host, port and name."""
    for each in told if isinstance(told, list) else ():
        engine = str(each.get("engine", ""))
        name = engine.rpartition(".")[2]
        system = _ENGINES.get(name) or next((_ENGINES[word] for word in engine.split(".") if word in _ENGINES), name)
        port = str(each.get("port") or "")
        yield Database(
            system,
            found_by=f"Django's settings, DATABASES[{each.get('alias', 'default')!r}]",
            host=str(each.get("host") or ""),
            port=int(port) if port.isdigit() else None,
            name=str(each.get("name") or ""),
        )


def caches(told: Any) -> Iterator[Dependency]:  # noqa: ANN401  as it was written
    """Django's CACHES that are servers."""
    for each in told if isinstance(told, list) else ():
        engine, place = str(each.get("engine", "")), str(each.get("place", ""))
        host, colon, port = place.rpartition(":")
        number = int(port) if colon and port.isdigit() else _PORTS.get(engine)
        what = "redis" if engine.startswith("redis") else engine
        yield Dependency(what, "Django's settings, CACHES", (host if colon else place).strip("[]"), number)
