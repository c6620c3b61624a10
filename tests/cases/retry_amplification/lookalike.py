"""Failures that nobody repeats, and repetitions without failures."""

from __future__ import annotations

from tests.scenes import Story


def calls_for_many_items_of_which_some_fail() -> Story:
    story = Story()
    for request in story.requests(300):
        for item in range(8):
            failed = (request.number + item) % 16 == 0
            request.call("GET", "stock", f"/items/{item}", 0.005, status=2 if failed else 0)
    return story


def all_items_fail_when_the_service_is_down() -> Story:
    story = Story()
    for request in story.requests(300):
        for item in range(4):
            request.call("GET", "stock", f"/items/{item}", 0.005, status=2 if request.number % 20 == 0 else 0)
    return story


def asked_twice_without_a_failure() -> Story:
    story = Story()
    for request in story.requests(300):
        for _ in range(2):
            request.call("GET", "stock", "/items", 0.02)
    return story


def a_rare_quick_refusal() -> Story:
    story = Story()
    for request in story.requests(600):
        request.spend(0.05)
        if request.number % 100 == 0:
            request.call("GET", "stock", "/items", 0.0005, status=2, error_type="ConnectionRefusedError")
        request.call("GET", "stock", "/items", 0.01)
    return story


CASES = (
    calls_for_many_items_of_which_some_fail,
    all_items_fail_when_the_service_is_down,
    asked_twice_without_a_failure,
    a_rare_quick_refusal,
)
ALSO = {
    "calls_for_many_items_of_which_some_fail": ("http-n-plus-one",),
}
