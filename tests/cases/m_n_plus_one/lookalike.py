"""Several statements that repeat, and yet are no loop over one thing, or cost nothing."""

from __future__ import annotations

from tests.scenes import Story


def two_loops_one_after_the_other() -> Story:
    """Two N+1, each a finding of its own: they do not take turns."""
    story = Story()
    for request in story.requests(100):
        for row in range(10):
            request.sql("SELECT name FROM author WHERE id = ?", 0.002, parameters=row)
        for row in range(10):
            request.sql("SELECT cents FROM price WHERE product_id = ?", 0.002, parameters=row)
    return story


def two_statements_twice_each() -> Story:
    story = Story()
    for request in story.requests(100):
        for row in range(2):
            request.sql("SELECT name FROM author WHERE id = ?", 0.004, parameters=row)
            request.sql("SELECT cents FROM price WHERE product_id = ?", 0.004, parameters=row)
    return story


def turns_that_cost_nothing() -> Story:
    story = Story()
    for request in story.requests(200):
        for row in range(6):
            request.spend(0.02)
            request.sql("SELECT state FROM job WHERE id = ?", 0.0002, parameters=row)
            request.sql("SELECT owner FROM job WHERE id = ?", 0.0002, parameters=row)
    return story


def three_settings_read_again_and_again() -> Story:
    """The same questions with the same parameters: repeated statements."""
    story = Story()
    for request in story.requests(100):
        for _ in range(6):
            request.sql("SELECT value FROM setting WHERE name = ?", 0.002, parameters="tax")
            request.sql("SELECT rate FROM currency WHERE code = ?", 0.002, parameters="EUR")
    return story


CASES = (
    two_loops_one_after_the_other,
    two_statements_twice_each,
    turns_that_cost_nothing,
    three_settings_read_again_and_again,
)
ALSO = {
    "two_loops_one_after_the_other": ("n-plus-one",),
    "three_settings_read_again_and_again": ("repeated-statement",),
}
