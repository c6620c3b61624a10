"""The report in a real browser, opened from a disk and offline, as a colleague opens it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.specimens import HOSTILE, SPECIMENS


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", SPECIMENS)
def test_opens_from_a_disk_without_a_word(opened: Open, name: str, viewport: ViewportSize) -> None:
    page = opened(name, viewport)
    assert page.locator("h1").count() == 1
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


def test_the_first_screen_of_a_phone_holds_the_answer(opened: Open) -> None:
    page = opened("failing", PHONE)
    for selector in ("h1", ".verdict-line >> nth=0", ".verdict-line >> nth=1", "#answer table >> nth=0"):
        box = page.locator(selector).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        assert box["y"] + box["height"] <= PHONE["height"]


def test_hostile_texts_are_texts(opened: Open) -> None:
    page = opened("hostile")
    assert page.evaluate("window.owned") is None
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    shown = page.locator("h1").text_content() or ""
    assert shown.startswith("</script><script>window.owned=1</script>")
    assert "\u202e" not in (page.locator("body").inner_text())
    assert "U+202E" in shown
    page.get_by_role("link", name=".json").click()


def test_structure_for_those_who_do_not_see_it(opened: Open) -> None:
    page = opened("failing")
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = page.eval_on_selector_all("[id]", "all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))
    targets = page.eval_on_selector_all('a[href^="#"]', "all => all.map(one => one.hash.slice(1))")
    assert set(targets) <= set(ids)
    assert {"answer", "belief", "latency", "load", "steps", "errors", "slowest", "measured", "data"} <= set(ids)
    tables = page.locator("table")
    assert tables.count() >= 6
    for table in tables.all():
        assert table.locator("caption").text_content()
        assert table.locator("thead th:not([scope=col])").count() == 0
        assert table.locator("tbody tr > :first-child:not(th[scope=row])").count() == 0
    for plot in page.locator(".plot").all():
        assert len(plot.get_attribute("aria-label") or "") > 30
        assert plot.get_attribute("tabindex") == "0"


def test_the_skip_link_comes_first(opened: Open) -> None:
    page = opened("healthy")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "Skip to the answer"
    assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]


def test_arrow_keys_move_one_cursor_over_all_charts_of_time(opened: Open) -> None:
    page = opened("failing")
    plots = page.locator(".plot")
    told = [plot.get_attribute("aria-valuetext") for plot in plots.all()]
    plots.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".keys .where").last).to_have_text("0:02")
    shown = page.locator(".keys .where").all_inner_texts()
    assert shown.count("0:02") == len(shown) - 1  # the percentile curve has an axis of its own
    assert "0:02" in (plots.first.get_attribute("aria-valuetext") or "")
    page.keyboard.press("End")
    expect(page.locator(".keys .where").first).to_have_text("1:40")
    page.keyboard.press("Escape")
    expect(page.locator(".keys .where").last).to_have_text("whole run")
    assert [plot.get_attribute("aria-valuetext") for plot in plots.all()] == told


def test_up_and_down_walk_through_the_heat_map(opened: Open) -> None:
    page = opened("healthy")
    page.locator("#latency-heat .plot").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    where = page.locator("#latency-heat .where")
    expect(where).to_have_text(re.compile("0:01, .* to "))
    low = where.inner_text()
    page.keyboard.press("ArrowUp")
    expect(where).not_to_have_text(low)


def test_dragging_looks_closer_in_all_charts_of_time(opened: Open) -> None:
    page = opened("failing")
    plot = page.locator("#latency-over-time .plot").last
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, box["y"] + 110, steps=4)
    page.mouse.up()
    where, other = page.locator("#latency-over-time .where").last, page.locator("#load-in-flight .where")
    page.mouse.move(2, 2)
    plot.press("End")
    expect(where).to_have_text(re.compile("^0:[45]"))
    expect(other).to_have_text(where.inner_text())
    plot.dblclick(position={"x": 400, "y": 100})
    page.mouse.move(2, 2)
    plot.press("End")
    expect(where).to_have_text("1:40")
    expect(other).to_have_text("1:40")


CONTRAST = """() => {
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
  const names = ["ink", "muted", "accent", "response", "service", "lag", "pass", "fail", "undecided", "invalid"];
  return Object.fromEntries(names.flatMap(name =>
    ["paper", "shade"].map(under => [`${name} on ${under}`, ratio(name, under)])));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_can_be_read(opened: Open, scheme: Literal["light", "dark"]) -> None:
    ratios: dict[str, float] = opened("failing", DESK, scheme).evaluate(CONTRAST)
    assert {name: ratio for name, ratio in ratios.items() if ratio < 4.5} == {}


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_colours_follow_the_system_until_the_reader_chooses(opened: Open) -> None:
    dark, light = opened("healthy", DESK, "dark"), opened("healthy", DESK, "light")
    assert background(dark) != background(light)
    light.locator(".theme").click()
    light.locator(".theme").click()
    assert "dark" in light.locator(".theme").inner_text()
    assert background(light) == background(dark)


def test_each_outcome_has_a_word_and_a_shape_of_its_own(opened: Open) -> None:
    page = opened("failing")
    drawn = {}
    for verdict in page.locator("#objectives .verdict").all():
        drawn[verdict.inner_text().strip()] = verdict.locator("svg").inner_html()
    invalid = opened("invalid").locator(".verdict-line").first
    drawn[invalid.locator("b").inner_text()] = invalid.locator("svg").inner_html()
    assert set(drawn) == {"Pass", "Fail", "Undecided", "Invalid"}
    assert len(set(drawn.values())) == 4


def test_the_worst_cell_is_marked(opened: Open) -> None:
    page = opened("failing")
    marked = page.locator("#steps td.worst").all_inner_texts()
    assert "12.6" in " ".join(marked)
    page.get_by_label("lag", exact=True).check()
    assert "Lag of each step" in page.locator("#steps .caption").first.inner_text()


def test_empty_charts_say_why(opened: Open) -> None:
    page = opened("empty")
    assert page.locator("canvas").count() == 0
    for said in page.locator("figcaption p").all_inner_texts():
        assert said.startswith("Nothing to draw: ")
    assert "was not measured" in page.locator("#answer").inner_text()


def test_the_data_can_be_taken_away(opened: Open, tmp_path: Path) -> None:
    page = opened("hostile")
    with page.expect_download() as waiting:
        page.get_by_role("link", name=".json").click()
    path = tmp_path / "taken.json"
    waiting.value.save_as(path)
    wanted = json.loads(msgspec.json.encode(SPECIMENS["hostile"]()))
    assert json.loads(path.read_text("utf-8")) == wanted
    assert wanted["headline"] == HOSTILE


def test_the_command_can_be_copied(opened: Open) -> None:
    page = opened("healthy")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the command").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "loadstone run --seed 41"


def test_a_thousand_rows_stay_inside_their_box(opened: Open) -> None:
    page = opened("thousand")
    rows = page.locator("#slowest tbody tr")
    assert rows.count() == 12
    page.get_by_role("button", name="Show all 1,000 rows").click()
    assert rows.count() == 1000
    box = page.locator("#slowest .scroll").bounding_box()
    assert box is not None
    assert box["height"] < DESK["height"]


def test_a_chart_can_be_read_as_a_table(opened: Open) -> None:
    page = opened("healthy")
    assert page.locator("#latency-over-time table").count() == 0
    page.locator("#latency-over-time summary").click()
    page.locator("#latency-over-time table").wait_for()
    assert page.locator("#latency-over-time tbody tr").count() >= 30


def test_paper_is_light_and_has_no_buttons(opened: Open) -> None:
    page = opened("failing", DESK, "dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert background(page) == "rgb(255, 255, 255)"
    assert page.locator("button:visible").count() == 0
    widths: list[Any] = page.eval_on_selector_all("canvas", "all => all.map(one => one.getBoundingClientRect().width)")
    assert max(widths) <= 700
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") is None


def test_the_page_is_small_and_shut(report: Callable[[str], Path]) -> None:
    page = report("empty").read_text("utf-8")
    assert len(page.encode()) < 230_000
    assert "default-src 'none'" in page
    assert "unsafe" not in page.partition("</head>")[0]
