"""Logins as frameworks write them: which form it is, what its token is called, how it is taken, and that it works."""

from __future__ import annotations

import json
import re
from itertools import count
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.model.discovery import Login
from loadstone.model.extraction import parse_extraction
from loadstone.model.workload import Body, Step
from loadstone.traffic.crawl import Client, Limits, crawl, log_in, login_auth, login_journey, reach
from loadstone.traffic.crawl.entering import token_path
from loadstone.traffic.crawl.login import form_login, token_expression
from loadstone.traffic.crawl.pages import FormField, read_page
from loadstone.traffic.crawl.reply import Reply
from tests.traffic.crawl.answering import Answer, Asked, answering, page

QUICK = Limits(pause_s=0.0)

DJANGO = """<form method="post" action="/accounts/login/?next=/"><input type="hidden" name="csrfmiddlewaretoken"
 value="aVz81Gx0Pq6Cqvw1"><input type="text" name="username" autofocus autocomplete="username" maxlength="150" required
 id="id_username"><input type="password" name="password" autocomplete="current-password" required>
<input type="hidden" name="next" value="/shelf"><input type="submit" value="Log in"></form>"""
FLASK = """<form action="" method="post" novalidate><input id="csrf_token" name="csrf_token" type="hidden"
 value="IjEyMzQ1Njc4OTAi.aBc.dEf_-g"><input id="email" name="email" required type="text" value="">
<input id="password" name="password" type="password">
<input id="remember_me" name="remember_me" type="checkbox" value="y">
<input id="submit" name="submit" type="submit" value="Sign In"></form>"""
LARAVEL = """<meta name="csrf-token" content="Zt0ken"><form method="POST" action="/login">
<input type="hidden" name="_token" value="Zt0kenZt0kenZt0ken" autocomplete="off">
<input id="email" type="email" name="email" value="" required>
<input id="password" type="password" name="password"><input type="checkbox" name="remember"></form>"""
RAILS = """<meta name="csrf-param" content="authenticity_token" /><meta name="csrf-token" content="meta0token==" />
<form class="new_user" action="/users/sign_in" accept-charset="UTF-8" method="post"><input type="hidden"
 name="authenticity_token" value="r4ils+token/x==" autocomplete="off" /><input type="email" name="user[email]" />
<input type="password" name="user[password]" autocomplete="current-password" /><input name="user[remember_me]"
 type="hidden" value="0" /><input type="checkbox" value="1" name="user[remember_me]" /></form>"""
EXPRESS = """<form action="/login" method="post"><input type='hidden' name='_csrf' value='ex-press-token'>
<input name="login" type="text"><input type="password" name="pass"></form>"""
WORDPRESS = """<form name="loginform" action="/wp-login.php" method="post"><input type="text" name="log">
<input type="password" name="pwd" spellcheck="false"><input type="hidden" name="redirect_to" value="/wp-admin/">
<input type="hidden" name="testcookie" value="1"></form>"""
SIGN_UP = """<form method=post action=/register><input name=username><input type=password name=password1>
<input type=password name=password2></form>"""


def read(text: str, target: str = "/login", cookies: dict[str, str] | None = None) -> Login | None:
    reply = Reply("http://h" + target, "GET", target, 200, (("content-type", "text/html"),), text.encode())
    return form_login(target, reply, read_page(reply.url, reply.text), cookies or {})


