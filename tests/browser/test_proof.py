"""An experiment's page and the proof on a run's page, in a real browser."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import ViewportSize

from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.proof_specimens import GUARDRAIL, PROOF_SPECIMENS


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", PROOF_SPECIMENS)
def test_opens_from_a_disk_without_a_word(opened: Open, name: str, viewport: ViewportSize) -> None:
    page = opened(name, viewport)
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    ids = page.eval_on_selector_all("[id]", "all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))
    for table in page.locator("table").all():
        assert table.locator("caption").text_content()


def test_a_proof_tells_its_story_in_order(opened: Open) -> None:
    page = opened("for the reason")
    said = page.locator("main").inner_text().replace("\u00a0", " ")
    assert said.startswith("Faster, for the stated reason")
    places = [
        said.index(text)
        for text in ("Predicted, then measured", "How it was proved", "Where did it change?", "What keeps it", "Again")
    ]
    assert places == sorted(places)
    assert GUARDRAIL.strip() in said
    assert "loadstone prove --finding 3b9e" in said


def test_predicted_and_measured_stand_on_one_axis(opened: Open) -> None:
    rows = opened("for the reason").locator(".gain > div")
    assert [row.split("\n")[0] for row in rows.all_inner_texts()] == [
        "p99 before, measured",
        "after, predicted",
        "after, measured",
    ]
    boxes = [box.bounding_box() for box in rows.locator("rect").all()]
    widths = [box["width"] for box in boxes if box is not None]
    assert len(widths) == 3
    assert widths[0] > widths[1]
    assert widths[0] > widths[2]


def test_an_interval_that_is_better_lies_left_of_one(opened: Open) -> None:
    page = opened("for the reason")
    row = page.locator("#shift .forest > div").last
    one, whisker = (row.locator(name).bounding_box() for name in (".even", ".whisker"))
    assert one is not None
    assert whisker is not None
    assert whisker["x"] + whisker["width"] < one["x"]
    assert page.locator("#shift .is-better").count() > 0


def test_the_run_page_leads_to_its_proof(opened: Open) -> None:
    page = opened("proved")
    order = page.eval_on_selector_all("main > section", "all => all.map(one => one.id)")
    assert order[:4] == ["answer", "causes", "proof", "belief"]
    assert page.locator("#causes .finding").first.locator('a[href="#proof"]').count() == 1
    page.locator('#answer a[href="#proof"]').click()
    assert page.locator("#proof .lead").inner_text().startswith("Faster, for the stated reason")


@pytest.mark.parametrize(("name", "mark"), [("slower", "fail"), ("undecided", "undecided"), ("invalid", "invalid")])
def test_each_verdict_has_a_word_and_a_shape(opened: Open, name: str, mark: str) -> None:
    verdict = opened(f"proof {name}").locator("#answer .verdicts .verdict").first
    assert verdict.inner_text().lower() == name
    assert verdict.locator(f"svg.shape.is-{mark}").count() == 1


def test_a_gate_shows_its_guardrails_first(opened: Open) -> None:
    page = opened("gate")
    assert page.locator("#answer table").first.locator("caption").text_content() == "Guardrails"
    assert page.locator("#answer .verdict-line").first.inner_text().startswith("Fail")


def test_hostile_words_are_text(opened: Open) -> None:
    for name in ("hostile proof", "hostile gate"):
        page = opened(name)
        assert page.locator("script:not([type])").count() == 1
        assert page.locator("main img").count() == 0


def test_headings_go_down_one_step_at_a_time(opened: Open) -> None:
    levels = opened("proved").eval_on_selector_all("h1, h2, h3, h4", "all => all.map(one => Number(one.tagName[1]))")
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_what_is_open_says_what_would_settle_it(opened: Open) -> None:
    said = opened("proof undecided").locator("main").inner_text().replace("\u00a0", " ")
    assert "About 24 pairs would decide it." in said
    assert "loadstone prove --a main --b fix/reviews --pairs 24" in said


def test_what_goes_on_has_no_verdict_yet(opened: Open) -> None:
    page = opened("proof going on")
    assert page.locator("h1").inner_text().startswith("The experiment goes on: 8 of")
    assert page.locator("#answer .verdict-line").count() == 0


def test_all_pairs_are_told_where_none_could_be_judged(opened: Open) -> None:
    captions = opened("proof invalid").locator("table caption").all_text_contents()
    assert "Each pair, all requests together" in captions


def test_no_button_hides_a_command_on_a_phone(opened: Open) -> None:
    page = opened("proof undecided", PHONE)
    for one in page.locator(".copyable").all():
        button = one.locator("button").bounding_box()
        assert button is not None
        bottom = one.locator("pre").evaluate(
            "pre => { const range = document.createRange(); range.selectNodeContents(pre);"
            " return range.getBoundingClientRect().bottom }"
        )
        assert button["y"] >= bottom - 1
