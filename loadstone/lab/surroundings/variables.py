"""Databases and other servers that a service's environment names: ``DATABASE_URL``, ``POSTGRES_HOST``, ``PGHOST``.

Of a value only system, host, port and name are kept, and the names of the variables that hold the rest. The whole
address goes to whoever asks whether the database may be read, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import msgspec

from loadstone.lab.surroundings.systems import DATABASES, PORTS, by_port, by_scheme
from loadstone.model.discovery import Database, Dependency

__all__ = ["Named", "named"]

_LONGEST = 2_000  # characters of a value that may be an address
_ADDRESS = re.compile(r"(?:jdbc:)?(?P<scheme>[a-z][a-z0-9+.-]{1,30})://", re.IGNORECASE)
_SERVED = re.compile(r"_(URL|URI|ENDPOINT|ADDR|ADDRESS|BASE|SERVER|HOST|API)S?$|^(URL|ENDPOINT)$")
_NOT_SERVED = re.compile(
    r"^(OTEL|NPM|PIP|UV|NODE|CARGO|GIT|GITHUB|CI|DOCKER|SSL|REQUESTS|LOADSTONE|GOPROXY|NVM|PYTHON|HOMEBREW)_"
    r"|PROXY|^(BASE|PUBLIC|SITE|APP|ROOT|EXTERNAL|FRONTEND|CANONICAL|SERVER|STATIC|MEDIA|CDN|REDIRECT|CALLBACK|WEBSITE)_"
    r"|INDEX_URL|REGISTRY|HOMEPAGE|SCHEMA|NAMESPACE|MIRROR",
    re.IGNORECASE,
)
"""Names of addresses that a service has and does not talk to: its own, and those of tools."""

_GROUPS: tuple[tuple[str, str | None], ...] = (
    ("PG", "postgresql"),
    ("POSTGRES_", "postgresql"),
    ("POSTGRESQL_", "postgresql"),
    ("MYSQL_", "mysql"),
    ("MARIADB_", "mysql"),
    ("MONGO_", "mongodb"),
    ("MONGODB_", "mongodb"),
    ("REDIS_", "redis"),
    ("RABBITMQ_", "rabbitmq"),
    ("MEMCACHED_", "memcached"),
    ("ELASTICSEARCH_", "elasticsearch"),
    ("DB_", None),
    ("DATABASE_", None),
    ("SQL_", None),
    ("RDS_", None),
)
_HOSTS = ("HOST", "HOSTNAME", "SERVER", "ADDR", "ADDRESS")
_NAMES = ("DATABASE", "DB", "NAME", "DBNAME", "DB_NAME")
_USERS = ("USER", "USERNAME")
_PASSWORDS = ("PASSWORD", "PASS", "PASSWD")
_ENGINES = ("ENGINE", "CONNECTION", "TYPE", "DIALECT", "DRIVER", "ADAPTER", "VENDOR", "SYSTEM")


class Named(NamedTuple):
    """What the environment names. ``address`` is the whole of a PostgreSQL database's, with its password: for the one
    question whether it may be read. It is never kept, told or written."""

    what: Database | Dependency
    address: str | None = None


def named(environ: Mapping[str, str], where: str = "") -> Iterator[Named]:
    """All that the variables name. ``where`` is told behind a variable's name (``in .env``)."""
    whole: set[tuple[str, str]] = set()
    for name, value in sorted(environ.items()):
        found = _address(name, value, where)
        if found is not None:
            whole.add((_system(found.what), found.what.host))
            yield found
    for prefix, system in _GROUPS:
        one = _group(prefix, system, environ, where)
        if one is not None and (_system(one.what), one.what.host) not in whole:
            yield one


def _system(what: Database | Dependency) -> str:
    return what.system if isinstance(what, Database) else what.what


def _found_by(name: str, where: str) -> str:
    return f"{name} {where}".strip()


