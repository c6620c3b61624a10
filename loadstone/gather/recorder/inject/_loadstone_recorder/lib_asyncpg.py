"""asyncpg: connecting, statements, prepared statements, cursors, COPY, and the wait at its pool.

What the library asks for itself (types it does not know, the reset of a connection that goes back to the pool) passes
through the same methods and is seen. Preparing is in the first statement's span, unless the application asks for it.
"""

from __future__ import annotations

import sys

from . import core, hooks
from .statements import batch, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

STATEMENT = core.operation("asyncpg", "client", "postgresql")
CONNECT = core.operation("asyncpg", "client", "postgresql", "connect")
FETCH = core.operation("asyncpg", "client", "postgresql", "fetch")
PREPARE = core.operation("asyncpg", "client", "postgresql", "prepare")
WAIT = core.operation("asyncpg", "internal", "postgresql", "pool wait")

_servers: dict[Any, str] = {}


def install(module: ModuleType) -> None:
    """Patch the few methods that all others go through."""
    version = str(getattr(module, "__version__", ""))
    if not core.supports("asyncpg", version, (0, 26), (1,)):
        return
    prepared = sys.modules["asyncpg.prepared_stmt"].PreparedStatement
    cursor = sys.modules["asyncpg.cursor"]
    done = [
        hooks.patch(sys.modules["asyncpg.connect_utils"], "_connect", _connect),
        hooks.patch(module.Connection, "execute", _execute),
        hooks.patch(module.Connection, "_Connection__execute", _execute_prepared),
        hooks.patch(module.Connection, "_executemany", _executemany),
        hooks.patch(module.Connection, "prepare", _prepare),
        hooks.patch(prepared, "_PreparedStatement__bind_execute", _bound),
        hooks.patch(prepared, "executemany", _bound_many),
        hooks.patch(cursor.BaseCursor, "_bind_exec", _opened),
        hooks.patch(cursor.BaseCursor, "_bind", _opened),
        hooks.patch(cursor.BaseCursor, "_exec", _fetch),
        hooks.patch(cursor.Cursor, "forward", _fetch),
        hooks.patch(sys.modules["asyncpg.pool"].Pool, "_acquire", _acquire),
    ]
    if "fetchmany" in prepared.__dict__:  # since 0.30
        done.append(hooks.patch(prepared, "fetchmany", _bound_many))
    for name, text in (
        ("copy_from_table", "COPY {} TO STDOUT"),
        ("copy_from_query", "COPY ({}) TO STDOUT"),
        ("copy_to_table", "COPY {} FROM STDIN"),
        ("copy_records_to_table", "COPY {} FROM STDIN"),
    ):
        done.append(hooks.patch(module.Connection, name, _copy(text)))
    if all(done):
        core.covered("asyncpg", version)
    else:
        core.not_covered("asyncpg", version, "some of its methods are not where they were")


def _server(connection: Any) -> str:
    try:
        address = connection._addr
        known = _servers.get(address)
        if known is None:
            known = address if isinstance(address, str) else ":".join(map(str, address[:2]))
            _servers[address] = known
        return known
    except Exception:
        return ""


def _rows(result: Any) -> int | None:
    """Of a list of records, or of a command's tag ("INSERT 0 3")."""
    if type(result) is list:
        return len(result)
    tag = result[1] if type(result) is tuple and len(result) > 1 else result
    if isinstance(tag, bytes):
        tag = tag.decode("ascii", "replace")
    if isinstance(tag, str):
        last = tag.rpartition(" ")[2]
        return int(last) if last.isdigit() else None
    return None


def _connect(original: Callable[..., Any]) -> Callable[..., Any]:
    async def _connect(*arguments: Any, **named: Any) -> Any:
        start = core.begin()
        try:
            connection = await original(*arguments, **named)
        except BaseException as error:
            core.end(CONNECT, start, error=error)
            raise
        core.end(CONNECT, start, server=_server(connection))
        return connection

    return _connect


def _execute(original: Callable[..., Any]) -> Callable[..., Any]:
    async def execute(self: Any, query: Any, *args: Any, **named: Any) -> Any:
        if args:
            return await original(self, query, *args, **named)  # goes through __execute
        start = core.begin()
        try:
            result = await original(self, query, **named)
        except BaseException as error:
            core.end(STATEMENT, start, text_of(query), error=error, server=_server(self))
            raise
        core.end(STATEMENT, start, query, rows=_rows(result), server=_server(self))
        return result

    return execute


