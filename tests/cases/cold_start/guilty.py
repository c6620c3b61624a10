"""Processes whose first request pays: replaced workers, four that begin together, instances of an imported service."""

from __future__ import annotations

from typing import Any

from tests.scenes import Story


def workers_that_are_replaced() -> Story:
    story = Story(steps=(("shop", "search"),))
    for request in story.requests(1500, rate_per_s=50, process_pid=lambda number: 100 + number // 250):
        request.spend(0.009)
        if request.number % 250 == 0 or request.number == 1:
            with request.inside("build index", code_file_path="shop/search.py", code_line_number=14):
                request.spend(1.4)
    return story


def four_that_begin_together() -> Story:
    story = Story()
    for request in story.requests(400, rate_per_s=50, process_pid=lambda number: 100 + number % 4):
        request.spend(0.005)
        if request.number <= 4:
            request.span("client", "connect", 0.4, db_system_name="postgresql")
        request.sql("SELECT 1", 0.003)
    return story


def instances_of_a_service_that_is_not_ours() -> Story:
    story = Story(own=False, service="orders")
    root: dict[str, Any] = {"http_request_method": "GET", "http_route": "/orders", "process_pid": None}
    names: dict[str, Any] = {"service_instance_id": lambda number: f"pod-{number // 100}"}
    for request in story.requests(800, rate_per_s=50, **root, **names):
        request.spend(0.01)
        if request.number % 100 < 3:
            request.spend(0.6)
    return story


CASES = (workers_that_are_replaced, four_that_begin_together, instances_of_a_service_that_is_not_ours)
EXPECTED = {
    "workers_that_are_replaced": {"step": "search", "file": "shop/search.py", "line": 14},
    "four_that_begin_together": {"service": "shop"},
    "instances_of_a_service_that_is_not_ours": {"service": "orders"},
}
