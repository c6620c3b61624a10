"""A look around a service: everything is found that pages lead to, nothing is changed, and no trap holds it."""

from __future__ import annotations

import gzip
import json
from itertools import count

import pytest

from loadstone.traffic.crawl import Client, Crawled, Limits, crawl, reach
from loadstone.traffic.crawl.pages import Form, FormField
from tests.hostile.server import HostileServer, Peer
from tests.traffic.crawl.answering import Answer, Answered, Asked, Pages, answering, page

QUICK = Limits(pause_s=0.0)


def look(server: Answered, limits: Limits = QUICK) -> Crawled:
    with Client(limits=limits) as client:
        return crawl(reach(server.url, client), client)


def looked(pages: Pages, limits: Limits = QUICK) -> tuple[Crawled, Answered]:
    with answering(pages) as server:
        found = look(server, limits)
    assert server.methods <= {"GET", "OPTIONS"}, "a look sends what changes nothing"
    return found, server


def targets(found: Crawled, method: str = "GET") -> set[str]:
    return {target for name, target, _ in found.seen if name == method}


def asked(server: Answered) -> set[str]:
    """The pages that were asked for."""
    return {one.target for one in server.asked if one.method == "GET"}


def test_pages_forms_and_counts_are_found() -> None:
    found, server = looked(
        {
            "/": page("/about", "/products", "/about", more="<script src=/a.js></script><img src=/i.png>"),
            "/about": page("/", "/products"),
            "/products": page("/products/1", more='<form action="/search"><input name=q value=lamp></form>'),
            "/products/1": page(more='<form method=post action="/cart"><input name=id value=1></form>'),
            "/search": page("/products/1"),
        }
    )
    assert {(method, target): number for method, target, number in found.seen} == {
        ("GET", "/about"): 1,  # of the two on one page, one
        ("GET", "/products"): 2,
        ("GET", "/"): 1,
        ("GET", "/products/1"): 2,
        ("GET", "/search?q=lamp"): 1,
        ("POST", "/cart"): 1,
    }
    assert {probe.target for probe in found.probes} == targets(found)
    assert all(probe.status == 200 for probe in found.probes)
    assert Form("/products/1", "POST", "/cart", (FormField("id", "text", "1"),)) in found.forms
    assert not asked(server) & {"/a.js", "/i.png", "/cart"}
    assert (found.login, found.openapi, found.obstacles) == (None, None, ())


def test_what_is_not_there_is_not_said_to_be() -> None:
    found, _ = looked({"/": page("/gone", "/there"), "/there": page()})
    assert targets(found) == {"/there"}
    assert {probe.target: probe.status for probe in found.probes}["/gone"] == 404


def test_after_a_few_pages_of_a_kind_it_goes_elsewhere() -> None:
    pages = {f"/items/{number}": page(*(f"/items/{number + one}" for one in range(1, 30))) for number in range(500)}
    pages |= {f"/people/{name}": page(f"/people/{name}/friends") for name in ("ann", "bob")}
    found, server = looked({**pages, "/": page(*list(pages)[:50], "/people/ann", "/zoo"), "/zoo": page("/zoo/map")})
    assert len([target for target in asked(server) if target.startswith("/items/")]) == QUICK.alike
    assert {"/people/ann", "/zoo", "/zoo/map", "/people/ann/friends"} <= asked(server) | targets(found)
    assert len([target for target in targets(found) if target.startswith("/items/")]) >= 50


def test_names_that_are_many_are_values() -> None:
    names = [
        f"/products/{first}-{second}"
        for first in ("oak", "elm", "ash", "fir")
        for second in ("cup", "box", "bed", "mat")
    ]
    found, server = looked({"/": page(*names, "/other"), **{name: page() for name in names}, "/other": page("/last")})
    assert len([target for target in asked(server) if target.startswith("/products/")]) <= 2 * QUICK.alike
    assert "/last" in asked(server)
    assert set(names) <= targets(found)


