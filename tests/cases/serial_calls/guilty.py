"""Calls that each wait for the one before and need nothing of it."""

from __future__ import annotations

from tests.scenes import Story


def three_services_for_one_page() -> Story:
    """Their ids came with the request."""
    story = Story(steps=(("browse", "page"),))
    for request in story.requests(300):
        user = 1000 + request.number % 90
        request.root["url_path"] = f"/pages/{user}"
        request.spend(0.002)
        for host, lasts in (("users", 0.04), ("stock", 0.055), ("offers", 0.03)):
            request.call("GET", host, f"/{host}/{user}", lasts, file="shop/page.py", line=12, scope="requests")
        request.spend(0.001)
    return story


def each_in_a_function_of_its_own() -> Story:
    """Traced functions around the calls; the calls need nothing."""
    story = Story(steps=(("browse", "start"),))
    for request in story.requests(300):
        request.spend(0.002)
        for name, host in (("load_news", "news"), ("load_weather", "weather")):
            with request.inside(name):
                request.call("GET", host, f"/{name}/today", 0.03, file=f"shop/{host}.py", line=5, scope="httpx")
    return story


def in_any_order() -> Story:
    """Procedures, in the order of a hash map; imported traces of a service in Go."""
    story = Story(own=False, service="frontend", seed=3)
    names = ["shop.Ads/GetAds", "shop.Cart/GetCart", "shop.Currency/GetSupportedCurrencies"]
    for request in story.requests(80, rate_per_s=3):
        request.spend(0.001)
        for name in request.random.permutation(names).tolist():
            called = name.split(".")[1].split("/")[0].lower()
            with (
                request.inside(name, kind="client", scope="otelgrpc"),
                request.inside(name, kind="server", service=called),
            ):
                request.until(request.now_s + 0.02)
    return story


def the_first_is_often_cached() -> Story:
    """A statement tells whose it is, then two calls; the first of them is left out where its answer is kept."""
    story = Story(steps=(("buy", "basket"),))
    for request in story.requests(500):
        request.spend(0.001)
        request.sql("SELECT user_id, shop_id FROM basket WHERE id = ?", 0.002, parameters=request.number, rows=1)
        if request.number % 3:
            request.call("GET", "users", f"/users/{request.number * 7}", 0.05, file="shop/basket.py", line=40)
        request.call("GET", "shops", f"/shops/{request.number * 11}", 0.06, file="shop/basket.py", line=41)
    return story


def two_long_statements() -> Story:
    """Without a transaction, each far above what a connection of its own costs."""
    story = Story(steps=(("report", "month"),))
    for request in story.requests(60, rate_per_s=2):
        request.spend(0.002)
        request.sql(
            "SELECT sum(total) FROM orders WHERE month = ?", 0.3, parameters=request.number, line=8, file="r.py"
        )
        request.sql("SELECT count(*) FROM visits WHERE month = ?", 0.25, parameters=request.number, line=9, file="r.py")
    return story


CASES = (
    three_services_for_one_page,
    each_in_a_function_of_its_own,
    in_any_order,
    the_first_is_often_cached,
    two_long_statements,
)
EXPECTED = {
    "three_services_for_one_page": {"span": "GET stock/stock/{}", "file": "shop/page.py", "line": 12},
    "each_in_a_function_of_its_own": {"step": "start"},
    "in_any_order": {"service": "frontend"},
    "the_first_is_often_cached": {"span": "GET shops/shops/{}", "line": 41},
    "two_long_statements": {"statement": "SELECT sum(total) FROM orders WHERE month = ?"},
}
ALSO = {
    "two_long_statements": ("slow-statement",),
}
