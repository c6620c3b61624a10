"""What listens at a port that gives no HTTP reply: asked in each of a few protocols, in words that change nothing.

TLS gets a ClientHello, PostgreSQL an SSLRequest (Frontend/Backend Protocol, 54.2.10), Redis a PING; SSH, MySQL, SMTP
and AMQP speak first or to anything.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

__all__ = ["greeting"]

PATIENCE_S = 0.5  # for each question; a server on this network answers within milliseconds
_MOST_BYTES = 512
_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
_SPEAKS_TLS = b"\x16\x03\x03"
_HTTP = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"


def greeting(host: str, port: int) -> bytes:
    """The first bytes that tell what it is, empty where nothing did. Takes at most a few seconds, and never raises for
    what a server does."""
    questions: tuple[Callable[[str, int], bytes], ...] = (
        lambda host, port: _said(host, port, b""),
        _tls,
        lambda host, port: _said(host, port, _SSL_REQUEST),
        lambda host, port: _said(host, port, b"PING\r\n"),
        lambda host, port: _said(host, port, _HTTP),
    )
    for ask in questions:
        with suppress(OSError, ValueError):
            if said := ask(host, port):
                return said
    return b""


def _said(host: str, port: int, words: bytes) -> bytes:
    with socket.create_connection((host, port), timeout=PATIENCE_S) as connection:
        if words:
            connection.sendall(words)
        return connection.recv(_MOST_BYTES)


def _tls(host: str, port: int) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection((host, port), timeout=PATIENCE_S) as connection:
        try:
            with context.wrap_socket(connection, server_hostname=host):
                return _SPEAKS_TLS
        except ssl.SSLError as error:
            # An alert is an answer in TLS: it wants a client certificate, another version, another name.
            return _SPEAKS_TLS if "ALERT" in (error.reason or "").upper() else b""
