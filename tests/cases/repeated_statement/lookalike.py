"""Repeated, and rightly: other parameters, changes, a table that is changed in between, no cost, pings."""

from __future__ import annotations

from tests.cases.repeated_statement.guilty import TAX
from tests.scenes import Story


def another_country_each_time() -> Story:
    story = Story()
    for request in story.requests(100):
        for row in range(12):
            request.sql(TAX, 0.001, parameters=row)
    return story


def parameters_that_nobody_told() -> Story:
    story = Story(own=False)
    for request in story.requests(100):
        for _ in range(12):
            request.sql(TAX, 0.001)
    return story


def a_counter_that_counts() -> Story:
    story = Story()
    for request in story.requests(100):
        for _ in range(6):
            request.sql("UPDATE hits SET count = count + 1", 0.002)
    return story


def read_again_after_each_change() -> Story:
    story = Story()
    for request in story.requests(100):
        for row in range(5):
            request.sql("INSERT INTO line (cart_id, product_id) VALUES (?)", 0.001, parameters=row)
            request.sql("SELECT sum(cents) FROM line WHERE cart_id = ?", 0.002, parameters=request.number)
    return story


def twice() -> Story:
    story = Story()
    for request in story.requests(100):
        request.sql(TAX, 0.001, parameters="AT")
        request.spend(0.002)
        request.sql(TAX, 0.001, parameters="AT")
    return story


def next_number_of_a_sequence() -> Story:
    story = Story()
    for request in story.requests(100):
        for _ in range(5):
            request.sql("SELECT nextval(?)", 0.001, parameters="order_id")
    return story


def cheap_beside_the_work() -> Story:
    story = Story()
    for request in story.requests(100):
        for _ in range(6):
            request.sql(TAX, 0.0002, parameters="AT")
            request.spend(0.02)
    return story


CASES = (
    another_country_each_time,
    parameters_that_nobody_told,
    a_counter_that_counts,
    read_again_after_each_change,
    twice,
    next_number_of_a_sequence,
    cheap_beside_the_work,
)
ALSO = {
    "another_country_each_time": ("n-plus-one",),
    "parameters_that_nobody_told": ("n-plus-one",),
    "read_again_after_each_change": ("m-n-plus-one",),
}
