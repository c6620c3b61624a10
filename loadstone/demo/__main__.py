"""``python -m loadstone.demo``: fill the database if need be, then serve until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from loadstone.demo.faults import FAULT, FAULTS

__all__ = ["main"]

_BACKLOG = 2048
_EXTRAS = {"psycopg": "postgres"}


def _tell(what: str) -> None:
    print(f"shop: {what}", file=sys.stderr, flush=True)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadstone.demo", description="The sample shop.")
    parser.add_argument("--port", type=int, required=True, help="the port to listen on; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default 127.0.0.1)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--dsn", help="postgresql://…: keep the data there, in a schema of their own")
    where.add_argument("--database", type=Path, metavar="PATH", help="keep the data in this SQLite file")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes (default 1)")
    parser.add_argument(
        "--fault", choices=FAULTS, help="what is wrong with it (default: $LOADSTONE_DEMO_FAULT or none)"
    )
    arguments = parser.parse_args(argv)
    if arguments.workers < 1:
        parser.error("--workers is 1 or more")
    return arguments


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "loadstone"


def _prepare(arguments: argparse.Namespace, folder: Path) -> None:
    """Fill the database and leave its name in the environment, where the workers read it."""
    from loadstone.demo.app import DATABASE, DSN
    from loadstone.demo.seed import sqlite_file, working_copy

    if arguments.dsn:
        from loadstone.demo.postgres import fill_once

        fill_once(arguments.dsn, _tell)
        os.environ[DSN] = arguments.dsn
        return
    os.environ.pop(DSN, None)
    path = sqlite_file(arguments.database, _tell) if arguments.database else working_copy(folder, _cache(), _tell)
    os.environ[DATABASE] = str(path.absolute())


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket whose connections send at once.

    asyncio sets TCP_NODELAY only where the socket names its protocol, and uvicorn's own does not: on a connection that
    is kept alive Nagle's algorithm and the peer's delayed acknowledgement then add 40 ms. Accepted sockets inherit it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def _serve(listener: socket.socket, workers: int) -> None:
    import uvicorn

    options: dict[str, Any] = {"factory": True, "access_log": False, "log_level": "warning", "backlog": _BACKLOG}
    name = "loadstone.demo.app:from_environment"
    if workers == 1:
        uvicorn.Server(uvicorn.Config(name, **options)).run(sockets=[listener])
    else:
        uvicorn.run(name, fd=listener.fileno(), workers=workers, **options)


def main(argv: list[str] | None = None) -> int:
    """Serve the shop; 2 with a sentence on stderr when it cannot be served."""
    arguments = _arguments(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the working copy is removed
    try:
        with tempfile.TemporaryDirectory(prefix="loadstone-shop-") as folder:
            if arguments.fault:
                os.environ[FAULT] = arguments.fault
            _prepare(arguments, Path(folder))
            try:
                listener = _listen(arguments.host, arguments.port)
            except (OSError, OverflowError) as error:
                _tell(f"cannot listen on {arguments.host}:{arguments.port} ({error}); name another --port")
                return 2
            with listener:
                host, port = listener.getsockname()[:2]
                _tell(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}")
                _serve(listener, arguments.workers)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0].removesuffix("_pool")
        if package not in _EXTRAS:
            raise
        _tell(f"{package} is not installed; install it with: pip install 'loadstone[{_EXTRAS[package]}]'")
        return 2
    except (ValueError, ConnectionError) as error:
        _tell(str(error))
        return 2
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
