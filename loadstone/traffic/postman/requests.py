"""One request of a collection: its address, headers, login and body, with variables put in."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from loadstone.model.recording import Message
from loadstone.traffic.har.entry import origin_of
from loadstone.traffic.postman.variables import MARK, Scope

__all__ = ["Address", "Asked", "address_of", "asked_of"]

_BOUNDARY = "loadstone-form"
_LANGUAGES = {
    "json": "application/json",
    "xml": "application/xml",
    "html": "text/html",
    "javascript": "text/javascript",
}


class Address(NamedTuple):
    """``origin`` is empty where it is a variable without a value. ``path`` is its segments: the text that is sent, and
    the name of the variable that it is, if it is one."""

    origin: str
    path: tuple[tuple[str, str | None], ...]
    query: tuple[tuple[str, str], ...]

    @property
    def target(self) -> str:
        """Path and query, encoded but for variables."""
        pairs = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in self.query)
        return "/" + "/".join(text for text, _ in self.path) + (f"?{pairs}" if pairs else "")


class Asked(NamedTuple):
    """A request, and what of it could not be taken over."""

    method: str
    address: Address
    message: Message
    left: tuple[str, ...]


def asked_of(request: Mapping[str, object], scope: Scope, auth: object) -> Asked:
    """The request of an item. ``auth`` is what holds for it: its own, else its folder's."""
    address = address_of(request.get("url"), scope)
    headers = [(name.lower(), scope.text(value)) for name, value in _pairs(request.get("header"))]
    left: list[str] = []
    query = list(address.query)
    for where, name, value in _login(auth, scope, left):
        if where == "query":
            query.append((name, value))
        elif not any(known == name for known, _ in headers):
            headers.append((name, value))
    method = str(request.get("method") or "GET").upper()
    body, media_type = _body(request.get("body"), scope, left)
    if method in ("GET", "HEAD") and body is not None:
        body, media_type = None, ""
    sent = next((value for name, value in headers if name == "content-type"), None)
    if body is not None and sent is None and media_type:
        headers.append(("content-type", media_type))
    essence = (sent or media_type).partition(";")[0].strip().lower()
    message = Message(tuple(headers), body, essence if body is not None else "")
    return Asked(method, address._replace(query=tuple(query)), message, tuple(left))


def address_of(url: object, scope: Scope) -> Address:
    """Of a text, or of the table that Postman makes of it."""
    table: Mapping[str, object] = url if isinstance(url, dict) else {}
    raw = url if isinstance(url, str) else str(table.get("raw") or _joined(table))
    raw, _, query = raw.partition("#")[0].partition("?")
    known = dict(_path_variables(table.get("variable")))
    head, rest = _head(raw)
    origin, before = _split(scope.text(head))
    path = "/".join(part.strip("/") if part is before else part.removeprefix("/") for part in (before, rest) if part)
    segments: list[tuple[str, str | None]] = []
    for part in path.split("/"):
        named = re.fullmatch(r":([A-Za-z_][\w-]*)", part)
        marked = MARK.fullmatch(part)
        if named:
            value = scope.text(known.get(named[1], "")) or f"{{{{{named[1]}}}}}"
            if value.startswith("{{"):
                scope.text(value)
            segments.append((_encoded(value), named[1]))
        elif marked:
            segments.append((_encoded(scope.text(part)), marked[1]))
        else:
            segments.append((scope.text(part), None))
    pairs = list(_pairs(table.get("query"))) if isinstance(table.get("query"), list) else []
    if not pairs and query and not isinstance(table.get("query"), list):
        pairs = [(name, value) for name, _, value in (piece.partition("=") for piece in query.split("&"))]
    return Address(origin, tuple(segments), tuple((scope.text(name), scope.text(value)) for name, value in pairs))


def _head(raw: str) -> tuple[str, str]:
    """What names the host, up to its first slash, and the rest."""
    found = re.match(r"(?:https?://)?[^/]*", raw, re.IGNORECASE)
    end = found.end() if found else 0
    return raw[:end], raw[end:]


def _split(text: str) -> tuple[str, str]:
    """Origin and path; an origin that is an unknown variable is empty."""
    if found := re.match(r"(https?://[^/]*)/?(.*)", text, re.IGNORECASE | re.DOTALL):
        origin = "" if MARK.search(found[1]) else origin_of(found[1]) or ""
        return origin, found[2]
    first, _, rest = text.partition("/")
    if MARK.search(first):
        return "", rest
    if not first or text.startswith("/"):
        return "", text.lstrip("/")
    looks_like_host = "." in first or ":" in first or first == "localhost"
    return (origin_of(f"http://{first}") or "", rest) if looks_like_host else ("", text)


def _joined(table: Mapping[str, object]) -> str:
    """A raw address from its parts."""

    def words(value: object, between: str) -> str:
        if isinstance(value, list):
            return between.join(str(one.get("value", "")) if isinstance(one, dict) else str(one) for one in value)
        return str(value or "")

    host, port = words(table.get("host"), "."), table.get("port")
    protocol = f"{table.get('protocol')}://" if table.get("protocol") else ""
    return f"{protocol}{host}{f':{port}' if port else ''}/{words(table.get('path'), '/').lstrip('/')}"


