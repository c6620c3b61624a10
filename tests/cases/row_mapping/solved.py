"""Twenty rows as tuples."""

from __future__ import annotations

from tests.cases.row_mapping.guilty import SERVE, with_rows
from tests.scenes import Story


def as_tuples() -> Story:
    story = Story(steps=(("office", "orders"),))
    with_rows(story, 100, 20, 0.003)
    story.stack(f"{SERVE};fetchall (sqlalchemy/engine/cursor.py:900)", 6)
    story.stack(f"{SERVE};render (shop/page.py:4)", 120)
    return story


CASES = (as_tuples,)
