"""What it costs to make columns of the spans that were received, beside others that read OTLP, and to archive them.

    python -m benches.spans [--spans 450000]

CPU microseconds a span on one core, ten attributes a span, bodies of 512 spans. Three runs of each in turn; the least
counts, as what else runs on the machine only adds. It asserts nothing. ``upb`` is protobuf's own parser in C, which
only parses; "with attributes" makes a dictionary of each span's attributes out of what it parsed, as an importer in
Python would.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benches.receiver import SPANS_A_BODY, as_json, bodies, cases, measure
from loadstone.archive import EvidenceWriter
from loadstone.gather.otlp.spool import HEADER, JSON, PROTOBUF
from loadstone.gather.spans import check, decode_spool
from loadstone.model.redaction import Redaction

BODIES = 64  # different ones, under new trace ids each time that they come again
RUNS = 3
KEY = "000102030405060708090a0b0c0d0e0f"
TRACE = (0x1234_5678).to_bytes(8, "big")  # the end of every trace id of benches.receiver


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benches.spans", description=__doc__)
    parser.add_argument("--spans", type=int, default=450_000, help="in each run")
    asked = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="loadstone-bench-"))
    try:
        _measure(directory, asked.spans)
    finally:
        shutil.rmtree(directory)


def _measure(directory: Path, wanted: int) -> None:
    requests = list(bodies(BODIES))
    few = [request.SerializeToString() for request in requests]
    many = list(_under_new_ids(few, wanted))
    spool = _spool(directory / "protobuf", PROTOBUF, many)
    text = _spool(directory / "json", JSON, [as_json(request) for request in requests])
    turns: dict[str, Callable[[], float]] = {
        "upb, parsing alone": lambda: _each(few, ExportTraceServiceRequest.FromString),
        "upb, with attributes": lambda: _each(few[:8], _with_attributes),
        "check": lambda: _each(few, lambda body: check(body, PROTOBUF)),
        "receive, HTTP": lambda: measure(cases()[0], wanted),
        "decode": lambda: _decoded(spool),
        "decode, JSON": lambda: _decoded(text),
        "decode and archive": lambda: _archived(spool, directory / "run"),
    }
    least: dict[str, float] = {}
    for _ in range(RUNS):
        for name, turn in turns.items():
            least[name] = min(least.get(name, 1.0), turn())
    for name, seconds in least.items():
        print(f"{name:22} {1e6 * seconds:6.2f} us CPU a span   {1 / seconds:>10,.0f} spans/s")
    whole = least["receive, HTTP"] + least["decode and archive"]
    print(f"{'all together':22} {1e6 * whole:6.2f} us CPU a span, from HTTP to Parquet")
    for name in ("upb, parsing alone", "upb, with attributes"):
        print(f"decode takes {least['decode'] / least[name]:.2f} of {name}")
    print(f"bytes a span: {sum(map(len, few)) / len(few) / SPANS_A_BODY:.0f}")


def _under_new_ids(few: Sequence[bytes], wanted: int) -> Iterator[bytes]:
    for number in range(-(-wanted // SPANS_A_BODY)):
        yield few[number % len(few)].replace(TRACE, (number // len(few) + 1).to_bytes(8, "little"))


def _spool(path: Path, kind: int, found: Sequence[bytes]) -> Path:
    path.write_bytes(b"".join(HEADER.pack(len(body), kind, 0, 1) + body for body in found))
    return path


def _each(found: Sequence[bytes], take: Callable[[bytes], object]) -> float:
    begun = time.process_time()
    for body in found:
        take(body)
    return (time.process_time() - begun) / (SPANS_A_BODY * len(found))


def _with_attributes(body: bytes) -> int:
    kept = 0
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                kept += len(
                    {pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "") for pair in span.attributes}
                )
    return kept


def _decoded(spool: Path) -> float:
    begun = time.process_time()
    spans = sum(len(batch["kind"]) for batch in decode_spool(spool, Redaction(KEY)))
    return (time.process_time() - begun) / spans


def _archived(spool: Path, directory: Path) -> float:
    directory.mkdir()
    writer = EvidenceWriter(directory)
    begun = time.process_time()
    writer.add({"spans": decode_spool(spool, Redaction(KEY))}, {})
    counts = writer.finish(None)
    spent = time.process_time() - begun
    shutil.rmtree(directory)
    if counts.duplicates:
        raise SystemExit(f"bench: {counts.duplicates} spans were taken for duplicates")
    return spent / counts.rows["spans"]


if __name__ == "__main__":
    main()
