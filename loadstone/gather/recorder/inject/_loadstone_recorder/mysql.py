"""What the two MySQL drivers have in common: PyMySQL is written after mysqlclient, and has its classes."""

from __future__ import annotations

from . import core, hooks
from .statements import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Driver"]

_TEMPLATE = "_loadstone_template"
_MOST = 1 << 62  # an unbuffered cursor's row count is 2**64 - 1: not known


class Driver:
    """The wrappers for one of them. ``server`` tells a connection's address."""

    def __init__(self, library: str, server: Callable[[Any], str]) -> None:
        self.statement = core.operation(library, "client", "mysql")
        self.connecting = core.operation(library, "client", "mysql", "connect")
        self.pinging = core.operation(library, "client", "mysql", "ping")
        self.server = server

    def patch_cursor(self, cursor: type) -> bool:
        """The class whose ``execute`` all others inherit or call."""
        done = [hooks.patch(cursor, "execute", self._execute), hooks.patch(cursor, "executemany", self._executemany)]
        return all([*done, hooks.patch(cursor, "callproc", self._callproc)])

    def patch_command(self, connection: type, method: str, text: str) -> bool:
        """A method of the connection that sends one statement."""
        statement, server = self.statement, self.server

        def make(original: Callable[..., Any]) -> Callable[..., Any]:
            def command(self: Any, *arguments: Any, **named: Any) -> Any:
                start = core.begin()
                told = text.format(*arguments[:1]) if "{}" in text else text
                try:
                    result = original(self, *arguments, **named)
                except BaseException as error:
                    core.end(statement, start, told, error=error, server=server(self))
                    raise
                core.end(statement, start, told, server=server(self))
                return result

            return command

        return hooks.patch(connection, method, make)

    def patch_plain(self, connection: type, method: str, operation: int) -> bool:
        """A method of the connection that is a span without a statement."""
        server = self.server

        def make(original: Callable[..., Any]) -> Callable[..., Any]:
            def plain(self: Any, *arguments: Any, **named: Any) -> Any:
                start = core.begin()
                try:
                    result = original(self, *arguments, **named)
                except BaseException as error:
                    core.end(operation, start, error=error)
                    raise
                core.end(operation, start, server=server(self))
                return result

            return plain

        return hooks.patch(connection, method, make)

    def _execute(self, original: Callable[..., Any]) -> Callable[..., Any]:
        statement, server_of = self.statement, self.server

        def execute(self: Any, query: Any, args: Any = None) -> Any:
            start = core.begin()
            try:
                result = original(self, query, args)
            except BaseException as error:
                server = server_of(getattr(self, "connection", None))
                core.end(statement, start, _text(self, query), args, error=error, server=server)
                raise
            if start:
                rows = self.rowcount
                rows = rows if type(rows) is int and rows < _MOST else None
                core.end(statement, start, _text(self, query), args, rows, server=server_of(self.connection))
            return result

        return execute

    def _executemany(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Not a span itself: it calls ``execute`` for each statement that it sends. Where it writes the values into
        the statement, the text recorded is the one without them."""

        def executemany(self: Any, query: Any, args: Any) -> Any:
            self.__dict__[_TEMPLATE] = query
            try:
                return original(self, query, args)
            finally:
                self.__dict__.pop(_TEMPLATE, None)

        return executemany

    def _callproc(self, original: Callable[..., Any]) -> Callable[..., Any]:
        statement, server = self.statement, self.server

        def callproc(self: Any, procname: Any, args: Any = ()) -> Any:
            start = core.begin()
            text = f"CALL {procname}"
            try:
                result = original(self, procname, args)
            except BaseException as error:
                core.end(statement, start, text, args, error=error, server=server(getattr(self, "connection", None)))
                raise
            core.end(statement, start, text, args, server=server(self.connection))
            return result

        return callproc


def _text(cursor: Any, query: Any) -> str:
    if type(query) is str:
        return query
    return text_of(cursor.__dict__.get(_TEMPLATE, query))
