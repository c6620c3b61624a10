"""One call for each line of a basket."""

from __future__ import annotations

from tests.scenes import Story


def a_basket_asks_for_each_item() -> Story:
    story = Story(steps=(("buy", "basket"),))
    for request in story.requests(400):
        request.spend(0.002)
        request.sql("SELECT * FROM line WHERE basket_id = ?", 0.001, parameters=request.number, rows=12)
        for item in range(12):
            request.call(
                "GET", "stock", f"/items/{100 + item}", 0.006, file="shop/basket.py", line=31, function="lines"
            )
        request.spend(0.001)
    return story


def below_a_function_a_row() -> Story:
    """Each call lies below a span of its own; only one request in forty has many."""
    story = Story(steps=(("buy", "basket"),))
    for request in story.requests(1200):
        request.spend(0.004)
        for item in range(20 if request.number % 40 == 0 else 1):
            with request.inside("load_item"):
                request.call("GET", "stock", f"/items/{item}", 0.008, file="shop/basket.py", line=31)
        request.spend(0.001)
    return story


def procedures_of_another_service() -> Story:
    """Imported traces, remote procedures, the called server's span below, no run of our own."""
    story = Story(own=False, service="recommendation", seed=4)
    name = "shop.ProductCatalog/GetProduct"
    for request in story.requests(60, rate_per_s=2):
        request.spend(0.001)
        for _ in range(int(request.random.integers(5, 11))):
            with (
                request.inside(name, kind="client", scope="otelgrpc", server_address="catalog"),
                request.inside(name, kind="server", service="catalog"),
            ):
                request.until(request.now_s + 0.004)
        request.spend(0.001)
    return story


def only_servers_spans() -> Story:
    """An export that kept only the servers' halves."""
    story = Story(own=False, service="web", seed=5)
    for request in story.requests(40, rate_per_s=2, http_request_method="GET", http_route="/basket"):
        request.spend(0.001)
        for item in range(9):
            request.span(
                "server",
                "GET /items/{id}",
                0.005,
                service="stock",
                http_request_method="GET",
                http_route="/items/{id}",
                url_path=f"/items/{item}",
            )
    return story


CASES = (
    a_basket_asks_for_each_item,
    below_a_function_a_row,
    procedures_of_another_service,
    only_servers_spans,
)
EXPECTED = {
    "a_basket_asks_for_each_item": {"span": "GET stock/items/{}", "file": "shop/basket.py", "line": 31},
    "below_a_function_a_row": {"span": "GET stock/items/{}", "step": "basket"},
    "procedures_of_another_service": {"span": "shop.ProductCatalog/GetProduct", "service": "recommendation"},
    "only_servers_spans": {"span": "GET /items/{id}", "service": "stock"},
}
