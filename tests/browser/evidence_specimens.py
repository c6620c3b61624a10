"""Evidence to look at: traces, flames, statements, plans, host series as a page carries them. Same seed, same page."""

from __future__ import annotations

import math
import random
from typing import Any

from msgspec.structs import replace

from loadstone.model.evidence import AuditCheck, Coverage, Missing
from loadstone.model.evidence_view import (
    CostRow,
    EvidenceView,
    FlameView,
    HostSeries,
    PlanView,
    SpanView,
    StatementView,
    TraceRow,
    TraceView,
    WaitView,
)
from loadstone.model.run_view import RunView
from tests.browser import specimens
from tests.browser.traces import N_PLUS_1, failed, large, n_plus_1, row_of, typical

__all__ = ["EVIDENCE_SPECIMENS", "N_PLUS_1", "evidence", "flame"]

REVIEWS = "SELECT id, rating, body FROM review WHERE product_id = $1 ORDER BY created DESC"


def flame(nodes: int = 1200, seed: int = 5, deepest: int = 40, state: str = "cpu", unit: str = "s") -> FlameView:
    """Stacks folded: each walks the tree from the root, the more often down a branch the more it was walked before."""
    draw = random.Random(seed)
    modules = (
        *("/srv/shop/views.py", "/srv/shop/models.py", "/srv/shop/pricing.py"),
        *("/usr/lib/python3.12/json/encoder.py", "/usr/lib/python3.12/socket.py", "/usr/lib/python3.12/threading.py"),
        "/srv/venv/lib/python3.12/site-packages/django/db/models/query.py",
        "/srv/venv/lib/python3.12/site-packages/psycopg/cursor.py",
        "/srv/venv/lib/python3.12/site-packages/jinja2/environment.py",
    )
    verbs = ("render", "fetch_all", "execute", "encode", "price", "reviews_of", "resolve", "send", "<genexpr>", "wait")
    frames = [f"{verb} ({module}:{12 + 7 * at})" for at, (verb, module) in enumerate(_pairs(verbs, modules))]
    frames[0] = "<module> (/srv/shop/__main__.py:3)"
    frame, parent, own, walked = [0], [-1], [0.0], [0]
    below: list[list[int]] = [[]]
    samples = 0
    while len(frame) < nodes:
        samples += 1
        at = 0
        for _level in range(draw.randint(deepest // 3, deepest)):
            walked[at] += 1
            known = below[at]
            if known and draw.random() < walked[at] / (walked[at] + 0.3):
                at = draw.choices(known, [walked[one] for one in known])[0]
                continue
            if len(frame) >= nodes:
                break
            frame.append(draw.randrange(1, len(frames)))
            parent.append(at)
            own.append(0.0)
            walked.append(1)
            below.append([])
            known.append(len(frame) - 1)
            at = len(frame) - 1
        own[at] += 40_960.0 if unit == "bytes" else 0.01
    titles = {
        "cpu": "On the CPU without the interpreter's lock", "gil": "Holding the interpreter's lock",
        "idle": "Waiting", "alloc": "Memory held at its peak",
    }  # fmt: skip
    source = "memray" if unit == "bytes" else "py-spy"
    return FlameView(
        title=titles[state], source=source, state=state, unit=unit, frames=tuple(frames), frame=tuple(frame),
        parent=tuple(parent), own=tuple(round(value, 3) for value in own), samples=samples,
    )  # fmt: skip


def _pairs(verbs: tuple[str, ...], modules: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(verb, module) for module in modules for verb in verbs]


def node(label: str, relation: str | None = None, *children: dict[str, Any], **known: object) -> dict[str, Any]:
    empty = {"detail": None, "rows": None, "estimated_rows": None, "loops": None, "own_s": None, "cost": None}
    return {**empty, "buffers": None, **known, "label": label, "relation": relation, "children": list(children)}


def plans() -> tuple[PlanView, ...]:
    scan = node(
        "Seq Scan", "review", rows=41, estimated_rows=4920, loops=1, own_s=0.0214, cost=2981.0,
        detail="Filter: (product_id = $1); Rows Removed by Filter: 119,959", buffers="shared hit 1,204, read 277",
    )  # fmt: skip
    sort = node(
        "Sort", None, scan, rows=41, estimated_rows=4920, loops=1, own_s=0.0002, cost=3290.1,
        detail="Sort Key: created DESC; Sort Method: quicksort  Memory: 30kB",
    )  # fmt: skip
    index = node(
        "Index Scan", "product_pkey on product", rows=1, estimated_rows=1, loops=1, own_s=0.00002, cost=8.3,
        detail="Index Cond: (id = $1)", buffers="shared hit 4",
    )  # fmt: skip
    never = node("Index Only Scan", "stock_idx", rows=0, estimated_rows=12, loops=0, own_s=0.0, cost=12.0)
    joined = node(
        "Nested Loop", None, index,
        node("Memoize", None, node("Index Scan", "review_product_idx", rows=3, estimated_rows=3, loops=118,
             own_s=0.0011, cost=4.4, detail="Index Cond: (product_id = p.id)", buffers="shared hit 512"),
             rows=3, estimated_rows=3, loops=118, own_s=0.0003, cost=4.5, detail="Cache Key: p.id; Hits: 96"),
        never, rows=354, estimated_rows=30, loops=1, own_s=0.0004, cost=140.2,
    )  # fmt: skip
    lite = node(
        "query", None,
        node("SCAN product", "product"),
        node("SEARCH review USING INDEX review_product (product_id=?)", "review"),
    )  # fmt: skip
    return (
        PlanView(REVIEWS, "explain analyze", "sample", 0.0218, "", sort),
        PlanView("SELECT p.*, r.* FROM product p JOIN review r ON r.product_id = p.id WHERE p.id = $1",
                 "explain analyze", "pg_stats", 0.0021, "JIT was off.", joined),
        PlanView("SELECT * FROM product JOIN review ON review.product_id = product.id", "explain query plan", "none",
                 None, "", lite),
    )  # fmt: skip


def statements() -> tuple[StatementView, ...]:
    system = "postgresql"
    return (
        StatementView(REVIEWS, system, 12300, 41.0, 12300, 504300, 264.1, 0.0215, 0.0312,
                      "shop/views.py:88 in reviews_of", ("browse.detail",), 0),
        StatementView(N_PLUS_1, system, 300, 1.0, 300, 300, 0.0093, 0.000031, 0.00009, "shop/views.py:71",
                      ("browse.detail",), 1),
        StatementView("SELECT id, name, price FROM product ORDER BY id LIMIT $1 OFFSET $2", system, 450, 1.0, 450,
                      22500, 1.31, 0.0029, 0.0052, "shop/views.py:40", ("browse.list", "search.query"), 2),
        StatementView("BEGIN", system, 0, None, 760, 0, 0.004, None, None, None, (), None),
        StatementView("INSERT INTO orders (product_id, amount) VALUES ($1, $2) RETURNING id", system, 60, 1.0, 60, 60,
                      0.21, 0.0035, 0.011, "shop/orders.py:19", ("order.pay",), None),
    )  # fmt: skip


def host(seconds: int, seed: int = 3) -> tuple[HostSeries, ...]:
    draw = random.Random(seed)
    t_s = tuple(float(second + 1) for second in range(seconds))

    def wave(level: float, swing: float) -> tuple[float, ...]:
        return tuple(max(0.0, level + swing * math.sin(t / 9) + draw.uniform(-swing, swing) / 4) for t in t_s)

    def one(scope: str, metric: str, unit: str, level: float, swing: float) -> HostSeries:
        return HostSeries(scope, metric, unit, t_s, wave(level, swing))

    rss = tuple(9.1e7 + 2.2e5 * t for t in t_s)
    broken: tuple[float | None, ...] = tuple(
        None if 10 < t < 14 else value for t, value in zip(t_s, wave(6, 3), strict=True)
    )
    return (
        one("service", "cpu_cores", "cores", 0.82, 0.3),
        one("generator", "cpu_cores", "cores", 0.05, 0.01),
        one("host", "cpu_busy_share", "share", 0.61, 0.2),
        one("host", "cpu_steal_share", "share", 0.004, 0.004),
        one("host", "cpu_pressure_share", "share", 0.09, 0.06),
        one("host", "procs_running", "threads", 3.1, 1.8),
        HostSeries("service", "rss_bytes", "bytes", t_s, rss),
        HostSeries("database", "connections_active", "count", t_s, broken),
        one("host", "net_rx_bytes_per_s", "bytes/s", 810_000, 90_000),
        one("host", "disk_write_bytes_per_s", "bytes/s", 41_000, 40_000),
        one("service", "threads", "threads", 9, 1),
        one("service", "major_faults_per_s", "/s", 0.4, 0.6),
        one("service", "cpu_user_cores", "cores", 0.7, 0.2),
        one("service", "cpu_system_cores", "cores", 0.1, 0.02),
        HostSeries("generator", "cpu_cores", "cores", t_s, wave(0.02, 0.005), "receiver"),
        HostSeries("host", "disk_busy_share", "share", t_s, wave(0.03, 0.02), "sda"),
        HostSeries("host", "tcp_retransmits_per_s", "/s", t_s, (0.0,) * len(t_s)),
        HostSeries("cgroup", "cpu_quota_cores", "cores", t_s, (1.5,) * len(t_s)),
    )


def waits() -> tuple[WaitView, ...]:
    return (
        WaitView("pool", "QueuePool.get", 212, 1.94, False, "shop/db.py:31 in session"),
        WaitView(
            "postgresql", "Lock:transactionid", 31, 1.55, True, "UPDATE stock SET n = n - $1 WHERE product_id = $2"
        ),
        WaitView("gc", "generation 2", 14, 0.38, False, None),
    )


def coverage() -> tuple[Coverage, ...]:
    return (
        Coverage(4242, "psycopg", "3.2.3", "spans", 13110),
        Coverage(4242, "django", "5.2.1", "spans", 1010),
        Coverage(4242, "redis", "5.1.0", "no spans", 0, "imported, never called"),
        Coverage(4242, "asyncpg", "0.29.0", "not covered", 0, "hooks reach from 0.30 on"),
        Coverage(4243, "psycopg", "3.2.3", "spans", 12900),
        Coverage(4260, "python", "3.12.7", "not loaded", 0, "started with -I: no sitecustomize is read"),
    )


def audit() -> tuple[AuditCheck, ...]:
    return (
        AuditCheck("requests-spans", "pass", "Every request that was sent has a server span.", 1010, 1010),
        AuditCheck(
            "database-calls", "fail", "The database counted 13,870 calls, the traces hold 13,110 spans: "
            "BEGIN and COMMIT have none.", 13870, 13110, ("statements a request", "time in transactions"),
        ),
        AuditCheck(
            "critical-path", "could not look", "One process was not loaded; its part of the path is unknown.",
            takes_away=("time outside of the traced processes",),
        ),
        AuditCheck("span-time", "pass", "Children and waits explain 96 % of the servers' time; 4 % remain.", 0.96, 1.0),
    )  # fmt: skip


def missing() -> tuple[Missing, ...]:
    return (
        Missing("memory", "memray was not asked for.", "loadstone run --evidence --memory"),
        Missing(
            "perf", "kernel.perf_event_paranoid is 3: only root may sample.", "sysctl kernel.perf_event_paranoid=1"
        ),
    )


def cost() -> tuple[CostRow, ...]:
    return (
        CostRow("response p50", "s", 0.0031, 0.0033, 0.0001, 0.0003),
        CostRow("response p99", "s", 0.0124, 0.0131, -0.0002, 0.0016),
        CostRow("service CPU a request", "s", 0.00161, 0.00173, 0.00009, 0.00015),
        CostRow("achieved", "/s", 499.8, 499.1),
        CostRow("error share", "share", 0.0, 0.0, -0.0002, 0.0002),
    )


def evidence(seconds: int = 30) -> EvidenceView:
    drawn = (n_plus_1(), failed(), typical())
    kept = tuple(row_of(f"{at:032x}", "slowest", at) for at in range(1, 9))
    return EvidenceView(
        run="20261123T101630-1b2c", spans=27_110, traces=(*(trace.row for trace in drawn), *kept), drawn=drawn,
        flames=(
            flame(1200, 5, 40, "gil"), flame(400, 6, 25, "cpu"), flame(200, 7, 12, "idle"),
            flame(300, 8, 20, "alloc", "bytes"),
        ),
        statements=statements(), plans=plans(), waits=waits(), host=host(seconds), coverage=coverage(), audit=audit(),
        missing=missing(), cost=cost(), notes=("Spans that arrived after the end of the run: 12; all were kept.",),
        origin="observed run",
    )  # fmt: skip


def observed() -> RunView:
    return replace(specimens.healthy(), evidence=evidence())


def many_spans() -> RunView:
    """A trace of 5,000 spans."""
    seen = evidence()
    trace = large(5000)
    return replace(
        specimens.healthy(),
        evidence=replace(seen, traces=(*seen.traces, trace.row), drawn=(*seen.drawn, trace), flames=()),
    )


def nothing_seen() -> RunView:
    """Evidence was asked for and every source had nothing."""
    bare = EvidenceView(
        run="20261123T101630-1b2c", spans=0, traces=(), drawn=(), flames=(), statements=(), plans=(), waits=(), host=(),
        coverage=(), audit=(), cost=(), origin="this run",
        missing=(Missing("traces", "no span arrived.", "instrument the service: loadstone doctor"),),
    )  # fmt: skip
    return replace(specimens.healthy(), evidence=bare)


def deep() -> RunView:
    """A profile of 20,000 nodes, 300 deep."""
    bare = nothing_seen().evidence
    assert bare is not None
    return replace(specimens.healthy(), evidence=replace(bare, flames=(flame(20_000, 11, 300),)))


def hostile_evidence() -> RunView:
    """Every text of the evidence is an attack."""
    bad = specimens.HOSTILE
    span = SpanView("id" + bad, None, 0, bad, bad, bad, 0.0, 1.0, 0.5, 1.0, True, bad, bad, bad, {bad: bad})
    like = [replace(span, id=f"{bad}{at}", parent=0, depth=1, start_s=0.1 * at, duration_s=0.05) for at in range(6)]
    row = TraceRow("ff" * 16, bad, bad, bad, bad, 1, 0.5, 1.0, 7, True)
    hostile_plan = node(bad, bad, node(bad, bad, detail=bad), detail=bad, buffers=bad, rows=1, estimated_rows=900)
    view = EvidenceView(
        run=bad, spans=7, traces=(row,), drawn=(TraceView(row, (span, *like), ((0, 0.0, 1.0),), 3),),
        flames=(FlameView(bad, bad, bad, bad, (bad, "a" * 3000), (0, 1), (-1, 0), (0.5, 0.5), 2),),
        statements=(StatementView(bad, bad, 1, 1.0, 1, 1, 1.0, 1.0, 1.0, bad, (bad,), 0),),
        plans=(PlanView(bad, bad, bad, 1.0, bad, hostile_plan),), waits=(WaitView(bad, bad, 1, 1.0, True, bad),),
        host=(
            HostSeries(bad, bad, bad, (1.0, 2.0), (1.0, 2.0), bad),
            HostSeries("service", "cpu_cores", "cores", (1.0, 2.0), (1.0, 1.0), bad),
        ),
        coverage=(Coverage(1, bad, bad, "not covered", 0, bad),), audit=(AuditCheck(bad, "fail", bad, 1, 2, (bad,)),),
        missing=(Missing(bad, bad, bad),), cost=(CostRow(bad, bad, 1.0, 2.0, 0.5, 1.5),), notes=(bad,),
    )  # fmt: skip
    return replace(specimens.hostile(), evidence=view)


EVIDENCE_SPECIMENS = {
    "observed": observed,
    "many spans": many_spans,
    "nothing seen": nothing_seen,
    "deep": deep,
    "hostile evidence": hostile_evidence,
}
