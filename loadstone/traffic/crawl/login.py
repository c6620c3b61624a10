"""How one logs in: which form it is, what its hidden token is called, and what carries it on.

Tokens by framework: Django's ``csrfmiddlewaretoken`` with the cookie ``csrftoken``, Flask-WTF's ``csrf_token``,
Laravel's ``_token`` with ``XSRF-TOKEN``, Rails' ``authenticity_token`` with a meta tag, Express' ``_csrf``, Symfony's
``_csrf_token``, ASP.NET's ``__RequestVerificationToken``. Others are known by a name that says so.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping

import msgspec

from loadstone.model.discovery import Login
from loadstone.traffic.crawl.obstacles.met import is_entrance
from loadstone.traffic.crawl.pages import Form, FormField, Page
from loadstone.traffic.crawl.reply import Reply

__all__ = ["ENTRANCES", "asked_login", "changing_fields", "form_login", "token_expression", "with_changing"]

ENTRANCES = (
    "/login",
    "/accounts/login/",
    "/users/sign_in",
    "/auth/login",
    "/signin",
    "/admin/login/",
    "/login/",
    "/user/login",
)
"""Where login pages stand in Flask, Django, Rails, Laravel and others: asked for where no link leads there."""

_CARRIERS: dict[str, tuple[str | None, str]] = {
    "csrfmiddlewaretoken": ("csrftoken", "x-csrftoken"),
    "csrf_token": (None, "x-csrftoken"),
    "_token": ("XSRF-TOKEN", "x-csrf-token"),
    "authenticity_token": (None, "x-csrf-token"),
    "_csrf": ("XSRF-TOKEN", "x-csrf-token"),
    "_csrf_token": (None, "x-csrf-token"),
    "__RequestVerificationToken": (None, "requestverificationtoken"),
    "_xsrf": ("_xsrf", "x-xsrftoken"),
}
_TOKEN = re.compile(r"(?i)csrf|xsrf|authenticity|requestverification|^_?token$|nonce|antiforgery")
_COOKIE = re.compile(r"(?i)csrf|xsrf")
_USER = re.compile(r"(?i)user|e-?mail|login|account|name|identi|phone")
_CHOICES = ("submit", "hidden", "password", "checkbox", "radio", "select", "textarea", "button")


def form_login(page: str, reply: Reply, read: Page, cookies: Mapping[str, str]) -> Login | None:
    """The login among a page's forms; None where there is none. One with two password fields makes an account or
    changes a password, and is left out."""
    forms = [form for form in read.forms if len(form.passwords) == 1 and form.method == "POST" and form.action]
    if not forms:
        return None
    form = max(forms, key=lambda form: (is_entrance(form.action or ""), is_entrance(page), -len(form.fields)))
    password = form.passwords[0]
    user = _user_field(form, password)
    if user is None:
        return None
    hidden = [field for field in form.fields if field.type == "hidden"]
    token = next((field for field in hidden if field.name in _CARRIERS), None)
    token = token or next((field for field in hidden if _TOKEN.search(field.name) and len(field.value) >= 8), None)
    source, csrf = f"the form at {page}", token.name if token else None
    expression = None if token is None else token_expression(reply.text, token)
    cookie, header = _carrier(token, cookies, read.meta)
    left_out = {password.name, user.name, csrf}
    fixed = {
        field.name: field.value
        for field in form.fields
        if field.name not in left_out and field.type in ("hidden", "select", "checkbox", "radio")
    }
    assert form.action is not None
    return Login(
        "form",
        form.action,
        page=page,
        user=user.name,
        password=password.name,
        csrf=csrf,
        csrf_cookie=cookie,
        csrf_header=header,
        fixed=fixed,
        source=source,
        csrf_from=expression,
    )


def _user_field(form: Form, password: FormField) -> FormField | None:
    """The field for the name: said to be one, else named like one, else the last text before the password."""
    texts = [field for field in form.fields if field.type not in _CHOICES]
    for fits in (
        lambda field: "username" in field.complete or "email" in field.complete,
        lambda field: field.type == "email",
        lambda field: _USER.search(field.name) is not None,
    ):
        if found := next((field for field in texts if fits(field)), None):
            return found
    before = [field for field in form.fields[: form.fields.index(password)] if field in texts]
    return before[-1] if before else None


def _carrier(
    token: FormField | None, cookies: Mapping[str, str], meta: Mapping[str, str]
) -> tuple[str | None, str | None]:
    """Cookie and header by which the token goes on in requests that are no forms."""
    known = _CARRIERS.get(token.name) if token else None
    cookie = next((name for name in cookies if known and name == known[0]), None)
    cookie = cookie or next((name for name, value in cookies.items() if _COOKIE.search(name) and value), None)
    if known:
        return cookie, known[1]
    if token is None and cookie is None and "csrf-token" not in meta:
        return None, None
    return cookie, "x-xsrf-token" if cookie == "XSRF-TOKEN" else "x-csrf-token"


def token_expression(text: str, field: FormField) -> str | None:
    """How a spec takes the field's value from the page: a regular expression that was tried on it, None where the
    value stands there escaped or its tag cannot be told from others."""
    name = re.escape(field.name)
    plain = field.value
    for pattern in (
        rf'name="{name}" value="([^"]+)"',
        rf'name="{name}"[^>]*?\svalue="([^"]+)"',
        rf'value="([^"]+)"[^>]*?\sname="{name}"',
        rf"name='{name}' value='([^']+)'",
        rf"name='{name}'[^>]*?\svalue='([^']+)'",
        rf"value='([^']+)'[^>]*?\sname='{name}'",
        rf"name=\"?{name}\"?[^>]*?\svalue=\"?([^\s\">]+)",
        rf"value=\"?([^\s\">]+)\"?[^>]*?\sname=\"?{name}",
    ):
        found = re.search(pattern, text)
        if found and found[1] == plain:
            return f"regex:{pattern}"
        if found and html.unescape(found[1]) == plain:
            return None
    return None


def changing_fields(first: Page, second: Page, action: str, text: str, besides: Iterable[str]) -> dict[str, str | None]:
    """Hidden fields of the form to ``action`` whose values differ between two visits, each with how it is taken."""
    left_out = set(besides)
    before = {field.name: field.value for form in first.forms if form.action == action for field in form.fields}
    return {
        field.name: token_expression(text, field)
        for form in second.forms
        if form.action == action
        for field in form.fields
        if field.type == "hidden" and field.name not in left_out and before.get(field.name) != field.value
    }


def asked_login(reply: Reply) -> Login | None:
    """The login that a 401 asks for with ``WWW-Authenticate`` (RFC 9110, 11.6.1)."""
    if reply.status != 401:
        return None
    schemes = [value.strip().partition(" ")[0].lower() for name, value in reply.headers if name == "www-authenticate"]
    for kind in ("basic", "bearer"):
        if kind in schemes:
            said = f"{reply.method} {reply.target.partition('?')[0]} answered 401, WWW-Authenticate: {kind.title()}"
            return Login("basic" if kind == "basic" else "bearer", reply.target, method="GET", source=said)
    return None


def with_changing(login: Login, fields: Mapping[str, str | None]) -> Login:
    """The login whose other changing fields are taken from the page too, no longer as they stood once."""
    taken = tuple((name, expression) for name, expression in fields.items() if expression is not None)
    kept = {name: value for name, value in login.fixed.items() if name not in dict(taken)}
    return msgspec.structs.replace(login, fixed=kept, changing=taken)
