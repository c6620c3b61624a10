"""A server that does as it is told to whoever connects, and counts what it saw: loopback, a thread a connection."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

__all__ = ["Behaviour", "HostileServer", "Peer"]

_LOOK_S = 0.02  # how long the accepting thread waits before it looks whether it is to end
_WHOLE = b"\r\n\r\n"


class Peer:
    """One connection, as a behaviour sees it."""

    def __init__(self, server: HostileServer, connection: socket.socket) -> None:
        self._server = server
        self._socket = connection
        self._buffer = b""

    def request(self) -> int:
        """Read one request's head; which one it is over all connections, from 1, or 0 when the client has closed."""
        while _WHOLE not in self._buffer:
            part = self._socket.recv(65_536)
            if not part:
                return 0
            self._buffer += part
        self._buffer = self._buffer.partition(_WHOLE)[2]
        return self._server.count_request()

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def reset(self) -> None:
        """End the connection with RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def half_close(self) -> None:
        """Say that nothing more will be sent; go on receiving."""
        self._socket.shutdown(socket.SHUT_WR)

    def wait_for_end(self) -> None:
        """Receive and throw away until the client closes."""
        while self._socket.recv(65_536):
            pass

    def pause(self, seconds: float) -> None:
        """Wait, and be woken when the server ends."""
        self._server.ending.wait(seconds)

    def wait_unread(self) -> None:
        """Keep the connection without reading from it until the server ends."""
        self._server.ending.wait()


Behaviour = Callable[[Peer], None]


class HostileServer:
    """Listens on a free port while the ``with`` block runs; afterwards its counts are final."""

    def __init__(self, behave: Behaviour) -> None:
        self._behave = behave
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._listener.settimeout(_LOOK_S)
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.requests = 0
        self.ending = threading.Event()

    def __enter__(self) -> HostileServer:
        self._acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ending.set()
        self._acceptor.join()
        self._listener.close()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive(), "a connection was left open"

    def count_request(self) -> int:
        """One more request was read."""
        with self._lock:
            self.requests += 1
            return self.requests

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                if self.ending.is_set():
                    return
                continue
            self.connections += 1
            connection.settimeout(None)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):  # the client may go at any moment: that is what it is tested for
            self._behave(Peer(self, connection))
