"""The pages' server: uvicorn on a socket of ours, which ends its streams before it ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import uvicorn

from loadstone.archive import Archive
from loadstone.errors import InstrumentError
from loadstone.web.app import application

__all__ = ["run"]

GRACE_S = 2
"""For answers that are under way when the server is told to end."""


class _Server(uvicorn.Server):
    """Tells the address once it listens, and the streams when it is to end."""

    def __init__(self, config: uvicorn.Config, closing: asyncio.Event, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._closing = closing
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._closing.set)
        super().handle_exit(sig, frame)


def run(archive: Archive, host: str, port: int, ready: Callable[[str], None]) -> None:
    """See ``loadstone.web.serve``."""
    listener = _listener(host, port)
    bound = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    closing = asyncio.Event()
    config = uvicorn.Config(
        application(archive, host, closing),
        log_level="error",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
    )
    with listener, suppress(KeyboardInterrupt):  # uvicorn raises the signal again once it has ended
        _Server(config, closing, lambda: ready(f"http://{shown}:{bound}")).run(sockets=[listener])


def _listener(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        raise InstrumentError(
            f"the pages cannot be served at {host}:{port}: {error.strerror}\n"
            "    choose another with --port, or --port 0 for a free one"
        ) from error
    return listener
