"""Names that refer to one another: templates to what gives them values, objectives to steps, and no name twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

from loadstone.model import template
from loadstone.model.guard_metric import GUARD_METRICS, split_guard
from loadstone.model.workload import METHODS
from loadstone.spec.graphs import check_graph, lacking, surely
from loadstone.spec.report import Place, did_you_mean

__all__ = ["check_names", "step_name"]

Columns = Mapping[str, tuple[str, tuple[str, ...]] | None]
"""Each feed's file and columns; None where the file could not be read, and nothing is known of them."""


def check_names(data: Mapping[str, object], place: Place, feeds: Columns) -> None:
    """Check a document that tomllib has read; what has not the right type is skipped, since it was already told."""
    journeys: dict[str, list[str]] = {}
    for index, journey in _tables(data, "journey"):
        at = place / "journey" / index
        steps = _steps(journey, at, feeds)
        if isinstance(name := journey.get("name"), str):
            if name in journeys:
                (at / "name").wrong(f'there is another journey called "{name}"; names differ')
            journeys[name] = steps
    _slos(data, place, journeys)
    _guards(data, place, journeys)


def step_name(step: Mapping[str, object]) -> str | None:
    """A step's name: what it says, or its method and path."""
    if isinstance(name := step.get("name"), str):
        return name
    method = next((method for method in METHODS if isinstance(step.get(method), str)), None)
    return f"{method.upper()} {str(step[method]).partition('?')[0]}" if method else None


def _steps(journey: Mapping[str, object], place: Place, feeds: Columns) -> list[str]:
    """Check each step's templates against the steps before it; the steps' names."""
    names: list[str] = []
    steps = list(_tables(journey, "step"))
    values = _values(journey, place, steps)
    requests = 0
    for index, step in steps:
        at = place / "step" / index
        for where, text in _templates(step, at):
            _template(text, where, index, values, feeds)
        _headers(step, at)
        requests += "think" not in step or any(method in step for method in METHODS)
        name = step_name(step)
        if name in names:
            where = at / "name" if "name" in step else at / next(method for method in METHODS if method in step)
            where.wrong(f'this journey has another step called "{name}"; give one of them a name of its own')
        if name is not None:
            names.append(name)
    if not requests and journey.get("step"):
        (place / "step").wrong("a journey has at least one step with a request")
    return names


class _Values(NamedTuple):
    """What templates may use in a journey. ``before`` has each step's surely extracted values, ``missing`` a way to a
    step, as names, on which a value is not given; empty where steps simply follow each other."""

    before: Mapping[int, Set[str]]
    ever: Set[str]
    missing: Callable[[str, int], list[str]]


def _values(journey: Mapping[str, object], place: Place, steps: Sequence[tuple[int, dict[str, Any]]]) -> _Values:
    extracts = {index: frozenset(_keys(step, "extract")) for index, step in steps}
    ever = frozenset(name for names in extracts.values() for name in names)
    called = {index: name for index, step in steps if "think" not in step and (name := step_name(step)) is not None}
    ways = check_graph(journey, place, steps, _first(called))
    if ways is None:
        before: dict[int, Set[str]] = {}
        so_far: frozenset[str] = frozenset()
        for index, names in extracts.items():
            before[index] = so_far
            so_far |= names
        return _Values(before, ever, lambda name, at: [])
    known = ways

    def missing(name: str, at: int) -> list[str]:
        return [called[node] for node in lacking(known, extracts, name, at) if node in called]

    return _Values(surely(known, extracts), ever, missing)


def _first(called: Mapping[int, str]) -> dict[str, int]:
    """Where each name stands first: that it stands twice is told elsewhere."""
    places: dict[str, int] = {}
    for index, name in called.items():
        places.setdefault(name, index)
    return places


def _headers(step: Mapping[str, object], place: Place) -> None:
    seen: set[str] = set()
    for name in _keys(step, "headers"):
        if name.lower() in seen:
            (place / "headers" / name).wrong(f'the header "{name.lower()}" stands twice; case makes no difference')
        seen.add(name.lower())


def _templates(step: Mapping[str, object], place: Place) -> Iterator[tuple[Place, str]]:
    for key in (*METHODS, "body", "headers", "json", "form"):
        if key in step:
            yield from _texts(step[key], place / key)


