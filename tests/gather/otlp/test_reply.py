"""The answers, held against the messages that the OpenTelemetry and Google packages generate from their protos."""

from __future__ import annotations

import json

import pytest
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from loadstone.gather.otlp.reply import exported, refused
from loadstone.gather.otlp.spool import JSON, PROTOBUF


def test_a_request_that_was_taken_whole_is_answered_by_an_empty_message() -> None:
    assert exported(PROTOBUF) == b""
    assert exported(JSON) == b"{}"


@given(st.integers(0, 2**62), st.text(max_size=300))
def test_partial_success_says_how_many_and_why(rejected: int, message: str) -> None:
    told = ExportTraceServiceResponse.FromString(exported(PROTOBUF, rejected, message)).partial_success
    assert (told.rejected_spans, told.error_message) == (rejected, message)
    found = json.loads(exported(JSON, rejected, message))
    if rejected or message:
        assert found == {"partialSuccess": {"rejectedSpans": str(rejected), "errorMessage": message}}


def test_the_other_signals_have_the_same_shape() -> None:
    body = exported(PROTOBUF, 0, "not kept")
    assert ExportMetricsServiceResponse.FromString(body).partial_success.error_message == "not kept"
    assert ExportLogsServiceResponse.FromString(body).partial_success.error_message == "not kept"
    assert "rejectedLogRecords" in exported(JSON, 0, "not kept", "rejectedLogRecords").decode()


@given(st.sampled_from([400, 404, 405, 408, 413, 415, 429, 503]), st.text(max_size=300))
def test_a_refusal_is_a_status(status: int, message: str) -> None:
    told = Status.FromString(refused(PROTOBUF, status, message))
    found = json.loads(refused(JSON, status, message))
    assert (told.code, told.message) == (found["code"], found["message"])
    assert told.message == message
    assert told.code > 0


@pytest.mark.parametrize(("status", "code"), [(400, 3), (429, 8), (503, 14)])
def test_the_codes_are_googles(status: int, code: int) -> None:
    assert Status.FromString(refused(PROTOBUF, status, "x")).code == code
