"""Journeys of what may change something: written, never sent, and few enough to be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from loadstone.lab.init.grouping import (
    Entering,
    Grouped,
    extracted_names,
    free_name,
    journey_through,
    with_sources,
)
from loadstone.lab.init.stepping import Values, name_of, root_of, unsafe_step
from loadstone.lab.init.ways import Way, field_keys
from loadstone.model.route import Route
from loadstone.model.workload import Feed, Journey, Step

__all__ = ["Off", "off_journeys"]

MOST_STEPS = 3
"""Of one resource that are written out: create, change, delete. What is more is named in a line."""

MOST_JOURNEYS = 8
MOST_NAMED = 12  # in one line

_ORDER = {"POST": 0, "PUT": 1, "PATCH": 2, "DELETE": 3}


class Off(msgspec.Struct, frozen=True):
    """``grouped.steps`` has the routes that are written out, ``named`` the ids of those that only a comment names."""

    grouped: Grouped
    comments: dict[str, tuple[str, ...]] = {}
    named: frozenset[str] = frozenset()


def off_journeys(
    routes: Iterable[Route],
    ways: Sequence[Way],
    entering: Entering | None = None,
    carried: Mapping[str, str] | None = None,
) -> Off:
    """A journey for each resource, those with the fewest variables first. ``carried`` are headers that a form's token
    goes on in."""
    feeds: dict[str, Feed] = {}
    made: list[Journey] = []
    steps: dict[str, tuple[str, str]] = {}
    comments: dict[str, tuple[str, ...]] = {}
    groups: dict[str, list[Route]] = {}
    for route in routes:
        groups.setdefault(root_of(route) or "home", []).append(route)
    for root, members in list(groups.items())[:MOST_JOURNEYS]:
        members.sort(key=lambda one: (len(field_keys(one)), _ORDER.get(one.method, 4), one.template))
        written = _one_of_each(members)
        name = f"change {root}"
        journey, placed = _journey(name, root, written, ways, feeds, entering, carried or {})
        made.append(journey)
        steps |= {route: (name, step) for route, step in placed.items()}
        if rest := [one for one in members if one not in written]:
            comments[f"journey.{name}"] = (f"Not written out: {_listed(rest)}.",)
    if rest := [route for members in list(groups.values())[MOST_JOURNEYS:] for route in members]:
        comments["off"] = (f"Not written out: {len(rest)} more routes that may change something, {_listed(rest)}.",)
    named = {route.id for members in groups.values() for route in members} - set(steps)
    return Off(Grouped(tuple(made), tuple(feeds.values()), steps), comments, frozenset(named))


def _one_of_each(members: Sequence[Route]) -> list[Route]:
    """The plainest of each method, in the order in which one would be sent after the other."""
    plainest: dict[str, Route] = {}
    for route in members:
        plainest.setdefault(route.method, route)
    return sorted(plainest.values(), key=lambda one: _ORDER.get(one.method, 4))[:MOST_STEPS]


def _listed(routes: Sequence[Route]) -> str:
    more = f" and {len(routes) - MOST_NAMED} more" if len(routes) > MOST_NAMED else ""
    return ", ".join(route.id for route in routes[:MOST_NAMED]) + more


def _journey(
    name: str,
    root: str,
    part: Sequence[Route],
    ways: Sequence[Way],
    feeds: dict[str, Feed],
    entering: Entering | None,
    carried: Mapping[str, str],
) -> tuple[Journey, dict[str, str]]:
    """Behind the lists that their values come from."""
    every = {way.route.id: way for way in ways}
    fills = {key: fill for way in ways for key, fill in way.fills.items()}
    known = {key: fills[key] for route in part for key in field_keys(route) if key in fills}
    sources = [every[fill.source] for fill in known.values() if fill.source in every]
    journey, _ = journey_through(name, root, with_sources(sources, every), feeds, entering, extra=known)
    taken = {action.name for action in journey.actions if isinstance(action, Step)}
    values = Values(feeds)
    for key, field in extracted_names(part, known):  # the same order gives the same variables as the sources' steps
        values.variable(key, field)
    actions = list(journey.actions)
    placed: dict[str, str] = {}
    for route in part:
        step = unsafe_step(route, known, values, free_name(f"{route.method.lower()} {name_of(route, root)}", taken))
        headers = {**carried, **step.headers, **(entering.headers if entering else {})}
        actions.append(msgspec.structs.replace(step, headers=headers))
        placed[route.id] = step.name
    return msgspec.structs.replace(journey, actions=tuple(actions)), placed
