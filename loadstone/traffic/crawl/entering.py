"""Logging in, when somebody gave credentials for it; and the same as steps of a spec, without them."""

from __future__ import annotations

from urllib.parse import urljoin

import msgspec

from loadstone.model.discovery import Login
from loadstone.model.extraction import parse_extraction
from loadstone.model.service import Auth
from loadstone.model.workload import Body, Check, Extraction, Journey, Step
from loadstone.traffic.crawl.addresses import target_of
from loadstone.traffic.crawl.client import Client
from loadstone.traffic.crawl.obstacles.met import path_of
from loadstone.traffic.crawl.pages import Page, read_page
from loadstone.traffic.crawl.reply import Reply

__all__ = ["PASSWORD", "TOKEN", "USER", "log_in", "login_auth", "login_journey"]

USER, PASSWORD, TOKEN = "LOADSTONE_USER", "LOADSTONE_PASSWORD", "LOADSTONE_TOKEN"
"""Variables of the environment that hold what one logs in with."""

_TOKENS = (
    "access_token",
    "token",
    "accessToken",
    "id_token",
    "jwt",
    "access",
    "auth_token",
    "authToken",
    "key",
    "bearer",
)
_DEEPEST = 4


def log_in(login: Login, client: Client, user: str, password: str) -> Login | None:
    """Log in with ``client``, which is then that user with the whole of its bounds before it. The login with what was
    learned by it, or None where the service did not accept it.

    This sends the login's method, mostly POST: call it only when credentials were given for it. Raises Spent.
    """
    client.forget()
    match login.kind:
        case "basic" | "bearer":
            if login.kind == "basic":
                client.know(user, password)
            else:
                client.bear(password)
            reply = client.get(login.action)
            entered = msgspec.structs.replace(login, answers=reply.status) if reply.good else None
        case "json":
            entered = _by_json(login, client, user, password)
        case "form":
            entered = _by_form(login, client, user, password)
    if entered is None:
        client.forget()
        return None
    client.renew()
    client.home = entered.landing
    return entered


def _by_json(login: Login, client: Client, user: str, password: str) -> Login | None:
    given = {**login.fixed, login.user: user, login.password: password}
    if "grant_type" in login.fixed:  # OAuth's password grant is a form (RFC 6749, 4.3.2)
        reply = client.send(login.method, login.action, form=given, told=True)
    else:
        reply = client.send(login.method, login.action, json=given, told=True)
    if not reply.good:
        return None
    document = reply.json()
    path = login.token or token_path(document)
    token = None if path is None else _at(document, path)
    if token is not None:
        client.bear(token)
    elif not client.cookies():
        return None
    return msgspec.structs.replace(login, token=path if token else None, answers=reply.status)


def token_path(document: object) -> str | None:
    """The JSONPath of what looks like a token in a reply to a login, the likeliest name first; None without one."""
    found: dict[str, str] = {}
    left: list[tuple[str, object, int]] = [("$", document, 0)]
    while left:
        path, value, depth = left.pop(0)
        if not isinstance(value, dict) or depth > _DEEPEST:
            continue
        for key, one in value.items():
            if isinstance(one, str) and key in _TOKENS and len(one) >= 8:
                found.setdefault(key, f"{path}.{key}")
            left.append((f"{path}.{key}", one, depth + 1))
    return next((found[name] for name in _TOKENS if name in found), None)


def _at(document: object, path: str) -> str | None:
    for key in path.removeprefix("$").strip(".").split("."):
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document if isinstance(document, str) and document else None


def _by_form(login: Login, client: Client, user: str, password: str) -> Login | None:
    page = login.page or login.action
    shown = client.get(page)
    read = read_page(shown.url, shown.text)
    given = dict(login.fixed)
    for form in read.forms:
        if form.action == login.action and form.passwords:
            now = {field.name: field.value for field in form.fields if field.type == "hidden"}
            given |= {name: now[name] for name in (*dict(login.changing), *given, login.csrf or "") if name in now}
    given |= {login.user: user, login.password: password}
    headers = {"referer": f"{client.origin}{page}", "origin": client.origin}
    before = client.cookies()
    reply = client.send(login.method, login.action, form=given, headers=headers, told=True)
    landing = _landing(reply)
    if not 200 <= reply.status < 400 or _wants_password(reply, login):
        return None
    if landing is not None and path_of(landing) in (path_of(page), path_of(login.action)) and client.allows():
        again = client.get(landing)
        if _wants_password(again, login):
            return None
    after = client.cookies()
    if landing is None and after == before:
        return None
    cookie = next((name for name in after if name == login.csrf_cookie), None)
    return msgspec.structs.replace(
        login, answers=reply.status, landing=landing, csrf_cookie=cookie or login.csrf_cookie
    )


