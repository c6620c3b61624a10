"""Causes on the page, in a real browser: findings first, their evidence one press away, what was not seen."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.causes_specimens import CAUSES_SPECIMENS, OFFENDING
from tests.browser.conftest import DESK, PHONE, Open
from tests.render import causes_specimens as told


def open_all(page: Page) -> None:
    """Everything that can be opened in the section."""
    page.evaluate("""() => {
      for (const button of document.querySelectorAll("#causes .finding > button")) button.click();
    }""")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", CAUSES_SPECIMENS)
def test_opens_from_a_disk_without_a_word(opened: Open, name: str, viewport: ViewportSize) -> None:
    page = opened(name, viewport)
    open_all(page)
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


@pytest.mark.parametrize("name", CAUSES_SPECIMENS)
def test_structure_for_those_who_do_not_see_it(opened: Open, name: str) -> None:
    page = opened(name)
    open_all(page)
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = page.eval_on_selector_all("[id]", "all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))
    links = page.eval_on_selector_all('a[href^="#"]', "all => all.map(one => decodeURIComponent(one.hash.slice(1)))")
    assert {link for link in links if not link.startswith("trace-")} <= set(ids)
    controlled = page.eval_on_selector_all("#causes [aria-controls]", "all => all.map(one => one.ariaControlsElements)")
    assert all(controlled)
    for table in page.locator("#causes table").all():
        assert table.locator("caption").text_content()
        assert table.locator("tbody tr > :first-child:not(th[scope=row])").count() == 0


def test_causes_come_right_after_the_answer(opened: Open) -> None:
    page = opened("causes")
    order = page.eval_on_selector_all("main > section", "all => all.map(one => one.id)")
    assert order[:3] == ["answer", "causes", "belief"]
    assert page.locator("#causes .lead").inner_text().startswith("browse.detail misses its objective")
    titles = page.locator(".finding h3").all_inner_texts()
    assert [title.split()[0] for title in titles] == ["1", "2", "3", "4", "5"]


def test_a_finding_says_number_proof_place_and_cure(opened: Open) -> None:
    first = opened("causes").locator(".finding").first
    text = first.inner_text().replace("\u00a0", " ")
    for said in (
        "Critical", "857 ms lost in each second of load", told.REVIEWS, "shop/views.py:88 in reviews_of",
        "p99 now", "812 ms", "190 ms [160, 240]", "521 ms by less work, 101 ms by less waiting",
        "71.0 % [66.0, 75.0] of the p99's excess", "Nothing.", "selectinload(Product.reviews)",
    ):  # fmt: skip
        assert said in text
    whisker = first.locator(".gain-bar .whisker").bounding_box()
    now, after = (bar.bounding_box() for bar in first.locator(".gain-bar rect").all())
    assert whisker is not None
    assert now is not None
    assert after is not None
    assert abs(after["width"] / now["width"] - 190 / 812) < 0.01
    assert abs(whisker["x"] - now["x"] - now["width"] * 160 / 812) < 3


def test_a_refused_number_has_its_reason_and_its_least(opened: Open) -> None:
    third = opened("causes").locator(".finding").nth(2)
    text = third.inner_text().replace("\u00a0", " ")
    assert "at least 4.00 ms less" in text
    assert "No number is predicted: the service was busier than 0.9 of the time" in text
    assert third.locator(".gain-bar .after").count() == 0


def test_the_evidence_is_one_press_away(opened: Open) -> None:
    page = opened("causes")
    first = page.locator(".finding").first
    assert first.locator(".waterfall").count() == 0
    button = first.get_by_role("button", name="Show the evidence")
    button.focus()
    page.keyboard.press("Enter")
    expect(first.locator(".waterfall")).to_have_count(2)
    expect(first.get_by_role("button", name="Close the evidence")).to_have_attribute("aria-expanded", "true")
    group = first.get_by_role("treeitem", name=f"offending, {len(OFFENDING)} times SELECT")
    expect(group).to_have_attribute("aria-selected", "true")
    expect(first.locator(".line-row.offending")).to_have_count(1)
    assert f"{len(OFFENDING)} offending spans take" in first.inner_text()
    assert first.get_by_role("region", name="A request without it").locator(".offending").count() == 0
    page.keyboard.press("Enter")
    expect(first.locator(".waterfall")).to_have_count(0)


def test_both_requests_have_one_scale_until_the_reader_asks_for_two(opened: Open) -> None:
    page = opened("causes")
    first = page.locator(".finding").first
    first.get_by_role("button", name="Show the evidence").click()
    whole = first.locator(".exemplar >> nth=1 >> .bars >> nth=0 >> .whole")
    narrow = whole.bounding_box()
    first.get_by_label("both to the same scale").uncheck()
    expect(first.locator(".exemplar >> nth=1 >> .axis")).to_contain_text("100 ms")
    wide = whole.bounding_box()
    assert narrow is not None
    assert wide is not None
    assert wide["width"] > 5 * narrow["width"]


def test_plan_and_flame_graph_open_with_the_finding(opened: Open) -> None:
    page = opened("causes")
    open_all(page)
    index, hot = page.locator(".finding").nth(1), page.locator(".finding").nth(3)
    assert "costliest step" in index.locator(".plan").inner_text()
    assert "does not carry the trace" not in hot.inner_text()
    expect(hot.locator(".flame output")).to_contain_text("found")
    assert hot.locator("canvas").count() == 1


def test_a_trace_that_the_page_does_not_carry_says_so(opened: Open) -> None:
    page = opened("causes")
    index = page.locator(".finding").nth(1)
    index.get_by_role("button", name="Show the evidence").click()
    index.get_by_label("that lost what is usual").check()
    expect(index.locator(".exemplar")).to_contain_text("This page does not carry the trace")


def test_a_trace_of_a_fact_is_shown_among_the_traces(opened: Open) -> None:
    page = opened("causes")
    page.locator("#tail").get_by_role("link", name=f"trace {told.GUILTY}").click()
    expect(page.locator(f"#trace-{told.GUILTY}")).to_be_in_viewport()


@pytest.mark.parametrize(("link", "wanted"), [("#finding-3b9e", 0), ("#finding-88aa0cde11223344", 1)])
def test_a_link_leads_to_its_finding(opened: Open, link: str, wanted: int) -> None:
    page = opened("causes", link=link)
    expect(page.locator(".finding").nth(wanted).locator("h3")).to_be_in_viewport()


def test_a_link_opens_what_is_small(opened: Open) -> None:
    page = opened("causes")
    small = page.locator(".finding").last
    assert small.locator(".sides").count() == 0
    page.evaluate("location.hash = '#finding-0abc'")
    expect(small.locator(".sides")).to_have_count(1)


def test_ties_are_said(opened: Open) -> None:
    page = opened("tied causes")
    assert page.locator(".tie").count() == 2
    page.locator(".tie a").first.click()
    expect(page.locator(".finding").nth(1).locator("h3")).to_be_in_viewport()


def test_where_the_time_goes_has_tabs_for_steps(opened: Open) -> None:
    page = opened("causes")
    paths = page.locator("#paths")
    assert "p99 812" in paths.inner_text().replace("\u00a0", " ")
    assert paths.locator("tbody tr").count() == 6
    widths = [bar.bounding_box() for bar in paths.locator("rect.excess").all()]
    assert widths[0] is not None
    assert all(other is not None and other["width"] < widths[0]["width"] for other in widths[1:])
    paths.get_by_role("tab").first.focus()
    page.keyboard.press("ArrowRight")
    expect(paths.get_by_role("tabpanel")).to_contain_text("too few to tell a p99")
    assert paths.locator("rect.excess").count() == 0


def test_nothing_found_is_one_honest_sentence(opened: Open) -> None:
    text = opened("no cause").locator("#causes").inner_text()
    assert "nothing here would gain more than" in text
    assert "20 faults looked for, none of them found." in text
    assert "none of them found" not in opened("blind").locator("#causes").inner_text()


def test_what_could_not_be_looked_for_is_told_with_what_is_missing(opened: Open) -> None:
    text = opened("blind").locator("#looked").inner_text()
    assert "20 faults could not be looked for" in text
    assert "no runtime evidence gc-pause, gil-wait loadstone doctor" in " ".join(text.split())


def test_a_run_without_a_diagnosis_says_how_to_get_one(opened: Open) -> None:
    assert "loadstone run --evidence" in opened("healthy").locator("#causes").inner_text()
    assert "loadstone diagnose 20261123T101530-7f3a" in opened("observed").locator("#causes").inner_text()


def test_imported_traces_have_causes_first(opened: Open) -> None:
    page = opened("imported")
    order = page.eval_on_selector_all("main > section", "all => all.map(one => one.id)")
    assert order[:2] == ["answer", "causes"]
    assert "18.2 calls a request" in page.locator(".finding").inner_text()


def test_many_facts_are_shown_when_asked_for(opened: Open) -> None:
    page = opened("imported")
    facts = page.locator(".side.is-for li")
    assert facts.count() == 7  # with the share of the time
    page.get_by_role("button", name="and 4 more").click()
    expect(facts).to_have_count(11)


def test_hostile_causes_are_text(opened: Open) -> None:
    page = opened("hostile causes")
    open_all(page)
    assert page.evaluate("window.owned") is None
    assert page.locator("#page img, #page script").count() == 0
    assert "\u202e" not in page.locator("body").inner_text()
    assert page.locator(".finding").count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_severity_has_a_colour_a_word_and_a_shape(opened: Open, scheme: Literal["light", "dark"]) -> None:
    page = opened("causes", DESK, scheme)
    drawn = {
        one.inner_text().strip(): (one.locator("svg").inner_html(), one.evaluate("one => getComputedStyle(one).color"))
        for one in page.locator(".says .verdict").all()
    }
    assert set(drawn) == {"Critical", "Warning", "Info"}
    assert len({shape for shape, _ in drawn.values()}) == len({colour for _, colour in drawn.values()}) == 3


def test_on_paper_the_causes_stand_whole(opened: Open) -> None:
    page = opened("causes", DESK, "dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator(".finding > button:visible").count() == 0
    assert page.locator(".gain:visible").count() == 4
    assert page.locator("#looked:visible").count() == 1
