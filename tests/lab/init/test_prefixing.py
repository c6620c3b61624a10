"""Routes that answer under a prefix are found there, and a page that every path answers is no answer."""

from __future__ import annotations

from loadstone.lab.init.prefixing import found_prefix, prefixed, shell_of
from loadstone.lab.init.probing import Probing
from loadstone.model.discovery import Login
from loadstone.model.route import Route
from loadstone.traffic.crawl.reply import Reply
from tests.lab.init.pages import Pages

SHELL = "<!doctype html><html><head><title>App</title><script src='/app.js'></script></head><body></body></html>"
ROUTES = [Route("GET", path, sources=("openapi",)) for path in ("/flows", "/runs", "/settings")]


class App(Pages):
    """Answers every path that it does not know with its page."""

    def get(self, target: str) -> Reply:
        self.replies.setdefault(target, SHELL)
        return super().get(target)


def test_routes_behind_a_page_are_found_under_their_prefix() -> None:
    app = App({"/api/flows": [], "/api/runs": [], "/api/settings": {}})
    assert found_prefix(ROUTES, "http://a/openapi.json", (), app, shell_of(app)) == "/api"


def test_routes_under_the_documents_own_folder() -> None:
    app = Pages({"/inner/v7/flows": [], "/inner/v7/runs": 401, "/inner/v7/settings": {}})
    assert found_prefix(ROUTES, "http://a/inner/v7/openapi.json", (), app, shell_of(app)) == "/inner/v7"


def test_routes_that_are_where_they_are_told_stay_there() -> None:
    app = Pages({"/flows": [], "/runs": 401, "/settings": {}, "/api/flows": []})
    assert found_prefix(ROUTES, "openapi.json", (), app, shell_of(app)) == ""


def test_routes_that_are_nowhere_stay_too() -> None:
    app = Pages({})
    assert found_prefix(ROUTES, "openapi.json", ["/x/y"], app, shell_of(app)) == ""
    assert found_prefix([], "openapi.json", (), app, shell_of(app)) == ""


def test_the_login_moves_along() -> None:
    routes, login = prefixed(ROUTES, Login("json", "/token"), "/api")
    assert [one.template for one in routes] == ["/api/flows", "/api/runs", "/api/settings"]
    assert login is not None
    assert login.action == "/api/token"


def test_the_page_of_every_path_is_no_answer() -> None:
    app = App({"/flows": {"items": []}})
    seen = Probing(app, shell=shell_of(app).covers).ask([*ROUTES, Route("GET", "/", sources=("crawl",))])
    assert {way.route.template for way in seen.ways} == {"/", "/flows"}
    assert "every path" in seen.failed["GET /runs"]
