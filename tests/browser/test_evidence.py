"""Evidence on the page, in a real browser: flame graphs, statements and plans, host charts, the audit."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.evidence_specimens import EVIDENCE_SPECIMENS, many_spans


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", EVIDENCE_SPECIMENS)
def test_opens_from_a_disk_without_a_word(opened: Open, name: str, viewport: ViewportSize) -> None:
    page = opened(name, viewport)
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


def test_structure_for_those_who_do_not_see_it(opened: Open) -> None:
    page = opened("observed")
    page.get_by_role("button", name="Plan of SELECT id, rating").click()
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = page.eval_on_selector_all("[id]", "all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))
    targets = page.eval_on_selector_all('a[href^="#"]', "all => all.map(one => one.hash.slice(1))")
    assert set(targets) <= set(ids)
    assert {"evidence", "traces", "flames", "statements", "waits", "audit", "coverage", "missing", "price"} <= set(ids)
    for canvas in page.locator("canvas").all():
        holder = canvas.locator("xpath=ancestor-or-self::*[@aria-label][1]")
        assert len(holder.get_attribute("aria-label") or "") > 30
    for table in page.locator("table").all():
        assert table.locator("caption").text_content()
        assert table.locator("tbody tr > :first-child:not(th[scope=row])").count() == 0


def test_without_evidence_the_page_says_how_to_get_it(opened: Open) -> None:
    assert "loadstone run --evidence" in opened("healthy").locator("#evidence").inner_text()
    bare = opened("nothing seen")
    assert "no span was collected" in bare.locator("#traces").inner_text()
    assert "no stack was sampled" in bare.locator("#flames").inner_text()
    assert "loadstone doctor" in bare.locator("#missing").inner_text()


def test_hostile_evidence_is_text(opened: Open) -> None:
    page = opened("hostile evidence")
    page.get_by_role("button", name="Plan of").click()
    page.locator(".lines").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "End"):
        page.keyboard.press(key)
    page.locator("#latency-host summary").click()
    assert page.evaluate("window.owned") is None
    assert page.locator("#page img, #page script").count() == 0
    assert "\u202e" not in page.locator("body").inner_text()
    assert "<img src=x onerror" in page.locator("#audit").inner_text()


def inked(page: Page) -> int:
    """How many different colours the flame graph shows: none before it is drawn."""
    return int(
        page.evaluate(
            """() => {
              const canvas = document.querySelector(".flame-box canvas");
              const copy = new OffscreenCanvas(canvas.width, canvas.height);
              const context = copy.getContext("2d", { willReadFrequently: true });
              context.drawImage(canvas, 0, 0);
              const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
              return new Set(new Uint32Array(data.buffer)).size;
            }"""
        )
    )


def test_the_flame_graph_zooms_and_comes_back(opened: Open) -> None:
    page = opened("observed")
    box = page.locator(".flame-box")
    line = page.locator(".frame-line")
    assert inked(page) > 10
    box.focus()
    page.keyboard.press("ArrowDown")
    expect(line).to_contain_text("<module> (/srv/shop/__main__.py:3)")
    expect(line).to_contain_text("100 %")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    back = page.get_by_role("button", name="Back")
    expect(back).to_be_enabled()
    page.keyboard.press("Escape")
    expect(back).to_be_disabled()
    box.click(position={"x": 40, "y": 60})
    expect(back).to_be_enabled()
    page.get_by_role("button", name="Whole graph").click()
    expect(back).to_be_disabled()


def test_a_frame_under_the_mouse_says_its_time(opened: Open) -> None:
    page = opened("observed")
    page.locator(".flame-box").hover(position={"x": 300, "y": 12})
    tip = page.locator(".tip").inner_text()
    assert "<module>" in tip
    assert "with what it called" in tip
    assert "itself 0 s" in tip.replace("\u00a0", " ")


def test_search_tells_how_much_lies_in_the_frames(opened: Open) -> None:
    page = opened("observed")
    page.get_by_label("Find a frame", exact=True).fill("<module>")
    expect(page.locator(".flame output")).to_have_text("1 found, 100\u00a0% of all lies in them")
    page.get_by_label("Find a frame", exact=True).fill("[invalid(regex")
    expect(page.locator(".flame output")).to_have_text("no frame holds this")
    page.get_by_label("Find a frame", exact=True).fill("django")
    page.get_by_label("Find a frame", exact=True).press("Enter")
    expect(page.locator(".frame-line")).to_contain_text("django")
    names = page.locator("#flames tbody th").all_inner_texts()
    assert names
    assert all("django" in name for name in names)


def test_a_frame_can_be_copied(opened: Open) -> None:
    page = opened("observed")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".flame-box").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Copy the frame").click()
    page.locator(".flame").get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "<module> (/srv/shop/__main__.py:3)"


def test_profiles_are_tabs_and_can_be_read_bottom_up(opened: Open) -> None:
    page = opened("observed")
    tabs = page.get_by_role("tab")
    assert len(set(tabs.all_inner_texts())) == 4
    tabs.first.focus()
    page.keyboard.press("End")
    expect(page.get_by_role("tabpanel")).to_contain_text("Memory held at its peak: ")
    assert "MiB" in page.locator("#flames tbody tr").first.inner_text()
    page.get_by_label("bottom up").check()
    page.locator(".flame-box").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".frame-line code")).not_to_contain_text("<module>")


def test_a_deep_flame_graph_draws_what_is_in_sight(opened: Open) -> None:
    page = opened("deep")
    box = page.locator(".flame-box")
    canvas = page.locator(".flame-box canvas").bounding_box()
    assert canvas is not None
    assert canvas["height"] <= 480
    assert inked(page) > 10
    box.focus()
    for _level in range(30):
        page.keyboard.press("ArrowDown")
    assert page.evaluate("document.querySelector('.flame-box').scrollTop") > 0
    assert inked(page) > 10


def test_statements_are_sorted_and_open_their_plan(opened: Open) -> None:
    page = opened("observed")
    first = page.locator("#statements tbody tr").first
    assert "FROM review" in first.inner_text()
    page.locator("#statements thead").get_by_role("button", name="rows").click()
    assert page.locator("#statements th[aria-sort=descending]").inner_text().startswith("rows")
    page.locator("#statements thead").get_by_role("button", name="statement").click()
    assert first.inner_text().startswith("BEGIN")
    page.get_by_role("button", name="Plan of SELECT id, rating").click()
    plan = page.locator(".plan")
    said = plan.inner_text().replace("\u00a0", " ")
    assert "▲ costliest step" in said
    assert "120 times fewer than expected" in said
    assert "Rows Removed by Filter: 119,959" in said
    assert "shared hit 1,204" in said
    page.get_by_role("button", name="Plan of SELECT id, name, price FROM product WHERE").click()
    assert "never run" in plan.inner_text()
    assert "118 loops" in plan.inner_text()


def test_a_link_to_a_plan_opens_it(opened: Open) -> None:
    page = opened("observed", link="#plan-3")
    expect(page.locator("#plan-3")).to_be_in_viewport()
    said = page.locator("#plan-3").inner_text()
    assert "SEARCH review USING INDEX" in said
    assert "neither time nor cost" in said
    assert "%" not in said


def test_host_charts_share_the_axis_of_latency(opened: Open) -> None:
    page = opened("observed")
    page.locator("#latency-over-time .plot").first.focus()
    for _step in range(5):
        page.keyboard.press("ArrowRight")
    where = page.locator("#latency-host .keys .where")
    expect(where.first).to_have_text("0:05")
    assert set(where.all_inner_texts()) == {"0:05"}
    assert page.locator("#latency-over-time .keys .where").first.inner_text() == "0:05"
    drawn = where.count()
    page.locator("#latency-host summary").click()
    assert where.count() > drawn
    assert "At nought throughout: host tcp retransmits." in page.locator("#latency-host").inner_text()
    assert "observed run" in page.locator("#latency-host .note").last.inner_text()


def test_what_failed_in_the_audit_names_what_it_takes_away(opened: Open) -> None:
    page = opened("observed")
    page.locator("#audit summary").click()
    checks = page.locator("#audit li")
    assert [word.split("\n")[0] for word in checks.locator(".word").all_inner_texts()] == [
        *("Does not agree", "Could not look", "Agrees", "Agrees")
    ]
    assert "cannot carry: statements a request, time in transactions" in checks.first.inner_text()
    shapes = {item.locator("svg").inner_html() for item in checks.all()}
    assert len(shapes) == 3
    assert "started with -I" in page.locator("#coverage").inner_text()
    price = page.locator("#price").inner_text().replace("\u00a0", " ")
    assert "response p50 rose by 200 us" in price
    assert "[−200 us, +1.60 ms]" in price


SEEN = """() => {
  const probe = document.createElement("span");
  document.body.append(probe);
  const rgb = name => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(Number);
  };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const ratio = (a, b) => {
    const [high, low] = [light(rgb(a)), light(rgb(b))].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const frames = Array.from({ length: 8 }, (_none, at) => [`text on frame ${at}`, ratio("frame-ink", `frame-${at}`)]);
  const spans = ["own", "database", "call", "message"].map(name => [name, ratio(`span-${name}`, "paper")]);
  return { frames: Object.fromEntries(frames), spans: Object.fromEntries(spans) };
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_frames_can_be_read_and_bars_be_told_from_paper(opened: Open, scheme: Literal["light", "dark"]) -> None:
    ratios = opened("observed", DESK, scheme).evaluate(SEEN)
    assert {name: ratio for name, ratio in ratios["frames"].items() if ratio < 4.5} == {}
    assert {name: ratio for name, ratio in ratios["spans"].items() if ratio < 4.5} == {}


def test_paper_has_no_controls(opened: Open) -> None:
    page = opened("observed", DESK, "dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("input:visible").count() == 0
    assert page.locator("button:visible:not(.sort):not([role=tab])").count() == 0
    widths = page.eval_on_selector_all("canvas", "all => all.map(one => one.getBoundingClientRect().width)")
    assert max(widths) <= 700


def test_the_specimen_has_what_these_tests_look_for() -> None:
    seen = many_spans().evidence
    assert seen is not None
    assert sum(len(trace.spans) for trace in seen.drawn) > 5000
    for trace in seen.drawn:
        assert sum(end - start for _at, start, end in trace.critical) == pytest.approx(trace.row.duration_s)


def test_a_page_with_much_evidence_stays_small(report: Callable[[str], Path]) -> None:
    assert report("many spans").stat().st_size < 3_000_000
