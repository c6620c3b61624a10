"""Which spans do the same: each span's operation, from the columns that name it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from loadstone.diagnose.digest import Family, Operation
from loadstone.model.evidence import KINDS

__all__ = ["KEY", "KEY_SQL", "MOST", "POOL", "OperationKey", "Operations", "number_of", "placed", "templated"]

KEY = (
    "service",
    "kind",
    "name",
    "scope",
    "db_system_name",
    "db_query_text",
    "http_request_method",
    "http_route",
    "url_path",
    "server_address",
    "code_file_path",
    "code_line_number",
    "code_function_name",
)
"""Columns that tell an operation. Of a client's ``url_path`` only its template counts."""

OperationKey = tuple[
    str | None,
    int | None,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
    int | None,
    str | None,
]

_CLIENT, _SERVER = KINDS.index("client"), KINDS.index("server")
_CONSUMER, _PRODUCER = KINDS.index("consumer"), KINDS.index("producer")
_TRANSACTION = re.compile(r"(begin|start transaction|commit|rollback|savepoint|release savepoint|ping)\b", re.I)
_CONNECT = {"connect", "open connection", "pool.connect", "pg.connect", "pg-pool.connect"}
_KEY_VALUE = {"redis", "memcached", "valkey", "dynamodb", "aws.dynamodb", "etcd", "hazelcast"}
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_LIBRARIES = {"site-packages", "dist-packages", "node_modules"}
_VARIABLE = (
    "[0-9]+|[0-9a-fA-F]{8,}|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|"
    "[A-Za-z_-]*[0-9][0-9A-Za-z_.-]{7,}|<hash:[^/]*>|[?]"
)
_VARIES = re.compile(_VARIABLE)

POOL = re.compile(
    r"(get|acquire|borrow|obtain|check_?out|lease)[ _.]?(a[ _])?connection|pool[ ._](acquire|get|getconn|connect|wait|"
    r"checkout|lease)|^pg-pool\.connect$|connection[ ._]?pool[ ._](wait|get|acquire)",
    re.I,
)
"""Names of spans that wait for a connection of a pool, as HikariCP, pg-pool and others' instrumentations give them."""

MOST = 20_000
"""Operations told apart; of more, those that come later are one for each service, kind and database. A run with more
has texts that nobody masked or names with ids in them."""


@lru_cache(maxsize=65_536)
def templated(path: str) -> str:
    """A path with its numbers, hashes and ids as ``{}``; at most 120 characters."""
    return "/".join("{}" if _VARIES.fullmatch(part) else part for part in path.split("?")[0].split("/"))[:120]


def _sql() -> tuple[str, ...]:
    """SQL of each column of KEY without what varies from request to request, so that a million paths are not a
    million keys. The path's template is that of ``templated``: each part stands between slashes of its own."""
    parts = "'/' || replace(split_part(url_path, '?', 1), '/', '//') || '/'"
    held = f"regexp_replace({parts}, '/(?:{_VARIABLE})/', '/{{}}/', 'g')"
    template = f"left(replace(substr({held}, 2, length({held}) - 2), '//', '/'), 120)"
    told = {
        "url_path": f"CASE WHEN kind = {_CLIENT} OR (kind IN ({_SERVER}, {_CONSUMER}) AND http_request_method "
        f"IS NOT NULL AND http_route IS NULL) THEN {template} END",
        # Where there is a method, the name may hold the path.
        "name": f"CASE WHEN http_request_method IS NULL OR kind IS NULL OR kind NOT IN ({_CLIENT}, {_SERVER}) "
        "THEN name END",
    }
    return tuple(told.get(column, column) for column in KEY)


class Operations:
    """Operations by key (the values of KEY_SQL), numbered as they come."""

    def __init__(self) -> None:
        self.all: list[Operation] = []
        self.numbers: dict[OperationKey, int] = {}

    def number(self, key: OperationKey) -> int:
        """The number of the key's operation."""
        number = self.numbers.get(key)
        if number is None and len(self.all) >= MOST:
            key = _coarse(key)
            number = self.numbers.get(key)
        if number is None:
            number = self.numbers[key] = len(self.all)
            self.all.append(_operation(number, key))
        return number


def number_of(numbers: Mapping[OperationKey, int], key: OperationKey) -> int:
    """The number of a key that was numbered before, -1 of any other."""
    found = numbers.get(key)
    return numbers.get(_coarse(key), -1) if found is None else found


def _coarse(key: OperationKey) -> OperationKey:
    service, kind, _, _, system, _, method = key[:7]
    return service, kind, "(many others)", None, system, None, method, None, None, None, None, None, None


def placed(file: str) -> str:
    """A file by what stays the same from machine to machine: a library's from its package on, of an absolute path the
    last three parts."""
    parts = file.replace("\\", "/").split("/")
    library = max((place for place, part in enumerate(parts) if part in _LIBRARIES), default=-1)
    if 0 <= library < len(parts) - 1:
        return "/".join(parts[library + 1 :])
    absolute = parts[0] == "" or (len(parts[0]) == 2 and parts[0][1] == ":")
    return "/".join(parts[-3:] if absolute and len(parts) > 3 else parts)


def _operation(number: int, key: OperationKey) -> Operation:
    service, kind, name, scope, system, statement, method, route, path, address, file, line, function = key
    if method is None and kind == _CLIENT and path is not None and not (system or statement):
        method = _method(name)
    family = _family(kind, name, system, statement, method)
    if family in ("database", "key-value", "transaction"):
        label = statement or name or system or "statement"
    elif family == "http":
        label = f"{method or 'GET'} {address or ''}{path or ''}"
    elif family == "server" and method is not None:
        label = f"{method} {route or path or ''}".strip()
    else:
        label = name or function or family
    return Operation(
        number,
        family,
        KINDS[kind] if kind is not None and 0 <= kind < len(KINDS) else KINDS[0],
        service or "",
        label,
        name or label,
        statement if family in ("database", "key-value") else None,
        system,
        scope,
        address,
        file and placed(file),
        line or None,
        function,
    )


def _method(name: str | None) -> str | None:
    """The method of a call whose span is only named by it, as Zipkin's libraries do ("get", "get /users")."""
    word = (name or "").split(" ", 1)[0].upper()
    return word if word in _METHODS else None


def _family(
    kind: int | None, name: str | None, system: str | None, statement: str | None, method: str | None
) -> Family:
    words = name or ""
    if words == "pool wait":
        return "pool"
    if kind in (_SERVER, _CONSUMER):
        return "server"
    if system or statement:
        if words.lower() in _CONNECT:
            return "connect"
        if _TRANSACTION.match(statement or words):
            return "transaction"
        return "key-value" if system in _KEY_VALUE else "database"
    if kind == _CLIENT:
        return "http" if method else "rpc"
    if kind == _PRODUCER:
        return "messaging"
    return "pool" if POOL.search(words) else "inside"


KEY_SQL = _sql()
"""The columns of KEY as an operation is told by them."""
