"""Large, but that is not where the time goes."""

from __future__ import annotations

from tests.scenes import Story


def a_picture() -> Story:
    """Always as large, sent from a file in no time."""
    story = Story()
    for request in story.requests(300):
        request.root["bytes"] = 800_000
        request.spend(0.02)
    return story


def its_size_changes_nothing() -> Story:
    story = Story()
    for request in story.requests(300):
        request.root["bytes"] = int(request.random.uniform(400_000, 3_000_000))
        request.sql("SELECT * FROM report WHERE day = ?", 0.2)
        request.spend(0.002)
    return story


CASES = (a_picture, its_size_changes_nothing)
ALSO = {
    "its_size_changes_nothing": ("slow-statement",),
}
