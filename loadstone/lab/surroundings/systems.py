"""By what a database or another server is known: its port, its address's scheme, its program, its image, its socket.

Names are OpenTelemetry's ``db.system.name`` and ``messaging.system`` where these have one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["DATABASES", "PORTS", "by_image", "by_port", "by_program", "by_scheme", "by_socket"]

DATABASES = frozenset(
    (
        *("postgresql", "mysql", "sqlite", "mongodb", "cockroachdb", "microsoft.sql_server", "oracle.db"),
        *("clickhouse", "cassandra"),
    )
)
"""Those that are told as databases; the others are dependencies."""

PORTS: Mapping[str, int] = {
    "postgresql": 5432,
    "mysql": 3306,
    "redis": 6379,
    "mongodb": 27017,
    "rabbitmq": 5672,
    "kafka": 9092,
    "memcached": 11211,
    "elasticsearch": 9200,
    "cockroachdb": 26257,
    "microsoft.sql_server": 1433,
    "oracle.db": 1521,
    "clickhouse": 9000,
    "cassandra": 9042,
    "nats": 4222,
}
"""As registered with IANA, or as the server's own documentation has it."""

_SHARED = {9000, 4222}
"""Ports that others use as much (MinIO, PHP-FPM): who listens there is not told by the port."""

_MORE_PORTS = {5671: "rabbitmq", 6432: "postgresql", 80: "http", 443: "http", 8080: "http"}
_BY_PORT = {port: system for system, port in PORTS.items() if port not in _SHARED} | _MORE_PORTS

_SCHEMES: Mapping[str, str] = {
    **dict.fromkeys(("postgres", "postgresql", "postgis", "psql", "pgsql", "timescaledb"), "postgresql"),
    **dict.fromkeys(("mysql", "mysql2", "mariadb"), "mysql"),
    **dict.fromkeys(("sqlite", "sqlite3", "spatialite"), "sqlite"),
    **dict.fromkeys(("redis", "rediss", "valkey"), "redis"),
    **dict.fromkeys(("amqp", "amqps", "pyamqp"), "rabbitmq"),
    **dict.fromkeys(("mssql", "sqlserver"), "microsoft.sql_server"),
    **dict.fromkeys(("http", "https"), "http"),
    "cockroachdb": "cockroachdb",
    "mongodb": "mongodb",
    "oracle": "oracle.db",
    "clickhouse": "clickhouse",
    "clickhousedb": "clickhouse",
    "memcached": "memcached",
    "kafka": "kafka",
    "elasticsearch": "elasticsearch",
    "nats": "nats",
}

_PROGRAMS: tuple[tuple[str, str], ...] = (
    (r"(postgres|postmaster|pgbouncer|odyssey)\b", "postgresql"),
    (r"(mysqld|mariadbd)\b", "mysql"),
    (r"(redis|valkey|keydb)-server", "redis"),
    (r"(mongod|mongos)\b", "mongodb"),
    (r"beam\.smp\b.*rabbit", "rabbitmq"),
    (r"memcached\b", "memcached"),
    (r"java\b.*kafka\.Kafka", "kafka"),
    (r"java\b.*(elasticsearch|opensearch)", "elasticsearch"),
    (r"java\b.*cassandra", "cassandra"),
    (r"clickhouse-server", "clickhouse"),
    (r"cockroach\b", "cockroachdb"),
    (r"nats-server", "nats"),
    (r"(nginx|haproxy|envoy|caddy|traefik)\b", "http"),
)

_IMAGES: tuple[tuple[str, str], ...] = (
    (r"(postgres(ql)?|postgis|timescaledb(-ha)?|pgvector|pgbouncer)", "postgresql"),
    (r"(mysql(-server)?|mariadb|percona)", "mysql"),
    (r"(redis(-stack(-server)?)?|valkey|keydb|dragonfly)", "redis"),
    (r"(mongo|mongodb(-community-server)?)", "mongodb"),
    (r"rabbitmq", "rabbitmq"),
    (r"(kafka|cp-kafka|redpanda)", "kafka"),
    (r"memcached", "memcached"),
    (r"(elasticsearch|opensearch)", "elasticsearch"),
    (r"(clickhouse(-server)?)", "clickhouse"),
    (r"(cockroach)", "cockroachdb"),
    (r"azure-sql-edge", "microsoft.sql_server"),
    (r"cassandra", "cassandra"),
    (r"nats", "nats"),
    (r"(nginx|nginx-unprivileged|traefik|caddy|haproxy|envoy|httpd)", "proxy"),
)


def by_port(port: int) -> str | None:
    """Who usually listens there."""
    return _BY_PORT.get(port)


def by_scheme(scheme: str) -> str | None:
    """Of an address: ``postgresql+asyncpg`` is PostgreSQL, whichever driver talks to it."""
    return _SCHEMES.get(scheme.lower().partition("+")[0])


def by_program(command: str) -> str | None:
    """Of a process's command line, its words with spaces between."""
    first, space, rest = command.partition(" ")
    line = first.rpartition("/")[2].removesuffix(":") + space + rest
    return next((system for pattern, system in _PROGRAMS if re.match(pattern, line)), None)


def by_image(image: str) -> str | None:
    """Of a container's image: ``docker.io/bitnami/postgresql:16`` is PostgreSQL; ``proxy`` is one that stands before
    a service."""
    name = re.sub(r":[^/:]*$", "", image.partition("@")[0])
    short = name.rpartition("/")[2]
    if name.endswith("mssql/server"):
        return "microsoft.sql_server"
    return next((system for pattern, system in _IMAGES if re.fullmatch(pattern, short)), None)


def by_socket(path: str) -> tuple[str, str, int | None] | None:
    """Of a Unix socket: the system, the folder or file that a client names as its host, and the port."""
    folder, _, name = path.rpartition("/")
    postgres = re.fullmatch(r"\.s\.PGSQL\.(\d+)", name)
    if postgres is not None:
        return "postgresql", folder, int(postgres[1])
    if re.fullmatch(r"(mysqld?|mariadbd?)\w*\.sock", name):
        return "mysql", path, None
    if re.fullmatch(r"(redis|valkey)[-\w]*\.sock(et)?", name):
        return "redis", path, None
    return ("memcached", path, None) if name.startswith("memcached") else None
