"""An encoder in pure Python, one with default=, a copy of each row, the application's own, DRF, Jackson."""

from __future__ import annotations

from typing import Any

from tests.profiled import Sampler, stacked
from tests.scenes import Request, Story

CALLER = "listing (shop/pages.py:88)"
DUMPS = ("dumps (json/__init__.py:238)", "JSONEncoder.encode (json/encoder.py:202)")
PURE = "_make_iterencode.<locals>._iterencode_dict (json/encoder.py:405)"


def _page(story: Story, sampler: Sampler, request: Request) -> None:
    request.sql("SELECT * FROM product LIMIT ?", 0.004, rows=300)
    sampler.spend(request, 0.004, "listing (shop/pages.py:80)")
    sampler.spend(request, 0.004, "listing (shop/pages.py:85)", "shown (shop/money.py:3)")


def json_in_pure_python() -> Story:
    story = Story(steps=(("browse", "list"),))
    sampler = Sampler(story)
    for request in story.requests(200, rate_per_s=8, bytes=180_000):
        _page(story, sampler, request)
        sampler.spend(request, 0.03, CALLER, *DUMPS, PURE)
        sampler.spend(request, 0.01, CALLER, *DUMPS, PURE, PURE)
    return story


def with_a_function_as_default() -> Story:
    story = Story(steps=(("browse", "list"),))
    sampler = Sampler(story)
    for request in story.requests(200, rate_per_s=8):
        _page(story, sampler, request)
        sampler.spend(request, 0.006, CALLER, *DUMPS)
        sampler.spend(request, 0.03, CALLER, *DUMPS, "plain (shop/wire.py:7)", "isoformat (shop/dates.py:4)")
    return story


def a_deep_copy_of_each_row() -> Story:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(200, rate_per_s=8):
        _page(story, sampler, request)
        sampler.spend(
            request, 0.02, "rows (shop/cache.py:14)", "deepcopy (copy.py:146)", "_deepcopy_dict (copy.py:231)"
        )
        sampler.spend(request, 0.01, "rows (shop/cache.py:14)", "deepcopy (copy.py:137)")
    return story


def an_encoder_of_its_own() -> Story:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(200, rate_per_s=8):
        _page(story, sampler, request)
        above = (CALLER, "encode (shop/encoding.py:20)", "_encode_dict (shop/encoding.py:31)")
        sampler.spend(request, 0.02, *above)
        sampler.spend(request, 0.02, *above, "_text (shop/quoting.py:3)")
    return story


def rest_framework() -> Story:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(200, rate_per_s=8):
        view = ("dispatch (rest_framework/views.py:512)", "list (shop/views.py:33)")
        _page(story, sampler, request)
        sampler.spend(
            request,
            0.04,
            *view,
            "ListSerializer.to_representation (rest_framework/serializers.py:686)",
            "Serializer.to_representation (rest_framework/serializers.py:522)",
            "ProductSerializer.get_price (shop/serializers.py:12)",
        )
    return story


def only_where_all_is_asked_for() -> Story:
    """Two requests in a hundred want everything: they own the p99."""
    story = Story(steps=(("browse", "list"),))
    sampler = Sampler(story)
    for request in story.requests(1500, rate_per_s=40):
        _page(story, sampler, request)
        if request.number % 50 == 0:
            sampler.spend(request, 0.15, CALLER, *DUMPS, PURE)
    return story


def by_the_framework_after_the_view() -> Story:
    """FastAPI encodes what a view returned: no line of the application is on the stack but the one that started it."""
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(200, rate_per_s=8):
        _page(story, sampler, request)
        encoder = ("app (fastapi/routing.py:301)", "serialize_response (fastapi/routing.py:168)")
        sampler.spend(request, 0.04, *encoder, "jsonable_encoder (fastapi/encoders.py:210)")
    return story


def jackson_by_an_imported_profile() -> Story:
    story = Story(own=False, service="shop-jvm")
    for request in story.requests(200, rate_per_s=8, http_request_method="GET", http_route="/list"):
        request.spend(0.04)
        request.root["thread_cpu_ns"] = None
    nothing: dict[str, Any] = {"at_ns": None, "process_pid": None, "thread_id": None, "unit": "samples", "weight": 1}
    server, caller = "org.apache.catalina.Valve.invoke (Valve:9)", "com.shop.Pages.list (Pages:70)"
    story.stack(
        stacked(caller, "com.fasterxml.jackson.databind.ObjectMapper.writeValue (ObjectMapper:4)", server=server),
        500,
        **nothing,
    )
    story.stack(stacked(caller, server=server), 300, **nothing)
    return story


def in_short_requests_that_count_no_cpu() -> Story:
    """Requests in a pool of threads, each shorter than the profiler's instants are good to."""
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(600, rate_per_s=20):
        sampler.spend(request, 0.0015, "listing (shop/pages.py:80)")
        began = request.at_s + request.now_s
        request.spend(0.005)
        early = 0.002 + 0.004 * (request.number % 2)  # the profiler's clock strays
        sampler.seen(began - early, request.at_s + request.now_s - early, CALLER, *DUMPS, PURE)
        request.root["thread_cpu_ns"] = None
    return story


CASES = (
    json_in_pure_python,
    with_a_function_as_default,
    a_deep_copy_of_each_row,
    an_encoder_of_its_own,
    rest_framework,
    only_where_all_is_asked_for,
    by_the_framework_after_the_view,
    jackson_by_an_imported_profile,
    in_short_requests_that_count_no_cpu,
)
_LISTING = {"file": "shop/pages.py", "line": 88, "function": "listing"}
EXPECTED = {
    "json_in_pure_python": {**_LISTING, "step": "list"},
    "with_a_function_as_default": _LISTING,
    "a_deep_copy_of_each_row": {"file": "shop/cache.py", "line": 14, "function": "rows"},
    "an_encoder_of_its_own": {"file": "shop/encoding.py", "function": "encode"},
    "rest_framework": {"file": "shop/views.py", "line": 33},
    "only_where_all_is_asked_for": _LISTING,
    "in_short_requests_that_count_no_cpu": _LISTING,
    "by_the_framework_after_the_view": {"function": "jsonable_encoder", "file": "fastapi/encoders.py"},
    "jackson_by_an_imported_profile": {"function": "com.shop.Pages.list", "line": 70},
}
