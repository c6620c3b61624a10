"""What access logs tell, and the journeys that follow from it: steps that lead to one another as visitors went."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from loadstone.archive import Archive
from loadstone.errors import LoadstoneError
from loadstone.lab.init.asked import InitAsked
from loadstone.lab.init.grouping import Entering, Grouped
from loadstone.lab.init.sources import Found, counted
from loadstone.lab.init.stepping import Values, name_of, root_of, step_of
from loadstone.lab.init.ways import Fill, Way, field_keys, normal
from loadstone.model import template
from loadstone.model.assumption import Assumption, Unknown
from loadstone.model.route import Route
from loadstone.model.shape import Shape
from loadstone.model.traffic import Traffic
from loadstone.model.workload import Feed, Journey, Step

__all__ = ["Visits", "read_traffic", "visits_of"]


class Visits(msgspec.Struct, frozen=True):
    """Journeys by the log, and the peak that it has."""

    grouped: Grouped
    assumptions: tuple[Assumption, ...]
    shapes: tuple[Shape, ...]


def read_traffic(
    asked: InitAsked, declared: Sequence[Route], archive: Archive, url: str, doing: Callable[[str], None]
) -> tuple[Found | None, Traffic | None]:
    """What the logs say; the model is kept in the archive. A log that cannot be read is told."""
    if not asked.logs:
        return None, None
    from loadstone.lab.traffic import keep_traffic, traffic_from_logs

    files = ", ".join(asked.logs)
    doing(f"reading {files} …")
    try:
        traffic = traffic_from_logs(asked.logs, format=asked.log_format, declared=declared, doing=doing)
    except LoadstoneError as error:
        says = f"the access log {files}: could not be read: {str(error).splitlines()[0]}"
        again = " ".join(f"--log {name}" for name in asked.logs)
        return Found(
            says, unknowns=(Unknown("how often each route is asked for", f"loadstone init {url} {again}"),)
        ), None
    path = keep_traffic(archive, traffic, time.time_ns())
    reading = traffic.reading
    says = (
        f"the access log {files}: {counted(reading.hits, 'request')} to {counted(len(traffic.routes), 'route')}, "
        f"{counted(reading.malformed, 'line')} not understood; kept as {path}"
    )
    notes = (*reading.notes, *traffic.notes, *((traffic.fidelity.sentence,) if traffic.fidelity else ()))
    doing(says)
    return Found(says, traffic.routes, notes=notes), traffic


def visits_of(traffic: Traffic, ways: Sequence[Way], entering: Entering | None) -> Visits | None:
    """The log's visits by the steps that are known. None where no visit is left."""
    from loadstone.traffic.fit import assumptions, feed_names, feeds, journeys, shapes

    by_shape = {(way.route.method, normal(way.route.template)): way for way in ways}
    fed = {feed.name: feed for feed in feeds(traffic) if _usable(feed)}
    names = {place: feed for place, feed in feed_names(traffic).items() if feed in fed}
    made: dict[str, Feed] = {}
    steps: dict[str, Step] = {}
    routes: dict[str, str] = {}
    taken: set[str] = set()
    for route in traffic.routes:
        way = by_shape.get((route.method, normal(route.template)))
        if way is None or (way.login and entering is None):
            continue
        columns = _columns(route, names)
        name = _free(f"{root_of(route)} {name_of(route, root_of(route))}".strip(), taken)
        step = step_of(_known(way), _Fed(made, columns), (), name)
        if way.login and entering is not None:
            step = msgspec.structs.replace(step, headers={**entering.headers, **step.headers})
        steps[route.id] = step
        routes[name] = way.route.id
    told, assumed = journeys(traffic, steps)
    locked = {name for name, route in routes.items() if any(way.login for way in ways if way.route.id == route)}
    finished = tuple(_behind(one, entering) if entering is not None and locked & _names(one) else one for one in told)
    if not finished:
        return None
    placed: dict[str, tuple[str, str]] = {}
    for journey in finished:
        for action in journey.actions:
            if isinstance(action, Step) and action.name in routes:
                placed.setdefault(routes[action.name], (journey.name, action.name))
    used = tuple(feed for feed in (*fed.values(), *made.values()) if any(_draws(one, feed.name) for one in finished))
    return Visits(Grouped(finished, used, placed), (*assumptions(traffic), *assumed), shapes(traffic))


class _Fed(Values):
    """Values of steps that lead to one another: rows by how popular they are, never from an earlier reply."""

    def __init__(self, feeds: dict[str, Feed], columns: Mapping[str, tuple[str, str]]) -> None:
        super().__init__(feeds, per="request")
        self._columns = columns

    def written(self, key: str, name: str, fill: Fill | None) -> str:
        """A column of the log's own values where they may be read, else values that were seen to work."""
        if (column := self._columns.get(key) or self._columns.get(name)) is not None:
            return template.show((template.Column(*column, raw=True),))  # the log's values are encoded already
        return super().written(key, name, fill)


def _columns(route: Route, names: Mapping[tuple[str, str], str]) -> dict[str, tuple[str, str]]:
    """By the key of a field of the path, or the name of a parameter: its feed and column."""
    found: dict[str, tuple[str, str]] = {}
    for key, place in field_keys(route).items():
        for name in re.findall(r"\{([^{}]*)\}", route.template.split("/")[place]):
            if (route.id, name) in names:
                found[key] = names[route.id, name], name
    for field in route.fields:
        if field.where == "query" and (route.id, field.name) in names:
            found[field.name] = names[route.id, field.name], field.name
    return found


def _usable(feed: Feed) -> bool:
    return all(re.fullmatch(template.IDENTIFIER, column) for column in feed.columns)


def _known(way: Way) -> Way:
    """The way with the values that an extraction gave instead of the extraction."""
    fills = {key: Fill(fill.values) if fill.extraction is not None else fill for key, fill in way.fills.items()}
    return msgspec.structs.replace(way, fills=fills)


def _behind(journey: Journey, entering: Entering) -> Journey:
    """The journey with a login in front of it."""
    first = next(action.name for action in journey.actions if isinstance(action, Step))
    start = journey.start or {first: 1.0}
    names = [step.name for step in entering.steps]
    front = [
        msgspec.structs.replace(step, next=start if at == len(names) - 1 else {names[at + 1]: 1.0})
        for at, step in enumerate(entering.steps)
    ]
    return msgspec.structs.replace(journey, actions=(*front, *journey.actions), start=None)


def _names(journey: Journey) -> set[str]:
    return {action.name for action in journey.actions if isinstance(action, Step)}


def _draws(journey: Journey, feed: str) -> bool:
    return any(f"{{{feed}." in action.target for action in journey.actions if isinstance(action, Step))


def _free(name: str, taken: set[str]) -> str:
    made, number = name or "home", 1
    while made in taken:
        number += 1
        made = f"{name or 'home'} {number}"
    taken.add(made)
    return made
