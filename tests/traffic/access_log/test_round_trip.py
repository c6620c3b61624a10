"""A format of any variables, compiled; a line printed by it as the server does; read back natively."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.traffic.access_log import LineFormat, named
from loadstone.traffic.access_log.reference import read_line
from loadstone.traffic.lines import Lines

KEY = "00112233445566778899aabbccddeeff"

# What a server writes for a variable: nginx's name, Apache's directive, and the text from a request.
AGENTS = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F), max_size=40)
TARGETS = st.from_regex(r"/[a-z]{1,6}/[0-9]{1,6}(\?[a-z]=[0-9])?", fullmatch=True)


class Request(msgspec.Struct, frozen=True):
    second: int
    method: str
    target: str
    status: int
    size: int
    duration_us: int
    agent: str
    referer: str


REQUESTS = st.builds(
    Request,
    st.integers(946_684_800, 4_000_000_000),
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]),
    TARGETS,
    st.integers(100, 599),
    st.integers(0, 2**40),
    st.integers(0, 10**9),
    AGENTS,
    AGENTS,
)

OTHERS = ["$remote_user", "$my_variable", "$upstream_cache_status", "$connection", "$request_length"]
QUOTED = ['"$http_user_agent"', '"$http_referer"', '"$http_x_request_id"']
TIMES = ["[$time_local]", "$time_iso8601", "$msec"]
CALLS = ['"$request"', "$request_method $request_uri", '"$request_method" "$request_uri" $server_protocol']


@st.composite
def formats(draw: st.DrawFn) -> str:
    pieces = ["$remote_addr", draw(st.sampled_from(TIMES)), draw(st.sampled_from(CALLS)), "$status"]
    pieces += draw(st.lists(st.sampled_from(OTHERS), max_size=3))
    pieces += draw(st.lists(st.sampled_from(QUOTED), max_size=3, unique=True))
    pieces += draw(st.lists(st.sampled_from(["$body_bytes_sent", "$request_time"]), max_size=2, unique=True))
    shuffled = draw(st.permutations(pieces))
    between = [draw(st.sampled_from([" ", " - ", " | ", " x="])) for _ in shuffled[1:]]
    return "".join(piece + after for piece, after in zip(shuffled, [*between, ""], strict=True))


def escaped(text: str) -> str:
    """As nginx writes a variable: quotes, backslashes, control bytes and what is beyond ASCII as \\xXX."""
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02X}" for byte in text.encode())


def printed(text: str, request: Request) -> str:
    instant = datetime.fromtimestamp(request.second, UTC)
    values = {
        "remote_addr": "203.0.113.9",
        "time_local": instant.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "time_iso8601": instant.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "msec": f"{request.second}.000",
        "request": f"{request.method} {request.target} HTTP/1.1",
        "request_method": request.method,
        "request_uri": request.target,
        "server_protocol": "HTTP/1.1",
        "status": str(request.status),
        "body_bytes_sent": str(request.size),
        "request_time": f"{request.duration_us / 1e6:.6f}",
        "http_user_agent": request.agent or "-",
        "http_referer": request.referer or "-",
    }
    out = text
    for name in sorted({*values, "http_x_request_id", *(other[1:] for other in OTHERS)}, key=len, reverse=True):
        out = out.replace(f"${name}", escaped(values.get(name, "abc")).replace("$", "\x00"))
    return out.replace("\x00", "$")


def natively(line_format: LineFormat, line: str) -> dict[str, float | str]:
    """What the native reader makes of one line; empty where it is malformed."""
    lines = Lines(msgspec.json.encode([line_format]), [("log", io.BytesIO(line.encode() + b"\n"), None)], KEY)
    batches = list(lines)
    told = lines.settle()
    if not batches:
        return {}
    (batch,) = batches
    route = int(told.map[batch.route[0]])
    return {
        "time_s": int(batch.time_ns[0]) / 1e9,
        "duration_s": int(batch.duration_ns[0]) / 1e9,
        "bytes": int(batch.bytes[0]),
        "status": int(batch.status[0]),
        "method": int(batch.method[0]),
        "route": told.routes[route].id if route >= 0 else "",
    }


@settings(max_examples=150)
@given(formats(), REQUESTS)
def test_a_line_of_any_format_is_read_back(text: str, request: Request) -> None:
    line_format = named(text)
    line = printed(text, request)
    slow = read_line(line_format, line)
    assert slow is not None, line
    assert (slow["method"], slow["target"], slow["status"]) == (request.method, request.target, str(request.status))
    assert slow["time"] == pytest.approx(request.second)
    told = natively(line_format, line)
    timed, sized = "$request_time" in text, "$body_bytes_sent" in text
    assert told["status"] == request.status
    assert told["bytes"] == (request.size if sized else -1)
    duration_s = request.duration_us / 1e6
    assert told["duration_s"] == pytest.approx(duration_s if timed else -1e-9, abs=1e-9)
    assert told["time_s"] == pytest.approx(request.second - (duration_s if timed else 0.0), abs=1e-6)
    assert ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"][int(told["method"])] == request.method
