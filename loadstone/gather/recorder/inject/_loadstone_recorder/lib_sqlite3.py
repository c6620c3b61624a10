"""sqlite3: statements of cursors and of connections.

The C types cannot be patched, so ``connect`` gives out subclasses: of the connection class that the caller asked for,
whose cursors are subclasses of the cursor class that the caller asked for.
"""

from __future__ import annotations

import sys

from . import core, hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

STATEMENT = core.operation("sqlite3", "client", "sqlite")

_classes: dict[type, type] = {}


def install(module: ModuleType) -> None:
    """Patch ``connect`` where it is looked for: in the package and in the module that it came from."""
    if hooks.patch(module, "connect", _connect):
        core.covered("sqlite3", getattr(module, "sqlite_version", ""))


def _connect(original: Callable[..., Any]) -> Callable[..., Any]:
    import sqlite3

    def connect(*arguments: Any, **named: Any) -> Any:
        if len(arguments) < 6:  # factory is the sixth
            named["factory"] = _connection(named.get("factory") or sqlite3.Connection)
        return original(*arguments, **named)

    return connect


def _connection(parent: type) -> type:
    made = _classes.get(parent)
    if made is None:
        cursors: Any = sys.modules["sqlite3"].Cursor

        class Connection(parent):  # type: ignore[misc]
            def cursor(self, factory: Any = None) -> Any:
                return super().cursor(_cursor(factory or cursors))

            def execute(self, *arguments: Any) -> Any:
                return self.cursor().execute(*arguments)

        Connection.__name__, Connection.__qualname__ = parent.__name__, parent.__qualname__
        Connection.__module__ = parent.__module__
        made = _classes[parent] = Connection
    return made


def _cursor(parent: Any) -> Any:
    if not isinstance(parent, type):
        return parent
    made = _classes.get(parent)
    if made is None:

        class Cursor(parent):  # type: ignore[misc]
            def execute(self, sql: str, *arguments: Any) -> Any:
                start = core.begin()
                try:
                    result = super().execute(sql, *arguments)
                except BaseException as error:
                    core.end(STATEMENT, start, sql, arguments[0] if arguments else None, error=error)
                    raise
                rows: int = self.rowcount
                core.end(STATEMENT, start, sql, arguments[0] if arguments else None, rows)
                return result

        Cursor.__name__, Cursor.__qualname__, Cursor.__module__ = (
            parent.__name__,
            parent.__qualname__,
            parent.__module__,
        )
        made = _classes[parent] = Cursor
    return made
