"""Failed calls, made again."""

from __future__ import annotations

from tests.scenes import Story


def a_timeout_and_again() -> Story:
    """One request in fifty waits for a timeout of a second."""
    story = Story(steps=(("buy", "price"),))
    for request in story.requests(1000):
        request.spend(0.002)
        if request.number % 50 == 0:
            request.call(
                "GET", "rates", "/rates", 1.0, exact=True, status=2, error_type="ReadTimeout", file="r.py", line=9
            )
        request.call("GET", "rates", "/rates", 0.008, file="r.py", line=9)
        request.spend(0.001)
    return story


def two_layers_of_three() -> Story:
    """Imported traces: the shop tries three times, and so does the service that it calls."""
    story = Story(own=False, service="shop", seed=2)
    for request in story.requests(200, rate_per_s=5):
        request.spend(0.002)
        for attempt in range(3 if request.number % 8 == 0 else 1):
            failed = request.number % 8 == 0 and attempt < 2
            status = 2 if failed else 0
            with (
                request.inside("shop.Prices/Quote", kind="client", status=status),
                request.inside("shop.Prices/Quote", kind="server", service="prices", status=status),
            ):
                for _ in range(3 if failed else 1):
                    request.span("client", "shop.Rates/Get", 0.05, service="prices", status=status)
                    if failed:
                        request.until(request.now_s + 0.02)
    return story


def a_statement_that_conflicts() -> Story:
    """Serialisation failures of the database, tried again until it goes."""
    story = Story(steps=(("buy", "pay"),), seed=3)
    update = "UPDATE account SET balance = balance - ? WHERE id = ?"
    for request in story.requests(400):
        request.spend(0.002)
        tries = int(request.random.integers(2, 5)) if request.number % 6 == 0 else 1
        for attempt in range(tries):
            failed = attempt < tries - 1
            request.sql(update, 0.02, parameters=request.number, status=2 if failed else 0, file="pay.py", line=30)
    return story


CASES = (a_timeout_and_again, two_layers_of_three, a_statement_that_conflicts)
EXPECTED = {
    "a_timeout_and_again": {"span": "GET rates/rates", "file": "r.py", "line": 9},
    "two_layers_of_three": {"span": "shop.Prices/Quote", "service": "shop"},
    "a_statement_that_conflicts": {"file": "pay.py", "line": 30},
}
ALSO = {
    "a_statement_that_conflicts": ("slow-statement",),
}
