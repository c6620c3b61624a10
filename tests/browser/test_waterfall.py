"""The waterfall in a real browser: keys, folding, groups, gaps, search, links, and 5,000 spans."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.traces import failed, large, n_plus_1

N_PLUS_1 = n_plus_1().row.trace_id
LARGE = large(5000).row.trace_id


def chosen(page: Page) -> str:
    """What the chosen line of the waterfall says to those who hear it."""
    active = page.locator(".lines").get_attribute("aria-activedescendant")
    return page.locator(f"[id='{active}']").get_attribute("aria-label") or ""


def test_keys_walk_and_fold_the_waterfall(opened: Open) -> None:
    page = opened("observed")
    page.locator(".lines").focus()
    rows = page.locator(".line-row")
    whole = rows.count()
    assert whole == 11  # 50 spans: 41 in one group, and a gap
    page.keyboard.press("ArrowDown")
    assert chosen(page).startswith("authenticate")
    page.keyboard.press("ArrowLeft")
    expect(rows).to_have_count(whole - 1)
    page.keyboard.press("ArrowRight")
    expect(rows).to_have_count(whole)
    page.keyboard.press("End")
    assert chosen(page).startswith("render product.html")
    expect(page.locator(".detail h4")).to_have_text("render product.html")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Fold", exact=True).click()
    expect(rows).to_have_count(7)
    page.get_by_role("button", name="Unfold").click()
    expect(rows).to_have_count(whole)


def test_like_statements_are_one_row_until_it_is_opened(opened: Open) -> None:
    page = opened("observed")
    group = page.get_by_role("treeitem", name="41 times SELECT")
    expect(group).to_have_attribute("aria-expanded", "false")
    group.click()
    expect(page.locator(".detail h4")).to_have_text("41 × SELECT")
    assert "shop/views.py:88 in reviews_of" in page.locator(".detail").inner_text()
    page.locator(".lines").focus()
    page.keyboard.press("Enter")
    expect(group).to_have_attribute("aria-expanded", "true")
    assert page.get_by_role("treeitem", level=4).count() > 10


def test_gaps_and_errors_have_words(opened: Open) -> None:
    page = opened("observed")
    gap = page.get_by_role("treeitem", name="not instrumented")
    gap.click()
    assert "no span below GET /products/{id} was open" in page.locator(".detail").inner_text()
    page.locator(".pick", has_text="POST /orders").click()
    assert "✕ error" in page.get_by_role("treeitem").first.inner_text()
    page.get_by_role("treeitem", name="POST /charge").click()
    assert "no reply within 2 s" in page.locator(".detail").inner_text()


def test_the_critical_path_is_drawn_where_the_time_was_lost(opened: Open) -> None:
    page = opened("observed")
    drawn = page.eval_on_selector_all(
        ".line-row", "rows => rows.map(row => [row.ariaLabel, row.querySelector('.critical')?.getAttribute('d') ?? ''])"
    )
    statements = dict(drawn)[next(label for label, _path in drawn if label.startswith("41 times"))]
    assert statements.count("M") == 1  # one after the other: one line
    assert all(path for label, path in drawn if "critical path" in label)


def test_search_opens_what_was_folded_and_walks_from_hit_to_hit(opened: Open) -> None:
    page = opened("observed")
    search = page.get_by_label("Find a span", exact=True)
    search.fill("from REVIEW")
    said = page.locator(".waterfall output")
    expect(said).to_have_text("41 found")
    search.press("Enter")
    search.press("Enter")
    expect(said).to_have_text("2 of 41")
    assert chosen(page).startswith("SELECT id, rating")
    search.press("Shift+Enter")
    search.press("Shift+Enter")
    expect(said).to_have_text("41 of 41")
    search.fill("nowhere.at(all")
    expect(said).to_have_text("no span holds this")


def test_five_thousand_spans_keep_the_document_small(opened: Open) -> None:
    page = opened("many spans", link=f"#trace-{LARGE}")
    rows = page.locator(".line-row")
    rows.first.wait_for()
    assert rows.count() < 60
    page.locator(".lines").focus()
    page.keyboard.press("End")
    assert chosen(page).startswith("step")
    assert rows.count() < 60
    page.get_by_label("Find a span", exact=True).fill("error")
    page.get_by_label("Find a span", exact=True).press("Enter")
    assert chosen(page).startswith("error")
    assert page.locator(".line-row.chosen").is_visible()
    assert "12 spans of this trace are left out" in page.locator(".trace").inner_text()


def test_a_link_to_a_trace_is_stable(opened: Open) -> None:
    page = opened("observed", link=f"#trace-{failed().row.trace_id}")
    expect(page.locator("#trace-heading")).to_contain_text("POST /orders")
    page.evaluate(f"location.hash = 'trace-{N_PLUS_1}'")
    expect(page.locator("#trace-heading")).to_contain_text("GET /products/{id}")
    expect(page.locator(".trace")).to_be_in_viewport()
    page.locator(".pick", has_text="POST /orders").locator("input").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#trace-heading")).to_contain_text("GET /products, 3.10")
    assert page.evaluate("location.hash").startswith("#trace-0a0b")


def test_a_trace_that_the_page_does_not_carry_is_named(opened: Open) -> None:
    page = opened("observed")
    page.locator(".pick").nth(5).click()
    assert "loadstone serve" in page.locator(".trace [role=status]").inner_text()


def test_a_stretch_of_the_trace_can_be_looked_at_closer(opened: Open) -> None:
    page = opened("observed")
    page.get_by_role("treeitem", name="authenticate").click()
    page.get_by_role("button", name="Look closer").click()
    assert "2\u00a0ms" in page.locator(".axis").inner_text()
    page.get_by_role("button", name="Whole trace").click()
    assert "200\u00a0ms" in page.locator(".axis").inner_text()