def _address(name: str, value: str, where: str) -> Named | None:
    """A variable that holds an address."""
    match = _ADDRESS.match(value) if len(value) <= _LONGEST else None
    system = None if match is None else by_scheme(match["scheme"])
    if match is None or system is None:
        return _words(name, value, where)
    if system == "http" and (not _SERVED.search(name) or _NOT_SERVED.search(name)):
        return None
    if system == "sqlite":
        path = unquote(value[match.end() :].partition("?")[0])
        return Named(Database(system, _found_by(name, where), name=path.removeprefix("/") or ":memory:", dsn_env=name))
    host, port, database = _place(value.removeprefix("jdbc:"))
    secure = match["scheme"].lower() == "https"
    port = port or PORTS.get(system) or ((443 if secure else 80) if system == "http" else None)
    if system not in DATABASES:
        return Named(Dependency(system, _found_by(name, where), host, port)) if host else None
    told = Database(system, _found_by(name, where), host, port, database)
    if value.startswith("jdbc:"):
        return Named(told)
    told = msgspec.structs.replace(told, dsn_env=name, dsn=f"{{env.{name}}}")
    return Named(told, value if system == "postgresql" else None)


def _place(address: str) -> tuple[str, int | None, str]:
    """Host, port and database of an address; nothing of one that cannot be taken apart for certain: several hosts, or
    a password that was not quoted and would be taken for something else."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "", None, ""
    if "@" in parts.path + parts.query + parts.fragment:
        return "", None, ""
    host = parts.hostname or dict(parse_qsl(parts.query)).get("host", "")
    return host, port, unquote(parts.path.lstrip("/"))


def _words(name: str, value: str, where: str) -> Named | None:
    """libpq's other form: ``host=db dbname=shop``."""
    if not re.search(r"(^|\s)dbname=\S", value) or len(value) > _LONGEST:
        return None
    words = dict(re.findall(r"(\w+)=('(?:[^'\\]|\\.)*'|\S+)", value))
    port = words.get("port", "")
    told = Database(
        "postgresql",
        _found_by(name, where),
        words.get("host", "").strip("'"),
        int(port) if port.isdigit() else PORTS["postgresql"],
        words["dbname"].strip("'"),
        dsn_env=name,
        dsn=f"{{env.{name}}}",
    )
    return Named(told, value)


def _group(prefix: str, system: str | None, environ: Mapping[str, str], where: str) -> Named | None:
    """Variables that hold an address between them."""
    host = _of(prefix, _HOSTS, environ)
    if host is None or "://" in environ[host]:
        return None
    port = _of(prefix, ("PORT",), environ)
    number = int(environ[port]) if port is not None and environ[port].isdigit() else None
    system = system or _by_engine(prefix, environ) or (by_port(number) if number else None)
    if system is None:
        return None
    place, colon, inside = environ[host].partition(":")
    if colon and inside.isdigit():
        number = int(inside)
    number = number or PORTS.get(system)
    if system not in DATABASES:
        return Named(Dependency(system, _found_by(host, where), place, number))
    name = _of(prefix, _NAMES, environ)
    told = Database(system, _found_by(host, where), place, number, environ[name] if name else "")
    if system != "postgresql":
        return Named(told)
    user, password = _of(prefix, _USERS, environ), _of(prefix, _PASSWORDS, environ)
    if prefix == "PG":
        template = "postgresql://"  # libpq reads these variables by itself
    else:
        template = _url("{env.%s}" % user if user else "", "{env.%s}" % password if password else "", told)  # noqa: UP031
    secret = _url(
        quote(environ[user], safe="") if user else "", quote(environ[password], safe="") if password else "", told
    )
    return Named(msgspec.structs.replace(told, dsn=template), secret)


def _url(user: str, password: str, database: Database) -> str:
    who = user + (f":{password}" if password else "")
    if database.host.startswith("/"):
        return f"postgresql://{who}{'@' if who else ''}/{quote(database.name)}?host={quote(database.host)}"
    place = f"{database.host}:{database.port}" if database.port else database.host
    return f"postgresql://{who}{'@' if who else ''}{place}/{quote(database.name)}"


def _of(prefix: str, endings: tuple[str, ...], environ: Mapping[str, str]) -> str | None:
    """The first variable of these that is there and holds something."""
    return next((prefix + ending for ending in endings if environ.get(prefix + ending)), None)


def _by_engine(prefix: str, environ: Mapping[str, str]) -> str | None:
    told = _of(prefix, _ENGINES, environ)
    if told is None:
        return None
    words = re.split(r"[^a-z0-9]+", environ[told].lower())
    return next((system for word in reversed(words) if (system := by_scheme(word)) is not None), None)
