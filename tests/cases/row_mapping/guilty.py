"""Objects made of rows, as profiles of several mappers show it."""

from __future__ import annotations

from tests.scenes import Story

ORDERS = "SELECT * FROM orders WHERE customer_id = ?"
SERVE = "serve (uvicorn/server.py:70);handle (shop/orders.py:20)"


def with_rows(story: Story, count: int, rows: int, seconds: float) -> None:
    for request in story.requests(count, bytes=rows * 40):
        request.sql(ORDERS, 0.003, parameters=request.number, rows=rows, file="shop/orders.py", line=20)
        request.spend(seconds)


def by_sqlalchemy() -> Story:
    story = Story(steps=(("office", "orders"),))
    with_rows(story, 100, 900, 0.03)
    load = "all (sqlalchemy/engine/result.py:1300);instances (sqlalchemy/orm/loading.py:220)"
    story.stack(f"{SERVE};{load};_instance (sqlalchemy/orm/loading.py:1100)", 140)
    story.stack(f"{SERVE};render (shop/page.py:4)", 120)
    story.stack(f"{SERVE};execute (sqlalchemy/orm/session.py:2300);do_execute (sqlalchemy/engine/default.py:920)", 40)
    return story


def by_django() -> Story:
    story = Story(steps=(("office", "orders"),))
    with_rows(story, 100, 400, 0.04)
    rows = "__iter__ (django/db/models/query.py:91);from_db (django/db/models/base.py:580)"
    story.stack(f"{SERVE};{rows};__init__ (django/db/models/base.py:500)", 200)
    story.stack(f"{SERVE};dumps (json/__init__.py:231)", 150)
    return story


def by_hibernate_in_traces_of_others() -> Story:
    story = Story(own=False, service="billing")
    with_rows(story, 80, 500, 0.02)
    serve = "org.apache.tomcat.util.threads.TaskThread.run;com.acme.billing.Orders.list"
    story.stack(f"{serve};org.hibernate.loader.Loader.getRow;org.hibernate.type.BasicType.hydrate", 90)
    story.stack(f"{serve};com.acme.billing.Orders.sum", 100)
    return story


CASES = (by_sqlalchemy, by_django, by_hibernate_in_traces_of_others)
EXPECTED = {
    "by_sqlalchemy": {"statement": ORDERS, "file": "shop/orders.py", "line": 20, "step": "orders"},
    "by_django": {"statement": ORDERS, "file": "shop/orders.py", "line": 20},
    "by_hibernate_in_traces_of_others": {"statement": ORDERS, "service": "billing"},
}
