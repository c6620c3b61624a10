"""psycopg 3, both halves: connecting, statements, streams, COPY, and what the library sends by itself.

BEGIN, COMMIT, ROLLBACK, SAVEPOINT, FETCH and DEALLOCATE go through one generator of the connection, which is followed.
A BEGIN that precedes a statement is a span of its own, and the statement's begins where it ends. In pipeline mode a
statement's span ends when it has been queued; the waiting for the results is the span ``pipeline``.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from time import perf_counter_ns

from . import core, hooks
from .statements import batch, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator
    from typing import Any

STATEMENT = core.operation("psycopg", "client", "postgresql")
CONNECT = core.operation("psycopg", "client", "postgresql", "connect")
PIPELINE = core.operation("psycopg", "client", "postgresql", "pipeline")

_BEGUN = "_loadstone_begun"  # when the connection's last BEGIN was answered
_SERVER = "_loadstone_server"
_MANY = "_loadstone_many"  # an executemany is at work, with a pipeline of its own


def install(module: Any) -> None:
    """Patch the classes of both halves; those that inherit are patched with them."""
    version = str(getattr(module, "__version__", ""))
    if not core.supports("psycopg", version, (3, 1), (4,)):
        return
    base = _base(module.Connection)
    found = base is not None and hooks.patch(base, "_exec_command", _command)
    for name, execute, executemany, stream, copy in (
        ("Cursor", _execute, _executemany, _stream, _copy),
        ("ServerCursor", _execute, _executemany, _stream, _copy),
        ("AsyncCursor", _execute_async, _executemany_async, _stream_async, _copy_async),
        ("AsyncServerCursor", _execute_async, _executemany_async, _stream_async, _copy_async),
    ):
        kind = getattr(module, name)
        for method, make in (("execute", execute), ("executemany", executemany), ("stream", stream), ("copy", copy)):
            if method in kind.__dict__:
                found = hooks.patch(kind, method, make) and found
    found = hooks.patch(module.Connection, "connect", _connect) and found
    found = hooks.patch(module.AsyncConnection, "connect", _connect_async) and found
    if getattr(vars(module).get("connect"), "__self__", None) == module.Connection:
        vars(module)["connect"] = module.Connection.connect  # it was bound before
    for kind in getattr(module, "Pipeline", object).__mro__:
        if "_fetch_gen" in kind.__dict__:
            hooks.patch(kind, "_fetch_gen", _fetch)
    if found:
        core.covered("psycopg", version)
    else:
        core.not_covered("psycopg", version, "some of its methods are not where they were")


def _base(connection: type) -> type | None:
    return next((kind for kind in connection.__mro__ if "_exec_command" in kind.__dict__), None)


def _server(connection: Any) -> str:
    try:
        known: str | None = connection.__dict__.get(_SERVER)
        if known is None:
            raw = connection.pgconn
            known = f"{raw.host.decode()}:{raw.port.decode()}"
            connection.__dict__[_SERVER] = known
        return known
    except Exception:
        return ""


def _forget(cursor: Any) -> Any:
    """The cursor's connection, with what an earlier BEGIN left on it forgotten."""
    connection = cursor._conn
    if _BEGUN in connection.__dict__:
        connection.__dict__.pop(_BEGUN, 0)
    return connection


def _write(
    connection: Any, start: int, sql: Any, parameters: Any, rows: int, error: BaseException | None, size: str = ""
) -> None:
    if not start:
        return
    begun = connection.__dict__.pop(_BEGUN, 0) if _BEGUN in connection.__dict__ else 0
    if begun > start:
        start = begun
    text = sql if type(sql) is str else text_of(sql, connection)
    core.end(STATEMENT, start, text, parameters, rows, error, _server(connection), size, 3)


def _execute(original: Callable[..., Any]) -> Callable[..., Any]:
    def execute(self: Any, query: Any, params: Any = None, **named: Any) -> Any:
        connection = _forget(self)
        start = core.begin()
        try:
            result = original(self, query, params, **named) if params is not None else original(self, query, **named)
        except BaseException as error:
            _write(connection, start, query, params, -1, error)
            raise
        _write(connection, start, query, params, self.rowcount, None)
        return result

    return execute


def _execute_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def execute(self: Any, query: Any, params: Any = None, **named: Any) -> Any:
        connection = _forget(self)
        start = core.begin()
        try:
            if params is not None:
                result = await original(self, query, params, **named)
            else:
                result = await original(self, query, **named)
        except BaseException as error:
            _write(connection, start, query, params, -1, error)
            raise
        _write(connection, start, query, params, self.rowcount, None)
        return result

    return execute


