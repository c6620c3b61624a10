"""Logs that hold a JSON object a line: which key is what, told by the keys' names and their values."""

from __future__ import annotations

import re
from collections.abc import Sequence

from loadstone.traffic.access_log.instants import time_style
from loadstone.traffic.access_log.line_format import FieldAt, FieldName, LineFormat

__all__ = ["CADDY", "ENVOY_JSON", "TRAEFIK_JSON", "fields_of"]

_KEYS: dict[FieldName, str] = {
    "method": "request_method requestmethod method http_method httpmethod verb http.request.method http.method "
    "request.method req.method httprequest.requestmethod cs_method",
    "target": "request_uri requesturi request.uri request.url uri url requestpath request_path path http.target target "
    "req.url httprequest.requesturl url.original url.full http.url url.path http.path originalurl cs_uri_stem",
    "request": "request request_line requestline req http.request",
    "query": "args query_string querystring request_query query url.query",
    "status": "status status_code statuscode response_code responsecode response_status http_status httpstatus "
    "downstreamstatus originstatus response.status res.statuscode res.status http.response.status_code "
    "http.status_code httprequest.status sc_status code",
    "bytes": "body_bytes_sent bytes_sent bytes_out size response_size responsesize bytes downstreamcontentsize "
    "response.bytes http.response.body.bytes http.response.bytes httprequest.responsesize responselength "
    "response_length res.headers.content_length length",
    "client": "remote_addr remoteaddr client_ip clientip remote_ip remoteip request.client_ip request.remote_ip "
    "request.remote_addr clienthost client downstream_remote_address downstream_direct_remote_address source.ip "
    "client.ip req.remoteaddress req.ip httprequest.remoteip ip peer remote",
    "forwarded": "http_x_forwarded_for x_forwarded_for xff forwarded_for request.headers.x_forwarded_for "
    "req.headers.x_forwarded_for request_x_forwarded_for http_x_real_ip x_real_ip",
    "agent": "http_user_agent user_agent useragent request.headers.user_agent request_user_agent user_agent.original "
    "req.headers.user_agent httprequest.useragent agent ua",
    "referer": "http_referer http_referrer referer referrer request.headers.referer request_referer "
    "req.headers.referer httprequest.referer http.request.referrer",
    "host": "http_host host vhost server_name request.host requesthost authority req.headers.host url.domain",
    "session": "session_id sessionid session sid visitor_id",
}

_TIMES = (
    "time_iso8601 time_local start_time startutc timestamp time ts msec datetime date requesttimeepoch requesttime "
    "eventtime asctime log_time starttime"
)

_DURATIONS = {
    "request_time": "s",
    "duration_ms": "ms", "duration_us": "us", "duration_ns": "ns", "duration_s": "s", "durationms": "ms",
    "latency_ms": "ms", "latency_us": "us", "latency_ns": "ns", "latency_s": "s",
    "elapsed_ms": "ms", "response_time_ms": "ms", "request_time_ms": "ms", "response_time_s": "s",
    "event.duration": "ns",
    "responsetime": "ms",
    "duration": "", "latency": "", "elapsed": "", "response_time": "", "request_duration": "", "took": "",
    "time_taken": "", "httprequest.latency": "", "responselatency": "",
    "upstream_response_time": "nginx",
}  # fmt: skip
"""Key and unit, "" where the values must tell it."""

_LOOKED_INTO = 4
"""Levels of objects that are gone into."""


def fields_of(objects: Sequence[dict[str, object]]) -> dict[str, FieldAt]:
    """Fields by what they are, from some lines' objects; empty where they tell no request."""
    leaves: dict[str, list[tuple[tuple[str, ...], object]]] = {}
    for one in objects:
        for path, value in _leaves(one, ()):
            leaves.setdefault(_plain(path), []).append((path, value))
    found: dict[str, FieldAt] = {}
    for name, keys in _KEYS.items():
        paths = [
            leaves[key][0][0] for key in keys.split() if any(_fits(name, value) for _, value in leaves.get(key, ()))
        ]
        if paths:
            found[name] = FieldAt(paths=tuple(paths[:4]))
    if "target" in found and "query" in found and _has_query(leaves, found["target"]):
        del found["query"]
    if "method" in found and "target" in found:
        found.pop("request", None)
    elif "request" in found:
        found = {name: at for name, at in found.items() if name not in ("method", "target", "query")}
    else:
        return {}
    return found | _time(leaves) | _duration(leaves)


def _plain(path: tuple[str, ...]) -> str:
    return re.sub(r"[-@ ]", lambda match: "" if match.group() == "@" else "_", ".".join(path).lower())


def _leaves(value: object, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], object]]:
    if isinstance(value, dict) and len(path) < _LOOKED_INTO:
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, (*path, str(key)))]
    if isinstance(value, list) and value and isinstance(value[0], str):
        value = value[0]
    return [(path, value)]