def _path_variables(listed: object) -> Iterator[tuple[str, str]]:
    if isinstance(listed, dict):  # 2.0
        yield from ((str(name), str(value)) for name, value in listed.items() if value not in (None, ""))
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("value") not in (None, ""):
            yield str(one.get("key", one.get("id", ""))), str(one["value"])


def _pairs(listed: object) -> Iterator[tuple[str, str]]:
    """Names and values of a list that are not switched off; of a text of header lines too."""
    if isinstance(listed, str):
        lines = (line.partition(":") for line in listed.splitlines())
        yield from ((name.strip(), value.strip()) for name, colon, value in lines if colon)
        return
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("disabled") is not True and isinstance(one.get("key"), str) and one["key"]:
            value = one.get("value")
            yield one["key"], value if isinstance(value, str) else "" if value is None else str(value)


def _login(auth: object, scope: Scope, left: list[str]) -> Iterator[tuple[str, str, str]]:
    """What a login adds: (``header`` or ``query``, name, value)."""
    if not isinstance(auth, dict) or auth.get("type") in (None, "noauth", "inherit"):
        return
    kind = str(auth["type"])
    given = auth.get(kind)
    if isinstance(given, list):
        words = {str(one.get("key")): str(one.get("value") or "") for one in given if isinstance(one, dict)}
    else:
        words = {str(name): str(value or "") for name, value in given.items()} if isinstance(given, dict) else {}
    match kind:
        case "bearer":
            yield "header", "authorization", f"Bearer {scope.text(words.get('token') or '{{token}}')}"
        case "basic":
            pair = scope.text(f"{words.get('username', '')}:{words.get('password', '')}")
            coded = "{{basic_authorization}}" if MARK.search(pair) else base64.b64encode(pair.encode()).decode()
            yield "header", "authorization", f"Basic {scope.text(coded)}"
        case "apikey":
            where = "query" if words.get("in") == "query" else "header"
            name = scope.text(words.get("key") or "x-api-key")
            yield where, name if where == "query" else name.lower(), scope.text(words.get("value") or "{{api_key}}")
        case "oauth2":
            token = scope.text(words.get("accessToken") or "{{access_token}}")
            if words.get("addTokenTo") == "queryParams":
                yield "query", "access_token", token
            else:
                yield "header", "authorization", f"{words.get('headerPrefix', 'Bearer').strip() or 'Bearer'} {token}"
        case _:
            left.append(f"a login of the kind {kind[:20]}, which signs each request,")


def _body(body: object, scope: Scope, left: list[str]) -> tuple[str | None, str]:
    if not isinstance(body, dict) or body.get("disabled") is True:
        return None, ""
    match body.get("mode"):
        case "raw":
            text = scope.text(str(body.get("raw") or ""))
            options = body.get("options")
            raw = options.get("raw") if isinstance(options, dict) else None
            language = str(raw.get("language") or "") if isinstance(raw, dict) else ""
            guessed = "application/json" if text.lstrip()[:1] in ("{", "[") else "text/plain"
            return (text, _LANGUAGES.get(language, guessed)) if text.strip() else (None, "")
        case "urlencoded":
            fields = [(scope.text(name), scope.text(value)) for name, value in _pairs(body.get("urlencoded"))]
            text = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields)
            return text, "application/x-www-form-urlencoded"
        case "formdata":
            return _form(body.get("formdata"), scope, left), f"multipart/form-data; boundary={_BOUNDARY}"
        case "graphql":
            return _graphql(body.get("graphql"), scope), "application/json"
        case "file":
            left.append("a body that is a file")
    return None, ""


def _form(listed: object, scope: Scope, left: list[str]) -> str:
    pieces: list[str] = []
    for one in listed if isinstance(listed, list) else ():
        if not isinstance(one, dict) or one.get("disabled") is True or not isinstance(one.get("key"), str):
            continue
        if one.get("type") == "file":
            left.append("a file in a form")
            continue
        name, value = scope.text(one["key"]), scope.text(str(one.get("value") or ""))
        pieces.append(f'--{_BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n')
    return "".join(pieces) + f"--{_BOUNDARY}--\r\n"


def _graphql(table: object, scope: Scope) -> str:
    given: Mapping[str, object] = table if isinstance(table, dict) else {}
    document: dict[str, object] = {"query": scope.text(str(given.get("query") or ""))}
    if given.get("operationName"):
        document["operationName"] = str(given["operationName"])
    variables = given.get("variables")
    if isinstance(variables, str) and variables.strip():
        try:
            document["variables"] = json.loads(scope.text(variables))
        except ValueError:
            document["variables"] = {}
    elif isinstance(variables, dict):
        document["variables"] = variables
    return json.dumps(document, ensure_ascii=False)


def _encoded(text: str) -> str:
    """Percent-encoded but for variables, and for what was encoded already."""
    parts = re.split(r"(\{\{[^{}]+\}\})", text)
    return "".join(part if part.startswith("{{") else quote(part, safe="%/:,@!$'()*;~-._") for part in parts)
