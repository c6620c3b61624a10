"""Connections that cannot harm the database they look into, and what their role may see.

Every session is read-only by default, gives up a statement after a while and waits for no lock; its statements carry
a comment that names them, so that they are left out of what is told about the service.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from loadstone.model.database_refusal import obstacle_of_database
from loadstone.model.evidence import Missing

if TYPE_CHECKING:
    import psycopg
    from psycopg.abc import Buffer

    Connection = psycopg.Connection[tuple[Any, ...]]

__all__ = ["APPLICATION", "TAG", "Refused", "Rights", "connect", "first_line", "rights"]

APPLICATION = "loadstone"
"""application_name of our sessions: those that have it are nobody's evidence."""

TAG = "/* loadstone */"
"""What stands behind the first word of our own statements; pg_stat_statements and auto_explain keep it."""

CONNECT_S = 5
LOCK_MS = 500
IDLE_MS = 30_000
"""A transaction of ours that is left alone for so long is ended by the server."""

OLDEST = 120000
"""server_version_num of PostgreSQL 12, the oldest with plan_cache_mode and MATERIALIZED."""

_DRIVERS = re.compile(r"^(?:postgres(?:ql)?\+\w+|postgis|psql|pgsql|timescaledb)://")
"""Schemes of an address that SQLAlchemy and Django's packages take and libpq does not: the same database."""

_WORDS = 300
_SECRETS = ("password", "sslpassword", "passfile", "scram_client_key", "scram_server_key", "oauth_client_secret")


class Refused(Exception):
    """What cannot be had, as it is told in the evidence."""

    def __init__(self, kind: str, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.missing = Missing(kind, reason, advice)


class Rights(msgspec.Struct, frozen=True):
    """What a session is, and what it may see. ``version`` is server_version_num."""

    role: str
    database: str
    version: int
    superuser: bool
    all_stats: bool

    @property
    def grant(self) -> str:
        """The statement that lets this role see what other roles do."""
        return f"GRANT pg_read_all_stats TO {self.name}"

    @property
    def name(self) -> str:
        """The role as SQL takes it, quoted where it must be."""
        plain = re.fullmatch(r"[a-z_][a-z0-9_$]*", self.role)
        return self.role if plain else '"' + self.role.replace('"', '""') + '"'


def connect(dsn: str, *, statement_ms: int) -> Connection:
    """A read-only session in autocommit. Raises Refused, whose words hold no secret of the DSN."""
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict, make_conninfo
    except ImportError as error:
        raise Refused(
            "postgres", "the package psycopg is not installed", "pip install 'loadstone[postgres]'"
        ) from error
    dsn = _DRIVERS.sub("postgresql://", dsn)
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.Error:  # its words quote the DSN
        raise Refused(
            "postgres", "the DSN cannot be read", "write it as postgresql://USER@HOST:PORT/DATABASE"
        ) from None
    limits = {
        "default_transaction_read_only": "on",
        "statement_timeout": statement_ms,
        "lock_timeout": LOCK_MS,
        "idle_in_transaction_session_timeout": IDLE_MS,
    }
    options = " ".join([str(given.get("options") or ""), *(f"-c {name}={value}" for name, value in limits.items())])
    asked: dict[str, Any] = {"application_name": APPLICATION, "options": options.strip()}
    asked |= {"client_encoding": "utf8", "connect_timeout": given.get("connect_timeout") or CONNECT_S}
    failure: str
    try:
        connection = psycopg.connect(make_conninfo(dsn, **asked), autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        failure = _scrubbed(str(error), [str(given[name]) for name in _SECRETS if given.get(name)])
    else:
        if connection.info.server_version < OLDEST:
            version = connection.info.server_version // 10000
            connection.close()
            raise Refused("postgres", f"the server is PostgreSQL {version}", "PostgreSQL 12 and later can be observed")
        _read_any_text(connection)
        return connection
    met = obstacle_of_database(failure)
    advice = "check the DSN with: psql DSN -c 'SELECT 1'" if met is None else f"{met.advice[0].lower()}{met.advice[1:]}"
    if "startup parameter" in failure:
        advice = "this is a pooler such as PgBouncer; give the database's own address in --dsn"
    raise Refused("postgres", f"no connection: {failure}", advice)


def rights(connection: Connection) -> Rights:
    """Who we are. Raises psycopg.Error when the connection is gone."""
    row = connection.execute(
        f"SELECT {TAG} current_user::text, current_database()::text, current_setting('server_version_num')::int, "
        "current_setting('is_superuser') = 'on', pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')".encode()
    ).fetchone()
    assert row is not None
    return Rights(*row)


def first_line(error: BaseException) -> str:
    """What a database says is wrong, in one line without values: the lines after the first quote data, and so does the
    first of a data exception (class 22 of SQLSTATE)."""
    state = getattr(error, "sqlstate", None) or ""
    lines = str(error).splitlines()
    return type(error).__name__ if state.startswith("22") or not lines else lines[0].strip()[:_WORDS]


def _scrubbed(words: str, secrets: list[str]) -> str:
    """Words of libpq in one line, without the DSN's secrets."""
    words = "; ".join(line.strip() for line in words.splitlines() if line.strip())
    for secret in sorted(secrets, key=len, reverse=True):
        words = words.replace(secret, "***")
    return words[:_WORDS]


def _read_any_text(connection: Connection) -> None:
    """Take texts that are not UTF-8 too: a database of encoding SQL_ASCII holds any bytes, and shows them only to
    those who do not ask for UTF-8."""
    from psycopg.adapt import Loader

    if connection.info.parameter_status("server_encoding") != "SQL_ASCII":
        return
    connection.execute(f"SET {TAG} client_encoding = 'SQL_ASCII'".encode())

    class Lenient(Loader):
        def load(self, data: Buffer) -> str:
            return bytes(data).decode("utf-8", "replace")

    for kind in ("text", "name", "varchar"):
        connection.adapters.register_loader(kind, Lenient)
