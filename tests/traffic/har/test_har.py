"""Archives of the browsers come in as recordings of one origin, whatever each of them adds or leaves out."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest

from loadstone.model.recording import Recording
from loadstone.traffic.har import read_har, read_runs
from tests.traffic.har.made import SHOP, chrome, entry, firefox, safari, webpagetest, write


def targets(recording: Recording) -> list[str]:
    return [f"{one.method} {one.target}" for one in recording.exchanges]


def test_chrome_with_content(tmp_path: Path) -> None:
    har = chrome(
        entry("/", mime="text/html", text="<h1>Shop</h1>", _resourceType="document"),
        entry("/app.js", mime="text/javascript", text="x()", _resourceType="script"),
        entry("/logo", mime="image/svg+xml", text="<svg/>"),
        entry(
            "/api/cart?x=1#top",
            method="POST",
            status=201,
            at="2026-03-01T10:00:01.250Z",
            sent={
                ":authority": "shop.example",
                ":path": "/api/cart",
                "Content-Type": "application/json; charset=utf-8",
            },
            post={"mimeType": "application/json", "text": '{"id": 17}'},
            got=[("Set-Cookie", "a=1; Path=/\nb=2; Path=/"), ("Content-Type", "application/json")],
            _resourceType="fetch",
        ),
    )
    recording = read_har(write(tmp_path, har))
    assert targets(recording) == ["GET /", "POST /api/cart?x=1"]
    assert (recording.origin, recording.assets, recording.elsewhere) == (SHOP, 2, 0)
    assert recording.by == "WebInspector 537.36"
    page, cart = recording.exchanges
    assert (page.reply.media_type, page.reply.body) == ("text/html", "<h1>Shop</h1>")
    assert cart.request.headers == (("content-type", "application/json; charset=utf-8"),)
    assert (cart.request.media_type, cart.request.body) == ("application/json", '{"id": 17}')
    assert [value for name, value in cart.reply.headers if name == "set-cookie"] == ["a=1; Path=/", "b=2; Path=/"]
    assert (cart.start_s, cart.duration_s, cart.status) == (1.25, 0.012, 201)


def test_chrome_without_content_and_without_credentials(tmp_path: Path) -> None:
    recording = read_har(write(tmp_path, chrome(entry("/", mime="text/html", text=None))))
    told = " ".join(recording.notes)
    assert recording.exchanges[0].reply.body is None
    assert "no reply has its body" in told
    assert "neither cookies nor credentials" in told


def test_what_holds_credentials_is_not_called_stripped(tmp_path: Path) -> None:
    recording = read_har(write(tmp_path, chrome(entry("/", sent={"Cookie": "a=1"}))))
    assert recording.notes == ()


def test_firefox_s_zones_and_cached_replies(tmp_path: Path) -> None:
    har = firefox(
        entry("/b", at="2026-03-01T11:00:02.000+01:00"),
        entry("/a", at="2026-03-01T10:00:01.5000000Z", status=304, text=None),
        entry("/c", at="2026-03-01T11:00:03.000+0100", status=0, text=None),
    )
    recording = read_har(write(tmp_path, har))
    assert targets(recording) == ["GET /a", "GET /b", "GET /c"]  # in the order of their instants
    assert [one.start_s for one in recording.exchanges] == [0.0, 0.5, 1.5]
    assert [one.status for one in recording.exchanges] == [304, 200, 0]
    assert "1 request without a reply" in recording.notes


def test_safari_s_caches_and_workers(tmp_path: Path) -> None:
    har = safari(
        entry("/"),
        entry("/old", _fetchType="Disk Cache"),
        entry("/older", _fetchType="Memory Cache"),
        entry("/worked", _fetchType="Service Worker"),
        entry("/worked"),
        entry("/alone", _fetchType="Service Worker"),
    )
    recording = read_har(write(tmp_path, har))
    assert targets(recording) == ["GET /", "GET /worked", "GET /alone"]
    assert "2 requests that the browser's cache answered left out" in recording.notes
    assert "1 request that a service worker sent on left out" in recording.notes


def test_webpagetest_has_runs(tmp_path: Path) -> None:
    har = webpagetest(
        *(entry(f"/{run}", _run=run, _cached=0) for run in (1, 2, 3)),
        entry("/1", _run=1, _cached=1),
        entry("/1/more", _run=1, _cached=0),
    )
    path = write(tmp_path, har)
    runs = read_runs(path)
    assert [targets(run) for run in runs] == [["GET /1", "GET /1/more"], ["GET /2"], ["GET /3"]]
    first = read_har(path)
    assert targets(first) == ["GET /1", "GET /1/more"]
    assert any("3 runs" in note for note in first.notes)
    assert any("warm cache" in note for note in first.notes)


def test_a_packed_file_and_marks_of_byte_order(tmp_path: Path) -> None:
    text = json.dumps(chrome(entry("/ä", text='{"ü": 1}')))
    packed = tmp_path / "visit.har"
    packed.write_bytes(gzip.compress(text.encode()))
    for content in (gzip.compress(text.encode()), b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16")):
        packed.write_bytes(content)
        recording = read_har(packed)
        assert recording.exchanges[0].reply.body == '{"ü": 1}'


def test_a_body_in_base64(tmp_path: Path) -> None:
    coded = base64.b64encode("größer".encode("latin-1")).decode()
    har = chrome(
        entry("/a", mime="text/html; charset=iso-8859-1", text=coded, content={"encoding": "base64"}),
        entry("/b", mime="application/pdf", text=coded, content={"encoding": "base64"}),
        entry("/c", mime="text/html", text="%%%", content={"encoding": "base64"}),
    )
    bodies = [one.reply.body for one in read_har(write(tmp_path, har)).exchanges]
    assert bodies == ["größer", None, None]


def test_a_form_that_is_told_by_its_fields(tmp_path: Path) -> None:
    fields = [{"name": "q", "value": "a b&c"}, {"name": "page", "value": "2"}]
    post = {"mimeType": "application/x-www-form-urlencoded", "params": fields}
    recording = read_har(write(tmp_path, firefox(entry("/search", method="POST", post=post))))
    assert recording.exchanges[0].request.body == "q=a+b%26c&page=2"


def test_files_that_were_sent_are_not_there_and_told(tmp_path: Path) -> None:
    post = {"mimeType": "multipart/form-data; boundary=x", "params": [{"name": "f", "fileName": "a.png"}]}
    recording = read_har(write(tmp_path, chrome(entry("/up", method="POST", post=post))))
    assert recording.exchanges[0].request.body is None
    assert any("files or other bytes" in note for note in recording.notes)


def test_what_is_not_driven_is_left_out_and_counted(tmp_path: Path) -> None:
    har = chrome(
        entry("/"),
        entry("/ws", status=101, _resourceType="websocket", _webSocketMessages=[{"type": "send", "data": "x"}]),
        entry("/events", mime="text/event-stream"),
        entry("/api", method="OPTIONS", status=204, sent={"Access-Control-Request-Method": "PUT"}),
        entry("/page", _fromCache="disk"),
        entry("", origin="data:text/plain,x"),
        entry("", origin="chrome-extension://abc/x.js"),
    )
    recording = read_har(write(tmp_path, har))
    assert targets(recording) == ["GET /"]
    told = " ".join(recording.notes)
    for word in ("WebSocket", "event stream", "preflight", "cache answered"):
        assert word in told


def test_the_origin_is_the_one_with_the_most_requests(tmp_path: Path) -> None:
    har = chrome(
        entry("/", origin="https://www.shop.example", mime="text/html"),
        *(entry(f"/{n}.png", origin="https://cdn.shop.example", mime="image/png") for n in range(9)),
        *(entry(f"/v1/{n}", origin="https://api.shop.example:443") for n in range(3)),
        *(entry(f"/collect/{n}", origin="https://stats.example") for n in range(5)),
    )
    path = write(tmp_path, har)
    recording = read_har(path)
    assert (recording.origin, len(recording.exchanges), recording.elsewhere) == ("https://api.shop.example", 3, 15)
    assert "15 requests to other origins left out" in recording.notes[0]
    chosen = read_har(path, url="https://WWW.shop.example/some/where")
    assert (chosen.origin, targets(chosen)) == ("https://www.shop.example", ["GET /"])
    other = read_har(path, url="http://127.0.0.1:8000")
    assert other.origin == "https://api.shop.example"
    assert "nothing of http://127.0.0.1:8000" in other.notes[0]


@pytest.mark.parametrize(
    ("page", "other", "one_site"),
    [
        ("http://localhost:3000", "http://localhost:8000", True),
        ("http://127.0.0.1:3000", "http://127.0.1.1:8000", False),
        ("https://www.bbc.co.uk", "https://api.other.co.uk", False),
        ("https://www.bbc.co.uk", "https://api.bbc.co.uk", True),
        ("https://shop.example", "https://shop.test", False),
        ("https://[::1]:80", "https://[::1]:81", True),
    ],
)
def test_another_site_is_never_taken_for_ours(tmp_path: Path, page: str, other: str, one_site: bool) -> None:
    har = chrome(entry("/", origin=page, mime="text/html"), entry("/a", origin=other), entry("/b", origin=other))
    assert read_har(write(tmp_path, har)).origin == (other if one_site else page)


def test_a_redirect_to_another_origin_is_not_the_service(tmp_path: Path) -> None:
    har = chrome(
        entry("/", origin="http://shop.example", status=301, text=None, got=[("Location", "https://shop.example/")]),
        entry("/", mime="text/html"),
    )
    assert read_har(write(tmp_path, har)).origin == SHOP


def test_redirects_are_exchanges_of_their_own(tmp_path: Path) -> None:
    har = chrome(
        entry("/login", method="POST", status=303, text=None, got=[("Location", "/account")]),
        entry("/account", at="2026-03-01T10:00:00.012Z"),
    )
    recording = read_har(write(tmp_path, har))
    assert targets(recording) == ["POST /login", "GET /account"]
    assert recording.exchanges[0].reply.header("location") == "/account"


def test_entries_of_another_make(tmp_path: Path) -> None:
    odd = entry("/odd")
    odd["response"]["status"] = "200"
    odd["response"]["headers"] = None
    odd["time"] = None
    odd["startedDateTime"] = "yesterday"
    bare = {"request": {"method": "get", "url": f"{SHOP}/bare"}}
    recording = read_har(write(tmp_path, {"log": {"entries": [odd, bare, 7, {"request": {}}]}}))
    assert targets(recording) == ["GET /odd", "GET /bare"]
    assert [one.status for one in recording.exchanges] == [200, 0]
    assert "2 entries could not be read" in recording.notes


def test_pages_are_numbered(tmp_path: Path) -> None:
    har = chrome(entry("/a"), entry("/b", pageref="page_2"), entry("/c", pageref="page_1"))
    assert [one.page for one in read_har(write(tmp_path, har)).exchanges] == [0, 1, 0]


def test_a_letter_that_was_cut(tmp_path: Path) -> None:
    """Chrome cuts a body where its limit lies, in the middle of a surrogate pair too."""
    path = tmp_path / "visit.har"
    whole = json.dumps(chrome(entry("/", text='{"a": "MARK", "b": "\U0001f600", "c": "\\\\ud83d"}')))
    path.write_bytes(whole.replace("MARK", "\\ud83d").encode() + b"\n")
    body = read_har(path).exchanges[0].reply.body
    assert body == '{"a": "�", "b": "\U0001f600", "c": "\\\\ud83d"}'
    path.write_bytes(whole.encode().replace(b"MARK", b"\xff"))
    body = read_har(path).exchanges[0].reply.body
    assert body is not None and '"a": "�"' in body


@pytest.mark.parametrize("kind", ["image", "stylesheet", "script", "font", "media", "manifest"])
def test_assets_by_what_chrome_wanted_them_for(tmp_path: Path, kind: str) -> None:
    har = chrome(entry("/"), entry("/x", mime="text/plain", _resourceType=kind))
    recording = read_har(write(tmp_path, har))
    assert (targets(recording), recording.assets) == (["GET /"], 1)
