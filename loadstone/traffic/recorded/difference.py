"""Two recordings of one walk: what changed between them, and where each changed value came from.

What is the same in both is kept as it is. What differs was either served before it was sent, and then an extraction
that finds it in both recordings is its proof, or it came from nowhere that the recordings show, and that is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from loadstone.model.recording import RecordedExchange, Recording
from loadstone.traffic.recorded.alignment import aligned
from loadstone.traffic.recorded.asked import Asked, Place, asked, places
from loadstone.traffic.recorded.credentials import is_token, secret_of
from loadstone.traffic.recorded.dynamic import Dynamic, Kind, Use
from loadstone.traffic.recorded.likelihood import by_chance
from loadstone.traffic.recorded.naming import Names, value_name
from loadstone.traffic.recorded.replies import MOST_BACK, replies_of, surest
from loadstone.traffic.recorded.ways import Way

__all__ = ["answered_before", "differences", "origin_of_use", "together"]

_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_TIME = re.compile(r"1[0-9]{9}(\.[0-9]+)?|1[0-9]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d.*")
_SEPARATORS = (re.compile(r"([/?&=#;,:|\s]+)"), re.compile(r"([^A-Za-z0-9]+)"))


class _Change(NamedTuple):
    use: Use
    first: str
    second: str


def differences(first: Recording, second: Recording) -> tuple[Dynamic, ...]:
    """Every value in a request that differs between the two, in the order of the first recording; and what looks like
    a token, is the same in both and was served in both, since another time it may not be."""
    walk = _Walk(first, second)
    groups: dict[tuple[str, str, str], list[_Change]] = {}
    for change in walk.changes():
        place = change.use.place
        served = walk.source(change.first, change.second, change.use.exchange, place) is not None
        where = "" if served else f"{place.where} {place.name}"  # what nobody served is told by its place
        groups.setdefault((change.first, change.second, where), []).append(change)
    names = Names("_")
    found = [walk.dynamic(changes, names) for changes in groups.values()]
    return together(found)


def together(found: Sequence[Dynamic]) -> tuple[Dynamic, ...]:
    """Values of one item of one list are taken from the first item, not drawn apart."""
    items = [(one.served_by, one.item) for one in found if one.item]
    several = {item for item in items if items.count(item) > 1}
    return tuple(
        replace(one, extraction=replace(one.extraction, pick="first"))
        if one.extraction is not None and (one.served_by, one.item) in several
        else one
        for one in found
    )


class _Walk:
    def __init__(self, first: Recording, second: Recording) -> None:
        self._ours, self._theirs = first.exchanges, second.exchanges
        self._pairs = aligned(self._ours, self._theirs)
        self._ours_replies, self._their_replies = (
            replies_of(self._ours, first.origin),
            replies_of(self._theirs, second.origin),
        )
        self._sources: dict[tuple[str, str, int, Place], tuple[int, Way] | None] = {}
        self._asked: dict[int, Asked] = {}

    def changes(self) -> Iterator[_Change]:
        """Values that differ, each the smallest part of its place that a reply served, else the whole place."""
        for i, j in self._pairs.items():
            here = self._asked[i] = asked(self._ours[i])
            there = dict(places(asked(self._theirs[j])))
            moved = [
                (place, value, there[place])
                for place, value in places(here)
                if place in there and (there[place] != value or is_token(value))
            ]
            link = self._link(i, j) if any(place.where in ("path", "query") for place, _, _ in moved) else None
            loose: list[_Change] = []
            for place, value, other in moved:
                parts = self._parts(i, place, value, other)
                if value == other and parts is None:
                    continue  # a token that stays and that nobody served: not a difference
                if parts is None and link is not None and place.where in ("path", "query"):
                    loose = [link]
                else:
                    yield from parts or [_Change(Use(i, place, 0, len(value)), value, other)]
            yield from loose

    def dynamic(self, changes: Sequence[_Change], names: Names) -> Dynamic:
        """What one changed value is, by the first of its uses."""
        use, first, second = changes[0].use, changes[0].first, changes[0].second
        source = self.source(first, second, use.exchange, use.place)
        uses = tuple(change.use for change in changes)
        name = names.new(value_name(use.place, self._asked[use.exchange].path, source[1] if source else None))
        if source is None:
            kind = _kind(use.place, first, second)
            says = _says(kind, use.place)
            if how := self._spelt(first, second, use.exchange):
                where = where_it_stands(use.place)
                says = f"{where} was served {how}: it cannot be taken from there, and is sent as it was recorded"
            return Dynamic(name, kind, first, second, uses, says=says)
        served_by, way = source
        return Dynamic(
            name,
            "listed" if way.listed else "served",
            first,
            second,
            uses,
            served_by=served_by,
            extraction=way.extraction(name),
            proved=True,
            item=way.item,
            says=origin_of_use(use.place, way),
        )

    def _spelt(self, first: str, second: str, before: int) -> str | None:
        """How both recordings had it, where they had it in other letters."""
        for i in range(before - 1, max(-1, before - 1 - MOST_BACK), -1):
            if i in self._pairs and (how := self._ours_replies[i].spelt(first)):
                return how if self._their_replies[self._pairs[i]].spelt(second) == how else None
        return None

    def source(self, first: str, second: str, before: int, place: Place) -> tuple[int, Way] | None:
        """The surest way among the replies that were there before the request was sent; of equal ones the latest."""
        key = (first, second, before, place)
        if key not in self._sources:
            pairs = (
                (i, (self._ours_replies[i], self._their_replies[self._pairs[i]]))
                for i in range(before - 1, -1, -1)
                if i in self._pairs and answered_before(self._ours, i, before)
            )
            likely = partial(_likely, place, first, second)
            self._sources[key] = surest(pairs, (first, second), fits=likely)
        return self._sources[key]

    def _parts(self, i: int, place: Place, value: str, other: str) -> list[_Change] | None:
        """The whole value where it was served; else those of its pieces that differ, where each of them was."""
        if self.source(value, other, i, place):
            return [_Change(Use(i, place, 0, len(value)), value, other)]
        for separator in _SEPARATORS:
            ours, theirs = separator.split(value), separator.split(other)
            if len(ours) != len(theirs) or ours[1::2] != theirs[1::2] or len(ours) == 1:
                continue
            found: list[_Change] = []
            at = 0
            for mine, their in zip(ours, theirs, strict=True):
                if mine != their:
                    if not self.source(mine, their, i, place):
                        break
                    found.append(_Change(Use(i, place, at, at + len(mine)), mine, their))
                at += len(mine)
            else:
                return found
        return None

    def _link(self, i: int, j: int) -> _Change | None:
        """The whole target, where the reply before sent the browser there."""
        ours, theirs = self._ours[i].target, self._theirs[j].target
        if self.source(ours, theirs, i, Place("target")):
            return _Change(Use(i, Place("target"), 0, len(ours)), ours, theirs)
        return None


def _likely(place: Place, first: str, second: str, way: Way) -> bool:
    return not by_chance(place, first, way) and not by_chance(place, second, way)


def answered_before(exchanges: Sequence[RecordedExchange], source: int, user: int) -> bool:
    """Whether a reply had come when a request was sent. A browser's clock for the two is one, and reads to 1 ms."""
    took = exchanges[source].duration_s
    return took is None or exchanges[source].start_s + took <= exchanges[user].start_s + 0.001


