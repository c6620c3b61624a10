"""Which pages are of one template, while the template is not known yet: so that a look goes elsewhere after a few."""

from __future__ import annotations

import re
from collections import Counter

from loadstone.traffic.crawl.limits import Limits

__all__ = ["Variety"]

_VALUE = re.compile(
    r"(?i)^(?:\d[\d.,:_-]*|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|[a-z]{0,6}[_-]?\d{2,}|[^/]*%[0-9a-f]{2}[^/]*|"
    r"[^/]*\d{3,}[^/]*|\d+-[^/]+|[^/]+-\d+|[^/]{40,}|[^/]+@[^/]+)$"
)
_VERSION = re.compile(r"(?i)^v\d+(?:\.\d+)*$")
_ANY = "*"  # looks like a value
_MANY = "~"  # one of more names than a menu has
MOST_SAME = 3
"""A name may stand so often in one path; a path that repeats itself more often is a trap of relative links."""


class Variety:
    """Shapes of the targets seen so far. A part of a path is a value when it looks like one, or when more names were
    seen in its place than a menu has."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._children: dict[str, set[str]] = {}
        self._taken: list[str] = []
        self._counts: Counter[str] = Counter()
        self._shapes: dict[str, str] = {}
        self._crowded: set[str] = set()

    def note(self, target: str) -> None:
        """A link was seen."""
        parent = ""
        for part in _parts(target):
            names = self._children.setdefault(parent, set())
            if len(names) <= self._limits.front:
                names.add(part)
            most = self._limits.siblings if parent else self._limits.front
            if len(names) > most and parent not in self._crowded:
                self._crowded.add(parent)
                self._shapes.clear()
                self._counts = Counter(self.shape(taken) for taken in self._taken)
            parent = f"{parent}/{self._known(parent, part)}"

    def take(self, target: str) -> None:
        """A page is being asked for."""
        self._taken.append(target)
        self._counts[self.shape(target)] += 1

    def taken(self, target: str) -> int:
        """How many pages like this one were asked for."""
        return self._counts[self.shape(target)]

    def exhausted(self, target: str) -> bool:
        """Whether enough of its kind were seen, or it repeats itself as a trap does."""
        shape = self.shape(target)
        most = self._limits.alike * (2 if shape.endswith(_MANY) else 1)
        if self._counts[shape] >= most:
            return True
        parts = _parts(target)
        return bool(parts) and max(Counter(parts).values()) > MOST_SAME

    def shape(self, target: str) -> str:
        """The target with values as ``*`` or ``~``, its query as a mere question mark."""
        known = self._shapes.get(target)
        if known is None:
            path = ""
            for part in _parts(target):
                path = f"{path}/{self._known(path, part)}"
            known = self._shapes[target] = f"{path or '/'}?" if "?" in target else path or "/"
        return known

    def _known(self, parent: str, part: str) -> str:
        if _VALUE.match(part) and not _VERSION.match(part):
            return _ANY
        return _MANY if parent in self._crowded else part


def _parts(target: str) -> list[str]:
    return [part for part in target.partition("?")[0].split("/") if part]
