"""The replies of a recording, read once, and the ways to a value that they have."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from urllib.parse import unquote

from loadstone.model.extraction import TOKEN
from loadstone.model.recording import RecordedExchange
from loadstone.traffic.recorded.in_json import Leaves, json_ways
from loadstone.traffic.recorded.in_text import text_ways
from loadstone.traffic.recorded.ways import Way

__all__ = ["MOST_BACK", "Reply", "replies_of", "surest", "ways"]

MOST_BACK = 300
"""Replies before a request that a value is looked for in: a page and all it led to, many times over."""

MOST_REPLIES, MOST_BEYOND = 50, 10
"""Replies with a value in them that are looked into, and how many behind the first that gives it."""

SURE = 1
"""The rank up to which no surer way is looked for."""

_SPELT = re.compile(r"[A-Za-z0-9 ._~:@!$&()*+,;=-]*")
_NOT_SOURCES = frozenset(
    {"set-cookie", "date", "content-length", "age", "expires", "last-modified", "server", "content-type"}
)


class Reply:
    """One reply: headers, cookies, and its body as JSON or as text, parsed when first asked for."""

    def __init__(self, exchange: RecordedExchange, origin: str = "") -> None:
        self.headers: dict[str, str] = {}
        self.cookies: dict[str, str] = {}
        for name, value in exchange.reply.headers:
            if name == "set-cookie":
                key, _, kept = value.partition(";")[0].partition("=")
                self.cookies[key.strip()] = kept.strip()
            elif name not in _NOT_SOURCES and TOKEN.fullmatch(name):
                own = name == "location" and origin and value.startswith(f"{origin}/")
                self.headers.setdefault(name, value.removeprefix(origin) if own else value)
        self.text = exchange.reply.body or ""
        self._media_type = exchange.reply.media_type
        self._leaves: Leaves | None = None
        self._tried = False

    @property
    def leaves(self) -> Leaves | None:
        """The body's JSON; None where it is none."""
        if not self._tried:
            self._tried = True
            if self.text.lstrip()[:1] in ("{", "[") and "html" not in self._media_type:
                try:
                    self._leaves = Leaves.of(json.loads(self.text))
                except (ValueError, RecursionError):
                    self._leaves = None
        return self._leaves

    def may_hold(self, value: str) -> bool:
        """Whether it is worth looking: only then is a body parsed."""
        if value in self.text or value in self.cookies.values() or value in self.headers.values():
            return True
        if _SPELT.fullmatch(value):  # JSON writes it as it is
            return False
        return self.leaves is not None and value in self.leaves.paths

    def spelt(self, value: str) -> str | None:
        """How the reply has a value that it does not have as it stands: a way that no extraction can go."""
        for name, kept in self.cookies.items():
            if "%" in kept and unquote(kept) == value:
                return f"in the cookie {name}, percent-encoded"
        if "&" in self.text and value in html.unescape(self.text):
            return "in a page, with HTML's escapes"
        if "\\/" in self.text and value in self.text.replace("\\/", "/"):
            return "in a script, with escapes"
        return None


def replies_of(exchanges: Sequence[RecordedExchange], origin: str) -> list[Reply]:
    """One for each exchange; a location on ``origin`` is told as a path, as requests are."""
    return [Reply(exchange, origin) for exchange in exchanges]


def ways(replies: Sequence[Reply], wanted: Sequence[str], prefix: str | None = None) -> Iterator[Way]:
    """Ways that give ``wanted[k]`` from ``replies[k]``: the same reply of one recording, or of two.

    ``prefix`` is for one recording: what stands before the value where it is part of a link.
    """
    for name, value in replies[0].cookies.items():
        if value == wanted[0] and TOKEN.fullmatch(name) and _same(replies, wanted, "cookies", name):
            yield Way("cookie", name, rank=1, key=name)
    for name, value in replies[0].headers.items():
        if value == wanted[0] and _same(replies, wanted, "headers", name):
            yield Way("header", name, rank=1, key=name)
    leaves = [reply.leaves for reply in replies]
    if all(leaf is not None for leaf in leaves):
        yield from json_ways([leaf for leaf in leaves if leaf is not None], wanted)
    elif not any(leaf is not None for leaf in leaves):
        yield from text_ways([reply.text for reply in replies], wanted, prefix)


def surest(
    replies: Iterable[tuple[int, Sequence[Reply]]],
    wanted: Sequence[str],
    prefix: str | None = None,
    fits: Callable[[Way], bool] = lambda _: True,
) -> tuple[int, Way] | None:
    """The surest way among replies, given from the latest to the first, and the number of its reply; of equal ones the
    latest. A way that is sure ends the search, and so do bounds."""
    best: tuple[int, Way] | None = None
    looked = beyond = 0
    for number, here in islice(replies, MOST_BACK):
        if not all(value and reply.may_hold(value) for reply, value in zip(here, wanted, strict=True)):
            continue
        for way in ways(here, wanted, prefix):
            if fits(way) and (best is None or way.rank < best[1].rank):
                best = number, way
        looked += 1
        beyond += best is not None
        if looked >= MOST_REPLIES or beyond > MOST_BEYOND or (best is not None and best[1].rank <= SURE):
            break
    return best


def _same(replies: Sequence[Reply], wanted: Sequence[str], where: str, name: str) -> bool:
    return all(getattr(reply, where).get(name) == value for reply, value in zip(replies, wanted, strict=True))
