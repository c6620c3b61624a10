"""Accounts: the login form, the cookie that stands for a login, and the token that guards every change.

The token is a signed double-submit cookie (OWASP, Cross-Site Request Forgery Prevention): a random value and its
HMAC together with the login's own cookie. A form repeats it in a hidden field, a JSON request in ``x-csrf-token``.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from loadstone.demo.database import Database, Session
from loadstone.demo.pages import account_page, login_page
from loadstone.demo.passwords import hash_password, password_matches
from loadstone.demo.replies import ShopError, form_of

__all__ = ["Shopper", "account", "log_in", "log_out", "login_form", "require_shopper", "require_token"]

_LOGIN = "shop_login"
_TOKEN = "csrf"
_LASTS_S = 86_400  # a login lasts a day
_NOBODY = hash_password("", bytes(16))  # compared with when the account is unknown, so that both take as long


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who a request is from: the login that its cookie names, and whose it is."""

    login: int
    customer: int
    name: str


def require_shopper(session: Session, request: Request) -> Shopper:
    """The shopper behind the request's cookie; 401 without one."""
    row = session.ask(
        "SELECT login.id, customer.id, customer.name FROM login JOIN customer ON customer.id = login.customer_id "
        "WHERE login.token_hash = ? AND login.expires_at > ?"
    )((_hash(request.cookies.get(_LOGIN, "")), int(time.time()))).fetchone()
    if row is None:
        raise ShopError(401, "log_in", "Log in first.")
    return Shopper(*row)


def require_token(request: Request, given: str | None) -> None:
    """403 unless ``given`` is the token of the request's own cookie, signed by this shop for this login."""
    cookie = request.cookies.get(_TOKEN, "")
    value, _, _ = cookie.partition(".")
    signed = _token(request.app.state.secret, value, request.cookies.get(_LOGIN, ""))
    if not given or not _same(given, cookie) or not _same(cookie, signed):
        raise ShopError(403, "bad_csrf", "The form's token is missing or stale; load the page again.")


def login_form(request: Request) -> Response:
    """``GET /login``: the form, its token in a hidden field and in a cookie."""
    token = _token(request.app.state.secret, secrets.token_urlsafe(16), request.cookies.get(_LOGIN, ""))
    response = HTMLResponse(login_page(token))
    _set(response, _TOKEN, token)
    return response


async def log_in(request: Request) -> Response:
    """``POST /login`` with email, password and csrf; then to the account, with a new token for the new login."""
    form = await form_of(request)
    require_token(request, form.get("csrf"))
    cookie = await run_in_threadpool(
        _open_login, request.app.state.database, form.get("email", ""), form.get("password", "")
    )
    if cookie is None:
        page = login_page(request.cookies[_TOKEN], "This email and password do not belong together.")
        return HTMLResponse(page, 401)
    response = RedirectResponse("/account", 303)
    _set(response, _LOGIN, cookie, hidden=True)
    _set(response, _TOKEN, _token(request.app.state.secret, secrets.token_urlsafe(16), cookie))
    return response


async def log_out(request: Request) -> Response:
    """``POST /logout`` with csrf: forgets the login and its cart."""
    require_token(request, (await form_of(request)).get("csrf"))
    await run_in_threadpool(_close_login, request.app.state.database, request.cookies.get(_LOGIN, ""))
    response = RedirectResponse("/login", 303)
    response.delete_cookie(_LOGIN)
    response.delete_cookie(_TOKEN)
    return response


def account(request: Request) -> Response:
    """``GET /account``: the shopper's own page; to the login form without a login."""
    database: Database = request.app.state.database
    with database.read() as session:
        try:
            shopper = require_shopper(session, request)
        except ShopError:
            return RedirectResponse("/login", 303)
        purchases = session.ask(
            "SELECT id, placed_at, total_cents FROM purchase WHERE customer_id = ? ORDER BY id DESC LIMIT 10"
        )((shopper.customer,)).fetchall()
    return HTMLResponse(account_page(shopper.name, request.cookies.get(_TOKEN, ""), purchases))


def _open_login(database: Database, email: str, password: str) -> str | None:
    with database.read() as session:
        row = session.ask("SELECT id, password FROM customer WHERE email = ?")((email.strip().lower(),)).fetchone()
    matches = password_matches(password, _NOBODY if row is None else row[1])
    if row is None or not matches:
        return None
    cookie, now = secrets.token_urlsafe(32), int(time.time())
    with database.write() as session:
        session.ask("DELETE FROM login WHERE expires_at <= ?")((now,))
        session.ask("INSERT INTO login (token_hash, customer_id, expires_at) VALUES (?, ?, ?)")(
            (_hash(cookie), row[0], now + _LASTS_S)
        )
    return cookie


def _close_login(database: Database, cookie: str) -> None:
    with database.write() as session:
        session.ask("DELETE FROM login WHERE token_hash = ?")((_hash(cookie),))


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def _token(secret: bytes, value: str, login: str) -> str:
    signature = hmac.new(secret, f"{value}.{login}".encode(), hashlib.sha256).hexdigest()
    return f"{value}.{signature}"


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _set(response: Response, name: str, value: str, *, hidden: bool = False) -> None:
    response.set_cookie(name, value, max_age=_LASTS_S, httponly=hidden, samesite="lax")