@pytest.mark.parametrize(
    ("text", "cookies", "fields", "action", "csrf", "carried", "fixed"),
    [
        (DJANGO, {"csrftoken": "c"}, ("username", "password"), "/accounts/login/?next=/", "csrfmiddlewaretoken",
         ("csrftoken", "x-csrftoken"), {"next": "/shelf"}),
        (FLASK, {"session": "s"}, ("email", "password"), "/login", "csrf_token", (None, "x-csrftoken"), {}),
        (LARAVEL, {"XSRF-TOKEN": "x", "laravel_session": "s"}, ("email", "password"), "/login", "_token",
         ("XSRF-TOKEN", "x-csrf-token"), {}),
        (RAILS, {"_app_session": "s"}, ("user[email]", "user[password]"), "/users/sign_in", "authenticity_token",
         (None, "x-csrf-token"), {"user[remember_me]": "0"}),
        (EXPRESS, {"_csrf": "secret"}, ("login", "pass"), "/login", "_csrf", ("_csrf", "x-csrf-token"), {}),
        (WORDPRESS, {}, ("log", "pwd"), "/wp-login.php", None, (None, None),
         {"redirect_to": "/wp-admin/", "testcookie": "1"}),
    ],
    ids=["django", "flask", "laravel", "rails", "express", "wordpress"],
)  # fmt: skip
def test_forms_of_frameworks(
    text: str,
    cookies: dict[str, str],
    fields: tuple[str, str],
    action: str,
    csrf: str | None,
    carried: tuple[str | None, str | None],
    fixed: dict[str, str],
) -> None:
    login = read(text, cookies=cookies)
    assert login is not None
    assert (login.kind, login.method, login.page, login.action) == ("form", "POST", "/login", action)
    assert (login.user, login.password) == fields
    assert login.csrf == csrf
    assert (login.csrf_cookie, login.csrf_header) == carried
    assert login.fixed == fixed
    if csrf is not None:
        assert login.csrf_from is not None
        found = re.search(login.csrf_from.removeprefix("regex:"), text)
        value = next(f.value for form in read_page("http://h/login", text).forms for f in form.fields if f.name == csrf)
        assert found is not None and found[1] == value
        parse_extraction("csrf", login.csrf_from)


def test_a_form_that_makes_an_account_is_no_login() -> None:
    assert read(SIGN_UP, "/register") is None
    both = read(SIGN_UP + EXPRESS, "/welcome")
    assert both is not None and both.action == "/login"


@pytest.mark.parametrize(
    "text",
    [
        "<form method=get action=/login><input name=u><input type=password name=p></form>",
        "<form method=post action=https://elsewhere.example/><input name=u><input type=password name=p></form>",
        "<form method=post><input type=password name=only></form>",
        "<form method=post><input name=u></form>",
        "",
    ],
)
def test_what_is_no_login(text: str) -> None:
    assert read(text) is None


VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz_[]-.", min_size=1, max_size=20)


FORMS = ('name="{n}" value="{v}"', 'value="{v}" type=hidden name="{n}"', "name='{n}' value='{v}'",
         'name="{n}" id="x" value="{v}"', "name={n} value={v}")  # fmt: skip


@given(NAMES, VALUES, st.sampled_from(FORMS))
def test_an_expression_takes_the_value_or_there_is_none(name: str, value: str, form: str) -> None:
    text = f"<form><input type=hidden name=other value=nothing><input {form.format(n=name, v=value)}></form>"
    fields = [field for one in read_page("http://h/", text).forms for field in one.fields if field.name == name]
    if not fields:
        return
    expression = token_expression(text, fields[0])
    if expression is not None:
        assert re.search(expression.removeprefix("regex:"), text)[1] == fields[0].value  # type: ignore[index]


def test_a_value_that_stands_escaped_has_no_expression() -> None:
    text = '<input name="gorilla.csrf.Token" value="abc&#43;def&#43;==">'
    assert token_expression(text, FormField("gorilla.csrf.Token", "hidden", "abc+def+==")) is None


