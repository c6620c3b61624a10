"""One other service takes the time."""

from __future__ import annotations

from loadstone.diagnose.subject import Judged, Subject
from tests.scenes import Story

MISSED = Judged("page is fast", "shop", "page", 0.99, 0.1, 0.2, "fail")


def payments_are_slow_once_in_forty() -> Story:
    story = Story(steps=(("buy", "pay"),))
    for request in story.requests(1000):
        request.spend(0.004)
        slow = request.number % 40 == 0
        request.call("POST", "payments", "/charge", 0.9 if slow else 0.02, file="shop/pay.py", line=17)
        request.spend(0.002)
    return story


def a_traced_service_of_another_language() -> Story:
    """Imported traces; the called service's own spans show that it works so long."""
    story = Story(own=False, service="web", seed=2)
    for request in story.requests(80, rate_per_s=4, http_request_method="GET", http_route="/start"):
        request.spend(0.05)
        with (
            request.inside("shop.Ads/GetAds", kind="client"),
            request.inside("shop.Ads/GetAds", kind="server", service="ads"),
        ):
            request.until(request.now_s + 0.8)
        request.spend(0.06)
    return story


def most_of_a_step_that_misses_its_objective() -> Story:
    subject = Subject(run="test", steps=(("shop", "page"),), objectives=(MISSED,))
    story = Story(subject=subject)
    for request in story.requests(200):
        request.spend(0.03)
        request.call("GET", "offers", "/offers", 0.15, file="shop/page.py", line=5)
        request.spend(0.02)
    return story


CASES = (
    payments_are_slow_once_in_forty,
    a_traced_service_of_another_language,
    most_of_a_step_that_misses_its_objective,
)
EXPECTED = {
    "payments_are_slow_once_in_forty": {"span": "POST payments/charge", "file": "shop/pay.py", "line": 17},
    "a_traced_service_of_another_language": {"service": "ads"},
    "most_of_a_step_that_misses_its_objective": {"span": "GET offers/offers"},
}