def _executemany(original: Callable[..., Any]) -> Callable[..., Any]:
    def executemany(self: Any, query: Any, params_seq: Any, **named: Any) -> Any:
        connection = _forget(self)
        parameters, size = batch(params_seq)
        connection.__dict__[_MANY] = True
        start = core.begin()
        try:
            result = original(self, query, params_seq, **named)
        except BaseException as error:
            _write(connection, start, query, parameters, -1, error, size)
            raise
        finally:
            connection.__dict__.pop(_MANY, None)
        _write(connection, start, query, parameters, self.rowcount, None, size)
        return result

    return executemany


def _executemany_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def executemany(self: Any, query: Any, params_seq: Any, **named: Any) -> Any:
        connection = _forget(self)
        parameters, size = batch(params_seq)
        connection.__dict__[_MANY] = True
        start = core.begin()
        try:
            result = await original(self, query, params_seq, **named)
        except BaseException as error:
            _write(connection, start, query, parameters, -1, error, size)
            raise
        finally:
            connection.__dict__.pop(_MANY, None)
        _write(connection, start, query, parameters, self.rowcount, None, size)
        return result

    return executemany


def _stream(original: Callable[..., Any]) -> Callable[..., Any]:
    def stream(self: Any, query: Any, params: Any = None, **named: Any) -> Iterator[Any]:
        connection = _forget(self)
        start = core.begin()
        rows = 0
        try:
            for row in original(self, query, params, **named):
                rows += 1
                yield row
        except GeneratorExit:  # the caller has enough
            _write(connection, start, query, params, rows, None)
            raise
        except BaseException as error:
            _write(connection, start, query, params, rows, error)
            raise
        _write(connection, start, query, params, rows, None)

    return stream


def _stream_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def stream(self: Any, query: Any, params: Any = None, **named: Any) -> AsyncIterator[Any]:
        connection = _forget(self)
        start = core.begin()
        rows = 0
        inner = original(self, query, params, **named)
        try:
            async for row in inner:
                rows += 1
                yield row
        except GeneratorExit:
            await inner.aclose()
            _write(connection, start, query, params, rows, None)
            raise
        except BaseException as error:
            _write(connection, start, query, params, rows, error)
            raise
        _write(connection, start, query, params, rows, None)

    return stream


def _copy(original: Callable[..., Any]) -> Callable[..., Any]:
    @contextmanager
    def copy(self: Any, statement: Any, params: Any = None, **named: Any) -> Iterator[Any]:
        connection = _forget(self)
        start = core.begin()
        try:
            with original(self, statement, params, **named) as inner:
                yield inner
        except BaseException as error:
            _write(connection, start, statement, params, -1, error)
            raise
        _write(connection, start, statement, params, self.rowcount, None)

    return copy


def _copy_async(original: Callable[..., Any]) -> Callable[..., Any]:
    @asynccontextmanager
    async def copy(self: Any, statement: Any, params: Any = None, **named: Any) -> AsyncIterator[Any]:
        connection = _forget(self)
        start = core.begin()
        try:
            async with original(self, statement, params, **named) as inner:
                yield inner
        except BaseException as error:
            _write(connection, start, statement, params, -1, error)
            raise
        _write(connection, start, statement, params, self.rowcount, None)

    return copy


def _command(original: Callable[..., Any]) -> Callable[..., Any]:
    def _exec_command(self: Any, command: Any, *arguments: Any, **named: Any) -> Generator[Any, Any, Any]:
        start = core.begin()
        try:
            result = yield from original(self, command, *arguments, **named)
        except BaseException as error:
            core.end(STATEMENT, start, text_of(command, self), error=error, server=_server(self))
            raise
        if start:
            rows = result.ntuples if result is not None and result.ntuples else None
            core.end(STATEMENT, start, text_of(command, self), rows=rows, server=_server(self))
            if isinstance(command, bytes) and command.startswith((b"BEGIN", b"START")):
                self.__dict__[_BEGUN] = perf_counter_ns()
        return result

    return _exec_command


def _fetch(original: Callable[..., Any]) -> Callable[..., Any]:
    def _fetch_gen(self: Any, *arguments: Any, **named: Any) -> Generator[Any, Any, Any]:
        start = core.begin() if self.result_queue and _MANY not in self._conn.__dict__ else 0
        try:
            result = yield from original(self, *arguments, **named)
        except BaseException as error:
            core.end(PIPELINE, start, error=error, server=_server(self._conn))
            raise
        core.end(PIPELINE, start, server=_server(self._conn))
        return result

    return _fetch_gen


def _connect(original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(cls: Any, *arguments: Any, **named: Any) -> Any:
        start = core.begin()
        try:
            connection = original(cls, *arguments, **named)
        except BaseException as error:
            core.end(CONNECT, start, error=error)
            raise
        core.end(CONNECT, start, server=_server(connection))
        return connection

    return connect


def _connect_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def connect(cls: Any, *arguments: Any, **named: Any) -> Any:
        start = core.begin()
        try:
            connection = await original(cls, *arguments, **named)
        except BaseException as error:
            core.end(CONNECT, start, error=error)
            raise
        core.end(CONNECT, start, server=_server(connection))
        return connection

    return connect
