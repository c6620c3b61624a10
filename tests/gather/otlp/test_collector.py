"""The collector of traces: what it tells a service, what it waits for, and what it says is missing."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import msgspec
import pytest

from loadstone.errors import EvidenceError
from loadstone.gather.collector import Collector, Gathered, Scene, Start
from loadstone.gather.otlp.collector import Traces
from loadstone.gather.otlp.decoding import Spooled
from loadstone.gather.otlp.report import ReceiverReport
from loadstone.gather.otlp.spool import PROTOBUF, Spool, files
from loadstone.gather.spans import Decoded
from loadstone.model.redaction import Redaction
from tests.gather.otlp.bodies import json_of, post, request_of
from tests.throwaway import free_port

OUTSIDE = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OUTSIDE:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(spool=tmp_path, redaction=Redaction("0" * 32), pids=set, generator=os.getpid())


def port_of(traces: Traces) -> int:
    assert traces.endpoint is not None
    return int(traces.endpoint.rpartition(":")[2])


def report_of(gathered: Gathered) -> ReceiverReport:
    return msgspec.json.decode(gathered.documents["receiver.json"], type=ReceiverReport)


def test_a_service_is_told_where_to_export(scene: Scene) -> None:
    traces = Traces()
    collector: Collector = traces
    start = collector.prepare(scene, Start(("./shop",), {"PORT": "80"}))
    assert start is not None
    assert start.argv == ("./shop",)
    assert start.env == {
        "PORT": "80",
        "OTEL_EXPORTER_OTLP_ENDPOINT": traces.endpoint,
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{traces.endpoint}/v1/traces",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
    }
    traces.open()
    traces.mark("steady")
    post(port_of(traces), request_of(7).SerializeToString())
    traces.stop()
    gathered = traces.close()
    assert report_of(gathered).counts.spans == 7
    assert gathered.missing == ()
    assert gathered.cpu_s is not None
    assert gathered.cpu_s > 0
    assert set(gathered.tables) == {"spans"}


def test_a_service_that_exports_elsewhere_is_left_alone_and_that_is_said(scene: Scene) -> None:
    traces = Traces()
    start = Start(("./shop",), {OUTSIDE[0]: "https://me:hunter2@collector.example:4318"})
    assert traces.prepare(scene, start) == start
    traces.stop()
    (told,) = traces.close().missing
    assert told.reason == "the service exports to https://collector.example:4318 by its own environment"


def test_a_service_that_exports_here_already_is_no_stranger(scene: Scene) -> None:
    port = free_port()
    traces = Traces(port=port)
    start = traces.prepare(scene, Start(("./shop",), {OUTSIDE[0]: f"http://localhost:{port}"}))
    assert start is not None
    assert start.env[OUTSIDE[0]] == traces.endpoint
    traces.stop()
    assert traces.close().missing == ()


def test_late_spans_of_a_service_that_lives_on_are_waited_for(scene: Scene) -> None:
    traces = Traces(late_s=0.3)
    assert traces.prepare(scene, None) is None
    traces.open()
    port = port_of(traces)
    post(port, request_of(1).SerializeToString())
    receiver = traces._receiver
    assert receiver is not None
    while (report := receiver.report()) is None or not report.counts.taken:
        time.sleep(0.02)
    traces.stop()
    post(port, request_of(2).SerializeToString())
    counts = report_of(traces.close()).counts
    assert counts.spans == 3


def test_silence_is_told_with_the_variables_to_set(scene: Scene) -> None:
    traces = Traces()
    traces.prepare(scene, None)
    traces.open()
    traces.stop()
    (told,) = traces.close().missing
    assert told.reason == f"no spans came to {traces.endpoint}"
    assert f"OTEL_EXPORTER_OTLP_ENDPOINT={traces.endpoint}" in told.advice


def test_a_taken_port_costs_the_traces_and_not_the_run(scene: Scene) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        traces = Traces(port=taken.getsockname()[1])
        start = Start(("./shop",), {})
        assert traces.prepare(scene, start) == start
    traces.open()
    traces.stop()
    (told,) = traces.close().missing
    assert "cannot listen" in told.reason
    assert "--otlp-port" in told.advice


def test_a_receiver_that_was_killed_is_told(scene: Scene) -> None:
    traces = Traces()
    traces.prepare(scene, None)
    traces.open()
    post(port_of(traces), request_of(4).SerializeToString())
    assert traces.pid is not None
    os.kill(traces.pid, signal.SIGKILL)
    traces.stop()
    gathered = traces.close()
    assert "ended with SIGKILL before it was told to" in gathered.missing[0].reason
    assert len(list(scene.spool.glob("*.spool"))) == 1


def test_official_packages_that_are_not_there_are_told_once(scene: Scene) -> None:
    traces = Traces("otel")
    start = Start(("./shop",), {})
    assert traces.prepare(scene, start) == start
    traces.stop()
    (told,) = traces.close().missing
    assert "is none of python, node and java" in told.reason


def test_a_trial_that_failed_early_closes_it_too(scene: Scene) -> None:
    assert Traces().close() == Gathered()
    traces = Traces()
    traces.prepare(scene, None)
    assert report_of(traces.close()).status == "ended"


def test_what_was_received_is_decoded_and_counted_file_by_file(scene: Scene) -> None:
    traces = Traces()
    traces.prepare(scene, None)
    for first in (1, 101, 201):
        post(port_of(traces), request_of(10, first=first).SerializeToString())
    json_body = msgspec.json.encode(json_of(request_of(5, first=301)))
    post(port_of(traces), json_body, {"content-type": "application/json"})
    gathered = traces.close()
    ids = [span_id for batch in gathered.tables["spans"] for span_id in batch["span_id"]]
    expected = [number for first in (1, 101, 201) for number in range(first, first + 10)] + list(range(301, 306))
    assert sorted(int.from_bytes(span_id, "big") for span_id in ids) == expected
    decoded = msgspec.json.decode(gathered.documents["decoded.json"], type=Decoded)
    assert (decoded.spans, decoded.bodies, decoded.broken, decoded.rejected) == (35, 4, 0, 0)
    assert set(gathered.documents) == {"receiver.json", "decoded.json"}


def test_a_file_that_is_no_spool_does_not_cost_the_others(tmp_path: Path) -> None:
    (tmp_path / "otlp-000.spool").write_bytes(b"garbage" * 10)
    spool = Spool(tmp_path, 1 << 20)
    spool.append(PROTOBUF, 1, request_of(3).SerializeToString())
    spool.close()
    spooled = Spooled(tuple(files(tmp_path)), Redaction("0" * 32))
    seen = 0
    with pytest.raises(EvidenceError, match="the spool of the trace receiver cannot be read"):
        for batch in spooled:
            seen += len(batch["span_id"])
    assert seen == spooled.counts.spans == 3


def test_a_killed_receiver_leaves_spans_up_to_the_torn_frame(scene: Scene) -> None:
    traces = Traces()
    traces.prepare(scene, None)
    post(port_of(traces), request_of(4).SerializeToString())
    assert traces.pid is not None
    os.kill(traces.pid, signal.SIGKILL)
    (path,) = files(scene.spool)
    with path.open("ab") as file:
        file.write(b"\x40\0\0\0\0\0torn")
    gathered = traces.close()
    assert sum(len(batch["span_id"]) for batch in gathered.tables["spans"]) == 4
    assert "were torn off; later spans are lost" in gathered.missing[0].reason
