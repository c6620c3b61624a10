"""A small HTTP server on loopback for end-to-end tests: answers at once, counts what it was asked."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Asked", "answering"]


class Asked:
    """Where the server is, and the requests that it has had so far."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.lines: list[str] = []
        self.first = threading.Event()


@contextmanager
def answering() -> Iterator[Asked]:
    """A server for the length of a ``with``."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet a reply

        def do_GET(self) -> None:
            asked.lines.append(self.requestline)
            asked.first.set()
            body = b'{"items": [{"id": 17}]}'
            self.send_response(404 if self.path.startswith("/missing") else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *words: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        asked = Asked(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield asked
        finally:
            server.shutdown()
            thread.join()
