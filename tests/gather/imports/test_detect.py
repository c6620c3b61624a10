"""Formats by contents, and how a wrong file is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loadstone.errors import SpecError
from loadstone.gather.imports import FORMATS, detect, spans_of
from loadstone.gather.profile.imports import FORMATS as PROFILES
from tests.gather.imports.reading import REDACTION, jaeger, jaeger_span, otlp, span, write, zipkin
from tests.gather.otlp.bodies import request_of

PERF = "gunicorn 4711/4712  3120.072449:   10101010 cpu-clock: \n\t    113f inner+0x1f (/usr/lib/app.so)\n\n"
REQUEST = request_of(3).SerializeToString()
EACH = {
    "otlp json": [
        otlp(span()),
        [otlp(span())],
        {"batches": otlp(span())["resourceSpans"]},
        otlp(span())["resourceSpans"],
    ],
    "otlp protobuf": [
        REQUEST,
        len(REQUEST).to_bytes(4, "big") + REQUEST,
        bytes([len(REQUEST) & 127 | 128, len(REQUEST) >> 7]) + REQUEST,
    ],
    "jaeger": [jaeger(jaeger_span()), jaeger(jaeger_span())["data"], jaeger(jaeger_span())["data"][0], {"data": []}],
    "zipkin": [[zipkin()], [[zipkin()], [zipkin(2)]], zipkin(), "[]"],
    "speedscope": [
        {"$schema": "https://www.speedscope.app/file-format-schema.json", "shared": {"frames": []}, "profiles": []}
    ],
    "cpuprofile": [{"nodes": [{"id": 1, "callFrame": {"functionName": "x"}}], "samples": [], "timeDeltas": []}],
    "collapsed": ["main (a.py:1);load x (a.py:9) 17\nmain 2\n", "# made by hand\nmain 2\n"],
    "perf script": [PERF, "# captured on: Tue\n#\n" + PERF],
    "pprof": [bytes.fromhex("0a0408011002") + b"\x12\x06\x0a\x01\x01\x12\x01\x05" + b"\x32\x00"],
}


def test_each_format_is_here() -> None:
    assert EACH.keys() == FORMATS.keys() | PROFILES.keys()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("format", "content"), [(name, each) for name, contents in EACH.items() for each in contents])
def test_a_file_is_known_by_its_contents(tmp_path: Path, format: str, content: object, packed: bool) -> None:
    path = write(tmp_path, content)
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    assert detect(path) == format


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_does_no_harm(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, json.dumps(otlp(span())).encode(encoding))
    assert detect(path) == "otlp json"
    assert sum(len(batch["name"]) for batch in spans_of(path, "otlp json", REDACTION).columns) == 1


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "an empty file"),
        (" \n ", "an empty file"),
        ("<!DOCTYPE html><html><body>Log in</body></html>", "a page of HTML"),
        ({"log": {"version": "1.2", "creator": {}, "entries": []}}, "a HAR"),
        ({"traceEvents": []}, "a trace of Chrome's"),
        ({"resourceMetrics": [{"resource": {}}]}, "metrics of OTLP"),
        ({"resourceLogs": []}, "logs of OTLP"),
        ({"name": "x", "version": 3}, "JSON with name, version"),
        (b"PERFILE2\0\0\0", "perf.data"),
        (b"PK\x03\x04rest", "a zip archive"),
        (bytes(range(128, 256)), "bytes 80 81"),
        ("127.0.0.1 - - [01/Jan] GET / HTTP/1.1\nhello\n", "127.0.0.1"),
    ],
)
def test_a_wrong_file_is_named_with_the_way_out(tmp_path: Path, content: object, found: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(SpecError) as error:
        detect(path)
    assert found in str(error.value)
    assert str(path) in str(error.value)
    assert "expected a file of traces" in str(error.value)


def test_a_file_that_is_not_there_a_directory_and_half_a_gzip(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="No such file"):
        detect(tmp_path / "none")
    with pytest.raises(SpecError, match="a directory"):
        detect(tmp_path)
    path = write(tmp_path, gzip.compress(json.dumps(otlp(span())).encode())[:-20])
    with pytest.raises(SpecError, match="a gzip file that is whole"):
        list(spans_of(path, "otlp json", REDACTION).columns)


def test_an_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="otlp json, otlp protobuf, jaeger, zipkin"):
        spans_of(tmp_path / "x", "svg", REDACTION)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=100).map(str.encode)))
def test_garbage_is_known_or_refused_never_crashes(tmp_path: Path, garbage: bytes) -> None:
    path = write(tmp_path, garbage)
    try:
        assert detect(path) in EACH
    except SpecError as error:
        assert str(path) in str(error)


WHOLE = {name: EACH[name][0] for name in FORMATS}


@pytest.mark.parametrize("format", FORMATS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(place=st.integers(0, 10**6), change=st.binary(max_size=6), cut=st.booleans())
def test_a_damaged_file_is_read_or_refused_never_crashes(
    tmp_path: Path, format: str, place: int, change: bytes, cut: bool
) -> None:
    content = WHOLE[format]
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    place %= len(data)
    path = write(tmp_path, data[:place] + change + (b"" if cut else data[place + len(change) :]))
    try:
        list(spans_of(path, format, REDACTION).columns)
    except SpecError as error:
        assert str(path) in str(error)
