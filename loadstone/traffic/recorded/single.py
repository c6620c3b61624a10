"""One recording alone: values that look like tokens or ids and were served before. Likely, and not proved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from loadstone.model.recording import Recording
from loadstone.traffic.recorded.alignment import looks_variable
from loadstone.traffic.recorded.asked import Place, asked, places
from loadstone.traffic.recorded.difference import answered_before, origin_of_use, together
from loadstone.traffic.recorded.dynamic import Dynamic, Use
from loadstone.traffic.recorded.likelihood import SHORTEST_TOKEN, TOKEN_NAME, is_named, plausible
from loadstone.traffic.recorded.naming import Names, value_name
from loadstone.traffic.recorded.replies import replies_of, surest
from loadstone.traffic.recorded.ways import Way

__all__ = ["candidates"]

_MIXED = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9])[A-Za-z0-9_.~+/=-]+")
_LETTERS = re.compile(r"[A-Za-z_-]{16,}")

UPPER_SHARE = 0.25, 0.75
"""Of a long text's letters in a token without a digit, which one in forty of 22 letters is. Words in camel case have
a fifth at most."""


def candidates(recording: Recording) -> tuple[Dynamic, ...]:
    """What is likely to differ another time, with the way to it; ``proved`` is False for each."""
    exchanges = recording.exchanges
    replies = replies_of(exchanges, recording.origin)
    found: dict[str, list[Use]] = {}
    ways_of: dict[str, tuple[int, Way] | None] = {}
    order: list[tuple[str, Place, tuple[str, ...]]] = []
    for i, exchange in enumerate(exchanges):
        request = asked(exchange)
        for place, whole in places(request):
            for value, start in _pieces(place, whole):
                if value not in ways_of:
                    if not _likely(place, value):
                        continue
                    prefix = "/".join(["", *request.path[: int(place.key[0])], ""]) if place.where == "path" else None
                    earlier = ((j, [replies[j]]) for j in range(i - 1, -1, -1) if answered_before(exchanges, j, i))
                    best = surest(earlier, [value], prefix or "", partial(plausible, place, value))
                    if best is None:
                        continue
                    ways_of[value] = best
                    order.append((value, place, request.path))
                if ways_of[value] is not None and (value in found or _likely(place, value) or is_named(place)):
                    found.setdefault(value, []).append(Use(i, place, start, start + len(value)))
    return together(list(_dynamics(order, found, ways_of)))


def _dynamics(
    order: list[tuple[str, Place, tuple[str, ...]]],
    found: dict[str, list[Use]],
    ways_of: dict[str, tuple[int, Way] | None],
) -> Iterator[Dynamic]:
    names = Names("_")
    for value, place, path in order:
        source = ways_of[value]
        if source is None or value not in found:
            continue
        way = source[1]
        name = names.new(value_name(place, path, way))
        yield Dynamic(
            name,
            "listed" if way.listed else "served",
            value,
            None,
            tuple(found[value]),
            served_by=source[0],
            extraction=way.extraction(name),
            item=way.item,
            says=origin_of_use(place, way),
        )


def _pieces(place: Place, whole: str) -> Iterator[tuple[str, int]]:
    """A credential stands behind its scheme; everything else is looked for whole."""
    if place.where == "header" and place.name == "authorization" and " " in whole:
        start = whole.index(" ") + 1
        yield whole[start:], start
    else:
        yield whole, 0


def _likely(place: Place, value: str) -> bool:
    """Whether the value looks like one that was given out: by its place's name, or by its looks."""
    if not value:
        return False
    if place.where == "header":
        return place.name == "authorization" or TOKEN_NAME.fullmatch(place.name) is not None
    if place.where == "path":
        return looks_variable(value) and "@" not in value
    if TOKEN_NAME.fullmatch(place.name) and len(value) >= 8:
        return True
    if is_named(place):
        return looks_variable(value) or value.isdecimal()
    return len(value) >= SHORTEST_TOKEN and (_MIXED.fullmatch(value) is not None or _drawn(value))


def _drawn(value: str) -> bool:
    """Whether letters alone look drawn: large and small ones about as often."""
    if _LETTERS.fullmatch(value) is None:
        return False
    letters = [letter for letter in value if letter.isalpha()]
    low, high = UPPER_SHARE
    return low <= sum(letter.isupper() for letter in letters) / max(1, len(letters)) <= high
