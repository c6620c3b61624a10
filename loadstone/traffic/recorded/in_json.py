"""Ways to a value in JSON replies: the one path, the item that a neighbour marks, or one of many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from loadstone.traffic.recorded.asked import json_leaves
from loadstone.traffic.recorded.ways import Way, json_path, json_text

__all__ = ["Leaves", "json_ways"]

Path = tuple[str | int, ...]

MOST_PATHS = 20
"""Places of one value in one reply that are weighed; a value that stands in more says little."""

_MARKS = ("rel", "type", "kind", "name", "key", "code", "label", "slug")
"""Keys whose values say which item of a list is meant, whatever its place."""


class Leaves(NamedTuple):
    """A JSON reply: the document, and the paths of each value."""

    document: object
    paths: dict[str, list[Path]]

    @classmethod
    def of(cls, document: object) -> Leaves:
        """Index a document."""
        paths: dict[str, list[Path]] = {}
        for path, value in json_leaves(document):
            paths.setdefault(value, []).append(path)
        return cls(document, paths)


def json_ways(replies: Sequence[Leaves], wanted: Sequence[str]) -> Iterator[Way]:
    """Ways that give ``wanted[k]`` from ``replies[k]``, for one recording or for two."""
    found = replies[0].paths.get(wanted[0], [])
    for path in sorted(found, key=lambda path: (len(path), str(path)))[:MOST_PATHS]:
        way = _way(replies, wanted, path)
        if way is not None:
            yield way


def _way(replies: Sequence[Leaves], wanted: Sequence[str], path: Path) -> Way | None:
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    exact = all(path in reply.paths.get(value, ()) for reply, value in zip(replies, wanted, strict=True))
    steps = [index for index, part in enumerate(path) if isinstance(part, int)]
    if not steps:
        return Way("json", json_path(path), key=key) if exact else None
    last = steps[-1]
    lists = [_at(reply.document, path[:last]) for reply in replies]
    if exact and all(isinstance(listed, list) and len(listed) == 1 for listed in lists):
        return Way("json", json_path(path), rank=1, key=key)
    if (marked := _marked(replies, wanted, path, last)) is not None:
        return Way("json", marked, rank=1, key=key)
    # The outer indices stay where they hold in both recordings; else every list is gone through.
    starred: tuple[str | int, ...] = (*path[:last], "*", *path[last + 1 :])
    held = all(value in _every(reply.document, starred) for reply, value in zip(replies, wanted, strict=True))
    if not held:
        starred = tuple("*" if isinstance(part, int) else part for part in path)
        held = all(value in _every(reply.document, starred) for reply, value in zip(replies, wanted, strict=True))
    if held and min(len(set(_every(reply.document, starred))) for reply in replies) >= 2:
        item = json_path(path[: last + 1])
        return Way("json", json_path(starred), "random", rank=2, key=key, listed=True, item=item)
    return Way("json", json_path(path), rank=1, key=key) if exact else None


def _marked(replies: Sequence[Leaves], wanted: Sequence[str], path: Path, last: int) -> str | None:
    """By a neighbour in the item that has the same value in every reply and in no other item of the list."""
    here = _at(replies[0].document, path[: last + 1])
    if len(replies) < 2 or not isinstance(here, dict):
        return None
    for mark in _MARKS:
        value = here.get(mark)
        if not isinstance(value, str) or not 0 < len(value) <= 60 or (mark, *path[last + 1 :]) == (path[-1],):
            continue
        if all(
            _only(reply.document, path, last, mark, value) == want for reply, want in zip(replies, wanted, strict=True)
        ):
            return json_path(path, f"@.{mark} == {json_text(value)}")
    return None


def _only(document: object, path: Path, last: int, mark: str, value: str) -> str | None:
    """The leaf of the one item of the list whose ``mark`` is ``value``."""
    listed = _at(document, path[:last])
    items = (
        [item for item in listed if isinstance(item, dict) and item.get(mark) == value]
        if isinstance(listed, list)
        else []
    )
    if len(items) != 1:
        return None
    leaf = _at(items[0], path[last + 1 :])
    return next((text for end, text in json_leaves(leaf) if not end), None)


def _at(document: object, path: Path) -> object:
    for part in path:
        if isinstance(document, dict) and isinstance(part, str):
            document = document.get(part)
        elif isinstance(document, list) and isinstance(part, int) and part < len(document):
            document = document[part]
        else:
            return None
    return document


def _every(document: object, path: Sequence[str | int]) -> list[str]:
    """All values at a path whose ``*`` are every element."""
    found = [document]
    for part in path:
        inner: list[object] = []
        for value in found:
            if part == "*" and isinstance(value, list):
                inner += value
            else:
                inner.append(_at(value, (part,)))
        found = inner
    return [text for value in found for end, text in json_leaves(value) if not end]
