"""A look at real services finds the login, tries it with credentials, and the engine runs what was written of it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from loadstone.drive.compile import Recording, compile_plan
from loadstone.drive.engine import Exchange, native
from loadstone.lab.trial import POLL_S
from loadstone.model.discovery import Login
from loadstone.model.service import Service
from loadstone.model.shape import Shape
from loadstone.model.workload import Journey, Step, Workload
from loadstone.traffic.crawl import Client, Crawled, Limits, crawl, log_in, login_auth, login_journey, reach
from loadstone.traffic.openapi import read_openapi
from tests.integration.observing import ROOT
from tests.throwaway import free_port

DJANGO = """
import sys
import django
from django.conf import settings
settings.configure(
    DEBUG=False, SECRET_KEY="a test", ALLOWED_HOSTS=["localhost"], ROOT_URLCONF=__name__, USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[2]}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                    "django.contrib.admin", "django.contrib.messages"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware",
                "django.middleware.csrf.CsrfViewMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.messages.middleware.MessageMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
        "context_processors": ["django.template.context_processors.request",
                               "django.contrib.auth.context_processors.auth",
                               "django.contrib.messages.context_processors.messages"]}}],
    LOGIN_URL="/accounts/login/",
)
django.setup()
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse
from django.template import engines
from django.urls import path

class Entrance(LoginView):
    def render_to_response(self, context, **options):
        text = "<!doctype html><form method='post'>{% csrf_token %}{{ form.as_p }}<button>Log in</button></form>"
        return HttpResponse(engines["django"].from_string(text).render(context, self.request))

@login_required
def shelf(request):
    return HttpResponse("<!doctype html><a href='/shelf/1'>one</a><a href='/accounts/logout/'>out</a>")

@login_required
def book(request, number):
    return HttpResponse(f"book {number}")

def home(request):
    return HttpResponse("<!doctype html><a href='/shelf'>the shelf</a>")

urlpatterns = [path("", home), path("shelf", shelf), path("shelf/<int:number>", book), path("admin/", admin.site.urls),
               path("accounts/login/", Entrance.as_view(next_page="/shelf")),
               path("accounts/logout/", LogoutView.as_view())]
if __name__ == "__main__":
    from django.core.management import call_command, execute_from_command_line
    call_command("migrate", verbosity=0)
    from django.contrib.auth.models import User
    User.objects.create_superuser("ann", "ann@example.com", "pass {word}")
    execute_from_command_line(["manage", "runserver", "--noreload", f"127.0.0.1:{sys.argv[1]}"])
"""

FLASK = '''
import secrets
import sys
from flask import Flask, redirect, request, session, url_for
app = Flask(__name__)
app.secret_key = "a test"

@app.get("/")
def home():
    return redirect(url_for("mine")) if "user" in session else "<!doctype html><a href='/sign-in'>Sign in</a>"

@app.route("/sign-in", methods=["GET", "POST"])
def sign_in():
    if request.method == "POST":
        if request.form.get("csrf_token") != session.get("token"):
            return "The CSRF token is invalid.", 400
        if (request.form["email"], request.form["password"]) == ("ann@example.com", "pass {word}"):
            session["user"] = "ann"
            return redirect(url_for("mine"))
    session["token"] = secrets.token_urlsafe(24)
    return f"""<!doctype html><form action="" method="post"><input id="csrf_token" name="csrf_token" type="hidden"
      value="{session['token']}"><input name="email"><input name="password" type="password">
      <input type="submit" name="submit" value="Sign In"></form>"""

@app.get("/mine")
def mine():
    if "user" not in session:
        return redirect("/sign-in?next=/mine")
    return "<!doctype html><a href='/mine/orders'>orders</a>"

@app.get("/mine/orders")
def orders():
    return "orders" if "user" in session else redirect("/sign-in?next=/mine/orders")

app.run("127.0.0.1", int(sys.argv[1]))
'''

FASTAPI = """
import sys
import uvicorn
from fastapi import Depends, FastAPI, Form, HTTPException
from fastapi.security import OAuth2PasswordBearer
app = FastAPI()
bearer = OAuth2PasswordBearer(tokenUrl="token")

@app.post("/token")
def token(username: str = Form(), password: str = Form(), grant_type: str = Form(default="password")):
    if (username, password) != ("ann", "pass {word}"):
        raise HTTPException(400, "Incorrect username or password")
    return {"access_token": "a-token-of-ann", "token_type": "bearer"}

@app.get("/users/me")
def me(given: str = Depends(bearer)):
    if given != "a-token-of-ann":
        raise HTTPException(401, "no")
    return {"name": "ann"}

uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
"""


@contextmanager
def running(words: list[str], port: int, ready: str = "/") -> Iterator[str]:
    """A service as a process, until it answers and for the length of a ``with``."""
    process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    url, pause = f"http://127.0.0.1:{port}", threading.Event()
    try:
        for _ in range(1_000):
            assert process.poll() is None, "the service ended"
            try:
                httpx.get(f"{url}{ready}", trust_env=False)
                break
            except httpx.HTTPError:
                pause.wait(0.05)
        yield url
    finally:
        process.terminate()
        process.wait()


@contextmanager
def written(tmp_path: Path, text: str) -> Iterator[str]:
    """A service that stands in this text."""
    script, port = tmp_path / "service.py", free_port()
    script.write_text(text)
    with running([sys.executable, str(script), str(port), str(tmp_path / "data.db")], port) as url:
        yield url


def found(url: str, user: str, password: str) -> tuple[str, Crawled, Login, Crawled]:
    """The service's own URL, the look as nobody, the login that worked, the look as that user."""
    with Client(limits=Limits(pause_s=0.0)) as client:
        reached = reach(url, client)
        assert reached.fatal is None, reached.fatal
        first = crawl(reached, client)
        assert first.login is not None, first
        assert log_in(first.login, client, user, "wrong") is None
        entered = log_in(first.login, client, user, password)
        assert entered is not None
        return reached.final_url, first, entered, crawl(reached, client, known=first)


def driven(
    journey: Journey, service: Service, monkeypatch: pytest.MonkeyPatch, user: str, password: str
) -> tuple[Exchange, ...]:
    """The journey once, by the engine, as ``loadstone check`` runs it."""
    monkeypatch.setenv("LOADSTONE_USER", user)
    monkeypatch.setenv("LOADSTONE_PASSWORD", password)
    plan = compile_plan(Workload((journey,)), Shape(name="check", arrivals="once"), service, seed=1,
                        recording=Recording(exchanges=True))  # fmt: skip
    engine = native(plan.engine)
    engine.start()
    while not engine.finished():
        engine.poll(POLL_S)
    return engine.exchanges()


def test_the_sample_shop(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    with running([sys.executable, "-m", "loadstone.demo", "--port", str(port)], port, "/healthz") as url:
        service, _, login, again = found(url, "shopper7@example.com", "loadstone-demo")
        assert (login.answers, login.landing, login.csrf, login.csrf_cookie) == (303, "/account", "csrf", "csrf")
        assert {probe.target: probe.status for probe in again.probes}["/account"] == 200
        exchanges = driven(
            login_journey(login, service), Service(service), monkeypatch, "shopper7@example.com", "loadstone-demo"
        )
        assert [(one.step, one.status, one.error) for one in exchanges] == [
            ("login page", 200, False), ("log in", 303, False), ("landing", 200, False)]  # fmt: skip
        assert "Hello, " in (exchanges[2].response_body or "")
        assert exchanges[1].extracted["csrf"]
        failed = driven(login_journey(login, service), Service(service), monkeypatch, "shopper7@example.com", "wrong")
        assert [one.error for one in failed] == [False, True]
        assert "loadstone-demo" not in repr([one.request_body for one in exchanges])


def test_django_behind_its_allowed_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with written(tmp_path, DJANGO) as url:
        service, first, login, again = found(url, "ann", "pass {word}")
        assert service == url.replace("127.0.0.1", "localhost"), "ALLOWED_HOSTS has this name alone"
        assert (login.page, login.csrf, login.csrf_cookie, login.csrf_header) == (
            "/accounts/login/?next=/shelf", "csrfmiddlewaretoken", "csrftoken", "x-csrftoken")  # fmt: skip
        assert (login.answers, login.landing) == (302, "/shelf")
        assert "/shelf/1" in {target for _, target, _ in again.seen} - {target for _, target, _ in first.seen}
        exchanges = driven(login_journey(login, service), Service(service), monkeypatch, "ann", "pass {word}")
        assert [(one.step, one.status, one.error) for one in exchanges] == [
            ("login page", 200, False), ("log in", 302, False), ("landing", 200, False)]  # fmt: skip
        assert "/shelf/1" in (exchanges[2].response_body or "")


def test_flask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with written(tmp_path, FLASK) as url:
        service, first, login, again = found(url, "ann@example.com", "pass {word}")
        assert (login.page, login.user, login.csrf, login.csrf_cookie) == ("/sign-in", "email", "csrf_token", None)
        assert "/mine/orders" in {target for _, target, _ in again.seen} - {target for _, target, _ in first.seen}
        exchanges = driven(
            login_journey(login, service), Service(service), monkeypatch, "ann@example.com", "pass {word}"
        )
        assert [(one.step, one.status, one.error) for one in exchanges] == [
            ("login page", 200, False), ("log in", 302, False), ("landing", 200, False)]  # fmt: skip


def test_fastapi_by_its_own_description(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with written(tmp_path, FASTAPI) as url, Client(limits=Limits(pause_s=0.0)) as client:
        reached = reach(url, client)
        looked = crawl(reached, client)
        assert looked.openapi is not None
        login = read_openapi(looked.openapi[1], at=looked.openapi[0]).login
        assert login is not None
        assert log_in(login, client, "ann", "wrong") is None
        entered = log_in(login, client, "ann", "pass {word}")
        assert entered is not None and entered.token == "$.access_token"
        assert client.get("/users/me").json() == {"name": "ann"}
        journey = login_journey(entered, reached.final_url)
        me = Step("me", "GET", "/users/me", headers={"authorization": "Bearer {token}"})
        both = Journey("me", 1.0, (*journey.actions, me))
        exchanges = driven(both, Service(reached.final_url), monkeypatch, "ann", "pass {word}")
        assert [(one.step, one.status) for one in exchanges] == [("log in", 200), ("me", 200)]
        assert login_auth(entered) is None
