"""Names that refer to one another: templates to what gives them values, objectives to steps, and no name twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from loadstone.model import template
from loadstone.model.guard_metric import GUARD_METRICS, split_guard
from loadstone.model.workload import METHODS
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
    extracted: set[str] = set()
    later = {key for _, step in _tables(journey, "step") for key in _keys(step, "extract")}
    requests = 0
    for index, step in _tables(journey, "step"):
        at = place / "step" / index
        for where, text in _templates(step, at):
            _template(text, where, extracted, later, feeds)
        _headers(step, at)
        extracted |= set(_keys(step, "extract"))
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


def _template(text: str, place: Place, extracted: set[str], later: set[str], feeds: Columns) -> None:
    try:
        parts = template.parse(text)
    except template.TemplateError:
        return
    for part in parts:
        match part:
            case template.Variable(name) if name not in extracted:
                place.wrong(_unknown_value(name, extracted, later, feeds))
            case template.Column(feed, _) if feed not in feeds:
                place.wrong(f"there is no [feed.{feed}]{did_you_mean(feed, feeds) or '; a feed is a CSV file'}")
            case template.Column(feed, column):
                known = feeds[feed]
                if known and column not in known[1]:
                    hint = did_you_mean(column, known[1]) or f"; it has {', '.join(known[1])}"
                    place.wrong(f'{known[0]} has no column "{column}"{hint}')


def _unknown_value(name: str, extracted: set[str], later: set[str], feeds: Columns) -> str:
    if name in later:
        return f'"{name}" is extracted only by this step or a later one; a template uses what an earlier step extracted'
    if name in feeds:
        known = feeds[name]
        column = known[1][0] if known else "COLUMN"
        return f'"{name}" is a feed; a column of it is written {{{name}.{column}}}'
    hint = did_you_mean(name, extracted) or did_you_mean(name, template.RESERVED, 0.75)
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
