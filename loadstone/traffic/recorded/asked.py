"""A recorded request taken apart into the places where a value may stand, and put together again as a step's texts.

Places are the segments of the path, the values of the query, the headers that a service may read, the fields of a form
and the leaves of a JSON body. Everything else of a request is its shape, which a journey repeats as it stands.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote, unquote_plus

import msgspec

from loadstone.model import template
from loadstone.model.recording import RecordedExchange
from loadstone.model.workload import Body

__all__ = ["Asked", "Place", "asked", "places", "put_together"]

Where = Literal["target", "path", "query", "header", "form", "json", "multipart", "text"]


class Place(NamedTuple):
    """Where in a request: a segment's number, a name and which of several, a way down a JSON body.

    ``target`` is path and query as a whole, ``text`` a body that is none of the others.
    """

    where: Where
    key: tuple[str | int, ...] = ()

    @property
    def name(self) -> str:
        """The nearest name: of a parameter, a header, a field; empty for a path's segment."""
        return next((part for part in reversed(self.key) if isinstance(part, str)), "")


class Asked(NamedTuple):
    """``path`` and ``query`` are as they were sent, still encoded. ``body`` is what its ``kind`` says: fields of a
    form, a JSON document, the (head, name, content) of a multipart's pieces with the boundary last, or a text."""

    path: tuple[str, ...]
    query: tuple[tuple[str, str | None], ...]
    headers: tuple[tuple[str, str], ...]
    kind: Literal["none", "form", "json", "multipart", "text"] = "none"
    body: object = None


_DROPPED = frozenset(
    {
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "baggage",
        "cache-control",
        "connection",
        "content-length",
        "cookie",
        "dnt",
        "expect",
        "forwarded",
        "host",
        "http2-settings",
        "if-modified-since",
        "if-none-match",
        "keep-alive",
        "origin",
        "postman-token",
        "pragma",
        "priority",
        "proxy-authorization",
        "proxy-connection",
        "range",
        "referer",
        "save-data",
        "sentry-trace",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "upgrade-insecure-requests",
        "user-agent",
        "via",
        "x-client-data",
    }
)
"""Headers that a browser sends by itself and that no step repeats; cookies are kept by the engine."""

_DROPPED_STARTS = ("sec-", "x-b3-", "x-datadog-", "x-forwarded-", "newrelic", "traceparent", "tracestate")


def asked(exchange: RecordedExchange) -> Asked:
    """The request of an exchange, taken apart."""
    path, mark, query = exchange.target.partition("?")
    pairs: list[tuple[str, str | None]] = []
    for piece in query.split("&") if mark else ():
        name, equals, value = piece.partition("=")
        pairs.append((name, value if equals else None))
    headers = tuple(
        (name, _plain_accept(value) if name == "accept" else value)
        for name, value in exchange.request.headers
        if name not in _DROPPED and not name.startswith(_DROPPED_STARTS) and not (name == "accept" and value == "*/*")
    )
    taken = Asked(tuple(path.split("/")[1:]), tuple(pairs), headers)
    if exchange.request.body is None:
        return taken._replace(headers=_without_type(headers))
    kind, body = _body(
        exchange.request.body, exchange.request.media_type, exchange.request.header("content-type") or ""
    )
    return taken._replace(kind=kind, body=body)


def places(request: Asked) -> Iterator[tuple[Place, str]]:
    """Every place of a request and the value that stands in it, decoded."""
    for number, segment in enumerate(request.path):
        yield Place("path", (number,)), unquote(segment)
    yield from _numbered("query", [(unquote_plus(name), value) for name, value in request.query])
    for name, value in request.headers:
        if name not in ("accept", "content-type"):
            yield Place("header", (name,)), value
    match request.kind, request.body:
        case "form", list(fields):
            yield from _numbered("form", [(unquote_plus(name), value) for name, value in fields])
        case "json", document:
            for path, leaf in json_leaves(document):
                yield Place("json", path), leaf
        case "multipart", list(pieces):
            for number, (_, name, content) in enumerate(pieces):
                if name:
                    yield Place("multipart", (number, name)), content
        case "text", str(text):
            yield Place("text"), text


