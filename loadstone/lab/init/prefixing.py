"""Whether a description's paths are where it says: some services serve them under a prefix that it does not tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from loadstone.lab.init.probing import left_alone
from loadstone.model.discovery import Login
from loadstone.model.route import Route
from loadstone.traffic.crawl.reply import Reply

__all__ = ["Shell", "found_prefix", "prefixed", "shell_of"]

SAMPLE = 4
"""Routes that are asked for under each prefix, and the least part of them that must be there."""

ENOUGH = 0.5

USUAL = ("/api", "/api/v1", "/v1", "/rest")
MOST = 8  # prefixes that are tried

NOWHERE = "/loadstone-init-is-looking-for-what-is-not-there"


class Asks(Protocol):
    """What asking needs of a client."""

    def get(self, target: str) -> Reply:
        """One request and its reply."""
        ...


class Shell(msgspec.Struct, frozen=True):
    """How a path is answered that is not there: ``page`` is the page of a service that answers every path with one
    (drawn by its scripts), None where a status says that there is nothing."""

    page: bytes | None = None

    def covers(self, reply: Reply) -> bool:
        """Whether this reply is that page."""
        return self.page is not None and reply.good and reply.html and _alike(self.page, reply.body)


def shell_of(client: Asks) -> Shell:
    """Ask for a path that nobody has."""
    reply = client.get(NOWHERE)
    return Shell(reply.body if reply.good and reply.html else None)


def found_prefix(routes: Sequence[Route], at: str, seen: Iterable[str], client: Asks, shell: Shell) -> str:
    """The prefix under which these routes answer; empty where they are as they are told, or are nowhere."""
    asked = [one.template for one in routes if left_alone(one) is None and not one.fields][:SAMPLE]
    if len(asked) < 2:
        asked = [one.template for one in routes if left_alone(one) is None and "{" not in one.template][:SAMPLE]
    if not asked or _there(asked, "", client, shell) >= ENOUGH * len(asked):
        return ""
    best, most = "", 0
    for prefix in _prefixes(at, seen):
        there = _there(asked, prefix, client, shell)
        if there > most:
            best, most = prefix, there
        if there == len(asked):
            break
    return best if most >= ENOUGH * len(asked) else ""


def prefixed(routes: Sequence[Route], login: Login | None, prefix: str) -> tuple[tuple[Route, ...], Login | None]:
    """The same under the prefix."""
    moved = tuple(msgspec.structs.replace(one, template=f"{prefix}{one.template}") for one in routes)
    if login is not None and login.action.startswith("/"):
        login = msgspec.structs.replace(login, action=f"{prefix}{login.action}")
    return moved, login


def _there(paths: Sequence[str], prefix: str, client: Asks, shell: Shell) -> int:
    count = 0
    for path in paths:
        reply = client.get(f"{prefix}{path}")
        gone = reply.failure is not None or reply.status in (404, 410) or shell.covers(reply)
        count += not gone
    return count


def _prefixes(at: str, seen: Iterable[str]) -> Iterator[str]:
    """Those of the document's own address, the usual ones, and first segments that were seen."""
    folder = urlsplit(at).path.rpartition("/")[0] if "://" in at else ""
    firsts = [f"/{target.split('?')[0].strip('/').partition('/')[0]}" for target in seen]
    known = dict.fromkeys([folder, *USUAL, *firsts])
    yield from [prefix for prefix in known if len(prefix) > 1 and "{" not in prefix][:MOST]


def _alike(page: bytes, body: bytes) -> bool:
    """The same page but for what changes in it each time (a nonce, a path)."""
    if page == body:
        return True
    return abs(len(page) - len(body)) <= 200 and page[:200] == body[:200] and page[-100:] == body[-100:]
