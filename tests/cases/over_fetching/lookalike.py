"""Rows that the reply holds, that cost nothing, or that were answered with an error."""

from __future__ import annotations

from tests.cases.over_fetching.guilty import REVIEWS
from tests.scenes import Story


def all_of_them_in_the_reply() -> Story:
    story = Story()
    for request in story.requests(100, bytes=90_000):
        request.sql(REVIEWS, 0.02, parameters=request.number % 7, rows=4_000)
        request.spend(0.02)
    return story


def a_compressed_reply() -> Story:
    story = Story()
    for request in story.requests(100, bytes=9_000):
        request.sql(REVIEWS, 0.02, parameters=request.number % 7, rows=4_000)
        request.spend(0.02)
    return story


def a_hundred_rows() -> Story:
    story = Story()
    for request in story.requests(100, bytes=60):
        request.sql(REVIEWS, 0.004, parameters=1, rows=100)
        request.spend(0.004)
    return story


def answered_with_an_error() -> Story:
    story = Story()
    for request in story.requests(100, bytes=60, status=2):
        request.sql(REVIEWS, 0.02, parameters=1, rows=4_000)
        request.spend(0.002)
    return story


def cheap_beside_the_work() -> Story:
    story = Story()
    for request in story.requests(100, bytes=60):
        request.sql(REVIEWS, 0.002, parameters=1, rows=900)
        request.spend(0.1)
    return story


CASES = (
    all_of_them_in_the_reply,
    a_compressed_reply,
    a_hundred_rows,
    answered_with_an_error,
    cheap_beside_the_work,
)
ALSO = {
    "all_of_them_in_the_reply": ("unbounded-result",),
    "a_compressed_reply": ("unbounded-result",),
    "answered_with_an_error": ("unbounded-result",),
}
