"""Diagnoses to look at: the founding story, ties, a refused number, nothing found, nothing to see, and attacks."""

from __future__ import annotations

from msgspec.structs import replace

from loadstone.model.finding import (
    Bounded,
    CouldNotLook,
    Diagnosis,
    Fact,
    Finding,
    FindingEvidence,
    Locus,
    Marked,
    PathRow,
    Predicted,
    Roles,
    Share,
    StepPath,
    TailRow,
)

__all__ = ["DIAGNOSES", "GUILTY", "REVIEWS", "blind", "founding", "hostile", "imported", "nothing", "refused", "tied"]

GUILTY = "ab54a98ceb1f0ad2a3ce929d0e0e4736"
CLEAN = "5c1ea4005c1ea4005c1ea4005c1ea400"
REVIEWS = "SELECT id, rating, body FROM review WHERE product_id = $1 ORDER BY created DESC"
LIST = "SELECT id, name, price FROM product ORDER BY id LIMIT $1 OFFSET $2"

LOOKED = (
    *("n-plus-one", "m-n-plus-one", "slow-statement", "missing-index", "offset-pagination", "hot-function"),
    *("hot-serialiser", "pool-wait", "pool-deadlock", "serial-calls", "http-n-plus-one", "http-fan-out"),
    *("repeated-statement", "unbounded-result", "over-fetching", "large-payload", "retry-amplification"),
)
BLIND = (
    CouldNotLook("gc-pause", "no runtime evidence"),
    CouldNotLook("gil-wait", "no runtime evidence"),
    CouldNotLook("lock-wait", "no database access"),
)

N_PLUS_1 = Finding(
    fault="n-plus-one",
    severity="critical",
    title="N+1 statements: 41 a request when expand=reviews is set, 3.0 % of requests",
    locus=Locus("browse", "detail", "shop", REVIEWS, REVIEWS, "shop/views.py", 88, "reviews_of"),
    roles=Roles(parent="reviews_of", cause="url.query expand = reviews", offender=REVIEWS),
    evidence=FindingEvidence(
        for_=(
            Fact("41.0 statements a request, one after another, against 2.00 in the others", 41.0,
                 "statements a request", (GUILTY,)),
            Fact("each time with another parameter, 3 rows in the mean", 3.0, "rows"),
        ),
        against=(),
    ),
    cost_s_per_request=0.0214,
    lost_s_per_s=0.857,
    requests_share=0.03,
    share=Share(Bounded(0.02, 0.01, 0.04), Bounded(0.08, 0.05, 0.12), Bounded(0.71, 0.66, 0.75)),
    predicted=Predicted(
        at="p99",
        service=Bounded(0.521, 0.47, 0.56),
        queue=Bounded(0.101, 0.07, 0.14),
        p50_s=Bounded(0.00308, 0.00305, 0.00311),
        p95_s=Bounded(0.0121, 0.0109, 0.0134),
        p99_s=Bounded(0.19, 0.16, 0.24),
        before_s={"p50": 0.0031, "p95": 0.0143, "p99": 0.812},
    ),
    cure="select the reviews with the product: selectinload(Product.reviews)",
    confidence=0.95,
    fingerprint="3b9e17c0a2d45f68",
    rank=1,
    exemplars=(Marked(GUILTY, tuple(f"{at:016x}" for at in range(6, 47))), Marked(CLEAN, clean=True)),
)  # fmt: skip

INDEX = Finding(
    fault="missing-index",
    severity="warning",
    title="No index on review (product_id): 120,000 rows read for 41",
    locus=Locus("browse", "detail", "shop", REVIEWS, REVIEWS, "shop/views.py", 88, "reviews_of"),
    roles=Roles(offender="Seq Scan on review"),
    evidence=FindingEvidence(
        for_=(Fact("the plan reads 2,926 rows for each that it returns", 2926.0, "rows"),),
        against=(Fact("the plan is of a usual value, not of the slow ones"),),
    ),
    cost_s_per_request=0.0061,
    lost_s_per_s=0.244,
    requests_share=1.0,
    share=Share(p99=Bounded(0.18, 0.11, 0.26)),
    predicted=Predicted(
        at="p99", service=Bounded(0.12, 0.06, 0.19), queue=Bounded(0.04, 0.01, 0.08),
        p50_s=Bounded(0.0024, 0.0021, 0.0029), p99_s=Bounded(0.652, 0.56, 0.74),
        before_s={"p50": 0.0031, "p99": 0.812},
    ),
    cure="CREATE INDEX ON review (product_id, created DESC)",
    confidence=0.7,
    fingerprint="88aa0cde11223344",
    rank=2,
    exemplars=(Marked(GUILTY, ("0000000000000006",)),),
)  # fmt: skip

