"""Logs in columns: AWS load balancers, and W3C's extended format as CloudFront and IIS write it."""

from __future__ import annotations

from loadstone.traffic.access_log.line_format import FieldAt, FieldName, LineFormat

__all__ = ["ALB", "CLB", "CLOUDFRONT", "IIS", "w3c"]


def _at(name: FieldName, style: str | None = None) -> FieldAt:
    return FieldAt(field=name, style=style)


_BALANCER = (
    _at("duration", "alb"),  # request_processing_time
    _at("duration", "alb"),  # target_processing_time
    _at("duration", "alb"),  # response_processing_time
    _at("status"),  # elb_status_code
    None,  # target_status_code
    None,  # received_bytes
    _at("bytes"),  # sent_bytes
    _at("request"),
    _at("agent"),
)

ALB = LineFormat(
    name="alb",
    kind="table",
    separator=" ",
    quoted=True,
    columns=(None, _at("time", "iso"), None, _at("client"), None, *_BALANCER),
)
"""Application Load Balancer: type, time, elb, client:port, target:port, three durations, … (Access log entries)."""

CLB = LineFormat(
    name="clb",
    kind="table",
    time_at="start",
    separator=" ",
    quoted=True,
    columns=(_at("time", "iso"), None, _at("client"), None, *_BALANCER),
)
"""Classic Load Balancer: timestamp, elb, client:port, backend:port, three durations, …"""

_W3C: dict[str, FieldAt] = {
    "date": _at("date"),
    "time": _at("clock"),
    "timestamp": _at("time", "unix_s"),
    "timestamp(ms)": _at("time", "unix_ms"),
    "c-ip": _at("client"),
    "x-forwarded-for": _at("forwarded"),
    "X-Forwarded-For": _at("forwarded"),
    "cs(X-Forwarded-For)": _at("forwarded"),
    "cs-method": _at("method"),
    "cs-uri": _at("target"),
    "cs-uri-stem": _at("path"),
    "cs-uri-query": _at("query"),
    "sc-status": _at("status"),
    "sc-bytes": _at("bytes"),
    "cs-username": _at("user"),
}

_CLOUDFRONT = _W3C | {
    "cs(User-Agent)": _at("agent", "percent"),
    "cs(Referer)": _at("referer"),
    "x-host-header": _at("host"),
    "time-taken": _at("duration", "s"),
}

_IIS = _W3C | {
    "cs(User-Agent)": _at("agent", "plus"),
    "cs(Referer)": _at("referer"),
    "cs-host": _at("host"),
    "time-taken": _at("duration", "ms"),
}

_CLOUDFRONT_COLUMNS = [
    "date",
    "time",
    "x-edge-location",
    "sc-bytes",
    "c-ip",
    "cs-method",
    "cs(Host)",
    "cs-uri-stem",
    "sc-status",
    "cs(Referer)",
    "cs(User-Agent)",
    "cs-uri-query",
    "cs(Cookie)",
    "x-edge-result-type",
    "x-edge-request-id",
    "x-host-header",
    "cs-protocol",
    "cs-bytes",
    "time-taken",
    "x-forwarded-for",
]

_IIS_COLUMNS = [
    "date",
    "time",
    "s-ip",
    "cs-method",
    "cs-uri-stem",
    "cs-uri-query",
    "s-port",
    "cs-username",
    "c-ip",
    "cs(User-Agent)",
    "cs(Referer)",
    "sc-status",
    "sc-substatus",
    "sc-win32-status",
    "time-taken",
]


def w3c(name: str, separator: str, names: dict[str, FieldAt], columns: list[str]) -> LineFormat:
    """W3C's extended format (Working Draft WD-logfile-960323): a ``#Fields:`` line names the columns."""
    return LineFormat(
        name=name,
        kind="table",
        separator=separator,
        header="#Fields:",
        names=names,
        columns=tuple(names.get(column) for column in columns),
    )


CLOUDFRONT = w3c("cloudfront", "\t", _CLOUDFRONT, _CLOUDFRONT_COLUMNS)
"""CloudFront's standard logs; columns by the header of each file, else in the documented order."""

IIS = w3c("iis", " ", _IIS, _IIS_COLUMNS)
"""IIS: W3C with spaces between, time-taken in milliseconds, + for a space in an agent."""
