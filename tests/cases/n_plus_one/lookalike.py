"""What only looks like it: cheap beside the work, the same question again, one batch, side by side, one request."""

from __future__ import annotations

from tests.scenes import Story


def a_cheap_ping_in_a_long_request() -> Story:
    story = Story()
    for request in story.requests(300):
        for row in range(8):
            request.spend(0.05)
            request.sql("SELECT state FROM job WHERE id = ?", 0.0002, parameters=row)
    return story


def the_same_question_again_and_again() -> Story:
    story = Story()
    for request in story.requests(100):
        for _ in range(12):
            request.sql("SELECT value FROM setting WHERE name = ?", 0.002, parameters="tax", rows=1)
    return story


def a_question_without_parameters() -> Story:
    story = Story()
    for request in story.requests(100):
        for _ in range(12):
            request.sql("SELECT max(version) FROM schema_migrations", 0.002)
    return story


def a_batch_in_one_span() -> Story:
    story = Story()
    for request in story.requests(100):
        request.sql("INSERT INTO line (a) VALUES (?)", 0.02, attributes='{"db.operation.batch.size": 40}')
    return story


def four_of_them() -> Story:
    story = Story()
    for request in story.requests(100):
        for row in range(4):
            request.sql("SELECT name FROM author WHERE id = ?", 0.004, parameters=row)
    return story


def side_by_side_and_covered_by_other_work() -> Story:
    """Twelve at once, which take a fortieth of the request's time."""
    story = Story()
    for request in story.requests(100):
        start = request.now_s
        for row in range(12):
            request.sql("SELECT name FROM author WHERE id = ?", 0.002, parameters=row, at=start)
        request.until(start + 0.002)
        request.spend(0.08)
    return story


def two_requests_of_a_hundred_thousand() -> Story:
    story = Story()
    for request in story.requests(500):
        request.spend(0.002)
        for row in range(30 if request.number in (70, 400) else 0):
            request.sql("SELECT name FROM author WHERE id = ?", 0.002, parameters=row)
    return story


def portions_of_a_cursor() -> Story:
    story = Story()
    for request in story.requests(60):
        for row in range(20):
            request.sql("FETCH FORWARD ? FROM export", 0.004, parameters=(row, "export"), rows=1000)
    return story


CASES = (
    a_cheap_ping_in_a_long_request,
    the_same_question_again_and_again,
    a_question_without_parameters,
    a_batch_in_one_span,
    four_of_them,
    side_by_side_and_covered_by_other_work,
    two_requests_of_a_hundred_thousand,
    portions_of_a_cursor,
)
ALSO = {
    "the_same_question_again_and_again": ("repeated-statement",),
    "a_question_without_parameters": ("repeated-statement",),
    "a_batch_in_one_span": ("slow-statement",),
}