POOL = Finding(
    fault="pool-wait",
    severity="warning",
    title="Requests wait 1.94 s in all for one of 5 database connections",
    locus=Locus("browse", None, "shop", "QueuePool.get", None, "shop/db.py", 31, "session"),
    roles=Roles(offender="QueuePool.get"),
    evidence=FindingEvidence(
        for_=(Fact("212 waits, the longest 44.1 ms", 0.0441, "s", (GUILTY,)),),
        against=(
            Fact("the pool's own size was not told; five is the most that were open at once"),
            Fact("waits fall where statements are fast, so they may follow from cause 1"),
        ),
    ),
    cost_s_per_request=0.0017,
    lost_s_per_s=0.068,
    requests_share=0.21,
    share=Share(),
    predicted=Predicted(
        service=Bounded(0.009, 0.004, 0.02),
        before_s={"p99": 0.812},
        refused="the service was busier than 0.9 of the time, where the model of its queue does not hold",
    ),
    cure="give the pool as many connections as requests are in flight, or hold them for less long",
    confidence=0.6,
    fingerprint="f00dfeed00000001",
    rank=3,
)

PAYLOAD = Finding(
    fault="large-payload",
    severity="info",
    title="Replies of 41 KiB are sent without compression",
    locus=Locus("browse", "list", "shop", "GET /products"),
    roles=Roles(offender="GET /products"),
    evidence=FindingEvidence(for_=(Fact("40.9 KiB a reply in the mean", 41_900.0, "bytes"),)),
    cost_s_per_request=0.00021,
    lost_s_per_s=0.008,
    requests_share=1.0,
    share=Share(),
    predicted=None,
    cure="compress replies above 1 KiB: Django's GZipMiddleware",
    confidence=0.5,
    fingerprint="0abc0abc0abc0abc",
    rank=4,
)


def row(operation: str, where: str | None, p50: float, excess: float | None, count: float) -> PathRow:
    """A part of the path whose interval is a fifth to either side."""
    over = None if excess is None else Bounded(excess, 0.8 * excess, 1.25 * excess)
    return PathRow(operation, "shop", where, Bounded(p50, 0.9 * p50, 1.1 * p50), over, count)


DETAIL = StepPath(
    "browse", "detail", 12_000, 0.0031, 0.812,
    (
        row(REVIEWS, "shop/views.py:88", 0.00006, 0.575, 2.17),
        row("GET prices.internal/v1/prices", "shop/prices.py:14", 0.00071, 0.092, 1.0),
        row("reviews_of", "shop/views.py:80", 0.0002, 0.066, 1.0),
        row("SELECT id, name, price FROM product WHERE id = $1", "shop/views.py:71", 0.00091, 0.014, 1.0),
        row("render product.html", None, 0.00082, 0.011, 1.0),
        row("GET /products/{id}", None, 0.0004, 0.004, 1.0),
    ),
    uncovered_share=0.13, trace_ids=(CLEAN, GUILTY),
)  # fmt: skip
LISTED = StepPath(
    "browse", "list", 640, 0.0038, None,
    (row(LIST, "shop/views.py:40", 0.0029, None, 1.0), row("GET /products", None, 0.0009, None, 1.0)),
)  # fmt: skip

TAIL = (
    TailRow("browse", "detail", "url.query expand", "reviews", 0.97, 0.021, Bounded(46.2, 31.0, 70.1), 0.61, 1e-9, 360,
            (GUILTY,), ("statements of review: 41",)),
    TailRow("browse", "detail", "service.instance.id", "shop-2", 0.61, 0.5, Bounded(1.22, 1.02, 1.44), 0.002, 0.03,
            6100),
)  # fmt: skip


def founding() -> Diagnosis:
    """An N+1 behind a rare parameter that owns the p99, three lesser causes, and what was not seen."""
    return Diagnosis(
        format=1,
        run="20261123T101630-1b2c",
        sentence="browse.detail misses its objective: p99 812 ms, should be under 300 ms. "
        "The cause is N+1 statements, 41 a request when expand=reviews is set.",
        looked_for=LOOKED,
        could_not_look=BLIND,
        findings=(N_PLUS_1, INDEX, POOL, PAYLOAD),
        paths=(DETAIL, LISTED),
        tail=TAIL,
        caveats=("One process was not loaded; its part of the path is unknown.",),
        traces=12_640,
        spans=271_100,
        judged="detail is fast",
    )


