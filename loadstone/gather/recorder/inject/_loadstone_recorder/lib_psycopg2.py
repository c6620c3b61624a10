"""psycopg2: connecting, statements, COPY, server-side cursors, the ends of transactions.

The C types cannot be patched: connections and cursors are made of subclasses (see ``statements``), so that psycopg2's
own checks of types hold. The BEGIN that libpq is told before a transaction's first statement cannot be timed from here;
it is in that statement's span, which says so (``BEGUN``). Asynchronous connections return before the server has
answered: they are not covered.
"""

from __future__ import annotations

from time import perf_counter_ns

from . import core, hooks, statements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

STATEMENT = core.operation("psycopg2", "client", "postgresql")
CONNECT = core.operation("psycopg2", "client", "postgresql", "connect")
FETCH = core.operation("psycopg2", "client", "postgresql", "fetch")

BEGUN = repr({"loadstone.implicit_begin": True})
FETCH_NOTED_NS = 100_000
"""An iteration's step that took as long has asked the server for rows; most take them from memory."""

_IDLE = 0  # psycopg2.extensions.TRANSACTION_STATUS_IDLE
_BEGUN = 2  # psycopg2.extensions.STATUS_BEGIN

_connections: dict[type, Any] = {}
_plain: dict[type, Any] = {}
_named: dict[type, Any] = {}
_made: tuple[dict[Any, Any], dict[Any, Any], dict[Any, Any]] = ({}, {}, {})
_servers: dict[str, str] = {}
_templates: dict[int, str] = {}  # what psycopg2.extras is told, by the cursor that it writes the values for


def install(module: ModuleType) -> None:
    """Patch ``_connect``, through which ``psycopg2.connect`` goes, and those of ``extras`` that write values."""
    if module.__name__ == "psycopg2.extras":
        hooks.patch(module, "execute_values", _template)
        hooks.patch(module, "execute_batch", _template)
        return
    version = str(getattr(module, "__version__", ""))
    if not core.supports("psycopg2", version, (2, 8), (3,)):
        return
    if not _connections:
        _make_cursors(module.extensions.cursor)
        _make_connection(module.extensions.connection, module.extensions.cursor)
    if hooks.patch(module, "_connect", _connect):
        core.covered("psycopg2", version)


def _connect(original: Callable[..., Any]) -> Callable[..., Any]:
    plain = next(iter(_connections))

    def _connect(dsn: str, connection_factory: Any = None, *rest: Any, **named: Any) -> Any:
        if rest or any(named.values()):
            statements.say_once("psycopg2", "asynchronous connections")
            return original(dsn, connection_factory, *rest, **named)
        start = core.begin()
        try:
            factory = statements.between("psycopg2", connection_factory or plain, _connections, _made[0])
            connection = original(dsn, factory, **named)
        except BaseException as error:
            core.end(CONNECT, start, error=error)
            raise
        core.end(CONNECT, start, server=_server(connection))
        return connection

    return _connect


def _server(connection: Any) -> str:
    """The address, remembered by the DSN (in which psycopg2 has blotted the password out)."""
    try:
        dsn = connection.dsn
        known = _servers.get(dsn)
        if known is None:
            info = connection.info
            known = _servers[dsn] = f"{info.host}:{info.port}"
        return known
    except Exception:
        return ""


def _template(original: Callable[..., Any]) -> Callable[..., Any]:
    def execute(cur: Any, sql: Any, *arguments: Any, **named: Any) -> Any:
        _templates[id(cur)] = statements.text_of(sql, cur)
        try:
            return original(cur, sql, *arguments, **named)
        finally:
            _templates.pop(id(cur), None)

    return execute


def _run(
    cursor: Any, run: Callable[..., Any], sql: Any, parameters: Any, arguments: Any, named: Any, size: str = ""
) -> Any:
    """Any call of a cursor that sends something."""
    start = core.begin()
    if not start:
        return run(cursor, *arguments, **named)
    server = ""
    try:
        connection = cursor.connection
        server = _server(connection)
        if not size and not connection.autocommit and connection.get_transaction_status() == _IDLE:
            size = BEGUN
        if _templates and id(cursor) in _templates:
            sql = _templates[id(cursor)]
        elif type(sql) is not str:
            sql = statements.text_of(sql, cursor)
    except Exception:  # a cursor that is closed: the call itself will say so
        sql = ""
    start = perf_counter_ns()
    try:
        result = run(cursor, *arguments, **named)
    except BaseException as error:
        core.end(STATEMENT, start, sql, parameters, error=error, server=server, attributes=size, depth=3)
        raise
    core.end(STATEMENT, start, sql, parameters, cursor.rowcount, None, server, size, 3)
    return result