def _kind(place: Place, first: str, second: str) -> Kind:
    if secret_of(place, first):
        return "secret"
    if _UUID.fullmatch(first) and _UUID.fullmatch(second):
        return "uuid"
    if _TIME.fullmatch(first) and _TIME.fullmatch(second):
        return "time"
    wordy = not re.search(r"[0-9]", first + second) or len(first) < 12
    return "typed" if place.where in ("form", "json", "query", "multipart") and wordy else "unknown"


def where_it_stands(place: Place) -> str:
    """``the header x-csrf-token``: without a value."""
    match place.where:
        case "path":
            return f"segment {int(place.key[0]) + 1} of the path"
        case "target":
            return "the address"
        case "query":
            return f"the query's {place.name}"
        case "text":
            return "the body"
    return f"the {'body' if place.where == 'json' else place.where}'s {place.name or 'value'}"


def origin_of_use(place: Place, way: Way) -> str:
    """How it is had, in words."""
    how = {"json": "JSON", "regex": "page", "header": "header", "cookie": "cookie"}[way.source]
    one = "one of several in" if way.listed else "in"
    return f"{where_it_stands(place)} was {one} an earlier reply's {how}"


def _says(kind: Kind, place: Place) -> str:
    where = where_it_stands(place)
    match kind:
        case "uuid":
            return f"{where} is a UUID that no reply served: a fresh one is made each time"
        case "time":
            return f"{where} is an instant that no reply served: it is sent as it was recorded"
        case "typed":
            return f"{where} differs and no reply served it: somebody typed it, and it is sent as it was first"
        case "secret":
            return f"{where} is a credential or personal: it is read from the environment"
    return f"{where} differs, and no reply served it as it was sent: it is sent as it was recorded, which may fail"
