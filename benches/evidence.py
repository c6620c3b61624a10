"""What it costs to write spans into the archive and to read them back: CPU microseconds a span, and the most memory.

    python -m benches.evidence                      450,000 spans, held in memory and written once
    python -m benches.evidence --spans 10000000     staged on disk and written in parts

A span has ten attributes beside its ids, instants and resource. Batches are made beforehand, so that only writing is
measured; of a long run the same ones come again and again under new ids, made between the measurements.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loadstone.archive import EvidenceWriter, RunEvidence
from loadstone.model.evidence import Columns
from loadstone.model.trace import NEEDED, traces
from loadstone.stats.critical_path import critical_path

BATCH = 65_536
A_TRACE = 21  # spans: a request and twenty statements
NONCE = 7


def main() -> None:
    """Print the costs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=450_000)
    asked = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="loadstone-bench-"))
    try:
        _measure(directory, asked.spans)
    finally:
        shutil.rmtree(directory)


def _measure(directory: Path, wanted: int) -> None:
    random = np.random.default_rng(41)
    writer = EvidenceWriter(directory)
    spans = 0
    spent = 0.0
    while spans < wanted:
        batch = _batch(random, min(BATCH, wanted - spans), spans)
        begun = time.process_time()
        writer.add({"spans": [batch]}, {})
        spent += time.process_time() - begun
        spans += len(batch["kind"])
    del batch
    begun = time.process_time()
    counts = writer.finish(NONCE)
    spent += time.process_time() - begun
    size = sum(path.stat().st_size for path in (directory / "evidence").glob("spans-*"))
    _tell("written", f"{counts.rows['spans']:,} spans of {counts.traces:,} traces, {counts.duplicates} duplicates")
    _tell("CPU", f"{spent / spans * 1e6:.2f} us a span")
    _tell("on disk", f"{size / spans:.1f} B a span")
    _tell("most memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")
    begun = time.process_time()
    seen = sum(
        len(batch["name"]) for batch in RunEvidence(directory).rows("spans", ("trace_id", "start_ns", "end_ns", "name"))
    )
    _tell("read", f"{(time.process_time() - begun) / seen * 1e6:.2f} us a span, four columns")
    begun = time.process_time()
    seen = 0
    for trace in traces(RunEvidence(directory).rows("spans", NEEDED, where="hash(trace_id) % 16 = 0")):
        critical_path(trace.start, trace.end, trace.waited, trace.root)
        seen += len(trace)
    if seen:
        _tell("critical path", f"{seen / (time.process_time() - begun):,.0f} spans a second, reading among them")


def _batch(random: np.random.Generator, count: int, first: int) -> Columns:
    places = np.arange(first, first + count)
    trace, place = np.divmod(places, A_TRACE)
    salt = np.frombuffer(os.urandom(16), ">u8")
    ids = [
        int(NONCE).to_bytes(4, "big") + (int(n * 0x9E3779B97F4A7C15) & (1 << 96) - 1).to_bytes(12, "big")
        for n in range(int(trace[0]) + 1, int(trace[-1]) + 2)
    ]
    root = place == 0
    span = _blobs(places.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) ^ salt[0].astype(np.uint64))
    parent = np.empty(count, object)
    parent[:] = [(1 << 40 | int(n) + 1).to_bytes(8, "big") for n in trace]
    start = 1_795_521_600_000_000_000 + trace * 2_000_000 + place * 90_000

    def one_of(*words: str | None) -> NDArray[np.object_]:
        return np.array(words, object)[random.integers(0, len(words), count)]

    def where(mask: NDArray[np.bool_], values: NDArray[np.object_]) -> NDArray[np.object_]:
        made = np.full(count, None)
        made[mask] = values[mask]
        return made

    return {
        "trace_id": np.array(ids, object)[trace - trace[0]],
        "span_id": span,
        "parent_id": parent,
        "start_ns": start,
        "end_ns": start + np.where(root, 1_900_000, random.integers(1_000, 80_000, count)),
        "kind": np.where(root, 2, 3).astype(np.int8),
        "status": np.zeros(count, np.int8),
        "service": one_of("shop"),
        "service_instance_id": one_of("a1", "b2"),
        "process_pid": np.full(count, 77, np.int32),
        "name": one_of("GET /products/{id}", "SELECT", "INSERT"),
        "scope": one_of("loadstone.recorder"),
        "http_request_method": where(root, one_of("GET", "POST")),
        "http_route": where(root, one_of("/products/{id}", "/cart")),
        "http_response_status_code": np.ma.MaskedArray(np.full(count, 200, np.int16), ~root),
        "db_system_name": where(~root, one_of("postgresql")),
        "db_query_text": where(~root, one_of("SELECT * FROM product WHERE id = ?", "INSERT INTO cart VALUES (?)")),
        "db_query_parameters_hash": where(~root, _hexes(random, count)),
        "server_address": one_of("127.0.0.1"),
        "code_file_path": one_of("shop/views.py"),
        "code_line_number": random.integers(1, 500, count).astype(np.int32),
        "code_function_name": one_of("detail", "reviews_of"),
        "thread_id": np.full(count, 140_001, np.int64),
        "attributes": one_of('{"net.protocol.version": "1.1", "http.request.header.user-agent": "#aabbccdd"}', None),
    }


def _blobs(words: NDArray[np.uint64]) -> NDArray[np.object_]:
    made = np.empty(len(words), object)
    content = words.astype(">u8").tobytes()
    made[:] = [content[at : at + 8] for at in range(0, len(content), 8)]
    return made


def _hexes(random: np.random.Generator, count: int) -> NDArray[np.object_]:
    few = np.array([f"{number:016x}" for number in random.integers(0, 1 << 62, 1000)], object)
    return few[random.integers(0, 1000, count)]


def _tell(name: str, value: str) -> None:
    print(f"{name:14} {value}")


if __name__ == "__main__":
    main()
