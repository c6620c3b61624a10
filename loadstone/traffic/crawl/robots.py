"""robots.txt (RFC 9309): what a service asks robots to leave alone. It is respected, and told."""

from __future__ import annotations

import re

import msgspec

__all__ = ["Robots", "read_robots"]

MOST_BYTES = 512_000  # RFC 9309, 2.5: a crawler must read at least 500 KiB
MOST_RULES = 2_000
_NAME = "loadstone"


class Robots(msgspec.Struct, frozen=True):
    """Rules as (pattern, allowed), the sitemaps that it names, and the pause that it asks for, in seconds."""

    rules: tuple[tuple[str, bool], ...] = ()
    sitemaps: tuple[str, ...] = ()
    delay_s: float | None = None

    def allows(self, target: str) -> bool:
        """Whether this target may be asked for: the longest rule that fits decides, and of two the one that allows."""
        best, allowed = -1, True
        for pattern, allow in self.rules:
            if len(pattern) < best or not _fits(pattern, target):
                continue
            if len(pattern) > best or allow:
                best, allowed = len(pattern), allow
        return allowed

    @property
    def disallowed(self) -> tuple[str, ...]:
        """The patterns that are off."""
        return tuple(pattern for pattern, allow in self.rules if not allow)


def read_robots(text: str) -> Robots:
    """The group for this robot, else the one for all; lines that are none are left out."""
    groups: dict[str, list[tuple[str, bool]]] = {}
    delays: dict[str, float] = {}
    sitemaps: list[str] = []
    names: list[str] = []
    naming = False
    for line in text[:MOST_BYTES].splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            if not naming:
                names = []
            naming = True
            names.append(value.lower())
            groups.setdefault(value.lower(), [])
            continue
        if key == "sitemap":
            sitemaps.append(value)
            continue
        naming = False
        if key in ("allow", "disallow") and value:
            for name in names:
                if len(groups[name]) < MOST_RULES:
                    groups[name].append((value, key == "allow"))
        elif key == "crawl-delay" and re.fullmatch(r"\d{1,4}(\.\d+)?", value):
            delays.update(dict.fromkeys(names, float(value)))
    ours = next((name for name in groups if name and name != "*" and name in _NAME), "*")
    return Robots(tuple(groups.get(ours, ())), tuple(sitemaps[:50]), delays.get(ours))


def _fits(pattern: str, target: str) -> bool:
    """Prefix match with ``*`` for anything and ``$`` for the end (RFC 9309, 2.2.3), in linear time."""
    ends = pattern.endswith("$")
    pieces = (pattern[:-1] if ends else pattern).split("*")
    if not target.startswith(pieces[0]):
        return False
    at = len(pieces[0])
    for piece in pieces[1:-1]:
        found = target.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if len(pieces) == 1:
        return not ends or at == len(target)
    last = pieces[-1]
    if ends:
        return target.endswith(last) and len(target) - len(last) >= at
    return target.find(last, at) >= 0