class Service:
    """A service with a login form, whose token is new on each page and belongs to the visitor's cookie."""

    def __init__(self, *, redirects: bool = True, other: bool = False) -> None:
        self.numbers = count(100_000_000)
        self.issued: dict[str, str] = {}
        self.redirects = redirects
        self.other = other

    def __call__(self, one: Asked) -> Answer:
        path = one.target.partition("?")[0]
        visitor = re.search(r"visitor=(\w+)", one.headers.get("cookie", ""))
        if path == "/account":
            if "login=yes" in one.headers.get("cookie", ""):
                return page("/account/orders", "/logout")
            return Answer("", 302, headers=(("location", "/login?next=/account"),))
        if path == "/account/orders" and "login=yes" in one.headers.get("cookie", ""):
            return page()
        if path == "/" or one.method not in ("GET", "POST"):
            return page("/account")
        if path != "/login":
            return Answer("", 404)
        if one.method == "GET":
            return self.form()
        given = {name: values[0] for name, values in parse_qs(one.body.decode()).items()}
        if (
            not visitor
            or self.issued.get(visitor[1]) != given.get("csrf_token")
            or (self.other and "seal" not in given)
        ):
            return Answer("CSRF token missing or incorrect.", 403)
        if (given.get("email"), given.get("secret")) != ("ann@example.com", "pass word"):
            return self.form()
        cookie = ("set-cookie", "login=yes; Path=/; HttpOnly")
        if self.redirects:
            return Answer("", 303, headers=(("location", "/account"), cookie))
        return Answer("<h1>Welcome</h1>", headers=(cookie,))

    def form(self) -> Answer:
        visitor, token = f"v{next(self.numbers)}", f"token{next(self.numbers)}"
        self.issued[visitor] = token
        seal = f'<input type=hidden name="seal" value="s{token}">' if self.other else ""
        text = f"""<!doctype html><form method=post><input type="hidden" name="csrf_token" value="{token}">{seal}
        <input name=email><input type=password name=secret><input type=hidden name=lang value=en></form>"""
        return Answer(text, headers=(("set-cookie", f"visitor={visitor}; Path=/"),))


@pytest.mark.parametrize("redirects", [True, False])
def test_a_login_is_found_tried_and_leads_on(redirects: bool) -> None:
    with answering(Service(redirects=redirects)) as server, Client(limits=QUICK) as client:
        reached = reach(server.url, client)
        first = crawl(reached, client)
        assert first.login is not None
        assert (first.login.page, first.login.user, first.login.fixed) == (
            "/login?next=/account",
            "email",
            {"lang": "en"},
        )
        assert server.methods == {"GET", "OPTIONS"}, "nothing was sent before credentials were given"
        assert log_in(first.login, client, "ann@example.com", "wrong") is None
        entered = log_in(first.login, client, "ann@example.com", "pass word")
        assert entered is not None
        assert (entered.answers, entered.landing) == ((303, "/account") if redirects else (200, None))
        second = crawl(reached, client, known=first)
    assert ("GET", "/account/orders", 1) in second.seen
    assert {probe.target: probe.status for probe in second.probes}["/account"] == 200
    assert [one.target for one in server.asked if "logout" in one.target] == []


def test_hidden_fields_that_change_are_taken_each_time() -> None:
    with answering(Service(other=True)) as server, Client(limits=QUICK) as client:
        found = crawl(reach(server.url, client), client)
        assert found.login is not None
        assert [name for name, _ in found.login.changing] == ["seal"]
        assert found.login.fixed == {"lang": "en"}
        assert log_in(found.login, client, "ann@example.com", "pass word") is not None
        steps = [step for step in login_journey(found.login).actions if isinstance(step, Step)]
    assert [one.name for one in steps[0].extract] == ["form_token", "hidden_1"]
    assert steps[1].body == Body("form", {"lang": "en", "email": "{env.LOADSTONE_USER}", "csrf_token": "{form_token}",
                                          "secret": "{env.LOADSTONE_PASSWORD}", "seal": "{hidden_1}"})  # fmt: skip


