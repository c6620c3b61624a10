"""What the terminal shows after ``init``: what was found, what became of each route, what stayed unknown, what next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from loadstone.model.introduction import Covered, Introduction
from loadstone.model.quantity import format_count, format_rate
from loadstone.render.text import plain, wrapped

__all__ = ["init_text"]

MOST_ROWS = 60
_HOW = {"journey": "driven", "off": "off", "left out": "left out"}


def init_text(told: Introduction, *, color: bool = False, width: int = 100) -> str:
    """Every part with a blank line between, without a trailing newline."""
    found = told.discovery
    built = f" It is built with {plain(found.framework)}." if found.framework else ""
    parts = [wrapped(plain(told.sentence) + built, width, 0)]
    parts.append("\n".join(["Where they come from", *(_item(plain(one), width) for one in found.looked)]))
    parts.append("\n".join(_routes(told, width)))
    if found.login is not None or found.databases or found.dependencies:
        parts.append("\n".join(_around(told, width)))
    if found.obstacles:
        lines = ["What stood in the way"]
        for obstacle in found.obstacles:
            lines += [_item(plain(obstacle.sentence), width), _deeper(plain(obstacle.advice), width)]
        parts.append("\n".join(lines))
    if found.unknowns:
        lines = ["What stayed unknown"]
        for unknown in found.unknowns:
            lines.append(_item(plain(unknown.name), width))
            if unknown.command:
                lines.append(f"      {plain(unknown.command)}")
        parts.append("\n".join(lines))
    parts.append("\n".join(_written(told, width)))
    if told.notes:
        parts.append("\n".join(["Good to know", *(_item(plain(note), width) for note in told.notes)]))
    parts.append(f"next    {plain(told.next)}")
    return "\n\n".join(parts)


def _routes(told: Introduction, width: int) -> list[str]:
    sources = {route.id: ", ".join(route.sources) for route in told.discovery.routes}
    rows = [(one.route, sources.get(one.route, ""), _becomes(one)) for one in told.covered]
    counts = Counter(_HOW[one.how] for one in told.covered)
    head = ", ".join(f"{format_count(counts[word])} {word}" for word in _HOW.values() if counts[word])
    lines = [f"Routes: {head}"]
    shown = rows[:MOST_ROWS]
    first = min(max((len(plain(row[0])) for row in shown), default=0), max(width // 2 - 8, 20))
    second = min(max((len(plain(row[1])) for row in shown), default=0), 20)
    for route, source, becomes in shown:
        left = f"  {_cut(plain(route), first):<{first}}  {_cut(plain(source), second):<{second}}  "
        lines.append(left + _cut(plain(becomes), max(width - len(left), 30)))
    if len(rows) > MOST_ROWS:
        lines.append(f"  … and {len(rows) - MOST_ROWS} more: loadstone init … --json has all of them")
    return lines


def _becomes(one: Covered) -> str:
    if one.how == "journey":
        return f"{one.journey}.{one.step}"
    return f"off, in {one.journey}: {one.why}" if one.how == "off" else f"left out: {one.why}"


def _around(told: Introduction, width: int) -> Iterable[str]:
    found = told.discovery
    yield "Around it"
    if (login := found.login) is not None:
        at = f"{login.method} {login.action}" if login.kind in ("form", "json") else login.source
        yield _item(f"a login ({login.kind}): {plain(at)}", width)
    for database in found.databases:
        where = f" at {database.host}" if database.host else ""
        yield _item(
            plain(f"a database: {database.system} {database.name}{where} (found by {database.found_by})"), width
        )
        if database.problem:
            yield _deeper(plain(database.problem), width)
    for dependency in found.dependencies:
        where = f" at {dependency.host}" + (f":{dependency.port}" if dependency.port else "") if dependency.host else ""
        yield _item(plain(f"it talks to {dependency.what}{where} (found by {dependency.found_by})"), width)


def _written(told: Introduction, width: int) -> Iterable[str]:
    files = [told.spec, *told.feeds]
    yield wrapped(f"Written: {plain(', '.join(files))}", width, 0)
    yield _item(f"journeys: {plain(', '.join(told.journeys))}", width)
    if told.off:
        yield _item(f"off, behind #: {plain(', '.join(told.off))}", width)
    if told.rate_per_s is not None:
        yield _item(f"rate: {format_rate(told.rate_per_s)} journeys, {plain(told.rate)}", width)
    for objective in told.objectives:
        yield _item(f"objective: {plain(objective)}", width)


def _item(text: str, width: int) -> str:
    return "  - " + wrapped(text, width, 4)[4:]


def _deeper(text: str, width: int) -> str:
    return wrapped(text, width, 6)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(width - 1, 1)]}…"