def _landing(reply: Reply) -> str | None:
    """Where a login leads, as a target of this service."""
    return None if reply.location is None else target_of(reply.url, urljoin(reply.url, reply.location))


def _wants_password(reply: Reply, login: Login) -> bool:
    read = read_page(reply.url, reply.text) if reply.html else Page()
    return any(form.passwords and form.action == login.action for form in read.forms)


def login_auth(login: Login) -> Auth | None:
    """What ``[auth]`` of a spec says for this login, None for one that takes steps."""
    if login.kind == "basic":
        return Auth(user=f"{{env.{USER}}}", password=f"{{env.{PASSWORD}}}")
    return Auth(bearer=f"{{env.{TOKEN}}}") if login.kind == "bearer" else None


def login_journey(login: Login, url: str = "") -> Journey:
    """The login as a journey whose credentials stand in the environment. A form's token is taken from its page; what
    later steps send on is extracted as ``csrf`` or ``token`` (``headers = { authorization = "Bearer {token}" }``).

    ``url`` is the service's: over https a form's token goes with a Referer (Django and Rails look at it).
    """
    if login.kind in ("basic", "bearer"):
        step = Step("who am I", "GET", login.action, check=Check(status=((200, 299),)))
        return Journey("log in", 1.0, (step,))
    status = ((login.answers, login.answers),) if login.answers else ((200, 399),)
    given: dict[str, object] = {
        **{name: _literal(value) for name, value in login.fixed.items()},
        login.user: f"{{env.{USER}}}",
        login.password: f"{{env.{PASSWORD}}}",
    }
    if login.kind == "json":
        kind = "form" if "grant_type" in login.fixed else "json"
        taken = (Extraction("token", "json", login.token),) if login.token else ()
        step = Step("log in", login.method, login.action, body=Body("form" if kind == "form" else "json", given),
                    check=Check(status=status), extract=taken)  # fmt: skip
        return Journey("log in", 1.0, (step,))
    page = login.page or login.action
    extract, given = _taken(login, given)
    headers = {"referer": f"{url.rstrip('/')}{page}"} if url.startswith("https:") else {}
    onward = (Extraction("csrf", "cookie", login.csrf_cookie),) if login.csrf_cookie else ()
    steps = [
        Step("login page", "GET", page, check=Check(status=((200, 200),)), extract=extract),
        Step("log in", login.method, login.action, headers=headers, body=Body("form", given),
             check=Check(status=status), extract=onward),
    ]  # fmt: skip
    if login.landing is not None and path_of(login.landing) != path_of(page):
        steps.append(Step("landing", "GET", _literal(login.landing), redirects=3, check=Check(status=((200, 200),))))
    return Journey("log in", 1.0, tuple(steps))


def _taken(login: Login, given: dict[str, object]) -> tuple[tuple[Extraction, ...], dict[str, object]]:
    """What is taken from the login's page, and the fields with it."""
    extractions: list[Extraction] = []
    if login.csrf is not None:
        if login.csrf_from is not None:
            extractions.append(parse_extraction("form_token", login.csrf_from))
        elif login.csrf_cookie is not None:
            extractions.append(Extraction("form_token", "cookie", login.csrf_cookie))
        if extractions:
            given = {**given, login.csrf: "{form_token}"}
    for number, (name, expression) in enumerate(login.changing, 1):
        extractions.append(parse_extraction(f"hidden_{number}", expression))
        given = {**given, name: f"{{hidden_{number}}}"}
    return tuple(extractions), given


def _literal(text: str) -> str:
    """A text that a template takes as it stands."""
    return text.replace("{", "{{").replace("}", "}}") if "{" in text else text
