"""Most of the time elsewhere without a fault there."""

from __future__ import annotations

from tests.scenes import Story


def behind_a_gateway() -> Story:
    """All of every request lies in the service behind it, and that is quick."""
    story = Story(own=False, service="gateway")
    for request in story.requests(300, http_request_method="GET", http_route="/*"):
        with (
            request.inside("GET", kind="client", http_request_method="GET", server_address="api", url_path="/items"),
            request.inside("GET /items", kind="server", service="api"),
        ):
            request.until(request.now_s + 0.08)
    return story


def its_database_has_the_tail() -> Story:
    """The other service waits for a statement: the statement is the cause."""
    story = Story(own=False, service="web")
    for request in story.requests(400, http_request_method="GET", http_route="/start"):
        request.spend(0.01)
        with (
            request.inside("GET", kind="client", http_request_method="GET", server_address="api", url_path="/items"),
            request.inside("GET /items", kind="server", service="api"),
        ):
            request.sql("SELECT * FROM item WHERE shop = ?", 0.5 if request.number % 30 == 0 else 0.01, service="api")
    return story


def the_callers_own_tail() -> Story:
    story = Story()
    for request in story.requests(400):
        request.spend(0.3 if request.number % 40 == 0 else 0.01)
        request.call("GET", "offers", "/offers", 0.01)
    return story


CASES = (behind_a_gateway, its_database_has_the_tail, the_callers_own_tail)
ALSO = {
    "its_database_has_the_tail": ("slow-statement",),
}
