"""The page of a model of traffic in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import ViewportSize

from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.traffic_specimens import HOSTILE, TRAFFIC_SPECIMENS


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", TRAFFIC_SPECIMENS)
def test_opens_from_a_disk_without_a_word(opened: Open, name: str, viewport: ViewportSize, scheme: str) -> None:
    page = opened(name, viewport, scheme)
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1 and set(levels[1:]) == {2}
    ids = page.eval_on_selector_all("[id]", "all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))
    for table in page.locator("table").all():
        assert table.locator("caption").text_content()


def test_it_answers_in_order(opened: Open) -> None:
    page = opened("traffic")
    said = page.locator("main").inner_text().replace("\u00a0", " ")
    assert said.startswith("At the peak, 2025-10-09 08:53 UTC for 1 h, 12.0/s [10.8, 13.2] visits began")
    places = [
        said.index(text)
        for text in (
            "Valid",
            "How alike is a workload of it?",
            "Who asks for what?",
            "In which order?",
            "How evenly?",
            "What does it assume?",
            "What was read, and what not?",
            "loadstone init URL --log FILE",
        )
    ]
    assert places == sorted(places)
    assert "0.575 [0.51" in said and "bursts, 1 min" in said
    assert "4.60 [4.14, 5.06]" in said and "rare, kept: writes" in said
    assert "of bots" in said and "access.log:23335" in said


def test_marks_stand_where_the_distances_are(opened: Open) -> None:
    """By the square root of the distance, the far end of the widest interval at the right."""
    rows = opened("traffic").locator(".alike > div")
    assert rows.count() == 6
    far = rows.nth(3)
    box = far.locator("svg").bounding_box()
    assert box is not None
    places = {}
    for name in (".dot", ".naive", ".replay"):
        mark = far.locator(name).bounding_box()
        assert mark is not None
        places[name] = (mark["x"] + mark["width"] / 2 - box["x"]) / box["width"]
    most = 2.309 * 1.1
    expected = {".dot": 0.575, ".naive": 2.309, ".replay": 0.427}
    for name, value in expected.items():
        assert places[name] == pytest.approx((value / most) ** 0.5, abs=0.01)
    assert rows.nth(4).locator(".dot").count() == 0
    assert rows.nth(4).inner_text().split("\n")[0] == "popularity's slope"


def test_hostile_words_are_words(opened: Open) -> None:
    page = opened("hostile traffic")
    assert page.locator("main img").count() == 0
    said = page.locator("main").inner_text()
    assert "</script><img src=x onerror=alert(1)>" in said and "\u202e" not in said
    assert HOSTILE.partition("\u202e")[0] in page.locator("#assumptions").inner_text()
    assert "Doubtful" in said


def test_a_thousand_routes_are_asked_for(opened: Open) -> None:
    page = opened("traffic")
    assert page.locator("#mix tbody tr").count() == 20
    page.get_by_role("button", name="Show all 40 rows").click()
    assert page.locator("#mix tbody tr").count() == 40


def test_a_log_without_traffic_says_so(opened: Open) -> None:
    page = opened("tiny traffic")
    assert page.locator("h1").inner_text().startswith("There is no traffic of people in this log")
    assert page.locator("h2").all_inner_texts() == ["What was read, and what not?"]
    assert "Doubtful" in page.locator("#answer").inner_text()
