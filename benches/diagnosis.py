"""How long a diagnosis takes over millions of spans, and how much memory: seconds, spans a second, the peak.

    python -m benches.diagnosis                     a million spans, then ten
    python -m benches.diagnosis --spans 1000000 --keep DIR

Twenty spans a trace, two services, some sixty operations, written by the archive's own writer, which is not measured.
Each size is read in a process of its own, so that its peak is its own. It asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.archive import EvidenceWriter, RunEvidence
from loadstone.diagnose.diagnosis import diagnose
from loadstone.diagnose.subject import Subject
from loadstone.model.evidence import Columns

A_TRACE = 20
ROUTES = 6
NONCE = 7
TRACES_A_BATCH = 5_000
START_NS = 1_795_521_600_000_000_000
STEPS = tuple(("shop", f"step {route}") for route in range(ROUTES))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, action="append", help="by default 1,000,000 and 10,000,000")
    parser.add_argument("--keep", type=Path, help="make the archives here, and take those that are there already")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.read is not None:
        print(json.dumps(read(asked.read)))
        return
    directory = asked.keep or Path(tempfile.mkdtemp(prefix="loadstone-bench-"))
    try:
        for spans in asked.spans or (1_000_000, 10_000_000):
            _measure(directory / str(spans), spans)
    finally:
        if asked.keep is None:
            shutil.rmtree(directory)


def _measure(run: Path, spans: int) -> None:
    if not (run / "evidence" / "counts.json").exists():
        run.mkdir(parents=True)
        write(run, spans)
    command = [sys.executable, "-m", "benches.diagnosis", "--read", str(run)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"{told['spans']:,} spans, {told['findings']} findings")
    for name, (wall_s, cpu_s) in told["seconds"].items():
        print(f"  {name:28} {wall_s:7.2f} s, {cpu_s:7.2f} s CPU   {told['spans'] / wall_s:12,.0f} spans/s")
    print(f"  {'peak':28} {told['peak_bytes'] / 2**20:7,.0f} MiB", flush=True)


def read(run: Path) -> dict[str, Any]:
    """Diagnose a run's spans; what each part of it took, in seconds of the clock and of the CPU."""
    seconds: dict[str, tuple[float, float]] = {}
    at, begun, spent = "", time.perf_counter(), time.process_time()
    first = (begun, spent)

    def watch(what: str) -> None:
        nonlocal at, begun, spent
        part = what.split("  ")[0]
        if part != at:
            now, used = time.perf_counter(), time.process_time()
            if at:
                seconds[at] = (now - begun, used - spent)
            at, begun, spent = part, now, used

    found = diagnose(Subject(run="bench", steps=STEPS), RunEvidence(run), watch)
    watch("end")
    seconds["all"] = (time.perf_counter() - first[0], time.process_time() - first[1])
    return {
        "spans": found.spans,
        "findings": len(found.findings),
        "seconds": seconds,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def write(run: Path, spans: int) -> None:
    """An archive of so many spans."""
    random = np.random.default_rng(41)
    writer = EvidenceWriter(run)
    templates = {name: _template(name) for name in _TEMPLATE}
    for first in range(0, spans // A_TRACE, TRACES_A_BATCH):
        count = min(TRACES_A_BATCH, spans // A_TRACE - first)
        writer.add({"spans": [_batch(random, templates, first + 1, count)]}, {})
    writer.finish(NONCE)


def _row(route: int, place: int) -> dict[str, Any]:
    """A span of a route: a request, a handler, statements, calls of another service and its statements."""
    told: dict[str, Any] = {"service": "shop", "parent": 0, "kind": 3, "code_file_path": "shop/views.py"}
    if place == 0:
        route_name = f"/products/{route}/{{id}}"
        told |= {"kind": 2, "name": f"GET {route_name}", "http_request_method": "GET", "http_route": route_name}
        return told | {"code_file_path": None}
    if place in (1, 12):
        return told | {"kind": 1, "name": f"load {route}.{place}", "code_function_name": f"load_{route}_{place}"}
    if place in (13, 16):
        return told | {"name": "GET", "http_request_method": "GET", "server_address": "stock", "parent": 12}
    if place in (14, 17):
        route_name = "/stock/{id}"
        told |= {"kind": 2, "name": f"GET {route_name}", "http_request_method": "GET", "http_route": route_name}
        return told | {"service": "stock", "parent": place - 1, "code_file_path": None}
    system = {"db_system_name": "postgresql", "name": "SELECT", "code_line_number": 20 + place}
    if place in (15, 18):
        text = "SELECT count FROM stock WHERE id = ?"
        return told | system | {"service": "stock", "parent": place - 1, "db_query_text": text}
    what = min(place, 6)
    text = f"SELECT a, b, c FROM table_{what} JOIN other_{route} USING (id) WHERE id = ? AND kind = ? ORDER BY name"
    return told | system | {"parent": 1 if place < 12 else 0, "db_query_text": text, "code_line_number": 20 + what}


_TEMPLATE = (
    "service",
    "kind",
    "name",
    "http_request_method",
    "http_route",
    "db_system_name",
    "db_query_text",
    "server_address",
    "code_file_path",
    "code_line_number",
    "code_function_name",
    "parent",
)
_NUMBERS = ("kind", "code_line_number", "parent")


def _template(name: str) -> NDArray[Any]:
    """The column for every (route, place)."""
    rows = [_row(route, place).get(name) for route in range(ROUTES) for place in range(A_TRACE)]
    if name in _NUMBERS:
        return np.array([value or 0 for value in rows], np.int32).reshape(ROUTES, A_TRACE)
    made = np.empty(len(rows), object)
    made[:] = rows
    return made.reshape(ROUTES, A_TRACE)


def _batch(random: np.random.Generator, templates: dict[str, NDArray[Any]], first: int, count: int) -> Columns:
    route = random.integers(0, ROUTES, count)
    told = {name: values[route].reshape(-1) for name, values in templates.items()}
    number = np.arange(first, first + count, dtype=np.uint64)
    place = np.tile(np.arange(A_TRACE), count)
    trace = np.repeat(number, A_TRACE)
    span = trace << np.uint64(8) | (place + 1).astype(np.uint64)
    parent = trace << np.uint64(8) | (told.pop("parent") + 1).astype(np.uint64)
    root = place == 0
    parent[root] = np.uint64(1 << 40) * (route.astype(np.uint64) + np.uint64(1)) | number
    # A span lies within its parent: handlers hold what comes after them, calls hold their server's spans.
    begins = np.array([0, 10, *range(20, 1_000, 100), 1_100, 1_120, 1_140, 1_160, 1_400, 1_420, 1_440, 1_700])
    lasts = np.array([2_000, 1_050, *[90] * 10, 570, 250, 200, 150, 250, 200, 150, 200])
    factor = np.repeat(random.lognormal(0, 0.3, count), A_TRACE)
    at = START_NS + number.astype(np.int64) * 2_000_000
    start = np.repeat(at, A_TRACE) + (begins[place] * 1_000 * factor).astype(np.int64)
    end = start + (lasts[place] * 1_000 * factor).astype(np.int64)
    statement = told["db_query_text"] != None  # noqa: E711 - element by element
    paths = np.full(len(place), None)
    called = np.isin(place, (13, 16))
    paths[called] = [f"/stock/{value}" for value in random.integers(0, 1_000_000, int(called.sum()))]
    hashes = np.full(len(place), None)
    hashes[statement] = [f"{value:016x}" for value in random.integers(0, 1 << 62, int(statement.sum()))]
    line = told.pop("code_line_number")
    return {
        "trace_id": _blobs(np.stack([np.full(len(trace), NONCE << 32, np.uint64), trace], 1)),
        "span_id": _blobs(span[:, None]),
        "parent_id": _blobs(parent[:, None]),
        "start_ns": start,
        "end_ns": end,
        "status": np.zeros(len(place), np.int8),
        "service_instance_id": np.array(["a1", "b2"], object)[(trace % np.uint64(2)).astype(int)],
        "host_name": np.full(len(place), "node-1", object),
        "process_pid": np.full(len(place), 77, np.int32),
        "thread_cpu_ns": np.ma.MaskedArray((end - start) // 3, ~root),
        "scope": np.full(len(place), "loadstone.recorder", object),
        "url_path": paths,
        "http_response_status_code": np.ma.MaskedArray(np.full(len(place), 200, np.int16), ~root),
        "db_query_parameters_hash": hashes,
        "db_response_returned_rows": np.ma.MaskedArray(random.integers(0, 30, len(place)), ~statement),
        "code_line_number": np.ma.MaskedArray(line, line == 0),
        "thread_id": np.full(len(place), 140_001, np.int64),
        "attributes": np.full(
            len(place), '{"net.protocol.version": "1.1", "http.request.header.agent": "#aa"}', object
        ),
        **told,
    }


def _blobs(words: NDArray[np.uint64]) -> NDArray[np.object_]:
    content, size = words.astype(">u8").tobytes(), 8 * words.shape[1]
    made = np.empty(len(words), object)
    made[:] = [content[at : at + size] for at in range(0, len(content), size)]
    return made


if __name__ == "__main__":
    main()
