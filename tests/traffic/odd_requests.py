"""Requests that nobody should send, for servers whose logs are read."""

from __future__ import annotations

import socket
import time

__all__ = ["ODD", "send"]

ODD: tuple[bytes, ...] = (
    b'GET /plain HTTP/1.1\r\nHost: a\r\nUser-Agent: say "hi" \\ there\r\nReferer: http://a/\xc3\xa9"\\x22\r\n',
    b"GET /caf\xc3\xa9/%41%2f?q=%22 HTTP/1.1\r\nHost: a\r\nUser-Agent: \xff\xfe\r\n",
    b'GET /quo"te\\back HTTP/1.1\r\nHost: a\r\n',
    b"GET http://other.example:80/absolute?x=1 HTTP/1.1\r\nHost: a\r\n",
    b"POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX-Forwarded-For: 2001:db8::1, 10.0.0.1\r\n",
    b"PROPFIND /dav HTTP/1.1\r\nHost: a\r\n",
    b"GET /missing HTTP/1.1\r\nHost: a\r\n",
    b"GET /" + b"x" * 6_000 + b" HTTP/1.1\r\nHost: a\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(128, 250)),
    b"SSH-2.0-Go",
    b"GET /old",
)
"""What is sent, each on a connection of its own."""


def send(port: int, request: bytes) -> None:
    """One request, and its reply to the end."""
    ends = b"\r\n" if request.startswith((b"\x16", b"SSH", b"GET /old")) else b"Connection: close\r\n\r\n"
    body = b"a=b" if b"Content-Length" in request else b""
    deadline = time.monotonic() + 30
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(request + ends + body)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65_536):
                    pass
            return
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
