"""The door to the native reader: every format as the slow reader reads it, and what cannot be read is an error."""

from __future__ import annotations

import io
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest

from loadstone.errors import SpecError
from loadstone.model.hits import METHODS
from loadstone.model.route import Route
from loadstone.traffic.access_log import detect
from loadstone.traffic.access_log.reference import read_line
from loadstone.traffic.lines import Lines, head
from tests.traffic.access_log.golden import GOLDEN, Golden
from tests.traffic.logs import KEY, combined

COMBINED = detect(f"{combined(0)}\n".encode())


def lines_of(text: bytes, *, format: bytes | None = None, key: str = KEY, routes: tuple[Route, ...] = ()) -> Lines:
    formats = b"[" + (format or COMBINED.to_json()) + b"]"
    return Lines(formats, [("a.log", io.BytesIO(text), None)], key, routes)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.format)
def test_every_format_is_read_as_the_slow_reader_reads_it(golden: Golden) -> None:
    text = f"{golden.head}{golden.line}\n".encode()
    found = detect(text)
    told = read_line(found, golden.line)
    assert told is not None
    lines = lines_of(text, format=found.to_json())
    (batch,) = list(lines)
    assert len(batch.kind) == 1
    duration_s = float(told.get("duration", 0.0))
    start_s = float(told["time"]) - (duration_s if found.time_at == "end" else 0.0)
    assert batch.time_ns[0] / 1e9 == pytest.approx(start_s, abs=1e-6)
    assert batch.duration_ns[0] == (pytest.approx(duration_s * 1e9) if "duration" in told else -1)
    assert batch.bytes[0] == int(told.get("bytes", -1))
    assert batch.status[0] == int(told["status"])
    assert METHODS[batch.method[0]] == told["method"]
    settled = lines.settle()
    assert settled.reading.malformed == 0
    assert re.fullmatch(r"GET /products/\{\w+\}", settled.routes[settled.map[batch.route[0]]].id)


def test_columns_are_of_one_length_and_of_their_types() -> None:
    text = "".join(f"{combined(second)}\n" for second in range(70_000)).encode()
    batches = list(lines_of(text))
    assert [len(batch.kind) for batch in batches] == [65_536, 70_000 - 65_536]
    for batch in batches:
        assert {len(column) for column in batch} == {len(batch.kind)}
        assert [column.dtype.name for column in batch] == [
            *("int64", "int64", "int64", "uint64", "uint64", "int32", "int32", "uint16", "uint8", "uint8"),
        ]
    times = np.concatenate([batch.time_ns for batch in batches])
    assert (np.diff(times) == 1_000_000_000).all()


def test_a_clients_hash_is_keyed() -> None:
    text = f"{combined(0)}\n{combined(1)}\n{combined(2, client='203.0.113.10')}\n".encode()
    (batch,) = list(lines_of(text))
    assert batch.client[0] == batch.client[1] != batch.client[2]
    (other,) = list(lines_of(text, key="f" * 32))
    assert not set(batch.client) & set(other.client)


def test_declared_routes_are_those_that_are_found() -> None:
    routes = (Route("GET", "/products/{sku}", sources=("openapi",)),)
    lines = lines_of(f"{combined(0, '/products/blue-lamp')}\n".encode(), routes=routes)
    list(lines)
    settled = lines.settle()
    assert [(route.id, route.requests) for route in settled.routes] == [("GET /products/{sku}", 1)]
    assert settled.map[-1] == -1


@pytest.mark.parametrize(
    ("format", "key", "what"),
    [(b"{", KEY, "not understood"), (b'{"name": "a", "kind": "text"}', KEY, "no parts"), (None, "short", "32 hex")],
)
def test_what_makes_no_sense_is_refused(format: bytes | None, key: str, what: str) -> None:
    with pytest.raises(SpecError, match=what):
        lines_of(b"", format=format, key=key)


def test_a_file_object_that_fails_is_told() -> None:
    class Failing:
        def read(self, size: int) -> bytes:
            raise OSError("the cable is out")

    lines = Lines(msgspec.json.encode([COMBINED]), [("a.log", Failing(), None)], KEY)
    assert list(lines) == []
    assert "cable" in lines.settle().reading.notes[0]


def test_heads(tmp_path: Path) -> None:
    assert head(io.BytesIO(b"abcdef"), 3) == b"abc"
    with pytest.raises(SpecError, match="No such file"):
        head(tmp_path / "none.log")
    with pytest.raises(SpecError, match="folder"):
        head(tmp_path)
    (tmp_path / "a.xz").write_bytes(b"\xfd7zXZ\x00 and more")
    with pytest.raises(SpecError, match="xz"):
        head(tmp_path / "a.xz")


def test_permission_denied_has_its_own_way_out() -> None:
    class Denied:
        def read(self, size: int) -> bytes:
            raise PermissionError("Permission denied")

    with pytest.raises(SpecError, match="group adm"):
        head(Denied())
