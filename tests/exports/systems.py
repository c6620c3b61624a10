"""Systems of several services and languages, each with a fault planted or without it.

Names and attributes are as their instrumentations write them: OpenTracing in Go (ride), OpenTelemetry's demo
(telescopes), Brave and Spring (books), Node with older conventions (news), .NET (bank), Kafka (post).
"""

from __future__ import annotations

from collections.abc import Callable

from tests.exports.writing import Export, Trace

__all__ = ["SYSTEMS", "System"]

System = Callable[[bool], Export]


def ride(sick: bool) -> Export:
    """A driver is found by asking for each of them, one after another; some of the calls time out and are repeated."""
    export = Export(seed=11)
    for trace in export.traces(40):
        tags = {"http.method": "GET", "http.url": f"/dispatch?customer={trace.number}", "component": "net/http"}
        with trace.span("frontend", "server", "HTTP GET /dispatch", tags):
            trace.work(0.002)
            url = f"http://0.0.0.0:8081/customer?customer={trace.number}"
            with (
                trace.span("frontend", "client", "HTTP GET", {"http.method": "GET", "http.url": url}),
                trace.span("customer", "server", "HTTP GET /customer", {"http.method": "GET", "http.url": "/customer"}),
            ):
                query = f"SELECT * FROM customer WHERE customer_id={trace.number}"
                trace.leaf("mysql", "client", "SQL SELECT", 0.005, {"sql.query": query, "peer.service": "mysql"})
            name = "/driver.DriverService/FindNearest"
            with (
                trace.span("frontend", "client", name, {"component": "gRPC"}),
                trace.span("driver", "server", name, {"component": "gRPC"}),
            ):
                trace.leaf("redis", "client", "FindDriverIDs", 0.01, {"param.location": f"{trace.number},322"})
                for driver in range(10 if sick else 1):
                    told = {"param.driverID": f"T7{driver:05d}C"}
                    if driver % 5 == 4:
                        trace.leaf("redis", "client", "GetDriver", 0.03, told, error=True)
                    trace.leaf("redis", "client", "GetDriver", 0.01, told)
            trace.work(0.002)
    return export


def telescopes(sick: bool) -> Export:
    """Recommendations fetch each product by itself."""
    export = Export(seed=12)
    service, method = "oteldemo.ProductCatalogService", "GetProduct" if sick else "ListProducts"
    for trace in export.traces(40):
        tags = {"http.method": "GET", "http.target": "/api/recommendations?productIds=OLJCESPC7Z"}
        with trace.span(
            "frontend", "server", "GET /api/recommendations", tags, scope="@opentelemetry/instrumentation-http"
        ):
            trace.work(0.003)
            _rpc(
                trace,
                "frontend",
                "recommendationservice",
                "oteldemo.RecommendationService",
                "ListRecommendations",
                0.01,
            )
            for _ in range(int(trace.random.integers(6, 12)) if sick else 1):
                _rpc(trace, "frontend", "productcatalogservice", service, method, 0.004)
            trace.work(0.003)
    return export


def books(sick: bool) -> Export:
    """The author of each book is selected by itself; the ids stand in the statements."""
    export = Export(seed=13)
    for trace in export.traces(30):
        with trace.span("bookshop", "server", "get /books", {"http.method": "GET", "http.path": "/books"}):
            trace.work(0.004)
            page = {"sql.query": "select id, title, author_id from book order by title limit 20"}
            trace.leaf("bookshop", "client", "select", 0.004, page)
            if sick:
                for row in range(20):
                    one = {"sql.query": f"select name, born, died, biography from author where id = {row * 7 + 1}"}
                    trace.leaf("bookshop", "client", "select", 0.002, one)
            else:
                some = {"sql.query": "select name, born, died, biography from author where id in (1, 8, 15, 22)"}
                trace.leaf("bookshop", "client", "select", 0.004, some)
            trace.work(0.004)
    return export


def news(sick: bool) -> Export:
    """Three services are asked one after another, with the user's id that came with the request."""
    export = Export(seed=14)
    for trace in export.traces(40):
        user = 50_000 + trace.number * 13
        tags = {"http.method": "GET", "http.target": f"/start/{user}", "http.route": "/start/:user"}
        with trace.span("web", "server", "GET /start/:user", tags, scope="@opentelemetry/instrumentation-http"):
            trace.leaf("web", "internal", "middleware - query", 0.0001, {"express.type": "middleware"})
            trace.work(0.003)
            begun, ends = trace.now_s, []
            for host, lasts in (("profiles", 0.06), ("headlines", 0.08), ("weather", 0.05)):
                url = f"http://{host}:8080/{host}/{user}"
                at = None if sick else begun
                made = trace.call("web", "GET", url, lasts, at=at, scope="@opentelemetry/instrumentation-undici")
                ends.append(made.end_s - trace.at_s)
            trace.until(max(ends))
            trace.work(0.003)
    return export