def _fits(name: str, value: object) -> bool:
    text = str(value)
    match name:
        case "method":
            return re.fullmatch(r"[A-Z]{3,12}", text) is not None
        case "target":
            return isinstance(value, str) and (value.startswith("/") or "://" in value or value == "*")
        case "request":
            return re.match(r"[A-Z]{3,12} \S", text) is not None
        case "status":
            return re.fullmatch(r"\d{3}|0", text) is not None
        case "bytes":
            return re.fullmatch(r"\d+|-", text) is not None
        case "client" | "forwarded":
            return re.match(r"[\d.]{7,}|\[?[0-9a-fA-F:.]+\]?", text) is not None
        case _:
            return isinstance(value, str | int)


def _has_query(leaves: dict[str, list[tuple[tuple[str, ...], object]]], at: FieldAt) -> bool:
    return any("?" in str(value) for path in at.paths for _, value in leaves.get(_plain(path), ()))


def _time(leaves: dict[str, list[tuple[tuple[str, ...], object]]]) -> dict[str, FieldAt]:
    for key in _TIMES.split():
        for path, value in leaves.get(key, ()):
            style = time_style(value) if isinstance(value, str | int | float) else None
            if style:
                return {"time": FieldAt(paths=(path,), style=style)}
    return {}


def _duration(leaves: dict[str, list[tuple[tuple[str, ...], object]]]) -> dict[str, FieldAt]:
    for key, unit in _DURATIONS.items():
        values = [value for _, value in leaves.get(key, ()) if isinstance(value, str | int | float)]
        if not values:
            continue
        style = unit or _unit(leaves, values)
        if style:
            return {"duration": FieldAt(paths=(leaves[key][0][0],), style=style)}
    return {}


def _unit(leaves: dict[str, list[tuple[tuple[str, ...], object]]], values: Sequence[object]) -> str | None:
    """By who writes the log, else by the values: with a unit in the text, fractions of seconds, or milliseconds."""
    if all(re.fullmatch(r"[\d.]+(ns|us|µs|μs|ms|s|m|h)+.*", str(value)) for value in values):
        return "go"
    if "downstreamstatus" in leaves or "latency_human" in leaves:
        return "ns"  # Traefik; Echo
    if "response_flags" in leaves or "upstream_host" in leaves:
        return "ms"  # Envoy
    if "resp_headers" in leaves or "request.proto" in leaves:
        return "s"  # Caddy
    try:
        numbers = sorted(float(str(value)) for value in values)
    except ValueError:
        return None
    whole = all(number == int(number) for number in numbers)
    if whole:
        return "ns" if numbers[len(numbers) // 2] >= 1e6 else "ms"
    return "s" if numbers[len(numbers) // 2] < 1 else "ms"


def _at(*paths: str, style: str | None = None) -> FieldAt:
    return FieldAt(paths=tuple(tuple(path.split("/")) for path in paths), style=style)


CADDY = LineFormat(
    name="caddy",
    kind="json",
    fields={
        "time": _at("ts", style="unix_s"),
        "client": _at("request/client_ip", "request/remote_ip"),
        "forwarded": _at("request/headers/X-Forwarded-For"),
        "method": _at("request/method"),
        "target": _at("request/uri"),
        "host": _at("request/host"),
        "agent": _at("request/headers/User-Agent"),
        "referer": _at("request/headers/Referer"),
        "status": _at("status"),
        "bytes": _at("size"),
        "duration": _at("duration", style="s"),
    },
)
"""Caddy's JSON (log directive): ``ts`` in seconds, what was asked in ``request``."""

ENVOY_JSON = LineFormat(
    name="envoy_json",
    kind="json",
    time_at="start",
    fields={
        "time": _at("start_time", style="iso"),
        "client": _at("downstream_remote_address"),
        "forwarded": _at("x_forwarded_for"),
        "method": _at("method"),
        "target": _at("path"),
        "host": _at("authority"),
        "agent": _at("user_agent"),
        "status": _at("response_code"),
        "bytes": _at("bytes_sent"),
        "duration": _at("duration", style="ms"),
    },
)
"""Envoy's and Istio's JSON under the default names."""

TRAEFIK_JSON = LineFormat(
    name="traefik_json",
    kind="json",
    time_at="start",
    fields={
        "time": _at("StartUTC", "time", style="iso"),
        "client": _at("ClientHost", "ClientAddr"),
        "method": _at("RequestMethod"),
        "target": _at("RequestPath"),
        "host": _at("RequestHost"),
        "agent": _at("request_User-Agent"),
        "referer": _at("request_Referer"),
        "status": _at("DownstreamStatus"),
        "bytes": _at("DownstreamContentSize"),
        "duration": _at("Duration", style="ns"),
    },
)
"""Traefik's JSON (Access logs): ``Duration`` in nanoseconds."""
