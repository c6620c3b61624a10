"""What every answer carries and every request must: pages of this machine, for this machine.

A page of the network can make a browser ask here, by a name of its own that points to 127.0.0.1 (DNS rebinding); it is
known by the Host header, which then holds that name. Other origins may not read answers: there is no CORS.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard", "is_loopback"]

HEADERS = {
    "content-security-policy": "frame-ancestors 'none'",  # the page's own policy stands in the page, with its hashes
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


def is_loopback(host: str) -> bool:
    """Whether the address is of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Guard:
    """ASGI middleware: refuses a Host that no browser of ours would send, and adds HEADERS to every answer.

    Bound to loopback, that is localhost and loopback addresses. Bound elsewhere, any address (rebinding needs a name),
    this machine's own name, and the name that was bound.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._inside = is_loopback(host)
        self._names = {"localhost", host.lower(), socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) == 1 and self._is_ours(_bare(hosts[0])):
            await self._app(scope, receive, dressed)
        else:
            told = "this server answers to its own address alone\n"
            await PlainTextResponse(told, status_code=421)(scope, receive, dressed)

    def _is_ours(self, host: str) -> bool:
        if self._inside:
            return is_loopback(host)
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return host.lower() in self._names
        return True


def _bare(host: str) -> str:
    """The host of a Host header, without brackets and port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host