def _make_cursors(cursors: Any) -> None:
    class Cursor(cursors):  # type: ignore[misc]
        __slots__ = ()

        def execute(self, query: Any, vars: Any = None) -> Any:
            return _run(self, cursors.execute, query, vars, (query, vars), {})

        def executemany(self, query: Any, vars_list: Any) -> Any:
            parameters, size = statements.batch(vars_list)
            return _run(self, cursors.executemany, query, parameters, (query, vars_list), {}, size)

        def callproc(self, *arguments: Any, **named: Any) -> Any:
            text = f"SELECT * FROM {arguments[0]}" if arguments else ""
            return _run(self, cursors.callproc, text, arguments[1:], arguments, named)

        def copy_expert(self, *arguments: Any, **named: Any) -> Any:
            sql = arguments[0] if arguments else named.get("sql", "")
            return _run(self, cursors.copy_expert, sql, None, arguments, named)

        def copy_from(self, *arguments: Any, **named: Any) -> Any:
            table = arguments[1] if len(arguments) > 1 else named.get("table", "")
            return _run(self, cursors.copy_from, f"COPY {table} FROM STDIN", None, arguments, named)

        def copy_to(self, *arguments: Any, **named: Any) -> Any:
            table = arguments[1] if len(arguments) > 1 else named.get("table", "")
            return _run(self, cursors.copy_to, f"COPY {table} TO STDOUT", None, arguments, named)

    class Named(Cursor):
        """A server-side cursor: each of its fetches asks the server."""

        __slots__ = ()

        def fetchone(self) -> Any:
            return _fetch(self, cursors.fetchone)

        def fetchmany(self, *size: Any, **named: Any) -> Any:
            return _fetch(self, cursors.fetchmany, *size, **named)

        def fetchall(self) -> Any:
            return _fetch(self, cursors.fetchall)

        def __next__(self) -> Any:
            start = perf_counter_ns()
            try:
                return cursors.__next__(self)
            finally:
                if perf_counter_ns() - start >= FETCH_NOTED_NS and core.begin():
                    core.end(FETCH, start, server=_server(self.connection))

    _plain[cursors] = statements.named_like(Cursor, cursors)
    _named[cursors] = statements.named_like(Named, cursors)


def _fetch(cursor: Any, fetch: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    start = core.begin()
    try:
        result = fetch(cursor, *arguments, **named)
    except BaseException as error:
        core.end(FETCH, start, error=error, depth=3)
        raise
    rows = len(result) if type(result) is list else int(result is not None)
    core.end(FETCH, start, rows=rows, server=_server(cursor.connection), depth=3)
    return result


def _make_connection(connections: Any, cursors: Any) -> None:
    class Connection(connections):  # type: ignore[misc]
        __slots__ = ()

        def cursor(self, name: Any = None, cursor_factory: Any = None, *rest: Any, **named: Any) -> Any:
            ours, made = (_plain, _made[1]) if name is None else (_named, _made[2])
            factory = statements.between("psycopg2", cursor_factory or self.cursor_factory or cursors, ours, made)
            return connections.cursor(self, name, factory, *rest, **named)

        def commit(self) -> Any:
            return _finish(self, connections.commit, "COMMIT")

        def rollback(self) -> Any:
            return _finish(self, connections.rollback, "ROLLBACK")

    _connections[connections] = statements.named_like(Connection, connections)


def _finish(connection: Any, finish: Callable[[Any], Any], word: str) -> Any:
    """The end of a transaction; where none has begun psycopg2 tells the server nothing, and there is no span."""
    start = core.begin()
    if start:
        try:
            start = start if connection.status == _BEGUN else 0
        except Exception:
            start = 0
    try:
        result = finish(connection)
    except BaseException as error:
        core.end(STATEMENT, start, word, error=error, server=_server(connection), depth=3)
        raise
    core.end(STATEMENT, start, word, server=_server(connection) if start else "", depth=3)
    return result
