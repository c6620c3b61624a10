"""Security schemes: whether an operation needs a login, and how one logs in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from loadstone.model.discovery import Login
from loadstone.traffic.openapi.document import Document
from loadstone.traffic.openapi.examples import type_of
from loadstone.traffic.openapi.servers import address_of

__all__ = ["Operation", "Scheme", "login_of", "needs_login", "schemes_of"]

_USER = re.compile(r"user_?name|user|e_?mail|login|identifier|account|user_?id|phone")
_PASSWORD = re.compile(r"pass(word|wd|phrase)?|pwd|secret")
_TOKEN = (
    "access_token",
    "accesstoken",
    "token",
    "access",
    "jwt",
    "id_token",
    "auth_token",
    "authtoken",
    "bearer",
    "key",
)
_ENTRANCE = re.compile(r"(?i)log_?-?in|sign_?-?in|token|session|auth")
_REGISTER = re.compile(r"(?i)register|sign_?-?up|reset|forgot|change|users?/?$|create|refresh|revoke|verify|invite")


class Scheme(NamedTuple):
    """One way to prove who one is. ``where`` and ``field`` are an API key's place; ``token_url`` an OAuth flow's."""

    name: str
    kind: Literal["basic", "bearer", "key", "oauth", "other"]
    where: str = ""
    field: str = ""
    token_url: str | None = None


class Operation(NamedTuple):
    """What is needed of an operation to see whether it is a login."""

    method: str
    target: str
    table: dict[str, object]
    body: dict[str, object] | None
    media_type: str | None


def schemes_of(document: Document) -> dict[str, Scheme]:
    """Every security scheme that the document defines, by its name."""
    components = document.data.get("components")
    listed = components.get("securitySchemes") if isinstance(components, dict) else None
    at: tuple[str, ...] = ("components", "securitySchemes")
    if listed is None and "securityDefinitions" in document.data:
        listed, at = document.data["securityDefinitions"], ("securityDefinitions",)
    found: dict[str, Scheme] = {}
    for name, entry in listed.items() if isinstance(listed, dict) else ():
        found[name] = _scheme(name, document.table(entry, (*at, name)))
    return found


def _scheme(name: str, table: dict[str, object]) -> Scheme:
    kind = str(table.get("type") or "").lower()
    if kind == "basic" or (kind == "http" and str(table.get("scheme")).lower() == "basic"):
        return Scheme(name, "basic")
    if kind == "http" and str(table.get("scheme")).lower() == "bearer":
        return Scheme(name, "bearer")
    if kind == "apikey":
        return Scheme(name, "key", str(table.get("in") or ""), str(table.get("name") or ""))
    if kind == "oauth2":
        flows = table.get("flows")
        flow = flows.get("password") if isinstance(flows, dict) else None
        if flow is None and table.get("flow") == "password":
            flow = table
        url = flow.get("tokenUrl") if isinstance(flow, dict) else None
        return Scheme(name, "oauth", token_url=url if isinstance(url, str) else None)
    return Scheme(name, "oauth" if kind == "openidconnect" else "other")


def needs_login(document: Document, table: dict[str, object], schemes: dict[str, Scheme]) -> bool | None:
    """Whether an operation needs credentials: its own ``security``, else the document's. None where it says nothing of
    security at all."""
    stated = table.get("security", document.data.get("security"))
    if not isinstance(stated, list):
        return False if schemes else None
    return bool(stated) and not any(one == {} for one in stated)


def login_of(
    document: Document, schemes: dict[str, Scheme], operations: list[Operation], base_path: str, own_host: str | None
) -> Login | None:
    """How one logs in, the likeliest way first: a password's flow of OAuth, an operation that takes a name and a
    password, else what is sent with each request."""
    for scheme in schemes.values():
        if scheme.token_url and (target := _own_target(scheme.token_url, base_path, own_host)):
            return Login(
                "json",
                target,
                fixed={"grant_type": "password"},
                token="$.access_token",
                source=f"OpenAPI: the security scheme {scheme.name}",
            )
    if found := max(_entrances(document, operations), key=lambda pair: pair[0], default=None):
        return found[1]
    for kind in ("bearer", "basic"):
        for scheme in schemes.values():
            if scheme.kind == kind or (kind == "bearer" and scheme.kind == "oauth"):
                action = next((one.target for one in operations if _checks(document, one, schemes)), "/")
                said = f"OpenAPI: the security scheme {scheme.name}"
                return Login("basic" if kind == "basic" else "bearer", action, method="GET", source=said)
    return None


def _checks(document: Document, one: Operation, schemes: dict[str, Scheme]) -> bool:
    """Whether asking for it shows if credentials are good: safe, without a parameter in its path."""
    return one.method == "GET" and "{" not in one.target and needs_login(document, one.table, schemes) is True


def _own_target(url: str, base_path: str, own_host: str | None) -> str | None:
    """A token's address as a target of this service; None where it is another's."""
    parts = address_of(url)
    if parts.netloc and parts.netloc != own_host:
        return None
    if parts.netloc or parts.path.startswith("/"):
        return parts.path or "/"
    path = re.sub(r"^(\./)+", "", parts.path)
    return f"{base_path}/{path}"


def _entrances(document: Document, operations: list[Operation]) -> Iterator[tuple[int, Login]]:
    """Operations that take a user and a password, with how likely each is the login."""
    for one in operations:
        if one.method != "POST" or one.body is None or "{" in one.target:
            continue
        fields = {_plain(name): name for name in _properties(document, one.body)}
        password = next((fields[name] for name in fields if _PASSWORD.fullmatch(name)), None)
        user = next((fields[name] for name in fields if _USER.fullmatch(name)), None)
        if password is None or user is None:
            continue
        said = f"{one.target} {one.table.get('operationId') or ''}"
        likely = 2 * (_ENTRANCE.search(said) is not None) - 3 * (_REGISTER.search(said) is not None) - len(fields) // 4
        token = _token(document, one)
        if likely < 0 or (likely == 0 and token is None):
            continue
        form = (one.media_type or "").startswith("application/x-www-form-urlencoded")
        source = f"OpenAPI: POST {one.target}"
        if form and "grant_type" in fields.values():
            fixed = {"grant_type": "password"}
            yield (
                likely + 1,
                Login("json", one.target, user=user, password=password, fixed=fixed, token=token, source=source),
            )
        else:
            kind: Literal["form", "json"] = "form" if form else "json"
            yield (
                likely + (token is not None),
                Login(kind, one.target, user=user, password=password, token=token, source=source),
            )


def _properties(document: Document, schema: object, depth: int = 0) -> dict[str, object]:
    read, _ = document.resolved(schema)
    if not isinstance(read, dict) or depth > 4:
        return {}
    found: dict[str, object] = {}
    for key in ("allOf", "anyOf", "oneOf"):
        parts = read.get(key)
        for part in parts if isinstance(parts, list) else ():
            found |= _properties(document, part, depth + 1)
    properties = read.get("properties")
    return {**found, **(properties if isinstance(properties, dict) else {})}


def _token(document: Document, one: Operation) -> str | None:
    """The JSONPath of the token in the reply, where the document describes it."""
    responses = one.table.get("responses")
    for status, entry in responses.items() if isinstance(responses, dict) else ():
        if not str(status).startswith("2"):
            continue
        table, _ = document.resolved(entry)
        schema = table.get("schema") if isinstance(table, dict) else None
        content = table.get("content") if isinstance(table, dict) else None
        for media in content.values() if isinstance(content, dict) else ():
            schema = media.get("schema") if isinstance(media, dict) else None
            break
        if found := _token_at(document, schema, "$", 0):
            return found
    return None


def _token_at(document: Document, schema: object, at: str, depth: int) -> str | None:
    properties = _properties(document, schema)
    names = {_plain(name): name for name in properties}
    for wanted in _TOKEN:
        if (name := names.get(wanted)) and type_of(document.resolved(properties[name])[0]) == "string":
            return f"{at}.{name}"
    if depth < 2:
        for name, inner in properties.items():
            if re.fullmatch(r"\w+", name) and (found := _token_at(document, inner, f"{at}.{name}", depth + 1)):
                return found
    return None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()).strip("_")
