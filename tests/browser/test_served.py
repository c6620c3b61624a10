"""Pages as a server sends them: live while the run goes on, traces fetched when asked for, the list of runs."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from loadstone.model.causes_view import CauseDrawings, CausesView
from loadstone.model.finding import Marked
from loadstone.model.run_view import PhaseSpan, RunView
from loadstone.render.html import runs_html, served_html
from tests.browser import specimens
from tests.browser.conftest import DESK
from tests.browser.evidence_specimens import evidence, observed
from tests.browser.simulated import SHOP, simulate
from tests.browser.traces import failed, n_plus_1
from tests.render.causes_specimens import N_PLUS_1 as N_PLUS_1_FOUND
from tests.render.causes_specimens import founding

RUN = "20261123T101530-7f3a"
TRACE = failed()
LOST = "Failed to load resource"


def going(until_s: int) -> RunView:
    requests = [r for r in simulate(41, SHOP, 120, 30) if r.done_s <= until_s]
    view = specimens.view(f"The run is at 0:{until_s:02}.", requests, until_s, status="running")
    return replace(view, phases=(PhaseSpan("steady", 0.0, 30.0, True),))


def event(name: str, view: RunView) -> bytes:
    return f"event: {name}\ndata: ".encode() + msgspec.json.encode(view) + b"\n\n"


@dataclass
class Site:
    """A server under the test's hand: it sends an event when the test says so."""

    page: str = ""
    events: queue.Queue[bytes | None] = field(default_factory=queue.Queue)
    asked: list[str] = field(default_factory=list)
    address: str = ""
    refuse: int = 0


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            if self.path.endswith("/events"):
                self._stream()
            elif "/trace/" in self.path:
                found = self.path.endswith(TRACE.row.trace_id) and not site.refuse
                body = msgspec.json.encode(TRACE) if found else b"no"
                self._answer(200 if found else site.refuse or 404, "application/json", body)
            else:
                self._answer(200, "text/html; charset=utf-8", site.page.encode())

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            while (chunk := site.events.get()) is not None:
                self.wfile.write(chunk)
                self.wfile.flush()

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield site
    site.events.put(None)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that complains of nothing but what the test refuses or cuts off on purpose."""
    said: list[str] = []
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.on("console", lambda message: None if LOST in message.text else said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


def open_run(page: Page, site: Site, view: RunView, *, live: bool, link: str = "") -> None:
    base = f"/runs/{RUN}"
    served = {"run": RUN, "live": live, "trace": f"{base}/trace/", "events": f"{base}/events"}
    site.page = served_html(view, served)
    page.goto(f"{site.address}{base}{link}")
    page.locator("h1").wait_for()


def test_a_running_run_is_followed_to_its_end(page: Page, site: Site) -> None:
    open_run(page, site, going(5), live=True)
    expect(page.locator(".pulse")).to_have_text("live")
    expect(page.locator("#evidence")).to_contain_text("read once the run has ended")
    plot = page.locator("#latency-over-time .plot").first
    assert plot.get_attribute("aria-valuemax") == "4"
    site.events.put(event("view", going(9)))
    expect(page.locator("h1")).to_have_text("The run is at 0:09.")
    assert plot.get_attribute("aria-valuemax") == "8"
    site.events.put(event("end", observed()))
    expect(page.locator(".pulse")).to_have_text("ended")
    expect(page.get_by_role("treeitem", name="41 times")).to_be_visible()
    assert site.asked.count(f"/runs/{RUN}/events") == 1


def test_what_the_reader_chose_outlasts_an_update(page: Page, site: Site) -> None:
    first = replace(going(8), evidence=evidence())
    open_run(page, site, first, live=True, link=f"#trace-{TRACE.row.trace_id}")
    page.get_by_role("treeitem", name="POST /charge").click()
    plot = page.locator("#latency-over-time .plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    x, y = box["x"], box["y"] + 80
    page.mouse.move(x + 120, y)
    page.mouse.down()
    page.mouse.move(x + 400, y, steps=4)
    page.mouse.up()
    page.keyboard.press("Escape")
    plot.focus()
    page.keyboard.press("Home")
    begins = page.locator("#latency-over-time .keys .where").first.inner_text()
    assert begins not in {"0:01", "whole run"}
    page.keyboard.press("Escape")
    scrolled = page.evaluate("scrollY")
    site.events.put(event("view", replace(going(12), evidence=evidence())))
    expect(page.locator("h1")).to_have_text("The run is at 0:12.")
    assert page.evaluate("scrollY") == scrolled
    expect(page.locator(".detail h4")).to_contain_text("POST /charge")
    plot.focus()
    page.keyboard.press("Home")
    assert page.locator("#latency-over-time .keys .where").first.inner_text() == begins


def test_a_broken_stream_is_said_and_taken_up_again(page: Page, site: Site) -> None:
    open_run(page, site, going(5), live=True)
    site.events.put(b"retry: 10\n\n")
    site.events.put(event("view", going(6)))
    expect(page.locator("h1")).to_have_text("The run is at 0:06.")
    site.events.put(b"event: view\ndata: {not json\n\n")
    site.events.put(None)
    site.events.put(event("view", going(7)))
    expect(page.locator("h1")).to_have_text("The run is at 0:07.")
    expect(page.locator(".pulse")).to_have_text("live")
    assert site.asked.count(f"/runs/{RUN}/events") == 2


def test_a_trace_is_fetched_when_it_is_asked_for(page: Page, site: Site) -> None:
    seen = evidence()
    carried = replace(seen, drawn=tuple(one for one in seen.drawn if one.row.trace_id == n_plus_1().row.trace_id))
    open_run(page, site, replace(observed(), evidence=carried), live=False)
    page.locator(".pick", has_text="POST /orders").click()
    expect(page.get_by_role("treeitem", name="POST /charge")).to_be_visible()
    page.locator(".pick").first.click()
    page.locator(".pick", has_text="POST /orders").click()
    expect(page.get_by_role("treeitem", name="POST /charge")).to_be_visible()
    assert site.asked.count(f"/runs/{RUN}/trace/{TRACE.row.trace_id}") == 1
    page.locator(".pick").nth(5).click()
    expect(page.locator(".trace [role=status]")).to_have_text("The archive keeps no such trace.")
    site.refuse = 503
    page.locator(".pick").nth(6).click()
    expect(page.locator(".trace [role=status]")).to_contain_text("answered 503")


def test_an_exemplar_is_fetched_when_its_evidence_is_opened(page: Page, site: Site) -> None:
    fetched = Marked(TRACE.row.trace_id, (TRACE.spans[1].id,))
    cause = replace(N_PLUS_1_FOUND, exemplars=(fetched, Marked(n_plus_1().row.trace_id, clean=True)))
    seen = evidence()
    carried = replace(seen, drawn=tuple(one for one in seen.drawn if one.row.trace_id == n_plus_1().row.trace_id))
    causes = CausesView(replace(founding(), findings=(cause,)), (CauseDrawings(),))
    open_run(page, site, replace(observed(), evidence=carried, causes=causes), live=False)
    assert not [path for path in site.asked if "/trace/" in path]
    page.get_by_role("button", name="Show the evidence").click()
    found = page.locator(".finding").get_by_role("treeitem", name="offending, error, POST /charge")
    expect(found).to_have_attribute("aria-selected", "true")
    scales = page.locator(".finding .axis").all_inner_texts()
    assert len(scales) == 2
    assert scales[0] == scales[1]


def test_a_run_that_has_ended_is_not_followed(page: Page, site: Site) -> None:
    open_run(page, site, observed(), live=False)
    expect(page.get_by_role("link", name="Loadstone", exact=True)).to_have_attribute("href", "/")
    assert page.locator(".pulse").count() == 0
    assert not [path for path in site.asked if path.endswith("/events")]


def row(number: int, **known: object) -> dict[str, object]:
    return {
        "run": f"20261123T1015{number:02}-7f3a", "status": "complete", "outcome": "pass", "validity": "valid",
        "started_ns": 1_795_428_930_000_000_000 + number * 10**9, "requests": 1000 * number, "errors": 0,
        "offered_per_s": 500.0, "p99_s": 0.0124, "command": ["loadstone", "run", "--seed", str(number)],
        "url": "http://127.0.0.1:8000", **known,
    }  # fmt: skip


def test_the_runs_are_listed_newest_first(page: Page, site: Site) -> None:
    rows = [
        row(1),
        row(2, outcome="fail", errors=12, p99_s=0.9),
        row(3, status="running", outcome=None, validity=None, requests=None, errors=None, p99_s=None),
        row(4, command=["loadstone", "run", specimens.HOSTILE], url=specimens.HOSTILE),
    ]
    site.page = runs_html(rows)
    page.goto(site.address)
    expect(page.locator("h1")).to_have_text("4 runs are kept. One is running.")
    table = page.locator("tbody tr")
    assert [line.split()[0] for line in table.locator("th").all_inner_texts()] == [
        row(number)["run"] for number in (4, 3, 2, 1)
    ]
    page.get_by_role("button", name="p99").click()
    assert "Fail" in table.first.inner_text()
    assert page.evaluate("window.owned") is None
    expect(page.get_by_role("link", name=str(row(1)["run"]))).to_have_attribute("href", f"/runs/{row(1)['run']}")
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


def test_an_empty_archive_says_how_to_fill_it(page: Page, site: Site) -> None:
    site.page = runs_html([])
    page.goto(site.address)
    expect(page.locator("main")).to_contain_text("loadstone run URL")
