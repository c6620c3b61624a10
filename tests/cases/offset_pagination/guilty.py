"""Pages by OFFSET whose time goes by their depth."""

from __future__ import annotations

from loadstone.model.evidence import Plan
from tests.scenes import Story

PAGE = "SELECT id, title FROM article ORDER BY published_at DESC LIMIT ? OFFSET ?"


def pages_asked_by_chance() -> Story:
    story = Story(steps=(("read", "list"),))
    for request in story.requests(400):
        page = 1 + int(request.random.integers(0, 60))
        request.spend(0.001)
        request.sql(PAGE, 0.0006 + 0.0005 * page, parameters=page, rows=20, file="blog/list.py", line=9)
    return story


def deep_pages_for_two_of_a_hundred() -> Story:
    story = Story(steps=(("read", "list"),))
    for request in story.requests(1000):
        page = 1 if request.number % 50 else 200 + request.number % 5
        request.spend(0.001)
        request.sql(PAGE, 0.001 + 0.0004 * page, parameters=page, rows=20)
    return story


def by_a_plan_that_was_logged() -> Story:
    story = Story(own=False, service="blog")
    for request in story.requests(80):
        request.spend(0.001)
        request.sql(PAGE, 0.002 + 0.0009 * (request.number % 40), rows=20)
    rows = {"Node Type": "Index Scan", "Relation Name": "article", "Actual Rows": 9_980, "Actual Loops": 1}
    root = {"Node Type": "Limit", "Actual Rows": 20, "Actual Loops": 1, "Plans": [rows]}
    story.plans.append(Plan(PAGE, "postgresql", "auto_explain", "sample", root))
    return story


def in_mysql_with_two_numbers() -> Story:
    text = "SELECT * FROM wp_posts ORDER BY post_date LIMIT ?, ?"
    story = Story(own=False, service="blog")
    for request in story.requests(300):
        page = 1 + int(request.random.integers(0, 30))
        request.spend(0.001)
        request.sql(text, 0.001 * page, parameters=page, system="mysql")
    return story


def each_page_only_once() -> Story:
    """A crawler: no two calls have the same parameters; the other statements take what they always do."""
    story = Story(steps=(("crawl", "list"),))
    for request in story.requests(200):
        request.sql("SELECT id FROM session WHERE token = ?", 0.001, parameters=request.number)
        request.sql("SELECT theme FROM site WHERE id = ?", 0.001, parameters=request.number)
        request.sql(PAGE, 0.001 + 0.0003 * request.number, parameters=request.number, rows=20)
    return story


CASES = (
    pages_asked_by_chance,
    deep_pages_for_two_of_a_hundred,
    by_a_plan_that_was_logged,
    in_mysql_with_two_numbers,
    each_page_only_once,
)
EXPECTED = {story.__name__: {"statement": PAGE} for story in CASES if story is not in_mysql_with_two_numbers}
EXPECTED["in_mysql_with_two_numbers"] = {"statement": "SELECT * FROM wp_posts ORDER BY post_date LIMIT ?, ?"}
