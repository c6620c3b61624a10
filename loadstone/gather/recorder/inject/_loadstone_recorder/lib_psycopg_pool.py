"""psycopg_pool: the wait of a client for which no connection is free. What is had at once is no span."""

from __future__ import annotations

import sys

from . import core, hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

WAIT = core.operation("psycopg_pool", "internal", "postgresql", "pool wait")


def install(module: ModuleType) -> None:
    """Patch the place in the queue that a client waits at, of the pool and of the asynchronous pool."""
    version = str(getattr(module, "__version__", ""))
    if not core.supports("psycopg_pool", version, (3, 1), (4,)):
        return
    done = []
    for name, make in (("psycopg_pool.pool", _wait), ("psycopg_pool.pool_async", _wait_async)):
        client = getattr(sys.modules.get(name), "WaitingClient", None)
        done.append(client is not None and hooks.patch(client, "wait", make))
    if all(done):
        core.covered("psycopg_pool", version)
    else:
        core.not_covered("psycopg_pool", version, "its queue is not where it was")


def _wait(original: Callable[..., Any]) -> Callable[..., Any]:
    def wait(self: Any, *arguments: Any, **named: Any) -> Any:
        start = core.begin()
        try:
            connection = original(self, *arguments, **named)
        except BaseException as error:
            core.end(WAIT, start, error=error)
            raise
        core.end(WAIT, start)
        return connection

    return wait


def _wait_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def wait(self: Any, *arguments: Any, **named: Any) -> Any:
        start = core.begin()
        try:
            connection = await original(self, *arguments, **named)
        except BaseException as error:
            core.end(WAIT, start, error=error)
            raise
        core.end(WAIT, start)
        return connection

    return wait