def test_a_calendar_without_end_does_not_hold_it() -> None:
    def calendar(one: Asked) -> Answer:
        path, _, query = one.target.partition("?")
        if path == "/":
            return page("/calendar?month=1", "/events/2024/01/01", "/contact")
        if path == "/calendar":
            month = int(query.rpartition("=")[2])
            return page(f"/calendar?month={month + 1}", f"/calendar?month={month - 1}")
        if path.startswith("/events/"):
            year, month, day = (int(part) for part in path.split("/")[2:])
            return page(f"/events/{year}/{month:02}/{day + 1:02}", f"/events/{year + 1}/{month:02}/{day:02}")
        return page() if path == "/contact" else Answer("", 404)

    found, server = looked(calendar)
    assert "/contact" in asked(server)
    assert sum(target.startswith("/calendar") for target in asked(server)) == QUICK.alike
    assert sum(target.startswith("/events") for target in asked(server)) == QUICK.alike
    assert not any("limit" in note for note in found.notes)


def test_sessions_in_addresses_do_not_make_pages_new() -> None:
    numbers = count()

    def sessions(one: Asked) -> Answer:
        token = f"{next(numbers):032x}"
        return page(f"/a;jsessionid={token}", f"/b?PHPSESSID={token}&x=1", f"/c?sid={token}")

    found, server = looked(sessions)
    assert {"/a", "/b?x=1", "/c"} <= asked(server)
    assert not any("sess" in target.lower() for target in asked(server) | targets(found))


def test_redirects_without_end_do_not_hold_it() -> None:
    def onward(one: Asked) -> Answer:
        if one.target == "/":
            return page("/hop/1", "/loop", "/out", "/end")
        if one.target.startswith("/hop/"):
            return Answer("", 302, headers=(("location", f"/hop/{int(one.target[5:]) + 1}"),))
        if one.target == "/loop":
            return Answer("", 301, headers=(("location", "/loop"),))
        if one.target == "/out":
            return Answer("", 302, headers=(("location", "http://127.0.0.1:9/"),))
        return page() if one.target == "/end" else Answer("", 404)

    found, server = looked(onward)
    assert sum(target.startswith("/hop/") for target in server.targets) == QUICK.alike
    assert server.targets.count("/loop") == 1
    assert "/end" in asked(server)
    assert {probe.target: probe.location for probe in found.probes}["/out"] == "http://127.0.0.1:9/"


def test_relative_links_that_deepen_do_not_hold_it() -> None:
    found, server = looked(lambda one: page("a/b/", "../c/"), Limits(pause_s=0.0, depth=50))
    assert len(server.asked) < 100
    assert all(len(target) < 200 for target in targets(found))


def test_links_that_are_deeds_are_seen_and_left_alone() -> None:
    found, server = looked(lambda one: page("/logout", "/items/1/delete", "/ok") if one.target == "/" else page())
    assert {"/logout", "/items/1/delete"} <= targets(found)
    assert not {"/logout", "/items/1/delete"} & asked(server)
    assert any("2 links are named for a deed" in note for note in found.notes)


def test_robots_txt_is_respected_and_told() -> None:
    found, server = looked(
        {
            "/": page("/private/x", "/public"),
            "/public": page(),
            "/private/x": page("/never"),
            "/robots.txt": Answer("User-agent: *\nDisallow: /private/\n", media_type="text/plain"),
        }
    )
    assert "/private/x" not in asked(server)
    assert found.disallowed == ("/private/",)
    assert any("robots.txt keeps robots from /private/: 1 links" in note for note in found.notes)


def test_sitemaps_lead_on_through_an_index_and_gzip() -> None:
    with answering(lambda one: pages.get(one.target, Answer("", 404))) as server:
        urls = "".join(f"<url><loc>{server.url}/hidden/{name}</loc></url>" for name in ("one", "two"))
        index = f"<sitemapindex><sitemap><loc>{server.url}/maps/1.xml.gz</loc></sitemap></sitemapindex>"
        pages = {
            "/": page(),
            "/robots.txt": Answer(f"Sitemap: {server.url}/maps/index.xml\n", media_type="text/plain"),
            "/maps/index.xml": Answer(index, media_type="application/xml"),
            "/maps/1.xml.gz": Answer(gzip.compress(f"<urlset>{urls}</urlset>".encode()), media_type="application/gzip"),
            "/hidden/one": page(),
        }
        found = look(server)
    assert "/hidden/one" in targets(found)


