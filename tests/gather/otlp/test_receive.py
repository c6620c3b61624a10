"""The receiver as a process: real exporters, both encodings, gRPC; how it starts and how it ends."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from loadstone.errors import InstrumentError
from loadstone.gather.otlp.receive import main
from loadstone.gather.otlp.report import ReceiverReport
from loadstone.gather.otlp.supervisor import Ended, Receiver, away_from_generator
from tests.gather.otlp.bodies import PROTOBUF_TYPE, json_of, post, request_of

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
METRICS = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    started = Receiver(tmp_path, grpc_port=0)
    yield started
    started.end()


def call(channel: grpc.Channel, method: str, body: bytes) -> bytes:
    export: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
    return export(body, timeout=30)


def report_of(ended: Ended) -> ReceiverReport:
    assert ended.report is not None
    assert ended.report.status == "ended"
    return ended.report


def test_all_ways_in_end_in_one_spool(receiver: Receiver, tmp_path: Path) -> None:
    body = request_of(5).SerializeToString()
    assert post(receiver.port, body).status == 200
    assert post(receiver.port, gzip.compress(body), PROTOBUF_TYPE | {"content-encoding": "gzip"}).status == 200
    as_json = json.dumps(json_of(request_of(5))).encode()
    assert post(receiver.port, as_json, {"content-type": "application/json"}).body == b"{}"
    assert receiver.grpc_port is not None
    with grpc.insecure_channel(f"127.0.0.1:{receiver.grpc_port}") as channel:
        answer = call(channel, EXPORT, body)
        assert ExportTraceServiceResponse.FromString(answer) == ExportTraceServiceResponse()
    receiver.load_ended()
    ended = receiver.end()
    counts = report_of(ended).counts
    assert (counts.requests, counts.taken, counts.spans, counts.refused) == (4, 4, 20, {})
    assert ended.killed_by is None
    assert report_of(ended).cpu_s > 0
    assert report_of(ended).spool_bytes == sum(path.stat().st_size for path in ended.spool)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in ended.spool)


def test_the_official_exporter_finds_nothing_wrong(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{receiver.endpoint}/v1/traces")))
    for number in range(10):
        with provider.get_tracer("test").start_as_current_span("work", attributes={"number": number}):
            pass
    provider.shutdown()
    assert report_of(receiver.end()).counts.spans == 10
    assert not [record for record in caplog.records if record.name.startswith("opentelemetry")]


def test_grpc_refuses_in_its_own_words(receiver: Receiver) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{receiver.grpc_port}") as channel:
        with pytest.raises(grpc.RpcError) as told:
            call(channel, EXPORT, b"\xff\xff\xff")
        assert told.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        answer = call(channel, METRICS, b"anything")
        assert b"metrics are read and dropped" in answer
    counts = report_of(receiver.end()).counts
    assert (counts.requests, counts.metrics, counts.refused) == (2, 1, {"garbage": 1})


def test_grpc_refuses_a_message_over_its_bound_and_goes_on(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path, grpc_port=0, options=("--body-bytes", "100000"))
    with grpc.insecure_channel(f"127.0.0.1:{receiver.grpc_port}") as channel:
        with pytest.raises(grpc.RpcError) as told:
            call(channel, EXPORT, request_of(1, attribute="x" * 200_000).SerializeToString())
        assert told.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert call(channel, EXPORT, request_of(2).SerializeToString()) == b""
    assert report_of(receiver.end()).counts.spans == 2


def test_grpc_is_to_come_again_where_the_spool_is_full(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path, grpc_port=0, options=("--spool-bytes", "20"))
    with grpc.insecure_channel(f"127.0.0.1:{receiver.grpc_port}") as channel:
        with pytest.raises(grpc.RpcError) as told:
            call(channel, EXPORT, request_of(1).SerializeToString())
        assert told.value.code() == grpc.StatusCode.UNAVAILABLE
    assert report_of(receiver.end()).counts.refused == {"full": 1}


def test_what_comes_after_the_load_is_late(receiver: Receiver) -> None:
    post(receiver.port, request_of(1).SerializeToString())
    receiver.load_ended()
    late = 0
    for _ in range(1000):  # the word and the request travel by different ways
        late += 1
        post(receiver.port, request_of(1).SerializeToString())
        report = receiver.report()
        if report is not None and report.counts.late:
            break
    counts = report_of(receiver.end()).counts
    assert counts.spans == 1 + late
    assert 1 <= counts.late == counts.late_spans <= late


def test_it_ends_by_a_signal_too_and_writes_its_report(receiver: Receiver) -> None:
    post(receiver.port, request_of(3).SerializeToString())
    os.kill(receiver.pid, signal.SIGTERM)
    ended = receiver.end()
    assert ended.killed_by is None
    assert report_of(ended).counts.spans == 3


def test_it_does_not_outlive_its_parent(tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import os, pathlib
        from loadstone.gather.otlp.supervisor import Receiver
        receiver = Receiver(pathlib.Path({str(tmp_path)!r}))
        print(receiver.pid, flush=True)
        os.kill(os.getpid(), 9)
        """
    )
    parent = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, timeout=60)
    assert parent.returncode == -signal.SIGKILL
    pid = int(parent.stdout)
    assert pid > 0
    # Its report says "ended" once it has gone by itself: nobody else could have written that.
    report = tmp_path / "receiver.json"
    for _ in range(2000):
        if json.loads(report.read_bytes())["status"] == "ended":
            break
        time.sleep(0.01)
    assert json.loads(report.read_bytes())["status"] == "ended"


def test_a_taken_port_is_one_clear_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InstrumentError, match=rf"cannot listen on 127\.0\.0\.1:{port}: Address already in use"):
            Receiver(tmp_path, port)


def test_a_spool_that_is_not_there_is_one_clear_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--spool", str(tmp_path / "nowhere"), "--port", "0"]) == 4
    assert "cannot work: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_machines_are_let_in_only_when_that_is_said(
    tmp_path: Path, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--spool", str(tmp_path), "--port", "0", "--host", host]) == 2
    assert "--open-to-others" in capsys.readouterr().err


def test_a_name_is_no_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--spool", str(tmp_path), "--port", "0", "--host", "localhost"]) == 2
    assert "is not an address" in capsys.readouterr().err


def test_without_grpcio_it_says_what_to_install(tmp_path: Path) -> None:
    script = "import sys; sys.modules['grpc'] = None; from loadstone.gather.otlp.receive import main; sys.exit(main())"
    words = [sys.executable, "-c", script, "--spool", str(tmp_path), "--port", "0", "--grpc-port", "0"]
    ended = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 4
    assert "pip install 'loadstone[otlp-grpc]'" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system pins no process to a core")
def test_it_runs_on_the_last_core_where_there_are_several(receiver: Receiver) -> None:
    mine = os.sched_getaffinity(0)
    expected = {max(mine)} if len(mine) > 1 else mine
    assert os.sched_getaffinity(receiver.pid) == expected
    assert away_from_generator() == (str(max(mine)) if len(mine) > 1 else None)
    assert os.getsid(receiver.pid) == receiver.pid