def _tokens(one: Asked) -> Answer:
    if one.method == "POST" and one.target == "/api/token":
        given = json.loads(one.body)
        if (given.get("username"), given.get("password")) == ("ann", "pw"):
            return Answer(
                json.dumps({"data": {"access_token": "t0ken-t0ken", "kind": "bearer"}}), 200, "application/json"
            )
        return Answer('{"detail": "no"}', 401, "application/json")
    if one.headers.get("authorization") == "Bearer t0ken-t0ken":
        return Answer('{"me": "/me/orders"}', media_type="application/json")
    return Answer('{"detail": "log in"}', 401, "application/json", (("www-authenticate", "Bearer"),))


def test_a_login_by_json_answers_with_a_token() -> None:
    login = Login("json", "/api/token", source="POST /api/token")
    with answering(_tokens) as server, Client(limits=QUICK) as client:
        reach(server.url, client)
        assert log_in(login, client, "ann", "wrong") is None
        assert client.get("/").status == 401
        entered = log_in(login, client, "ann", "pw")
        assert entered is not None
        assert (entered.token, entered.answers) == ("$.data.access_token", 200)
        assert client.get("/").status == 200
    journey = login_journey(entered)
    (step,) = journey.actions
    assert isinstance(step, Step)
    assert step.body == Body("json", {"username": "{env.LOADSTONE_USER}", "password": "{env.LOADSTONE_PASSWORD}"})
    assert [(one.name, one.source, one.expression) for one in step.extract] == [
        ("token", "json", "$.data.access_token")
    ]


def test_what_a_401_asks_for_is_the_login() -> None:
    def basic(one: Asked) -> Answer:
        if one.headers.get("authorization") == "Basic YW5uOnA6dw==":
            return page("/inside")
        return Answer("", 401, headers=(("www-authenticate", 'Basic realm="shop"'),))

    with answering(basic) as server, Client(limits=QUICK) as client:
        found = crawl(reach(server.url, client), client)
        assert found.login is not None
        assert (found.login.kind, found.login.action) == ("basic", "/")
        assert log_in(found.login, client, "ann", "wrong") is None
        assert log_in(found.login, client, "ann", "p:w") is not None
        assert client.get("/").status == 200
    assert server.methods <= {"GET", "OPTIONS"}
    auth = login_auth(found.login)
    assert auth is not None
    assert (auth.user, auth.password) == ("{env.LOADSTONE_USER}", "{env.LOADSTONE_PASSWORD}")
    with answering(_tokens) as server, Client(limits=QUICK) as client:
        found = crawl(reach(server.url, client), client)
        assert found.login is not None and found.login.kind == "bearer"
        assert login_auth(found.login).bearer == "{env.LOADSTONE_TOKEN}"  # type: ignore[union-attr]
        assert log_in(found.login, client, "", "t0ken-t0ken") is not None


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"access_token": "a" * 8, "token": "b" * 8}, "$.access_token"),
        ({"user": {"name": "ann", "token": "b" * 8}}, "$.user.token"),
        ({"token": "short"}, None),
        ({"token": 12345678}, None),
        ([1, 2], None),
        (None, None),
    ],
)
def test_where_a_token_stands(document: object, path: str | None) -> None:
    assert token_path(document) == path


def test_a_login_on_a_usual_place_is_found_without_a_link() -> None:
    with answering({"/": page(), "/accounts/login/": DJANGO}) as server, Client(limits=QUICK) as client:
        found = crawl(reach(server.url, client), client)
    assert found.login is not None
    assert found.login.page == "/accounts/login/"
    assert ("GET", "/accounts/login/", 1) in found.seen


def test_no_credential_is_in_a_journey_or_a_crawl() -> None:
    with answering(Service()) as server, Client(limits=QUICK) as client:
        found = crawl(reach(server.url, client), client)
        assert found.login is not None
        entered = log_in(found.login, client, "ann@example.com", "pass word")
        assert entered is not None
        again = crawl(reach(server.url, client), client, known=found)
        told = repr((entered, again, login_journey(entered, "https://h")))
    assert "pass word" not in told and "ann@example.com" not in told
