"""Like statements with other parameters, one for each row of something, as many services show them."""

from __future__ import annotations

from tests.scenes import Story

STATEMENT = "SELECT name FROM author WHERE id = ?"
INSERT = "INSERT INTO line (order_id, product_id) VALUES (?)"
LAZY = 'SELECT "shop_author"."id", "shop_author"."name" FROM "shop_author" WHERE "shop_author"."id" = ? LIMIT ?'


def behind_a_rare_parameter() -> Story:
    story = Story(steps=(("browse", "detail"),))
    for request in story.requests(1000):
        request.spend(0.001)
        request.sql("SELECT * FROM product WHERE id = ?", 0.001, parameters=request.number, rows=1)
        if request.number % 33 == 0:
            request.sql("SELECT * FROM review WHERE product_id = ?", 0.001, parameters=request.number, rows=40)
            for row in range(40):
                request.sql(STATEMENT, 0.002, parameters=row, rows=1, file="shop/pages.py", line=41, function="page")
        request.spend(0.001)
    return story


def in_traces_of_another_run_without_rows_or_lines() -> Story:
    story = Story(own=False, service="reviews")
    for request in story.requests(50):
        request.sql("SELECT * FROM review WHERE product_id = ?", 0.003)
        for _ in range(8 + request.number % 20):
            request.sql(STATEMENT, 0.002, system="mysql")
    return story


def a_page_from_the_cache_key_by_key() -> Story:
    story = Story(steps=(("browse", "list"),))
    for request in story.requests(300):
        request.spend(0.003)
        for row in range(40):
            request.sql("GET ?", 0.0004, parameters=(request.number, row), system="redis", file="shop/cache.py", line=7)
    return story


def rows_that_are_inserted_one_by_one() -> Story:
    story = Story(steps=(("buy", "order"),))
    for request in story.requests(120):
        request.sql(
            "INSERT INTO orders (customer_id) VALUES (?) RETURNING id", 0.002, parameters=request.number, rows=1
        )
        for row in range(5 + request.number % 9):
            request.sql(INSERT, 0.002, parameters=(request.number, row), file="shop/orders.py", line=90)
    return story


def below_a_span_for_each_row() -> Story:
    """A template that renders rows; each has a span with the row's number in its name."""
    story = Story(steps=(("browse", "list"),))
    for request in story.requests(150):
        request.sql("SELECT * FROM product LIMIT ?", 0.002, rows=20)
        for row in range(20):
            with request.inside(f"render row {row}"):
                request.spend(0.0002)
                request.sql(LAZY, 0.001, parameters=row, rows=1, file="shop/list.html", line=12)
    return story


def told_by_mapper_and_driver_both() -> Story:
    """SQLAlchemy's span around psycopg's, as two instrumentations tell one statement."""
    story = Story(own=False)
    for request in story.requests(80):
        request.sql("SELECT * FROM review", 0.002, rows=15)
        for row in range(15):
            with request.inside("SELECT", kind="client", db_system_name="postgresql", db_query_text=STATEMENT):
                request.spend(0.0002)
                request.sql(STATEMENT, 0.002, parameters=row)
    return story


def fetched_in_spans_of_their_own() -> Story:
    story = Story(steps=(("browse", "detail"),))
    for request in story.requests(100):
        request.sql("SELECT id FROM review WHERE product_id = ?", 0.0002, parameters=request.number, system="sqlite")
        request.span("client", "fetch", 0.0005, db_system_name="sqlite", db_response_returned_rows=25)
        for row in range(25):
            request.sql(STATEMENT, 0.0003, parameters=row, system="sqlite", file="shop/pages.py", line=41)
            request.span(
                "client", "fetch", 0.0004, db_system_name="sqlite", db_response_returned_rows=1,
                code_file_path="shop/pages.py", code_line_number=41,
            )  # fmt: skip
    return story


def each_in_a_transaction_of_its_own() -> Story:
    story = Story(steps=(("work", "settle"),))
    for request in story.requests(60):
        for row in range(12):
            request.span("client", "BEGIN", 0.0005, db_system_name="postgresql", db_query_text="BEGIN")
            request.sql("UPDATE account SET cents = ? WHERE id = ?", 0.001, parameters=row)
            request.span("client", "COMMIT", 0.002, db_system_name="postgresql", db_query_text="COMMIT")
    return story


def in_one_of_two_services() -> Story:
    """The request's own service is innocent; the one that it calls loops, a tenth of the traces are kept."""
    story = Story(own=False, service="web")
    for request in story.requests(70):
        request.spend(0.002)
        call = {"http_request_method": "GET", "server_address": "reviews", "url_path": "/r/1"}
        answer = {"http_request_method": "GET", "http_route": "/r/{id}", "service": "reviews"}
        with request.inside("GET", kind="client", **call), request.inside("GET /r/{id}", kind="server", **answer):
            for row in range(18):
                request.sql(STATEMENT, 0.003, parameters=row, system="mssql", service="reviews")
    return story


CASES = (
    behind_a_rare_parameter,
    in_traces_of_another_run_without_rows_or_lines,
    a_page_from_the_cache_key_by_key,
    rows_that_are_inserted_one_by_one,
    below_a_span_for_each_row,
    told_by_mapper_and_driver_both,
    fetched_in_spans_of_their_own,
    each_in_a_transaction_of_its_own,
    in_one_of_two_services,
)
EXPECTED = {
    "behind_a_rare_parameter": {"statement": STATEMENT, "file": "shop/pages.py", "line": 41},
    "in_traces_of_another_run_without_rows_or_lines": {"statement": STATEMENT, "service": "reviews"},
    "a_page_from_the_cache_key_by_key": {"statement": "GET ?", "file": "shop/cache.py", "line": 7},
    "rows_that_are_inserted_one_by_one": {"statement": INSERT, "line": 90},
    "below_a_span_for_each_row": {"statement": LAZY, "file": "shop/list.html", "line": 12},
    "told_by_mapper_and_driver_both": {"statement": STATEMENT},
    "fetched_in_spans_of_their_own": {"statement": STATEMENT, "file": "shop/pages.py", "line": 41},
    "each_in_a_transaction_of_its_own": {"statement": "UPDATE account SET cents = ? WHERE id = ?"},
    "in_one_of_two_services": {"statement": STATEMENT, "service": "reviews"},
}