def test_an_api_of_json_is_walked() -> None:
    def api(one: Asked) -> Answer:
        documents = {
            "/": {"orders": "/orders", "people": "http://{host}/people/"},
            "/orders": {
                "items": [{"_links": {"self": {"href": f"/orders/{n}"}}} for n in range(9)],
                "next": "/orders?page=2",
            },
            "/orders?page=2": {"items": [], "next": None},
            "/people/": {"data": [{"links": {"self": "/people/ann"}}]},
        }
        document = documents.get(one.target, {"id": 1} if one.target[-1:].isalnum() else None)
        text = json.dumps(document).replace("{host}", one.headers["host"])
        return Answer(text, 200 if document else 404, "application/json")

    found, server = looked(api)
    assert {"/orders", "/people/", "/orders/0", "/orders?page=2", "/people/ann"} <= targets(found)
    assert "/people/ann" in asked(server)


def test_link_headers_lead_on() -> None:
    _found, server = looked(
        {
            "/": Answer("[]", media_type="application/json", headers=(("link", "</list?page=2>; rel=next"),)),
            "/list": page(),
        }
    )
    assert "/list?page=2" in asked(server)


OPENAPI = json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/x": {}}})
YAML = 'openapi: "3.0.3"\ninfo:\n  title: t\npaths:\n  /x: {}\n'


@pytest.mark.parametrize(
    "place", ["/openapi.json", "/swagger.json", "/api/schema/", "/v3/api-docs", "/api-docs", "/openapi.yaml"]
)
@pytest.mark.parametrize("text", [OPENAPI, YAML])
def test_a_description_is_found_where_frameworks_put_it(place: str, text: str) -> None:
    found, _ = looked({"/": page(), place: Answer(text, media_type="application/octet-stream")})
    assert found.openapi is not None
    assert found.openapi[0].endswith(place)
    assert found.openapi[1] == text


@pytest.mark.parametrize(
    ("place", "script"),
    [
        ("/docs", "<script>const ui = SwaggerUIBundle({url: '/deep/spec.json', dom_id: '#ui'})</script>"),
        ("/redoc", '<redoc spec-url="/deep/spec.json"></redoc>'),
        ("/docs", '<script id="api-reference" data-url="/deep/spec.json"></script>'),
        ("/swagger-ui/index.html", '<script src="/swagger-initializer.js"></script>'),
    ],
)
def test_a_description_is_found_through_its_documentation(place: str, script: str) -> None:
    pages = {
        "/": page(),
        place: Answer(f"<!doctype html><title>Docs</title>{script}"),
        "/deep/spec.json": Answer(OPENAPI, media_type="application/json"),
        "/swagger-initializer.js": Answer(
            'window.ui = SwaggerUIBundle({"url": "/deep/spec.json"})', media_type="text/javascript"
        ),
    }
    found, _ = looked(pages)
    assert found.openapi is not None
    assert found.openapi[1] == OPENAPI


def test_a_description_inside_a_script_is_found() -> None:
    pages = {
        "/": page(),
        "/api-docs": Answer("", 301, headers=(("location", "/api-docs/"),)),
        "/api-docs/": Answer("<!doctype html><script src='./swagger-ui-init.js'></script>"),
        "/api-docs/swagger-ui-init.js": Answer(f'var options = {{"swaggerDoc": {OPENAPI}, "customOptions": {{}}}};',
                                               media_type="application/javascript"),
    }  # fmt: skip
    found, _ = looked(pages)
    assert found.openapi is not None
    assert json.loads(found.openapi[1]) == json.loads(OPENAPI)