def put_together(
    request: Asked, texts: Mapping[Place, tuple[template.Part, ...]]
) -> tuple[str, dict[str, str], Body | None]:
    """Target, headers and body of a step, with ``texts`` in their places and all else as it was."""
    whole = texts.get(Place("target"))
    target = template.show(whole) if whole else _target(request, texts)
    headers = {
        name: template.show(texts.get(Place("header", (name,)), (template.Text(value),)))
        for name, value in request.headers
    }
    return target, *_body_of(request, texts, headers)


def json_leaves(document: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Texts and numbers of a JSON document with the way down to them."""
    match document:
        case dict():
            for key, inner in document.items():
                yield from json_leaves(inner, (*path, str(key)))
        case list():
            for index, inner in enumerate(document):
                yield from json_leaves(inner, (*path, index))
        case str():
            yield path, document
        case bool() | None:
            return
        case int():
            yield path, str(document)
        case _:
            yield path, json.dumps(document)


def _plain_accept(value: str) -> str:
    """A browser's list for a page, which no service reads to its end."""
    return "text/html" if value.startswith("text/html,application/xhtml+xml") else value


def _without_type(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in headers if pair[0] != "content-type")


def _numbered(where: Where, pairs: list[tuple[str, str | None]]) -> Iterator[tuple[Place, str]]:
    """A name that stands several times is told apart by its number."""
    seen: Counter[str] = Counter()
    for name, value in pairs:
        if value is not None:
            yield Place(where, (name, seen[name])), unquote_plus(value)
        seen[name] += 1


def _body(
    text: str, media_type: str, content_type: str
) -> tuple[Literal["none", "form", "json", "multipart", "text"], object]:
    if media_type == "application/x-www-form-urlencoded":
        fields: list[tuple[str, str]] = []
        for piece in text.strip().split("&"):
            name, _, value = piece.partition("=")
            fields.append((name, value))
        return "form", fields
    if media_type == "application/json" or media_type.endswith("+json"):
        try:
            return "json", json.loads(text)
        except (ValueError, RecursionError):
            return "text", text
    if media_type == "multipart/form-data" and (pieces := _pieces(text, content_type)):
        return "multipart", pieces
    return "text", text


def _pieces(text: str, content_type: str) -> list[tuple[str, str, str]] | None:
    found = re.search(r'boundary="?([^";,]+)', content_type)
    if found is None:
        return None
    mark = f"--{found[1]}"
    pieces: list[tuple[str, str, str]] = []
    for piece in text.split(mark)[1:]:
        if piece.startswith("--"):
            break
        head, gap, content = piece.partition("\r\n\r\n")
        if not gap:
            return None
        named = re.search(r'name="([^"]*)"', head)
        name = named[1] if named and "filename=" not in head else ""
        pieces.append((mark + head + gap, name, content.removesuffix("\r\n")))
    pieces.append((f"{mark}--\r\n", "", ""))
    return pieces


def _target(request: Asked, texts: Mapping[Place, tuple[template.Part, ...]]) -> str:
    path = "".join(
        f"/{_shown(texts.get(Place('path', (number,))), segment, '')}" for number, segment in enumerate(request.path)
    )
    seen: Counter[str] = Counter()
    pairs: list[str] = []
    for name, value in request.query:
        place = Place("query", (unquote_plus(name), seen[unquote_plus(name)]))
        seen[unquote_plus(name)] += 1
        shown = template.show((template.Text(name),))
        pairs.append(shown if value is None else f"{shown}={_shown(texts.get(place), value, '/:,')}")
    return path + (f"?{'&'.join(pairs)}" if pairs else "")


def _shown(parts: tuple[template.Part, ...] | None, sent: str, safe: str) -> str:
    """What was sent, or the parts with their literal text encoded as it would be sent."""
    if parts is None:
        return template.show((template.Text(sent),))
    return template.show(
        tuple(template.Text(quote(p.text, safe)) if isinstance(p, template.Text) else p for p in parts)
    )


def _body_of(
    request: Asked, texts: Mapping[Place, tuple[template.Part, ...]], headers: dict[str, str]
) -> tuple[dict[str, str], Body | None]:
    bare = {name: value for name, value in headers.items() if name != "content-type"}
    match request.kind, request.body:
        case "form", list(pairs):
            return bare, Body("form", _form(pairs, texts))
        case "json", document:
            plain = headers.get("content-type", "").partition(";")[0].strip() in ("", "application/json")
            if isinstance(document, dict | list) and _fits_toml(document):
                return bare if plain else headers, Body("json", _json_value(document, texts, ()))  # type: ignore[arg-type]
            return {"content-type": "application/json", **headers}, Body("text", _json_text(document, texts))
        case "multipart", list(pieces):
            content = "".join(_piece(piece, number, texts) for number, piece in enumerate(pieces))
            return headers, Body("text", content)
        case "text", str(text):
            return headers, Body("text", template.show(texts.get(Place("text"), (template.Text(text),))))
    return bare, None


def _form(pairs: list[tuple[str, str]], texts: Mapping[Place, tuple[template.Part, ...]]) -> dict[str, object]:
    fields: dict[str, list[object]] = {}
    for name, value in pairs:
        name = unquote_plus(name)
        listed = fields.setdefault(name, [])
        parts = texts.get(Place("form", (name, len(listed))), (template.Text(unquote_plus(value)),))
        listed.append(template.show(parts))
    return {name: listed[0] if len(listed) == 1 else listed for name, listed in fields.items()}


def _piece(piece: tuple[str, str, str], number: int, texts: Mapping[Place, tuple[template.Part, ...]]) -> str:
    head, name, content = piece
    parts = texts.get(Place("multipart", (number, name)), (template.Text(content),))
    shown = template.show((template.Text(head),))
    return shown if head.endswith("--\r\n") else f"{shown}{template.show(parts)}\r\n"


def _fits_toml(document: object) -> bool:
    """TOML has no null, and integers of 64 bits."""
    match document:
        case dict():
            return all(_fits_toml(inner) for inner in document.values())
        case list():
            return all(_fits_toml(inner) for inner in document)
        case None:
            return False
        case int():
            return -(2**63) <= document < 2**63
    return True


def _json_value(
    document: object, texts: Mapping[Place, tuple[template.Part, ...]], path: tuple[str | int, ...]
) -> object:
    match document:
        case dict():
            return {key: _json_value(inner, texts, (*path, key)) for key, inner in document.items()}
        case list():
            return [_json_value(inner, texts, (*path, index)) for index, inner in enumerate(document)]
    parts = texts.get(Place("json", path))
    if parts is not None:
        return template.show(parts if isinstance(document, str) else _raw(parts))
    return template.show((template.Text(document),)) if isinstance(document, str) else document


def _json_text(document: object, texts: Mapping[Place, tuple[template.Part, ...]]) -> str:
    """A document that TOML cannot hold, as a text. Its own braces read as they stand, unless a value has some too."""
    parts = tuple(_json_parts(document, texts, ()))
    braces = any("{" in leaf or "}" in leaf for leaf in _all_texts(document))
    if braces:
        return template.show(parts)
    return "".join(part.text if isinstance(part, template.Text) else template.show((part,)) for part in parts)


def _json_parts(
    document: object, texts: Mapping[Place, tuple[template.Part, ...]], path: tuple[str | int, ...]
) -> Iterator[template.Part]:
    match document:
        case dict() | list():
            pairs = enumerate(document) if isinstance(document, list) else document.items()
            yield template.Text("[" if isinstance(document, list) else "{")
            for number, (key, inner) in enumerate(pairs):
                comma = ", " if number else ""
                yield template.Text(comma if isinstance(document, list) else f"{comma}{json.dumps(key)}: ")
                yield from _json_parts(inner, texts, (*path, key))
            yield template.Text("]" if isinstance(document, list) else "}")
        case str():
            yield template.Text('"')
            for part in texts.get(Place("json", path), (template.Text(document),)):
                if isinstance(part, template.Text):
                    part = template.Text(json.dumps(part.text, ensure_ascii=False)[1:-1])
                yield part
            yield template.Text('"')
        case _:
            yield from _raw(texts.get(Place("json", path), (template.Text(json.dumps(document)),)))


def _all_texts(document: object) -> Iterator[str]:
    match document:
        case dict():
            for key, inner in document.items():
                yield key
                yield from _all_texts(inner)
        case list():
            for inner in document:
                yield from _all_texts(inner)
        case str():
            yield document


def _raw(parts: tuple[template.Part, ...]) -> tuple[template.Part, ...]:
    return tuple(p if isinstance(p, template.Text) else msgspec.structs.replace(p, raw=True) for p in parts)
