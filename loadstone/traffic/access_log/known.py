"""The formats that have a name, each after its product's documentation."""

from __future__ import annotations

from loadstone.traffic.access_log.apache import compile_apache
from loadstone.traffic.access_log.columns import ALB, CLB, CLOUDFRONT, IIS
from loadstone.traffic.access_log.json_lines import CADDY, ENVOY_JSON, TRAEFIK_JSON
from loadstone.traffic.access_log.line_format import LineFormat, Part, field, joined, literal
from loadstone.traffic.access_log.nginx import compile_nginx

__all__ = ["KNOWN", "NAMES", "UVICORN"]

_COMBINED = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent'
_AGENTS = ' "$http_referer" "$http_user_agent"'

_INGRESS = (
    f"{_COMBINED}{_AGENTS} $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] "
    "$upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id"
)


def _text(name: str, *parts: Part) -> LineFormat:
    """A format whose server writes when a request began, and escapes nothing."""
    return LineFormat(name=name, kind="text", parts=joined(list(parts), name), time_at="start")


_ENVOY_REQUEST = (
    literal("["), field("time", "iso"), literal('] "'), field("request"), literal('" '), field("status"), literal(" "),
)  # fmt: skip

_ENVOY_SIZES = (
    field("skip"), literal(" "), field("bytes"), literal(" "), field("duration", "ms"), literal(" "), field("skip"),
    literal(' "'), field("client"), literal('" "'), field("agent"), literal('" "'), field("skip"), literal('" "'),
    field("host"), literal('" "'), field("skip"), literal('"'),
)  # fmt: skip

_ENVOY = _text("envoy", *_ENVOY_REQUEST, field("skip"), literal(" "), *_ENVOY_SIZES)
"""Envoy's default format string (Access logging): request, code, flags, bytes in, bytes out, ms, upstream's, …"""

_ISTIO = _text(
    "istio",
    *_ENVOY_REQUEST,
    field("skip"), literal(" "), field("skip"), literal(" "), field("skip"), literal(' "'), field("skip"),
    literal('" '), *_ENVOY_SIZES,
    literal(" "), field("skip"),
)  # fmt: skip
"""Istio's default: Envoy's with the code's details, and upstream, addresses and route at the end."""

_TRAEFIK = _text(
    "traefik",
    *compile_nginx(f"{_COMBINED}{_AGENTS}").parts,
    literal(" "), field("skip"), literal(' "'), field("skip"), literal('" "'), field("skip"), literal('" '),
    field("duration", "ms"), literal("ms"),
)  # fmt: skip
"""Traefik's common log format (Access logs): combined, the request's number, router, server, duration."""

_HAPROXY = _text(
    "haproxy",
    field("skip"), literal("]: "), field("client"), literal(" ["), field("time", "haproxy"), literal("] "),
    field("skip"), literal(" "), field("skip"), literal(" "), field("skip"), literal("/"), field("skip"), literal("/"),
    field("skip"), literal("/"), field("skip"), literal("/"), field("duration", "ms"), literal(" "), field("status"),
    literal(" "), field("bytes"), literal(" "), field("skip"), literal(' "'), field("request"), literal('"'),
)  # fmt: skip
"""HAProxy's ``option httplog`` behind syslog's prefix (HTTP log format): timers TR/Tw/Tc/Tr/Ta in milliseconds."""

_UVICORN = (field("client"), literal(' - "'), field("request"), literal('" '), field("status"), literal(" "))

UVICORN = _text("uvicorn", literal("INFO:     "), *_UVICORN)
"""uvicorn's access lines, which have no time: read only inside of something that has one (Docker, Kubernetes)."""

_UVICORN_TIMED = _text("uvicorn_timed", field("time", "iso"), literal(" INFO:     "), *_UVICORN)
"""The same with ``%(asctime)s`` put before its format."""

_LIST: tuple[LineFormat, ...] = (
    compile_apache('%h %l %u %t "%r" %>s %b', "common"),
    compile_apache('%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"', "combined"),
    compile_apache('%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"', "vhost_combined"),
    compile_apache('%v %h %l %u %t "%r" %>s %b', "vhost_common"),
    compile_apache('%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %D', "combined_us"),
    compile_apache('%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %T', "combined_s"),
    compile_apache('%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %{ms}T', "combined_ms"),
    compile_apache('%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %T/%D', "combined_s_us"),
    compile_apache('%h %l %u %t "%r" %>s %b %D', "common_us"),
    compile_nginx(f'{_COMBINED}{_AGENTS} "$http_x_forwarded_for"', "nginx_main"),
    compile_nginx(f"{_COMBINED}{_AGENTS} $request_time", "nginx_timed"),
    compile_nginx(f"{_COMBINED}{_AGENTS} $request_time $upstream_response_time", "nginx_timed_upstream"),
    compile_nginx(f'{_COMBINED}{_AGENTS} "$http_x_forwarded_for" $request_time', "nginx_main_timed"),
    compile_nginx(
        f'{_COMBINED}{_AGENTS} "$http_x_forwarded_for" $request_time $upstream_response_time', "nginx_main_upstream"
    ),
    compile_nginx(
        f"{_COMBINED}{_AGENTS} rt=$request_time uct=$upstream_connect_time uht=$upstream_header_time "
        "urt=$upstream_response_time",
        "nginx_upstream_time",
    ),
    compile_nginx(_INGRESS, "nginx_ingress"),
    _ENVOY,
    _ISTIO,
    _TRAEFIK,
    _HAPROXY,
    _UVICORN_TIMED,
    ALB,
    CLB,
    CLOUDFRONT,
    IIS,
    CADDY,
    ENVOY_JSON,
    TRAEFIK_JSON,
)

KNOWN: dict[str, LineFormat] = {line_format.name: line_format for line_format in _LIST}
"""By name."""

NAMES: tuple[str, ...] = tuple(KNOWN)
