"""Steps that lead to one another: who follows whom, what is never reached, and which values a step surely has.

It works on a document that tomllib has read; what has not the right type is skipped, since it was already told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from loadstone.model.quantity import parse_share
from loadstone.model.workload import METHODS
from loadstone.spec.report import Place, did_you_mean

__all__ = ["ROUNDED", "Ways", "check_graph", "lacking", "surely"]

ROUNDED = 0.005
"""Probabilities with two digits add up to 1 within this, whatever was rounded."""

Tables = Sequence[tuple[int, Mapping[str, Any]]]
"""Steps with their places in the file; pauses are among them."""


class Ways(NamedTuple):
    """The graph of one journey: nodes are places in the list of its steps."""

    starts: tuple[int, ...]
    follows: Mapping[int, tuple[int, ...]]

    @classmethod
    def of(cls, journey: Mapping[str, Any], steps: Tables, names: Mapping[str, int]) -> Ways | None:
        """None where each step simply follows the one before."""
        said = isinstance(journey.get("start"), dict) or any(isinstance(step.get("next"), dict) for _, step in steps)
        if not steps or not said:
            return None
        order = [index for index, _ in steps]
        after = dict(zip(order, [(index,) for index in order[1:]] + [()], strict=True))
        follows = {index: _targets(step.get("next"), names, after[index]) for index, step in steps}
        return cls(_targets(journey.get("start"), names, tuple(order[:1])), follows)

    def reached(self, without: frozenset[int] = frozenset()) -> dict[int, int | None]:
        """Every node that a journey can come to, with the one before it on a shortest way; ``without`` are passed by
        nobody, though they may be come to."""
        found: dict[int, int | None] = dict.fromkeys(self.starts)
        line = list(found)
        for node in line:
            for following in () if node in without else self.follows[node]:
                if following not in found:
                    found[following] = node
                    line.append(following)
        return found

    def way(self, to: int, without: frozenset[int]) -> list[int] | None:
        """A shortest way to a node that passes none of the nodes ``without``; None where there is none."""
        reached = self.reached(without)
        if to not in reached:
            return None
        way, node = [to], reached[to]
        while node is not None:
            way.insert(0, node)
            node = reached[node]
        return way


def _targets(said: object, names: Mapping[str, int], otherwise: tuple[int, ...]) -> tuple[int, ...]:
    if not isinstance(said, dict):
        return otherwise
    return tuple(names[name] for name in said if name in names)


def check_graph(journey: Mapping[str, Any], place: Place, steps: Tables, names: Mapping[str, int]) -> Ways | None:
    """Tell what is wrong with ``start``, ``next`` and ``most``. ``names`` gives each request's place in the list."""
    ways = Ways.of(journey, steps, names)
    if ways is None:
        if "most" in journey:
            (place / "most").wrong('"most" bounds a journey whose steps lead back; no step of this one has "next"')
        return None
    sound = True
    if isinstance(start := journey.get("start"), dict):
        sound = _named(start, place / "start", names)
        total = _total(start)
        if sound and total is not None and abs(total - 1) > ROUNDED:
            (place / "start").wrong(f"the probabilities of where a journey starts add up to {total:g}, not to 1")
    for index, step in steps:
        if isinstance(following := step.get("next"), dict):
            at = place / "step" / index / "next"
            sound &= _named(following, at, names)
            total = _total(following)
            if total is not None and total > 1 + ROUNDED:
                at.wrong(f"the probabilities of what follows add up to {total:g}; what is missing from 1 leaves")
    if sound:
        _unreached(ways, place, steps)
    return ways


def _named(said: Mapping[str, Any], place: Place, names: Mapping[str, int]) -> bool:
    for name in (unknown := [name for name in said if name not in names]):
        hint = did_you_mean(name, names) or f"; it has {', '.join(names)}"
        (place / name).wrong(f'this journey has no step "{name}"{hint}')
    return not unknown


def _total(said: Mapping[str, Any]) -> float | None:
    """The sum of the probabilities; None where one is written wrongly."""
    try:
        return sum(parse_share(share) if isinstance(share, str) else float(share) for share in said.values())
    except (TypeError, ValueError):
        return None


def _unreached(ways: Ways, place: Place, steps: Tables) -> None:
    reached = ways.reached()
    for index, step in steps:
        if index in reached:
            continue
        if "think" in step:
            (place / "step" / index).wrong(
                'nobody comes to this pause, since the step before it says what follows; write pause = "2s" there'
            )
        else:
            (place / "step" / index / _head(step)).wrong(
                'no step leads to this one, so it is never asked; name it in a "next" or in "start"'
            )


def _head(step: Mapping[str, Any]) -> str:
    return "name" if "name" in step else next((method for method in METHODS if method in step), "name")


def surely(ways: Ways, extracts: Mapping[int, frozenset[str]]) -> Mapping[int, frozenset[str]]:
    """The values that a journey has when it comes to a step, whichever way it came."""
    everything = frozenset(name for names in extracts.values() for name in names)
    have = {node: frozenset() if node in ways.starts else everything for node in ways.follows}
    waiting = list(ways.follows)
    while waiting:
        node = waiting.pop()
        given = have[node] | extracts[node]
        for following in ways.follows[node]:
            if not have[following] <= given:
                have[following] &= given
                waiting.append(following)
    return have


def lacking(ways: Ways, extracts: Mapping[int, frozenset[str]], name: str, at: int) -> Iterator[int]:
    """A shortest way to a step on which nothing gives it this value."""
    givers = frozenset(node for node, names in extracts.items() if name in names)
    yield from ways.way(at, givers) or ()
