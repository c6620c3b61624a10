"""Links of pages and of data: what is of the service, and nothing else, however broken the page."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.traffic.crawl.addresses import is_asset, is_risky, same_origin, target_of
from loadstone.traffic.crawl.pages import FormField, read_page, shallow
from loadstone.traffic.crawl.reply import Reply
from loadstone.traffic.crawl.structured import header_links, json_links, sitemap_entries

BASE = "http://shop.example:8000/a/b?c=d"


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("x", "/a/x"),
        ("/x?y=1#z", "/x?y=1"),
        ("?page=2", "/a/b?page=2"),
        ("../../../x", "/x"),
        ("http://SHOP.example:8000/x", "/x"),
        ("//shop.example:8000/x", "/x"),
        ("  /x\n", "/x"),
        ("/grün und blau", "/gr%C3%BCn%20und%20blau"),
        ("/a%20b", "/a%20b"),
        ("/x;jsessionid=0AF3?y=1", "/x?y=1"),
        ("/x?PHPSESSID=abc&y=1", "/x?y=1"),
        ("/x?sid=1", "/x"),
        ("/x?utm_source=mail&q=a+b", "/x?q=a+b"),
        ("http://shop.example:8000", "/"),
        ("", None),
        ("#top", None),
        ("mailto:a@b.example", None),
        ("javascript:void(0)", None),
        ("data:text/html,x", None),
        ("https://shop.example:8000/x", None),
        ("http://shop.example/x", None),
        ("http://other.example:8000/x", None),
        ("http://[::1/x", None),
        ("/items/{id}", None),
        ("/" + "x" * 3_000, None),
    ],
)
def test_a_reference_means_a_target_of_the_service_or_nothing(reference: str, target: str | None) -> None:
    assert target_of(BASE, reference) == target


@given(st.text(max_size=80))
def test_no_reference_leaves_the_service(reference: str) -> None:
    target = target_of(BASE, reference)
    if target is not None:
        assert target.startswith("/")
        assert target.isascii()
        assert not set(target) & set(" \r\n\t\0")
        assert urlsplit(f"http://shop.example:8000{target}").netloc == "shop.example:8000"
        assert target_of(BASE, f"http://shop.example:8000{target}") == target, "it means itself"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://localhost:8000", "http://127.0.0.1:8000/x", True),
        ("http://[::1]:8000", "http://localhost:8000", True),
        ("http://localhost:8000", "http://localhost:8001", False),
        ("http://localhost", "https://localhost", False),
        ("http://a.example", "http://a.example:80/", True),
        ("http://a.example", "http://b.example", False),
    ],
)
def test_names_of_this_machine_are_one_service(one: str, other: str, same: bool) -> None:
    assert same_origin(one, other) is same


@pytest.mark.parametrize(
    "target",
    ["/logout", "/log-out/", "/accounts/sign_out", "/items/5/delete", "/items?action=delete", "/x/remove?y=1",
     "/newsletter/unsubscribe", "/admin/flush", "/cart?do=clear", "/cart/add-to-cart", "/user.logoff", "/exit"],
)  # fmt: skip
def test_links_that_are_named_for_a_deed_are_known(target: str) -> None:
    assert is_risky(target)


@pytest.mark.parametrize(
    "target", ["/login", "/deleted-scenes", "/catalogue", "/stopwords", "/blog/archive", "/resets", "/"]
)
def test_others_are_not(target: str) -> None:
    assert not is_risky(target)


def test_assets_are_known_by_their_ending() -> None:
    assert is_asset("/static/app.js?v=1") and is_asset("/a/B.PNG")
    assert not is_asset("/openapi.json") and not is_asset("/search?q=a.png") and not is_asset("/sitemap.xml")


PAGE = """<!doctype html><html><head><title> The  shop </title><base href="/shop/">
<link rel="stylesheet" href="/s.css"><link rel="next" href="?page=3"><link rel="service-desc" href="/openapi.json">
<meta name="csrf-token" content="abc"><meta http-equiv="refresh" content="5; url=/moved"></head><body>
<a href="one">1<a href='/two'>2</a><a href=/three>3</a><a href="http://elsewhere.example/">4</a><a href="x.pdf">5</a>
<a rel="nofollow next" href="/more">6</a><a>7</a><a href="mailto:a@b.c">8</a><iframe src="/frame"></iframe>
<img src="/i.png"><script src="/app.js"></script>
<form action="/search"><input name="q" value="lamp"><input type=checkbox name=new checked>
<input type=radio name=r value=1><input type=radio name=r value=2 checked>
<select name=s><option value=a>A<option value=b selected>B</select><input type=file name=f><input disabled name=d>
<textarea name=t>text</textarea><button name=go value=1>Go</button></form>
<form method="POST"><input name=x></form><form method=post action="http://elsewhere.example/x"></form>
<table><tr><td><a href="/in-a-table">"""


def test_a_page_is_read_as_a_browser_reads_it() -> None:
    page = read_page("http://h/dir/page", PAGE)
    assert page.title == "The  shop"
    assert page.links == ("/shop/one", "/two", "/three", "/frame", "/in-a-table", "/moved")
    assert page.next == ("/more", "/shop/?page=3")
    assert page.described == ("/openapi.json",)
    assert page.meta["csrf-token"] == "abc"
    assert (page.assets, page.elsewhere) == (4, 1)
    search, own, away = page.forms
    assert (search.method, search.action) == ("GET", "/search")
    assert search.fields == (
        FormField("q", "text", "lamp"),
        FormField("new", "checkbox", "on"),
        FormField("r", "radio", "2"),
        FormField("s", "select", "b"),
        FormField("t", "textarea", "text"),
        FormField("go", "submit", "1"),
    )
    assert (own.method, own.action) == ("POST", "/dir/page")
    assert away.action is None


@given(st.binary(max_size=400))
def test_no_page_breaks_the_reader(body: bytes) -> None:
    text = body.decode(errors="replace")
    for wrapped in (text, "<a href='" + text, f"<form action={text}><input name={text}", "<base href=" + text):
        page = read_page("http://h:1/", wrapped)
        assert all(target.startswith("/") for target in (*page.links, *page.next))


def test_a_page_of_a_hundred_thousand_links_is_read_in_part() -> None:
    page = read_page("http://h/", "".join(f"<a href=/{number}>x</a>" for number in range(100_000)))
    assert len(page.links) == 2_000


def test_deep_nesting_is_read_as_far_as_pages_go() -> None:
    deep = "<a href=/first></a>" + "<div>" * 200_000 + "<a href=/deep>"
    assert read_page("http://h/", deep).links == ("/first",)
    assert len(shallow(deep)) < 20_000, "the parser takes a minute and a half for all of it"
    flat = "<p>one<li>two<br>" * 20_000 + "<b>x</b>" * 20_000 + "<a href=/last>"
    assert read_page("http://h/", flat).links == ("/last",)


def test_links_of_json_are_found_wherever_they_stand() -> None:
    document = {
        "_links": {
            "self": {"href": "/orders/1"},
            "next": {"href": "/orders?page=2"},
            "find": {"href": "/orders{?id}", "templated": True},
            "one": {"href": "/orders/{id}", "templated": True},
        },
        "links": [{"rel": "next", "href": "/more"}, {"rel": "item", "href": "http://h:1/item"}],
        "data": [{"links": {"self": "/articles/1"}, "picture": "/p.png", "text": "/not a path", "n": 1}],
        "next": "http://h:1/orders?cursor=abc",
        "elsewhere": "https://other.example/x",
        "sentence": "see /orders for more",
        "slash": "//other.example/x",
    }
    links, following = json_links("http://h:1/orders", document)
    assert set(following) == {"/orders?page=2", "/more", "/orders?cursor=abc"}
    assert set(links) == {"/orders/1", "/orders", "/item", "/articles/1"}


def test_huge_and_deep_documents_are_read_in_part() -> None:
    deep: object = "/deep"
    for _ in range(10_000):
        deep = [deep]
    assert json_links("http://h/", deep) == ((), ())
    links, _ = json_links("http://h/", [f"/items/{number}" for number in range(100_000)])
    assert len(links) == 1_000


def test_link_headers() -> None:
    value = '<http://h/x?page=2>; rel="next", </y>; rel=item; title="a, b", <https://other.example/>; rel=z, <mailto:x>'
    reply = Reply("http://h/x", "GET", "/x", 200, (("link", value), ("link", "</openapi.json>; rel=service-desc")))
    assert header_links("http://h/x", reply) == (
        ("next", "/x?page=2"),
        ("item", "/y"),
        ("service-desc", "/openapi.json"),
    )


def test_sitemaps_and_their_index() -> None:
    body = b"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>
    http://h/a?x=1&amp;y=2 </loc></url><url><loc><![CDATA[http://h/b]]></loc></url><url><loc>http://other/c</loc></url>"""
    assert sitemap_entries("http://h/sitemap.xml", body, 1_000) == (("/a?x=1&y=2", "/b"), ())
    index = b"<sitemapindex><sitemap><loc>http://h/s1.xml.gz</loc></sitemap></sitemapindex>"
    assert sitemap_entries("http://h/sitemap.xml", index, 1_000) == ((), ("/s1.xml.gz",))
    assert sitemap_entries("http://h/s", b"\x1f\x8bbroken", 1_000) == ((), ())
