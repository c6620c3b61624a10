"""SQLAlchemy: the wait at a pool that has no connection left. Its statements are the drivers' spans."""

from __future__ import annotations

import sys

from . import core, hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

WAIT = core.operation("sqlalchemy", "internal", "", "pool wait")


def install(module: ModuleType) -> None:
    """Patch the queue's pool, of which the asynchronous one is a subclass."""
    version = str(getattr(module, "__version__", ""))
    if not core.supports("sqlalchemy", version, (1, 4), (3,)):
        return
    pool = getattr(sys.modules.get("sqlalchemy.pool.impl"), "QueuePool", None)
    if pool is not None and hooks.patch(pool, "_do_get", _do_get):
        core.covered("sqlalchemy", version, ("sqlalchemy", *_DRIVERS))
    else:
        core.not_covered("sqlalchemy", version, "its pool is not where it was")


_DRIVERS = ("psycopg", "psycopg2", "asyncpg", "sqlite3", "pymysql", "mysqlclient")


def _do_get(original: Callable[..., Any]) -> Callable[..., Any]:
    def _do_get(self: Any) -> Any:
        start, size = 0, ""
        try:
            if -1 < self._max_overflow <= self._overflow and self._pool.empty():
                start = core.begin()
                size = repr({"db.client.connection.max": self._pool.maxsize + self._max_overflow})
        except Exception:
            start = 0
        try:
            connection = original(self)
        except BaseException as error:
            core.end(WAIT, start, error=error, attributes=size)
            raise
        core.end(WAIT, start, attributes=size)
        return connection

    return _do_get
