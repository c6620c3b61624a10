"""Operations of a step as both sides of a comparison have them: how often, how long, and how far that is known."""

from __future__ import annotations

import math

import pytest

from loadstone.lab.counting import operations
from loadstone.lab.functions import functions
from tests.profiled import Sampler
from tests.scenes import Story

AUTHOR = "SELECT name FROM author WHERE id = ?"
BURN = "burn (/srv/shop/web/views.py:12)"


def test_a_statement_is_counted_and_timed_a_request_of_its_step() -> None:
    story = Story(seed=3, steps=(("browse", "detail"), ("browse", "list")))
    for request in story.requests(200, step=1, rate_per_s=20):
        request.spend(0.002)
        for row in range(40 if request.number % 2 else 20):
            request.sql(AUTHOR, 0.0005, parameters=row, file="shop/pages.py", line=41)
    for request in story.requests(100, step=2, rate_per_s=20):
        request.sql(AUTHOR, 0.0005, file="shop/lists.py", line=7, exact=True)
    digest = story.made()[1].digest
    detail, listed = (
        [one for one in operations(digest, step.number) if one.family == "database"] for step in digest.steps[:2]
    )
    (one,) = detail
    assert (one.journey, one.step, one.label, one.where) == ("browse", "detail", AUTHOR, "shop/pages.py:41")
    assert one.per_request == pytest.approx(30) and one.s_per_request == pytest.approx(0.015, rel=0.05)
    assert one.low_s is not None and one.high_s is not None and one.low_s < one.s_per_request < one.high_s
    # Half of the requests ask twice as often: the mean is good to 1.96 x 0.005 / sqrt(200).
    assert one.high_s - one.low_s < 4 * 1.96 * 0.005 / math.sqrt(200)
    (other,) = listed
    assert (other.per_request, other.where) == (1, "shop/lists.py:7")
    assert other.s_per_request == pytest.approx(0.0005) and other.key == one.key


def test_fetching_beside_a_statement_has_a_time_and_no_number() -> None:
    story = Story(seed=3, steps=(("browse", "detail"),))
    for request in story.requests(50, step=1, rate_per_s=20):
        request.sql(AUTHOR, 0.0005)
        if request.number % 3 == 0:
            request.span("client", "fetch", 0.0002, db_system_name="sqlite")
    digest = story.made()[1].digest
    told = {one.label: one for one in operations(digest, 0)}
    assert told[AUTHOR].per_request == 1
    assert told["fetch"].per_request is None and told["fetch"].s_per_request > 0


def test_a_function_is_told_in_the_step_that_pays_for_it() -> None:
    story = Story(seed=5, steps=(("browse", "detail"), ("browse", "list")))
    sampler = Sampler(story)
    for request in story.requests(300, step=1, rate_per_s=15):
        sampler.spend(request, 0.012, BURN)
        sampler.spend(request, 0.006, "detail (/srv/shop/web/views.py:30)")
    for request in story.requests(300, step=2, rate_per_s=15):
        sampler.spend(request, 0.008, "index (/srv/shop/web/views.py:70)")
    told = {(one.step, one.label): one for one in functions(story.made()[1])}
    burn = told["detail", "burn"]
    assert (burn.family, burn.per_request, burn.where) == ("function", None, "shop/web/views.py:12")
    assert burn.low_s is not None and burn.high_s is not None
    assert burn.low_s < 0.012 < burn.high_s and burn.high_s - burn.low_s < 0.006
    assert ("list", "burn") not in told or told["list", "burn"].s_per_request < 0.001
    assert told["list", "index"].s_per_request == pytest.approx(0.008, rel=0.3)


def test_without_a_profile_there_are_no_functions() -> None:
    story = Story(seed=5, steps=(("browse", "detail"),))
    for request in story.requests(20, step=1, rate_per_s=15):
        request.spend(0.01)
    assert list(functions(story.made()[1])) == []
