"""Which spans do the same: each span's operation, from the columns that name it."""

from __future__ import annotations

import re
from functools import lru_cache

from loadstone.diagnose.digest import Family, Operation
from loadstone.model.evidence import KINDS

__all__ = ["KEY", "OperationKey", "Operations", "templated"]

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
_VARIABLE = re.compile(
    r"^(?:\d+|[0-9a-f]{8,}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[A-Za-z_-]*\d[\w.-]{7,}|<hash:.*>|\?)$", re.I
)


@lru_cache(maxsize=65_536)
def templated(path: str) -> str:
    """A path with its numbers, hashes and ids as ``{}``; at most 120 characters."""
    return "/".join("{}" if _VARIABLE.match(part) else part for part in path.split("?")[0].split("/"))[:120]


class Operations:
    """Operations by key, numbered as they come."""

    def __init__(self) -> None:
        self.all: list[Operation] = []
        self._numbers: dict[OperationKey, int] = {}
        self._folded: dict[OperationKey, int] = {}

    def number(self, key: OperationKey) -> int:
        """The number of the key's operation."""
        number = self._numbers.get(key)
        if number is None:
            folded = _folded(key)
            number = self._folded.get(folded)
            if number is None:
                number = self._folded[folded] = len(self.all)
                self.all.append(_operation(number, folded))
            self._numbers[key] = number
        return number


def _folded(key: OperationKey) -> OperationKey:
    """The key without what varies from request to request."""
    service, kind, name, scope, system, statement, method, route, path, address, file, line, function = key
    path = None if path is None or kind != _CLIENT else templated(path)
    if kind in (_SERVER, _CONSUMER) and method is not None and route is None:
        path = templated(key[8] or "")
    if name is not None and method is not None and kind in (_CLIENT, _SERVER):
        name = None  # it may hold the path
    return service, kind, name, scope, system, statement, method, route, path, address, file, line, function


def _operation(number: int, key: OperationKey) -> Operation:
    service, kind, name, scope, system, statement, method, route, path, address, file, line, function = key
    family = _family(kind, name, system, statement, method)
    if family in ("database", "key-value"):
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
        file,
        line or None,
        function,
    )


def _family(
    kind: int | None, name: str | None, system: str | None, statement: str | None, method: str | None
) -> Family:
    words = name or ""
    if words == "pool wait":
        return "pool"
    if kind in (_SERVER, _CONSUMER):
        return "server"
    if system:
        if words.lower() in _CONNECT:
            return "connect"
        if _TRANSACTION.match(statement or words):
            return "transaction"
        return "key-value" if system in _KEY_VALUE else "database"
    if kind == _CLIENT:
        return "http" if method else "rpc"
    if kind == _PRODUCER:
        return "messaging"
    return "inside"