def test_a_description_that_the_service_names_is_found() -> None:
    pages = {"/": Answer("<link rel=service-desc href=/spec>"), "/spec": Answer(OPENAPI, media_type="application/json")}
    found, _ = looked(pages)
    assert found.openapi is not None


def test_a_front_end_that_answers_everything_has_no_description() -> None:
    found, server = looked(lambda one: Answer("<!doctype html><title>App</title><script src=/app.js></script>"))
    assert (found.openapi, found.login, found.graphql) == (None, None, None)
    assert any("drawn by its scripts" in note for note in found.notes)
    assert len(server.asked) < 30


@pytest.mark.parametrize(
    "answer",
    [
        Answer('{"data": {"__typename": "Query"}}', media_type="application/json"),
        Answer('{"errors": [{"message": "Must provide query string."}]}', 400, "application/json"),
        Answer("<title>GraphiQL</title>"),
        Answer("This operation has been blocked as a potential Cross-Site Request Forgery (CSRF).", 400, "text/plain"),
    ],
)
def test_graphql_is_noticed_and_told(answer: Answer) -> None:
    found, _ = looked({"/": page(), "/graphql": answer})
    assert found.graphql == "/graphql"
    assert any("GraphQL answers at /graphql" in note for note in found.notes)


def test_a_short_limit_of_the_rate_is_waited_for() -> None:
    numbers = count(1)

    def limited(one: Asked) -> Answer:
        if next(numbers) == 4:
            return Answer("slow down", 429, headers=(("retry-after", "0"),))
        return page("/a", "/b") if one.target == "/" else page()

    found, server = looked(limited)
    assert {"/a", "/b"} <= asked(server)
    assert "rate-limited" not in {obstacle.code for obstacle in found.obstacles}


def test_a_long_limit_of_the_rate_ends_the_look_and_is_told() -> None:
    def limited(one: Asked) -> Answer:
        if len(server.asked) > 5:
            return Answer("slow down", 429, headers=(("retry-after", "3600"), ("x-ratelimit-limit", "5")))
        return page(*(f"/{name}" for name in "abcdefgh"))

    with answering(limited) as server:
        found = look(server)
    assert sum(probe.status == 429 for probe in found.probes) == 1
    told = next(obstacle for obstacle in found.obstacles if obstacle.code == "rate-limited")
    assert "5 allowed; try again in 3600 s" in told.sentence


def test_the_look_ends_at_its_limit_and_says_so() -> None:
    found, server = looked(lambda one: page(*(f"{one.target.rstrip('/')}/{name}" for name in "abc")),
                           Limits(pause_s=0.0, requests=20))  # fmt: skip
    assert len(server.asked) <= 20 + 30  # the reserve for documents
    found, server = looked(lambda one: page("/a"), Limits(pause_s=0.0, requests=1))
    assert any("ended at its limit" in note for note in found.notes)
    assert len(server.asked) <= 2


def test_wrong_types_and_bytes_that_are_no_text_are_survived() -> None:
    pages = {
        "/": page("/png", "/lies", "/bytes", "/empty", "/latin"),
        "/png": Answer(b"\x89PNG\r\n\x1a\n" + bytes(200), media_type="image/png"),
        "/lies": Answer(b"\x00\xff\xfe" * 100, media_type="application/json"),
        "/bytes": Answer(b"<a href='/caf\xe9'>\xff\xfe<a href='/after'>", media_type="text/html; charset=utf-8"),
        "/empty": Answer(b"", media_type=""),
        "/latin": Answer("<a href='/caf\xe9'>".encode("latin-1"), media_type="text/html; charset=latin-1"),
        "/after": page(),
    }
    found, server = looked(pages)
    assert "/after" in asked(server)
    assert "/caf%C3%A9" in targets(found) | asked(server)


def _drips(peer: Peer) -> None:
    while peer.request():
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 100000\r\n\r\n<a href=/next>")
        while True:
            peer.send(b"<")
            peer.pause(0.02)


