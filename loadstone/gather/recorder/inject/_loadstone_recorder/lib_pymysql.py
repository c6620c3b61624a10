"""PyMySQL: connecting, statements, the ends of transactions, pings."""

from __future__ import annotations

from . import core
from .mysql import Driver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def _server(connection: Any) -> str:
    try:
        known: str | None = connection.__dict__.get("_loadstone_server")
        if known is None:
            known = connection.unix_socket or f"{connection.host}:{connection.port}"
            connection.__dict__["_loadstone_server"] = known
        return known
    except Exception:
        return ""


DRIVER = Driver("pymysql", _server)


def install(module: ModuleType) -> None:
    """Patch the connection and the cursor that all others inherit from."""
    # Not __version__, which may be that of the mysqlclient that it stands in for.
    version = ".".join(map(str, getattr(module, "VERSION", ())[:3]))
    if not core.supports("pymysql", version, (0, 10), (2,)):
        return
    connection: Any = module.connections.Connection
    done = [
        DRIVER.patch_cursor(module.cursors.Cursor),
        DRIVER.patch_plain(connection, "connect", DRIVER.connecting),
        DRIVER.patch_plain(connection, "ping", DRIVER.pinging),
        DRIVER.patch_command(connection, "begin", "BEGIN"),
        DRIVER.patch_command(connection, "commit", "COMMIT"),
        DRIVER.patch_command(connection, "rollback", "ROLLBACK"),
        DRIVER.patch_command(connection, "_send_autocommit_mode", "SET AUTOCOMMIT = ?"),
    ]
    if all(done):
        core.covered("pymysql", version)
    else:
        core.not_covered("pymysql", version, "some of its methods are not where they were")
