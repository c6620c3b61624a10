"""A template, a share as any JSON interface has it, names that only sound like it, and one beside the requests."""

from __future__ import annotations

from tests.profiled import Sampler
from tests.scenes import Story

CALLER = "listing (shop/pages.py:88)"


def a_template() -> Story:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(200, rate_per_s=8):
        sampler.spend(request, 0.04, CALLER, "Template.render (jinja2/environment.py:1295)", "root (list.html:12)")
        sampler.spend(request, 0.01, "listing (shop/pages.py:80)")
    return story


def a_tenth_as_any_interface() -> Story:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(300, rate_per_s=8):
        for line in range(8):
            sampler.spend(request, 0.006, "page (shop/pages.py:12)", f"part{line} (shop/part{line}.py:{line + 1})")
        sampler.spend(request, 0.006, CALLER, "dumps (json/__init__.py:231)")
    return story


def names_that_sound_like_it() -> Story:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(200, rate_per_s=8):
        sampler.spend(request, 0.03, CALLER, "load_page (shop/pages.py:3)", "decoded_price (shop/prices.py:8)")
        sampler.spend(request, 0.02, CALLER, "dump_truck (shop/fleet.py:3)")
    return story


def an_export_beside_the_requests() -> Story:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(300, rate_per_s=20, thread_id=1):
        sampler.spend(request, 0.004, "page (shop/pages.py:12)")
        request.sql("SELECT 1", 0.02)
    for second in range(14):
        sampler.seen(second, second + 0.9, "export (shop/job.py:5)", "dump (json/__init__.py:179)", thread_id=9)
    return story


def waiting_for_the_database() -> Story:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(300, rate_per_s=8):
        request.sql("SELECT heavy", 0.08)
        sampler.spend(request, 0.006, CALLER, "dumps (json/__init__.py:231)")
    return story


CASES = (
    a_template,
    a_tenth_as_any_interface,
    names_that_sound_like_it,
    an_export_beside_the_requests,
    waiting_for_the_database,
)
ALSO = ("hot-function", "slow-statement")
