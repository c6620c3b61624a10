"""Whether a value that a reply has is the value that a request sends, or is the same by chance alone."""

from __future__ import annotations

import re

from loadstone.traffic.recorded.asked import Place
from loadstone.traffic.recorded.ways import Way

__all__ = ["SHORTEST_TOKEN", "TOKEN_NAME", "by_chance", "is_named", "plausible"]

SHORTEST_TOKEN = 12
"""Letters of the shortest text that is taken for a token by its looks alone."""

SHORTEST_NUMBER = 4
"""Digits of the shortest number that two recordings hardly share with some reply of each by chance."""

_ID_KEY = re.compile(
    r"(.*[a-z0-9])?(_id|Id|ID|_uuid|_number|_key|_code|_slug)|id|uuid|guid|number|slug|key|ref|code|pk"
)
TOKEN_NAME = re.compile(r".*(token|csrf|xsrf|nonce|state|authenticity|viewstate|eventvalidation|etag|if-match).*", re.I)


def is_named(place: Place) -> bool:
    """Whether the place's name says that its value was given out."""
    return _ID_KEY.fullmatch(place.name) is not None or TOKEN_NAME.fullmatch(place.name) is not None


def plausible(place: Place, value: str, way: Way) -> bool:
    """For one recording. A short value is found everywhere: only what an id's key or a link before it served counts."""
    if len(value) >= SHORTEST_TOKEN and not value.isdecimal():
        return True
    if way.source == "json":
        return _ID_KEY.fullmatch(way.key) is not None
    if way.source == "regex":
        return way.rank <= 1 or (way.rank == 3 and place.where == "path") or _ID_KEY.fullmatch(way.key) is not None
    return True


def by_chance(place: Place, value: str, way: Way) -> bool:
    """For two recordings. A short number (a page, a quantity) is somewhere in most replies: it was served as an id, for
    a place of ids, or it was typed."""
    if not value.isdecimal() or len(value) >= SHORTEST_NUMBER:
        return False
    return not ((place.where in ("path", "target") or is_named(place)) and plausible(place, value, way))
