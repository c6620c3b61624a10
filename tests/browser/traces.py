"""Traces built span by span, with the times that a decoder would have found: own time and critical path included."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from loadstone.model.evidence_view import SpanView, TraceRow, TraceView

__all__ = ["N_PLUS_1", "Drawn", "failed", "large", "n_plus_1", "row_of", "typical"]

SESSION = "SELECT * FROM session WHERE key = $1"
N_PLUS_1 = "SELECT id, name, price FROM product WHERE id = $1"


@dataclass
class Drawn:
    """One span of a trace that is being built; children follow one another unless they say their own start."""

    name: str
    duration_s: float
    kind: str = "internal"
    start_s: float | None = None
    error: bool = False
    statement: str | None = None
    where: str | None = None
    function: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Drawn] = field(default_factory=list)
    service: str = "shop"


def row_of(trace_id: str, why: str, at: int) -> TraceRow:
    return TraceRow(
        trace_id, why, "GET /products/{id}", "browse", "detail", 40 + at, 3.5 + at, 0.04 + 0.001 * at, 17, False
    )


def build(trace_id: str, why: str, root: Drawn, at_s: float, step: str = "detail", cut: int = 0) -> TraceView:
    spans: list[SpanView] = []
    critical: list[tuple[int, float, float]] = []

    def add(drawn: Drawn, parent: int | None, start: float, on_path: bool) -> None:
        place = len(spans)
        children: list[tuple[Drawn, float, float]] = []
        free = start
        for child in drawn.children:
            begin = free if child.start_s is None else start + child.start_s
            children.append((child, begin, begin + child.duration_s))
            free = max(free, begin + child.duration_s)
        covered, until = 0.0, start
        for _child, begin, end in sorted(children, key=lambda one: one[1]):
            covered += max(0.0, end - max(begin, until))
            until = max(until, end)
        own = max(0.0, drawn.duration_s - covered)
        path: list[tuple[float, float]] = []
        chosen: set[int] = set()
        if on_path:
            edge = start + drawn.duration_s
            for number, (_child, begin, end) in sorted(enumerate(children), key=lambda one: -one[1][2]):
                if end <= edge + 1e-12:
                    path.append((end, edge))
                    chosen.add(number)
                    edge = begin
            path.append((start, edge))
        path = [(begin, end) for begin, end in path if end > begin]
        spans.append(
            SpanView(
                id=f"{place + 1:016x}", parent=parent, depth=0 if parent is None else spans[parent].depth + 1,
                name=drawn.name, service=drawn.service, kind=drawn.kind, start_s=start, duration_s=drawn.duration_s,
                self_s=own, critical_s=sum(end - begin for begin, end in path), error=drawn.error,
                statement=drawn.statement, where=drawn.where, function=drawn.function, attributes=drawn.attributes,
            )
        )  # fmt: skip
        critical.extend((place, begin, end) for begin, end in path)
        for number, (child, begin, _end) in enumerate(children):
            add(child, place, begin, number in chosen)

    add(root, None, 0.0, True)
    row = TraceRow(
        trace_id=trace_id, why=why, name=root.name, journey="browse", step=step, request=17, at_s=at_s,
        duration_s=root.duration_s, spans=len(spans) + cut, error=any(span.error for span in spans),
    )  # fmt: skip
    return TraceView(row, tuple(spans), tuple(sorted(critical, key=lambda one: one[1])), cut)


def query(statement: str, duration_s: float, where: str, start_s: float | None = None) -> Drawn:
    return Drawn(
        statement.split()[0], duration_s, "client", start_s, statement=statement, where=where,
        function=where.rpartition(" in ")[2] or None,
        attributes={"db.system.name": "postgresql", "server.address": "127.0.0.1", "db.response.returned_rows": "3"},
    )  # fmt: skip


REVIEW = "SELECT id, rating, body FROM review WHERE product_id = $1 ORDER BY created DESC"


def n_plus_1() -> TraceView:
    """41 like statements one after the other, an uninstrumented stretch, and a call to another service."""
    draw = random.Random(2)
    reviews = [query(REVIEW, draw.uniform(0.012, 0.024), "shop/views.py:88 in reviews_of") for _ in range(41)]
    busy = sum(one.duration_s for one in reviews)
    view = Drawn(
        "reviews_of", busy + 0.004, where="shop/views.py:80", function="reviews_of", children=reviews, start_s=0.0305
    )
    remote = Drawn(
        "GET", 0.071, "client", 0.16 + busy, attributes={"url.full": "http://prices.internal/v1/prices?ids=?"},
        children=[
            Drawn(
                "GET /v1/prices", 0.06, "server", 0.004, service="prices",
                children=[Drawn("HGETALL", 0.002, "client", 0.05, service="prices")],
            )
        ],
    )  # fmt: skip
    root = Drawn(
        "GET /products/{id}", busy + 0.27, "server",
        attributes={"http.request.method": "GET", "http.route": "/products/{id}", "http.response.status_code": "200"},
        children=[
            Drawn("authenticate", 0.006, start_s=0.001, children=[query(SESSION, 0.004, "shop/auth.py:12")]),
            query(N_PLUS_1, 0.011, "shop/views.py:71", 0.012),
            view,
            remote,
            Drawn("render product.html", 0.02, start_s=busy + 0.245),
        ],
    )  # fmt: skip
    return build("ab54a98ceb1f0ad2a3ce929d0e0e4736", "slowest", root, 12.4)


def failed() -> TraceView:
    refused = Drawn(
        "POST /charge", 2.0, "client", 0.01, True,
        attributes={
            "error.type": "timeout", "exception.message": "no reply within 2 s", "server.address": "pay.internal",
        },
    )  # fmt: skip
    root = Drawn("POST /orders", 2.02, "server", error=True, children=[refused], attributes={"error.type": "500"})
    return build("c0ffee00c0ffee00c0ffee00c0ffee00", "failed", root, 7.1, "pay")


def typical() -> TraceView:
    root = Drawn(
        "GET /products",
        0.0031,
        "server",
        children=[
            query("SELECT id, name, price FROM product ORDER BY id LIMIT $1", 0.0019, "shop/views.py:40", 0.0004)
        ],
    )
    return build("0a0b0c0d0e0f00010203040506070809", "typical", root, 3.3, "list")


def large(spans: int) -> TraceView:
    """A nightly report: many batches, each of many different steps; nothing repeats often enough to be grouped."""
    draw = random.Random(13)
    batches: list[Drawn] = []
    made = 1
    while made < spans:
        inner = min(49, spans - made - 1)
        steps = [
            Drawn(f"step {len(batches)}.{number}", draw.uniform(0.001, 0.02), error=draw.random() < 0.002)
            for number in range(inner)
        ]
        batches.append(Drawn(f"batch {len(batches)}", sum(one.duration_s for one in steps) + 0.002, children=steps))
        made += inner + 1
    root = Drawn("nightly report", sum(one.duration_s for one in batches) + 0.05, "server", children=batches)
    return build("5000500050005000500050005000beef", "slowest", root, 0.2, "report", cut=12)
