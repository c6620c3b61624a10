"""Ways to journeys: what is about one thing belongs together, a list before what it lists, a login first.

Nothing here sends anything; a journey is tried afterwards.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from loadstone.lab.init.stepping import Values, name_of, resource_of, root_of, step_of
from loadstone.lab.init.ways import Fill, Way, field_keys
from loadstone.model.route import Route
from loadstone.model.workload import Feed, Journey, Step, Think

__all__ = [
    "THINK",
    "Entering",
    "Grouped",
    "extracted_names",
    "free_name",
    "journey_through",
    "journeys_of",
    "with_sources",
]

MOST_STEPS = 6
"""Requests of one journey; a longer one hides which part is slow."""

THINK = Think("lognormal", 1.0, sigma=0.6)
"""Between two requests where nobody measured it: an assumption, told as one."""

PAGES = "pages"


class Grouped(msgspec.Struct, frozen=True):
    """``steps`` is where each route stands, as (journey, step)."""

    journeys: tuple[Journey, ...]
    feeds: tuple[Feed, ...]
    steps: dict[str, tuple[str, str]]


class Entering(msgspec.Struct, frozen=True):
    """What comes before steps that want a login, and the headers that go with them."""

    steps: tuple[Step, ...] = ()
    headers: dict[str, str] = {}


def journeys_of(
    ways: Sequence[Way], entering: Entering | None = None, order: Mapping[str, int] | None = None
) -> Grouped:
    """A journey for each thing that the service is about, those behind the login with it in front. ``order`` is how
    early a visitor meets a route, by its id; what is not in it comes later."""
    feeds: dict[str, Feed] = {}
    made: list[Journey] = []
    steps: dict[str, tuple[str, str]] = {}
    every = {way.route.id: way for way in ways}
    names: Counter[str] = Counter()
    met = order or {}
    for root, members in _groups(ways, met).items():
        for number, (part, own) in enumerate(_parts(members, every)):
            login = any(way.login for way in part)
            word = root + (" logged in" if login and _also_open(root, ways) else "")
            name = _unique(word if not number else f"{word} {_about(own, root)}".strip(), names)
            journey, placed = journey_through(name, root, part, feeds, entering if login else None)
            made.append(journey)
            for route, step in placed.items():
                steps.setdefault(route, (name, step))
    return Grouped(tuple(made), tuple(feeds.values()), steps)


def extracted_names(routes: Iterable[Route], known: Mapping[str, Fill]) -> list[tuple[str, str]]:
    """Fields whose values are extracted, each by its key and the name that the first route has for it."""
    found: dict[str, str] = {}
    for route in routes:
        for key, place in field_keys(route).items():
            names = re.findall(r"\{([^{}]*)\}", route.template.split("/")[place])
            if key in known and known[key].extraction is not None and names:
                found.setdefault(key, names[0])
    return list(found.items())


def _groups(ways: Sequence[Way], met: Mapping[str, int]) -> dict[str, list[Way]]:
    """By what they are about and whether they want a login; pages that stand alone together."""
    shared = _shared(ways)
    groups: dict[tuple[str, bool], list[Way]] = {}
    for way in ways:
        groups.setdefault((root_of(way.route, shared), way.login), []).append(way)
    found: dict[str, list[Way]] = {}
    for (root, login), members in groups.items():
        members.sort(key=lambda way: (len(way.fills), met.get(way.route.id, len(met)), way.route.template.count("/")))
        alone = len(members) == 1 and not members[0].fills
        name = PAGES if alone else root or "home"
        both = alone or (root, not login) in groups
        found.setdefault(f"{name} behind the login" if login and both else name, []).extend(members)
    found.get(PAGES, []).sort(key=lambda way: (len(way.fills), met.get(way.route.id, len(met))))
    first = {name: min(met.get(way.route.id, len(met)) for way in members) for name, members in found.items()}
    return dict(sorted(found.items(), key=lambda pair: first[pair[0]]))


def _shared(ways: Sequence[Way]) -> str:
    """A first segment that all routes have and none is: it says whose they are, not what they are about."""
    firsts = {way.route.template.strip("/").partition("/")[0] for way in ways}
    alone = {way.route.template.strip("/") for way in ways}
    return next(iter(firsts)) if len(firsts) == 1 and len(ways) > 2 and not firsts & alone else ""


def _parts(members: Sequence[Way], every: Mapping[str, Way]) -> list[tuple[list[Way], list[Way]]]:
    """Journeys of at most MOST_STEPS, each with the lists that its members need in front, and its members alone."""
    parts: list[tuple[list[Way], list[Way]]] = []
    now: list[Way] = []
    own: list[Way] = []
    for way in members:
        longer = with_sources([*now, way], every)
        if len(longer) > MOST_STEPS and now:
            parts.append((now, own))
            longer, own = with_sources([way], every), []
        now = longer
        own = [*own, way]
    return [*parts, (now, own)] if now else parts


def _about(own: Sequence[Way], root: str) -> str:
    """What the routes of a further journey have in common: the fixed segment that most of them have beside the root."""
    words: Counter[str] = Counter()
    for way in own:
        words.update({one for one in map(resource_of, way.route.template.strip("/").split("/")) if one and one != root})
    return words.most_common(1)[0][0] if words else ""


def with_sources(members: Sequence[Way], every: Mapping[str, Way]) -> list[Way]:
    """Each behind what its values come from."""
    placed: dict[str, Way] = {}

    def place(way: Way) -> None:
        if way.route.id in placed:
            return
        for fill in way.fills.values():
            if fill.source is not None and fill.source in every:
                place(every[fill.source])
        placed.setdefault(way.route.id, way)

    for way in members:
        place(way)
    return list(placed.values())


def journey_through(
    name: str,
    root: str,
    part: Sequence[Way],
    feeds: dict[str, Feed],
    entering: Entering | None,
    extra: Mapping[str, Fill] | None = None,
) -> tuple[Journey, dict[str, str]]:
    """Steps of these routes, each with what later ones take from its reply; ``extra`` is needed after them. Then where
    each route stands."""
    values = Values(feeds)
    needed = {key: fill for way in part for key, fill in way.fills.items()} | dict(extra or {})
    taken: set[str] = {step.name for step in entering.steps} if entering else set()
    actions: list[Step | Think] = list(entering.steps) if entering else []
    placed: dict[str, str] = {}
    for way in part:
        extracts = tuple(
            msgspec.structs.replace(fill.extraction, name=values.variable(key, _last_name(key, part, fill)))
            for key, fill in needed.items()
            if fill.extraction is not None and fill.source == way.route.id
        )
        step = step_of(way, values, extracts, free_name(name_of(way.route, root), taken))
        if entering is not None and way.login and entering.headers:
            step = msgspec.structs.replace(step, headers={**entering.headers, **step.headers})
        if placed:
            actions.append(THINK)
        actions.append(step)
        placed[way.route.id] = step.name
    return Journey(name, 1.0, tuple(actions)), placed


def _last_name(key: str, part: Sequence[Way], fill: Fill) -> str:
    """What the field of a key is called by the first route that has it."""
    for found, name in extracted_names([way.route for way in part], {key: fill}):
        if found == key:
            return name
    return "id"


def _also_open(root: str, ways: Sequence[Way]) -> bool:
    return any(not way.login and root_of(way.route) == root for way in ways)


def free_name(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken."""
    made, number = name, 1
    while made in taken:
        number += 1
        made = f"{name} {number}"
    taken.add(made)
    return made


def _unique(name: str, names: Counter[str]) -> str:
    names[name] += 1
    return name if names[name] == 1 else f"{name} {names[name]}"
