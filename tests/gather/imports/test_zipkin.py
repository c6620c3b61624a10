"""Zipkin's v2 JSON."""

from __future__ import annotations

import json
from pathlib import Path

from tests.gather.imports.reading import NOW, read, rows, write, zipkin


def test_a_span(tmp_path: Path) -> None:
    (row,) = rows(
        tmp_path,
        [
            zipkin(
                2,
                1,
                kind="CLIENT",
                remoteEndpoint={"serviceName": "cart", "ipv4": "10.0.0.7", "port": 80},
                annotations=[{"timestamp": NOW // 1000 + 3, "value": "sent"}],
                tags={"http.method": "GET", "http.path": "/items", "http.status_code": "503", "error": ""},
            )
        ],
    )
    assert row == {
        "trace_id": (7).to_bytes(16, "big"),
        "span_id": (2).to_bytes(8, "big"),
        "parent_id": (1).to_bytes(8, "big"),
        "start_ns": NOW + 2_000,
        "end_ns": NOW + 252_000,
        "kind": 3,
        "status": 2,
        "service": "shop",
        "name": "get",
        "http_request_method": "GET",
        "url_path": "/items",
        "http_response_status_code": 503,
        "attributes": {"peer.service": "cart", "network.peer.address": "10.0.0.7", "network.peer.port": 80},
        "events": [{"time_ns": NOW + 3_000, "name": "sent"}],
    }


def test_shapes(tmp_path: Path) -> None:
    spans = [zipkin(1), zipkin(2, 1)]
    found = rows(tmp_path, spans)
    assert len(found) == 2
    assert rows(tmp_path, [spans]) == found
    assert rows(tmp_path, [spans, spans]) == found * 2
    assert rows(tmp_path, "\n".join(map(json.dumps, spans))) == found
    assert rows(tmp_path, [zipkin(traceId=f"{1 << 64 | 7:032x}")])[0]["trace_id"] == (1 << 64 | 7).to_bytes(16, "big")


def test_client_and_server_share_an_id(tmp_path: Path) -> None:
    cart = {"serviceName": "cart"}
    path = write(
        tmp_path,
        [
            zipkin(4, 1, localEndpoint=cart, kind=None),
            zipkin(1, kind="CLIENT"),
            zipkin(1, kind="SERVER", shared=True, localEndpoint=cart),
            zipkin(5, 1, kind=None),
        ],
    )
    (below, client, server, beside), notes = read(path)
    assert client["span_id"] == (1).to_bytes(8, "big") != server["span_id"]
    assert server["parent_id"] == client["span_id"]
    assert below["parent_id"] == server["span_id"]
    assert beside["parent_id"] == client["span_id"]
    assert "shared an id" in notes[-1]
    assert read(path)[0][2]["span_id"] == server["span_id"]  # the same in every import


def test_a_servers_half_without_its_client_stays(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, [zipkin(1, kind="SERVER", shared=True)])
    assert row["span_id"] == (1).to_bytes(8, "big")


def test_a_half_that_knows_its_annotations_alone(tmp_path: Path) -> None:
    span = zipkin(1, annotations=[{"timestamp": NOW // 1000 + 9, "value": "sr"}])
    del span["timestamp"], span["duration"]
    (row,) = rows(tmp_path, [span])
    assert row["start_ns"] == NOW + 9_000
    assert "end_ns" not in row


def test_milliseconds_are_told(tmp_path: Path) -> None:
    (row,), notes = read(write(tmp_path, [zipkin(timestamp=NOW // 10**6, duration=3)]))
    assert (row["start_ns"], row["end_ns"]) == (NOW, NOW + 3_000_000)
    assert notes == ("1 span had times in ms by their magnitude, and were taken so.",)
