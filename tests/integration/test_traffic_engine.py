"""The engine sends what ``generate`` says a workload sends: its journeys against a server that logs.

The shop's traffic with pauses forty times shorter, so that a quarter of a minute holds a thousand visits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import numpy as np
import pytest
from msgspec.structs import replace

from loadstone.drive.compile import compile_plan
from loadstone.drive.engine import native
from loadstone.model.hits import HitBatch
from loadstone.model.service import Service
from loadstone.model.shape import Burst, Phase, Shape
from loadstone.model.traffic import Arrivals, Dispersion, Pace, Traffic
from loadstone.model.workload import Feed, Step, Workload
from loadstone.stats.traffic.dispersion import index_of_dispersion
from loadstone.stats.traffic.distance import kolmogorov, total_variation
from loadstone.stats.traffic.zipf import ranked_zipf
from loadstone.traffic.fit import fit, generate, journeys
from tests.traffic.fit.worlds import DETAIL, SHOP, known, log

FASTER = 40.0
SECONDS, LEAVE_S = 14.0, 4.0
RATE_PER_S = 70.0
BURSTS = {0.1: 2.0, 1.0: 4.0}
ITEMS = 300


def quick(pace: Pace) -> Pace:
    return replace(pace, median_s=known(pace.median_s.value / FASTER))


LAW: Traffic = replace(
    SHOP,
    visits=tuple(replace(one, paces=tuple(map(quick, one.paces))) for one in SHOP.visits),
    arrivals=Arrivals(0, 60.0, known(RATE_PER_S), known(0), tuple(Dispersion(w, known(i)) for w, i in BURSTS.items())),
)


class Seen(NamedTuple):
    """One row a request: instant in s, visit, route, item."""

    time_s: np.ndarray
    visit: np.ndarray
    route: np.ndarray
    item: np.ndarray


def driven(workload: Workload, shape: Shape, numbers: Callable[[str, str], tuple[int, int]]) -> Seen:
    """What a server logs of it."""
    rows: list[tuple[float, int, int, int]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            rows.append((time.monotonic(), int(self.headers["x-visit"]), *numbers(self.command, self.path)))
            self.send_response(204)
            self.end_headers()

        do_GET = do_POST = answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        service = Service(f"http://127.0.0.1:{server.server_port}")
        engine = native(compile_plan(workload, shape, service, seed=11, environment={}).engine)
        engine.start()
        while not engine.finished():
            engine.poll(0.5)
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
    return Seen(*(np.array(column) for column in zip(*sorted(rows), strict=True)))


def of_hits(rows: HitBatch) -> Seen:
    return Seen(rows.time_ns / 1e9, rows.client.astype(np.int64), rows.route.astype(np.int64), rows.value)


def lengths_and_pauses(seen: Seen) -> tuple[np.ndarray, np.ndarray]:
    """Of visits that began so early that they are over."""
    order = np.lexsort((seen.time_s, seen.visit))
    visit, at = seen.visit[order], seen.time_s[order]
    _, first, counts = np.unique(visit, return_index=True, return_counts=True)
    early = at[first] < at.min() + SECONDS - LEAVE_S
    same = (visit[1:] == visit[:-1]) & np.repeat(early, counts)[1:]
    return counts[early].astype(float), np.diff(at)[same]


@pytest.fixture(scope="module")
def sent() -> Seen:
    pytest.importorskip("loadstone._core")
    route_ids = [route.id for route in LAW.routes]
    targets = {DETAIL: "/products/{items.id}"}
    steps = {
        route.id: Step(route.id, route.method.lower(), targets.get(route.id, route.template), {"x-visit": "{arrival}"})
        for route in LAW.routes
    }
    feed = Feed("items", ("id",), tuple((str(at),) for at in range(1, ITEMS + 1)), "zipf", None, 1.1, 2.7, "request")
    made, _ = journeys(LAW, steps)
    shape = Shape(
        "peak",
        "poisson",
        (Phase("peak", SECONDS, rate_per_s=RATE_PER_S),),
        tuple(Burst(window, index) for window, index in BURSTS.items()),
    )

    def numbers(method: str, path: str) -> tuple[int, int]:
        parts = path.split("/")
        detail = len(parts) == 3 and parts[2].isdigit()
        return route_ids.index(DETAIL if detail else f"{method} {path}"), int(parts[2]) if detail else 0

    return driven(Workload(made, (feed,)), shape, numbers)


@pytest.fixture(scope="module")
def said() -> Seen:
    flat = replace(LAW, arrivals=replace(LAW.arrivals, dispersion=()))
    return of_hits(generate(flat, 3, SECONDS, rate_per_s=3000.0).rows)


def test_the_same_mix(sent: Seen, said: Seen) -> None:
    one, other = (np.bincount(each.route, minlength=5).astype(float) for each in (sent, said))
    assert one.sum() > 1200
    assert total_variation(one, other) < 0.06


def test_visits_as_long_and_pauses_as_long(sent: Seen, said: Seen) -> None:
    lengths, pauses = lengths_and_pauses(sent)
    said_lengths, said_pauses = lengths_and_pauses(said)
    assert kolmogorov(lengths, said_lengths) < 1.95 / len(lengths) ** 0.5  # exceeded once in 1,000 times
    assert (
        kolmogorov(pauses, said_pauses) < 1.95 / len(pauses) ** 0.5 + 0.05
    )  # the server's own clock, on a busy machine


def test_arrivals_as_uneven(sent: Seen) -> None:
    begun = np.sort(sent.time_s[np.unique(sent.visit, return_index=True)[1]])
    begun -= begun[0]
    for window, index in BURSTS.items():
        counts = np.histogram(begun, np.arange(0, SECONDS - window / 2, window))[0]
        found = index_of_dispersion(counts, 1)
        assert found is not None
        assert found.low / 1.5 < index < found.high * 1.5


def test_items_as_popular(sent: Seen, said: Seen) -> None:
    items = sent.item[sent.item > 0]
    _, values = np.unique(said.item[said.item > 0], return_inverse=True)
    other = np.random.default_rng(1).permutation(values)[: len(items)]
    slopes = [ranked_zipf(np.unique(each, return_counts=True)[1], shifted=False).exponent for each in (items, other)]
    assert slopes[0] == pytest.approx(slopes[1], abs=0.12)


def test_the_model_comes_back_from_what_the_server_saw(sent: Seen) -> None:
    rows = [
        (time_s * FASTER, visit, LAW.routes[route].id)
        for time_s, visit, route in zip(sent.time_s.tolist(), sent.visit.tolist(), sent.route.tolist(), strict=True)
    ]
    told = fit(log(rows, LAW.routes), hold_out_share=0)
    true = {(s.before, s.after): s.probability.value for one in LAW.visits for s in one.transitions}
    found = {(s.before, s.after): s.probability for one in told.visits for s in one.transitions}
    for place, probability in true.items():
        assert found[place].value == pytest.approx(probability, abs=0.12), place
