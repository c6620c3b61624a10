"""A collection to a recording without replies (or with the saved ones), and to routes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from loadstone.errors import Problem, SpecError
from loadstone.model.recording import Message, RecordedExchange, Recording
from loadstone.model.route import Field, FieldKind, Route
from loadstone.traffic.har.document import no_json, read_packed
from loadstone.traffic.har.entry import origin_of
from loadstone.traffic.postman.requests import Asked, asked_of
from loadstone.traffic.postman.variables import MARK, Scope, values_of
from loadstone.traffic.recorded.alignment import looks_variable
from loadstone.traffic.recorded.asked import Place
from loadstone.traffic.recorded.credentials import secret_of

__all__ = ["read_postman"]

DEEPEST = 50
"""Folders within folders."""

_EXPORT = "export it from Postman as “Collection v2.1”"
_SETS = re.compile(
    r"""(?:environment|collectionVariables|globals|variables)\.set\(\s*["']([^"']+)["']"""
    r"""|set(?:Environment|Global)Variable\(\s*["']([^"']+)["']"""
)


class _Item(NamedTuple):
    name: str
    asked: Asked
    reply: Message
    status: int
    took_s: float | None
    folder: int


def read_postman(
    path: str | Path, *, url: str | None = None, environment: str | Path | None = None
) -> tuple[Recording, tuple[Route, ...]]:
    """The requests of a collection in its order, and their routes.

    ``url`` is the service's, for addresses that begin with a variable; ``environment`` a file of Postman's variables.
    A request has a reply where one was saved with it, else status 0. A variable without a value stays ``{{name}}``.
    Raises SpecError with file and line.
    """
    path = Path(path)
    collection = _collection(path, _json(path))
    values = values_of(collection.get("variable"))
    if environment is not None:
        values |= values_of(_json(Path(environment)).get("values"))
    scope = Scope(values)
    reader = _Reader(scope)
    items = list(reader.items(collection, scope, collection.get("auth"), 0))
    if not items:
        raise SpecError.of((Problem(str(path), 1, "a collection without a request", _EXPORT),))
    origin, notes = _origin(items, url)
    ours = [item for item in items if item.asked.address.origin in ("", origin)]
    elsewhere = len(items) - len(ours)
    info = collection.get("info")
    recording = Recording(
        path=str(path),
        kind="postman",
        origin=origin,
        exchanges=tuple(_exchange(item) for item in ours),
        elsewhere=elsewhere,
        by=f"Postman: {info.get('name', '')}"[:80] if isinstance(info, dict) else "Postman",
        notes=(*notes, *reader.notes(ours)),
    )
    return recording, _routes(ours)


def _json(path: Path) -> dict[str, object]:
    content = read_packed(path)
    try:
        read = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise SpecError.of((no_json(path, content, str(error), _EXPORT),)) from None
    if not isinstance(read, dict):
        raise SpecError.of((Problem(str(path), 1, "no table", _EXPORT),))
    return read


def _collection(path: Path, read: dict[str, object]) -> dict[str, object]:
    inner = read.get("collection")
    if "item" not in read and isinstance(inner, dict):  # as Postman's own interface gives it
        read = inner
    if isinstance(read.get("item"), list):
        return read
    if "requests" in read and "order" in read:
        raise SpecError.of((Problem(str(path), 1, "a collection of format 1", _EXPORT),))
    if "_postman_variable_scope" in read or ("values" in read and "name" in read):
        raise SpecError.of((Problem(str(path), 1, "an environment of Postman", "give the collection itself"),))
    if "log" in read:
        raise SpecError.of((Problem(str(path), 1, "a recording (HAR)", "give it with --har"),))
    if "openapi" in read or "swagger" in read:
        raise SpecError.of((Problem(str(path), 1, "an OpenAPI document", "give it with --openapi"),))
    raise SpecError.of((Problem(str(path), 1, "no list of items", f"a collection has info and item; {_EXPORT}"),))


class _Reader:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._scripts = 0
        self._set: dict[str, None] = {}
        self._folders = 0
        self._unread = 0
        self._left: Counter[str] = Counter()

    def items(self, folder: Mapping[str, object], scope: Scope, auth: object, depth: int) -> Iterator[_Item]:
        """Requests in order; a folder's variables and login hold for what is in it."""
        self._hear(folder.get("event"))
        listed = folder.get("item")
        number = self._folders
        for one in listed if isinstance(listed, list) and depth < DEEPEST else ():
            if not isinstance(one, dict) or one.get("disabled") is True:
                continue
            inner = scope.inner(values_of(one.get("variable")))
            own = one.get("auth") if isinstance(one.get("auth"), dict) else auth
            if isinstance(one.get("item"), list):
                self._folders += 1
                yield from self.items(one, inner, own, depth + 1)
                continue
            self._hear(one.get("event"))
            request = one.get("request")
            table: Mapping[str, object] = {"url": request} if isinstance(request, str) else request or {}
            if not isinstance(table, dict) or not table.get("url"):
                self._unread += 1
                continue
            if isinstance(table.get("auth"), dict):
                own = table["auth"]
            asked = asked_of(table, inner, own)
            self._left.update(asked.left)
            reply, status, took_s = _saved(one.get("response"))
            yield _Item(str(one.get("name") or ""), asked, reply, status, took_s, number)

    def _hear(self, events: object) -> None:
        """Scripts are counted, and what they set is named; none is run."""
        for event in events if isinstance(events, list) else ():
            script = event.get("script") if isinstance(event, dict) else None
            lines = script.get("exec") if isinstance(script, dict) else None
            text = "\n".join(map(str, lines)) if isinstance(lines, list) else str(lines or "")
            if text.strip():
                self._scripts += 1
                for found in _SETS.finditer(text):
                    self._set.setdefault(found[1] or found[2])

    def notes(self, items: list[_Item]) -> list[str]:
        """What was not taken over."""
        notes = []
        if self._unread:
            notes.append(f"{self._unread} items without an address were left out")
        notes += [f"{count} times {what} left out" for what, count in self._left.items()]
        if self._scripts:
            named = f"; they set {', '.join(self._set)}" if self._set else ""
            notes.append(f"{self._scripts} scripts were not run{named}")
        texts = [text for item in items for text in _texts(item)]
        loose = {found[1]: None for text in texts for found in MARK.finditer(text) if not found[1].startswith("$")}
        if loose:
            notes.append(f"variables without a value: {', '.join(loose)}; give them with an environment of Postman's")
        if not any(item.status for item in items):
            notes.append("no reply was saved with it: values that one request takes from another cannot be found")
        return notes


def _texts(item: _Item) -> list[str]:
    message = item.asked.message
    return [item.asked.address.target, *(value for _, value in message.headers), message.body or ""]


def _saved(listed: object) -> tuple[Message, int, float | None]:
    """The first saved reply that has a status."""
    for one in listed if isinstance(listed, list) else ():
        if not isinstance(one, dict) or not isinstance(code := one.get("code"), int):
            continue
        headers = tuple(
            (str(h.get("key", "")).lower(), str(h.get("value") or ""))
            for h in (one.get("header") if isinstance(one.get("header"), list) else ()) or ()
            if isinstance(h, dict)
        )
        media_type = next((value for name, value in headers if name == "content-type"), "").partition(";")[0].strip()
        body = one.get("body")
        took = one.get("responseTime")
        text = body if isinstance(body, str) and body else None
        return Message(headers, text, media_type.lower()), code, took / 1e3 if isinstance(took, int | float) else None
    return Message(), 0, None


def _origin(items: list[_Item], url: str | None) -> tuple[str, list[str]]:
    counts = Counter(item.asked.address.origin for item in items if item.asked.address.origin)
    wanted = origin_of(url) if url else None
    if wanted is not None and (wanted in counts or any(not item.asked.address.origin for item in items)):
        origin = wanted
    elif counts:
        origin = max(counts, key=counts.__getitem__)
    else:
        return "", ["no address names a host; the service's own is taken"]
    others = sum(count for one, count in counts.items() if one != origin)
    notes = [f"{others} requests to other hosts were left out"] if others else []
    if wanted is not None and wanted != origin:
        notes.append(f"the collection has nothing of {wanted}; its requests to {origin} were taken")
    return origin, notes


def _exchange(item: _Item) -> RecordedExchange:
    return RecordedExchange(
        method=item.asked.method,
        target=item.asked.address.target,
        request=item.asked.message,
        status=item.status,
        reply=item.reply,
        duration_s=item.took_s,
        page=item.folder,
    )


def _routes(items: list[_Item]) -> tuple[Route, ...]:
    """One for each method and template; values of several requests of one are put together."""
    found: dict[str, Route] = {}
    for item in items:
        route = _route(item)
        known = found.get(route.id)
        found[route.id] = route if known is None else _merged(known, route)
    return tuple(found.values())


def _route(item: _Item) -> Route:
    asked = item.asked
    parts: list[str] = []
    fields: list[Field] = []
    for text, name in asked.address.path:
        value = None if MARK.search(text) else text
        if name is not None and not _fixed(name, value):
            parts.append(f"{{{name}}}")
            fields.append(_field(name, "path", Place("path", (0,)), value))
        elif value is None:
            name = next(iter(MARK.findall(text)), "value")
            parts.append(f"{{{name}}}")
            fields.append(Field(name, "path"))
        else:
            parts.append(text)
    for name, text in asked.address.query:
        value = None if MARK.search(text) else text
        fields.append(_field(name, "query", Place("query", (name, 0)), value))
    message = asked.message
    login = any(name in ("authorization", "x-api-key") for name, _ in message.headers) or None
    example = message.body if message.body and not MARK.search(message.body) else None
    if example is not None and _secret_body(example):
        example = None
    return Route(
        method=asked.method,
        template="/" + "/".join(parts),
        fields=tuple({(field.name, field.where): field for field in fields}.values()),
        sources=("postman",),
        name=item.name.strip()[:120],
        requests=1,
        login=login,
        body=message.media_type or None,
        example=example,
    )


def _fixed(name: str, value: str | None) -> bool:
    """A collection's variable that is a part of the address (``{{version}}`` is ``v1``), and no value of a path."""
    return (
        value is not None
        and not looks_variable(value)
        and re.search(r"(?i)version|prefix|base|stage|env", name) is not None
    )


def _field(name: str, where: Literal["path", "query"], place: Place, value: str | None) -> Field:
    kept = () if not value or secret_of(place, value) else (value,)
    kind: FieldKind = "number" if value and value.isdecimal() else "text"
    return Field(name, where, kind, where == "path", kept, (0,) * len(kept))


def _secret_body(body: str) -> bool:
    """Whether a body holds what must not be written down, by the names in it."""
    return any(secret_of(Place("json", (name,)), "x", ("password",)) for name in re.findall(r"[\w-]{2,40}", body)[:400])


def _merged(one: Route, other: Route) -> Route:
    fields = {(field.name, field.where): field for field in one.fields}
    for field in other.fields:
        known = fields.get((field.name, field.where))
        values = field.values if known is None else tuple(dict.fromkeys((*known.values, *field.values)))
        fields[field.name, field.where] = msgspec.structs.replace(known or field, values=values)
    return msgspec.structs.replace(
        one,
        fields=tuple(fields.values()),
        requests=one.requests + other.requests,
        login=one.login or other.login,
        body=one.body or other.body,
        example=one.example or other.example,
    )