def _execute_prepared(original: Callable[..., Any]) -> Callable[..., Any]:
    async def __execute(self: Any, query: Any, args: Any, *arguments: Any, **named: Any) -> Any:
        start = core.begin()
        try:
            result = await original(self, query, args, *arguments, **named)
        except BaseException as error:
            core.end(STATEMENT, start, text_of(query), args, error=error, server=_server(self))
            raise
        core.end(STATEMENT, start, query, args, _rows(result[0]), server=_server(self))
        return result

    return __execute


def _executemany(original: Callable[..., Any]) -> Callable[..., Any]:
    async def _executemany(self: Any, query: Any, args: Any, *arguments: Any, **named: Any) -> Any:
        parameters, size = batch(args)
        start = core.begin()
        try:
            result = await original(self, query, args, *arguments, **named)
        except BaseException as error:
            core.end(STATEMENT, start, text_of(query), parameters, error=error, server=_server(self), attributes=size)
            raise
        core.end(STATEMENT, start, query, parameters, _rows(result), server=_server(self), attributes=size)
        return result

    return _executemany


def _prepare(original: Callable[..., Any]) -> Callable[..., Any]:
    async def prepare(self: Any, *arguments: Any, **named: Any) -> Any:
        start = core.begin()
        try:
            result = await original(self, *arguments, **named)
        except BaseException as error:
            core.end(PREPARE, start, error=error, server=_server(self))
            raise
        core.end(PREPARE, start, server=_server(self))
        return result

    return prepare


def _bound(original: Callable[..., Any]) -> Callable[..., Any]:
    async def __bind_execute(self: Any, args: Any, *arguments: Any, **named: Any) -> Any:
        start = core.begin()
        try:
            result = await original(self, args, *arguments, **named)
        except BaseException as error:
            core.end(STATEMENT, start, _query(self), args, error=error, server=_server(self._connection))
            raise
        core.end(STATEMENT, start, _query(self), args, _rows(result), server=_server(self._connection))
        return result

    return __bind_execute


def _bound_many(original: Callable[..., Any]) -> Callable[..., Any]:
    async def executemany(self: Any, args: Any, **named: Any) -> Any:
        parameters, size = batch(args)
        server = _server(self._connection)
        start = core.begin()
        try:
            result = await original(self, args, **named)
        except BaseException as error:
            core.end(STATEMENT, start, _query(self), parameters, error=error, server=server, attributes=size)
            raise
        core.end(STATEMENT, start, _query(self), parameters, _rows(result), server=server, attributes=size)
        return result

    return executemany


def _query(prepared: Any) -> str:
    query = getattr(prepared, "_query", None)
    return query if isinstance(query, str) else ""


def _opened(original: Callable[..., Any]) -> Callable[..., Any]:
    """A cursor's portal is bound: from here on the server has the statement."""

    async def _bind(self: Any, *arguments: Any, **named: Any) -> Any:
        start = core.begin()
        try:
            result = await original(self, *arguments, **named)
        except BaseException as error:
            core.end(STATEMENT, start, _query(self), self._args, error=error, server=_server(self._connection))
            raise
        core.end(STATEMENT, start, _query(self), self._args, _rows(result), server=_server(self._connection))
        return result

    return _bind


def _fetch(original: Callable[..., Any]) -> Callable[..., Any]:
    async def _exec(self: Any, *arguments: Any, **named: Any) -> Any:
        start = core.begin()
        try:
            result = await original(self, *arguments, **named)
        except BaseException as error:
            core.end(FETCH, start, error=error, server=_server(self._connection))
            raise
        core.end(FETCH, start, rows=_rows(result), server=_server(self._connection))
        return result

    return _exec


def _copy(form: str) -> Callable[..., Any]:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        async def copy(self: Any, what: Any, *arguments: Any, **named: Any) -> Any:
            start = core.begin()
            text = form.format(what)
            try:
                result = await original(self, what, *arguments, **named)
            except BaseException as error:
                core.end(STATEMENT, start, text, error=error, server=_server(self))
                raise
            core.end(STATEMENT, start, text, rows=_rows(result), server=_server(self))
            return result

        return copy

    return make


def _acquire(original: Callable[..., Any]) -> Callable[..., Any]:
    async def _acquire(self: Any, *arguments: Any, **named: Any) -> Any:
        try:
            start = core.begin() if self._queue.empty() else 0  # one that is free is had at once
        except Exception:
            start = 0
        try:
            connection = await original(self, *arguments, **named)
        except BaseException as error:
            core.end(WAIT, start, error=error)
            raise
        core.end(WAIT, start)
        return connection

    return _acquire
