"""Pages by key: each costs what the first does."""

from __future__ import annotations

from tests.scenes import Story

KEYSET = "SELECT id, title FROM article WHERE (published_at, id) < (?, ?) ORDER BY published_at DESC, id DESC LIMIT ?"


def by_key() -> Story:
    story = Story(steps=(("read", "list"),))
    for request in story.requests(400):
        page = 1 + int(request.random.integers(0, 60))
        request.spend(0.001)
        request.sql(KEYSET, 0.0006, parameters=page, rows=20)
    return story


CASES = (by_key,)
