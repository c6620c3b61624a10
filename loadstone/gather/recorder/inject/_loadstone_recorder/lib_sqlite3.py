"""sqlite3: connecting, statements of cursors and of connections, COMMIT and ROLLBACK.

The C types cannot be patched, so ``connect`` gives out subclasses of the class that the caller asked for. Ours stands
between the caller's class and the C type, so that what the caller's class overrides is left alone and each call that
reaches SQLite is one span.

SQLite works while rows are fetched. A fetch that took FETCH_NOTED_NS or more is a span of its own, named ``fetch``;
rows taken one by one are in no span. The BEGIN that the module itself puts before a change is in the change's span.
"""

from __future__ import annotations

import sys
from time import perf_counter_ns

from . import core, hooks, statements
from .core import current, end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

STATEMENT = core.operation("sqlite3", "client", "sqlite")
CONNECT = core.operation("sqlite3", "client", "sqlite", "connect")
FETCH = core.operation("sqlite3", "client", "sqlite", "fetch")

FETCH_NOTED_NS = 100_000
"""Ten times what a span costs at most: noting the others would cost as much as they take."""

ARRAY_SIZE: Any = object()  # as many rows as the cursor's arraysize says

_ours: dict[type, Any] = {}  # our class by the C type that it stands before
_made: dict[Any, Any] = {}


def install(module: ModuleType) -> None:
    """Patch ``connect`` where it is looked for: in the package and in the module that it came from."""
    if not hasattr(module, "connect"):
        return
    if not _ours:
        _make(module)
    if hooks.patch(module, "connect", _connect):
        core.covered("sqlite3", getattr(module, "sqlite_version", ""))


def _connect(original: Callable[..., Any]) -> Callable[..., Any]:
    plain = sys.modules["_sqlite3"].Connection

    def connect(*arguments: Any, **named: Any) -> Any:
        start = core.begin()
        try:
            if len(arguments) > 5:  # factory is the sixth
                arguments = (*arguments[:5], _class(arguments[5]), *arguments[6:])
            else:
                named["factory"] = _class(named.get("factory", plain))
            connection = original(*arguments, **named)
        except BaseException as error:
            core.end(CONNECT, start, error=error)
            raise
        core.end(CONNECT, start)
        return connection

    return connect


def _class(asked: Any) -> Any:
    return statements.between("sqlite3", asked, _ours, _made)


def _asks(module: Any, connection: type) -> set[str]:
    """Which of its own methods this version's C type looks up by name: ``execute`` the cursor, ``__exit__`` commit."""
    asked = set()

    class Probe(connection):  # type: ignore[misc]
        def cursor(self, *arguments: Any) -> Any:
            asked.add("cursor")
            return super().cursor(*arguments)

        def commit(self) -> Any:
            asked.add("commit")
            return super().commit()

    probe = module.connect(":memory:", factory=Probe)
    try:
        probe.execute("SELECT 1")
        with probe:
            pass
    finally:
        probe.close()
    return asked


def _make(module: Any) -> None:
    text_of = statements.text_of
    connections, cursors = module.Connection, module.Cursor
    # Names of this function: looking them up in a class at each call costs more than the call.
    plain_cursor, plain_execute = connections.cursor, cursors.execute
    plain_fetchall, plain_fetchmany = cursors.fetchall, cursors.fetchmany
    known = _made.get

    class Cursor(cursors):  # type: ignore[misc, valid-type]
        __slots__ = ()

        def execute(self, *arguments: Any) -> Any:  # as the C method: no names, and its own words for what is missing
            span = current()  # begin(), written out: the call is a tenth of what this method costs
            start = perf_counter_ns() if span is None or span.recorded else 0
            try:
                if len(arguments) == 2:  # mostly; said so, it is the cheaper call
                    sql, parameters = arguments
                    result = plain_execute(self, sql, parameters)
                else:
                    sql, parameters = arguments[0] if arguments else "", None
                    result = plain_execute(self, *arguments)
            except BaseException as error:
                end(STATEMENT, start, text_of(sql), parameters, error=error)
                raise
            end(STATEMENT, start, sql, parameters, self.rowcount)
            return result

        def executemany(self, *arguments: Any) -> Any:
            parameters, size = statements.batch(arguments[1] if len(arguments) > 1 else None)
            start = core.begin()
            try:
                result = cursors.executemany(self, *arguments)
            except BaseException as error:
                core.end(STATEMENT, start, text_of(*arguments[:1]), parameters, error=error, attributes=size)
                raise
            core.end(STATEMENT, start, arguments[0], parameters, self.rowcount, attributes=size)
            return result

        def executescript(self, *arguments: Any) -> Any:
            start = core.begin()
            try:
                result = cursors.executescript(self, *arguments)
            except BaseException as error:
                core.end(STATEMENT, start, text_of(*arguments[:1]), error=error)
                raise
            core.end(STATEMENT, start, arguments[0])
            return result

        def fetchall(self) -> Any:
            start = perf_counter_ns()
            rows = plain_fetchall(self)
            if perf_counter_ns() - start >= FETCH_NOTED_NS and core.begin():
                core.end(FETCH, start, rows=len(rows))
            return rows

        def fetchmany(self, size: Any = ARRAY_SIZE) -> Any:
            start = perf_counter_ns()
            rows = plain_fetchmany(self) if size is ARRAY_SIZE else plain_fetchmany(self, size)
            if perf_counter_ns() - start >= FETCH_NOTED_NS and core.begin():
                core.end(FETCH, start, rows=len(rows))
            return rows

    class Connection(connections):  # type: ignore[misc, valid-type]
        __slots__ = ()

        def cursor(self, factory: Any = cursors) -> Any:
            try:
                ours = known(factory)
            except TypeError:  # nothing that a dict takes
                ours = None
            return plain_cursor(self, _class(factory) if ours is None else ours)

        def commit(self) -> Any:
            return _finish(self, "COMMIT", connections.commit)

        def rollback(self) -> Any:
            return _finish(self, "ROLLBACK", connections.rollback)

    asks = _asks(module, connections)
    if "commit" not in asks:

        def leave(self: Any, kind: Any, error: Any, trace: Any) -> Any:
            word = "COMMIT" if kind is None and error is None and trace is None else "ROLLBACK"
            return _finish(self, word, connections.__exit__, kind, error, trace)

        Connection.__exit__ = leave

    if "cursor" not in asks:

        def execute(self: Any, *arguments: Any) -> Any:
            return Connection.cursor(self).execute(*arguments)

        def executemany(self: Any, *arguments: Any) -> Any:
            return Connection.cursor(self).executemany(*arguments)

        def executescript(self: Any, *arguments: Any) -> Any:
            return Connection.cursor(self).executescript(*arguments)

        for method in (execute, executemany, executescript):
            setattr(Connection, method.__name__, method)

    _ours[connections] = statements.named_like(Connection, connections)
    _ours[cursors] = statements.named_like(Cursor, cursors)


def _finish(connection: Any, word: str, finish: Callable[..., Any], *arguments: Any) -> Any:
    """A transaction's end. Where none is open SQLite is told nothing, and there is no span."""
    start = core.begin() if _in_transaction(connection) else 0
    try:
        result = finish(connection, *arguments)
    except BaseException as error:
        core.end(STATEMENT, start, word, error=error)
        raise
    core.end(STATEMENT, start, word)
    return result


def _in_transaction(connection: Any) -> bool:
    try:
        return bool(connection.in_transaction)
    except Exception:  # one that is closed, or not initialised: the call itself will say so
        return False