def test_a_service_that_drips_is_looked_at_for_as_long_as_was_said() -> None:
    with HostileServer(_drips) as server:
        limits = Limits(pause_s=0.0, reply_s=0.2, seconds=1.5)
        with Client(limits=limits) as client:
            found = crawl(reach(f"http://127.0.0.1:{server.port}", client), client)
    assert any("ended at its limit" in note for note in found.notes)
    assert server.connections < 15
    assert all(probe.problem == "only a part was read" for probe in found.probes)


def _half_of_each_breaks(peer: Peer) -> None:
    number = peer.request()
    while number:
        if number % 2:
            peer.reset()
            return
        body = f"<a href=/page-{number}>x</a><a href=/page-{number + 1}>x</a>".encode()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        number = peer.request()


def test_a_service_that_breaks_half_of_its_connections_is_data() -> None:
    with HostileServer(_half_of_each_breaks) as server, Client(f"http://127.0.0.1:{server.port}", QUICK) as client:
        client.get("/")  # so that the next one is answered
        found = crawl(reach(f"http://127.0.0.1:{server.port}", client), client)
    assert {probe.status for probe in found.probes} <= {0, 200}


def test_a_second_look_as_somebody_finds_what_was_closed() -> None:
    def service(one: Asked) -> Answer:
        known = one.headers.get("authorization") == "Bearer t"
        if one.target == "/swagger/":
            return Answer(OPENAPI, media_type="application/json") if known else Answer("", 403)
        if one.target == "/":
            return page("/open", *(["/mine"] if known else []))
        return page() if one.target in ("/open", *(["/mine"] if known else [])) else Answer("", 404)

    with answering(service) as server, Client(limits=QUICK) as client:
        reached = reach(server.url, client)
        first = crawl(reached, client)
        assert first.notes == ("A description of the API may stand at /swagger/: it asks for a login.",)
        client.bear("t")
        client.renew()
        second = crawl(reached, client, known=first)
        client.renew()
        before = len(server.asked)
        third = crawl(reached, client, known=second)
        assert len(server.asked) - before < 10, "what is known is not looked for again"
    assert "/mine" not in targets(first)
    assert "/mine" in targets(second)
    assert (first.openapi, third.openapi) == (None, second.openapi)
    assert second.openapi is not None and second.openapi[1] == OPENAPI


def test_pages_say_which_methods_they_have() -> None:
    def service(one: Asked) -> Answer:
        if one.method == "OPTIONS":
            allowed = {"/items": "GET, HEAD, OPTIONS, POST", "/items/1": "DELETE, GET, PATCH"}.get(one.target)
            return Answer("", 200 if allowed else 404, headers=(("allow", allowed),) if allowed else ())
        return page("/items", "/items/1", "/items/2") if one.target in ("/", "/items") else page()

    found, server = looked(service)
    assert targets(found, "POST") == {"/items"}
    assert targets(found, "DELETE") == targets(found, "PATCH") == {"/items/1"}
    assert sum(one.method == "OPTIONS" for one in server.asked) == 4  # one of each kind, and one that is not there


def test_a_server_that_allows_everything_everywhere_says_nothing() -> None:
    def service(one: Asked) -> Answer:
        return Answer("", headers=(("allow", "GET, POST, PUT, DELETE"),)) if one.method == "OPTIONS" else page("/a")

    found, server = looked(service)
    assert {method for method, _, _ in found.seen} == {"GET"}
    assert sum(one.method == "OPTIONS" for one in server.asked) == 1


def test_of_two_descriptions_the_one_of_the_service_is_taken() -> None:
    inner = json.dumps({"openapi": "3.1.0", "info": {}, "paths": {f"/api/{name}": {} for name in "abcdef"}})
    found, _ = looked(
        {
            "/": page(),
            "/openapi.json": Answer(OPENAPI, media_type="application/json"),
            "/api/openapi.json": Answer(inner, media_type="application/json"),
        }
    )
    assert found.openapi is not None
    assert found.openapi[1] == inner
