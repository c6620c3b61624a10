"""redis-py, both halves, single servers and clusters: commands, pipelines, connecting, the wait at a blocking pool.

A command's text is its name and a question mark for its arguments, keys and values alike; what they were is in the
parameters' hash alone. A pipeline or transaction is one span, as it is one exchange.
"""

from __future__ import annotations

import sys

from . import core, hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

COMMAND = core.operation("redis", "client", "redis")
CONNECT = core.operation("redis", "client", "redis", "connect")
WAIT = core.operation("redis", "internal", "redis", "pool wait")

_NAMED = 10  # commands of a pipeline that are named

_texts: dict[Any, str] = {}
_LIMIT = 5_000


def install(module: ModuleType) -> None:
    """Patch clients, pipelines, connections and pools of both halves."""
    version = str(getattr(module, "__version__", ""))
    if not core.supports("redis", version, (4,), (9,)):
        return
    done = []
    for half, command, pipeline, connect, wait in (
        ("redis", _command, _pipeline, _connect, _wait),
        ("redis.asyncio", _command_async, _pipeline_async, _connect_async, _wait_async),
    ):
        client, connection = sys.modules.get(f"{half}.client"), sys.modules.get(f"{half}.connection")
        if client is None or connection is None:
            continue
        done += [
            hooks.patch(client.Redis, "execute_command", command),
            hooks.patch(client.Pipeline, "immediate_execute_command", command),
            hooks.patch(client.Pipeline, "execute", pipeline),
            hooks.patch(connection.Connection, "_connect", connect),
            hooks.patch(connection.UnixDomainSocketConnection, "_connect", connect),
            hooks.patch(connection.BlockingConnectionPool, "get_connection", wait),
        ]
        cluster = sys.modules.get(f"{half}.cluster")
        if cluster is not None:
            done.append(hooks.patch(cluster.RedisCluster, "execute_command", command))
    if done and all(done):
        core.covered("redis", version)
    else:
        core.not_covered("redis", version, "some of its methods are not where they were")


def _text(arguments: tuple[Any, ...]) -> str:
    name = arguments[0] if arguments else ""
    key = (name, len(arguments) > 1)
    known = _texts.get(key)
    if known is None:
        known = (name.decode("latin-1") if isinstance(name, bytes) else str(name)) + (" ?" if key[1] else "")
        if len(_texts) < _LIMIT:
            _texts[key] = known
    return known


def _server(client: Any) -> str:
    try:
        pool = client.connection_pool
        known: str | None = pool.__dict__.get("_loadstone_server")
        if known is None:
            told = pool.connection_kwargs
            known = told.get("path") or f"{told.get('host', 'localhost')}:{told.get('port', 6379)}"
            pool.__dict__["_loadstone_server"] = known
        return known
    except Exception:  # a cluster has no pool of its own
        return ""


def _stack(pipeline: Any) -> tuple[str, str]:
    """A pipeline's commands as one text, and the attributes that say how many there are."""
    try:
        commands = pipeline.command_stack
        names = [_text(command[0]) for command in commands[:_NAMED]]
        if len(commands) > _NAMED:
            names.append("...")
        if getattr(pipeline, "is_transaction", getattr(pipeline, "transaction", False)):
            names = ["MULTI", *names, "EXEC"]
        return "; ".join(names), repr({"db.operation.batch.size": len(commands)})
    except Exception:
        return "PIPELINE", ""


def _command(original: Callable[..., Any]) -> Callable[..., Any]:
    def execute_command(self: Any, *args: Any, **options: Any) -> Any:
        start = core.begin()
        try:
            result = original(self, *args, **options)
        except BaseException as error:
            core.end(COMMAND, start, _text(args), args[1:], error=error, server=_server(self))
            raise
        if start:
            core.end(COMMAND, start, _text(args), args[1:], server=_server(self))
        return result

    return execute_command


def _command_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def execute_command(self: Any, *args: Any, **options: Any) -> Any:
        start = core.begin()
        try:
            result = await original(self, *args, **options)
        except BaseException as error:
            core.end(COMMAND, start, _text(args), args[1:], error=error, server=_server(self))
            raise
        if start:
            core.end(COMMAND, start, _text(args), args[1:], server=_server(self))
        return result

    return execute_command


def _pipeline(original: Callable[..., Any]) -> Callable[..., Any]:
    def execute(self: Any, *arguments: Any, **named: Any) -> Any:
        if not self.command_stack:
            return original(self, *arguments, **named)  # nothing is sent
        text, size = _stack(self)
        start = core.begin()
        try:
            result = original(self, *arguments, **named)
        except BaseException as error:
            core.end(COMMAND, start, text, error=error, server=_server(self), attributes=size)
            raise
        core.end(COMMAND, start, text, server=_server(self), attributes=size)
        return result

    return execute


def _pipeline_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def execute(self: Any, *arguments: Any, **named: Any) -> Any:
        if not self.command_stack:
            return await original(self, *arguments, **named)
        text, size = _stack(self)
        start = core.begin()
        try:
            result = await original(self, *arguments, **named)
        except BaseException as error:
            core.end(COMMAND, start, text, error=error, server=_server(self), attributes=size)
            raise
        core.end(COMMAND, start, text, server=_server(self), attributes=size)
        return result

    return execute


def _address(connection: Any) -> str:
    try:
        return str(getattr(connection, "path", "") or f"{connection.host}:{connection.port}")
    except Exception:
        return ""


def _connect(original: Callable[..., Any]) -> Callable[..., Any]:
    def _connect(self: Any, *arguments: Any, **named: Any) -> Any:
        start = core.begin()
        try:
            result = original(self, *arguments, **named)
        except BaseException as error:
            core.end(CONNECT, start, error=error, server=_address(self))
            raise
        core.end(CONNECT, start, server=_address(self))
        return result

    return _connect


def _connect_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def _connect(self: Any, *arguments: Any, **named: Any) -> Any:
        start = core.begin()
        try:
            result = await original(self, *arguments, **named)
        except BaseException as error:
            core.end(CONNECT, start, error=error, server=_address(self))
            raise
        core.end(CONNECT, start, server=_address(self))
        return result

    return _connect


def _wait(original: Callable[..., Any]) -> Callable[..., Any]:
    def get_connection(self: Any, *arguments: Any, **named: Any) -> Any:
        try:
            start = core.begin() if self.pool.empty() else 0  # every connection is given out
        except Exception:
            start = 0
        try:
            connection = original(self, *arguments, **named)
        except BaseException as error:
            core.end(WAIT, start, error=error)
            raise
        core.end(WAIT, start)
        return connection

    return get_connection


def _wait_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def get_connection(self: Any, *arguments: Any, **named: Any) -> Any:
        try:
            start = 0 if self.can_get_connection() else core.begin()
        except Exception:
            start = 0
        try:
            connection = await original(self, *arguments, **named)
        except BaseException as error:
            core.end(WAIT, start, error=error)
            raise
        core.end(WAIT, start)
        return connection

    return get_connection
