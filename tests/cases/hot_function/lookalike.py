"""Some function is always the hottest: that is no fault while requests do not wait for it, or it is meant to work."""

from __future__ import annotations

from tests.profiled import Sampler
from tests.scenes import Story


def a_little_of_everything() -> Story:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(300, rate_per_s=8):
        for line in range(8):
            sampler.spend(request, 0.008, "page (shop/pages.py:12)", f"part{line} (shop/part{line}.py:{line + 1})")
    return story


def a_page_that_does_a_little_in_each_line() -> Story:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(300, rate_per_s=8):
        for line in range(12, 20):
            sampler.spend(request, 0.003, f"page (shop/pages.py:{line})")
            sampler.spend(request, 0.004, f"page (shop/pages.py:{line})", f"part{line} (shop/pages.py:{line + 40})")
    return story


def hottest_of_almost_nothing() -> Story:
    """Sixty per cent of the CPU, and the database is what requests wait for."""
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(400, rate_per_s=20):
        sampler.spend(request, 0.006, "page (shop/pages.py:12)", "similarity (shop/related.py:57)")
        sampler.spend(request, 0.004, "page (shop/pages.py:12)")
        request.sql("SELECT heavy", 0.06)
    return story


def in_the_background() -> Story:
    """A thread that rebuilds an index burns the CPU; requests have threads of their own."""
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(300, rate_per_s=20, thread_id=1):
        sampler.spend(request, 0.004, "page (shop/pages.py:12)", "render (jinja2/environment.py:1295)")
        request.sql("SELECT 1", 0.02)
    for second in range(14):
        sampler.seen(second, second + 0.9, "rebuild (shop/index.py:5)", thread_id=9)
    return story


def a_thread_that_a_request_began() -> Story:
    """It had a span of its own before it went its own way."""
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(300, rate_per_s=20, thread_id=1):
        if request.number == 1:
            request.sql("SELECT words", 0.001, thread_id=9)
        sampler.spend(request, 0.002, "page (shop/pages.py:12)", "render (jinja2/environment.py:1295)")
        sampler.spend(request, 0.002, "page (shop/pages.py:14)")
        request.sql("SELECT 1", 0.03, thread_id=1)
    for second in range(14):
        sampler.seen(second, second + 0.9, "count_words (shop/words.py:5)", thread_id=9)
    return story


def a_thread_that_only_waits() -> Story:
    """Profilers tell a thread in epoll as running now and then."""
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(300, rate_per_s=8):
        request.until(0.03)
        sampler.seen(
            request.at_s, request.at_s + 0.03, "serve (shop/loop.py:3)", "EpollSelector.select (selectors.py:468)"
        )
        sampler.spend(request, 0.002, "page (shop/pages.py:12)")
    return story


def the_work_of_a_mapper() -> Story:
    """CPU below an object mapper is a statement's, which other faults judge."""
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(300, rate_per_s=8):
        orm = ("Query.all (sqlalchemy/orm/query.py:2704)", "_instance (sqlalchemy/orm/loading.py:1063)")
        sampler.spend(request, 0.04, "page (shop/pages.py:12)", *orm)
        sampler.spend(request, 0.004, "page (shop/pages.py:14)")
    return story


def a_password_is_hashed() -> Story:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(100, rate_per_s=4):
        sampler.spend(request, 0.15, "login (shop/accounts.py:20)", "hashpw (bcrypt/__init__.py:84)")
        sampler.spend(request, 0.005, "login (shop/accounts.py:25)")
    return story


def most_of_a_fast_page() -> Story:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(2000, rate_per_s=100):
        sampler.spend(request, 0.0012, "page (shop/pages.py:12)", "similarity (shop/related.py:57)")
        sampler.spend(request, 0.0005, "page (shop/pages.py:14)")
    return story


def the_servers_own_work() -> Story:
    """The line that started the server is on every stack, and is nobody's fault."""
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(300, rate_per_s=8):
        sampler.spend(
            request, 0.02, "run_asgi (uvicorn/protocols/http/h11_impl.py:411)", "app (starlette/routing.py:65)"
        )
        sampler.spend(request, 0.002, "page (shop/pages.py:12)")
    return story


CASES = (
    the_servers_own_work,
    a_little_of_everything,
    a_page_that_does_a_little_in_each_line,
    hottest_of_almost_nothing,
    in_the_background,
    a_thread_that_a_request_began,
    a_thread_that_only_waits,
    the_work_of_a_mapper,
    a_password_is_hashed,
    most_of_a_fast_page,
)
ALSO = ("slow-statement",)
