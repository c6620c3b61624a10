"""One function of the application that requests wait for: in all of them, in few, through a library, in a JVM."""

from __future__ import annotations

from typing import Any

from tests.profiled import Sampler, stacked
from tests.scenes import Story

HOT = ("detail (shop/pages.py:31)", "similarity (shop/related.py:57)")


def in_every_request() -> Story:
    story = Story(steps=(("browse", "detail"),))
    sampler = Sampler(story)
    for request in story.requests(300, rate_per_s=8):
        sampler.spend(request, 0.002, "detail (shop/pages.py:28)")
        request.sql("SELECT * FROM product WHERE id = ?", 0.002, parameters=request.number, rows=1)
        sampler.spend(request, 0.06, *HOT)
        sampler.spend(request, 0.01, HOT[0], "similarity (shop/related.py:58)")
    return story


def behind_a_rare_parameter() -> Story:
    story = Story(steps=(("browse", "detail"), ("browse", "list")))
    sampler = Sampler(story)
    for request in story.requests(1500, rate_per_s=40):
        sampler.spend(request, 0.004, "detail (shop/pages.py:28)", "render (jinja2/environment.py:1295)")
        if request.number % 40 == 0:
            sampler.spend(request, 0.12, *HOT)
    for request in story.requests(500, step=2, rate_per_s=40):
        sampler.spend(request, 0.006, "listing (shop/pages.py:80)", "render (jinja2/environment.py:1295)")
    return story


def through_a_library_from_one_line() -> Story:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(200, rate_per_s=8):
        sampler.spend(request, 0.003, "page (shop/pages.py:12)")
        leaf = ("page (shop/pages.py:12)", "slug (shop/text.py:9)")
        sampler.spend(request, 0.05, *leaf, "sub (re/__init__.py:185)")
        sampler.spend(request, 0.01, *leaf, "compile (re/_compiler.py:745)")
    return story


def by_a_profile_of_another_tool() -> Story:
    """Collapsed stacks without instant, process or thread, beside traces of someone else's service."""
    story = Story(own=False)
    for request in story.requests(200, rate_per_s=8, http_request_method="GET", http_route="/detail"):
        request.spend(0.05)
        request.root["thread_cpu_ns"] = None
    nothing: dict[str, Any] = {"at_ns": None, "process_pid": None, "thread_id": None, "unit": "samples", "weight": 1}
    story.stack(stacked(*HOT), 700, **nothing)
    story.stack(stacked("detail (shop/pages.py:28)"), 200, **nothing)
    return story


def in_a_jvm() -> Story:
    story = Story(own=False, service="shop-jvm")
    sampler = Sampler(story, source="jfr")
    for request in story.requests(200, rate_per_s=8, http_request_method="GET", http_route="/detail", thread_id=40):
        leaf = "com.shop.Related.similarity (Related:57)"
        frames = ("org.springframework.web.Dispatcher.doGet (Dispatcher:9)", "com.shop.Pages.detail (Pages:31)")
        sampler.spend(request, 0.005, *frames)
        sampler.spend(request, 0.04, *frames, leaf, "java.util.HashMap.get (HashMap:5)")
    return story


def spread_over_a_file() -> Story:
    """No function alone has half of it, the file has nearly all."""
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(200, rate_per_s=8):
        above = ("page (shop/pages.py:12)", "price (shop/prices.py:40)")
        for helper in ("tax (shop/prices.py:11)", "discount (shop/prices.py:22)", "rounded (shop/prices.py:33)"):
            sampler.spend(request, 0.02, *above, helper)
        sampler.spend(request, 0.004, "page (shop/pages.py:12)")
    return story


def in_one_line_of_the_page_itself() -> Story:
    """The handler's own line and what it calls in its file share it; a profiler sees none of them stand out."""
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(200, rate_per_s=8):
        page = "nearest (shop/pages.py:47)"
        sampler.spend(request, 0.022, page)
        sampler.spend(request, 0.018, page, "nearest.<locals>.<genexpr> (shop/pages.py:47)")
        sampler.spend(request, 0.018, page, "distance (shop/pages.py:29)")
        sampler.spend(request, 0.004, "nearest (shop/pages.py:40)")
    return story


def among_threads() -> Story:
    """Two requests at a time in one process; threads tell whose the samples are."""
    story = Story(steps=(("shop", "heavy"), ("shop", "light")))
    sampler = Sampler(story)
    for number in range(200):
        heavy = next(iter(story.requests(1, rate_per_s=10, thread_id=1)))
        sampler.spend(heavy, 0.06, *HOT, thread_id=1)
        light = next(iter(story.requests(1, step=2, rate_per_s=1000, thread_id=2)))
        sampler.spend(light, 0.002, f"light (shop/pages.py:{50 + number % 2})", thread_id=2)
        light.sql("SELECT pg_stat(?)", 0.05, parameters=number)
    return story


CASES = (
    in_every_request,
    behind_a_rare_parameter,
    through_a_library_from_one_line,
    by_a_profile_of_another_tool,
    in_a_jvm,
    spread_over_a_file,
    in_one_line_of_the_page_itself,
    among_threads,
)
_PLACE = {"file": "shop/related.py", "line": 57, "function": "similarity"}
EXPECTED = {
    "in_every_request": _PLACE,
    "behind_a_rare_parameter": {**_PLACE, "step": "detail"},
    "through_a_library_from_one_line": {"file": "shop/text.py", "line": 9, "function": "slug"},
    "by_a_profile_of_another_tool": _PLACE,
    "in_a_jvm": {"function": "com.shop.Related.similarity", "line": 57, "service": "shop-jvm"},
    "spread_over_a_file": {"file": "shop/prices.py", "function": "price"},
    "in_one_line_of_the_page_itself": {"file": "shop/pages.py", "line": 47, "function": "nearest"},
    "among_threads": {**_PLACE, "step": "heavy"},
}
ALSO = {"among_threads": ("slow-statement",)}