def tied() -> Diagnosis:
    """Two causes whose predicted gains overlap."""
    second = replace(INDEX, predicted=replace(N_PLUS_1.predicted, p99_s=Bounded(0.22, 0.15, 0.3)), tie=1)  # type: ignore[type-var]
    return replace(founding(), findings=(replace(N_PLUS_1, tie=1), second), paths=(), tail=(), caveats=())


def refused() -> Diagnosis:
    """One cause, whose number is refused."""
    alone = replace(POOL, rank=1)
    return replace(founding(), sentence="Requests wait for a connection.", findings=(alone,), paths=(), tail=())


def nothing() -> Diagnosis:
    """A healthy run: nothing is found, and all was looked for."""
    return Diagnosis(
        format=1,
        run="20261123T101630-1b2c",
        sentence="Every objective is met, and nothing here would gain more than 5 % at p99.",
        looked_for=(*LOOKED, "gc-pause", "gil-wait", "lock-wait"),
        could_not_look=(),
        findings=(),
        paths=(LISTED,),
        traces=640,
        spans=1920,
    )


def blind() -> Diagnosis:
    """No span: hardly anything could be looked for."""
    return Diagnosis(
        format=1,
        run="20261123T101630-1b2c",
        sentence="No cause can be named: no span was collected.",
        looked_for=(),
        could_not_look=(*(CouldNotLook(code, "no spans") for code in LOOKED), *BLIND),
        findings=(),
        caveats=("No span was collected.",),
    )


def imported() -> Diagnosis:
    """Traces of somebody else's service: no run, no journey, no lines of code."""
    locus = Locus("checkout", "POST /orders", "checkout", "GET inventory/stock/{}")
    finding = Finding(
        fault="http-n-plus-one",
        severity="critical",
        title="18 like calls a request: GET inventory/stock/{}",
        locus=locus,
        roles=Roles(parent="POST /orders", offender="GET inventory/stock/{}"),
        evidence=FindingEvidence(for_=(Fact("18.2 calls a request, one after another", 18.2, "calls a request"),)),
        cost_s_per_request=0.21,
        lost_s_per_s=0.4,
        requests_share=0.9,
        share=Share(p50=Bounded(0.5, 0.4, 0.6)),
        predicted=None,
        cure="ask for all of them in one call",
        confidence=0.8,
        fingerprint="aa11bb22cc33dd44",
        rank=1,
    )
    return replace(
        founding(), sentence="18 calls where one would do take half of POST /orders.", findings=(finding,), paths=(),
        tail=(), judged=None, traces=214, spans=9_310, caveats=("One trace in ten was kept by its sender.",),
    )  # fmt: skip


def hostile(bad: str = "\x1b[31m</script><b>|`*_\n# x\u202e") -> Diagnosis:
    """Every text is an attack, every number absurd."""
    odd = Bounded(-1e300, -1e300, 1e300)
    fact = Fact(bad, 1e300, bad, (bad, "ff" * 16))
    finding = replace(
        N_PLUS_1, fault=bad, title=bad, locus=Locus(bad, bad, bad, bad, bad, bad, -1, bad), roles=Roles(bad, bad, bad),
        evidence=FindingEvidence((fact,), (fact,)), share=Share(odd, odd, odd), cure=bad, fingerprint=bad, tie=-3,
        predicted=Predicted("p95", odd, odd, odd, odd, odd, {"p95": 0.0, bad: 1.0}), requests_share=-4.0,
        exemplars=(Marked(bad, (bad,)), Marked("ff" * 16, (bad, "id" + bad))),
    )  # fmt: skip
    unsure = replace(finding, rank=-1, predicted=Predicted(refused=bad), cost_s_per_request=1e300)
    path = StepPath(bad, bad, 0, 0.0, 0.0, (PathRow(bad, bad, bad, odd, odd, 0.0),), -2.0, (bad,))
    tail = TailRow(bad, bad, bad, bad, 2.0, 0.0, odd, -1e9, 5.0, -1, (bad,), (bad,))
    return Diagnosis(
        format=1, run=bad, sentence=bad, looked_for=(bad,), could_not_look=(CouldNotLook(bad, bad),),
        findings=(finding, unsure), paths=(path,), tail=(tail,), caveats=(bad,), traces=-1, spans=-1, judged=bad,
    )  # fmt: skip


DIAGNOSES = {
    "founding": founding,
    "tied": tied,
    "refused": refused,
    "nothing": nothing,
    "blind": blind,
    "imported": imported,
    "hostile": hostile,
}
