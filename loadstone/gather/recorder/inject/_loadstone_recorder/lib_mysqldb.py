"""mysqlclient (MySQLdb): connecting, statements, the ends of transactions, pings."""

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
            # "Localhost via UNIX socket" or "127.0.0.1 via TCP/IP"
            known = str(connection.get_host_info()).partition(" via ")[0].lower()
            connection.__dict__["_loadstone_server"] = known
        return known
    except Exception:
        return ""


DRIVER = Driver("mysqlclient", _server)


def install(module: ModuleType) -> None:
    """Patch the connection's Python class and the cursor that all others inherit from."""
    version = str(getattr(module, "__version__", ""))
    if not core.supports("mysqlclient", version, (1, 4), (3,)):
        return
    from MySQLdb import connections, cursors  # type: ignore[import-untyped]

    connection: Any = connections.Connection
    done = [
        DRIVER.patch_cursor(cursors.BaseCursor),
        DRIVER.patch_plain(connection, "__init__", DRIVER.connecting),
        DRIVER.patch_plain(connection, "ping", DRIVER.pinging),
        DRIVER.patch_command(connection, "begin", "BEGIN"),
        DRIVER.patch_command(connection, "commit", "COMMIT"),
        DRIVER.patch_command(connection, "rollback", "ROLLBACK"),
        DRIVER.patch_command(connection, "autocommit", "SET AUTOCOMMIT = ?"),
    ]
    if all(done):
        core.covered("mysqlclient", version)
    else:
        core.not_covered("mysqlclient", version, "some of its methods are not where they were")