def _texts(value: object, place: Place) -> Iterator[tuple[Place, str]]:
    match value:
        case str():
            yield place, value
        case dict():
            for key, inner in value.items():
                yield from _texts(inner, place / key)
        case list():
            for index, inner in enumerate(value):
                yield from _texts(inner, place / index)


def _template(text: str, place: Place, at: int, values: _Values, feeds: Columns) -> None:
    try:
        parts = template.parse(text)
    except template.TemplateError:
        return
    for part in parts:
        match part:
            case template.Variable(name) if name not in values.before[at]:
                place.wrong(_unknown_value(name, at, values, feeds))
            case template.Column(feed, _) if feed not in feeds:
                place.wrong(f"there is no [feed.{feed}]{did_you_mean(feed, feeds) or '; a feed is a CSV file'}")
            case template.Column(feed, column):
                known = feeds[feed]
                if known and column not in known[1]:
                    hint = did_you_mean(column, known[1]) or f"; it has {', '.join(known[1])}"
                    place.wrong(f'{known[0]} has no column "{column}"{hint}')


def _unknown_value(name: str, at: int, values: _Values, feeds: Columns) -> str:
    if name in values.ever and (way := values.missing(name, at)):
        if len(way) == 1:
            return f'a journey may begin with this step, and then nothing has extracted "{name}"'
        return f'"{name}" is not extracted on every way to this step: on {", ".join(way)} nothing gives it'
    if name in values.ever:
        return f'"{name}" is extracted only by this step or a later one; a template uses what an earlier step extracted'
    if name in feeds:
        known = feeds[name]
        column = known[1][0] if known else "COLUMN"
        return f'"{name}" is a feed; a column of it is written {{{name}.{column}}}'
    hint = did_you_mean(name, values.before[at]) or did_you_mean(name, template.RESERVED, 0.75)
    return f'no earlier step of this journey extracts "{name}"{hint or f"; add extract.{name} to one"}'


def _guards(data: Mapping[str, object], place: Place, journeys: Mapping[str, Sequence[str]]) -> None:
    steps = _known(journeys)
    for name in _keys(data, "guardrails"):
        metric, step = split_guard(name)
        known = GUARD_METRICS.get(metric)
        if step is not None and known is not None and known.steps and step not in steps:
            (place / "guardrails" / name).wrong(f'there is no step "{step}"{_step_hint(step, steps)}')


def _known(journeys: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"{journey}.{step}" for journey, names in journeys.items() for step in names]


def _slos(data: Mapping[str, object], place: Place, journeys: Mapping[str, Sequence[str]]) -> None:
    steps = _known(journeys)
    seen: set[str] = set()
    for index, slo in _tables(data, "slo"):
        at = place / "slo" / index
        name = slo.get("name", slo.get("objective"))
        if isinstance(name, str):
            if name in seen:
                (at / ("name" if "name" in slo else "objective")).wrong(
                    f'there is another [[slo]] called "{name}"; give one of them a name of its own'
                )
            seen.add(name)
        if isinstance(step := slo.get("step"), str) and step not in steps:
            (at / "step").wrong(f'there is no step "{step}"{_step_hint(step, steps)}')
        if isinstance(journey := slo.get("journey"), str) and journey not in journeys:
            listed = did_you_mean(journey, journeys) or f"; there are {', '.join(journeys)}"
            (at / "journey").wrong(f'there is no journey "{journey}"{listed}')


def _step_hint(step: str, steps: Sequence[str]) -> str:
    """A step's name alone is the usual slip."""
    if ends := [known for known in steps if known.partition(".")[2] == step]:
        return f'; did you mean "{ends[0]}"?'
    return did_you_mean(step, steps) or '; a step is written as "journey.step"'


def _tables(table: Mapping[str, object], key: str) -> Iterator[tuple[int, dict[str, Any]]]:
    listed = table.get(key)
    if isinstance(listed, list):
        for index, inner in enumerate(listed):
            if isinstance(inner, dict):
                yield index, inner


def _keys(table: Mapping[str, object], key: str) -> list[str]:
    inner = table.get(key)
    return list(inner) if isinstance(inner, dict) else []