def bank(sick: bool) -> Export:
    """A rate service times out now and then, and is tried again after a second."""
    export = Export(seed=15)
    for trace in export.traces(150, per_s=20):
        tags = {"http.method": "POST", "http.target": "/transfers", "http.route": "transfers"}
        with trace.span("Bank.Api", "server", "transfers", tags, scope="OpenTelemetry.Instrumentation.AspNetCore"):
            trace.work(0.004)
            url = "https://rates.example/v1/latest"
            if sick and trace.number % 20 == 0:
                for _ in range(2):
                    trace.call("Bank.Api", "GET", url, 1.0, error=True, scope="OpenTelemetry.Instrumentation.Http")
            trace.call("Bank.Api", "GET", url, 0.02, scope="OpenTelemetry.Instrumentation.Http")
            statement = {"db.system": "mssql", "db.statement": "INSERT INTO Transfers (Id, Amount) VALUES (@p0, @p1)"}
            trace.leaf("Bank.Api", "client", "bank", 0.005, statement)
    return export


def pay(sick: bool) -> Export:
    """Payments go to somebody else's service, which is slow in three of a hundred."""
    export = Export(seed=16)
    for trace in export.traces(300, per_s=20):
        tags = {"http.method": "POST", "http.target": "/checkout", "http.route": "/checkout"}
        with trace.span("checkout", "server", "POST /checkout", tags, scope="io.opentelemetry.tomcat-10.0"):
            trace.work(0.01)
            slow = sick and trace.number % 30 == 0
            made = trace.call("checkout", "POST", "https://api.payments.example/v1/charges", 1.2 if slow else 0.04)
            made.scope = "io.opentelemetry.okhttp-3.0"
            trace.work(0.01)
    return export


def post(sick: bool) -> Export:
    """A letter is put on a topic and handled hours later; the handler asks for each of its recipients."""
    export = Export(seed=17)
    for trace in export.traces(40):
        tags = {"http.method": "POST", "http.target": "/letters", "http.route": "/letters"}
        with trace.span("letters", "server", "POST /letters", tags):
            trace.work(0.01)
            sent = {"messaging.system": "kafka", "messaging.destination": "letters", "messaging.operation": "publish"}
            with trace.span("letters", "producer", "letters publish", sent):
                trace.work(0.001)
                here = trace.now_s
                trace.until(here + 7200)
                told = {
                    "messaging.system": "kafka",
                    "messaging.destination": "letters",
                    "messaging.operation": "process",
                }
                with trace.span("carrier", "consumer", "letters process", told):
                    for recipient in range(3):
                        trace.call("carrier", "GET", f"http://people/people/{recipient + 1000}", 0.02)
                trace.until(here)
            if sick:
                for item in range(12):
                    trace.call("letters", "GET", f"http://stamps/stamps/{item + 100}", 0.008)
            trace.work(0.002)
    return export


def search(sick: bool) -> Export:
    """Sixteen parts of an index are asked at one time, each slow once in thirty."""
    export = Export(seed=18)
    for trace in export.traces(40):
        tags = {"http.request.method": "GET", "url.path": "/search", "http.route": "/search"}
        with trace.span("search", "server", "GET /search", tags, scope="go.opentelemetry.io/otelhttp"):
            trace.work(0.004)
            begun, ends = trace.now_s, []
            for part in range(16 if sick else 3):
                lasts = 0.15 if sick and trace.random.random() < 0.033 else 0.012
                url = {"http.request.method": "GET", "url.full": f"http://shard-{part}:9200/items/_search"}
                url["server.address"] = f"shard-{part}"
                made = trace.leaf("search", "client", "GET", lasts, url, at=begun)
                ends.append(made.end_s - trace.at_s)
            trace.until(max(ends))
            trace.work(0.003)
    return export


def _rpc(trace: Trace, caller: str, called: str, service: str, method: str, seconds: float) -> None:
    tags = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method, "net.peer.name": called}
    with (
        trace.span(
            caller, "client", f"grpc.{service}/{method}", dict(tags), scope="@opentelemetry/instrumentation-grpc"
        ),
        trace.span(called, "server", f"{service}/{method}", tags | {"rpc.grpc.status_code": 0}),
    ):
        trace.work(seconds)


SYSTEMS: dict[str, tuple[System, str, dict[str, str]]] = {
    "ride": (ride, "http-n-plus-one", {"span": "GetDriver"}),
    "telescopes": (telescopes, "http-n-plus-one", {"service": "frontend"}),
    "books": (books, "n-plus-one", {"service": "bookshop"}),
    "news": (news, "serial-calls", {"service": "web"}),
    "bank": (bank, "retry-amplification", {"service": "Bank.Api"}),
    "pay": (pay, "slow-dependency", {"service": "checkout"}),
    "post": (post, "http-n-plus-one", {"service": "letters"}),
    "search": (search, "http-fan-out", {"service": "search"}),
}
"""Name -> the system, the fault that it has where it is sick, and part of that finding's locus."""
