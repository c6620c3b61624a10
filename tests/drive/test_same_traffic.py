"""The same seed gives the same traffic, to the byte and the nanosecond, as it always did.

The golden file was written by an engine that knew neither graphs nor bursts: a plan that uses nothing new cannot tell
that anything was added.

To write it anew, on purpose: ``python -m tests.drive.test_same_traffic``.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from loadstone.drive.compile import Recording, compile_plan
from loadstone.drive.engine import native
from loadstone.model.interval import Sample
from loadstone.model.service import Service
from loadstone.model.shape import Phase, Shape
from loadstone.model.workload import Body, Check, Extraction, Feed, Journey, Step, Think, Workload

GOLDEN = Path(__file__).parent / "golden" / "same_traffic.txt"
CUT = 100
"""Arrivals whose later steps are compared too: those of the others may be cut off by the schedule's end."""

ARRIVAL = {"x-arrival": "{arrival}"}
BROWSE = Journey(
    "browse",
    3.0,
    (
        Step(
            "list",
            "get",
            "/list?page={zipf(50)}&size={zipf(9, 0.5)}&far={zipf(10000000, 1.2)}&flat={zipf(7, 0)}&user={user}",
            headers=ARRIVAL,
            check=Check(status=((200, 200),)),
            extract=(
                Extraction("id", "json", "$.items[*]", "random"),
                Extraction("tag", "regex", "t([0-9]+)", "random"),
            ),
        ),
        Think("lognormal", value_s=0.002, sigma=0.6),
        Step("detail", "get", "/detail/{id}?tag={tag}&name={people.name}", headers=ARRIVAL),
        Think("exponential", value_s=0.002),
        Step("again", "head", "/again/{int(-5, 100000)}/{choice(a, b, c)}", headers=ARRIVAL),
        Think("uniform", low_s=0.001, high_s=0.003),
    ),
)
BUY = Journey(
    "buy",
    1.0,
    (
        Think("constant", value_s=0.001),
        Step(
            "order",
            "post",
            "/order/{uuid}",
            headers=ARRIVAL | {"x-kind": "{choice(one, two)}"},
            body=Body("json", {"who": "{people.name}", "mail": "{mails.mail}", "n": "{zipf(9, 3)|raw}"}),
        ),
    ),
)
WORKLOAD = Workload(
    (BROWSE, BUY),
    (
        Feed("people", ("name",), tuple((f"p{number}",) for number in range(7)), "sequential"),
        Feed("mails", ("mail",), tuple((f"m{number}@x",) for number in range(1000)), "random"),
    ),
)
SHAPES = (
    Shape("poisson", "poisson", (Phase("first", 0.4, 300.0), Phase("slow", 0.6, 20.0))),
    Shape("even", "even", (Phase("first", 0.4, 300.0), Phase("slow", 0.6, 7.5))),
    Shape("once", "once"),
    Shape("closed", "closed", (Phase("closed", 0.5, users=4),)),
)
BODY = msgspec.json.encode({"items": [f"i{number}" for number in range(40)], "text": "t1 t22 t333 t4444"})


def told(shape: Shape, cores: int) -> list[str]:
    """A line for each request: its arrival and step, its instant or its pause in ns, and what the service got."""
    got: dict[tuple[int, str], list[str]] = {}
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            with lock:
                line = f"{self.command} {self.path} {self.headers.get('x-kind', '-')} {body}".rstrip()
                got.setdefault((int(self.headers["x-arrival"]), self.path.split("/")[1].split("?")[0]), []).append(line)
            self.send_response(200)
            self.send_header("content-length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else BODY)

        do_GET = do_POST = do_HEAD = answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        recording = Recording(uniform=100_000, slowest=0)
        service = Service(f"http://127.0.0.1:{server.server_port}")
        plan = compile_plan(
            WORKLOAD, shape, service, seed=20_260, cores=cores, recording=recording, environment={}, hash_key="0" * 32
        )
        engine = native(plan.engine)
        engine.start()
        while not engine.finished():
            engine.poll(0.5)
        samples = sorted(engine.samples(), key=lambda sample: (sample.arrival, sample.intended_ns))
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
    return [line for line in _lines(shape, samples, got) if line]


def _lines(shape: Shape, samples: list[Sample], got: dict[tuple[int, str], list[str]]) -> list[str]:
    first_ns = min(sample.intended_ns for sample in samples)
    lines = []
    before: Sample | None = None
    for sample in samples:
        assert sample.result == "200", sample
        begins = before is None or before.arrival != sample.arrival
        if shape.arrivals == "closed":
            kept, at_ns = sample.arrival <= 8, 0 if begins else sample.intended_ns - before.done_ns  # type: ignore[union-attr]
        elif begins:
            kept, at_ns = True, sample.intended_ns - first_ns
        else:
            assert before is not None
            kept, at_ns = sample.arrival <= CUT, sample.intended_ns - before.done_ns
        if shape.arrivals == "once" and begins:
            at_ns = 0  # `once` goes by completion
        (line,) = got[sample.arrival, sample.step]
        lines.append(f"{sample.arrival} {sample.journey}.{sample.step} {at_ns} {line}" if kept else "")
        before = sample
    return lines


def _golden() -> dict[str, list[str]]:
    parts = GOLDEN.read_text().split("# ")[1:]
    return {name: lines.splitlines() for name, _, lines in (part.partition("\n") for part in parts)}


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_plan_without_anything_new_sends_what_it_always_sent(shape: Shape, cores: int) -> None:
    pytest.importorskip("loadstone._core")
    golden, found = _golden()[shape.name], told(shape, cores)
    assert set(found) - set(golden) == set()
    assert len(found) == len(set(found)) >= 0.8 * len(golden)  # a slow machine may not come to the last of them


def test_a_plan_without_anything_new_is_written_as_it_always_was() -> None:
    service = Service("http://127.0.0.1:8000")
    plan = compile_plan(WORKLOAD, SHAPES[0], service, seed=20_260, environment={}, hash_key="0" * 32)
    assert plan.archive.decode() == _golden()["plan"][0]


def main() -> None:
    """Write the golden file."""
    service = Service("http://127.0.0.1:8000")
    plan = compile_plan(WORKLOAD, SHAPES[0], service, seed=20_260, environment={}, hash_key="0" * 32)
    parts = {shape.name: told(shape, 1) for shape in SHAPES} | {"plan": [plan.archive.decode()]}
    GOLDEN.write_text("".join(f"# {name}\n" + "".join(f"{line}\n" for line in lines) for name, lines in parts.items()))


if __name__ == "__main__":
    main()
